//! What the catalogue says about a feature.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::market::Candle;

use super::FeatureError;

/// What a feature is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureGroup {
    /// Returns and the price among its last values.
    Price,
    /// Moving averages, direction and strength of a trend.
    Trend,
    /// Speed of the price and its change.
    Momentum,
    /// Bounded oscillators.
    Oscillator,
    /// Bands and channels around the price.
    Channel,
    /// Fractional differences.
    Fractional,
    /// Size and distribution of the moves.
    Volatility,
    /// Traded volume.
    Volume,
    /// Takers' sides, trades and their size.
    OrderFlow,
    /// Shape of candles.
    Shape,
    /// Time of day and week.
    Calendar,
    /// The candle beside that of another instrument, the peer.
    CrossSymbol,
    /// The order book inside the candle.
    Book,
    /// The trades inside the candle.
    Trades,
    /// Stored series of values that are no candles.
    Series,
}

impl FeatureGroup {
    /// Every group, in the catalogue's order.
    pub const ALL: [Self; 15] = [
        Self::Price,
        Self::Trend,
        Self::Momentum,
        Self::Oscillator,
        Self::Channel,
        Self::Volatility,
        Self::Volume,
        Self::OrderFlow,
        Self::Fractional,
        Self::Shape,
        Self::Calendar,
        Self::CrossSymbol,
        Self::Book,
        Self::Trades,
        Self::Series,
    ];

    /// The group's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Trend => "trend",
            Self::Momentum => "momentum",
            Self::Oscillator => "oscillator",
            Self::Channel => "channel",
            Self::Fractional => "fractional",
            Self::Volatility => "volatility",
            Self::Volume => "volume",
            Self::OrderFlow => "order_flow",
            Self::Shape => "shape",
            Self::Calendar => "calendar",
            Self::CrossSymbol => "cross_symbol",
            Self::Book => "book",
            Self::Trades => "trades",
            Self::Series => "series",
        }
    }

    /// What its features are about, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Price => {
                "returns over several lookbacks, and where the close stands among its last values"
            }
            Self::Trend => {
                "distance of the close from moving averages, lines and stops; direction, strength \
                 and straightness of a trend"
            }
            Self::Momentum => "how fast the price moves, smoothed or against its usual moves",
            Self::Oscillator => "where the price is in its swing, mostly between fixed limits",
            Self::Channel => "place in bands and channels around the price, and their width",
            Self::Fractional => {
                "the log price differenced just so much that it becomes stationary: it keeps memory \
                 that returns have lost, and a part of the level"
            }
            Self::Volatility => {
                "size, distribution and memory of the moves, jumps among them, and spreads \
                 estimated from prices"
            }
            Self::Volume => "how much was traded, with which moves, and how little moves the price",
            Self::OrderFlow => "who took liquidity, in how many trades and of what size",
            Self::Shape => "bodies, shadows and gaps of candles, alone and after one another",
            Self::Calendar => "time of the hour, day, week, month and year, UTC",
            Self::CrossSymbol => "the candle beside that of another instrument, the peer",
            Self::Book => "the order book inside the candle and at its end",
            Self::Trades => "the trades inside the candle: sides, sizes, prices, times",
            Self::Series => "stored series of values that are no candles, as they were known",
        }
    }
}

impl fmt::Display for FeatureGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for FeatureGroup {
    type Err = FeatureError;

    fn from_str(name: &str) -> Result<Self, FeatureError> {
        let found = Self::ALL.into_iter().find(|group| group.name() == name);
        found.ok_or_else(|| FeatureError::UnknownGroup { name: name.to_owned() })
    }
}

/// What a feature reads: a column of its candles, or a stream of what happened inside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Start of the candle.
    OpenTime,
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// Traded amount, base currency.
    Volume,
    /// Traded amount, quote currency.
    QuoteVolume,
    /// Number of trades.
    Trades,
    /// What takers bought, base currency.
    TakerBuyVolume,
    /// What takers bought, quote currency.
    TakerBuyQuoteVolume,
    /// Every snapshot of the order book inside the candle.
    BookStream,
    /// Every trade inside the candle.
    TradeStream,
    /// The candle of another instrument that covers the same time.
    Peer,
    /// What is known of a stored series of values.
    Series,
}

