//! What can be wrong with features, their config or the candles they are to come from.

use thiserror::Error;

use crate::market::{CandleFault, Instrument, Interval, SeriesError, Time, Trade, Value};

use super::catalog;
use super::feature::{FeatureGroup, Input};
use super::image::ImageError;
use super::peer_error::PeerError;

/// Why there are no features.
#[derive(Debug, PartialEq, Error)]
pub enum FeatureError {
    /// No such name.
    #[error("unknown feature `{name}`, nearest is `{nearest}`; use some of {}", known())]
    Unknown {
        /// Name given.
        name: String,
        /// The most similar known one.
        nearest: &'static str,
    },
    /// No such group.
    #[error("unknown group `{name}`; use one of {}", groups())]
    UnknownGroup {
        /// Name given.
        name: String,
    },
    /// An `@` without an interval after it.
    #[error("feature `{name}` names no interval; write an interval after the @, such as rsi_14@4h")]
    UnknownInterval {
        /// Name given.
        name: String,
    },
    /// A feature of an interval that is no context.
    #[error(
        "feature `{feature}@{interval}` is of no context interval; add {interval} to the context \
         intervals or take the feature out"
    )]
    NoContext {
        /// Feature asked for.
        feature: &'static str,
        /// Interval asked for.
        interval: Interval,
    },
    /// Named twice in one list.
    #[error("feature `{0}` is listed twice; list it once")]
    Twice(&'static str),
    /// Both wanted and not.
    #[error("feature `{0}` is both included and excluded; take it out of one list")]
    Contradiction(&'static str),
    /// What is wrong with peers.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// A series that is not there.
    #[error(
        "there is no series of values `{name}`, there is {known}; ingest it or take it out of \
         features.series"
    )]
    UnknownSeries {
        /// Name asked for.
        name: String,
        /// Those there are, with commas between them.
        known: String,
    },
    /// A name that no series has.
    #[error("series `{name}` cannot be; its name is made of 1 to 64 of A-Z, a-z, 0-9, _ and -")]
    SeriesName {
        /// Name given.
        name: String,
    },
    /// A series whose column is called as a feature of the catalogue.
    #[error(
        "series `{name}` gives a column `{column}`, which is a feature of the candles; ingest it \
         under another name"
    )]
    SeriesTaken {
        /// Name of the series.
        name: String,
        /// The column.
        column: String,
    },
    /// Two series that give one column.
    #[error(
        "two columns of features.series are called `{column}`; list each series and each of its \
         columns once, and none that is called as a column of another"
    )]
    SeriesTwice {
        /// The column.
        column: String,
    },
    /// A series of which nothing is wanted.
    #[error("series `{name}` lists no column; list some or take it out of features.series")]
    SeriesForNothing {
        /// Name of the series.
        name: String,
    },
    /// Columns of series that no config gives.
    #[error(
        "no series give exactly the columns {columns}; each gives all of its own, in the order of \
         features.series"
    )]
    SeriesColumns {
        /// The columns, with commas between them.
        columns: String,
    },
    /// A value that cannot be, or not now.
    #[error(
        "the value {} of `{series}`, of {} and known at {}, {fault}; correct the series",
        value.value, Time(value.time), Time(value.known_at)
    )]
    Value {
        /// Name of the series.
        series: String,
        /// The value.
        value: Value,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Everything was left out.
    #[error("no feature is left for the {interval} candles; exclude fewer")]
    NothingLeft {
        /// Interval of the base candles.
        interval: Interval,
    },
    /// A feature asked for by name needs what the source does not give.
    #[error(
        "feature `{feature}` needs {column}, which the {interval} candles lack; take it out of the \
         config or ingest a source that gives {column}"
    )]
    Lacking {
        /// Feature asked for.
        feature: &'static str,
        /// Column it reads.
        column: Input,
        /// Interval of the candles.
        interval: Interval,
    },
    /// One candle lacks what the first ones gave.
    #[error(
        "the {interval} candle of {} lacks {column}, which the first one has and `{feature}` needs; \
         complete the data or exclude the features that read it", Time(*open_time)
    )]
    Incomplete {
        /// Interval of the candles.
        interval: Interval,
        /// Candle at fault.
        open_time: i64,
        /// Column it lacks.
        column: Input,
        /// A feature that reads it.
        feature: &'static str,
    },
    /// A context interval that cannot be joined.
    #[error(
        "context interval {context} is not a longer multiple of the base interval {base}; use \
         longer intervals as context"
    )]
    NotCoarser {
        /// Interval of the base candles.
        base: Interval,
        /// Interval of the context candles.
        context: Interval,
    },
    /// One context interval given twice.
    #[error("context interval {0} is given twice; give it once")]
    ContextTwice(Interval),
    /// Candles of two instruments.
    #[error(
        "context candles are of {context}, base candles of {base}; take both of one instrument"
    )]
    TwoInstruments {
        /// What the base candles are of.
        base: Instrument,
        /// What the context candles are of.
        context: Instrument,
    },
    /// A candle that cannot be.
    #[error("impossible {interval} candle of {}: {fault}", Time(*open_time))]
    Impossible {
        /// Interval of the candles.
        interval: Interval,
        /// Candle at fault.
        open_time: i64,
        /// What is wrong.
        fault: CandleFault,
    },
    /// A candle that does not come after the last one.
    #[error("{interval} candle out of order: {fault}")]
    Order {
        /// Interval of the candles.
        interval: Interval,
        /// The two times.
        fault: SeriesError,
    },
    /// A trade or a snapshot of a candle that has ended.
    #[error(
        "a trade or book snapshot of {} came after the {interval} candle that it lies in; give them \
         in the order of their times", Time(*time)
    )]
    Late {
        /// Interval of the candles.
        interval: Interval,
        /// Its time.
        time: i64,
    },
    /// A trade whose numbers cannot be computed with.
    #[error(
        "the trade {id} of {} has price {price} and amount {quantity}, which is beyond all reason \
         (prices above 0, amounts from 1e-18 to 1e24, or 0); correct the data", Time(*time)
    )]
    Trade {
        /// The exchange's number of it.
        id: i64,
        /// Its time.
        time: i64,
        /// Its price.
        price: f64,
        /// Its amount.
        quantity: f64,
    },
    /// Books that have less levels than are to be columns.
    #[error(
        "no candle has all its features: the snapshots of the book never have {levels} levels on \
         both sides, the deepest has {deepest}; set features.book_levels to {deepest} or less"
    )]
    ShallowBook {
        /// Levels asked for.
        levels: usize,
        /// Levels of the deepest snapshot.
        deepest: usize,
    },
    /// Features that cannot be built in parts.
    #[error(
        "features of peers and of the book's levels are not built into a file; leave \
         features.peers and features.book_levels out"
    )]
    NotInParts,
    /// A number too large or too small to compute with.
    #[error(
        "the {interval} candle of {} has {column} {value}, which is beyond all reason (prices are \
         computed with from 1e-18 to 1e18, amounts from 1e-18 to 1e24, or 0); correct the data",
        Time(*open_time)
    )]
    Unreasonable {
        /// Interval of the candles.
        interval: Interval,
        /// Candle at fault.
        open_time: i64,
        /// Column at fault.
        column: Input,
        /// Its value.
        value: f64,
    },
    /// Reasonable numbers whose feature is none.
    #[error(
        "feature `{feature}` of the {interval} candle of {} is not a finite number; correct its \
         prices and volumes or exclude the feature", Time(*open_time)
    )]
    NotFinite {
        /// Feature at fault.
        feature: &'static str,
        /// Interval of the candles.
        interval: Interval,
        /// Candle at fault.
        open_time: i64,
    },
    /// No candle has all its features.
    #[error(
        "no candle has all its features: {interval} candles, {candles} in all and at most {longest} \
         in a row, while `{feature}` needs {needed} in a row; ingest more candles or exclude it"
    )]
    TooShort {
        /// Interval whose candles are too few.
        interval: Interval,
        /// Number of its candles.
        candles: usize,
        /// Longest stretch without a gap.
        longest: usize,
        /// The feature that warms up longest.
        feature: &'static str,
        /// Candles in a row it needs for a value.
        needed: usize,
    },
    /// No candle has all its features, of candles that were not kept to see why.
    #[error(
        "no candle has all its features: too few of the {interval} candles or of their context \
         follow one another, or they are never both there; ingest more, for the same time"
    )]
    NoRow {
        /// Interval of the base candles.
        interval: Interval,
    },
    /// Base and context candles that are never there together.
    #[error(
        "no candle has all its features: the {base} candles and the {context} context candles are \
         never both there after their warm-up; ingest them for the same time"
    )]
    NeverTogether {
        /// Interval of the base candles.
        base: Interval,
        /// Interval of the context candles.
        context: Interval,
    },
    /// Too few candles in a row whose trades and books were seen.
    #[error(
        "no candle has all its features: never were the trades and the book of enough {interval} \
         candles in a row wholly seen; `candlewick store gaps` lists what is missing"
    )]
    NeverSeen {
        /// Interval of the candles.
        interval: Interval,
    },
    /// Candles and values that are never there together.
    #[error(
        "no candle has all its features: when a {interval} candle with all others ended, there was \
         never a young enough value known of {series}, or never as many as its columns need; ingest it \
         for the same time and before, or set a longer max_age"
    )]
    NoValues {
        /// Interval of the base candles.
        interval: Interval,
        /// Names of the series, with commas between them.
        series: String,
    },
    /// What is wrong with an image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Candles that coarser ones cannot be made of.
    #[error("{finer} candles cannot be summed to {to}; ask for a longer multiple of {finer}")]
    Resample {
        /// Interval of the candles there are.
        finer: Interval,
        /// Interval asked for.
        to: Interval,
    },
}

