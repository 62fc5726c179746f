//! Rows of the catalogue: shape.

/// The group's rows, given on behind those before them.
macro_rules! shape_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
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
    BodyReturn1 "body_return_1" [Open Close] window 0, "log return"
        => OfCandle(candle_pattern::body_return),
        "ln(C / O)", "qlib Alpha158 KMID";
    ShadowBalance1 "shadow_balance_1" [Open High Low Close] window 0, "-1 to 1"
        => SumRatio::new(1, candle_pattern::shadow_balance, 0.0),
        "sum (min(O, C) - L - (H - max(O, C))) / sum (H - L); 0 without range",
        "hammer and shooting star as a number";
    ShadowBalance24 "shadow_balance_24" [Open High Low Close] window 23, "-1 to 1"
        => SumRatio::new(24, candle_pattern::shadow_balance, 0.0),
        "sum (min(O, C) - L - (H - max(O, C))) / sum (H - L); 0 without range",
        "hammer and shooting star as a number";
    BodyShare24 "body_share_24" [Open High Low Close] window 23, "0 to 1"
        => SumRatio::new(24, candle_pattern::body_share, 0.0),
        "sum |C - O| / sum (H - L); 0 without range", "doji and marubozu as a number";
    BodyDrift3 "body_drift_3" [Open High Low Close] window 2, "-1 to 1"
        => SumRatio::new(3, momentum::body_and_range, 0.0),
        "sum (C - O) / sum (H - L); 0 without range", "three soldiers and crows as a number";
    BodyDrift24 "body_drift_24" [Open High Low Close] window 23, "-1 to 1"
        => SumRatio::new(24, momentum::body_and_range, 0.0),
        "sum (C - O) / sum (H - L); 0 without range", "three soldiers and crows as a number";
    RelativeBody10 "relative_body_10" [Open Close] window 9, "ratio"
        => OfCandles::new(10, of_candles::body_size, of_candles::over_mean),
        "|C - O| / mean |C - O|; 1 without bodies",
        "long and short bodies as TA-Lib's candle settings see them";
    Engulfing1 "engulfing_1" [Open Close] window 1, "-1 to 1"
        => OfTwo::new(candle_pattern::engulfing),
        "s x / |C[-1] - O[-1]|, x what the bodies have in common, s the sign of C - O if the last body had the other, else 0",
        "Nison 1991, Japanese Candlestick Charting Techniques; TA-Lib CDLENGULFING";
    Harami1 "harami_1" [Open Close] window 1, "-1 to 1" => OfTwo::new(candle_pattern::harami),
        "s x / b max(0, 1 - b / b[-1]), b = |C - O|, x what the bodies have in common, s the sign of C - O if the last body had the other, else 0",
        "Nison 1991, Japanese Candlestick Charting Techniques; TA-Lib CDLHARAMI";
    Piercing1 "piercing_1" [Open Close] window 1, "-1 to 1" => OfTwo::new(candle_pattern::piercing),
        "sign(C - C[-1]) min(1, |C - C[-1]| / |C[-1] - O[-1]|) when C moved against the last body, else 0",
        "Nison 1991, Japanese Candlestick Charting Techniques; TA-Lib CDLPIERCING";
    Inside1 "inside_1" [High Low] window 1, "-1, 0 or 1"
        => OfTwo::new(candle_pattern::inside_or_outside),
        "1 when H <= H[-1] and L >= L[-1], -1 when H > H[-1] and L < L[-1], else 0",
        "Crabel 1990, Day Trading with Short Term Price Patterns";
    RangeOverlap1 "range_overlap_1" [High Low] window 1, "0 to 1"
        => OfTwo::new(candle_pattern::range_overlap),
        "max(0, min(H, H[-1]) - max(L, L[-1])) / (max(H, H[-1]) - min(L, L[-1])); 1 when all are equal",
        "definition";
    RangeGrowth1 "range_growth_1" [High Low] window 1, "-1 to 1"
        => OfTwo::new(candle_pattern::range_growth),
        "(R - R[-1]) / (R + R[-1]), R = H - L; 0 when both are 0", "definition";
    Gap1 "gap_1" [High Low] window 1, "log return" => candle_pattern::Gap::new(1),
        "ln(L / H[-n]) when L > H[-n], ln(H / L[-n]) when H < L[-n], else 0",
        "window of Nison 1991, Japanese Candlestick Charting Techniques";
    Gap2 "gap_2" [High Low] window 2, "log return" => candle_pattern::Gap::new(2),
        "ln(L / H[-n]) when L > H[-n], ln(H / L[-n]) when H < L[-n], else 0", "fair value gap";
    Star3 "star_3" [Open High Low Close] window 2, "-1 to 1" => candle_pattern::Star::default(),
        "(b - b[-2]) / 2 (1 - |b[-1]|), b = (C - O) / (H - L), 0 where H = L",
        "morning and evening star of Nison 1991, Japanese Candlestick Charting Techniques";
    HeikinAshi1 "heikin_ashi_1" [Open High Low Close] recursive 0, "log return"
        => candle_pattern::HeikinAshi::default(),
        "ln(K / J), K = (O + H + L + C) / 4, J = (J[-1] + K[-1]) / 2, begun at (O + C) / 2",
        "Valcu 2004, Using the Heikin-Ashi technique";
    BodyRun10 "body_run_10" [Open Close] window 10, "candles"
        => candle_pattern::Run::new(10, candle_pattern::body_sign),
        "number of candles in a row, at most n, with C > O (above 0) or C < O (below 0)",
        "definition";
    ShiftRun10 "shift_run_10" [High Low] window 10, "candles"
        => candle_pattern::Run::new(10, candle_pattern::shift_sign),
        "number of candles in a row, at most n, with H and L above the last ones (above 0) or below them (below 0)",
        "Dow theory";
}
    } };
}
