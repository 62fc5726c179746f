//! The stochastic process behind the simulated candles, and candles in whole ticks.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::SimulationConfig;
use crate::market::{Candle, Interval};

/// Candles whose flow pushes the next return.
const MEMORY: usize = 3;
/// Flow that counts as one unit: about its standard deviation.
const FLOW_SCALE: f64 = 0.29;
/// How sharply the push saturates in units of flow.
const STEEPNESS: f64 = 2.0;
/// Standard deviation of the noise beside a push of at most 1, in units of the volatility.
const NOISE: f64 = 0.7;
/// The same without a push: it parts the classes about equally too.
const NOISE_ALONE: f64 = 0.93;
/// Volatility of a candle when its wandering logarithm is 0.
const VOLATILITY: f64 = 0.0025;
/// How much of the logarithm of the volatility stays from one candle to the next.
const PERSISTENCE: f64 = 0.98;
/// Standard deviation of that logarithm.
const WANDERING: f64 = 0.15;

/// Prices and quote volumes are whole multiples of 0.0001, volumes of 0.00001.
pub(super) const PER_PRICE: f64 = 1e4;
pub(super) const PER_VOLUME: f64 = 1e5;

/// A candle in whole ticks, so that sums of it are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticks {
    pub open_time: i64,
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
    pub volume: i64,
    pub quote_volume: i64,
    pub trades: i64,
    pub taker_buy_volume: i64,
    pub taker_buy_quote_volume: i64,
}

/// What the next return depends on, candle after candle.
pub(super) trait Process: Clone {
    /// Mean and standard deviation of the next candle's log return, all being known.
    fn outlook(&self) -> (f64, f64);

    /// Draws what the return after the next one depends on.
    fn advance(&mut self, rng: &mut ChaCha8Rng);
}

/// What the next return depends on where takers' flow pushes it.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// Volume and taker buy volume of the last candles, in ticks.
    recent: [(i64, i64); MEMORY],
    /// Logarithm of the next candle's volatility over [`VOLATILITY`].
    log_volatility: f64,
    edge: f64,
    /// Standard deviation of `log_volatility`; without a signal it is 0, since a volatility that can
    /// be told would tell the neutral class too.
    wandering: f64,
    /// Open time of the next candle, ms.
    next: i64,
    step: i64,
}

impl State {
    /// The state before the first candle, drawn from the process itself.
    pub(super) fn begin(
        config: &SimulationConfig,
        interval: Interval,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let step = interval.ms();
        let (edge, wandering) = if config.signal { (1.0, WANDERING) } else { (0.0, 0.0) };
        let mut state = Self {
            recent: [(0, 0); MEMORY],
            log_volatility: wandering * normal(rng),
            edge,
            wandering,
            next: config.start.0 - step * MEMORY as i64,
            step,
        };
        for _ in 0..MEMORY {
            state.advance(rng);
        }
        state
    }
}

impl Process for State {
    fn outlook(&self) -> (f64, f64) {
        let volume: i64 = self.recent.iter().map(|(volume, _)| volume).sum();
        let bought: i64 = self.recent.iter().map(|(_, bought)| bought).sum();
        let flow = 2.0 * bought as f64 / volume as f64 - 1.0;
        let volatility = VOLATILITY * self.log_volatility.exp();
        let noise = if self.edge > 0.0 { NOISE } else { NOISE_ALONE };
        let push = self.edge * (STEEPNESS * flow / FLOW_SCALE).tanh();
        (volatility * push, volatility * noise)
    }

    /// Draws the next candle's volume and flow and the volatility after it.
    fn advance(&mut self, rng: &mut ChaCha8Rng) {
        let day = (self.next.rem_euclid(86_400_000)) as f64 / 86_400_000.0;
        let season = 0.25 * (std::f64::consts::TAU * day).sin();
        let volume = 80.0 * (season + 0.8 * self.log_volatility + 0.15 * normal(rng)).exp();
        // Takers of one side lead in each candle, so that flows of three candles fall into clusters.
        let side = normal(rng).signum();
        let imbalance = (0.5 * side + 0.1 * normal(rng)).clamp(-0.98, 0.98);
        let volume = ((volume * PER_VOLUME).round() as i64).max(1);
        let bought = (volume as f64 * (1.0 + imbalance) / 2.0).round() as i64;
        self.recent.rotate_left(1);
        self.recent[MEMORY - 1] = (volume, bought.clamp(0, volume));
        let shock = self.wandering * (1.0 - PERSISTENCE * PERSISTENCE).sqrt();
        self.log_volatility = PERSISTENCE * self.log_volatility + shock * normal(rng);
        self.next += self.step;
    }
}

/// The random numbers of a seed; `stream` keeps different uses of them apart.
pub(super) fn random(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// One standard normal number.
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Every candle of the finest interval, oldest first.
pub(super) fn generate(config: &SimulationConfig, interval: Interval) -> Vec<Ticks> {
    let mut rng = random(config.seed, 0);
    let mut state = State::begin(config, interval, &mut rng);
    let mut last = (30_000.0 * PER_PRICE) as i64;
    let candles = (0..config.candles).map(|_| {
        let (mean, deviation) = state.outlook();
        let open_time = state.next;
        let log_return = mean + deviation * normal(&mut rng);
        state.advance(&mut rng);
        let candle = draw(open_time, last, log_return, deviation, &state, &mut rng);
        last = candle.close;
        candle
    });
    candles.collect()
}

fn draw(
    open_time: i64,
    open: i64,
    log_return: f64,
    deviation: f64,
    state: &State,
    rng: &mut ChaCha8Rng,
) -> Ticks {
    let close = ((open as f64 * log_return.exp()).round() as i64).max(1);
    let mut wick = || 1.0 + 0.5 * deviation * normal(rng).abs();
    let high = (open.max(close) as f64 * wick()).round() as i64;
    let low = ((open.min(close) as f64 / wick()).round() as i64).max(1);
    let (volume, taker_buy_volume) = state.recent[MEMORY - 1];
    let mean_price = (open + high + low + close) as f64 / 4.0;
    let quote = |amount: i64| (amount as f64 * mean_price / PER_VOLUME).round() as i64;
    Ticks {
        open_time,
        open,
        high,
        low,
        close,
        volume,
        quote_volume: quote(volume),
        trades: (volume as f64 / PER_VOLUME * 8.0 * (0.1 * normal(rng)).exp()).ceil() as i64,
        taker_buy_volume,
        taker_buy_quote_volume: quote(taker_buy_volume),
    }
}

/// The candle that `group`, one candle after another, makes.
pub(super) fn sum(group: &[Ticks]) -> Candle {
    let total = |of: fn(&Ticks) -> i64| group.iter().map(of).sum::<i64>();
    let price = |ticks: i64| ticks as f64 / PER_PRICE;
    let volume = |of: fn(&Ticks) -> i64| total(of) as f64 / PER_VOLUME;
    Candle {
        open_time: group[0].open_time,
        open: price(group[0].open),
        high: price(group.iter().fold(i64::MIN, |high, candle| high.max(candle.high))),
        low: price(group.iter().fold(i64::MAX, |low, candle| low.min(candle.low))),
        close: price(group[group.len() - 1].close),
        volume: volume(|candle| candle.volume),
        quote_volume: Some(price(total(|candle| candle.quote_volume))),
        trades: Some(total(|candle| candle.trades)),
        taker_buy_volume: Some(volume(|candle| candle.taker_buy_volume)),
        taker_buy_quote_volume: Some(price(total(|candle| candle.taker_buy_quote_volume))),
    }
}
