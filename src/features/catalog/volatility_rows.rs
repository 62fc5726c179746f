//! Rows of the catalogue: volatility.

/// The group's rows, given on behind those before them.
macro_rules! volatility_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Volatility {
    CloseVolatility6 "close_volatility_6" [Close] window 6, "log return a candle"
        => OfLast::new(6, [Source::Return], volatility::CloseToClose),
        "sample standard deviation of r", "definition";
    CloseVolatility24 "close_volatility_24" [Close] window 24, "log return a candle"
        => OfLast::new(24, [Source::Return], volatility::CloseToClose),
        "sample standard deviation of r", "definition";
    CloseVolatility96 "close_volatility_96" [Close] window 96, "log return a candle"
        => OfLast::new(96, [Source::Return], volatility::CloseToClose),
        "sample standard deviation of r", "definition";
    VolatilityRatio6x48 "volatility_ratio_6_48" [Close] window 48, "ratio"
        => OfLast::new(48, [Source::Return], VolatilityRatio { short: 6 }),
        "sqrt(mean r^2 over 6 / mean r^2 over 48); 1 when the price stood still", "definition";
    EwmaVolatility32 "ewma_volatility_32" [Close] recursive 32, "log return a candle"
        => EwmaVolatility::new(32),
        "sqrt(S), S += 2 / (n + 1) (r^2 - S), begun with the mean of the first n; decay 0.94",
        "RiskMetrics Technical Document 1996";
    Parkinson24 "parkinson_24" [High Low] window 23, "log return a candle"
        => OfLast::new(24, [Source::Parkinson], RootOfMean),
        "sqrt(mean ln(H / L)^2 / (4 ln 2))",
        "Parkinson 1980, The extreme value method for estimating the variance of the rate of return";
    GarmanKlass24 "garman_klass_24" [Open High Low Close] window 23, "log return a candle"
        => OfLast::new(24, [Source::GarmanKlass], RootOfMean),
        "sqrt(mean(ln(H / L)^2 / 2 - (2 ln 2 - 1) ln(C / O)^2))",
        "Garman and Klass 1980, On the estimation of security price volatilities";
    RogersSatchell24 "rogers_satchell_24" [Open High Low Close] window 23, "log return a candle"
        => OfLast::new(24, [Source::RogersSatchell], RootOfMean),
        "sqrt(mean(ln(H / C) ln(H / O) + ln(L / C) ln(L / O)))",
        "Rogers and Satchell 1991, Estimating variance from high, low and closing prices";
    YangZhang24 "yang_zhang_24" [Open High Low Close] window 24, "log return a candle"
        => YangZhang::over(24),
        "sqrt(var ln(O / C[-1]) + k var ln(C / O) + (1 - k) RS), RS as rogers_satchell_24 before the root, k = 0.34 / (1.34 + (n + 1) / (n - 1))",
        "Yang and Zhang 2000, Drift-independent volatility estimation";
    TrueRange1 "true_range_1" [High Low Close] window 1, "ratio" => TrueRange::default(),
        "max(H - L, |H - C[-1]|, |L - C[-1]|) / C[-1]", "Wilder 1978; TA-Lib TRANGE";
    Atr14 "atr_14" [High Low Close] recursive 14, "ratio" => Atr::new(14),
        "Wilder's mean of the true range / C", "Wilder 1978; TA-Lib NATR";
    BollingerWidth20 "bollinger_width_20" [Close] window 19, "ratio" => OfLast::new(20, [Source::Close], BollingerWidth),
        "4 std C / mean C", "Bollinger 2001, Bollinger on Bollinger Bands; TA-Lib BBANDS";
    DownsideShare24 "downside_share_24" [Close] window 24, "0 to 1"
        => OfLast::new(24, [Source::Return], volatility::DownsideShare),
        "sum min(r, 0)^2 / sum r^2; 0.5 when the price stood still",
        "Barndorff-Nielsen, Kinnebrock and Shephard 2010, Measuring downside risk";
    JumpShare24 "jump_share_24" [Close] window 24, "0 to 1"
        => OfLast::new(24, [Source::Return], volatility::JumpShare),
        "max(0, 1 - pi / 2 n / (n - 1) sum |r| |r[-1]| / sum r^2); 0 when the price stood still",
        "Barndorff-Nielsen and Shephard 2004, Power and bipower variation";
    Skewness24 "skewness_24" [Close] window 24, "none" => OfLast::new(24, [Source::Return], volatility::Skewness),
        "sqrt(n (n - 1)) / (n - 2) m3 / m2^1.5 of r; 0 when the r are equal", "sample skewness G1";
    Kurtosis24 "kurtosis_24" [Close] window 24, "none" => OfLast::new(24, [Source::Return], volatility::Kurtosis),
        "(n - 1) / ((n - 2) (n - 3)) ((n + 1) m4 / m2^2 - 3 (n - 1)) of r; 0 when the r are equal",
        "sample excess kurtosis G2";
    Autocorrelation24 "autocorrelation_24" [Close] window 24, "-1 to 1"
        => OfLast::new(24, [Source::Return], volatility::Autocorrelation),
        "sum (r - m)(r[-1] - m) / sum (r - m)^2, m = mean r; 0 when the r are equal",
        "Box and Jenkins 1970, Time Series Analysis";
    CloseVolatility48 "close_volatility_48" [Close] window 48, "log return a candle"
        => OfLast::new(48, [Source::Return], volatility::CloseToClose),
        "sample standard deviation of r", "definition";
    Parkinson6 "parkinson_6" [High Low] window 5, "log return a candle"
        => OfLast::new(6, [Source::Parkinson], RootOfMean),
        "sqrt(mean ln(H / L)^2 / (4 ln 2))",
        "Parkinson 1980, The extreme value method for estimating the variance of the rate of return";
    GarmanKlass6 "garman_klass_6" [Open High Low Close] window 5, "log return a candle"
        => OfLast::new(6, [Source::GarmanKlass], RootOfMean),
        "sqrt(mean(ln(H / L)^2 / 2 - (2 ln 2 - 1) ln(C / O)^2))",
        "Garman and Klass 1980, On the estimation of security price volatilities";
    RogersSatchell6 "rogers_satchell_6" [Open High Low Close] window 5, "log return a candle"
        => OfLast::new(6, [Source::RogersSatchell], RootOfMean),
        "sqrt(mean(ln(H / C) ln(H / O) + ln(L / C) ln(L / O)))",
        "Rogers and Satchell 1991, Estimating variance from high, low and closing prices";
    YangZhang6 "yang_zhang_6" [Open High Low Close] window 6, "log return a candle"
        => YangZhang::over(6),
        "sqrt(var ln(O / C[-1]) + k var ln(C / O) + (1 - k) RS), RS as rogers_satchell_6 before the root, k = 0.34 / (1.34 + (n + 1) / (n - 1))",
        "Yang and Zhang 2000, Drift-independent volatility estimation";
    Parkinson96 "parkinson_96" [High Low] window 95, "log return a candle"
        => OfLast::new(96, [Source::Parkinson], RootOfMean),
        "sqrt(mean ln(H / L)^2 / (4 ln 2))",
        "Parkinson 1980, The extreme value method for estimating the variance of the rate of return";
    GarmanKlass96 "garman_klass_96" [Open High Low Close] window 95, "log return a candle"
        => OfLast::new(96, [Source::GarmanKlass], RootOfMean),
        "sqrt(mean(ln(H / L)^2 / 2 - (2 ln 2 - 1) ln(C / O)^2))",
        "Garman and Klass 1980, On the estimation of security price volatilities";
    RogersSatchell96 "rogers_satchell_96" [Open High Low Close] window 95, "log return a candle"
        => OfLast::new(96, [Source::RogersSatchell], RootOfMean),
        "sqrt(mean(ln(H / C) ln(H / O) + ln(L / C) ln(L / O)))",
        "Rogers and Satchell 1991, Estimating variance from high, low and closing prices";
    YangZhang96 "yang_zhang_96" [Open High Low Close] window 96, "log return a candle"
        => YangZhang::over(96),
        "sqrt(var ln(O / C[-1]) + k var ln(C / O) + (1 - k) RS), RS as rogers_satchell_96 before the root, k = 0.34 / (1.34 + (n + 1) / (n - 1))",
        "Yang and Zhang 2000, Drift-independent volatility estimation";
    EwmaVolatility8 "ewma_volatility_8" [Close] recursive 8, "log return a candle"
        => EwmaVolatility::new(8),
        "sqrt(S), S += 2 / (n + 1) (r^2 - S), begun with the mean of the first n",
        "RiskMetrics Technical Document 1996";
    EwmaVolatility96 "ewma_volatility_96" [Close] recursive 96, "log return a candle"
        => EwmaVolatility::new(96),
        "sqrt(S), S += 2 / (n + 1) (r^2 - S), begun with the mean of the first n",
        "RiskMetrics Technical Document 1996";
    VolatilityRatio24x96 "volatility_ratio_24_96" [Close] window 96, "ratio"
        => OfLast::new(96, [Source::Return], VolatilityRatio { short: 24 }),
        "sqrt(mean r^2 over 24 / mean r^2 over 96); 1 when the price stood still", "definition";
    RangeRatio24 "range_ratio_24" [High Low] window 23, "ratio"
        => OfCandles::new(24, of_candles::spread, of_candles::over_mean),
        "(H - L) / mean (H - L); 1 without range", "definition";
    RangeVolatilityRatio6x48 "range_volatility_ratio_6_48" [High Low] window 47, "ratio"
        => OfCandles::new(48, volatility_memory::square_range, volatility_memory::root_of_last_6),
        "sqrt(mean ln(H / L)^2 over 6 / mean ln(H / L)^2 over 48); 1 without range",
        "Parkinson 1980, The extreme value method for estimating the variance of the rate of return";
    RealisedVolatility24 "realised_volatility_24" [Close] window 24, "log return a candle"
        => OfReturns::new(24, realised::root_mean_square),
        "sqrt(mean r^2)",
        "Andersen, Bollerslev, Diebold and Labys 2003, Modeling and forecasting realized volatility";
    RealisedVolatility96 "realised_volatility_96" [Close] window 96, "log return a candle"
        => OfReturns::new(96, realised::root_mean_square),
        "sqrt(mean r^2)",
        "Andersen, Bollerslev, Diebold and Labys 2003, Modeling and forecasting realized volatility";
    Bipower24 "bipower_24" [Close] window 24, "log return a candle"
        => OfReturns::new(24, realised::bipower),
        "sqrt(pi / 2 / (n - 1) sum |r| |r[-1]|), both among the n",
        "Barndorff-Nielsen and Shephard 2004, Power and bipower variation";
    MedianVolatility24 "median_volatility_24" [Close] window 24, "log return a candle"
        => OfReturns::new(24, realised::median_volatility),
        "sqrt(pi / (6 - 4 sqrt 3 + pi) / (n - 2) sum med(|r|, |r[-1]|, |r[-2]|)^2), all among the n",
        "Andersen, Dobrev and Schaumburg 2012, Jump-robust volatility estimation";
    JumpShare96 "jump_share_96" [Close] window 96, "0 to 1"
        => OfLast::new(96, [Source::Return], volatility::JumpShare),
        "max(0, 1 - pi / 2 n / (n - 1) sum |r| |r[-1]| / sum r^2); 0 when the price stood still",
        "Barndorff-Nielsen and Shephard 2004, Power and bipower variation";
    JumpZ96 "jump_z_96" [Close] window 96, "standard deviations"
        => OfReturns::new(96, realised::jump_z),
        "(1 - BV / RV) / sqrt((pi^2 / 4 + pi - 5) / n max(1, QV / BV^2)), RV = sum r^2, BV = pi / 2 n / (n - 1) sum |r r[-1]|, QV = pi^2 / 4 n^2 / (n - 3) sum |r r[-1] r[-2] r[-3]|; 0 when the price stood still, QV / BV^2 is 0 when BV is",
        "Barndorff-Nielsen and Shephard 2006, Econometrics of testing for jumps";
    DownsideShare96 "downside_share_96" [Close] window 96, "0 to 1"
        => OfLast::new(96, [Source::Return], volatility::DownsideShare),
        "sum min(r, 0)^2 / sum r^2; 0.5 when the price stood still",
        "Barndorff-Nielsen, Kinnebrock and Shephard 2010, Measuring downside risk";
    DownsideVolatility24 "downside_volatility_24" [Close] window 24, "log return a candle"
        => OfReturns::new(24, realised::downside),
        "sqrt(mean min(r, 0)^2)",
        "Barndorff-Nielsen, Kinnebrock and Shephard 2010, Measuring downside risk";
    UpsideVolatility24 "upside_volatility_24" [Close] window 24, "log return a candle"
        => OfReturns::new(24, realised::upside),
        "sqrt(mean max(r, 0)^2)",
        "Barndorff-Nielsen, Kinnebrock and Shephard 2010, Measuring downside risk";
    RealisedSkewness96 "realised_skewness_96" [Close] window 96, "none"
        => OfReturns::new(96, realised::realised_skewness),
        "sqrt n sum r^3 / (sum r^2)^1.5; 0 when the price stood still",
        "Amaya, Christoffersen, Jacobs and Vasquez 2015, Does realized skewness predict the cross-section";
    RealisedKurtosis96 "realised_kurtosis_96" [Close] window 96, "none"
        => OfReturns::new(96, realised::realised_kurtosis),
        "n sum r^4 / (sum r^2)^2; 0 when the price stood still",
        "Amaya, Christoffersen, Jacobs and Vasquez 2015, Does realized skewness predict the cross-section";
    VolatilityOfVolatility6x24 "volatility_of_volatility_6_24" [Close] window 29, "ratio"
        => volatility_memory::OfVolatility::variation(6, 24),
        "std S / mean S over 24, S = close_volatility_6; 0 when the price stood still",
        "coefficient of variation";
    VolatilityRank6x90 "volatility_rank_6_90" [Close] window 95, "0 to 1"
        => volatility_memory::OfVolatility::rank(6, 90),
        "average rank of S among its last 90 / 90, S = close_volatility_6", "volatility percentile";
    Har1 "har_1" [Close] window 1, "log return a candle"
        => OfReturns::new(1, realised::root_mean_square),
        "sqrt(mean r^2)",
        "Corsi 2009, A simple approximate long-memory model of realized volatility (1, 5, 22)";
    Har5 "har_5" [Close] window 5, "log return a candle"
        => OfReturns::new(5, realised::root_mean_square),
        "sqrt(mean r^2)",
        "Corsi 2009, A simple approximate long-memory model of realized volatility (1, 5, 22)";
    Har22 "har_22" [Close] window 22, "log return a candle"
        => OfReturns::new(22, realised::root_mean_square),
        "sqrt(mean r^2)",
        "Corsi 2009, A simple approximate long-memory model of realized volatility (1, 5, 22)";
    Hurst90 "hurst_90" [Close] window 90, "exponent" => volatility_memory::Hurst::new(90),
        "slope of ln(mean (ln C - ln C[-q])^2) / 2 on ln q, q = 1, 2, 4, 8, 16, over n + 1 closes; 0.5 when one mean is 0",
        "Hurst 1951; Mandelbrot and Van Ness 1968, Fractional Brownian motions";
    VarianceRatio96 "variance_ratio_96" [Close] window 96, "ratio"
        => OfReturns::new(96, realised::variance_ratio_4),
        "sum (R - 4 m)^2 / (4 (n - 3) (1 - 4 / n)) / (sum (r - m)^2 / (n - 1)), R = ln(C / C[-4]) among the n, m = mean r; 1 when the r are equal",
        "Lo and MacKinlay 1988, Stock market prices do not follow random walks";
    Autocorrelation96 "autocorrelation_96" [Close] window 96, "-1 to 1"
        => OfLast::new(96, [Source::Return], volatility::Autocorrelation),
        "sum (r - m)(r[-1] - m) / sum (r - m)^2, m = mean r; 0 when the r are equal",
        "Box and Jenkins 1970, Time Series Analysis";
    Autocorrelation96x6 "autocorrelation_96_6" [Close] window 96, "-1 to 1"
        => OfReturns::new(96, realised::autocorrelation_6),
        "sum (r - m)(r[-6] - m) / sum (r - m)^2, m = mean r; 0 when the r are equal",
        "Box and Jenkins 1970, Time Series Analysis";
    SizeAutocorrelation96 "size_autocorrelation_96" [Close] window 96, "-1 to 1"
        => OfReturns::new(96, realised::size_autocorrelation),
        "sum (|r| - m)(|r[-1]| - m) / sum (|r| - m)^2, m = mean |r|; 0 when the |r| are equal",
        "Ding, Granger and Engle 1993, A long memory property of stock market returns";
    Leverage96 "leverage_96" [Close] window 96, "-1 to 1" => OfReturns::new(96, realised::leverage),
        "sum r[-1] r^2 / sqrt(sum r^2 sum r^4), all among the n; 0 when the price stood still",
        "Black 1976; Bouchaud, Matacz and Potters 2001, Leverage effect in financial markets";
    Ulcer14 "ulcer_14" [Close] window 26, "ratio" => volatility_memory::Ulcer::new(14),
        "sqrt(mean (C / max C - 1)^2), each C against the max of its own n",
        "Martin and McCann 1989, ulcer index";
    CorwinSchultz24 "corwin_schultz_24" [High Low] window 24, "ratio"
        => OfCandles::new(24, volatility_memory::corwin_schultz, Window::mean),
        "mean max(0, 2 (e^a - 1) / (1 + e^a)), a = (sqrt(2 b) - sqrt b) / k - sqrt(g / k), b = ln(H / L)^2 + ln(H[-1] / L[-1])^2, g = ln(max(H, H[-1]) / min(L, L[-1]))^2, k = 3 - 2 sqrt 2",
        "Corwin and Schultz 2012, A simple way to estimate bid-ask spreads from daily high and low prices";
    AbdiRanaldo24 "abdi_ranaldo_24" [High Low Close] window 24, "ratio"
        => OfCandles::new(24, volatility_memory::abdi_ranaldo, volatility_memory::root_of_mean),
        "sqrt(max(0, mean 4 (c[-1] - m[-1])(c[-1] - m))), c = ln C, m = (ln H + ln L) / 2",
        "Abdi and Ranaldo 2017, A simple estimation of bid-ask spreads from daily close, high, and low prices";
    RollSpread24 "roll_spread_24" [Close] window 24, "ratio"
        => OfReturns::new(24, realised::roll_spread),
        "2 sqrt(max(0, -sum (r - m)(r[-1] - m) / (n - 1))), m = mean r",
        "Roll 1984, A simple implicit measure of the effective bid-ask spread";
}
    } };
}
