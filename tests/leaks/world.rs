//! A small market with everything that can leak: gaps, coarser candles, values known late, trades.

use candlewick::features::{ValueSeries, resample};
use candlewick::leaks::History;
use candlewick::market::{
    BookSnapshot, Candle, CandleSeries, Instrument, Interval, Level, Market, Price, Trade, Value,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Monday, 2022-01-03, ms.
pub const START: i64 = 1_641_168_000_000;
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;

pub fn interval(name: &str) -> Interval {
    name.parse().unwrap()
}

/// A random walk of so many hours; five candles are missing after each `stretch` but the first.
fn hours(count: i64, stretch: i64, seed: u64) -> CandleSeries {
    hours_of("TEST", count, stretch, seed)
}

/// The candles of another instrument beside those of [`world_of`].
pub fn peer(hours_count: i64, stretch: i64) -> CandleSeries {
    hours_of("PEER", hours_count, stretch, 11)
}

fn hours_of(symbol: &str, count: i64, stretch: i64, seed: u64) -> CandleSeries {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let instrument = Instrument::new("simulated", Market::Spot, symbol).unwrap();
    let mut series = CandleSeries::new(instrument, Interval::HOUR);
    let mut close = 100.0;
    for hour in 0..count {
        let open: f64 = close;
        close = open * (1.0 + rng.random_range(-0.02..0.02));
        let volume = rng.random_range(1.0..1_000.0);
        let bought = volume * rng.random_range(0.0..1.0);
        let candle = Candle {
            open_time: START + hour * HOUR,
            open,
            high: open.max(close) * rng.random_range(1.0..1.01),
            low: open.min(close) * rng.random_range(0.99..1.0),
            close,
            volume,
            quote_volume: Some(volume * open),
            trades: Some(rng.random_range(1..5_000)),
            taker_buy_volume: Some(bought),
            taker_buy_quote_volume: Some(bought * open),
        };
        if hour % stretch >= 5 || hour < 5 {
            series.push(&candle).unwrap();
        }
    }
    series
}

/// A book of twelve levels a side.
fn book(id: i64, rng: &mut ChaCha8Rng) -> BookSnapshot {
    let middle = rng.random_range(9_000_000_000..11_000_000_000);
    let mut side = |sign: i64| -> Vec<Level> {
        let level = |away: i64| Level {
            price: Price(middle + sign * away * 1_000_000),
            quantity: rng.random_range(0.1..5.0),
        };
        (1..=12).map(level).collect()
    };
    let (bids, asks) = (side(-1), side(1));
    BookSnapshot { time: START + id * HOUR / 3 + 11, update_id: id, bids, asks }
}

/// Hourly candles, their sums of four hours, one value a day known nine hours after its day has
/// ended, a trade every half hour and a book every twenty minutes.
pub fn world(hours_count: i64) -> History {
    world_of(hours_count, 211)
}

/// The same with a gap after each `stretch` of hours.
pub fn world_of(hours_count: i64, stretch: i64) -> History {
    let base = hours(hours_count, stretch, 5);
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let value = |day: i64, rng: &mut ChaCha8Rng| Value {
        time: START + day * DAY,
        known_at: START + (day + 1) * DAY + 9 * HOUR,
        value: rng.random_range(1.0..2.0),
    };
    let values = (-5..hours_count / 24).map(|day| value(day, &mut rng)).collect();
    let trade = |id: i64, rng: &mut ChaCha8Rng| Trade {
        id,
        time: START + id * HOUR / 2 + 7,
        price: Price(rng.random_range(9_000_000_000..11_000_000_000)),
        quantity: rng.random_range(0.1..2.0),
        buyer_is_maker: rng.random(),
    };
    History {
        context: vec![resample(&base, interval("4h")).unwrap()],
        values: vec![ValueSeries { name: "active_addresses".to_owned(), values }],
        trades: Some((0..2 * hours_count).map(|id| trade(id, &mut rng)).collect()),
        books: Some((0..3 * hours_count).map(|id| book(id, &mut rng)).collect()),
        ..History::of(base)
    }
}
