//! Realised volatility, and the causal volatilities that scale thresholds and barriers.

use super::LogReturns;
use super::path::Path;
use crate::market::CandleSeries;

/// Volatilities below a tenth of a basis point count as this much wherever a logarithm or a ratio
/// is taken: a market that did not trade has volatility 0, whose logarithm does not exist.
pub const VOLATILITY_FLOOR: f32 = 1e-5;

/// Natural logarithm of a volatility, floored at [`VOLATILITY_FLOOR`].
#[must_use]
pub fn log_volatility(volatility: f32) -> f32 {
    volatility.max(VOLATILITY_FLOOR).ln()
}

/// Realised volatility over the candles behind `from` up to `to`: square root of the sum of their
/// squared one-candle log returns, not annualised (Andersen, Bollerslev, Diebold and Labys 2003);
/// `None` as for [`LogReturns::between`].
#[must_use]
pub fn realised_volatility(returns: &LogReturns, from: usize, to: usize) -> Option<f64> {
    let steps = returns.stretch(from, to)?;
    Some(steps.iter().flatten().map(|step| step * step).sum::<f64>().sqrt())
}

/// Volatility per candle as known at each candle's close: the root of the exponentially weighted
/// mean of squared one-candle log returns, weights `(1 - 2 / (span + 1))^age` normalised to sum 1
/// (J.P. Morgan, Risk Metrics technical document, 1996; pandas `ewm(span=span, adjust=True)`).
///
/// `steps` are [`LogReturns::steps`]: a candle behind a gap adds nothing and the last value stays.
/// `None` until the first return.
#[must_use]
pub fn ewma_volatility(steps: &[Option<f64>], span: u32) -> Vec<Option<f64>> {
    let keep = 1.0 - 2.0 / (f64::from(span.max(1)) + 1.0);
    let (mut sum, mut weight) = (0.0, 0.0);
    let mut last = None;
    steps
        .iter()
        .map(|step| {
            if let Some(r) = step {
                sum = sum * keep + r * r;
                weight = weight * keep + 1.0;
                last = Some((sum / weight).sqrt());
            }
            last
        })
        .collect()
}

/// Volatility per candle as known at each candle's close, from open, high, low and close of the
/// last `lookback` candles (Yang and Zhang 2000, eq. 7 to 9): `sqrt(Vo + k Vc + (1 - k) Vrs)` with
/// `k = 0.34 / (1.34 + (n + 1) / (n - 1))`, the sample variances Vo of `ln(O / C[-1])` and Vc of
/// `ln(C / O)`, and the mean Vrs of Rogers' and Satchell's `ln(H/C) ln(H/O) + ln(L/C) ln(L/O)`.
///
/// `None` until there are `lookback + 1` candles without a gap, and for a lookback below 2.
#[must_use]
pub fn yang_zhang_volatility(series: &CandleSeries, lookback: u32) -> Vec<Option<f64>> {
    let path = Path::of(series);
    (0..path.len()).map(|index| yang_zhang(&path, index, lookback as usize)).collect()
}

pub(super) fn yang_zhang(path: &Path, index: usize, lookback: usize) -> Option<f64> {
    if lookback < 2 {
        return None;
    }
    let close = path.close();
    let candles = path.last(index, lookback + 1)?.skip(1);
    let jumps = sample_variance(candles.clone().map(|at| path.open[at] - close[at - 1]));
    let bodies = sample_variance(candles.clone().map(|at| close[at] - path.open[at]));
    let rogers_satchell = candles
        .map(|at| {
            let (open, high, low, close) = (path.open[at], path.high[at], path.low[at], close[at]);
            (high - close) * (high - open) + (low - close) * (low - open)
        })
        .sum::<f64>()
        / lookback as f64;
    let n = lookback as f64;
    let k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0));
    let variance = jumps + k * bodies + (1.0 - k) * rogers_satchell.max(0.0);
    variance.is_finite().then(|| variance.sqrt())
}

/// Sum of squared deviations from the mean over one less than the number of values.
fn sample_variance(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    values.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ewma_is_that_of_pandas() {
        // import numpy as np, pandas as pd
        // r = pd.Series([0.01, -0.02, 0.0, 0.005, -0.03])
        // np.sqrt((r**2).ewm(span=4, adjust=True).mean()).tolist()
        let expected = [
            0.01,
            0.016_955_824_957_813_17,
            0.011_866_605_518_454_393,
            0.009_359_055_067_938_53,
            0.020_975_101_726_471_04,
        ];
        let steps = [0.01, -0.02, 0.0, 0.005, -0.03].map(Some);
        for (value, expected) in ewma_volatility(&steps, 4).into_iter().zip(expected) {
            assert!((value.unwrap() - expected).abs() < 1e-15, "{value:?} is not {expected}");
        }
    }

    #[test]
    fn a_gap_keeps_the_last_value() {
        let values = ewma_volatility(&[None, Some(0.02), None, Some(0.0)], 3);
        assert_eq!(values[0], None);
        assert_eq!(values[1], Some(0.02));
        assert_eq!(values[2], Some(0.02));
        assert!(values[3].unwrap() < 0.02);
    }

    #[test]
    fn a_market_that_stands_still_has_a_logarithm() {
        assert_eq!(log_volatility(0.0), VOLATILITY_FLOOR.ln());
    }
}
