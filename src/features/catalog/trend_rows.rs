//! Rows of the catalogue: trend.

/// The group's rows, given on behind those before them.
macro_rules! trend_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Trend {
    SmaDistance20 "sma_distance_20" [Close] window 19, "ratio" => OfLast::new(20, [Source::Close], SmaDistance),
        "C / mean C - 1", "simple moving average";
    SmaDistance50 "sma_distance_50" [Close] window 49, "ratio" => OfLast::new(50, [Source::Close], SmaDistance),
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
    Slope24 "slope_24" [Close] window 23, "log return a candle" => Slope::over(24),
        "least-squares slope of ln C on time", "TA-Lib LINEARREG_SLOPE of ln C";
    SlopeFit24 "slope_fit_24" [Close] window 23, "0 to 1" => SlopeFit::over(24),
        "squared correlation of ln C with time; 0 when the C are equal", "coefficient of determination";
    Efficiency10 "efficiency_10" [Close] window 10, "0 to 1" => OfLast::new(10, [Source::Return], Efficiency),
        "|sum r| / sum |r|; 0 when the price stood still", "Kaufman 1995, Smarter Trading";
    SmaDistance96 "sma_distance_96" [Close] window 95, "ratio" => OfLast::new(96, [Source::Close], SmaDistance),
        "C / mean C - 1", "simple moving average";
    EmaDistance96 "ema_distance_96" [Close] recursive 95, "ratio" => EmaDistance::new(96),
        "C / EMA(C) - 1, EMA += 2 / (n + 1) (C - EMA), begun with the mean of the first n",
        "exponential moving average as in TA-Lib";
    SmaCross12x48 "sma_cross_12_48" [Close] window 47, "ratio"
        => weighted_average::MeanCross::new(12, 48),
        "mean C over 12 / mean C over 48 - 1",
        "Brock, Lakonishok and LeBaron 1992, Simple technical trading rules";
    WmaDistance20 "wma_distance_20" [Close] window 19, "ratio"
        => weighted_average::LinearDistance::new(20),
        "1 - WMA(C) / C, weights 1, 2, ... n, the newest the heaviest", "TA-Lib WMA";
    HullDistance20 "hull_distance_20" [Close] window 22, "ratio"
        => weighted_average::HullDistance::new(20),
        "1 - WMA(2 WMA(C, 10) - WMA(C, 20), 4) / C", "Hull 2005, Hull moving average";
    DemaDistance20 "dema_distance_20" [Close] recursive 38, "ratio"
        => MixedDistance::new(20, [2.0, -1.0]),
        "1 - (2 E1 - E2) / C, E1 = EMA(C), E2 = EMA(E1)", "Mulloy 1994; TA-Lib DEMA";
    TemaDistance20 "tema_distance_20" [Close] recursive 57, "ratio"
        => MixedDistance::new(20, [3.0, -3.0, 1.0]),
        "1 - (3 E1 - 3 E2 + E3) / C, E1 = EMA(C), E2 = EMA(E1), E3 = EMA(E2)",
        "Mulloy 1994; TA-Lib TEMA";
    T3Distance10 "t3_distance_10" [Close] recursive 54, "ratio"
        => MixedDistance::new(10, weighted_average::tillson(0.7)),
        "1 - (b^3 E3 - 3 a b^2 E4 + 3 a^2 b E5 - a^3 E6) / C, E1 = EMA(C), ... E6 = EMA(E5), a = 0.7, b = 1.7",
        "Tillson 1998; TA-Lib T3";
    KamaDistance10 "kama_distance_10" [Close] recursive 10, "ratio"
        => weighted_average::KaufmanDistance::new(10),
        "1 - K / C, K += (e (2/3 - 2/31) + 2/31)^2 (C - K), e = |C - C[-n]| / sum |C - C[-1]|, 1 without moves, begun at the close before the first value",
        "Kaufman 1995, Smarter Trading; TA-Lib KAMA";
    Slope96 "slope_96" [Close] window 95, "log return a candle" => Slope::over(96),
        "least-squares slope of ln C on time", "TA-Lib LINEARREG_SLOPE of ln C";
    SlopeFit96 "slope_fit_96" [Close] window 95, "0 to 1" => SlopeFit::over(96),
        "squared correlation of ln C with time; 0 when the C are equal",
        "coefficient of determination";
    SlopeResidual24 "slope_residual_24" [Close] window 23, "log return"
        => trend_strength::Residual::new(24),
        "ln C less the end of the least-squares line through the last ln C",
        "TA-Lib LINEARREG of ln C; qlib Alpha158 RESI";
    IchimokuConversion9 "ichimoku_conversion_9" [High Low Close] window 8, "ratio"
        => ichimoku::LineDistance::new(9),
        "1 - (max H + min L) / 2 / C", "Hosoda 1968, Ichimoku Kinko Hyo";
    IchimokuBase26 "ichimoku_base_26" [High Low Close] window 25, "ratio"
        => ichimoku::LineDistance::new(26),
        "1 - (max H + min L) / 2 / C", "Hosoda 1968, Ichimoku Kinko Hyo";
    IchimokuCross9x26 "ichimoku_cross_9_26" [High Low Close] window 25, "ratio"
        => ichimoku::LineCross::new(9, 26),
        "(M(9) - M(26)) / C, M(n) = (max H + min L) / 2", "Hosoda 1968, Ichimoku Kinko Hyo";
    IchimokuCloud9x26 "ichimoku_cloud_9_26" [High Low Close] window 77, "ratio"
        => ichimoku::CloudDistance::new(9, 26),
        "distance of C from the span between ((M(9) + M(26)) / 2)[-26] and M(52)[-26] / C, 0 inside; M(n) = (max H + min L) / 2",
        "Hosoda 1968, Ichimoku Kinko Hyo";
    ParabolicDistance "parabolic_distance" [High Low Close] recursive 1, "ratio"
        => trailing_stop::ParabolicDistance::new(0.02, 0.2),
        "1 - S / C, S += a (E - S) toward the extreme E of the move, a = 0.02 more a new extreme, at most 0.2; held outside the last two ranges; turns to E when met; begun by the first directional move",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib SAR";
    SupertrendDistance10 "supertrend_distance_10" [High Low Close] recursive 10, "ratio"
        => trailing_stop::SupertrendDistance::new(10, 3.0),
        "1 - S / C, S the lower of the bands (H + L) / 2 -+ 3 A until C < lower, then the upper until C > upper; a band only closes in while C[-1] was inside it; A Wilder's mean of the true range; begun with the lower",
        "Seban, Supertrend";
    Dx14 "dx_14" [High Low Close] recursive 14, "0 to 100" => trend_strength::Dx::new(14),
        "100 |+DI - -DI| / (+DI + -DI); 0 when both are 0",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib DX";
    Adxr14 "adxr_14" [High Low Close] recursive 40, "0 to 100" => trend_strength::Adxr::new(14),
        "(adx_14 + adx_14[-13]) / 2",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib ADXR";
    Vortex14 "vortex_14" [High Low Close] window 14, "-1 to 1"
        => SumRatio::new(14, trend_strength::vortex, 0.0),
        "sum (|H - L[-1]| - |L - H[-1]|) / sum true range; 0 without range",
        "Botes and Siepman 2010, The vortex indicator";
    MassIndex25 "mass_index_25" [High Low] recursive 40, "sum of 25 ratios"
        => trend_strength::MassIndex::new(25, 9),
        "sum E / EMA(E, 9), E = EMA(H - L, 9); a ratio is 1 without range",
        "Dorsey 1992, The mass index";
    Choppiness14 "choppiness_14" [High Low Close] window 14, "0 to 100"
        => trend_strength::Choppiness::new(14),
        "100 ln(sum TR / (max TH - min TL)) / ln n, TR = TH - TL, TH = max(H, C[-1]), TL = min(L, C[-1]); 100 when the price stood still",
        "Dreiss 1993, choppiness index";
    Efficiency48 "efficiency_48" [Close] window 48, "0 to 1" => OfLast::new(48, [Source::Return], Efficiency),
        "|sum r| / sum |r|; 0 when the price stood still", "Kaufman 1995, Smarter Trading";
}
    } };
}
