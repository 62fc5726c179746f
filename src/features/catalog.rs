//! The closed list of features. Its order is that of a table that takes them all.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FeatureError;
use super::calendar::{self, DAY, FUNDING, WEEK};
use super::candle_shape::{self, OfCandle, OpenJump, Streak};
use super::cross_symbol::{self, OfPair, Reading};
use super::feature::{FeatureGroup, FeatureInfo, Input};
use super::indicator::Indicator;
use super::moving_average::{EmaDistance, Macd, MacdHistogram, MacdSignal, SmaDistance, Trix};
use super::order_flow::{
    KyleLambda, RelativeTrades, TakerImbalance, TakerImbalanceZ, TakerPremium, TradeSize, TradesZ,
};
use super::oscillators::{Cci, Rsi, StochasticD, StochasticK, StochasticRsi, Ultimate};
use super::price::{ChannelPosition, CloseZ, HighDistance, LogReturn, LowDistance, ReturnZ};
use super::range_volatility::{self, Atr, MeanVariance, TrueRange, YangZhang};
use super::trend::{Adx, Aroon, DirectionalDifference, Efficiency, Slope, SlopeFit};
use super::volatility::{self, BollingerWidth, EwmaVolatility, OfReturns, VolatilityRatio};
use super::volume::{
    AmihudRatio, CandleVwap, ChaikinFlow, MoneyFlow, OnBalance, PriceVolumeCorrelation,
    VolumeRatio, VolumeZ, VwapDistance,
};

use Input::{
    Close, High, Low, Open, OpenTime, Peer, QuoteVolume, TakerBuyQuoteVolume, TakerBuyVolume,
    Trades, Volume,
};

