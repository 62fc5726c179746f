//! Down, neutral or up, or two or five classes: the thresholds fitted from a fold's training rows.

use serde::{Deserialize, Serialize};

use super::rule::{DirectionRule, SmoothedMid, SmoothedThreshold};
use super::{LabelError, Labels};
use crate::folds::Fold;
use crate::forecast::Classes;
use crate::market::Instrument;

/// An instrument with fewer training rows than this takes the quantiles of all instruments' rows:
/// its own would be luck.
pub const FEWEST_ROWS: usize = 30;

/// A rule, and how many classes it makes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassRule<'a> {
    /// The rule.
    pub rule: &'a DirectionRule,
    /// Number of classes.
    pub classes: Classes,
    /// With five classes: how many times as far out the strong ones' thresholds lie, or with
    /// quantiles, the share of the rows beyond the inner one that the strong class leaves out.
    pub strong: f64,
}

impl<'a> From<&'a DirectionRule> for ClassRule<'a> {
    /// Three classes.
    fn from(rule: &'a DirectionRule) -> Self {
        Self { rule, classes: Classes::Three, strong: 2.0 }
    }
}

/// Thresholds between the classes, as fitted from a fold's training rows. Rows are classified by
/// their instrument's own, wherever and with whatever other instruments they are forecast.
///
/// Checkpoints of before per-instrument thresholds hold further fields, which say nothing that the
/// labels do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DirectionThresholds {
    /// The classes between which they lie.
    #[serde(default, skip_serializing_if = "is_three")]
    pub between: Classes,
    /// Below it is down, for an instrument that has no thresholds of its own. In multiples of
    /// [`Labels::unit`].
    pub lower: f64,
    /// Above it is up; with two classes, all others are down.
    pub upper: f64,
    /// Those of the strong classes; there with five classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<OuterThresholds>,
    /// Thresholds of single instruments; empty under rules that are the same for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instruments: Vec<InstrumentThresholds>,
}

/// Thresholds of one instrument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentThresholds {
    /// Whose they are.
    pub instrument: Instrument,
    /// Below it is down.
    pub lower: f64,
    /// Above it is up.
    pub upper: f64,
    /// Those of the strong classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer: Option<OuterThresholds>,
}

/// Thresholds of the strong classes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuterThresholds {
    /// Below it is a strong fall.
    pub lower: f64,
    /// Above it is a strong rise.
    pub upper: f64,
}

/// Scores between the classes.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    lower: f64,
    upper: f64,
    outer: Option<OuterThresholds>,
}

impl DirectionThresholds {
    /// Plus and minus `bound`, the same for every instrument, between three classes.
    #[must_use]
    pub fn symmetric(bound: f64) -> Self {
        let (between, outer) = (Classes::Three, None);
        Self { between, lower: -bound, upper: bound, outer, instruments: Vec::new() }
    }

    /// As [`Self::symmetric`]; with two classes 0, with five `strong` times as far out too.
    fn symmetric_between(rule: &ClassRule<'_>, bound: f64) -> Self {
        let (bound, outer) = match rule.classes {
            Classes::Two => (0.0, None),
            Classes::Three => (bound, None),
            Classes::Five => {
                let (lower, upper) = (-bound * rule.strong, bound * rule.strong);
                (bound, Some(OuterThresholds { lower, upper }))
            }
        };
        Self { between: rule.classes, outer, ..Self::symmetric(bound) }
    }