impl Input {
    /// The columns of candles.
    pub const COLUMNS: [Self; 10] = [
        Self::OpenTime,
        Self::Open,
        Self::High,
        Self::Low,
        Self::Close,
        Self::Volume,
        Self::QuoteVolume,
        Self::Trades,
        Self::TakerBuyVolume,
        Self::TakerBuyQuoteVolume,
    ];
    /// The columns that a source may not give.
    pub const OPTIONAL: [Self; 4] =
        [Self::QuoteVolume, Self::Trades, Self::TakerBuyVolume, Self::TakerBuyQuoteVolume];
    /// What is beside the candles and mostly not there.
    pub const STREAMS: [Self; 3] = [Self::BookStream, Self::TradeStream, Self::Peer];
    /// What happens inside the base candles; no coarser candle has it.
    pub const INSIDE: [Self; 2] = [Self::BookStream, Self::TradeStream];

    /// The input's name; a column's is that of the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenTime => "open_time",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::QuoteVolume => "quote_volume",
            Self::Trades => "trades",
            Self::TakerBuyVolume => "taker_buy_volume",
            Self::TakerBuyQuoteVolume => "taker_buy_quote_volume",
            Self::BookStream => "book_stream",
            Self::TradeStream => "trade_stream",
            Self::Peer => "peer",
            Self::Series => "series",
        }
    }

    /// The candle's value in this column, if it is one and the candle has it.
    #[must_use]
    pub fn value(self, candle: &Candle) -> Option<f64> {
        match self {
            Self::OpenTime => Some(candle.open_time as f64),
            Self::Open => Some(candle.open),
            Self::High => Some(candle.high),
            Self::Low => Some(candle.low),
            Self::Close => Some(candle.close),
            Self::Volume => Some(candle.volume),
            Self::QuoteVolume => candle.quote_volume,
            Self::Trades => candle.trades.map(|count| count as f64),
            Self::TakerBuyVolume => candle.taker_buy_volume,
            Self::TakerBuyQuoteVolume => candle.taker_buy_quote_volume,
            Self::BookStream | Self::TradeStream | Self::Peer | Self::Series => None,
        }
    }

    /// Whether features can be computed with this value of the column without overflow.
    #[must_use]
    pub fn is_reasonable(self, value: f64) -> bool {
        match self {
            Self::OpenTime => true,
            Self::Open | Self::High | Self::Low | Self::Close => (1e-18..=1e18).contains(&value),
            _ => value == 0.0 || (1e-18..=1e24).contains(&value),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a feature is, how it is computed and from what.
///
/// In formulas `O H L C V` are a candle's open, high, low, close and volume, `Q` its quote volume,
/// `N` its trades, `B` and `BQ` what takers bought in base and quote currency, `TP = (H + L + C) / 3`,
/// `r = ln(C / C[-1])`, and `X[-n]` is X of n candles before; sums and means are over the last n
/// candles, n being the (first) number in the name. Of a peer, `P` is the close, `PV` the volume and
/// `p = ln(P / P[-1])`. Of a series, `X` is the value, its steps the values known by then.
///
/// In formulas over books `b` and `a` are a snapshot's best bid and ask, `m = (a + b) / 2`, `qb` and
/// `qa` amounts bid and asked (of the best level unless said otherwise), and `X'` is X of the snapshot
/// before, which may be the one that stood when the candle opened. "At the end" is the snapshot that
/// stands when the candle ends: the last one, however old, of the stretch. In formulas over trades `p`
/// is a price, `q` an amount, `s` 1 where the taker bought and -1 where it sold; means and sums are
/// over the trades of the candle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeatureInfo {
    /// Its name in configs and tables.
    pub name: &'static str,
    /// What it is about.
    pub group: FeatureGroup,
    /// How it is computed, degenerate cases included.
    pub formula: &'static str,
    /// Who defined it.
    pub source: &'static str,
    /// What it reads.
    pub inputs: &'static [Input],
    /// Candles at the start of a stretch that give no value.
    pub warm_up: usize,
    /// Whether it remembers the start of its stretch for longer than the warm-up, ever more faintly.
    /// One that does not is the same, bit for bit, wherever the stretch began.
    pub recursive: bool,
    /// Unit of its values.
    pub unit: &'static str,
}

impl FeatureInfo {
    /// Whether it reads what happens inside its candles.
    #[must_use]
    pub fn reads_inside(&self) -> bool {
        self.inputs.iter().any(|input| Input::INSIDE.contains(input))
    }
}
