//! The program's own columns: features, labels, and what is fitted for a fold's models.

use super::columns::{Column, ColumnProvider, Columns, Fitted, ProviderError};
use super::{History, LeakError};
use crate::features::{self, CandleSource, FeatureConfig, FeatureTable, select};
use crate::folds::{self, Fold, FoldConfig};
use crate::labels::{self, DirectionThresholds, LabelConfig, Labels, OuterThresholds};
use crate::market::{Instrument, Interval, Span};
use crate::windows::{Pool, Scaler, ScalerConfig, TargetScale, eligible};

/// The label columns.
const RETURN: &str = "forward_return";
const VOLATILITY: &str = "volatility";
const SCORE: &str = "direction score";
const UNIT: &str = "direction unit";

/// What decides a run's columns.
#[derive(Debug, Clone)]
pub struct ProjectConfig {
    /// Which features.
    pub features: FeatureConfig,
    /// Which labels.
    pub labels: LabelConfig,
    /// How features are scaled.
    pub scaler: ScalerConfig,
    /// How rows are cut into folds.
    pub folds: FoldConfig,
    /// Rows that a net sees.
    pub window: usize,
}

/// The program's own columns of one instrument.
///
/// - every feature as it is;
/// - the labels `forward_return` and `volatility`, and the score and unit that direction thresholds
///   divide, with the span that folds are purged by;
/// - of the first and the last fold, from the end of their training period on, every feature as it
///   enters the net, `NAME scaled in FOLD`, and the class `direction in FOLD`; not of folds that
///   train on what comes after the test period, as those of k-fold do;
/// - fitted numbers of these folds: scaler, thresholds and units of the targets.
#[derive(Debug, Clone)]
pub struct ProjectColumns {
    config: ProjectConfig,
    instrument: Instrument,
    interval: Interval,
    folds: Vec<FoldRows>,
    warm_up: i64,
    /// Start of the first base candle, ms: times of folds are counted from it.
    origin: i64,
}

/// A fold's training rows by their decision times, so that they are the same in any history that
/// has them.
#[derive(Debug, Clone)]
struct FoldRows {
    name: String,
    /// Milliseconds after the origin, increasing.
    train: Vec<i64>,
    /// First decision of which the fold's columns are given, ms after the origin; none for a fold
    /// that trains on what comes later.
    given_from: Option<i64>,
}

impl ProjectColumns {
    /// Takes the folds' training rows from the whole history.
    ///
    /// # Errors
    /// When the features, the labels or a fold cannot be made of it.
    pub fn new(config: ProjectConfig, history: &History) -> Result<Self, LeakError> {
        let of = "of the whole history".to_owned();
        Self::of(config, history).map_err(|source| LeakError::Provider { of, source })
    }

    fn of(config: ProjectConfig, history: &History) -> Result<Self, ProviderError> {
        let table = features::build(&config.features, &history.inputs())?;
        let labels = labels::build(&config.labels, &history.base, &table.open_time)?;
        let origin = history.base.open_time().first().copied().unwrap_or_default();
        let (instrument, interval) = (history.base.instrument().clone(), table.interval);
        let pool = Pool::new(vec![(instrument.clone(), table)])?;
        let rows = eligible(&pool, config.window, Some(&labels.known), &[]).rows;
        let times = labels.row_times();
        let all = folds::split(&config.folds, &rows, &times, interval, labels.horizon)?;
        let ends = match &all[..] {
            [] => Vec::new(),
            [only] => vec![only],
            [first, .., last] => vec![first, last],
        };
        let forward = matches!(config.folds, FoldConfig::WalkForward(_));
        let of_fold = |fold: &Fold| FoldRows {
            name: fold.name.clone(),
            train: fold.train.iter().map(|&row| pool.decision_time(row) - origin).collect(),
            given_from: forward.then_some(fold.valid_span.start - origin),
        };
        let folds = ends.into_iter().map(of_fold).collect();
        let warm_up = warm_up(&config.features, history)?;
        Ok(Self { config, instrument, interval, folds, warm_up, origin })
    }

