//! Rows of the catalogue: order flow.

/// The group's rows, given on behind those before them.
macro_rules! order_flow_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
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
    TakerImbalance48 "taker_imbalance_48" [Volume TakerBuyVolume] window 47, "-1 to 1"
        => TakerImbalance::new(48),
        "sum (2 B - V) / sum V; 0 without volume",
        "Chordia, Roll and Subrahmanyam 2002, Order imbalance";
    TakerImbalance96 "taker_imbalance_96" [Volume TakerBuyVolume] window 95, "-1 to 1"
        => TakerImbalance::new(96),
        "sum (2 B - V) / sum V; 0 without volume",
        "Chordia, Roll and Subrahmanyam 2002, Order imbalance";
    TakerShift6x48 "taker_shift_6_48" [Volume TakerBuyVolume] window 47, "-2 to 2"
        => taker_flow::ImbalanceShift::new(6, 48),
        "sum (2 B - V) / sum V over 6 - the same over 48; each 0 without volume",
        "Chordia, Roll and Subrahmanyam 2002, Order imbalance";
    FlowToxicity24 "flow_toxicity_24" [Volume TakerBuyVolume] window 23, "0 to 1"
        => SumRatio::new(24, taker_flow::toxicity, 0.0),
        "sum |2 B - V| / sum V; 0 without volume",
        "Easley, Lopez de Prado and O'Hara 2012, Flow toxicity and liquidity, over candles of equal time";
    TakerReturnCorrelation24 "taker_return_correlation_24" [Close Volume TakerBuyVolume] window 24, "-1 to 1"
        => PairCorrelation::new(24, taker_flow::return_and_imbalance),
        "correlation of r and taker_imbalance_1; 0 when one of them does not vary",
        "Chordia, Roll and Subrahmanyam 2002, Order imbalance";
    TakerAutocorrelation24 "taker_autocorrelation_24" [Volume TakerBuyVolume] window 23, "-1 to 1"
        => OfCandles::new(24, taker_flow::imbalance, volatility::autocorrelation),
        "sum (I - m)(I[-1] - m) / sum (I - m)^2, I = taker_imbalance_1, m = mean I; 0 when the I are equal",
        "Hasbrouck 1991, Measuring the information content of stock trades";
    KyleLambda96 "kyle_lambda_96" [Close Volume TakerBuyVolume] window 96, "log return"
        => KyleLambda::new(96),
        "least-squares slope of r on (2 B - V) / mean V; 0 when 2 B - V does not vary",
        "Kyle 1985, Continuous auctions and insider trading";
    HasbrouckLambda24 "hasbrouck_lambda_24" [Close QuoteVolume TakerBuyQuoteVolume] window 24, "log return"
        => taker_flow::HasbrouckLambda::new(24),
        "least-squares slope of r on S, times sqrt(mean Q), S = sign(2 BQ - Q) sqrt(|2 BQ - Q|); 0 when S does not vary",
        "Hasbrouck 2009, Trading costs and returns for U.S. equities";
    TradesRatio6x48 "trades_ratio_6_48" [Trades] window 47, "ratio"
        => OfCandles::new(48, of_candles::trades, of_candles::last_6_over_all),
        "mean N over 6 / mean N over 48; 1 without trades", "definition";
    TradeSizeZ24 "trade_size_z_24" [Volume Trades] window 23, "standard deviations"
        => OfCandles::new(24, taker_flow::trade_size, of_candles::z_score),
        "(S - mean S) / std S, S = V / N, 0 without trades; 0 when the S are equal", "z-score";
    TradesVolumeCorrelation24 "trades_volume_correlation_24" [Volume Trades] window 23, "-1 to 1"
        => PairCorrelation::new(24, taker_flow::trades_and_volume),
        "correlation of N and V; 0 when one of them does not vary",
        "Jones, Kaul and Lipson 1994, Transactions, volume, and volatility; TA-Lib CORREL";
}
    } };
}
