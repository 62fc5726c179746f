//! A simulated market with a planted signal whose best reachable accuracy is known.
//!
//! Takers' net flow over the last three candles, `2 × taker buy volume / volume - 1` of their sums,
//! pushes the next log return: `r = σ (tanh(2 × flow / 0.29) + 0.7 ε)`, where the volatility `σ`
//! wanders slowly around 0.0025 and `ε` is standard normal. So taker imbalance and relative volume
//! within a window of three candles tell the next direction in part, past returns tell a little of
//! the volatility, and nothing else tells more. The variant without a signal is `r = 0.0023 ε`.
//!
//! With an order book, the book pushes the return instead: `r = σ (tanh(2 × imbalance / 0.45) + 0.7 ε)`,
//! where the imbalance is the mean over the last three snapshots, one at each candle's end, of
//! `(bid - ask) / (bid + ask)` of all amounts on ten levels a side. The imbalance is the tanh of an
//! autoregression of the first order (0.9 stays from one snapshot to the next), `σ` wanders around
//! 0.00025, and the gaps between levels are as wide as `σ` is high. Volumes tell nothing, past returns
//! a part of what the book tells. Closes are mid prices on a grid of 0.01. The variant without a
//! signal is `r = 0.00023 ε`, with the same books.

mod best;
mod books;
mod generator;

use std::sync::Arc;

use thiserror::Error;

pub use best::{BestReachable, best_reachable};

use super::IngestReport;
use super::error::IngestError;
use crate::market::{BookSnapshot, Candle, CandleSeries, Instrument, InstrumentError, Interval};
use crate::market::{Market, Missing, Span, Time};
use crate::store::{LiveBatch, Source, Store, StoreError, Written};

/// Venue of every simulated instrument.
pub const VENUE: &str = "simulated";

/// A log return that parts the next candle's direction into three classes of similar size, for the
/// fixed rule of direction labels: 0.001.
pub const DIRECTION_THRESHOLD: f64 = 0.001;

/// The same of a market with an order book: 0.0001.
pub const BOOK_DIRECTION_THRESHOLD: f64 = 0.0001;

/// A relative change of the smoothed mid price that parts it into classes of similar size where books
/// carry the signal, for horizons of some ten snapshots.
pub const SMOOTHED_THRESHOLD: f64 = 0.0005;

/// Book snapshots that are written at once.
const BATCH: usize = 10_000;

/// Most candles of one simulation; beyond it prices would wander out of what ticks can tell.
const MOST_CANDLES: u32 = 200_000;

/// What to simulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulationConfig {
    /// Symbol; `None` is `SIMBTC` with the signal and `NOISE` without, with books `SIMBOOK` and
    /// `NOISEBOOK`.
    pub symbol: Option<String>,
    /// Seed of the random numbers; equal seeds give equal candles on one platform.
    pub seed: u64,
    /// Candles of the finest interval, 1 to 200,000; a longer simulation begins with a shorter one.
    pub candles: u32,
    /// Intervals, in any order; the finest is simulated and the others are sums of it.
    pub intervals: Vec<Interval>,
    /// Open time of the first candle, on the grid of the finest interval.
    pub start: Time,
    /// Whether the signal is planted.
    pub signal: bool,
    /// Whether there is an order book, a snapshot at the end of each candle of the finest interval,
    /// which then carries the signal.
    pub books: bool,
}

impl Default for SimulationConfig {
    /// 20,000 candles of 15 minutes from 2024-01-01 on, with their sums of one and four hours.
    fn default() -> Self {
        let minutes = |count: i64| Interval::all().find(|interval| interval.ms() == count * 60_000);
        Self {
            symbol: None,
            seed: 1,
            candles: 20_000,
            intervals: [15, 60, 240].into_iter().filter_map(minutes).collect(),
            start: Time(1_704_067_200_000),
            signal: true,
            books: false,
        }
    }
}

