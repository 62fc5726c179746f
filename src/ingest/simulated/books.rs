//! The process behind the simulated order book, its candles and its snapshots.

use rand_chacha::ChaCha8Rng;

use super::SimulationConfig;
use super::generator::{PER_PRICE, PER_VOLUME, Process, Ticks, normal, random};
use crate::market::{BookSnapshot, Interval, Level, Price};

/// Levels of each side.
const LEVELS: usize = 10;
/// Snapshots whose imbalance pushes the next return.
const MEMORY: usize = 3;
/// Imbalance that counts as one unit: about its standard deviation.
const IMBALANCE_SCALE: f64 = 0.45;
/// How sharply the push saturates in those units.
const STEEPNESS: f64 = 2.0;
/// How much of the book's lean, whose tanh the imbalance is, stays from one snapshot to the next.
const LEAN_PERSISTENCE: f64 = 0.9;
/// Standard deviation of the lean.
const LEAN: f64 = 0.6;
/// Standard deviation of the noise beside a push of at most 1, in units of the volatility.
const NOISE: f64 = 0.7;
/// The same without a push: it parts the classes about equally too.
const NOISE_ALONE: f64 = 0.93;
/// Volatility of a candle when its wandering logarithm is 0.
const VOLATILITY: f64 = 0.00025;
/// How much of the logarithm of the volatility stays from one candle to the next.
const PERSISTENCE: f64 = 0.98;
/// Standard deviation of that logarithm.
const WANDERING: f64 = 0.15;
/// Half the spread, and what lies between two levels, in units of the volatility.
const HALF_SPREAD: f64 = 0.05;
const GAP: f64 = 0.1;

/// Prices lie on a grid of 0.01: so many of the simulation's units.
const TICK: i64 = 100;
/// A price in units of [`Price`] for one of the simulation's.
const UNITS: i64 = 10_000;

/// What the next return depends on.
#[derive(Debug, Clone)]
pub(super) struct BookState {
    lean: f64,
    /// Imbalance of the last snapshots.
    recent: [f64; MEMORY],
    /// Logarithm of the next candle's volatility over [`VOLATILITY`].
    log_volatility: f64,
    edge: f64,
    /// Standard deviation of `log_volatility`; 0 without a signal, where the width of the book would
    /// tell the neutral class.
    wandering: f64,
}

impl BookState {
    /// The state before the first candle, drawn from the process itself.
    pub(super) fn begin(config: &SimulationConfig, rng: &mut ChaCha8Rng) -> Self {
        let (edge, wandering) = if config.signal { (1.0, WANDERING) } else { (0.0, 0.0) };
        let log_volatility = wandering * normal(rng);
        let lean = LEAN * normal(rng);
        let mut state = Self { lean, recent: [0.0; MEMORY], log_volatility, edge, wandering };
        for _ in 0..MEMORY {
            state.advance(rng);
        }
        state
    }

    fn volatility(&self) -> f64 {
        VOLATILITY * self.log_volatility.exp()
    }
}

impl Process for BookState {
    fn outlook(&self) -> (f64, f64) {
        let imbalance = self.recent.iter().sum::<f64>() / MEMORY as f64;
        let noise = if self.edge > 0.0 { NOISE } else { NOISE_ALONE };
        let push = self.edge * (STEEPNESS * imbalance / IMBALANCE_SCALE).tanh();
        (self.volatility() * push, self.volatility() * noise)
    }

    fn advance(&mut self, rng: &mut ChaCha8Rng) {
        let step = |value: f64, stays: f64, deviation: f64, shock: f64| {
            stays * value + deviation * (1.0 - stays * stays).sqrt() * shock
        };
        self.lean = step(self.lean, LEAN_PERSISTENCE, LEAN, normal(rng));
        self.recent.rotate_left(1);
        self.recent[MEMORY - 1] = self.lean.tanh();
        self.log_volatility = step(self.log_volatility, PERSISTENCE, self.wandering, normal(rng));
    }
}

