//! Fractional differencing with a window of fixed width.

use crate::market::Candle;

use super::indicator::Indicator;
use super::rolling::Window;

/// Smallest weight that still counts.
const THRESHOLD: f64 = 1e-3;

/// Fractional difference of order d of the log close: `sum w[k] ln C[-k]`, `w[0] = 1`,
/// `w[k] = -w[k-1] (d - k + 1) / k`, over all k before the first weight smaller than 0.001.
///
/// For orders below 1 the weights sum to more than 0: something of the level is left, which is what
/// it is for. Source: Lopez de Prado 2018, Advances in Financial Machine Learning, chapter 5.
#[derive(Debug)]
pub(super) struct FractionalDifference {
    /// Of the oldest close first.
    weights: Vec<f64>,
    closes: Window,
}

impl FractionalDifference {
    pub(super) fn new(order: f64) -> Self {
        let mut weights = vec![1.0];
        let mut weight = 1.0_f64;
        for k in 1.. {
            weight *= -(order - f64::from(k) + 1.0) / f64::from(k);
            if weight.abs() < THRESHOLD {
                break;
            }
            weights.push(weight);
        }
        weights.reverse();
        Self { closes: Window::new(weights.len()), weights }
    }
}

impl Indicator for FractionalDifference {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let full = self.closes.push(candle.close.ln());
        full.then(|| self.weights.iter().zip(self.closes.iter()).map(|(w, x)| w * x).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The difference of order 1 is the log return.
    #[test]
    fn order_1_is_the_return() {
        assert_eq!(FractionalDifference::new(1.0).weights, [-1.0, 1.0]);
        for (order, width) in [(0.3, 66), (0.4, 55), (0.5, 44), (0.6, 34)] {
            assert_eq!(FractionalDifference::new(order).weights.len(), width, "{order}");
        }
    }
}