/// A simulation that cannot be.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SimulationError {
    /// No candle or too many.
    #[error("cannot simulate {0} candles; choose 1 to {MOST_CANDLES}")]
    Candles(u32),
    /// No interval.
    #[error("cannot simulate no interval; name one or more, such as 15m,1h,4h")]
    NoInterval,
    /// An interval that is no sum of the finest.
    #[error("{coarser} candles are not made of whole {finer} candles; choose other intervals")]
    Intervals {
        /// The finest interval.
        finer: Interval,
        /// The one at fault.
        coarser: Interval,
    },
    /// A start between two candles.
    #[error("a simulation cannot start at {start}, which is off the {interval} grid")]
    Start {
        /// Time at fault.
        start: Time,
        /// The finest interval.
        interval: Interval,
    },
    /// A symbol that cannot be.
    #[error(transparent)]
    Symbol(#[from] InstrumentError),
    /// Candles of another simulation are stored under the same name.
    #[error(
        "the store has other candles of {instrument} {interval} already, the first at {open_time}; \
         they come from another seed or start: choose another --symbol or --store"
    )]
    Other {
        /// Simulated instrument.
        instrument: Instrument,
        /// Interval at fault.
        interval: Interval,
        /// First candle that differs.
        open_time: Time,
    },
}

impl SimulationError {
    /// Whether the command line is at fault and not the store.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Other { .. })
    }
}

impl SimulationConfig {
    /// The simulated instrument.
    ///
    /// # Errors
    /// When the symbol cannot be one.
    pub fn instrument(&self) -> Result<Instrument, SimulationError> {
        let default = match (self.books, self.signal) {
            (false, true) => "SIMBTC",
            (false, false) => "NOISE",
            (true, true) => "SIMBOOK",
            (true, false) => "NOISEBOOK",
        };
        let symbol = self.symbol.as_deref().unwrap_or(default);
        Ok(Instrument::new(VENUE, Market::Spot, symbol)?)
    }

    /// A log return that parts the next candle's direction into three classes of similar size.
    #[must_use]
    pub fn direction_threshold(&self) -> f64 {
        if self.books { BOOK_DIRECTION_THRESHOLD } else { DIRECTION_THRESHOLD }
    }

    /// The intervals, finest first.
    fn checked_intervals(&self) -> Result<Vec<Interval>, SimulationError> {
        if self.candles == 0 || self.candles > MOST_CANDLES {
            return Err(SimulationError::Candles(self.candles));
        }
        let mut intervals = self.intervals.clone();
        intervals.sort_unstable();
        intervals.dedup();
        let &finer = intervals.first().ok_or(SimulationError::NoInterval)?;
        // Far from the ends of time, so that adding the length of a series cannot overflow.
        let near = self.start.0.unsigned_abs() < 1 << 53;
        if !near || !finer.is_on_grid(self.start.0) {
            return Err(SimulationError::Start { start: self.start, interval: finer });
        }
        match intervals.iter().find(|coarser| !coarser.is_multiple_of(finer)) {
            Some(&coarser) => Err(SimulationError::Intervals { finer, coarser }),
            None => Ok(intervals),
        }
    }
}

/// Simulates a market: one series an interval, finest first; coarser ones hold whole candles only.
///
/// # Errors
/// When the configuration is out of its ranges.
pub fn simulate(config: &SimulationConfig) -> Result<Vec<CandleSeries>, SimulationError> {
    Ok(simulate_all(config)?.0)
}

/// The order book of a simulated market: a snapshot at the last millisecond of each candle of the
/// finest interval; none without [`SimulationConfig::books`].
///
/// # Errors
/// When the configuration is out of its ranges.
pub fn simulate_books(config: &SimulationConfig) -> Result<Vec<BookSnapshot>, SimulationError> {
    Ok(simulate_all(config)?.1)
}

