//! Rows of the catalogue: fractional.

/// The group's rows, given on behind those before them.
macro_rules! fractional_rows {
    ($then:ident $($next:ident)*: $($before:tt)*) => { $then! { $($next)*: $($before)*
Fractional {
    Fractional66D30 "fractional_66_d30" [Close] window 65, "log price"
        => fractional::FractionalDifference::new(0.3),
        "sum w[k] ln C[-k], w[0] = 1, w[k] = -w[k-1] (d - k + 1) / k, d = 0.3, over the n weights before the first below 0.001",
        "Lopez de Prado 2018, Advances in Financial Machine Learning, chapter 5";
    Fractional55D40 "fractional_55_d40" [Close] window 54, "log price"
        => fractional::FractionalDifference::new(0.4),
        "sum w[k] ln C[-k], w[0] = 1, w[k] = -w[k-1] (d - k + 1) / k, d = 0.4, over the n weights before the first below 0.001",
        "Lopez de Prado 2018, Advances in Financial Machine Learning, chapter 5";
    Fractional44D50 "fractional_44_d50" [Close] window 43, "log price"
        => fractional::FractionalDifference::new(0.5),
        "sum w[k] ln C[-k], w[0] = 1, w[k] = -w[k-1] (d - k + 1) / k, d = 0.5, over the n weights before the first below 0.001",
        "Lopez de Prado 2018, Advances in Financial Machine Learning, chapter 5";
    Fractional34D60 "fractional_34_d60" [Close] window 33, "log price"
        => fractional::FractionalDifference::new(0.6),
        "sum w[k] ln C[-k], w[0] = 1, w[k] = -w[k-1] (d - k + 1) / k, d = 0.6, over the n weights before the first below 0.001",
        "Lopez de Prado 2018, Advances in Financial Machine Learning, chapter 5";
}
    } };
}
