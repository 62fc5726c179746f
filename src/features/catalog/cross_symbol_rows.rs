//! Rows of the catalogue: what a candle says beside a peer's.

/// The group's rows, given on behind those before them.
macro_rules! cross_symbol_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
CrossSymbol {
    Correlation12 "correlation_12" [Close Peer] window 12, "-1 to 1"
        => OfPair::returns(12, cross_symbol::pair_correlation),
        "correlation of r and p; 0 when one of them does not vary",
        "Pearson correlation";
    Correlation24 "correlation_24" [Close Peer] window 24, "-1 to 1"
        => OfPair::returns(24, cross_symbol::pair_correlation),
        "correlation of r and p; 0 when one of them does not vary",
        "Pearson correlation";
    Correlation48 "correlation_48" [Close Peer] window 48, "-1 to 1"
        => OfPair::returns(48, cross_symbol::pair_correlation),
        "correlation of r and p; 0 when one of them does not vary",
        "Pearson correlation";
    Correlation96 "correlation_96" [Close Peer] window 96, "-1 to 1"
        => OfPair::returns(96, cross_symbol::pair_correlation),
        "correlation of r and p; 0 when one of them does not vary",
        "Pearson correlation";
    Beta24 "beta_24" [Close Peer] window 24, "ratio"
        => OfPair::returns(24, cross_symbol::beta),
        "cov(r, p) / var p; 0 when the p are equal",
        "Sharpe 1963, A simplified model for portfolio analysis";
    Beta48 "beta_48" [Close Peer] window 48, "ratio"
        => OfPair::returns(48, cross_symbol::beta),
        "cov(r, p) / var p; 0 when the p are equal",
        "Sharpe 1963, A simplified model for portfolio analysis";
    Beta96 "beta_96" [Close Peer] window 96, "ratio"
        => OfPair::returns(96, cross_symbol::beta),
        "cov(r, p) / var p; 0 when the p are equal",
        "Sharpe 1963, A simplified model for portfolio analysis";
    ResidualReturn24 "residual_return_24" [Close Peer] window 24, "log return"
        => OfPair::returns(24, cross_symbol::residual_return),
        "r - beta p, beta = cov(r, p) / var p; r when the p are equal",
        "Sharpe 1963, A simplified model for portfolio analysis";
    ResidualReturn48 "residual_return_48" [Close Peer] window 48, "log return"
        => OfPair::returns(48, cross_symbol::residual_return),
        "r - beta p, beta = cov(r, p) / var p; r when the p are equal",
        "Sharpe 1963, A simplified model for portfolio analysis";
    ResidualReturn96 "residual_return_96" [Close Peer] window 96, "log return"
        => OfPair::returns(96, cross_symbol::residual_return),
        "r - beta p, beta = cov(r, p) / var p; r when the p are equal",
        "Sharpe 1963, A simplified model for portfolio analysis";
    ResidualMomentum48 "residual_momentum_48" [Close Peer] window 48, "log return"
        => OfPair::returns(48, cross_symbol::residual_momentum),
        "sum r - beta sum p, beta = cov(r, p) / var p; sum r when the p are equal",
        "Blitz, Huij and Martens 2011, Residual momentum";
    ResidualVolatility24 "residual_volatility_24" [Close Peer] window 24, "log return a candle"
        => OfPair::returns(24, cross_symbol::residual_volatility),
        "sample standard deviation of r - beta p, beta = cov(r, p) / var p",
        "Ang, Hodrick, Xing and Zhang 2006, The cross-section of volatility and expected returns";
    ResidualVolatility96 "residual_volatility_96" [Close Peer] window 96, "log return a candle"
        => OfPair::returns(96, cross_symbol::residual_volatility),
        "sample standard deviation of r - beta p, beta = cov(r, p) / var p",
        "Ang, Hodrick, Xing and Zhang 2006, The cross-section of volatility and expected returns";
    DownsideBeta48 "downside_beta_48" [Close Peer] window 48, "ratio"
        => OfPair::returns(48, cross_symbol::downside_beta),
        "cov(r, p) / var p over the candles with p < mean p; 0 when these p are equal",
        "Bawa and Lindenberg 1977; Ang, Chen and Xing 2006, Downside risk";
    DownsideBeta96 "downside_beta_96" [Close Peer] window 96, "ratio"
        => OfPair::returns(96, cross_symbol::downside_beta),
        "cov(r, p) / var p over the candles with p < mean p; 0 when these p are equal",
        "Bawa and Lindenberg 1977; Ang, Chen and Xing 2006, Downside risk";
    RelativeStrength1 "relative_strength_1" [Close Peer] window 1, "log return"
        => OfPair::new(Reading::LogCloses, 2, cross_symbol::relative_strength),
        "ln(C / C[-1]) - ln(P / P[-1])",
        "Levy 1967, Relative strength as a criterion for investment selection";
    RelativeStrength6 "relative_strength_6" [Close Peer] window 6, "log return"
        => OfPair::new(Reading::LogCloses, 7, cross_symbol::relative_strength),
        "ln(C / C[-6]) - ln(P / P[-6])",
        "Levy 1967, Relative strength as a criterion for investment selection";
    RelativeStrength24 "relative_strength_24" [Close Peer] window 24, "log return"
        => OfPair::new(Reading::LogCloses, 25, cross_symbol::relative_strength),
        "ln(C / C[-24]) - ln(P / P[-24])",
        "Levy 1967, Relative strength as a criterion for investment selection";
    RelativeStrength96 "relative_strength_96" [Close Peer] window 96, "log return"
        => OfPair::new(Reading::LogCloses, 97, cross_symbol::relative_strength),
        "ln(C / C[-96]) - ln(P / P[-96])",
        "Levy 1967, Relative strength as a criterion for investment selection";
    LeadCorrelation24 "lead_correlation_24" [Close Peer] window 25, "-1 to 1"
        => OfPair::new(Reading::PeerReturnBefore, 24, cross_symbol::pair_correlation),
        "correlation of r and p[-1]; 0 when one of them does not vary",
        "Lo and MacKinlay 1990, When are contrarian profits due to stock market overreaction?";
    LeadCorrelation48 "lead_correlation_48" [Close Peer] window 49, "-1 to 1"
        => OfPair::new(Reading::PeerReturnBefore, 48, cross_symbol::pair_correlation),
        "correlation of r and p[-1]; 0 when one of them does not vary",
        "Lo and MacKinlay 1990, When are contrarian profits due to stock market overreaction?";
    LeadCorrelation96 "lead_correlation_96" [Close Peer] window 97, "-1 to 1"
        => OfPair::new(Reading::PeerReturnBefore, 96, cross_symbol::pair_correlation),
        "correlation of r and p[-1]; 0 when one of them does not vary",
        "Lo and MacKinlay 1990, When are contrarian profits due to stock market overreaction?";
    FollowCorrelation48 "follow_correlation_48" [Close Peer] window 49, "-1 to 1"
        => OfPair::new(Reading::OwnReturnBefore, 48, cross_symbol::pair_correlation),
        "correlation of r[-1] and p; 0 when one of them does not vary",
        "Lo and MacKinlay 1990, When are contrarian profits due to stock market overreaction?";
    LogRatioZ24 "log_ratio_z_24" [Close Peer] window 23, "standard deviations"
        => OfPair::new(Reading::LogCloses, 24, cross_symbol::log_ratio_z),
        "(X - mean X) / std X, X = ln(C / P); 0 when std X is below 1e-12",
        "Gatev, Goetzmann and Rouwenhorst 2006, Pairs trading";
    LogRatioZ48 "log_ratio_z_48" [Close Peer] window 47, "standard deviations"
        => OfPair::new(Reading::LogCloses, 48, cross_symbol::log_ratio_z),
        "(X - mean X) / std X, X = ln(C / P); 0 when std X is below 1e-12",
        "Gatev, Goetzmann and Rouwenhorst 2006, Pairs trading";
    LogRatioZ96 "log_ratio_z_96" [Close Peer] window 95, "standard deviations"
        => OfPair::new(Reading::LogCloses, 96, cross_symbol::log_ratio_z),
        "(X - mean X) / std X, X = ln(C / P); 0 when std X is below 1e-12",
        "Gatev, Goetzmann and Rouwenhorst 2006, Pairs trading";
    CointegrationZ48 "cointegration_z_48" [Close Peer] window 47, "standard deviations"
        => OfPair::new(Reading::LogCloses, 48, cross_symbol::cointegration_z),
        "e / sqrt(mean e^2), e the residuals of the least-squares line of ln C on ln P; 0 when the root is below 1e-12",
        "Engle and Granger 1987, Co-integration and error correction";
    CointegrationZ96 "cointegration_z_96" [Close Peer] window 95, "standard deviations"
        => OfPair::new(Reading::LogCloses, 96, cross_symbol::cointegration_z),
        "e / sqrt(mean e^2), e the residuals of the least-squares line of ln C on ln P; 0 when the root is below 1e-12",
        "Engle and Granger 1987, Co-integration and error correction";
    SpreadVolatility24 "spread_volatility_24" [Close Peer] window 24, "log return a candle"
        => OfPair::returns(24, cross_symbol::spread_volatility),
        "sample standard deviation of r - p",
        "tracking error";
    SpreadVolatility96 "spread_volatility_96" [Close Peer] window 96, "log return a candle"
        => OfPair::returns(96, cross_symbol::spread_volatility),
        "sample standard deviation of r - p",
        "tracking error";
    PeerVolatilityRatio24 "peer_volatility_ratio_24" [Close Peer] window 24, "ratio"
        => OfPair::returns(24, cross_symbol::peer_volatility_ratio),
        "std r / std p; 1 when the p are equal",
        "definition";
    PeerVolatilityRatio96 "peer_volatility_ratio_96" [Close Peer] window 96, "ratio"
        => OfPair::returns(96, cross_symbol::peer_volatility_ratio),
        "std r / std p; 1 when the p are equal",
        "definition";
    RelativeVolumeGap24 "relative_volume_gap_24" [Volume Peer] window 23, "ratio"
        => OfPair::new(Reading::Volumes, 24, cross_symbol::relative_volume_gap),
        "V / mean V - PV / mean PV; a ratio is 1 when its mean is 0",
        "definition";
    RelativeVolumeGap96 "relative_volume_gap_96" [Volume Peer] window 95, "ratio"
        => OfPair::new(Reading::Volumes, 96, cross_symbol::relative_volume_gap),
        "V / mean V - PV / mean PV; a ratio is 1 when its mean is 0",
        "definition";
}
    } };
}