/// The books of several stocks over several days, `[stock][day]`: each a simulation of its own that
/// starts anew, with a price level for each stock.
///
/// # Errors
/// When the configuration is out of its ranges.
pub fn simulate_stocks(
    config: &SimulationConfig,
    stocks: usize,
    days: usize,
) -> Result<Vec<Vec<Vec<BookSnapshot>>>, SimulationError> {
    let day = |stock: usize, day: usize| {
        let number = (stock * days + day) as u64;
        let seed = config.seed.wrapping_mul(1_000_003).wrapping_add(number);
        let mut books = simulate_books(&SimulationConfig { seed, books: true, ..config.clone() })?;
        let level = 0.6_f64.powi(stock as i32);
        for side in books.iter_mut().flat_map(|book| [&mut book.bids, &mut book.asks]) {
            books::onto_level(side, level);
        }
        Ok(books)
    };
    (0..stocks).map(|stock| (0..days).map(|at| day(stock, at)).collect()).collect()
}

fn simulate_all(
    config: &SimulationConfig,
) -> Result<(Vec<CandleSeries>, Vec<BookSnapshot>), SimulationError> {
    let instrument = config.instrument()?;
    let intervals = config.checked_intervals()?;
    let finer = intervals[0];
    let (finest, books) = if config.books {
        books::generate(config, finer)
    } else {
        (generator::generate(config, finer), Vec::new())
    };
    let series = intervals.into_iter().map(|interval| {
        let mut series = CandleSeries::new(instrument.clone(), interval);
        let parts = (interval.ms() / finer.ms()) as usize;
        for group in finest
            .chunk_by(|one, other| interval.floor(one.open_time) == interval.floor(other.open_time))
        {
            if group.len() == parts {
                // The generator's times ascend, so that no push can fail.
                let _ = series.push(&generator::sum(group));
            }
        }
        series
    });
    Ok((series.collect(), books))
}

/// Simulates a market into the store.
///
/// # Errors
/// When the configuration is out of its ranges, the store holds another simulation of that name, or
/// the store fails.
pub fn ingest_simulated(
    store: &mut Store,
    config: &SimulationConfig,
) -> Result<IngestReport, IngestError> {
    let (all, books) = simulate_all(config)?;
    for series in &all {
        refuse_other(store, series)?;
    }
    let mut report = IngestReport::default();
    for series in &all {
        let candles: Vec<Candle> = series.iter().collect();
        let written: Written = store.write(
            series.instrument(),
            series.interval(),
            Source::Simulated,
            Some(Missing::Gap),
            &candles,
        )?;
        report.rows += candles.len() as u64;
        report.written.add(written);
    }
    let instrument = Arc::new(config.instrument()?);
    for books in books.chunks(BATCH) {
        let with_name = |book: &BookSnapshot| (Arc::clone(&instrument), book.clone());
        let books = books.iter().map(with_name).collect();
        report.books += store.write_live(&LiveBatch { books, ..LiveBatch::default() })?.books;
    }
    if report.books > 0 {
        store.roll_segments(0, 0)?;
    }
    store.settle_log()?;
    Ok(report)
}

/// An error when the store holds candles of the same name from another simulation.
fn refuse_other(store: &Store, series: &CandleSeries) -> Result<(), IngestError> {
    let stored = match store.load(series.instrument(), series.interval(), Span::ALL) {
        Err(StoreError::UnknownSeries { .. }) => return Ok(()),
        stored => stored?,
    };
    let differs = stored.iter().find(|candle| match series.position(candle.open_time) {
        Some(row) => series.candle(row) != *candle,
        None => series.open_time().first().is_some_and(|&first| candle.open_time < first),
    });
    match differs {
        None => Ok(()),
        Some(candle) => Err(IngestError::Simulation(SimulationError::Other {
            instrument: series.instrument().clone(),
            interval: series.interval(),
            open_time: Time(candle.open_time),
        })),
    }
}
