//! Rows of the catalogue: oscillator.

/// The group's rows, given on behind those before them.
macro_rules! oscillator_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Oscillator {
    Rsi6 "rsi_6" [Close] recursive 6, "0 to 100" => Rsi::new(6),
        "100 G / (G + F), Wilder's means of the rises and falls of C; 50 when both are 0",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib RSI";
    Rsi14 "rsi_14" [Close] recursive 14, "0 to 100" => Rsi::new(14),
        "100 G / (G + F), Wilder's means of the rises and falls of C; 50 when both are 0",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib RSI";
    StochasticK14 "stochastic_k_14" [High Low Close] window 13, "0 to 100" => OfLast::new(14, [Source::High, Source::Low, Source::Close], InChannel(100.0)),
        "100 (C - min L) / (max H - min L); 50 when max H = min L", "Lane 1984; TA-Lib STOCHF";
    StochasticD14x3 "stochastic_d_14_3" [High Low Close] window 15, "0 to 100"
        => StochasticD::new(14, 3),
        "mean of the last 3 stochastic_k_14", "Lane 1984; TA-Lib STOCHF";
    StochasticRsi14 "stochastic_rsi_14" [Close] recursive 27, "0 to 100" => StochasticRsi::new(14),
        "100 (R - min R) / (max R - min R), R = rsi_14; 50 when max R = min R",
        "Chande and Kroll 1994, The New Technical Trader; TA-Lib STOCHRSI";
    Cci20 "cci_20" [High Low Close] window 19, "0.015 mean deviations" => OfLast::new(20, [Source::Typical], Cci),
        "(TP - mean TP) / (0.015 mean |TP - mean TP|); 0 when the TP are equal",
        "Lambert 1980; TA-Lib CCI";
    Ultimate7x14x28 "ultimate_7_14_28" [High Low Close] window 28, "0 to 100"
        => Ultimate::over([7, 14, 28]),
        "100 (4 A(7) + 2 A(14) + A(28)) / 7, A = sum (C - min(L, C[-1])) / sum true range; 0.5 without range",
        "Williams 1985; TA-Lib ULTOSC";
    Rsi28 "rsi_28" [Close] recursive 28, "0 to 100" => Rsi::new(28),
        "100 G / (G + F), Wilder's means of the rises and falls of C; 50 when both are 0",
        "Wilder 1978, New Concepts in Technical Trading Systems; TA-Lib RSI";
    ConnorsRsi3x2x100 "connors_rsi_3_2_100" [Close] recursive 101, "0 to 100"
        => cyclic_oscillators::ConnorsRsi::new(3, 2, 100),
        "(RSI(C, 3) + RSI(S, 2) + percentage of the last 100 r before r that are below r) / 3, S the number of rises (above 0) or falls (below 0) of C in a row, 0 at the first candle",
        "Connors and Alvarez 2012, An introduction to ConnorsRSI";
    StochasticSlow14x3 "stochastic_slow_14_3" [High Low Close] window 17, "0 to 100"
        => cyclic_oscillators::StochasticSlow::new(14, 3),
        "mean of the last 3 stochastic_d_14_3", "Lane 1984; TA-Lib STOCH";
    StochasticMomentum10x3 "stochastic_momentum_10_3" [High Low Close] recursive 13, "-100 to 100"
        => cyclic_oscillators::StochasticMomentum::new(10, 3),
        "100 EMA(EMA(C - M)) / EMA(EMA((max H - min L) / 2)), means over 3, M = (max H + min L) / 2; 0 without width",
        "Blau 1993, Stochastic momentum";
    WilliamsR28 "williams_r_28" [High Low Close] window 27, "-100 to 0"
        => cyclic_oscillators::WilliamsR::new(28),
        "-100 (max H - C) / (max H - min L); -50 when max H = min L", "Williams 1973; TA-Lib WILLR";
    Awesome5x34 "awesome_5_34" [High Low Close] window 33, "ratio"
        => cyclic_oscillators::Awesome::new(5, 34),
        "(mean M over 5 - mean M over 34) / C, M = (H + L) / 2",
        "Williams 1998, New Trading Dimensions";
    Accelerator5x34x5 "accelerator_5_34_5" [High Low Close] window 37, "ratio"
        => cyclic_oscillators::Awesome::new(5, 34).above_signal(5),
        "(A - mean A over 5) / C, A = mean M over 5 - mean M over 34, M = (H + L) / 2",
        "Williams 1998, New Trading Dimensions";
    Detrended20 "detrended_20" [Close] window 19, "ratio" => cyclic_oscillators::Detrended::new(20),
        "C[-11] / mean C - 1", "detrended price oscillator";
    Fisher10 "fisher_10" [High Low] recursive 9, "none" => cyclic_oscillators::Fisher::new(10),
        "F = atanh x + F[-1] / 2, x = 0.66 (p - 0.5) + 0.67 x[-1] held inside +-0.999, p = (M - min M) / (max M - min M), M = (H + L) / 2; begun at 0, p = 0.5 when max M = min M",
        "Ehlers 2002, Using the Fisher transform";
    Vigor10 "vigor_10" [Open High Low Close] window 12, "-1 to 1"
        => cyclic_oscillators::Vigor::new(10),
        "sum S(C - O) / sum S(H - L), S(x) = (x + 2 x[-1] + 2 x[-2] + x[-3]) / 6; 0 without range",
        "Ehlers 2002, relative vigor index";
    IntradayMomentum14 "intraday_momentum_14" [Open Close] window 13, "0 to 100"
        => SumRatio::new(14, cyclic_oscillators::intraday_momentum, 50.0),
        "100 sum max(C - O, 0) / sum |C - O|; 50 when C = O",
        "Chande and Kroll 1994, The New Technical Trader";
    Demarker14 "demarker_14" [High Low] window 14, "0 to 100"
        => SumRatio::new(14, cyclic_oscillators::demarker, 50.0),
        "100 sum max(H - H[-1], 0) / sum (max(H - H[-1], 0) + max(L[-1] - L, 0)); 50 when both are 0",
        "DeMark 1994, The New Science of Technical Analysis";
    BalanceOfPower14 "balance_of_power_14" [Open High Low Close] window 13, "-1 to 1"
        => OfCandles::new(14, candle_pattern::power, Window::mean),
        "mean (C - O) / (H - L), 0 where H = L", "Livshin 2001, Balance of power; TA-Lib BOP";
}
    } };
}