    /// The columns of one fold, NaN before they are given and in a history without all the rows that
    /// they are fitted from.
    fn of_fold(
        &self,
        fold: &FoldRows,
        origin: i64,
        pool: &Pool,
        labels: &Labels,
        columns: &mut Columns,
    ) -> Result<(), ProviderError> {
        let Some(given_from) = fold.given_from else { return Ok(()) };
        let (rows, width) = (pool.rows(), pool.features());
        let given = |time: &i64| *time >= origin.saturating_add(given_from);
        let first = columns.decisions().partition_point(|time| !given(time));
        let mut scaled = vec![vec![f64::NAN; rows]; width];
        let mut class = vec![f64::NAN; rows];
        let train = fold.rows_among(columns.decisions(), origin);
        let train = train.filter(|rows| rows.iter().all(|&row| labels.known[row as usize]));
        if let Some(train) = train.filter(|_| first < rows) {
            let fold = training_fold(&fold.name, train);
            let scaler = Scaler::fit(&self.config.scaler, pool, &fold)?;
            let values = scaler.apply(&pool.values[first * width..]);
            for (row, values) in (first..rows).zip(values.chunks(width)) {
                for (column, &value) in scaled.iter_mut().zip(values) {
                    column[row] = f64::from(value);
                }
            }
            let thresholds = DirectionThresholds::fit(&self.config.labels, labels, &fold)?;
            for row in (first..rows).filter(|&row| labels.known[row]) {
                class[row] = f64::from(thresholds.class(labels, row));
            }
        }
        for (name, values) in pool.names.iter().zip(scaled) {
            columns.feature(format!("{name} scaled in {}", fold.name), values);
        }
        columns.label(format!("direction in {}", fold.name), class, span_ends(labels));
        Ok(())
    }

    fn is_of_fold(&self, column: &Column) -> bool {
        self.folds.iter().any(|fold| column.name.ends_with(&format!(" in {}", fold.name)))
    }
}

impl ColumnProvider for ProjectColumns {
    fn columns(&self, history: &History) -> Result<Columns, ProviderError> {
        let Some(table) = table(&self.config.features, history)? else {
            return Ok(Columns::default());
        };
        let labels = labels::build(&self.config.labels, &history.base, &table.open_time)?;
        let interval = table.interval.ms();
        let decisions = table.open_time.iter().map(|open| open + interval).collect();
        let mut columns = Columns::new(decisions);
        let width = table.names.len();
        for (place, name) in table.names.iter().enumerate() {
            let values = table.values.iter().skip(place).step_by(width.max(1));
            columns.feature(name, values.copied().map(f64::from).collect());
        }
        let label = |values: &[f32]| values.iter().copied().map(f64::from).collect();
        columns.label(RETURN, label(&labels.forward_return), span_ends(&labels));
        columns.label(VOLATILITY, label(&labels.volatility), span_ends(&labels));
        columns.label(SCORE, label(&labels.score), span_ends(&labels));
        columns.label(UNIT, labels.unit.clone(), span_ends(&labels));
        let origin = history.base.open_time().first().copied().unwrap_or_default();
        let pool = Pool::new(vec![(self.instrument.clone(), table)])?;
        for fold in &self.folds {
            self.of_fold(fold, origin, &pool, &labels, &mut columns)?;
        }
        Ok(columns)
    }

    fn fitted(&self, columns: &Columns) -> Result<Vec<Fitted>, ProviderError> {
        let (pool, labels) = self.pooled(columns);
        let mut fitted = Vec::new();
        for fold in &self.folds {
            let Some(train) = fold.rows_among(columns.decisions(), self.origin) else { continue };
            let rows: Vec<i64> =
                train.iter().map(|&row| columns.decisions()[row as usize]).collect();
            let training = training_fold(&fold.name, train);
            let mut add = |what: &str, numbers: Vec<(String, f64)>| {
                let name = format!("{what} of {}", fold.name);
                fitted.push(Fitted { name, rows: rows.clone(), numbers });
            };
            let scaler = Scaler::fit(&self.config.scaler, &pool, &training)?;
            let numbers = pool.names.iter().zip(scaler.center.iter().zip(&scaler.scale));
            let numbers = numbers.flat_map(|(name, (&center, &scale))| {
                [(format!("{name} center"), center.into()), (format!("{name} scale"), scale.into())]
            });
            add("scaler", numbers.collect());
            let thresholds = DirectionThresholds::fit(&self.config.labels, &labels, &training)?;
            let mut numbers = vec![
                ("lower".to_owned(), thresholds.lower),
                ("upper".to_owned(), thresholds.upper),
            ];
            let outer = |whose: &str, outer: Option<OuterThresholds>| {
                let outer = outer.map(|outer| [("lower", outer.lower), ("upper", outer.upper)]);
                let named = |(end, number)| (format!("outer {end}{whose}"), number);
                outer.into_iter().flatten().map(named).collect::<Vec<_>>()
            };
            numbers.extend(outer("", thresholds.outer));
            for own in &thresholds.instruments {
                numbers.push((format!("lower of {}", own.instrument), own.lower));
                numbers.push((format!("upper of {}", own.instrument), own.upper));
                numbers.extend(outer(&format!(" of {}", own.instrument), own.outer));
            }
            add("thresholds", numbers);
            let units = TargetScale::fit(&labels, &training)?;
            let numbers = [
                ("return", units.return_scale),
                ("log volatility mean", units.log_volatility_mean),
                ("log volatility scale", units.log_volatility_scale),
            ];
            let numbers = numbers.map(|(name, number)| (name.to_owned(), f64::from(number)));
            add("target units", numbers.to_vec());
        }
        Ok(fitted)
    }

