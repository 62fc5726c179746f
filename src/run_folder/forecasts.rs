//! `forecasts.parquet`: one row a time, instrument, horizon, model and fold.

use std::path::Path;
use std::sync::Arc;

use crate::files::{Field, FileError, Get, Table, read_table, write_table};
use crate::forecast::{ByClass, Classes, Forecast, Forecasts, Outcome};
use crate::market::Interval;

use super::error::RunFolderError;

/// Version of the layout of `forecasts.parquet`.
pub const FORECASTS_VERSION: u32 = 2;

/// The layout before it, which is read too: it has three classes and does not name them.
const THREE_CLASSES_VERSION: u32 = 1;

const KIND: &str = "forecasts";

/// Key under which the file gives the quantile levels, as a JSON array.
const LEVELS_KEY: &str = "candlewick.quantile_levels";

/// Key under which the file names the direction classes, as a JSON array.
const CLASSES_KEY: &str = "candlewick.classes";

type Row = Forecast;
/// A column a class.
type Columns<V> = Vec<Vec<Option<V>>>;

/// Writes `forecasts.parquet`, atomically; equal forecasts make equal bytes.
///
/// Null means that the model does not say; NaN is kept as NaN.
///
/// # Errors
/// When the quantile levels are not increasing inside (0, 1), a row has another number of quantiles
/// than there are levels or of probabilities than there are classes, an outcome's class is none, or
/// the file cannot be written.
pub fn write_forecasts(path: &Path, forecasts: &Forecasts) -> Result<(), RunFolderError> {
    let (levels, classes) = (&forecasts.quantile_levels, forecasts.classes);
    check_levels(levels).map_err(|reason| RunFolderError::invalid(path, reason))?;
    for (i, row) in forecasts.rows.iter().enumerate() {
        let given = row.return_quantiles.len();
        if given != 0 && given != levels.len() {
            let reason = format!("row {i} has {given} quantiles for {} levels", levels.len());
            return Err(RunFolderError::invalid(path, reason));
        }
        let lengths =
            [row.class_probability.map(|p| p.len()), row.conformal_set.map(|set| set.len())];
        if let Some(found) = lengths.into_iter().flatten().find(|&found| found != classes.count()) {
            let reason = format!("row {i} has {found} classes, not {}", classes.count());
            return Err(RunFolderError::invalid(path, reason));
        }
        if let Some(outcome) = row.outcome.filter(|outcome| !classes.has(outcome.class)) {
            let (class, last) = (outcome.class, classes.count() - 1);
            let reason = format!("row {i} has outcome class {class}; classes are 0 to {last}");
            return Err(RunFolderError::invalid(path, reason));
        }
    }
    let invalid = |error: serde_json::Error| RunFolderError::invalid(path, error);
    let names = serde_json::to_string(classes.names()).map_err(invalid)?;
    let written = serde_json::to_string(levels).map_err(invalid)?;
    let fields = fields(classes, levels);
    let about = (KIND, FORECASTS_VERSION);
    let metadata = [(LEVELS_KEY, written), (CLASSES_KEY, names)];
    Ok(write_table(path, about, &metadata, &fields, &forecasts.rows)?)
}

