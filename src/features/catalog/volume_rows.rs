//! Rows of the catalogue: volume.

/// The group's rows, given on behind those before them.
macro_rules! volume_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Volume {
    VolumeZ24 "volume_z_24" [Volume] window 23, "standard deviations" => OfLast::new(24, [Source::Volume], ZScore),
        "(V - mean V) / std V; 0 when the V are equal", "z-score";
    RelativeVolume24 "relative_volume_24" [Volume] window 23, "ratio" => OfLast::new(24, [Source::Volume], VolumeRatio { short: 1 }),
        "V / mean V; 1 when nothing was traded", "definition";
    VolumeRatio6x48 "volume_ratio_6_48" [Volume] window 47, "ratio" => OfLast::new(48, [Source::Volume], VolumeRatio { short: 6 }),
        "mean V over 6 / mean V over 48; 1 when nothing was traded", "definition";
    OnBalance24 "on_balance_24" [Close Volume] window 24, "-1 to 1" => Share::on_balance(24),
        "sum sign(C - C[-1]) V / sum V; 0 without volume",
        "Granville 1963 (on-balance volume), as a share; TA-Lib OBV";
    ChaikinFlow20 "chaikin_flow_20" [High Low Close Volume] window 19, "-1 to 1"
        => Share::chaikin_flow(20),
        "sum ((C - L) - (H - C)) / (H - L) V / sum V; 0 without range or volume",
        "Chaikin money flow; TA-Lib AD";
    MoneyFlow14 "money_flow_14" [High Low Close Volume] window 14, "0 to 100" => MoneyFlow::over(14),
        "100 sum of TP V where TP rose / sum of TP V where it moved; 50 when it did not",
        "Quong and Soudack 1989; TA-Lib MFI";
    VwapDistance24 "vwap_distance_24" [High Low Close Volume] window 23, "ratio"
        => VwapDistance::over(24),
        "C / (sum TP V / sum V) - 1; 0 without volume", "volume-weighted average price";
    CandleVwap1 "candle_vwap_1" [High Low Close Volume QuoteVolume] window 0, "ratio"
        => CandleVwap,
        "C / (Q / V) - 1, Q / V held inside L and H; 0 without volume",
        "volume-weighted average price";
    PriceVolumeCorrelation24 "price_volume_correlation_24" [Close Volume] window 24, "-1 to 1"
        => PriceVolumeCorrelation::over(24),
        "correlation of r and V; 0 when one of them does not vary",
        "Karpoff 1987, The relation between price changes and trading volume; TA-Lib CORREL";
    AmihudRatio6x48 "amihud_ratio_6_48" [Close QuoteVolume] window 48, "ratio"
        => AmihudRatio::new(6, 48),
        "mean |r| / Q over 6 / mean |r| / Q over 48; |r| / Q is 0 without volume; 1 when all are",
        "Amihud 2002, Illiquidity and stock returns";
    VolumeZ96 "volume_z_96" [Volume] window 95, "standard deviations" => OfLast::new(96, [Source::Volume], ZScore),
        "(V - mean V) / std V; 0 when the V are equal", "z-score";
    VolumeRatio24x96 "volume_ratio_24_96" [Volume] window 95, "ratio" => OfLast::new(96, [Source::Volume], VolumeRatio { short: 24 }),
        "mean V over 24 / mean V over 96; 1 when nothing was traded", "definition";
    VolumeRank96 "volume_rank_96" [Volume] window 95, "0 to 1"
        => OfCandles::new(96, of_candles::volume, of_candles::rank),
        "average rank of V among the last n / n", "Kakushadze 2016, 101 Formulaic Alphas (ts_rank)";
    VolumeVariation24 "volume_variation_24" [Volume] window 23, "ratio"
        => OfCandles::new(24, of_candles::volume, of_candles::variation),
        "std V / mean V; 0 without volume", "qlib Alpha158 VSTD";
    VolumeGrowth24 "volume_growth_24" [Volume] window 23, "share of the mean a candle"
        => OfCandles::new(24, of_candles::volume, volume_flow::growth),
        "least-squares slope of V on time / mean V; 0 without volume",
        "TA-Lib LINEARREG_SLOPE of V";
    VolumeBalance24 "volume_balance_24" [Volume] window 24, "-1 to 1"
        => SumRatio::new(24, volume_flow::volume_change, 0.0),
        "sum (V - V[-1]) / sum |V - V[-1]|; 0 when the V are equal", "qlib Alpha158 VSUMD";
    VolumeOscillator12x26 "volume_oscillator_12_26" [Volume] recursive 25, "ratio"
        => volume_flow::VolumeOscillator::new(12, 26),
        "EMA(V, 12) / EMA(V, 26) - 1; 0 without volume", "percentage volume oscillator";
    OnBalance96 "on_balance_96" [Close Volume] window 96, "-1 to 1" => Share::on_balance(96),
        "sum sign(C - C[-1]) V / sum V; 0 without volume",
        "Granville 1963 (on-balance volume), as a share; TA-Lib OBV";
    ChaikinOscillator310 "chaikin_oscillator_3_10" [High Low Close Volume] recursive 9, "ratio"
        => volume_flow::ChaikinOscillator::new(3, 10),
        "(E(A, 3) - E(A, 10)) / E(V, 10), A = running sum of ((C - L) - (H - C)) / (H - L) V, E exponential means begun with the first value; 0 without volume",
        "Chaikin oscillator; TA-Lib ADOSC";
    ForceIndex13 "force_index_13" [Close Volume] recursive 13, "-1 to 1"
        => volume_flow::ForceIndex::new(13),
        "EMA((C - C[-1]) V) / EMA(|C - C[-1]| V); 0 without moves or volume",
        "Elder 1993, Trading for a Living, as a share";
    EaseOfMovement14 "ease_of_movement_14" [High Low Volume] window 14, "log return"
        => volume_flow::EaseOfMovement::new(14),
        "mean ln(M / M[-1]) w / v, M = (H + L) / 2, w = ln(H / L) / mean ln(H / L), v = max(0.01, V / mean V); 0 without range or volume",
        "Arms 1989, Volume Cycles in the Stock Market, against the usual range and volume";
    Klinger34x55 "klinger_34_55" [High Low Close Volume] recursive 55, "ratio"
        => volume_flow::Klinger::new(34, 55),
        "(EMA(F, 34) - EMA(F, 55)) / EMA(V, 55), F = T V |2 D / M - 1|, T the sign of the last change of H + L + C, D = H - L, M the sum of D since T turned and of the D before; D / M = 0.5 without range; 0 without volume",
        "Klinger 1997, Identifying trends with volume analysis";
    NegativeVolume24 "negative_volume_24" [Close Volume] window 24, "log return a candle"
        => momentum::VolumeIndex::negative(24),
        "mean of r where V < V[-1], 0 elsewhere",
        "Dysart 1936; Fosback 1976 (negative volume index), as a change";
    PositiveVolume24 "positive_volume_24" [Close Volume] window 24, "log return a candle"
        => momentum::VolumeIndex::positive(24),
        "mean of r where V > V[-1], 0 elsewhere",
        "Dysart 1936; Fosback 1976 (positive volume index), as a change";
    VolumeMomentum24 "volume_momentum_24" [Close Volume] window 24, "log return a candle"
        => SumRatio::new(24, volume_flow::weighted_return, 0.0),
        "sum r V / sum V; 0 without volume",
        "Lee and Swaminathan 2000, Price momentum and trading volume";
    PriceVolumeTrend24 "price_volume_trend_24" [Close Volume] window 24, "-1 to 1"
        => SumRatio::new(24, volume_flow::price_volume_trend, 0.0),
        "sum r V / sum |r| V; 0 without moves or volume", "price volume trend, as a share";
    WeightedVolatility24 "weighted_volatility_24" [Close Volume] window 24, "ratio"
        => OfCandles::new(24, volume_flow::weighted_size, of_candles::variation),
        "std |r| V / mean |r| V; 0 without moves or volume", "qlib Alpha158 WVMA";
    MoneyFlow28 "money_flow_28" [High Low Close Volume] window 28, "0 to 100" => MoneyFlow::over(28),
        "100 sum of TP V where TP rose / sum of TP V where it moved; 50 when it did not",
        "Quong and Soudack 1989; TA-Lib MFI";
    VwapDistance96 "vwap_distance_96" [High Low Close Volume] window 95, "ratio"
        => VwapDistance::over(96),
        "C / (sum TP V / sum V) - 1; 0 without volume", "volume-weighted average price";
    VwapZ24 "vwap_z_24" [High Low Close Volume] window 23, "standard deviations"
        => volume_flow::VwapZ::new(24),
        "(C - P) / sqrt(sum V (TP - P)^2 / sum V), P = sum TP V / sum V; 0 when the TP are equal or without volume",
        "volume-weighted average price";
    CloseVolumeCorrelation24 "close_volume_correlation_24" [Close Volume] window 23, "-1 to 1"
        => PairCorrelation::new(24, volume_flow::close_and_volume),
        "correlation of C and V; 0 when one of them does not vary",
        "qlib Alpha158 CORR; TA-Lib CORREL";
    RangeVolumeCorrelation24 "range_volume_correlation_24" [High Low Volume] window 23, "-1 to 1"
        => PairCorrelation::new(24, volume_flow::range_and_volume),
        "correlation of ln(H / L) and V; 0 when one of them does not vary",
        "Karpoff 1987, The relation between price changes and trading volume; TA-Lib CORREL";
    ReturnVolumeCorrelation24 "return_volume_correlation_24" [Close Volume] window 24, "-1 to 1"
        => PairCorrelation::new(24, volume_flow::return_and_growth),
        "correlation of r and ln(1 + V / V[-1]), the ratio 1 where V[-1] = 0; 0 when one of them does not vary",
        "qlib Alpha158 CORD";
    AmihudRatio24x96 "amihud_ratio_24_96" [Close QuoteVolume] window 96, "ratio"
        => AmihudRatio::new(24, 96),
        "mean |r| / Q over 24 / mean |r| / Q over 96; |r| / Q is 0 without volume; 1 when all are",
        "Amihud 2002, Illiquidity and stock returns";
}
    } };
}
