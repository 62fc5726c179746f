//! The closed list of features. Its order is that of a table that takes them all.

#[macro_use]
mod calendar_rows;
#[macro_use]
mod channel_rows;
#[macro_use]
mod cross_symbol_rows;
#[macro_use]
mod fractional_rows;
#[macro_use]
mod momentum_rows;
#[macro_use]
mod order_flow_rows;
#[macro_use]
mod oscillator_rows;
#[macro_use]
mod price_rows;
#[macro_use]
mod shape_rows;
#[macro_use]
mod stream_rows;
#[macro_use]
mod trend_rows;
#[macro_use]
mod volatility_rows;
#[macro_use]
mod volume_rows;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FeatureError;
use super::book_flow::{BookFlow, TouchChange};
use super::book_shape::{self, AmongLast, OfBook};
use super::calendar::{self, DAY, FUNDING, HOUR, MONTH, WEEK, YEAR};
use super::candle_pattern::{self, OfTwo};
use super::candle_shape::{self, OfCandle, OpenJump, Streak};
use super::cross_symbol::{self, OfPair, Reading};
use super::feature::{FeatureGroup, FeatureInfo, Input};
use super::footprint::{self, OfFootprint};
use super::indicator::Indicator;
use super::microprice::StoikovMicroprice;
use super::momentum;
use super::moving_average::{EmaDistance, Macd, MacdHistogram, MacdSignal, SmaDistance, Trix};
use super::of_candles::{self, OfCandles, PairCorrelation, SumRatio};
use super::of_last::OfLast;
use super::order_flow::{
    KyleLambda, RelativeTrades, TakerImbalance, TakerImbalanceZ, TakerPremium, TradeSize, TradesZ,
};
use super::oscillators::{Cci, Rsi, StochasticD, StochasticRsi, Ultimate};
use super::price::{HighDistance, InChannel, LogReturn, LowDistance, ZScore};
use super::range_volatility::{Atr, RootOfMean, TrueRange, YangZhang};
use super::realised;
use super::rolling::Window;
use super::source::Source;
use super::trade_arrival::{ArrivalRatio, Burstiness, HawkesRatio};
use super::trade_flow::{self, DeltaDivergence, OfSizes, SignedShare};
use super::trade_impact::{self, Cost, HasbrouckLambda, OfTrades, TradeCost};
use super::trend::{Adx, Aroon, DirectionalDifference, Efficiency, Slope, SlopeFit};
use super::trend_strength;
use super::volatility::{self, BollingerWidth, EwmaVolatility, OfReturns, VolatilityRatio};
use super::volatility_memory;
use super::volume::{
    AmihudRatio, CandleVwap, MoneyFlow, PriceVolumeCorrelation, Share, VolumeRatio, VwapDistance,
};
use super::volume_flow;
use super::vpin::Vpin;
use super::weighted_average::{self, MixedDistance};
use super::{channels, cyclic_oscillators, fractional, ichimoku, taker_flow, trailing_stop};

use Input::{
    BookStream, Close, High, Low, Open, OpenTime, Peer, QuoteVolume, TakerBuyQuoteVolume,
    TakerBuyVolume, TradeStream, Trades, Volume,
};

/// One row a feature: variant, name, columns, memory and warm-up, unit, state; formula; source.
macro_rules! catalog {
    (: $($group:ident { $(
        $feature:ident $name:tt [$($input:ident)*] $memory:ident $warm_up:literal, $unit:literal
            => $state:expr,
            $formula:tt, $source:literal;
    )* })*) => {
        /// Every feature there is, by its name in configs and tables.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Feature {
            $($(
                #[doc = concat!("`", $formula, "`")]
                #[serde(rename = $name)]
                $feature,
            )*)*
        }

        const CATALOG: &[FeatureInfo] = &[$($(FeatureInfo {
            name: $name,
            group: FeatureGroup::$group,
            formula: $formula,
            source: $source,
            inputs: &[$($input),*],
            warm_up: $warm_up,
            recursive: catalog!(@$memory),
            unit: $unit,
        },)*)*];

        impl Feature {
            /// Every feature, in the catalogue's order.
            pub const ALL: &[Self] = &[$($(Self::$feature,)*)*];

            /// A state that has seen no candle yet.
            #[must_use]
            pub fn state(self) -> Box<dyn Indicator> {
                match self {
                    $($(Self::$feature => Box::new($state),)*)*
                }
            }
        }
    };
    (@window) => { false };
    (@recursive) => { true };
}

// Each group of rows hands the rows on to the next, the last to `catalog!`.
price_rows! {
    trend_rows momentum_rows oscillator_rows channel_rows volatility_rows volume_rows
    order_flow_rows fractional_rows shape_rows calendar_rows cross_symbol_rows
    stream_rows catalog:
}

/// What there is to know about every feature, in the catalogue's order.
#[must_use]
pub fn catalog() -> &'static [FeatureInfo] {
    CATALOG
}

impl Feature {
    /// What there is to know about it.
    #[must_use]
    pub fn info(self) -> &'static FeatureInfo {
        &CATALOG[self as usize]
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Length in ms of the cycle it follows; candles as long as that would all show one value.
    #[must_use]
    pub fn cycle(self) -> Option<i64> {
        match self {
            Self::MinuteSin | Self::MinuteCos => Some(HOUR),
            Self::HourSin
            | Self::HourCos
            | Self::AsiaSession
            | Self::EuropeSession
            | Self::AmericaSession => Some(DAY),
            Self::WeekdaySin | Self::WeekdayCos | Self::Weekend => Some(WEEK),
            Self::FundingSin | Self::FundingCos | Self::FundingWait => Some(FUNDING),
            Self::MonthDaySin | Self::MonthDayCos | Self::TurnOfMonth => Some(MONTH),
            Self::MonthSin | Self::MonthCos => Some(YEAR),
            _ => None,
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Every feature by its name.
static BY_NAME: LazyLock<HashMap<&str, Feature>> =
    LazyLock::new(|| Feature::ALL.iter().map(|&feature| (feature.name(), feature)).collect());

impl FromStr for Feature {
    type Err = FeatureError;

    fn from_str(name: &str) -> Result<Self, FeatureError> {
        BY_NAME.get(name).copied().ok_or_else(|| FeatureError::Unknown {
            name: name.to_owned(),
            nearest: Self::ALL
                .iter()
                .copied()
                .min_by_key(|feature| strsim::damerau_levenshtein(name, feature.name()))
                .map_or("", Self::name),
        })
    }
}