/// Reads `forecasts.parquet`.
///
/// # Errors
/// When it cannot be read, is damaged, holds something else or has an unknown layout version.
pub fn read_forecasts(path: &Path) -> Result<Forecasts, RunFolderError> {
    let (mut table, classes) = match read_table(path, KIND, FORECASTS_VERSION) {
        Err(FileError::Version { found, .. }) if found == THREE_CLASSES_VERSION.to_string() => {
            (read_table(path, KIND, THREE_CLASSES_VERSION)?, Classes::Three)
        }
        table => {
            let table = table?;
            let classes = classes(&table)?;
            (table, classes)
        }
    };
    let written = table.metadata.get(LEVELS_KEY).map_or("", String::as_str);
    let levels: Vec<f32> = serde_json::from_str(written).map_err(|e| table.wrong(e))?;
    check_levels(&levels).map_err(|reason| table.wrong(reason))?;

    let decision_time = table.all(Table::times, "decision_time")?;
    let label_end = table.all(Table::times, "label_end")?;
    let instrument = table.all(Table::texts, "instrument")?;
    let interval = table
        .all(Table::texts, "interval")?
        .iter()
        .map(|text| text.parse::<Interval>().map_err(|e| table.wrong(e)))
        .collect::<Result<Vec<_>, _>>()?;
    let horizon = table.all(Table::counts, "horizon")?;
    let model = table.all(Table::texts, "model")?;
    let fold = table.all(Table::texts, "fold")?;
    let probability = by_class(classes, |name| table.floats(&format!("p_{name}")))?;
    let return_mean = table.floats("return_mean")?;
    let quantiles = levels
        .iter()
        .map(|level| table.floats(&quantile_column(*level)))
        .collect::<Result<Vec<_>, _>>()?;
    let volatility = table.floats("volatility")?;
    let lower = table.floats("return_lower")?;
    let upper = table.floats("return_upper")?;
    let set = by_class(classes, |name| table.flags(&format!("set_{name}")))?;
    let class = table.counts("outcome_class")?;
    let forward_return = table.floats("outcome_return")?;
    let outcome_volatility = table.floats("outcome_volatility")?;

    let torn = |i: usize, what: &str| table.wrong(format!("row {i} has a part of its {what}"));
    let row = |i: usize| -> Result<Forecast, FileError> {
        let class_probability =
            row_of(&probability, i).ok_or_else(|| torn(i, "class probabilities"))?;
        let return_quantiles: Vec<f32> = quantiles.iter().filter_map(|column| column[i]).collect();
        if !return_quantiles.is_empty() && return_quantiles.len() != levels.len() {
            return Err(torn(i, "quantiles"));
        }
        let outcome = match (class[i], forward_return[i], outcome_volatility[i]) {
            (None, None, None) => None,
            (Some(class), Some(forward_return), Some(volatility)) => {
                let class = u8::try_from(class).ok().filter(|&class| classes.has(class));
                let class =
                    class.ok_or_else(|| table.wrong(format!("row {i} has no such class")))?;
                Some(Outcome { class, forward_return, volatility })
            }
            _ => return Err(torn(i, "outcome")),
        };
        Ok(Forecast {
            decision_time: decision_time[i],
            label_end: label_end[i],
            instrument: Arc::clone(&instrument[i]),
            interval: interval[i],
            horizon: horizon[i].cast_unsigned(),
            model: Arc::clone(&model[i]),
            fold: Arc::clone(&fold[i]),
            class_probability,
            return_mean: return_mean[i],
            return_quantiles,
            volatility: volatility[i],
            return_interval: whole([lower[i], upper[i]]).ok_or_else(|| torn(i, "interval"))?,
            conformal_set: row_of(&set, i).ok_or_else(|| torn(i, "conformal set"))?,
            outcome,
        })
    };
    let rows = (0..table.rows).map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(Forecasts { classes, quantile_levels: levels, rows })
}

fn classes(table: &Table) -> Result<Classes, FileError> {
    let written = table.metadata.get(CLASSES_KEY).map_or("", String::as_str);
    let names: Vec<String> = serde_json::from_str(written).map_err(|e| table.wrong(e))?;
    let unknown = || table.wrong(format!("direction classes {names:?} are not known"));
    Classes::named(&names).ok_or_else(unknown)
}

