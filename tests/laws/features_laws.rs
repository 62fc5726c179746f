//! No feature looks ahead; streaming, batch and any beginning of the data agree bit for bit.

use candlewick::features::{
    CandleSource, Feature, FeatureBuilder, FeatureConfig, FeatureError, FeatureGroup, FeatureTable,
    Input, Inputs, resample,
};
use candlewick::market::{Candle, CandleSeries, Interval, Span};
use proptest::prelude::*;

use crate::features::{build, config, interval, of_candles, real_candles, series, without_peer};
use crate::streams::Streams;
use crate::support::real_data;

/// Steps of a random walk: move, shadows, volume, taker share, and what kind of candle it is.
pub type Step = (f64, f64, f64, f64, f64, u8);

const GAP: u8 = 0;
const NO_TRADE: u8 = 1;
const SAME: u8 = 2;

pub fn steps(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let kind = prop_oneof![1 => Just(GAP), 4 => Just(NO_TRADE), 4 => Just(SAME), 90 => Just(9u8)];
    let step = (-0.05..0.05, 0.0..0.02, 0.0..0.02, 0.0..1000.0, 0.0..=1.0, kind);
    prop::collection::vec(step, length)
}

/// A random walk of positive prices with gaps, candles without trade and candles without range.
pub fn walk(interval: Interval, steps: &[Step]) -> CandleSeries {
    let start = 1_640_995_200_000;
    let mut candles: Vec<Candle> = Vec::new();
    for (index, &(moved, up, down, volume, taker, kind)) in steps.iter().enumerate() {
        let open_time = start + index as i64 * interval.ms();
        let last = candles.last().copied();
        if kind == GAP {
            continue;
        }
        if let (NO_TRADE, Some(last)) = (kind, last) {
            candles.push(Candle::no_trade(open_time, &last));
            continue;
        }
        let open: f64 = last.map_or(100.0, |last| last.close);
        let (moved, up, down) = if kind == SAME { (0.0, 0.0, 0.0) } else { (moved, up, down) };
        let close = open * (1.0 + moved);
        let bought = volume * taker;
        candles.push(Candle {
            open_time,
            open,
            high: open.max(close) * (1.0 + up),
            low: open.min(close) * (1.0 - down),
            close,
            volume,
            quote_volume: Some(volume * open),
            trades: Some((volume * taker) as i64),
            taker_buy_volume: Some(bought),
            taker_buy_quote_volume: Some(bought * open),
        });
    }
    series(interval, &candles)
}

/// Trades and books inside the candles of a walk; each candle's are its own step's.
fn streams(base: &CandleSeries, steps: &[Step], least: u64) -> Streams {
    let mut streams = Streams::default();
    for candle in base.iter() {
        let index = (candle.open_time - base.open_time()[0]) / base.interval().ms();
        let step = steps.get(index as usize).map_or(0.5, |step| step.0 + step.3 + step.4);
        streams.add(&candle, base.interval(), step.to_bits(), least);
    }
    streams
}

/// The table of candles and what happened inside them.
fn inside(
    config: &FeatureConfig,
    base: &CandleSeries,
    streams: &Streams,
    unseen: &[Span],
) -> FeatureTable {
    let (trades, books) = (Some(&*streams.trades), Some(&*streams.books));
    or_empty(
        candlewick::features::build(config, &Inputs { trades, books, unseen, ..Inputs::of(base) }),
        base,
    )
}

fn table(config: &FeatureConfig, base: &CandleSeries, context: &[CandleSeries]) -> FeatureTable {
    or_empty(build(config, base, context, &[]), base)
}

/// The table, or one without rows where no candle has all its features.
fn or_empty(built: Result<FeatureTable, FeatureError>, base: &CandleSeries) -> FeatureTable {
    match built {
        Ok(table) => table,
        Err(
            FeatureError::TooShort { .. }
            | FeatureError::NeverTogether { .. }
            | FeatureError::NeverSeen { .. },
        ) => FeatureTable {
            interval: base.interval(),
            names: vec![],
            open_time: vec![],
            values: vec![],
            run_start: vec![],
        },
        Err(error) => panic!("{error}"),
    }
}

