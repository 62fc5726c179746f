//! `features build`: features of a store's candles into one file, never all in memory.

use std::path::Path;

use super::PipelineError;
use super::prepare::{read_values, source_of};
use crate::features::{self, CandleChunks, CandleSource, FeatureConfig, build_to};
use crate::market::{Candle, Instrument, Interval, Span};
use crate::store::Store;

/// Candles that are read from the store at a time.
const CHUNK: i64 = 16_384;

/// Which candles to build features of.
#[derive(Debug, Clone)]
pub struct FeatureRequest<'a> {
    /// What is traded.
    pub instrument: &'a Instrument,
    /// Base interval.
    pub interval: Interval,
    /// Context intervals.
    pub context: &'a [Interval],
    /// Open times of the base candles.
    pub span: Span,
    /// Which features, and the memory to build them in.
    pub features: &'a FeatureConfig,
}

/// Builds the features of one instrument into a Parquet file; gives the number of rows.
///
/// # Errors
/// When the store lacks candles, features cannot be made of them, or the file cannot be written.
pub fn build_features(
    store: &Store,
    request: &FeatureRequest<'_>,
    out: &Path,
) -> anyhow::Result<usize> {
    let FeatureRequest { instrument, interval, context, span, features } = *request;
    let base = chunks(store, instrument, interval, span)?;
    // Coarse candles from before the base span warm the context up.
    let earlier = Span { start: i64::MIN, end: span.end };
    let context: anyhow::Result<Vec<_>> =
        context.iter().map(|&interval| chunks(store, instrument, interval, earlier)).collect();
    let values = read_values(store, features)?;
    build_to(out, features, base, context?, &values)
}

/// The store's candles of `interval` that open in `span`, or those summed from finer ones, a part
/// of the span at a time.
fn chunks<'a>(
    store: &'a Store,
    instrument: &'a Instrument,
    interval: Interval,
    span: Span,
) -> anyhow::Result<CandleChunks<'a, anyhow::Error>> {
    let source = source_of(store, instrument, interval)?;
    let stored = store.series()?;
    let info = stored.iter().find(|i| i.instrument == *instrument && i.interval == source);
    let (first, last) = info.map_or((0, -1), |info| (info.first, info.last));
    let whole = Span { start: first.max(span.start), end: span.end.min(last.saturating_add(1)) };
    // Whole candles of the interval, and about as many of the source's however coarse it is.
    let step = interval.ms() * (CHUNK * source.ms() / interval.ms()).max(1);
    let from = interval.floor(whole.start);
    let starts = (0..).map(move |part| from + part * step).take_while(move |s| *s < whole.end);
    let load = move |start: i64| -> anyhow::Result<Vec<Candle>> {
        let part = Span { start: start.max(whole.start), end: (start + step).min(whole.end) };
        let series = store.load(instrument, source, part)?;
        let coarse = source != interval;
        let series = if coarse { features::resample(&series, interval)? } else { series };
        Ok(series.iter().collect())
    };
    let mut parts = starts.map(load).skip_while(|part| part.as_ref().is_ok_and(Vec::is_empty));
    let first = parts.next().transpose()?.ok_or_else(|| {
        PipelineError::Data(format!(
            "the store has no {interval} candle of {instrument} between the config's data.from and \
             data.to; `candlewick store check` lists what it has"
        ))
    })?;
    let source = first.first().map_or_else(
        || CandleSource::complete(interval),
        |candle| CandleSource::like(interval, candle),
    );
    Ok(CandleChunks { source, chunks: Box::new(std::iter::once(Ok(first)).chain(parts)) })
}
