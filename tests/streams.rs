//! Trades and books for tests: random ones inside candles, and how states are told of them.

use candlewick::features::Indicator;
use candlewick::market::{BookSnapshot, Candle, Interval, Level, Price, Trade};

/// Trades and books by time.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    pub trades: Vec<Trade>,
    pub books: Vec<BookSnapshot>,
}

impl Streams {
    /// What lies before `time`.
    pub fn before(&self, time: i64) -> Self {
        let trades = self.trades.iter().filter(|trade| trade.time < time).copied().collect();
        let books = self.books.iter().filter(|book| book.time < time).cloned().collect();
        Self { trades, books }
    }

    fn inside(&self, candle: &Candle, interval: Interval) -> (&[Trade], &[BookSnapshot]) {
        let (from, to) = (candle.open_time, candle.open_time + interval.ms());
        let trades = self.trades.partition_point(|t| t.time < from)
            ..self.trades.partition_point(|t| t.time < to);
        let books = self.books.partition_point(|b| b.time < from)
            ..self.books.partition_point(|b| b.time < to);
        (&self.trades[trades], &self.books[books])
    }

    /// Tells a state what happened inside a candle, of one millisecond trades first, then the candle.
    pub fn tell(
        &self,
        state: &mut dyn Indicator,
        candle: &Candle,
        interval: Interval,
    ) -> Option<f64> {
        let (mut trades, mut books) = self.inside(candle, interval);
        while let Some(book) = books.first() {
            let count = trades.iter().take_while(|trade| trade.time <= book.time).count();
            trades[..count].iter().for_each(|trade| state.trade(trade));
            state.book(book);
            (trades, books) = (&trades[count..], &books[1..]);
        }
        trades.iter().for_each(|trade| state.trade(trade));
        state.update(candle)
    }

    /// Adds random trades and books inside a candle around its close: as many as the draw says, the
    /// book at least `least` times. Nothing but the arguments decides what they are.
    pub fn add(&mut self, candle: &Candle, interval: Interval, seed: u64, least: u64) {
        let mut draw = Draw(seed ^ (candle.open_time as u64).rotate_left(17));
        let tick = 1_000_000;
        let mid = Price::of_value((candle.close * 100.0).round() / 100.0).map_or(tick, |p| p.0);
        let most = if draw.below(8) == 0 { 80 } else { 7 };
        let mut times: Vec<(i64, bool)> = (0..draw.below(most)).map(|_| (0, true)).collect();
        times.extend((0..least + draw.below(4)).map(|_| (0, false)));
        for (time, _) in &mut times {
            *time = candle.open_time + draw.below(interval.ms() as u64) as i64;
        }
        times.sort_by_key(|&(time, is_trade)| (time, !is_trade));
        for (time, is_trade) in times {
            let near = (mid + (draw.below(41) as i64 - 20) * tick).max(100 * tick);
            if is_trade {
                self.trades.push(Trade {
                    id: self.trades.len() as i64,
                    time,
                    price: Price(near),
                    quantity: draw.amount(),
                    buyer_is_maker: draw.below(2) == 0,
                });
            } else {
                let mut side = |sign: i64| {
                    let mut price = near;
                    let levels = 1 + draw.below(24);
                    (0..levels)
                        .map(|_| {
                            price += sign * tick * (1 + draw.below(3) as i64);
                            Level { price: Price(price.max(1)), quantity: draw.amount() }
                        })
                        .take_while(|level| level.price.0 > 1)
                        .collect()
                };
                let (bids, asks) = (side(-1), side(1));
                self.books.push(BookSnapshot { time, update_id: 0, bids, asks });
            }
        }
    }
}

/// A small random sequence (xorshift).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.max(1);
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn amount(&mut self) -> f64 {
        (1 + self.below(5_000)) as f64 / 1000.0
    }
}
