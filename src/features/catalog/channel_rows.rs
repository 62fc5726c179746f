//! Rows of the catalogue: channel.

/// The group's rows, given on behind those before them.
macro_rules! channel_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Channel {
    BollingerPosition20 "bollinger_position_20" [Close] window 19, "share of the width"
        => OfCandles::new(20, of_candles::close, of_candles::bollinger_position),
        "0.5 + (C - mean C) / (4 std C); 0.5 when the C are equal",
        "Bollinger 2001, Bollinger on Bollinger Bands (%b); TA-Lib BBANDS";
    KeltnerPosition20 "keltner_position_20" [High Low Close] recursive 20, "share of the width"
        => channels::KeltnerPosition::new(20),
        "0.5 + (C - EMA(C)) / (4 A), A Wilder's mean of the true range; 0.5 without range",
        "Keltner 1960, How to Make Money in Commodities; Raschke";
    Squeeze20 "squeeze_20" [High Low Close] recursive 20, "ratio" => channels::Squeeze::new(20),
        "2 std C / (1.5 A), A Wilder's mean of the true range; 1 without range",
        "Carter 2005, Mastering the Trade";
    ChannelPosition20 "channel_position_20" [High Low Close] window 19, "0 to 1"
        => OfLast::new(20, [Source::High, Source::Low, Source::Close], InChannel(1.0)),
        "(C - min L) / (max H - min L); 0.5 when max H = min L", "Donchian channel";
    ChannelPosition96 "channel_position_96" [High Low Close] window 95, "0 to 1"
        => OfLast::new(96, [Source::High, Source::Low, Source::Close], InChannel(1.0)),
        "(C - min L) / (max H - min L); 0.5 when max H = min L", "Donchian channel";
    ChannelWidth24 "channel_width_24" [High Low] window 23, "log return"
        => channels::ChannelWidth::new(24),
        "ln(max H / min L)", "Donchian channel";
    ChannelWidth96 "channel_width_96" [High Low] window 95, "log return"
        => channels::ChannelWidth::new(96),
        "ln(max H / min L)", "Donchian channel";
    ChandelierLong22 "chandelier_long_22" [High Low Close] recursive 22, "ratio"
        => trailing_stop::ChandelierDistance::long(22, 3.0),
        "(C - max H + 3 A) / C, A Wilder's mean of the true range",
        "Le Beau, chandelier exit; Elder 2002, Come into My Trading Room";
    ChandelierShort22 "chandelier_short_22" [High Low Close] recursive 22, "ratio"
        => trailing_stop::ChandelierDistance::short(22, 3.0),
        "(C - min L - 3 A) / C, A Wilder's mean of the true range",
        "Le Beau, chandelier exit; Elder 2002, Come into My Trading Room";
    AccelerationBands20 "acceleration_bands_20" [High Low Close] window 19, "share of the width"
        => channels::AccelerationBands::new(20),
        "(C - D) / (U - D), U = mean H (1 + w), D = mean L (1 - w), w = 4 (H - L) / (H + L); 0.5 without width",
        "Headley 2002, Big Trends in Trading; TA-Lib ACCBANDS";
    RegressionZ24 "regression_z_24" [Close] window 23, "standard deviations"
        => trend_strength::ResidualZ::new(24),
        "slope_residual_24 / root mean square of the residuals of the n closes; 0 when all are 0",
        "Raff 1991, regression channel";
}
    } };
}
