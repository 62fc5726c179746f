//! Rows of the catalogue: what books and trades inside candles say.

/// The group's rows, given on behind those before them.
macro_rules! stream_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Book {
    BookSpread "book_spread" [BookStream] window 0, "basis points" => OfBook::end(book_shape::spread),
        "(a - b) / m at the end", "quoted spread";
    BookSpreadMean "book_spread_mean" [BookStream] window 0, "basis points"
        => OfBook::mean(book_shape::spread),
        "mean (a - b) / m over the snapshots", "quoted spread";
    BookSpreadZ24 "book_spread_z_24" [BookStream] window 23, "standard deviations"
        => AmongLast::z_score(24, book_shape::spread),
        "(S - mean S) / std S, S = book_spread; 0 when the S are equal", "z-score";
    Microprice "microprice" [BookStream] window 0, "basis points"
        => OfBook::end(book_shape::microprice),
        "(w - m) / m at the end, w = (b qa + a qb) / (qa + qb)",
        "Gatheral and Oomen 2010, Zero-intelligence realized variance estimation";
    MicropriceMean "microprice_mean" [BookStream] window 0, "basis points"
        => OfBook::mean(book_shape::microprice),
        "mean (w - m) / m over the snapshots, w = (b qa + a qb) / (qa + qb)",
        "Gatheral and Oomen 2010, Zero-intelligence realized variance estimation";
    StoikovMicroprice "stoikov_microprice" [BookStream] recursive 24, "basis points"
        => StoikovMicroprice::new(24),
        "(P - m) / m at the end, P the microprice of a Markov chain over 10 classes of qb / (qa + qb), seen from snapshot to snapshot and in the mirror since the stretch began: 6 terms of G + B G + B^2 G + ..., G = (1 - Q)^-1 K, B = (1 - Q)^-1 R, counts over the class's count + 1",
        "Stoikov 2018, The micro-price, with one class of spreads";
    BookImbalanceTop1 "book_imbalance_top1" [BookStream] window 0, "-1 to 1"
        => OfBook::end(|book, _| book_shape::imbalance(book, 1)),
        "(qb - qa) / (qb + qa) at the end", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop2 "book_imbalance_top2" [BookStream] window 0, "-1 to 1"
        => OfBook::end(|book, _| book_shape::imbalance(book, 2)),
        "(sum qb - sum qa) / (sum qb + sum qa) of 2 levels at the end", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop3 "book_imbalance_top3" [BookStream] window 0, "-1 to 1"
        => OfBook::end(|book, _| book_shape::imbalance(book, 3)),
        "(sum qb - sum qa) / (sum qb + sum qa) of 3 levels at the end", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop5 "book_imbalance_top5" [BookStream] window 0, "-1 to 1"
        => OfBook::end(|book, _| book_shape::imbalance(book, 5)),
        "(sum qb - sum qa) / (sum qb + sum qa) of 5 levels at the end", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop10 "book_imbalance_top10" [BookStream] window 0, "-1 to 1"
        => OfBook::end(|book, _| book_shape::imbalance(book, 10)),
        "(sum qb - sum qa) / (sum qb + sum qa) of 10 levels at the end", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop20 "book_imbalance_top20" [BookStream] window 0, "-1 to 1"
        => OfBook::end(|book, _| book_shape::imbalance(book, 20)),
        "(sum qb - sum qa) / (sum qb + sum qa) of 20 levels at the end", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop1Mean "book_imbalance_top1_mean" [BookStream] window 0, "-1 to 1"
        => OfBook::mean(|book, _| book_shape::imbalance(book, 1)),
        "mean book_imbalance_top1 over the snapshots", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop2Mean "book_imbalance_top2_mean" [BookStream] window 0, "-1 to 1"
        => OfBook::mean(|book, _| book_shape::imbalance(book, 2)),
        "mean book_imbalance_top2 over the snapshots", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop3Mean "book_imbalance_top3_mean" [BookStream] window 0, "-1 to 1"
        => OfBook::mean(|book, _| book_shape::imbalance(book, 3)),
        "mean book_imbalance_top3 over the snapshots", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop5Mean "book_imbalance_top5_mean" [BookStream] window 0, "-1 to 1"
        => OfBook::mean(|book, _| book_shape::imbalance(book, 5)),
        "mean book_imbalance_top5 over the snapshots", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop10Mean "book_imbalance_top10_mean" [BookStream] window 0, "-1 to 1"
        => OfBook::mean(|book, _| book_shape::imbalance(book, 10)),
        "mean book_imbalance_top10 over the snapshots", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookImbalanceTop20Mean "book_imbalance_top20_mean" [BookStream] window 0, "-1 to 1"
        => OfBook::mean(|book, _| book_shape::imbalance(book, 20)),
        "mean book_imbalance_top20 over the snapshots", "Cartea, Donnelly and Jaimungal 2018, Enhancing trading strategies with order book signals";
    BookFlowLevel1 "book_flow_level1" [BookStream] window 1, "mean level amounts" => BookFlow::level(1),
        "sum e / D, e = qb(b >= b') - qb'(b <= b') - qa(a <= a') + qa'(a >= a') of level 1 from snapshot to snapshot, D mean amount of a level among the best 10 of both sides; 0 without a snapshot",
        "Cont, Kukanov and Stoikov 2014, The price impact of order book events; D: Cont, Cucuringu and Zhang 2023";
    BookFlowLevel2 "book_flow_level2" [BookStream] window 1, "mean level amounts" => BookFlow::level(2),
        "as book_flow_level1, of level 2", "Xu, Gould and Howison 2019, Multi-level order-flow imbalance";
    BookFlowLevel3 "book_flow_level3" [BookStream] window 1, "mean level amounts" => BookFlow::level(3),
        "as book_flow_level1, of level 3", "Xu, Gould and Howison 2019, Multi-level order-flow imbalance";
    BookFlowLevel4 "book_flow_level4" [BookStream] window 1, "mean level amounts" => BookFlow::level(4),
        "as book_flow_level1, of level 4", "Xu, Gould and Howison 2019, Multi-level order-flow imbalance";
    BookFlowLevel5 "book_flow_level5" [BookStream] window 1, "mean level amounts" => BookFlow::level(5),
        "as book_flow_level1, of level 5", "Xu, Gould and Howison 2019, Multi-level order-flow imbalance";
    BookFlowLevel6 "book_flow_level6" [BookStream] window 1, "mean level amounts" => BookFlow::level(6),
        "as book_flow_level1, of level 6", "Xu, Gould and Howison 2019, Multi-level order-flow imbalance";
    BookFlowLevel7 "book_flow_level7" [BookStream] window 1, "mean level amounts" => BookFlow::level(7),
        "as book_flow_level1, of level 7", "Xu, Gould and Howison 2019, Multi-level order-flow imbalance";
    BookFlowLevel8 "book_flow_level8" [BookStream] window 1, "mean level amounts" => BookFlow::level(8),
        "as book_flow_level1, of level 8", "Xu, Gould and Howison 2019, Multi-level order-flow imbalance";
    BookFlowLevel9 "book_flow_level9" [BookStream] window 1, "mean level amounts" => BookFlow::level(9),
        "as book_flow_level1, of level 9", "Xu, Gould and Howison 2019, Multi-level order-flow imbalance";
    BookFlowLevel10 "book_flow_level10" [BookStream] window 1, "mean level amounts" => BookFlow::level(10),
        "as book_flow_level1, of level 10", "Xu, Gould and Howison 2019, Multi-level order-flow imbalance";
    BookFlowTop5 "book_flow_top5" [BookStream] window 1, "mean level amounts" => BookFlow::top(5, 1),
        "sum of book_flow_level1 to 5", "Kolm, Turiel and Westray 2023, Deep order flow imbalance";
    BookFlowTop10 "book_flow_top10" [BookStream] window 1, "mean level amounts" => BookFlow::top(10, 1),
        "sum of book_flow_level1 to 10", "Kolm, Turiel and Westray 2023, Deep order flow imbalance";
    BookFlowTop5x12 "book_flow_top5_12" [BookStream] window 12, "mean level amounts"
        => BookFlow::top(5, 12),
        "sum of book_flow_top5 over 12 candles", "Kolm, Turiel and Westray 2023, Deep order flow imbalance";
    BidSlope "bid_slope" [BookStream] window 0, "share a basis point"
        => OfBook::end(|book, touch| book_shape::depth_slope(&book.bids, touch)),
        "least-squares slope of the share of the best 10 bids' amount at a level or better on its distance from m; 0 with one level",
        "Næs and Skjeltorp 2006, Order book characteristics and the volume-volatility relation";
    AskSlope "ask_slope" [BookStream] window 0, "share a basis point"
        => OfBook::end(|book, touch| book_shape::depth_slope(&book.asks, touch)),
        "least-squares slope of the share of the best 10 asks' amount at a level or better on its distance from m; 0 with one level",
        "Næs and Skjeltorp 2006, Order book characteristics and the volume-volatility relation";
    NearDepth5bp24 "near_depth_5bp_24" [BookStream] window 23, "ratio"
        => AmongLast::ratio(24, |book, touch| book_shape::near_depth(book, touch, 5.0)),
        "X / mean X over 24 candles, X the amount within 5 basis points of m at the end, as far as the snapshot goes; 1 when all X are 0", "definition";
    NearDepth10bp24 "near_depth_10bp_24" [BookStream] window 23, "ratio"
        => AmongLast::ratio(24, |book, touch| book_shape::near_depth(book, touch, 10.0)),
        "X / mean X over 24 candles, X the amount within 10 basis points of m at the end, as far as the snapshot goes; 1 when all X are 0", "definition";
    NearDepth25bp24 "near_depth_25bp_24" [BookStream] window 23, "ratio"
        => AmongLast::ratio(24, |book, touch| book_shape::near_depth(book, touch, 25.0)),
        "X / mean X over 24 candles, X the amount within 25 basis points of m at the end, as far as the snapshot goes; 1 when all X are 0", "definition";
    NearImbalance5bp "near_imbalance_5bp" [BookStream] window 0, "-1 to 1"
        => OfBook::end(|book, touch| book_shape::near_imbalance(book, touch, 5.0)),
        "amount bid less asked over both within 5 basis points of m at the end; 0 when there is none", "definition";
    NearImbalance10bp "near_imbalance_10bp" [BookStream] window 0, "-1 to 1"
        => OfBook::end(|book, touch| book_shape::near_imbalance(book, touch, 10.0)),
        "amount bid less asked over both within 10 basis points of m at the end; 0 when there is none", "definition";
    NearImbalance25bp "near_imbalance_25bp" [BookStream] window 0, "-1 to 1"
        => OfBook::end(|book, touch| book_shape::near_imbalance(book, touch, 25.0)),
        "amount bid less asked over both within 25 basis points of m at the end; 0 when there is none", "definition";
    BookPressure "book_pressure" [BookStream] window 0, "-1 to 1" => OfBook::end(book_shape::pressure),
        "(sum qb / |p - m| - sum qa / |p - m|) / both together, of 10 levels at the end", "definition";
    BidQueueChange "bid_queue_change" [BookStream] window 1, "mean amounts" => TouchChange::bid_queue(),
        "sum (qb - qb') from snapshot to snapshot where b = b', over mean qb; 0 without a snapshot", "Cont, Stoikov and Talreja 2010, A stochastic model for order book dynamics";
    AskQueueChange "ask_queue_change" [BookStream] window 1, "mean amounts" => TouchChange::ask_queue(),
        "sum (qa - qa') from snapshot to snapshot where a = a', over mean qa; 0 without a snapshot", "Cont, Stoikov and Talreja 2010, A stochastic model for order book dynamics";
    QuoteChanges "quote_changes" [BookStream] window 1, "0 to 1" => TouchChange::quotes(),
        "share of the snapshots with another b or a than the one before; 0 without a snapshot", "definition";
    MidReturn "mid_return" [BookStream] window 1, "log return" => TouchChange::mid_return(),
        "ln(m / m that stood when the candle opened)", "definition";
    MidVolatility "mid_volatility" [BookStream] window 1, "log return" => TouchChange::mid_volatility(),
        "sqrt(sum ln(m / m')^2) from snapshot to snapshot", "Andersen, Bollerslev, Diebold and Labys 2003, Modeling and forecasting realized volatility";
}
Trades {
    TradeImbalance1 "trade_imbalance_1" [TradeStream] window 0, "-1 to 1"
        => SignedShare::of_volume(1),
        "sum s q / sum q; 0 without trades", "Chordia, Roll and Subrahmanyam 2002, Order imbalance";
    TradeCountImbalance1 "trade_count_imbalance_1" [TradeStream] window 0, "-1 to 1"
        => SignedShare::of_count(1),
        "mean s; 0 without trades", "Chordia, Roll and Subrahmanyam 2002, Order imbalance";
    VolumeDelta6 "volume_delta_6" [TradeStream] window 5, "-1 to 1" => SignedShare::of_volume(6),
        "sum s q / sum q over 6 candles; 0 without trades", "cumulative volume delta, as a share";
    VolumeDelta24 "volume_delta_24" [TradeStream] window 23, "-1 to 1" => SignedShare::of_volume(24),
        "sum s q / sum q over 24 candles; 0 without trades", "cumulative volume delta, as a share";
    DeltaDivergence6 "delta_divergence_6" [Close TradeStream] window 6, "-2 to 2"
        => DeltaDivergence::new(6),
        "sum s q / sum q - sum r / sum |r| over 6 candles; a ratio without volume or move is 0", "divergence of cumulative volume delta and price";
    DeltaDivergence24 "delta_divergence_24" [Close TradeStream] window 24, "-2 to 2"
        => DeltaDivergence::new(24),
        "sum s q / sum q - sum r / sum |r| over 24 candles; a ratio without volume or move is 0", "divergence of cumulative volume delta and price";
    LargestTrade1 "largest_trade_1" [TradeStream] window 0, "0 to 1"
        => OfSizes::new(trade_flow::largest_share),
        "max q / sum q; 0 without trades", "definition";
    TradeConcentration1 "trade_concentration_1" [TradeStream] window 0, "0 to 1"
        => OfSizes::new(trade_flow::concentration),
        "sum (q / sum q)^2; 0 without trades", "Herfindahl-Hirschman index";
    LargeTradeImbalance1 "large_trade_imbalance_1" [TradeStream] window 0, "-1 to 1"
        => OfSizes::new(trade_flow::large_imbalance),
        "sum s q / sum q of the trades with q > mean q; 0 when there is none", "definition";
    LongestRun1 "longest_run_1" [TradeStream] window 0, "0 to 1"
        => OfSizes::new(trade_flow::longest_run),
        "most trades in a row with one s, over all trades; 0 without trades", "definition";
    SignAutocorrelation1 "sign_autocorrelation_1" [TradeStream] window 0, "-1 to 1"
        => OfSizes::new(|signed| trade_flow::sign_autocorrelation(signed, 1)),
        "sum (s - k)(s[-1] - k) / sum (s - k)^2, k = mean s, from trade to trade; 0 when the s are equal",
        "Lillo and Farmer 2004, The long memory of the efficient market";
    SignAutocorrelationLag5 "sign_autocorrelation_lag5_1" [TradeStream] window 0, "-1 to 1"
        => OfSizes::new(|signed| trade_flow::sign_autocorrelation(signed, 5)),
        "sum (s - k)(s[-5] - k) / sum (s - k)^2, k = mean s, [-5] five trades before; 0 when the s are equal",
        "Lillo and Farmer 2004, The long memory of the efficient market";
    PointOfControl1 "point_of_control_1" [TradeStream] window 0, "-1 to 1"
        => OfFootprint::new(footprint::control_distance),
        "(last p - middle of the row with most volume) / (max p - min p), 20 rows of equal height between min p and max p; 0 when they are equal",
        "Steidlmayer and Hawkins 2003, Steidlmayer on Markets (market profile)";
    PointOfControlDelta1 "point_of_control_delta_1" [TradeStream] window 0, "-1 to 1"
        => OfFootprint::new(footprint::control_delta),
        "sum s q / sum q of the row with most volume; 0 without trades", "volume footprint";
    ValueAreaWidth1 "value_area_width_1" [TradeStream] window 0, "0 to 1"
        => OfFootprint::new(footprint::value_area_width),
        "share of the 20 rows in the value area, grown from the row with most volume to the larger neighbour until it holds 70%; 0 when max p = min p",
        "Steidlmayer and Hawkins 2003, Steidlmayer on Markets (market profile)";
    ValueAreaDistance1 "value_area_distance_1" [TradeStream] window 0, "-1 to 1"
        => OfFootprint::new(footprint::value_area_distance),
        "(last p - middle of the value area) / (max p - min p); 0 when they are equal",
        "Steidlmayer and Hawkins 2003, Steidlmayer on Markets (market profile)";
    StackedImbalances1 "stacked_imbalances_1" [TradeStream] window 0, "-1 to 1"
        => OfFootprint::new(footprint::stacked_imbalances),
        "share of the 20 rows in stacks of 3 and more where 3 times was bought what was sold one row below, less those where 3 times was sold what was bought one row above",
        "volume footprint";
    TradeLambda1 "trade_lambda_1" [TradeStream] window 0, "basis points"
        => OfTrades::new(trade_impact::lambda),
        "least-squares slope of ln(p / p[-1]) on s q from trade to trade, times mean q; 0 when s q does not vary",
        "Kyle 1985, Continuous auctions and insider trading";
    TradeHasbrouck24 "trade_hasbrouck_24" [Close TradeStream] window 24, "log return"
        => HasbrouckLambda::new(24),
        "least-squares slope of r on X = sum s sqrt(p q), times mean |X|, over 24 candles; 0 when X does not vary",
        "Hasbrouck 2009, Trading costs and returns for US equities";
    Vpin24x50 "vpin_24_50" [TradeStream] window 23, "0 to 1" => Vpin::new(24, 50),
        "sum |bought - sold| over 50 buckets / sum q, the trades of 24 candles cut into buckets of equal volume; 0 without trades",
        "Easley, López de Prado and O'Hara 2012, Flow toxicity and liquidity in a high-frequency world";
    ArrivalRatio6x24 "arrival_ratio_6_24" [TradeStream] window 23, "ratio" => ArrivalRatio::new(6, 24),
        "mean number of trades over 6 candles / over 24; 1 without trades", "definition";
    HawkesRatio1x24 "hawkes_ratio_1_24" [TradeStream] recursive 24, "ratio" => HawkesRatio::new(1, 24),
        "F(1) / F(24) at the end, F(h) = sum 2^(-age / h) / (h (1 - 2^(-k / h))) over the trades since the stretch's second candle, ages in candles, k candles since; 1 without trades",
        "Hawkes 1971, Spectra of some self-exciting and mutually exciting point processes";
    Burstiness1 "burstiness_1" [TradeStream] window 0, "-1 to 1" => Burstiness::default(),
        "(d - w) / (d + w), w mean and d standard deviation of the waits between trades; 0 with less than 3 trades or when all come at once",
        "Goh and Barabási 2008, Burstiness and memory in complex systems";
    TradeVolatility1 "trade_volatility_1" [TradeStream] window 0, "log return"
        => OfTrades::new(trade_impact::volatility),
        "sqrt(sum ln(p / p[-1])^2) from trade to trade; 0 with less than 2 trades",
        "Andersen, Bollerslev, Diebold and Labys 2003, Modeling and forecasting realized volatility";
    RollSpread1 "roll_spread_1" [TradeStream] window 0, "basis points"
        => OfTrades::new(trade_impact::roll_spread),
        "2 sqrt(-c), c the covariance of ln(p / p[-1]) with the next one from trade to trade; 0 when c is not below 0 or with less than 3 trades",
        "Roll 1984, A simple implicit measure of the effective bid-ask spread";
    EffectiveSpread1 "effective_spread_1" [BookStream TradeStream] window 1, "basis points"
        => TradeCost::new(Cost::Effective),
        "sum q 2 s (p - m) / m / sum q, m of the book that stood at the trade; 0 without trades",
        "Huang and Stoll 1996, Dealer versus auction markets";
    PriceImpact1 "price_impact_1" [BookStream TradeStream] window 1, "basis points"
        => TradeCost::new(Cost::Impact),
        "sum q 2 s (M - m) / m / sum q, m of the book that stood at the trade, M at the end; 0 without trades",
        "Huang and Stoll 1996, Dealer versus auction markets";
    RealizedSpread1 "realized_spread_1" [BookStream TradeStream] window 1, "basis points"
        => TradeCost::new(Cost::Realized),
        "sum q 2 s (p - M) / m / sum q, m of the book that stood at the trade, M at the end; 0 without trades",
        "Huang and Stoll 1996, Dealer versus auction markets";
}
    } };
}
