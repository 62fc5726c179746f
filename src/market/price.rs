//! Prices as whole numbers, so that they can be keys.

/// How many units one is: prices are counted in hundred-millionths.
const UNITS: u64 = 100_000_000;

/// Decimals that a unit has.
const DECIMALS: usize = 8;

/// Units below which a division and a product, which round once each, are off by less than half.
const EXACT: f64 = 2_251_799_813_685_248.0;

/// A price in units of 0.00000001, the finest step that an exchange here quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(pub i64);

impl Price {
    /// Reads a plain decimal such as `61837.64000000`; `None` when it is none, has more than eight
    /// decimals that are not zero, is negative, or does not fit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut units = digits(whole.as_bytes())?.checked_mul(UNITS)?;
        let (kept, dropped) = fraction.as_bytes().split_at(fraction.len().min(DECIMALS));
        if !dropped.iter().all(|&digit| digit == b'0') {
            return None;
        }
        let scale = 10_u64.pow((DECIMALS - kept.len()) as u32);
        units = units.checked_add(digits(kept)? * scale)?;
        i64::try_from(units).ok().map(Self)
    }

    /// The price as the float nearest to it.
    #[must_use]
    pub fn value(self) -> f64 {
        // Both are exact in f64 below 9e15 units (90 million), and a division rounds once.
        self.0 as f64 / UNITS as f64
    }

    /// The price whose [`Self::value`] a float is; `None` when it is none's.
    ///
    /// Every price below 22 million comes back, and of greater ones those of up to 15 digits.
    #[must_use]
    pub fn of_value(value: f64) -> Option<Self> {
        let units = (value * UNITS as f64).round();
        let near = if units.abs() < EXACT {
            Self(units as i64)
        } else {
            // The shortest decimal is the one meant; the product may be off by some units.
            Self::parse(&value.to_string())?
        };
        (near.value() == value).then_some(near)
    }

    /// Whether the price comes back from its float: see [`Self::of_value`].
    #[must_use]
    pub fn is_a_float(self) -> bool {
        self.0.unsigned_abs() < EXACT as u64 || Self::of_value(self.value()) == Some(self)
    }
}

fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0_u64, |number, &digit| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn prop_prices_come_back_from_floats(units in -2_200_000_000_000_000_i64..2_200_000_000_000_000) {
            proptest::prop_assert_eq!(Price::of_value(Price(units).value()), Some(Price(units)));
        }

        #[test]
        fn prop_a_float_is_one_price_or_none(units in proptest::prelude::any::<i64>()) {
            let price = Price(units);
            let back = Price::of_value(price.value());
            proptest::prop_assert_eq!(price.is_a_float(), back == Some(price));
            proptest::prop_assert!(back.is_none_or(|back| back.value() == price.value()));
        }
    }

    #[test]
    fn great_prices_of_few_digits_come_back() {
        // A price in rupiah: 1.6e9 with two decimals.
        let price = Price::parse("1623456789.25").unwrap();
        assert!(price.is_a_float());
        assert!(!Price(i64::MAX - 12_345).is_a_float());
        assert_eq!(Price::of_value(f64::NAN), None);
    }

    #[test]
    fn decimals_are_read_exactly() {
        assert_eq!(Price::parse("61837.64000000"), Some(Price(6_183_764_000_000)));
        assert_eq!(Price::parse("0.00000001"), Some(Price(1)));
        assert_eq!(Price::parse("0.000000010"), Some(Price(1)));
        assert_eq!(Price::parse("7.6110").map(Price::value), Some(7.611));
        for wrong in ["", ".", "-1", "1e5", "0.000000001", "92233720369", "1.2.3", "NaN"] {
            assert_eq!(Price::parse(wrong), None, "{wrong}");
        }
    }
}
