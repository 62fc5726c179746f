//! Rows of the catalogue: price.

/// The group's rows, given on behind those before them.
macro_rules! price_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Price {
    LogReturn1 "log_return_1" [Close] window 1, "log return" => OfLast::new(2, [Source::Close], LogReturn),
        "ln(C / C[-1])", "definition";
    LogReturn2 "log_return_2" [Close] window 2, "log return" => OfLast::new(3, [Source::Close], LogReturn),
        "ln(C / C[-2])", "definition";
    LogReturn3 "log_return_3" [Close] window 3, "log return" => OfLast::new(4, [Source::Close], LogReturn),
        "ln(C / C[-3])", "definition";
    LogReturn6 "log_return_6" [Close] window 6, "log return" => OfLast::new(7, [Source::Close], LogReturn),
        "ln(C / C[-6])", "definition";
    LogReturn12 "log_return_12" [Close] window 12, "log return" => OfLast::new(13, [Source::Close], LogReturn),
        "ln(C / C[-12])", "definition";
    LogReturn24 "log_return_24" [Close] window 24, "log return" => OfLast::new(25, [Source::Close], LogReturn),
        "ln(C / C[-24])", "definition";
    ReturnZ24 "return_z_24" [Close] window 24, "standard deviations" => OfLast::new(24, [Source::Return], ZScore),
        "(r - mean r) / std r; 0 when the r are equal", "z-score";
    CloseZ20 "close_z_20" [Close] window 19, "standard deviations" => OfLast::new(20, [Source::Close], ZScore),
        "(C - mean C) / std C; 0 when the C are equal", "Bollinger 2001, Bollinger on Bollinger Bands";
    CloseZ50 "close_z_50" [Close] window 49, "standard deviations" => OfLast::new(50, [Source::Close], ZScore),
        "(C - mean C) / std C; 0 when the C are equal", "Bollinger 2001, Bollinger on Bollinger Bands";
    HighDistance48 "high_distance_48" [High Close] window 47, "log return" => OfLast::new(48, [Source::Close, Source::High], HighDistance),
        "ln(C / max H)", "George and Hwang 2004, The 52-week high and momentum investing";
    LowDistance48 "low_distance_48" [Low Close] window 47, "log return" => OfLast::new(48, [Source::Close, Source::Low], LowDistance),
        "ln(C / min L)", "George and Hwang 2004, The 52-week high and momentum investing";
    ChannelPosition48 "channel_position_48" [High Low Close] window 47, "0 to 1"
        => OfLast::new(48, [Source::High, Source::Low, Source::Close], InChannel(1.0)),
        "(C - min L) / (max H - min L); 0.5 when max H = min L", "Donchian channel";
    LogReturn48 "log_return_48" [Close] window 48, "log return" => OfLast::new(49, [Source::Close], LogReturn),
        "ln(C / C[-48])", "definition";
    CloseRank24 "close_rank_24" [Close] window 23, "0 to 1"
        => OfCandles::new(24, of_candles::close, of_candles::rank),
        "average rank of C among the last n / n",
        "Kakushadze 2016, 101 Formulaic Alphas (ts_rank); qlib Alpha158 RANK";
    CloseRank96 "close_rank_96" [Close] window 95, "0 to 1"
        => OfCandles::new(96, of_candles::close, of_candles::rank),
        "average rank of C among the last n / n",
        "Kakushadze 2016, 101 Formulaic Alphas (ts_rank); qlib Alpha158 RANK";
    UpperQuantile24 "upper_quantile_24" [Close] window 23, "log return"
        => channels::QuantileDistance::new(24, 0.8),
        "ln(C / 80% quantile of C), interpolated", "qlib Alpha158 QTLU";
    LowerQuantile24 "lower_quantile_24" [Close] window 23, "log return"
        => channels::QuantileDistance::new(24, 0.2),
        "ln(C / 20% quantile of C), interpolated", "qlib Alpha158 QTLD";
    HighAge48 "high_age_48" [High] window 47, "0 to 1" => channels::ExtremeAge::high(48),
        "candles since max H, the latest of equals, / (n - 1)",
        "qlib Alpha158 IMAX; TA-Lib MAXINDEX";
    LowAge48 "low_age_48" [Low] window 47, "0 to 1" => channels::ExtremeAge::low(48),
        "candles since min L, the latest of equals, / (n - 1)",
        "qlib Alpha158 IMIN; TA-Lib MININDEX";
}
    } };
}