/// Every candle of the finest interval, oldest first, and the book at each one's end: at its last
/// millisecond, since what comes at the end itself is the next candle's.
pub(super) fn generate(
    config: &SimulationConfig,
    interval: Interval,
) -> (Vec<Ticks>, Vec<BookSnapshot>) {
    let mut rng = random(config.seed, 2);
    let mut state = BookState::begin(config, &mut rng);
    let mut last = on_grid(30_000.0 * PER_PRICE);
    let mut next = config.start.0;
    let rows = (1..=i64::from(config.candles)).map(|number| {
        let (mean, deviation) = state.outlook();
        let log_return = mean + deviation * normal(&mut rng);
        let candle = draw_candle(next, last, log_return, deviation, &mut rng);
        state.advance(&mut rng);
        next += interval.ms();
        last = candle.close;
        let [asks, bids] = draw_sides(candle.close, &state, &mut rng);
        (candle, BookSnapshot { time: next - 1, update_id: number, bids, asks })
    });
    rows.unzip()
}

/// A candle whose volumes tell nothing.
fn draw_candle(
    open_time: i64,
    open: i64,
    log_return: f64,
    deviation: f64,
    rng: &mut ChaCha8Rng,
) -> Ticks {
    let close = on_grid(open as f64 * log_return.exp());
    let mut wick = || 1.0 + 0.5 * deviation * normal(rng).abs();
    let high = on_grid(open.max(close) as f64 * wick()).max(open.max(close));
    let low = on_grid(open.min(close) as f64 / wick()).min(open.min(close));
    let volume = ((2.0 * (0.3 * normal(rng)).exp() * PER_VOLUME).round() as i64).max(1);
    let bought = volume as f64 * (0.5 + 0.15 * normal(rng)).clamp(0.01, 0.99);
    let mean_price = (open + high + low + close) as f64 / 4.0;
    let quote = |amount: i64| (amount as f64 * mean_price / PER_VOLUME).round() as i64;
    let taker_buy_volume = bought.round() as i64;
    Ticks {
        open_time,
        open,
        high,
        low,
        close,
        volume,
        quote_volume: quote(volume),
        trades: (10.0 * (0.2 * normal(rng)).exp()).ceil() as i64,
        taker_buy_volume,
        taker_buy_quote_volume: quote(taker_buy_volume),
    }
}

/// Asks and bids around `mid`. Their amounts add up to the imbalance of the last snapshot, but for
/// the rounding of each to a lot, and all gaps are as wide as the volatility is high.
fn draw_sides(mid: i64, state: &BookState, rng: &mut ChaCha8Rng) -> [Vec<Level>; 2] {
    let width = mid as f64 * state.volatility();
    let half = on_grid(HALF_SPREAD * width * (0.2 * normal(rng)).exp());
    let depth = 20.0 * (0.2 * normal(rng)).exp();
    let imbalance = state.recent[MEMORY - 1];
    [(1, 1.0 - imbalance), (-1, 1.0 + imbalance)].map(|(sign, share)| {
        // Deeper levels hold more, as they mostly do.
        let weights: Vec<f64> = (0..LEVELS)
            .map(|level| (1.0 + 0.1 * level as f64) * (0.3 * normal(rng)).exp())
            .collect();
        let lots = depth * share / weights.iter().sum::<f64>() * PER_VOLUME;
        let mut distance = half;
        let level = |weight: f64| {
            let price = Price((mid + sign * distance) * UNITS);
            distance += on_grid(GAP * width * (0.3 * normal(rng)).exp());
            Level { price, quantity: (weight * lots).round().max(1.0) / PER_VOLUME }
        };
        weights.into_iter().map(level).collect()
    })
}

/// The nearest price on the grid, at least one step above zero.
fn on_grid(price: f64) -> i64 {
    ((price / TICK as f64).round() as i64).max(1) * TICK
}

/// Moves a side, best first, to another price level; levels stay apart by a step of the grid.
pub(super) fn onto_level(side: &mut [Level], level: f64) {
    let step = TICK * UNITS;
    let is_ask =
        side.first().zip(side.last()).is_some_and(|(best, worst)| best.price < worst.price);
    let mut last = None;
    for one in side {
        let nearest = one.price.0 as f64 * level / step as f64;
        // Away from the mid, so that the sides stay apart.
        let mut price = (if is_ask { nearest.ceil() } else { nearest.floor() }) as i64 * step;
        if let Some(last) = last {
            price = if is_ask { price.max(last + step) } else { price.min(last - step) };
        }
        one.price = Price(price.max(step));
        last = Some(price);
    }
}