    fn warm_up(&self) -> i64 {
        self.warm_up
    }
}

impl ProjectColumns {
    /// The rows and labels that the columns were made of.
    fn pooled(&self, columns: &Columns) -> (Pool, Labels) {
        let rows = columns.decisions().len();
        let plain = |column: &&Column| column.span_ends.is_none() && !self.is_of_fold(column);
        let features: Vec<&Column> = columns.columns().iter().filter(plain).collect();
        let row = |row: usize| features.iter().map(move |column| column.values[row] as f32);
        let interval = self.interval.ms();
        let pool = Pool {
            interval: self.interval,
            names: features.iter().map(|column| column.name.clone()).collect(),
            instruments: vec![self.instrument.clone()],
            values: (0..rows).flat_map(row).collect(),
            open_time: columns.decisions().iter().map(|decision| decision - interval).collect(),
            run_start: vec![0; rows],
            instrument: vec![0; rows],
        };
        let label = |name| -> Vec<f32> {
            let values = columns.column(name).map(|column| column.values.as_slice());
            values.unwrap_or_default().iter().map(|&value| value as f32).collect()
        };
        let mut labels = Labels::pooled(&[]);
        labels.horizon = self.config.labels.horizon;
        labels.forward_return = label(RETURN);
        labels.volatility = label(VOLATILITY);
        labels.known = labels.forward_return.iter().map(|value| !value.is_nan()).collect();
        labels.scale = vec![0.0; rows];
        labels.score = label(SCORE);
        let unit = columns.column(UNIT).map(|column| column.values.clone());
        labels.unit = unit.unwrap_or_default();
        labels.instruments = vec![self.instrument.clone()];
        labels.instrument = vec![0; rows];
        labels.span = vec![Span { start: 0, end: 0 }; rows];
        (pool, labels)
    }
}

impl FoldRows {
    /// Its training rows, unless one of them is not there.
    fn rows_among(&self, decisions: &[i64], origin: i64) -> Option<Vec<u32>> {
        let row = |after: &i64| decisions.binary_search(&origin.saturating_add(*after)).ok();
        self.train.iter().map(|after| row(after).map(|row| row as u32)).collect()
    }
}

/// The table, or none where the history is too short for a row.
fn table(config: &FeatureConfig, history: &History) -> Result<Option<FeatureTable>, ProviderError> {
    match features::build(config, &history.inputs()) {
        Ok(table) => Ok(Some(table)),
        Err(error) if error.is_no_row() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn span_ends(labels: &Labels) -> Vec<i64> {
    labels.span.iter().map(|span| span.end).collect()
}

/// A fold to fit on.
fn training_fold(name: &str, train: Vec<u32>) -> Fold {
    let nowhere = Span { start: 0, end: 0 };
    Fold {
        name: name.to_owned(),
        train,
        valid: Vec::new(),
        test: Vec::new(),
        train_span: nowhere,
        valid_span: nowhere,
        test_span: nowhere,
    }
}

/// Time from the beginning of the data to the first row that every feature can have, the coarser
/// candles that begin inside another one included.
fn warm_up(config: &FeatureConfig, history: &History) -> Result<i64, ProviderError> {
    let sources: Vec<_> = history.context.iter().map(CandleSource::of).collect();
    let selection = select(config, &history.inputs().base_source(), &sources)?;
    let all = std::iter::once(&selection.base).chain(&selection.context);
    let longest = |features: &[features::Feature]| {
        features.iter().map(|feature| feature.info().warm_up as i64 + 2).max().unwrap_or(0)
    };
    Ok(all.map(|(interval, features)| interval.ms() * longest(features)).max().unwrap_or(0))
}