impl FeatureError {
    /// Whether features can be computed with a trade.
    ///
    /// # Errors
    /// [`Self::Trade`] otherwise.
    pub(super) fn check_trade(trade: &Trade) -> Result<(), Self> {
        let Trade { id, time, price, quantity, .. } = *trade;
        if price.0 > 0 && Input::Volume.is_reasonable(quantity) {
            return Ok(());
        }
        Err(Self::Trade { id, time, price: price.value(), quantity })
    }
}

impl FeatureError {
    /// Whether nothing is wrong but that no candle has all its features: more data may mend it.
    #[must_use]
    pub fn is_no_row(&self) -> bool {
        match self {
            Self::TooShort { .. }
            | Self::NeverTogether { .. }
            | Self::NoValues { .. }
            | Self::NoRow { .. }
            | Self::ShallowBook { .. }
            | Self::NeverSeen { .. }
            | Self::Peer(PeerError::NeverTogether { .. } | PeerError::WithoutCandles { .. }) => {
                true
            }
            Self::Peer(PeerError::Fault { fault, .. }) => fault.is_no_row(),
            _ => false,
        }
    }
}

fn known() -> String {
    let names: Vec<_> = catalog().iter().map(|info| info.name).collect();
    names.join(", ")
}

fn groups() -> String {
    FeatureGroup::ALL.map(FeatureGroup::name).join(", ")
}