/// One row a feature: variant, name, columns, memory and warm-up, unit, state; formula; source.
macro_rules! catalog {
    ($($group:ident { $(
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

with_cross_symbol! { catalog! {
Price {
    LogReturn1 "log_return_1" [Close] window 1, "log return" => LogReturn::new(1),
        "ln(C / C[-1])", "definition";
    LogReturn2 "log_return_2" [Close] window 2, "log return" => LogReturn::new(2),
        "ln(C / C[-2])", "definition";
    LogReturn3 "log_return_3" [Close] window 3, "log return" => LogReturn::new(3),
        "ln(C / C[-3])", "definition";
    LogReturn6 "log_return_6" [Close] window 6, "log return" => LogReturn::new(6),
        "ln(C / C[-6])", "definition";
    LogReturn12 "log_return_12" [Close] window 12, "log return" => LogReturn::new(12),
        "ln(C / C[-12])", "definition";
    LogReturn24 "log_return_24" [Close] window 24, "log return" => LogReturn::new(24),
        "ln(C / C[-24])", "definition";
    ReturnZ24 "return_z_24" [Close] window 24, "standard deviations" => ReturnZ::new(24),
        "(r - mean r) / std r; 0 when the r are equal", "z-score";
    CloseZ20 "close_z_20" [Close] window 19, "standard deviations" => CloseZ::new(20),
        "(C - mean C) / std C; 0 when the C are equal", "Bollinger 2001, Bollinger on Bollinger Bands";
    CloseZ50 "close_z_50" [Close] window 49, "standard deviations" => CloseZ::new(50),
        "(C - mean C) / std C; 0 when the C are equal", "Bollinger 2001, Bollinger on Bollinger Bands";
    HighDistance48 "high_distance_48" [High Close] window 47, "log return" => HighDistance::new(48),
        "ln(C / max H)", "George and Hwang 2004, The 52-week high and momentum investing";
    LowDistance48 "low_distance_48" [Low Close] window 47, "log return" => LowDistance::new(48),
        "ln(C / min L)", "George and Hwang 2004, The 52-week high and momentum investing";
    ChannelPosition48 "channel_position_48" [High Low Close] window 47, "0 to 1"
        => ChannelPosition::new(48),
        "(C - min L) / (max H - min L); 0.5 when max H = min L", "Donchian channel";
}
Trend {
    SmaDistance20 "sma_distance_20" [Close] window 19, "ratio" => SmaDistance::new(20),
        "C / mean C - 1", "simple moving average";
    SmaDistance50 "sma_distance_50" [Close] window 49, "ratio" => SmaDistance::new(50),
        "C / mean C - 1", "simple moving average";
    EmaDistance12 "ema_distance_12" [Close] recursive 11, "ratio" => EmaDistance::new(12),
        "C / EMA(C) - 1, EMA += 2 / (n + 1) (C - EMA), begun with the mean of the first n",
        "exponential moving average as in TA-Lib";
    EmaDistance26 "ema_distance_26" [Close] recursive 25, "ratio" => EmaDistance::new(26),
        "C / EMA(C) - 1, EMA += 2 / (n + 1) (C - EMA), begun with the mean of the first n",
        "exponential moving average as in TA-Lib";
    EmaDistance50 "ema_distance_50" [Close] recursive 49, "ratio" => EmaDistance::new(50),
        "C / EMA(C) - 1, EMA += 2 / (n + 1) (C - EMA), begun with the mean of the first n",
        "exponential moving average as in TA-Lib";
    Macd12x26 "macd_12_26" [Close] recursive 25, "ratio" => Macd::new(12, 26),
        "(EMA(C, 12) - EMA(C, 26)) / C", "Appel 1979; TA-Lib MACD over the close";
    MacdSignal12x26x9 "macd_signal_12_26_9" [Close] recursive 33, "ratio"
        => MacdSignal::new(12, 26, 9),
        "EMA(EMA(C, 12) - EMA(C, 26), 9) / C", "Appel 1979; TA-Lib MACD over the close";
    MacdHistogram12x26x9 "macd_histogram_12_26_9" [Close] recursive 33, "ratio"
        => MacdHistogram::new(12, 26, 9),
        "(M - EMA(M, 9)) / C, M = EMA(C, 12) - EMA(C, 26)", "Appel 1979; TA-Lib MACD over the close";
    Trix15 "trix_15" [Close] recursive 43, "percent" => Trix::new(15),
        "100 (E / E[-1] - 1), E = EMA(EMA(EMA(C)))", "Hutson 1983; TA-Lib TRIX";
    Adx14 "adx_14" [High Low Close] recursive 27, "0 to 100" => Adx::new(14),
        "Wilder's mean of 100 |+DI - -DI| / (+DI + -DI), unchanged when both are 0",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib ADX";
    DirectionalDifference14 "di_difference_14" [High Low Close] recursive 14, "-100 to 100"
        => DirectionalDifference::new(14),
        "+DI - -DI, Wilder's directional indicators; 0 without range",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib PLUS_DI, MINUS_DI";
    Aroon25 "aroon_25" [High Low] window 25, "-100 to 100" => Aroon::new(25),
        "100 (age of min L - age of max H) / n over n + 1 candles", "Chande 1995; TA-Lib AROONOSC";
    Slope24 "slope_24" [Close] window 23, "log return a candle" => Slope::new(24),
        "least-squares slope of ln C on time", "TA-Lib LINEARREG_SLOPE of ln C";
    SlopeFit24 "slope_fit_24" [Close] window 23, "0 to 1" => SlopeFit::new(24),
        "squared correlation of ln C with time; 0 when the C are equal", "coefficient of determination";
    Efficiency10 "efficiency_10" [Close] window 10, "0 to 1" => Efficiency::new(10),
        "|sum r| / sum |r|; 0 when the price stood still", "Kaufman 1995, Smarter Trading";
}
Oscillator {
    Rsi6 "rsi_6" [Close] recursive 6, "0 to 100" => Rsi::new(6),
        "100 G / (G + F), Wilder's means of the rises and falls of C; 50 when both are 0",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib RSI";
    Rsi14 "rsi_14" [Close] recursive 14, "0 to 100" => Rsi::new(14),
        "100 G / (G + F), Wilder's means of the rises and falls of C; 50 when both are 0",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib RSI";
    StochasticK14 "stochastic_k_14" [High Low Close] window 13, "0 to 100" => StochasticK::new(14),
        "100 (C - min L) / (max H - min L); 50 when max H = min L", "Lane 1984; TA-Lib STOCHF";
    StochasticD14x3 "stochastic_d_14_3" [High Low Close] window 15, "0 to 100"
        => StochasticD::new(14, 3),
        "mean of the last 3 stochastic_k_14", "Lane 1984; TA-Lib STOCHF";
    StochasticRsi14 "stochastic_rsi_14" [Close] recursive 27, "0 to 100" => StochasticRsi::new(14),
        "100 (R - min R) / (max R - min R), R = rsi_14; 50 when max R = min R",
        "Chande and Kroll 1994, The New Technical Trader; TA-Lib STOCHRSI";
    Cci20 "cci_20" [High Low Close] window 19, "0.015 mean deviations" => Cci::new(20),
        "(TP - mean TP) / (0.015 mean |TP - mean TP|); 0 when the TP are equal",
        "Lambert 1980; TA-Lib CCI";
    Ultimate7x14x28 "ultimate_7_14_28" [High Low Close] window 28, "0 to 100"
        => Ultimate::new([7, 14, 28]),
        "100 (4 A(7) + 2 A(14) + A(28)) / 7, A = sum (C - min(L, C[-1])) / sum true range; 0.5 without range",
        "Williams 1985; TA-Lib ULTOSC";
}
Volatility {
    CloseVolatility6 "close_volatility_6" [Close] window 6, "log return a candle"
        => OfReturns::new(6, volatility::close_to_close),
        "sample standard deviation of r", "definition";
    CloseVolatility24 "close_volatility_24" [Close] window 24, "log return a candle"
        => OfReturns::new(24, volatility::close_to_close),
        "sample standard deviation of r", "definition";
    CloseVolatility96 "close_volatility_96" [Close] window 96, "log return a candle"
        => OfReturns::new(96, volatility::close_to_close),
        "sample standard deviation of r", "definition";
    VolatilityRatio6x48 "volatility_ratio_6_48" [Close] window 48, "ratio"
        => VolatilityRatio::new(6, 48),
        "sqrt(mean r^2 over 6 / mean r^2 over 48); 1 when the price stood still", "definition";
    EwmaVolatility32 "ewma_volatility_32" [Close] recursive 32, "log return a candle"
        => EwmaVolatility::new(32),
        "sqrt(S), S += 2 / (n + 1) (r^2 - S), begun with the mean of the first n; decay 0.94",
        "RiskMetrics Technical Document 1996";
    Parkinson24 "parkinson_24" [High Low] window 23, "log return a candle"
        => MeanVariance::new(24, range_volatility::parkinson),
        "sqrt(mean ln(H / L)^2 / (4 ln 2))",
        "Parkinson 1980, The extreme value method for estimating the variance of the rate of return";
    GarmanKlass24 "garman_klass_24" [Open High Low Close] window 23, "log return a candle"
        => MeanVariance::new(24, range_volatility::garman_klass),
        "sqrt(mean(ln(H / L)^2 / 2 - (2 ln 2 - 1) ln(C / O)^2))",
        "Garman and Klass 1980, On the estimation of security price volatilities";
    RogersSatchell24 "rogers_satchell_24" [Open High Low Close] window 23, "log return a candle"
        => MeanVariance::new(24, range_volatility::rogers_satchell),
        "sqrt(mean(ln(H / C) ln(H / O) + ln(L / C) ln(L / O)))",
        "Rogers and Satchell 1991, Estimating variance from high, low and closing prices";
    YangZhang24 "yang_zhang_24" [Open High Low Close] window 24, "log return a candle"
        => YangZhang::new(24),
        "sqrt(var ln(O / C[-1]) + k var ln(C / O) + (1 - k) RS), RS as rogers_satchell_24 before the root, k = 0.34 / (1.34 + (n + 1) / (n - 1))",
        "Yang and Zhang 2000, Drift-independent volatility estimation";
    TrueRange1 "true_range_1" [High Low Close] window 1, "ratio" => TrueRange::default(),
        "max(H - L, |H - C[-1]|, |L - C[-1]|) / C[-1]", "Wilder 1978; TA-Lib TRANGE";
    Atr14 "atr_14" [High Low Close] recursive 14, "ratio" => Atr::new(14),
        "Wilder's mean of the true range / C", "Wilder 1978; TA-Lib NATR";
    BollingerWidth20 "bollinger_width_20" [Close] window 19, "ratio" => BollingerWidth::new(20),
        "4 std C / mean C", "Bollinger 2001, Bollinger on Bollinger Bands; TA-Lib BBANDS";
    DownsideShare24 "downside_share_24" [Close] window 24, "0 to 1"
        => OfReturns::new(24, volatility::downside_share),
        "sum min(r, 0)^2 / sum r^2; 0.5 when the price stood still",
        "Barndorff-Nielsen, Kinnebrock and Shephard 2010, Measuring downside risk";
    JumpShare24 "jump_share_24" [Close] window 24, "0 to 1"
        => OfReturns::new(24, volatility::jump_share),
        "max(0, 1 - pi / 2 n / (n - 1) sum |r| |r[-1]| / sum r^2); 0 when the price stood still",
        "Barndorff-Nielsen and Shephard 2004, Power and bipower variation";
    Skewness24 "skewness_24" [Close] window 24, "none" => OfReturns::new(24, volatility::skewness),
        "sqrt(n (n - 1)) / (n - 2) m3 / m2^1.5 of r; 0 when the r are equal", "sample skewness G1";
    Kurtosis24 "kurtosis_24" [Close] window 24, "none" => OfReturns::new(24, volatility::kurtosis),
        "(n - 1) / ((n - 2) (n - 3)) ((n + 1) m4 / m2^2 - 3 (n - 1)) of r; 0 when the r are equal",
        "sample excess kurtosis G2";
    Autocorrelation24 "autocorrelation_24" [Close] window 24, "-1 to 1"
        => OfReturns::new(24, volatility::autocorrelation),
        "sum (r - m)(r[-1] - m) / sum (r - m)^2, m = mean r; 0 when the r are equal",
        "Box and Jenkins 1970, Time Series Analysis";
}
Volume {
    VolumeZ24 "volume_z_24" [Volume] window 23, "standard deviations" => VolumeZ::new(24),
        "(V - mean V) / std V; 0 when the V are equal", "z-score";
    RelativeVolume24 "relative_volume_24" [Volume] window 23, "ratio" => VolumeRatio::new(1, 24),
        "V / mean V; 1 when nothing was traded", "definition";
    VolumeRatio6x48 "volume_ratio_6_48" [Volume] window 47, "ratio" => VolumeRatio::new(6, 48),
        "mean V over 6 / mean V over 48; 1 when nothing was traded", "definition";
    OnBalance24 "on_balance_24" [Close Volume] window 24, "-1 to 1" => OnBalance::new(24),
        "sum sign(C - C[-1]) V / sum V; 0 without volume",
        "Granville 1963 (on-balance volume), as a share; TA-Lib OBV";
    ChaikinFlow20 "chaikin_flow_20" [High Low Close Volume] window 19, "-1 to 1"
        => ChaikinFlow::new(20),
        "sum ((C - L) - (H - C)) / (H - L) V / sum V; 0 without range or volume",
        "Chaikin money flow; TA-Lib AD";
    MoneyFlow14 "money_flow_14" [High Low Close Volume] window 14, "0 to 100" => MoneyFlow::new(14),
        "100 sum of TP V where TP rose / sum of TP V where it moved; 50 when it did not",
        "Quong and Soudack 1989; TA-Lib MFI";
    VwapDistance24 "vwap_distance_24" [High Low Close Volume] window 23, "ratio"
        => VwapDistance::new(24),
        "C / (sum TP V / sum V) - 1; 0 without volume", "volume-weighted average price";
    CandleVwap1 "candle_vwap_1" [High Low Close Volume QuoteVolume] window 0, "ratio"
        => CandleVwap,
        "C / (Q / V) - 1, Q / V held inside L and H; 0 without volume",
        "volume-weighted average price";
    PriceVolumeCorrelation24 "price_volume_correlation_24" [Close Volume] window 24, "-1 to 1"
        => PriceVolumeCorrelation::new(24),
        "correlation of r and V; 0 when one of them does not vary",
        "Karpoff 1987, The relation between price changes and trading volume; TA-Lib CORREL";
    AmihudRatio6x48 "amihud_ratio_6_48" [Close QuoteVolume] window 48, "ratio"
        => AmihudRatio::new(6, 48),
        "mean |r| / Q over 6 / mean |r| / Q over 48; |r| / Q is 0 without volume; 1 when all are",
        "Amihud 2002, Illiquidity and stock returns";
}
OrderFlow {
    TakerImbalance1 "taker_imbalance_1" [Volume TakerBuyVolume] window 0, "-1 to 1"
        => TakerImbalance::new(1),
        "2 B / V - 1; 0 without volume", "Chordia, Roll and Subrahmanyam 2002, Order imbalance";
    TakerImbalance6 "taker_imbalance_6" [Volume TakerBuyVolume] window 5, "-1 to 1"
        => TakerImbalance::new(6),
        "sum (2 B - V) / sum V; 0 without volume",
        "Chordia, Roll and Subrahmanyam 2002, Order imbalance";
    TakerImbalance24 "taker_imbalance_24" [Volume TakerBuyVolume] window 23, "-1 to 1"
        => TakerImbalance::new(24),
        "sum (2 B - V) / sum V; 0 without volume",
        "Chordia, Roll and Subrahmanyam 2002, Order imbalance";
    TakerImbalanceZ24 "taker_imbalance_z_24" [Volume TakerBuyVolume] window 23, "standard deviations"
        => TakerImbalanceZ::new(24),
        "(I - mean I) / std I, I = taker_imbalance_1; 0 when the I are equal", "z-score";
    KyleLambda24 "kyle_lambda_24" [Close Volume TakerBuyVolume] window 24, "log return"
        => KyleLambda::new(24),
        "least-squares slope of r on (2 B - V) / mean V; 0 when 2 B - V does not vary",
        "Kyle 1985, Continuous auctions and insider trading";
    TakerPremium1 "taker_premium_1"
        [High Low Volume QuoteVolume TakerBuyVolume TakerBuyQuoteVolume] window 0, "ratio"
        => TakerPremium,
        "(BQ / B) / ((Q - BQ) / (V - B)) - 1, both prices held inside L and H; 0 when a side is absent",
        "effective spread of aggregated trades";
    RelativeTrades24 "relative_trades_24" [Trades] window 23, "ratio" => RelativeTrades::new(24),
        "N / mean N; 1 without trades", "definition";
    TradesZ24 "trades_z_24" [Trades] window 23, "standard deviations" => TradesZ::new(24),
        "(N - mean N) / std N; 0 when the N are equal", "z-score";
    TradeSize24 "trade_size_24" [Volume Trades] window 23, "ratio" => TradeSize::new(24),
        "(V / N) / (sum V / sum N); 1 when N or sum V is 0", "definition";
}
Shape {
    Body1 "body_1" [Open High Low Close] window 0, "-1 to 1" => OfCandle(candle_shape::body),
        "(C - O) / (H - L); 0 when H = L", "candlestick body";
    UpperShadow1 "upper_shadow_1" [Open High Low Close] window 0, "0 to 1"
        => OfCandle(candle_shape::upper_shadow),
        "(H - max(O, C)) / (H - L); 0 when H = L", "candlestick shadow";
    LowerShadow1 "lower_shadow_1" [Open High Low Close] window 0, "0 to 1"
        => OfCandle(candle_shape::lower_shadow),
        "(min(O, C) - L) / (H - L); 0 when H = L", "candlestick shadow";
    CloseLocation1 "close_location_1" [High Low Close] window 0, "-1 to 1"
        => OfCandle(candle_shape::close_location),
        "((C - L) - (H - C)) / (H - L); 0 when H = L", "Chaikin's close location value";
    Range1 "range_1" [High Low] window 0, "log return" => OfCandle(candle_shape::range),
        "ln(H / L)", "definition";
    OpenJump1 "open_jump_1" [Open Close] window 1, "log return" => OpenJump::default(),
        "ln(O / C[-1])", "definition";
    Streak10 "streak_10" [Close] window 10, "candles" => Streak::new(10),
        "number of closes in a row, at most n, that rose (above 0) or fell (below 0)", "definition";
}
Calendar {
    HourSin "hour_sin" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::hour_sin),
        "sin(2 pi h / 24), h the hour at which the candle opens, UTC", "cyclic encoding";
    HourCos "hour_cos" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::hour_cos),
        "cos(2 pi h / 24), h the hour at which the candle opens, UTC", "cyclic encoding";
    WeekdaySin "weekday_sin" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::weekday_sin),
        "sin(2 pi d / 7), d the day on which the candle opens, Monday 0, UTC", "cyclic encoding";
    WeekdayCos "weekday_cos" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::weekday_cos),
        "cos(2 pi d / 7), d the day on which the candle opens, Monday 0, UTC", "cyclic encoding";
    Weekend "weekend" [OpenTime] window 0, "0 or 1" => OfCandle(calendar::weekend),
        "1 on Saturday and Sunday, else 0, UTC", "definition";
    FundingSin "funding_sin" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::funding_sin),
        "sin(2 pi h / 8), h the hour at which the candle opens, UTC", "funding at 0, 8, 16 h UTC";
    FundingCos "funding_cos" [OpenTime] window 0, "-1 to 1" => OfCandle(calendar::funding_cos),
        "cos(2 pi h / 8), h the hour at which the candle opens, UTC", "funding at 0, 8, 16 h UTC";
}
} }

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
            Self::HourSin | Self::HourCos => Some(DAY),
            Self::WeekdaySin | Self::WeekdayCos | Self::Weekend => Some(WEEK),
            Self::FundingSin | Self::FundingCos => Some(FUNDING),
            _ => None,
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Feature {
    type Err = FeatureError;

    fn from_str(name: &str) -> Result<Self, FeatureError> {
        let known = Self::ALL.iter().copied();
        known.clone().find(|feature| feature.name() == name).ok_or_else(|| FeatureError::Unknown {
            name: name.to_owned(),
            nearest: known
                .min_by_key(|feature| strsim::damerau_levenshtein(name, feature.name()))
                .map_or("", Self::name),
        })
    }
}