    /// The thresholds of a rule, quantiles taken over the fold's training rows (linear between the
    /// two nearest ranks, NumPy's default), for each instrument over its own and for an instrument
    /// with fewer than [`FEWEST_ROWS`] over all.
    ///
    /// With two classes both thresholds are the rule's centre: 0, or the quantile halfway between
    /// `lower` and `upper`. With five, the strong classes begin `strong` times as far out, or at the
    /// quantiles `lower / strong` and `1 - (1 - upper) / strong`.
    ///
    /// # Errors
    /// When a quantile is asked of no known training row, or a training row has no label.
    pub fn fit<'a>(
        rule: impl Into<ClassRule<'a>>,
        labels: &Labels,
        fold: &Fold,
    ) -> Result<Self, LabelError> {
        let rule = rule.into();
        let symmetric = |bound| Ok(Self::symmetric_between(&rule, bound));
        let levels = match *rule.rule {
            DirectionRule::Quantile { lower, upper }
            | DirectionRule::SmoothedMid(SmoothedMid {
                threshold: SmoothedThreshold::Quantile { lower, upper },
                ..
            }) => Levels::of(&rule, lower, upper),
            DirectionRule::Fixed { threshold: bound }
            | DirectionRule::VolatilityScaled { multiple: bound }
            | DirectionRule::SmoothedMid(SmoothedMid {
                threshold: SmoothedThreshold::Fixed { value: bound },
                ..
            }) => return symmetric(bound),
            DirectionRule::CostAware(rule) => return symmetric(rule.multiple),
            DirectionRule::TrendScanning(rule) => return symmetric(rule.t_threshold),
            // Their scores are classes already: -1, 0 and 1.
            DirectionRule::TripleBarrier(_) | DirectionRule::Meta(_) | DirectionRule::Given {} => {
                return symmetric(0.5);
            }
        };
        let mut scores = training_scores(labels, fold)?;
        let mut own = vec![Vec::new(); labels.instruments.len()];
        for &(instrument, score) in &scores {
            if let Some(own) = own.get_mut(usize::from(instrument)) {
                own.push(score);
            }
        }
        scores.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
        let all: Vec<f64> = scores.into_iter().map(|(_, score)| score).collect();
        let Bounds { lower, upper, outer } = levels
            .among(&all)
            .ok_or_else(|| LabelError::NoTrainingRow { fold: fold.name.clone() })?;
        let between = rule.classes;
        let mut fitted = Self { between, lower, upper, outer, instruments: Vec::new() };
        for (instrument, mut scores) in labels.instruments.iter().zip(own) {
            scores.sort_unstable_by(f64::total_cmp);
            let bounds = levels.among(&scores).filter(|_| scores.len() >= FEWEST_ROWS);
            if let Some(Bounds { lower, upper, outer }) = bounds {
                let instrument = instrument.clone();
                fitted.instruments.push(InstrumentThresholds { instrument, lower, upper, outer });
            }
        }
        Ok(fitted)
    }

    /// Class of a row, an index into [`Classes::names`]. A score on a threshold, or one that is not
    /// known, is of the class nearer to neutral; with two classes it is down.
    ///
    /// # Panics
    /// When `row` is not below [`Labels::rows`].
    #[must_use]
    pub fn class(&self, labels: &Labels, row: usize) -> u8 {
        let instrument = labels.instruments.get(usize::from(labels.instrument[row]));
        self.class_between(self.bounds(instrument), labels, row)
    }

    /// Lower and upper score between the inner classes of a row.
    ///
    /// # Panics
    /// When `row` is not below [`Labels::rows`].
    #[must_use]
    pub fn scores(&self, labels: &Labels, row: usize) -> (f64, f64) {
        let instrument = labels.instruments.get(usize::from(labels.instrument[row]));
        let Bounds { lower, upper, .. } = self.bounds(instrument);
        (lower * labels.unit[row], upper * labels.unit[row])
    }

    /// Class of every row.
    #[must_use]
    pub fn classes(&self, labels: &Labels) -> Vec<u8> {
        let bounds: Vec<_> =
            labels.instruments.iter().map(|instrument| self.bounds(Some(instrument))).collect();
        let of_all = self.bounds(None);
        (0..labels.rows())
            .map(|row| {
                let own = bounds.get(usize::from(labels.instrument[row]));
                self.class_between(*own.unwrap_or(&of_all), labels, row)
            })
            .collect()
    }

    fn bounds(&self, instrument: Option<&Instrument>) -> Bounds {
        let own = self.instruments.iter().find(|own| Some(&own.instrument) == instrument);
        own.map_or(Bounds { lower: self.lower, upper: self.upper, outer: self.outer }, |own| {
            Bounds { lower: own.lower, upper: own.upper, outer: own.outer }
        })
    }

    fn class_between(&self, bounds: Bounds, labels: &Labels, row: usize) -> u8 {
        let (score, unit) = (f64::from(labels.score[row]), labels.unit[row]);
        let beyond = |lower: f64, upper: f64| {
            let below = score < lower * unit;
            (u8::from(below), u8::from(!below && score > upper * unit))
        };
        let (below, above) = beyond(bounds.lower, bounds.upper);
        let outer = |outer: OuterThresholds| beyond(outer.lower, outer.upper);
        let (far_below, far_above) = bounds.outer.map_or((0, 0), outer);
        match self.between {
            Classes::Two => above,
            Classes::Three => 1 + above - below,
            Classes::Five => 2 + above + far_above - below - far_below,
        }
    }
}

