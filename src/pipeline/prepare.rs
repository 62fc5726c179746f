//! From a store to pooled rows with features and labels.

use anyhow::Context;

use super::PipelineError;
use crate::features::{self, FeatureConfig, FeatureTable, Inputs, ValueSeries};
use crate::folds::RowTime;
use crate::inspection::{self, Missing};
use crate::labels::{self, LabelConfig, Labels};
use crate::market::{CandleSeries, Channel, Instrument, Interval, Span};
use crate::run_folder::DataDigest;
use crate::store::{GapEntry, GapState, Store};
use crate::windows::{LedgerGap, Pool};

/// What to read and what to make of it.
#[derive(Debug, Clone)]
pub struct Recipe<'a> {
    /// Instruments to pool.
    pub instruments: &'a [Instrument],
    /// Base interval.
    pub interval: Interval,
    /// Context intervals.
    pub context: &'a [Interval],
    /// Open times to read.
    pub span: Span,
    /// Which features.
    pub features: &'a FeatureConfig,
    /// Which labels.
    pub labels: &'a LabelConfig,
}

/// Rows ready to be split and learned from.
#[derive(Debug)]
pub struct Prepared {
    /// Features of all instruments, row by row.
    pub pool: Pool,
    /// Labels of the same rows.
    pub labels: Labels,
    /// Decision time and label span of the same rows.
    pub times: Vec<RowTime>,
    /// Base candles, one series an instrument.
    pub series: Vec<CandleSeries>,
    /// What was read.
    pub data: Vec<DataDigest>,
    /// Stretches of what was read that the store's ledger says are missing.
    pub ledger: Vec<LedgerGap>,
}

/// Reads candles, computes features and labels, and pools all instruments.
///
/// # Errors
/// When the store lacks a series, or features or labels cannot be made of it.
pub fn prepare(store: &Store, recipe: &Recipe<'_>) -> anyhow::Result<Prepared> {
    let mut tables = Vec::new();
    let mut label_parts = Vec::new();
    let mut series = Vec::new();
    let mut data = Vec::new();
    let mut ledger = Vec::new();
    let entries = store.gaps(None)?;
    let values = read_values(store, recipe.features)?;
    for instrument in recipe.instruments {
        let (base, from) = read(store, instrument, recipe.interval, recipe.span, &mut data)?;
        let mut gaps = ledger_gaps(&entries, instrument, from);
        let unseen: Vec<_> = gaps.iter().map(|gap| gap.span).collect();
        let mut context = Vec::new();
        for &interval in recipe.context {
            // Coarse candles from before the base span warm the context up.
            let span = Span { start: i64::MIN, end: recipe.span.end };
            let (series, from) = read(store, instrument, interval, span, &mut data)?;
            context.push(series);
            // A coarse candle is read from its end until the next one ends.
            gaps.extend(
                ledger_gaps(&entries, instrument, from)
                    .into_iter()
                    .map(|gap| LedgerGap { span: gap.span.extended(interval.ms()), ..gap }),
            );
        }
        let table: FeatureTable = features::build(
            recipe.features,
            &Inputs { context: &context, values: &values, ..Inputs::of(&base) },
        )
        .with_context(|| {
            format!("failed to compute features of {instrument} {}", recipe.interval)
        })?;
        let mut labels = labels::build(recipe.labels, &base, &table.open_time)
            .with_context(|| format!("failed to compute labels of {instrument}"))?;
        labels.forget_over(&unseen);
        label_parts.push(labels);
        ledger.extend(gaps);
        tables.push((instrument.clone(), table));
        series.push(base);
    }
    let pool = Pool::new(tables)?;
    let decided = (0..pool.rows() as u32).map(|row| pool.decision_time(row)).max();
    for series in &values {
        data.push(digest_of_values(store, series, decided.unwrap_or(i64::MIN))?);
    }
    let labels = Labels::pooled(&label_parts);
    let times = (0..pool.rows() as u32)
        .map(|row| RowTime { decision: pool.decision_time(row), label: labels.span[row as usize] })
        .collect();
    Ok(Prepared { pool, labels, times, series, data, ledger })
}

