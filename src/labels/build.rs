//! Labels of a table's rows from their candles.

use super::columns::{Labels, Outcome};
use super::config::{LabelConfig, VolatilityConfig};
use super::error::LabelError;
use super::meta_label::outcome_of_acting;
use super::path::Path;
use super::primary::side_at;
use super::rule::DirectionRule;
use super::smoothed_mid::smoothed_move;
use super::spread::spread_at;
use super::trend_scanning::scan;
use super::triple_barrier::{Touch, Widths, first_touch};
use super::volatility::{ewma_volatility, realised_volatility, yang_zhang};
use crate::market::{CandleSeries, Span, Time};

/// Labels for the rows whose decision candles open at `decision_candles`, in their order.
///
/// # Errors
/// When the horizon is 0 or a decision candle is not in `base`.
pub fn build(
    config: &LabelConfig,
    base: &CandleSeries,
    decision_candles: &[i64],
) -> Result<Labels, LabelError> {
    if config.horizon == 0 {
        return Err(LabelError::NoHorizon);
    }
    let source = Source::of(config, base);
    let interval = base.interval().ms();
    let mut labels = Labels::empty(config.horizon, decision_candles.len());
    labels.instruments.push(base.instrument().clone());
    for (row, &open_time) in decision_candles.iter().enumerate() {
        let index = base.position(open_time).ok_or_else(|| LabelError::UnknownCandle {
            row,
            open_time: Time(open_time),
            candles: base.len(),
        })?;
        let scale = source.scale(index);
        let found = scale.and_then(|scale| source.outcome(index, scale));
        let ahead = found.map_or(config.horizon, |(ahead, _)| ahead);
        let start = open_time.saturating_add(interval);
        let span = Span { start, end: start }.extended(interval.saturating_mul(i64::from(ahead)));
        labels.push(span, scale, found.map(|(_, outcome)| outcome));
    }
    Ok(labels)
}

/// What labels are made of.
struct Source<'a> {
    config: &'a LabelConfig,
    closes: &'a [f64],
    path: Path,
    /// The EWMA volatility, where it is asked for.
    ewma: Vec<Option<f64>>,
}

impl<'a> Source<'a> {
    fn of(config: &'a LabelConfig, base: &'a CandleSeries) -> Self {
        let path = Path::of(base);
        let ewma = match config.volatility {
            VolatilityConfig::Ewma {} => ewma_volatility(path.returns.steps(), config.scale_span),
            VolatilityConfig::YangZhang { .. } => Vec::new(),
        };
        Self { config, closes: base.close(), path, ewma }
    }

    /// Causal volatility per candle at the close of candle `index`.
    fn scale(&self, index: usize) -> Option<f64> {
        match self.config.volatility {
            VolatilityConfig::Ewma {} => self.ewma[index],
            VolatilityConfig::YangZhang { lookback } => {
                yang_zhang(&self.path, index, lookback as usize)
            }
        }
    }

    /// What came of a decision at the close of candle `index`, and how many candles later that was
    /// known.
    fn outcome(&self, index: usize, scale: f64) -> Option<(u32, Outcome)> {
        let horizon = self.config.horizon;
        let root = f64::from(horizon).sqrt();
        match self.config.direction {
            DirectionRule::Fixed { .. } | DirectionRule::Quantile { .. } => {
                self.at_horizon(index, None, 1.0)
            }
            DirectionRule::VolatilityScaled { .. } => {
                // The threshold is a multiple of what the column `scale` holds.
                self.at_horizon(index, None, f64::from(scale as f32) * root)
            }
            DirectionRule::CostAware(rule) => {
                let spread = spread_at(&self.path, index, &rule.spread)?;
                self.at_horizon(index, None, 2.0 * rule.fee_bps * 1e-4 + spread)
            }
            DirectionRule::SmoothedMid(rule) => {
                let count = horizon as usize;
                let change = smoothed_move(&self.path, self.closes, index, count, rule.against)?;
                self.at_horizon(index, Some(change), 1.0)
            }
            DirectionRule::TrendScanning(rule) => {
                let trend = scan(&self.path, index, rule.min_horizon, horizon)?;
                self.at_horizon(index, Some(trend.t), 1.0)
            }
            DirectionRule::TripleBarrier(barriers) => {
                let (up, down) = (barriers.upper * scale * root, barriers.lower * scale * root);
                let widths = Widths { up, down, worse: -1 };
                let touch = first_touch(&self.path, index, widths, &barriers, horizon as usize)?;
                self.at_touch(index, touch)
            }
            // Candles do not say what the data's own classes are.
            DirectionRule::Given {} => None,
            DirectionRule::Meta(rule) => {
                let side = side_at(&self.path, index, &rule.primary)?;
                let (width, ahead) = (scale * root, horizon as usize);
                let touch =
                    outcome_of_acting(&self.path, index, side, width, &rule.barriers, ahead)?;
                self.at_touch(index, touch)
            }
        }
    }

    /// An outcome at the horizon; without a score of its own it is the forward return.
    fn at_horizon(&self, index: usize, score: Option<f64>, unit: f64) -> Option<(u32, Outcome)> {
        let horizon = self.config.horizon;
        let (forward_return, volatility) = self.path.move_over(index, horizon as usize)?;
        let score = score.unwrap_or(forward_return);
        Some((horizon, Outcome { forward_return, volatility, score, unit }))
    }

