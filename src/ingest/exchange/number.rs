//! Decimals of messages as the nearest float.

/// Powers of ten that a float holds exactly.
pub(super) const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// Whole numbers up to here are exact in a float.
const EXACT: u64 = 1 << 53;

/// Reads a plain decimal that is not negative, such as `0.00050000`, to the float nearest to it;
/// `None` when it is something else.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let mut digits = 0_u64;
    let mut decimals = 0_usize;
    let mut seen = 0_usize;
    let mut point = false;
    let mut exact = true;
    for &byte in text.as_bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            exact &= digits < EXACT / 16;
            digits = digits.wrapping_mul(10).wrapping_add(u64::from(digit));
            seen += 1;
            decimals += usize::from(point);
        } else if byte == b'.' && !point {
            point = true;
        } else {
            return None;
        }
    }
    if seen == 0 {
        return None;
    }
    // Both numbers are exact, so that one division rounds once: the nearest float.
    match POWERS.get(decimals) {
        Some(power) if exact => Some(digits as f64 / power),
        _ => text.parse().ok().filter(|value: &f64| value.is_finite()),
    }
}

/// Reads a whole number that is not negative.
pub(super) fn whole(text: &str) -> Option<i64> {
    // Eighteen digits cannot overflow.
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    text.bytes().try_fold(0_i64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| number * 10 + i64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_equals_the_standard_parser(text in "[0-9]{1,25}(\\.[0-9]{0,25})?") {
            prop_assert_eq!(decimal(&text), text.parse::<f64>().ok());
        }

        #[test]
        fn prop_never_panics(text in ".{0,30}") {
            if let Some(value) = decimal(&text) {
                prop_assert_eq!(Some(value), text.parse::<f64>().ok());
            }
            if let Some(value) = whole(&text) {
                prop_assert_eq!(Some(value), text.parse::<i64>().ok());
            }
        }
    }

    #[test]
    fn what_is_no_decimal() {
        for wrong in ["", ".", "-1", "1e5", "1.2.3", "NaN", "inf", "+1", " 1"] {
            assert_eq!(decimal(wrong), None, "{wrong}");
        }
        assert_eq!(decimal(&"9".repeat(400)), None);
    }
}
