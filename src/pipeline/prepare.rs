//! From a store to pooled rows with features and labels.

use anyhow::Context;

use super::PipelineError;
use crate::features::{self, FeatureConfig, FeatureTable};
use crate::folds::RowTime;
use crate::labels::{self, LabelConfig, Labels};
use crate::market::{CandleSeries, Instrument, Interval, Span};
use crate::run_folder::DataDigest;
use crate::store::Store;
use crate::windows::Pool;

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
    for instrument in recipe.instruments {
        let base = read(store, instrument, recipe.interval, recipe.span, &mut data)?;
        let mut context = Vec::new();
        for &interval in recipe.context {
            // Coarse candles from before the base span warm the context up.
            let span = Span { start: i64::MIN, end: recipe.span.end };
            context.push(read(store, instrument, interval, span, &mut data)?);
        }
        let table: FeatureTable =
            features::build(recipe.features, &base, &context).with_context(|| {
                format!("failed to compute features of {instrument} {}", recipe.interval)
            })?;
        label_parts.push(
            labels::build(recipe.labels, &base, &table.open_time)
                .with_context(|| format!("failed to compute labels of {instrument}"))?,
        );
        tables.push((instrument.clone(), table));
        series.push(base);
    }
    let pool = Pool::new(tables)?;
    let labels = Labels::pooled(&label_parts);
    let times = (0..pool.rows() as u32)
        .map(|row| RowTime { decision: pool.decision_time(row), label: labels.span[row as usize] })
        .collect();
    Ok(Prepared { pool, labels, times, series, data })
}

/// Candles of `interval`, or summed from the coarsest finer series that the store has.
fn read(
    store: &Store,
    instrument: &Instrument,
    interval: Interval,
    span: Span,
    data: &mut Vec<DataDigest>,
) -> anyhow::Result<CandleSeries> {
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
            return Ok(store.load(instrument, interval, span)?);
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
    if source == interval { Ok(series) } else { Ok(features::resample(&series, interval)?) }
}
