//! Forecasts sorted by model, checked and in the order of time.

use super::ScoreError;
use super::baselines::BASELINES;
use crate::forecast::{Classes, Forecast, Forecasts};
use crate::market::Time;

/// The forecasts of one model or baseline whose outcome is known, in the order of their keys.
pub(super) struct Model<'a> {
    pub name: &'a str,
    pub baseline: bool,
    pub rows: Vec<&'a Forecast>,
}

impl<'a> Model<'a> {
    /// What tells a model's forecasts apart.
    pub fn key(row: &Forecast) -> (i64, &str, &str) {
        (row.decision_time, &row.instrument, &row.fold)
    }

    /// The rows that `keep` keeps.
    pub fn rows_where(&self, keep: impl Fn(&Forecast) -> bool) -> Vec<&'a Forecast> {
        self.rows.iter().copied().filter(|row| keep(row)).collect()
    }
}

/// Models in the order in which they come, then baselines; and the horizon of their label.
pub(super) fn models<'a>(
    forecasts: &'a Forecasts,
    baselines: &'a Forecasts,
) -> Result<(Vec<Model<'a>>, u32), ScoreError> {
    let mut models: Vec<Model> = Vec::new();
    for (forecasts, baseline) in [(forecasts, false), (baselines, true)] {
        for row in forecasts.rows.iter().filter(|row| row.outcome.is_some()) {
            let name: &str = &row.model;
            let same = |model: &Model| model.name == name && model.baseline == baseline;
            match models.iter().position(same) {
                Some(index) => models[index].rows.push(row),
                None => models.push(Model { name, baseline, rows: vec![row] }),
            }
        }
    }
    let own = |model: &&Model| !model.baseline;
    let Some(first) = models.iter().find(own).and_then(|model| model.rows.first()).copied() else {
        return Err(ScoreError::NoOutcome);
    };
    for model in &mut models {
        if !model.baseline && BASELINES.contains(&model.name) {
            return Err(ScoreError::NameTaken(model.name.to_owned()));
        }
        for row in &model.rows {
            check(row, first, forecasts.classes)?;
        }
        model.rows.sort_by(|a, b| Model::key(a).cmp(&Model::key(b)));
        let twice = model.rows.windows(2).find(|pair| Model::key(pair[0]) == Model::key(pair[1]));
        if let Some(pair) = twice {
            return Err(ScoreError::Twice {
                model: model.name.to_owned(),
                instrument: pair[0].instrument.to_string(),
                fold: pair[0].fold.to_string(),
                time: Time(pair[0].decision_time),
            });
        }
    }
    Ok((models, first.horizon))
}

fn check(row: &Forecast, first: &Forecast, classes: Classes) -> Result<(), ScoreError> {
    let model = || row.model.to_string();
    let time = Time(row.decision_time);
    if (row.interval, row.horizon) != (first.interval, first.horizon) {
        return Err(ScoreError::MixedLabels {
            model: model(),
            interval: row.interval,
            horizon: row.horizon,
            expected_interval: first.interval,
            expected_horizon: first.horizon,
        });
    }
    let found = row.class_probability.map_or(classes.count(), |p| p.len());
    if found != classes.count() {
        return Err(ScoreError::MixedClasses { model: model(), found, expected: classes.count() });
    }
    let outcome = row.outcome;
    let numbers = [
        ("class probability", row.class_probability.map(|p| p.iter().sum())),
        ("return forecast", row.return_mean),
        ("volatility forecast", row.volatility),
        // Where the data knows classes alone, no head forecasts the others.
        ("forward return", row.return_mean.and(outcome).map(|outcome| outcome.forward_return)),
        ("realised volatility", row.volatility.and(outcome).map(|outcome| outcome.volatility)),
    ];
    for (what, number) in numbers {
        if number.is_some_and(|number| !number.is_finite()) {
            return Err(ScoreError::NotFinite { model: model(), what, time });
        }
    }
    match outcome {
        Some(outcome) if !classes.has(outcome.class) => {
            Err(ScoreError::UnknownClass { model: model(), class: outcome.class, time })
        }
        _ => Ok(()),
    }
}
