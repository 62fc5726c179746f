//! What the catalogue says about a feature.

use std::fmt;

use serde::Serialize;

use crate::market::Candle;

/// What a feature is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureGroup {
    /// Returns and the price among its last values.
    Price,
    /// Moving averages, direction and strength of a trend.
    Trend,
    /// Bounded oscillators.
    Oscillator,
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
    /// Stored series of values that are no candles.
    Series,
}

impl FeatureGroup {
    /// The group's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Trend => "trend",
            Self::Oscillator => "oscillator",
            Self::Volatility => "volatility",
            Self::Volume => "volume",
            Self::OrderFlow => "order_flow",
            Self::Shape => "shape",
            Self::Calendar => "calendar",
            Self::CrossSymbol => "cross_symbol",
            Self::Series => "series",
        }
    }
}

impl fmt::Display for FeatureGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
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