/// Quantiles between the classes.
#[derive(Debug, Clone, Copy)]
struct Levels {
    lower: f64,
    upper: f64,
    outer: Option<(f64, f64)>,
}

impl Levels {
    fn of(rule: &ClassRule<'_>, lower: f64, upper: f64) -> Self {
        match rule.classes {
            Classes::Two => {
                let centre = f64::midpoint(lower, upper);
                Self { lower: centre, upper: centre, outer: None }
            }
            Classes::Three => Self { lower, upper, outer: None },
            Classes::Five => {
                let outer = (lower / rule.strong, 1.0 - (1.0 - upper) / rule.strong);
                Self { lower, upper, outer: Some(outer) }
            }
        }
    }

    /// The quantiles of sorted values; `None` of no value.
    fn among(&self, sorted: &[f64]) -> Option<Bounds> {
        let outer = match self.outer {
            Some((lower, upper)) => {
                let (lower, upper) = (quantile(sorted, lower)?, quantile(sorted, upper)?);
                Some(OuterThresholds { lower, upper })
            }
            None => None,
        };
        let (lower, upper) = (quantile(sorted, self.lower)?, quantile(sorted, self.upper)?);
        Some(Bounds { lower, upper, outer })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_three(classes: &Classes) -> bool {
    *classes == Classes::Three
}

/// Instrument and score of each training row.
fn training_scores(labels: &Labels, fold: &Fold) -> Result<Vec<(u16, f64)>, LabelError> {
    let mut scores = Vec::with_capacity(fold.train.len());
    for &row in &fold.train {
        let index = row as usize;
        match labels.score.get(index) {
            Some(&score) if labels.known[index] => {
                scores.push((labels.instrument[index], f64::from(score)));
            }
            _ => return Err(LabelError::Unlabelled { fold: fold.name.clone(), row }),
        }
    }
    Ok(scores)
}

/// Quantile of sorted values, linear between the two nearest ranks; `None` of no value.
fn quantile(sorted: &[f64], level: f64) -> Option<f64> {
    let rank = level.clamp(0.0, 1.0) * (sorted.len().checked_sub(1)?) as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (rank - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWN: u8 = 0;
    const NEUTRAL: u8 = 1;
    const UP: u8 = 2;
    use crate::market::{Market, Span};

    fn labels(score: Vec<f32>) -> Labels {
        let rows = score.len();
        Labels {
            horizon: 4,
            instruments: vec![instrument("A")],
            instrument: vec![0; rows],
            span: vec![Span { start: 0, end: 1 }; rows],
            volatility: vec![0.0; rows],
            scale: vec![0.01; rows],
            known: score.iter().map(|r| r.is_finite()).collect(),
            forward_return: score.clone(),
            unit: vec![1.0; rows],
            score,
        }
    }

    fn instrument(symbol: &str) -> Instrument {
        Instrument::new("test", Market::Spot, symbol).unwrap()
    }

    fn fold(train: Vec<u32>, test: Vec<u32>) -> Fold {
        let span = Span { start: 0, end: 0 };
        Fold {
            name: "fold_0".into(),
            train,
            valid: Vec::new(),
            test,
            train_span: span,
            valid_span: span,
            test_span: span,
        }
    }

    #[test]
    fn quantiles_come_from_training_rows_only() {
        // np.quantile([-0.02, -0.01, 0.0, 0.01, 0.04], [0.3, 0.7]) -> -0.008, 0.008
        let rule = DirectionRule::Quantile { lower: 0.3, upper: 0.7 };
        let known = labels(vec![0.01, -0.01, 0.0, -0.02, 0.04, -0.0081, 0.0081]);
        let fitted =
            DirectionThresholds::fit(&rule, &known, &fold((0..5).collect(), vec![5, 6])).unwrap();
        assert!((fitted.lower + 0.008).abs() < 1e-9, "{fitted:?}");
        assert!((fitted.upper - 0.008).abs() < 1e-9, "{fitted:?}");
        assert_eq!(fitted.classes(&known), [UP, DOWN, NEUTRAL, DOWN, UP, DOWN, UP]);
    }

    #[test]
    fn every_instrument_has_its_own_quantiles() {
        let wave = |row: usize, size: f32| (row as f32 * 0.7).sin() * size;
        let calm: Vec<f32> = (0..60).map(|row| wave(row, 0.001)).collect();
        let wild: Vec<f32> = (0..60).map(|row| wave(row, 0.1)).collect();
        let new = vec![0.01, -0.01];
        let parts = [calm, wild, new].map(labels);
        let mut pooled = Labels::pooled(&parts);
        pooled.instruments = ["CALM", "WILD", "NEW"].map(instrument).to_vec();
        let rule = DirectionRule::Quantile { lower: 0.25, upper: 0.75 };
        let fitted =
            DirectionThresholds::fit(&rule, &pooled, &fold((0..122).collect(), vec![])).unwrap();
        assert_eq!(fitted.instruments.len(), 2, "two rows are too few: {fitted:?}");
        let classes = fitted.classes(&pooled);
        assert_eq!(classes[..60], classes[60..120], "the two differ in size only");
        let ups = (0..60).filter(|&row| classes[row] == UP).count();
        assert_eq!(ups, 15);

        // Forecasting one symbol alone asks the same thresholds.
        let mut alone = parts[1].clone();
        alone.instruments = vec![instrument("WILD")];
        assert_eq!(fitted.classes(&alone), classes[60..120]);
        assert!((0..60).all(|row| fitted.class(&alone, row) == classes[60 + row]));
        // One that was not trained on is judged by all rows together.
        alone.instruments = vec![instrument("OTHER")];
        let all = DirectionThresholds { instruments: Vec::new(), ..fitted.clone() };
        assert_eq!(fitted.classes(&alone), all.classes(&alone));
        // Each one's thresholds are those of its rows alone.
        let mut calm = parts[0].clone();
        calm.instruments = vec![instrument("CALM")];
        let of_calm =
            DirectionThresholds::fit(&rule, &calm, &fold((0..60).collect(), vec![])).unwrap();
        assert_eq!(of_calm.instruments[0], fitted.instruments[0]);
    }

    #[test]
    fn scaled_thresholds_are_multiples_of_the_unit() {
        let rule = DirectionRule::VolatilityScaled { multiple: 0.5 };
        // 0.5 * 0.01 * sqrt(4) = 0.01
        let mut labels = labels(vec![0.0101, 0.0099, -0.0101]);
        labels.unit.fill(0.02);
        let fitted = DirectionThresholds::fit(&rule, &labels, &fold(vec![0], vec![])).unwrap();
        assert_eq!(fitted.classes(&labels), [UP, NEUTRAL, DOWN]);
    }

    #[test]
    fn a_constant_price_is_neutral_under_every_rule() {
        let rules = [
            DirectionRule::Fixed { threshold: 0.0 },
            DirectionRule::VolatilityScaled { multiple: 1.0 },
            DirectionRule::Quantile { lower: 0.3, upper: 0.7 },
            DirectionRule::CostAware(super::super::rule::CostAware::default()),
            DirectionRule::TrendScanning(super::super::rule::TrendScanning::default()),
            DirectionRule::TripleBarrier(super::super::rule::Barriers::default()),
        ];
        for rule in rules {
            let mut labels = labels(vec![0.0; 3]);
            labels.unit.fill(0.0);
            let fitted =
                DirectionThresholds::fit(&rule, &labels, &fold(vec![0, 1, 2], vec![])).unwrap();
            assert_eq!(fitted.classes(&labels), [NEUTRAL; 3], "{rule:?}");
        }
    }

    #[test]
    fn two_and_five_classes_lie_around_the_same_centre() {
        let rule = DirectionRule::VolatilityScaled { multiple: 0.5 };
        let mut known = labels(vec![-0.04, -0.02, -0.015, -0.01, 0.0, 0.01, 0.015, 0.02, 0.04]);
        known.unit.fill(0.02);
        let fit = |classes, strong| {
            let rule = ClassRule { rule: &rule, classes, strong };
            DirectionThresholds::fit(rule, &known, &fold(vec![0], vec![])).unwrap()
        };
        // 0.5 * 0.02 = 0.01 and twice as far 0.02; on a threshold is nearer to neutral.
        let five = fit(Classes::Five, 2.0);
        assert_eq!(five.classes(&known), [0, 1, 1, 2, 2, 2, 3, 3, 4]);
        assert!((0..9).all(|row| five.class(&known, row) == five.classes(&known)[row]));
        assert_eq!(fit(Classes::Five, 4.0).classes(&known), [1, 1, 1, 2, 2, 2, 3, 3, 3]);
        // What stands still did not rise.
        assert_eq!(fit(Classes::Two, 2.0).classes(&known), [0, 0, 0, 0, 0, 1, 1, 1, 1]);
        assert_eq!(fit(Classes::Three, 2.0), DirectionThresholds::symmetric(0.5));
    }

    #[test]
    fn strong_quantiles_halve_the_tails() {
        let wave: Vec<f32> = (0..1000).map(|row| ((row * 7919) % 1000) as f32 / 1000.0).collect();
        let known = labels(wave);
        let rule = DirectionRule::Quantile { lower: 0.3, upper: 0.6 };
        let shares = |classes| {
            let rule = ClassRule { rule: &rule, classes, strong: 2.0 };
            let fold = fold((0..1000).collect(), vec![]);
            let fitted = DirectionThresholds::fit(rule, &known, &fold).unwrap();
            assert_eq!(fitted.instruments[0].outer, fitted.outer);
            let mut counts = vec![0; classes.count()];
            for class in fitted.classes(&known) {
                counts[usize::from(class)] += 1;
            }
            counts
        };
        assert_eq!(shares(Classes::Five), [150, 150, 300, 200, 200]);
        // Halfway between the two quantiles.
        assert_eq!(shares(Classes::Two), [450, 550]);
    }

    #[test]
    fn quantiles_of_nothing_are_an_error() {
        let rule = DirectionRule::Quantile { lower: 0.3, upper: 0.7 };
        let known = labels(vec![0.0, f32::NAN]);
        let fit = |train| DirectionThresholds::fit(&rule, &known, &fold(train, vec![]));
        assert_eq!(fit(vec![]), Err(LabelError::NoTrainingRow { fold: "fold_0".into() }));
        let unlabelled = LabelError::Unlabelled { fold: "fold_0".into(), row: 1 };
        assert_eq!(fit(vec![0, 1]), Err(unlabelled));
        let beyond = LabelError::Unlabelled { fold: "fold_0".into(), row: 7 };
        assert_eq!(fit(vec![7]), Err(beyond));
    }

    #[test]
    fn thresholds_of_older_checkpoints_are_read() {
        let before = r#"{"lower": -0.4, "upper": 0.4, "volatility_scaled": true, "horizon": 4}"#;
        let read: DirectionThresholds = serde_json::from_str(before).unwrap();
        assert_eq!(read, DirectionThresholds::symmetric(0.4));
        let outer = Some(OuterThresholds { lower: -0.2, upper: 0.4 });
        let own =
            InstrumentThresholds { instrument: instrument("A"), lower: -0.1, upper: 0.2, outer };
        let thresholds =
            DirectionThresholds { between: Classes::Five, outer, instruments: vec![own], ..read };
        let text = serde_json::to_string(&thresholds).unwrap();
        assert_eq!(serde_json::from_str::<DirectionThresholds>(&text).unwrap(), thresholds);
    }
}
