//! Two versions of one final candle: do they agree, and which is kept?

use super::Source;
use crate::market::{Candle, Interval};

/// What becomes of a stored candle when another version of it is offered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// Nothing new was offered.
    Unchanged,
    /// The versions agree, and together they know more or come from a better source.
    Completed(Candle, Source),
    /// They contradict each other and the stored one stays.
    StoredWins,
    /// They contradict each other and the offered one takes its place.
    OfferedWins,
}

/// Weighs the `offered` version against the `stored` one.
///
/// Versions contradict each other when a value that both know differs; an unknown value contradicts
/// nothing. Of two that contradict each other the better source's is kept, of equal sources the
/// stored one.
pub(super) fn settle(
    stored: (&Candle, Source),
    offered: (&Candle, Source),
    interval: Interval,
) -> Verdict {
    let (candle, source) = stored;
    let better = source.min(offered.1);
    match merge(candle, offered.0).filter(|merged| merged.check(interval).is_ok()) {
        Some(merged) if merged == *candle && better == source => Verdict::Unchanged,
        Some(merged) => Verdict::Completed(merged, better),
        None if offered.1 < source => Verdict::OfferedWins,
        None => Verdict::StoredWins,
    }
}

/// Everything that either version knows, or `None` when they contradict each other.
fn merge(one: &Candle, other: &Candle) -> Option<Candle> {
    let prices = |c: &Candle| [c.open, c.high, c.low, c.close, c.volume];
    if one.open_time != other.open_time || prices(one) != prices(other) {
        return None;
    }
    let agree = may_be_equal(one.quote_volume, other.quote_volume)
        && may_be_equal(one.trades, other.trades)
        && may_be_equal(one.taker_buy_volume, other.taker_buy_volume)
        && may_be_equal(one.taker_buy_quote_volume, other.taker_buy_quote_volume);
    agree.then(|| Candle {
        quote_volume: one.quote_volume.or(other.quote_volume),
        trades: one.trades.or(other.trades),
        taker_buy_volume: one.taker_buy_volume.or(other.taker_buy_volume),
        taker_buy_quote_volume: one.taker_buy_quote_volume.or(other.taker_buy_quote_volume),
        ..*one
    })
}

/// Whether two values are equal as far as they are known.
fn may_be_equal<T: PartialEq + Copy>(one: Option<T>, other: Option<T>) -> bool {
    one.is_none() || other.is_none() || one == other
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candle(volume: f64, quote: Option<f64>, trades: Option<i64>) -> Candle {
        Candle {
            open_time: 0,
            open: 2.0,
            high: 3.0,
            low: 1.0,
            close: 2.5,
            volume,
            quote_volume: quote,
            trades,
            taker_buy_volume: None,
            taker_buy_quote_volume: None,
        }
    }

    fn versions() -> impl Strategy<Value = (Candle, Source)> {
        let volume = prop_oneof![Just(1.0), Just(2.0)];
        let quote = proptest::option::of(prop_oneof![Just(3.0), Just(4.0)]);
        let trades = proptest::option::of(0..2i64);
        let source = prop_oneof![Just(Source::Archive), Just(Source::Csv), Just(Source::Live)];
        (volume, quote, trades, source).prop_map(|(v, q, t, s)| (candle(v, q, t), s))
    }

    /// What is stored after `offered` came upon `stored`.
    fn after(stored: (Candle, Source), offered: (Candle, Source)) -> (Candle, Source) {
        match settle((&stored.0, stored.1), (&offered.0, offered.1), Interval::MINUTE) {
            Verdict::Unchanged | Verdict::StoredWins => stored,
            Verdict::Completed(candle, source) => (candle, source),
            Verdict::OfferedWins => offered,
        }
    }

    proptest! {
        #[test]
        fn prop_offering_twice_changes_nothing(stored in versions(), offered in versions()) {
            let once = after(stored, offered);
            prop_assert_eq!(after(once, offered), once);
        }

        #[test]
        fn prop_source_never_gets_worse(stored in versions(), offered in versions()) {
            prop_assert!(after(stored, offered).1 <= stored.1);
        }

        #[test]
        fn prop_order_matters_only_in_a_tie(a in versions(), b in versions()) {
            prop_assume!(a.1 != b.1);
            prop_assert_eq!(after(a, b), after(b, a));
        }
    }

    #[test]
    fn unknown_values_contradict_nothing() {
        let poor = (candle(1.0, None, None), Source::Csv);
        let rich = (candle(1.0, Some(3.0), Some(7)), Source::Archive);
        assert_eq!(after(poor, rich), rich);
        assert_eq!(after(rich, poor), rich);
    }

    #[test]
    fn the_better_source_wins_and_a_tie_keeps_the_stored() {
        let one = (candle(1.0, None, None), Source::Csv);
        let two = (candle(2.0, None, None), Source::Csv);
        assert_eq!(after(one, two), one);
        assert_eq!(after(one, (two.0, Source::Archive)), (two.0, Source::Archive));
        assert_eq!(after(one, (two.0, Source::Live)), one);
    }
}