pub fn bits(table: &FeatureTable) -> Vec<u32> {
    table.values.iter().map(|value| value.to_bits()).collect()
}

/// Rows, times and runs of `part` are the first of `whole`, bit for bit.
pub fn assert_begins(whole: &FeatureTable, part: &FeatureTable) {
    assert!(part.rows() <= whole.rows());
    let first = whole.truncated(part.rows());
    assert_eq!(first.open_time, part.open_time);
    assert_eq!(first.run_start, part.run_start);
    assert_eq!(bits(&first), bits(part));
}

pub fn rows_until(table: &FeatureTable, time: i64) -> usize {
    (0..table.rows()).take_while(|&row| table.decision_time(row) <= time).count()
}

fn one(feature: Feature) -> FeatureConfig {
    config(&[feature.name()], Some(&[]))
}

/// Features with short warm-ups, so that rows remain between the gaps of short random series.
const QUICK: [&str; 7] = [
    "log_return_1",
    "rsi_6",
    "streak_10",
    "taker_imbalance_1",
    "candle_vwap_1",
    "close_volatility_6",
    "body_1",
];

/// The candle with prices and volumes times powers of two, which is exact.
fn scaled(candle: &Candle, price: i32, volume: i32) -> Candle {
    let (price, volume) = (2f64.powi(price), 2f64.powi(volume));
    Candle {
        open: candle.open * price,
        high: candle.high * price,
        low: candle.low * price,
        close: candle.close * price,
        volume: candle.volume * volume,
        quote_volume: candle.quote_volume.map(|quote| quote * price * volume),
        taker_buy_volume: candle.taker_buy_volume.map(|bought| bought * volume),
        taker_buy_quote_volume: candle.taker_buy_quote_volume.map(|quote| quote * price * volume),
        ..*candle
    }
}

/// By how much a feature rises when every price doubles: not at all, but for fractional differences,
/// which keep a part of the log level: what they say of a price that always was 2.
fn rise_of_doubling(feature: Feature) -> f64 {
    if feature.info().group != FeatureGroup::Fractional {
        return 0.0;
    }
    let two = Candle { open: 2.0, high: 2.0, low: 2.0, close: 2.0, ..walk_of_one() };
    let mut state = feature.state();
    let rise = (0..200).filter_map(|_| state.update(&two)).last().unwrap();
    assert!(rise > 0.0 && rise < std::f64::consts::LN_2, "{feature}: {rise}");
    rise
}

