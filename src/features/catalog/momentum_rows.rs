//! Rows of the catalogue: momentum.

/// The group's rows, given on behind those before them.
macro_rules! momentum_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Momentum {
    MomentumT24 "momentum_t_24" [Close] window 24, "standard errors"
        => OfReturns::new(24, momentum::t_statistic),
        "sum r / (std r sqrt n), sample deviation; 0 when the r are equal",
        "t statistic of the mean";
    MomentumT96 "momentum_t_96" [Close] window 96, "standard errors"
        => OfReturns::new(96, momentum::t_statistic),
        "sum r / (std r sqrt n), sample deviation; 0 when the r are equal",
        "t statistic of the mean";
    MomentumAtr14 "momentum_atr_14" [High Low Close] recursive 14, "true ranges"
        => momentum::RangeMomentum::new(14),
        "(C - C[-n]) / Wilder's mean of the true range; 0 without range",
        "TA-Lib MOM over TA-Lib ATR";
    SkipMomentum96x6 "skip_momentum_96_6" [Close] window 96, "log return"
        => momentum::SkippedReturn::new(96, 6),
        "ln(C[-6] / C[-96])", "Jegadeesh and Titman 1993, Returns to buying winners";
    Acceleration6 "acceleration_6" [Close] window 12, "log return"
        => momentum::Acceleration::new(6),
        "ln(C / C[-n]) - ln(C[-n] / C[-2 n])", "Chen and Yu 2013, Accelerated momentum";
    Acceleration24 "acceleration_24" [Close] window 48, "log return"
        => momentum::Acceleration::new(24),
        "ln(C / C[-n]) - ln(C[-n] / C[-2 n])", "Chen and Yu 2013, Accelerated momentum";
    RiseBalance24 "rise_balance_24" [Close] window 24, "-1 to 1"
        => OfReturns::new(24, momentum::rise_balance),
        "(number of r > 0 - number of r < 0) / n", "qlib Alpha158 CNTD";
    RiseBalance96 "rise_balance_96" [Close] window 96, "-1 to 1"
        => OfReturns::new(96, momentum::rise_balance),
        "(number of r > 0 - number of r < 0) / n", "qlib Alpha158 CNTD";
    TrueStrength25x13 "true_strength_25_13" [Close] recursive 37, "-100 to 100"
        => momentum::TrueStrength::new(25, 13),
        "100 EMA(EMA(M, 25), 13) / EMA(EMA(|M|, 25), 13), M = C - C[-1]; 0 when the price stood still",
        "Blau 1991, True strength index";
    PriceOscillator12x26 "price_oscillator_12_26" [Close] recursive 25, "ratio"
        => momentum::PriceOscillator::new(12, 26),
        "EMA(C, 12) / EMA(C, 26) - 1", "Appel 1979; TA-Lib PPO with exponential means";
    ChandeMomentum14 "chande_momentum_14" [Close] window 14, "-100 to 100"
        => SumRatio::new(14, momentum::chande, 0.0),
        "100 sum (C - C[-1]) / sum |C - C[-1]|; 0 when the price stood still; plain sums, not TA-Lib's smoothed ones",
        "Chande and Kroll 1994, The New Technical Trader";
    Coppock10x11x14 "coppock_10_11_14" [Close] window 23, "ratio"
        => momentum::Coppock::new(10, 11, 14),
        "WMA(C / C[-11] + C / C[-14] - 2, 10)",
        "Coppock 1962, Practical Relative Strength Charting";
    KnowSureThing10x15x20x30 "know_sure_thing_10_15_20_30" [Close] window 44, "ratio"
        => momentum::KnowSureThing::new([10, 15, 20, 30], [10, 10, 10, 15]),
        "sum of k mean(C / C[-a] - 1 over s), k = 1, 2, 3, 4, a = 10, 15, 20, 30, s = 10, 10, 10, 15",
        "Pring 1992, Know Sure Thing";
    KnowSureThingHistogram9 "know_sure_thing_histogram_9" [Close] window 52, "ratio"
        => momentum::KnowSureThing::new([10, 15, 20, 30], [10, 10, 10, 15]).above_signal(9),
        "K - mean K, K = know_sure_thing_10_15_20_30", "Pring 1992, Know Sure Thing";
    BullPower13 "bull_power_13" [High Close] recursive 12, "ratio"
        => momentum::ElderPower::bull(13),
        "(H - EMA(C)) / C", "Elder 1993, Trading for a Living";
    BearPower13 "bear_power_13" [Low Close] recursive 12, "ratio" => momentum::ElderPower::bear(13),
        "(L - EMA(C)) / C", "Elder 1993, Trading for a Living";
}
    } };
}