fn fields(classes: Classes, levels: &[f32]) -> Vec<Field<Row>> {
    fn float(get: impl Fn(&Row) -> Option<f32> + 'static) -> Get<Row> {
        Get::Float(Box::new(get))
    }
    fn text(get: impl Fn(&Row) -> Arc<str> + 'static) -> Get<Row> {
        Get::Text(Box::new(move |row| Some(get(row))))
    }
    let mut fields = vec![
        Field::required("decision_time", Get::Time(Box::new(|r: &Row| Some(r.decision_time)))),
        Field::required("label_end", Get::Time(Box::new(|r: &Row| Some(r.label_end)))),
        Field::required("instrument", text(|r| Arc::clone(&r.instrument))),
        Field::required("interval", text(|r| r.interval.to_string().into())),
        Field::required("horizon", Get::Count(Box::new(|r: &Row| Some(r.horizon)))),
        Field::required("model", text(|r| Arc::clone(&r.model))),
        Field::required("fold", text(|r| Arc::clone(&r.fold))),
    ];
    for (i, name) in classes.names().iter().enumerate() {
        let get = float(move |r| r.class_probability.map(|p| p[i]));
        fields.push(Field::nullable(&format!("p_{name}"), get));
    }
    fields.push(Field::nullable("return_mean", float(|r| r.return_mean)));
    for (i, level) in levels.iter().enumerate() {
        let get = float(move |r| r.return_quantiles.get(i).copied());
        fields.push(Field::nullable(&quantile_column(*level), get));
    }
    fields.push(Field::nullable("volatility", float(|r| r.volatility)));
    fields.push(Field::nullable("return_lower", float(|r| r.return_interval.map(|e| e[0]))));
    fields.push(Field::nullable("return_upper", float(|r| r.return_interval.map(|e| e[1]))));
    for (i, name) in classes.names().iter().enumerate() {
        let get = Get::Flag(Box::new(move |r: &Row| r.conformal_set.map(|set| set[i])));
        fields.push(Field::nullable(&format!("set_{name}"), get));
    }
    let class = Get::Count(Box::new(|r: &Row| r.outcome.map(|o| u32::from(o.class))));
    fields.push(Field::nullable("outcome_class", class));
    fields.push(Field::nullable("outcome_return", float(|r| r.outcome.map(|o| o.forward_return))));
    fields.push(Field::nullable("outcome_volatility", float(|r| r.outcome.map(|o| o.volatility))));
    fields
}

/// `return_q05` for 0.05, `return_q50` for 0.5, `return_q975` for 0.975: the decimals of the level.
fn quantile_column(level: f32) -> String {
    let text = level.to_string();
    format!("return_q{:0<2}", text.trim_start_matches("0."))
}

fn check_levels(levels: &[f32]) -> Result<(), String> {
    let inside = levels.iter().all(|level| *level > 0.0 && *level < 1.0);
    if inside && levels.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(())
    } else {
        Err(format!("quantile levels {levels:?} do not increase strictly inside (0, 1)"))
    }
}

fn by_class<V>(
    classes: Classes,
    column: impl FnMut(&str) -> Result<Vec<Option<V>>, FileError>,
) -> Result<Columns<V>, FileError> {
    classes.names().iter().copied().map(column).collect()
}

/// A row of one column a class, as [`whole`].
#[expect(clippy::option_option, reason = "the three cases of nulls in one group of columns")]
fn row_of<V: Copy + Default>(columns: &Columns<V>, row: usize) -> Option<Option<ByClass<V>>> {
    let parts = columns.iter().map(|column| column[row]);
    if parts.clone().all(|part| part.is_none()) {
        return Some(None);
    }
    let values: Option<Vec<V>> = parts.collect();
    values.and_then(|values| ByClass::of(&values)).map(Some)
}

/// `Some(None)` when all are null, `Some(Some(values))` when none is, `None` when some are.
#[expect(clippy::option_option, reason = "the three cases of nulls in one group of columns")]
fn whole<V: Copy, const N: usize>(parts: [Option<V>; N]) -> Option<Option<[V; N]>> {
    if parts.iter().all(Option::is_none) {
        return Some(None);
    }
    let values: Option<Vec<V>> = parts.into_iter().collect();
    values.and_then(|values| values.try_into().ok()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_columns_are_named_by_their_decimals() {
        let named = [0.05, 0.1, 0.25, 0.5, 0.975, 0.005].map(quantile_column);
        let wanted = ["q05", "q10", "q25", "q50", "q975", "q005"].map(|q| format!("return_{q}"));
        assert_eq!(named, wanted);
    }
}