fn walk_of_one() -> Candle {
    walk(Interval::HOUR, &[(0.0, 0.0, 0.0, 1.0, 0.5, 9)]).candle(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn prop_truncating_the_future_changes_no_feature(
        steps in steps(120..400), cut in 0.0..1.0,
    ) {
        let base = walk(Interval::HOUR, &steps);
        let cut = (base.len() as f64 * cut) as usize;
        let streams = streams(&base, &steps, 0);
        let end = base.open_time()[..cut].last().map_or(0, |t| t + Interval::HOUR.ms());
        let known = streams.before(end);
        for feature in without_peer() {
            let whole = inside(&one(feature), &base, &streams, &[]);
            let part = inside(&one(feature), &base.truncated(cut), &known, &[]);
            prop_assert_eq!(part.rows(), rows_until(&whole, end), "{}", feature);
            assert_begins(&whole, &part);
        }
    }

    #[test]
    fn prop_another_future_changes_no_feature(
        steps in steps(200..300), other in steps(60..100),
    ) {
        let kept = 200 - other.len();
        let mut changed = steps.clone();
        changed.truncate(kept);
        changed.extend(other);
        let (base, changed) = (walk(interval("15m"), &steps), walk(interval("15m"), &changed));
        let decided = 1_640_995_200_000 + kept as i64 * 900_000;
        let config = config(&QUICK, None);
        let of = |base: &CandleSeries| {
            let hours = resample(base, Interval::HOUR).unwrap();
            let whole = table(&config, base, &[hours]);
            whole.truncated(rows_until(&whole, decided))
        };
        let (one, other) = (of(&base), of(&changed));
        prop_assert_eq!(one.open_time.len(), other.open_time.len());
        assert_begins(&one, &other);
    }

    #[test]
    fn prop_streaming_equals_batch(
        steps in steps(200..400), hours in steps(50..100), cut in 0.0..1.0,
    ) {
        let base = walk(interval("15m"), &steps);
        let context = [
            walk(Interval::HOUR, &hours),
            resample(&base, interval("2h")).unwrap(),
        ];
        let config = config(&QUICK, None);
        let whole = table(&config, &base, &context);

        let sources: Vec<_> = context.iter().map(CandleSource::of).collect();
        let mut builder = FeatureBuilder::new(&config, &CandleSource::of(&base), &sources).unwrap();
        let mut waiting: Vec<Vec<Candle>> =
            context.iter().map(|series| series.iter().collect()).collect();
        let (mut values, mut times) = (Vec::new(), Vec::new());
        for candle in base.iter() {
            let now = candle.open_time + base.interval().ms();
            for (series, waiting) in context.iter().zip(&mut waiting) {
                let ended = |c: &Candle| c.open_time + series.interval().ms() <= now;
                let count = waiting.iter().take_while(|c| ended(c)).count();
                for candle in waiting.drain(..count) {
                    builder.push_context(series.interval(), &candle).unwrap();
                }
            }
            if let Some(row) = builder.push_base(&candle).unwrap() {
                values.extend(row.iter().map(|value| value.to_bits()));
                times.push(candle.open_time);
            }
        }
        prop_assert_eq!(times, whole.open_time.clone());
        prop_assert_eq!(values, bits(&whole));

        let base = base.truncated((base.len() as f64 * cut) as usize);
        assert_begins(&whole, &table(&config, &base, &context));
    }

    #[test]
    fn prop_gaps_cut_the_series_into_parts(steps in steps(200..400)) {
        let base = walk(Interval::HOUR, &steps);
        let candles: Vec<Candle> = base.iter().collect();
        let streams = streams(&base, &steps, 0);
        for feature in without_peer() {
            let whole = inside(&one(feature), &base, &streams, &[]);
            prop_assert!(whole.values.iter().all(|value| value.is_finite()), "{}", feature);
            let (mut values, mut times, mut starts) = (Vec::new(), Vec::new(), Vec::new());
            for part in candles.chunk_by(|a, b| a.open_time + Interval::HOUR.ms() == b.open_time) {
                let part = inside(&one(feature), &series(Interval::HOUR, part), &streams, &[]);
                prop_assert!(part.run_start.iter().all(|&start| start == 0));
                starts.extend(part.run_start.iter().map(|_| times.len() as u32));
                values.extend(bits(&part));
                times.extend(part.open_time);
            }
            prop_assert_eq!(times, whole.open_time.clone(), "{}", feature);
            prop_assert_eq!(starts, whole.run_start.clone(), "{}", feature);
            prop_assert_eq!(values, bits(&whole), "{}", feature);
        }
    }

    #[test]
    fn prop_windowed_features_forget(steps in steps(250..300), from in 0usize..100) {
        let steps: Vec<Step> = steps.into_iter().filter(|step| step.5 != GAP).collect();
        let base = walk(Interval::HOUR, &steps);
        let late: Vec<Candle> = base.iter().skip(from).collect();
        let streams = streams(&base, &steps, 0);
        for feature in without_peer().filter(|feature| !feature.info().recursive) {
            let (mut early_state, mut late_state) = (feature.state(), feature.state());
            let mut tell = |candle: Candle| streams.tell(&mut *early_state, &candle, Interval::HOUR);
            let early: Vec<_> = base.iter().map(&mut tell).skip(from).collect();
            for (candle, value) in late.iter().zip(early) {
                if let Some(found) = streams.tell(&mut *late_state, candle, Interval::HOUR) {
                    prop_assert_eq!(Some(found.to_bits()), value.map(f64::to_bits), "{}", feature);
                }
            }
        }
    }

    /// Features are ratios, shares and returns: another currency and another unit of volume leave
    /// them as they are.
    #[test]
    fn prop_scale_changes_no_feature(
        steps in steps(200..260), price in -8i32..=8, volume in -8i32..=8,
    ) {
        let steps: Vec<Step> = steps.into_iter().filter(|step| step.5 != GAP).collect();
        let base = walk(Interval::HOUR, &steps);
        for feature in of_candles() {
            let rise = rise_of_doubling(feature) * f64::from(price);
            let (mut plain, mut other) = (feature.state(), feature.state());
            for candle in base.iter() {
                let expected = plain.update(&candle).map(|value| value + rise);
                let found = other.update(&scaled(&candle, price, volume));
                prop_assert_eq!(expected.is_some(), found.is_some(), "{}", feature);
                if let (Some(expected), Some(found)) = (expected, found) {
                    let off = (found - expected).abs();
                    let most = 1e-6 * expected.abs().max(1e-6);
                    prop_assert!(off <= most, "{}: {} {}", feature, found, expected);
                }
            }
        }
    }

    /// Candles that touch what was not seen have no row, and the states begin anew after them: as if
    /// those candles were missing.
    #[test]
    fn prop_what_was_not_seen_cuts_the_series(
        steps in steps(150..250),
        holes in prop::collection::vec((0i64..250 * 3_600_000, 0i64..4 * 3_600_000), 1..5),
    ) {
        let base = walk(Interval::HOUR, &steps);
        let streams = streams(&base, &steps, 0);
        let start = base.open_time()[0];
        let unseen: Vec<Span> = holes
            .iter()
            .map(|&(at, length)| Span { start: start + at, end: start + at + length })
            .collect();
        let touched = |candle: &Candle| {
            let candle = Span { start: candle.open_time, end: candle.open_time + 3_600_000 };
            unseen.iter().any(|hole| {
                Span { end: hole.end.max(hole.start + 1), ..*hole }.overlaps(candle)
            })
        };
        let seen: Vec<Candle> = base.iter().filter(|candle| !touched(candle)).collect();
        let seen = series(Interval::HOUR, &seen);
        let mut features: Vec<Feature> =
            without_peer().filter(|f| f.info().reads_inside()).collect();
        features.push(Feature::Rsi14);
        for feature in features {
            let holed = inside(&one(feature), &base, &streams, &unseen);
            let parted = inside(&one(feature), &seen, &streams, &[]);
            prop_assert_eq!(&holed.open_time, &parted.open_time, "{}", feature);
            prop_assert_eq!(&holed.run_start, &parted.run_start, "{}", feature);
            prop_assert_eq!(bits(&holed), bits(&parted), "{}", feature);
        }
    }

    /// Trades, books and holes pushed as they come give what the batch gives, the book's columns too.
    #[test]
    fn prop_streams_pushed_equal_the_batch(
        steps in steps(60..150), hole in 0i64..150 * 60_000,
    ) {
        let base = walk(Interval::MINUTE, &steps);
        let streams = streams(&base, &steps, 1);
        let start = base.open_time()[0] + hole;
        let unseen = [Span { start, end: start + 1 }];
        let names: Vec<&str> = Feature::ALL
            .iter()
            .map(|feature| feature.info())
            .filter(|info| info.reads_inside() && info.warm_up < 3)
            .map(|info| info.name)
            .collect();
        let config = FeatureConfig { book_levels: 1, ..config(&names, None) };
        let whole = inside(&config, &base, &streams, &unseen);
        let source = CandleSource::of(&base).with(&Input::INSIDE);
        let mut builder = FeatureBuilder::new(&config, &source, &[]).unwrap();
        let (mut values, mut times, mut told) = (Vec::new(), Vec::new(), Streams::default());
        let mut hole = Some(unseen[0]);
        for candle in base.iter() {
            let end = candle.open_time + 60_000;
            if let Some(span) = hole.take_if(|hole| hole.start < end) {
                builder.push_unseen(span).unwrap();
            }
            let mut now = streams.before(end);
            let next = Streams {
                trades: now.trades.split_off(told.trades.len()),
                books: now.books.split_off(told.books.len()),
            };
            // Which of a trade and a snapshot of one moment comes first is the batch's to say.
            let mut events: Vec<(i64, usize, bool)> = Vec::new();
            events.extend(next.trades.iter().enumerate().map(|(i, t)| (t.time, i, false)));
            events.extend(next.books.iter().enumerate().map(|(i, b)| (b.time, i, true)));
            events.sort_by_key(|&(time, index, is_book)| (time, is_book, index));
            for (_, index, is_book) in events {
                if is_book {
                    builder.push_book(&next.books[index]).unwrap();
                } else {
                    builder.push_trade(&next.trades[index]).unwrap();
                }
            }
            told = streams.before(end);
            if let Some(row) = builder.push_base(&candle).unwrap() {
                values.extend(row.iter().map(|value| value.to_bits()));
                times.push(candle.open_time);
            }
        }
        prop_assert_eq!(times, whole.open_time.clone());
        prop_assert_eq!(values, bits(&whole));
    }

    #[test]
    fn prop_resampling_looks_at_nothing_later(steps in steps(50..200), cut in 0.0..1.0) {
        let base = walk(interval("15m"), &steps);
        let part = base.truncated((base.len() as f64 * cut) as usize);
        let (whole, part) =
            (resample(&base, Interval::HOUR).unwrap(), resample(&part, Interval::HOUR).unwrap());
        prop_assert_eq!(whole.truncated(part.len()), part);
        prop_assert!(whole.iter().all(|candle| candle.check(Interval::HOUR).is_ok()));
    }
}

/// All features of real 1h candles with 4h and 1d context: cut anywhere, they begin the same; and
/// each context column is the context's own table, looked up by the candle that ended last.
#[test]
fn real_candles_hold_the_laws() {
    let Some(data) = real_data("real_candles_hold_the_laws") else { return };
    let base = real_candles(&data, "BTCUSDT", Interval::HOUR, "");
    let context = ["4h", "1d"].map(|name| real_candles(&data, "BTCUSDT", interval(name), ""));
    let config = FeatureConfig::default();
    let clock = std::time::Instant::now();
    let whole = build(&config, &base, &context, &[]).unwrap();
    eprintln!("{} rows × {} features in {:?}", whole.rows(), whole.names.len(), clock.elapsed());
    assert!(whole.values.iter().all(|value| value.is_finite()));
    // The candle of 2023-03-24 13:00 is missing.
    assert!(whole.open_time.contains(&(1_679_662_800_000 - Interval::HOUR.ms())));
    assert!(!whole.open_time.contains(&1_679_662_800_000));

    for cut in [200, 9_999, 20_001] {
        let base = base.truncated(cut);
        let now = base.open_time()[cut - 1] + Interval::HOUR.ms();
        let known = context.each_ref().map(|series| {
            let ended = |&t: &i64| t + series.interval().ms() <= now;
            series.truncated(series.open_time().iter().filter(|t| ended(t)).count())
        });
        let part = build(&config, &base, &known, &[]).unwrap();
        assert_eq!(part.rows(), rows_until(&whole, now));
        assert_begins(&whole, &part);
    }

    for series in &context {
        let own = build(&config, series, &[], &[]).unwrap();
        let length = series.interval();
        let joined: Vec<(usize, usize)> = own
            .names
            .iter()
            .enumerate()
            .filter_map(|(column, name)| {
                let joined = whole.column(&format!("{name}@{length}"))?;
                Some((column, joined))
            })
            .collect();
        assert!(joined.len() > 200, "{} columns of {length}", joined.len());
        for row in (0..whole.rows()).step_by(7) {
            let ended = length.floor(whole.decision_time(row)) - length.ms();
            let place = own.open_time.binary_search(&ended).unwrap();
            for &(column, joined) in &joined {
                let (found, expected) = (whole.row(row)[joined], own.row(place)[column]);
                let name = &own.names[column];
                assert_eq!(found.to_bits(), expected.to_bits(), "{name}@{length} {row}");
            }
        }
    }
}