    fn at_touch(&self, index: usize, touch: Touch) -> Option<(u32, Outcome)> {
        let volatility = realised_volatility(&self.path.returns, index, index + touch.ahead)?;
        let (forward_return, score) = (touch.log_return, f64::from(touch.side));
        Some((touch.ahead as u32, Outcome { forward_return, volatility, score, unit: 1.0 }))
    }
}

#[cfg(test)]
mod tests {
    use garde::Validate;

    use super::*;
    use crate::market::{Candle, Instrument, Interval, Market};

    const HOUR: i64 = 3_600_000;

    fn series(closes: &[(i64, f64)]) -> CandleSeries {
        let instrument = Instrument::new("simulated", Market::Spot, "TEST").unwrap();
        let mut series = CandleSeries::new(instrument, Interval::HOUR);
        for &(hour, close) in closes {
            let candle = Candle {
                open_time: hour * HOUR,
                open: close,
                high: close,
                low: close,
                close,
                volume: 1.0,
                quote_volume: None,
                trades: None,
                taker_buy_volume: None,
                taker_buy_quote_volume: None,
            };
            series.push(&candle).unwrap();
        }
        series
    }

    fn config(horizon: u32) -> LabelConfig {
        LabelConfig { horizon, ..LabelConfig::default() }
    }

    #[test]
    fn a_label_looks_ahead_by_its_span() {
        let series = series(&[(0, 100.0), (1, 110.0), (2, 99.0), (3, 99.0), (4, 120.0)]);
        let labels = build(&config(2), &series, &[HOUR, 2 * HOUR, 3 * HOUR]).unwrap();
        assert_eq!(labels.span[0], Span { start: 2 * HOUR, end: 4 * HOUR });
        assert_eq!(labels.known, [true, true, false]);
        // math.log(99 / 110) -> -0.10536051565782628, and the candle after it stands still.
        assert!((labels.forward_return[0] + 0.105_360_515).abs() < 1e-7);
        assert!((labels.volatility[0] - 0.105_360_515).abs() < 1e-7);
        // math.log(120 / 99) -> 0.19237189264745614
        assert!((labels.forward_return[1] - 0.192_371_9).abs() < 1e-7);
        assert!(labels.forward_return[2].is_nan() && labels.volatility[2].is_nan());
    }

    #[test]
    fn a_horizon_over_a_gap_is_not_known() {
        let series = series(&[(0, 1.0), (1, 1.1), (2, 1.2), (4, 1.3), (5, 1.4), (6, 1.5)]);
        let rows: Vec<i64> = [0, 1, 2, 4, 5, 6].map(|hour| hour * HOUR).to_vec();
        let labels = build(&config(1), &series, &rows).unwrap();
        assert_eq!(labels.known, [false, true, false, true, true, false]);
        let far = build(&config(10_000), &series, &rows).unwrap();
        assert_eq!(far.known, [false; 6]);
    }

    #[test]
    fn one_candle_and_constant_prices_do_not_panic() {
        let one = build(&config(1), &series(&[(0, 1.0)]), &[0]).unwrap();
        assert_eq!(one.known, [false]);
        let still: Vec<(i64, f64)> = (0..5).map(|hour| (hour, 7.0)).collect();
        let labels = build(&config(2), &series(&still), &[HOUR]).unwrap();
        assert_eq!((labels.forward_return[0], labels.volatility[0]), (0.0, 0.0));
        assert_eq!((labels.scale[0], labels.known[0]), (0.0, true));
        assert_eq!(build(&config(1), &series(&[]), &[]).unwrap().rows(), 0);
    }

    #[test]
    fn an_outcome_over_a_gap_of_the_ledger_is_forgotten() {
        let closes: Vec<(i64, f64)> = (0..10).map(|hour| (hour, 7.0 + hour as f64)).collect();
        let rows: Vec<i64> = (0..10).map(|hour| hour * HOUR).collect();
        let mut labels = build(&config(2), &series(&closes), &rows).unwrap();
        let before = labels.known.clone();
        labels.forget_over(&[Span { start: 5 * HOUR, end: 6 * HOUR }, Span { start: 0, end: 0 }]);
        // The label of row r spans hours [r + 1, r + 3): rows 3 and 4 look over hour 5.
        let after: Vec<bool> =
            before.iter().enumerate().map(|(row, &known)| known && row != 3 && row != 4).collect();
        assert_eq!(labels.known, after);
        assert!(labels.forward_return[3].is_nan() && labels.volatility[4].is_nan());
    }

    #[test]
    fn what_cannot_be_built_is_an_error() {
        let series = series(&[(0, 1.0), (1, 1.0)]);
        assert_eq!(build(&config(0), &series, &[]), Err(LabelError::NoHorizon));
        let unknown = build(&config(1), &series, &[5 * HOUR]).unwrap_err().to_string();
        assert!(unknown.contains("1970-01-01T05:00:00Z"), "{unknown}");
        assert!(config(0).validate().is_err());
    }

    #[test]
    fn pooled_labels_follow_one_another() {
        let series = series(&[(0, 1.0), (1, 1.1), (2, 1.2)]);
        let labels = build(&config(1), &series, &[HOUR]).unwrap();
        let pooled = Labels::pooled(&[labels.clone(), labels.clone()]);
        assert_eq!((pooled.rows(), pooled.horizon), (2, 1));
        assert_eq!(pooled.instrument, [0, 1]);
        assert_eq!(pooled.row_times()[1].decision, 2 * HOUR);
        assert_eq!(pooled.forward_return[1], labels.forward_return[0]);
    }
}