/// Which candles have no row, and which columns are to blame, over all instruments.
///
/// # Errors
/// As [`prepare`].
pub fn missing(store: &Store, recipe: &Recipe<'_>) -> anyhow::Result<Missing> {
    let values = read_values(store, recipe.features)?;
    let (mut all, mut data) = (Missing::default(), Vec::new());
    for instrument in recipe.instruments {
        let (base, _) = read(store, instrument, recipe.interval, recipe.span, &mut data)?;
        let span = Span { start: i64::MIN, end: recipe.span.end };
        let context = recipe
            .context
            .iter()
            .map(|&interval| Ok(read(store, instrument, interval, span, &mut data)?.0))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let inputs = Inputs { context: &context, values: &values, ..Inputs::of(&base) };
        all = all.and(&inspection::missing(recipe.features, &inputs)?);
    }
    Ok(all)
}

/// Begins the names of digests of value series.
pub const VALUES: &str = "values ";

/// Every series of values that the features are made of.
fn read_values(store: &Store, features: &FeatureConfig) -> anyhow::Result<Vec<ValueSeries>> {
    let read = |name: &String| Ok(ValueSeries { name: name.clone(), values: store.values(name)? });
    features.series.iter().map(|series| read(&series.name)).collect()
}

/// What of a series was known before the last decision.
fn digest_of_values(
    store: &Store,
    series: &ValueSeries,
    decided: i64,
) -> anyhow::Result<DataDigest> {
    let seen = || series.values.iter().filter(|value| value.known_at < decided);
    Ok(DataDigest {
        name: format!("{VALUES}{}", series.name),
        digest: store.values_digest(&series.name, decided.saturating_sub(1))?,
        rows: seen().count() as u64,
        first: seen().map(|value| value.time).min().unwrap_or(decided),
        last: seen().map(|value| value.time).max().unwrap_or(decided),
    })
}

/// What the ledger says is missing of an instrument's candles of `interval`.
fn ledger_gaps(
    entries: &[GapEntry],
    instrument: &Instrument,
    interval: Interval,
) -> Vec<LedgerGap> {
    entries
        .iter()
        .filter(|entry| {
            entry.instrument == *instrument
                && entry.channel == Channel::Candles(interval)
                && entry.state != GapState::Repaired
        })
        .map(|entry| LedgerGap {
            instrument: instrument.clone(),
            span: entry.span,
            reason: entry.reason.name().to_owned(),
        })
        .collect()
}

/// Candles of `interval`, or summed from the coarsest finer series that the store has; and the
/// interval of the series that was read.
fn read(
    store: &Store,
    instrument: &Instrument,
    interval: Interval,
    span: Span,
    data: &mut Vec<DataDigest>,
) -> anyhow::Result<(CandleSeries, Interval)> {
    let stored: Vec<Interval> = store
        .series()?
        .into_iter()
        .filter(|info| info.instrument == *instrument)
        .map(|info| info.interval)
        .collect();
    let source = if stored.contains(&interval) {
        interval
    } else {
        let finer =
            stored.iter().filter(|&&finer| finer < interval && interval.is_multiple_of(finer));
        let Some(&source) = finer.max() else {
            // The store's own error lists what it has.
            return Ok((store.load(instrument, interval, span)?, interval));
        };
        tracing::info!(%instrument, %interval, from = %source, "the store lacks the interval: summing finer candles");
        source
    };
    let series = store.load(instrument, source, span)?;
    let (Some(&first), Some(&last)) = (series.open_time().first(), series.open_time().last())
    else {
        return Err(PipelineError::Data(format!(
            "the store has no {source} candle of {instrument} between the config's data.from and data.to; \
             `candlewick store check` lists what it has"
        ))
        .into());
    };
    data.push(DataDigest {
        name: format!("{instrument} {source}"),
        digest: store.digest(instrument, source, span)?,
        rows: series.len() as u64,
        first,
        last,
    });
    let series = if source == interval { series } else { features::resample(&series, interval)? };
    Ok((series, source))
}
