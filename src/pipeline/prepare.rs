//! From a store to pooled rows with features and labels.

use anyhow::Context;

use super::PipelineError;
use super::streams::{Streams, read_streams};
use crate::features::{
    self, CandleOrigin, FeatureCache, FeatureConfig, FeatureTable, Inputs, ValueSeries,
};
use crate::folds::RowTime;
use crate::inspection::{self, Missing};
use crate::labels::{self, LabelConfig, Labels};
use crate::market::{CandleSeries, Channel, Instrument, Interval, Span, Time};
use crate::run_folder::DataDigest;
use crate::store::{GapEntry, GapState, Store};
use crate::windows::{LedgerGap, Pool};

/// Folder under a store's that keeps tables of features.
const FEATURE_CACHE: &str = "cache/features";

/// What to read and what to make of it.
#[derive(Debug, Clone)]
pub struct Recipe<'a> {
    /// Instruments to pool.
    pub instruments: &'a [Instrument],
    /// Base interval.
    pub interval: Interval,
    /// Context intervals.
    pub context: &'a [Interval],
    /// What the candles come from.
    pub candles: CandleOrigin,
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
    /// When the test part begins, where the data brings its split and its labels along.
    pub test_from: Option<Time>,
}

/// Reads candles, or trades to make them of, and what features read inside them, computes features and labels, and pools all instruments.
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
    let (peers, peers_from) = read_peers(store, recipe, &mut data)?;
    let cache = FeatureCache::new(&store.folder().join(FEATURE_CACHE), recipe.features.cache);
    for instrument in recipe.instruments {
        let read = read_instrument(store, recipe, instrument, &entries, &mut data)?;
        let inputs = read.inputs(&peers, &values);
        let table: FeatureTable = cache.build(recipe.features, &inputs).with_context(|| {
            format!("failed to compute features of {instrument} {}", recipe.interval)
        })?;
        let mut gaps = read.gaps;
        for (peer, from) in
            peers.iter().zip(&peers_from).filter(|(p, _)| p.instrument() != instrument)
        {
            // A row reads the peer's candle of its own time; the own series' gaps are there already.
            gaps.extend(
                ledger_gaps(&entries, peer.instrument(), Channel::Candles(*from))
                    .into_iter()
                    .map(|gap| LedgerGap { instrument: instrument.clone(), ..gap }),
            );
        }
        let (base, unseen) = (read.base, read.unseen);
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
    Ok(Prepared { pool, labels, times, series, data, ledger, test_from: None })
}

/// What was read of one instrument.
#[derive(Debug)]
pub(super) struct Read {
    /// Base candles.
    pub base: CandleSeries,
    /// Candles of each context interval.
    pub context: Vec<CandleSeries>,
    /// Trades and books, where something is made of them.
    pub streams: Streams,
    /// Stretches of which trades or books are missing.
    pub inside: Vec<Span>,
    /// Stretches of which trades, books or base candles are missing.
    pub unseen: Vec<Span>,
    /// What is missing, context candles included, each as long as a row would read over it.
    pub gaps: Vec<LedgerGap>,
}

impl Read {
    /// What features are built from, with other instruments' candles and series of values.
    pub fn inputs<'a>(
        &'a self,
        peers: &'a [CandleSeries],
        values: &'a [ValueSeries],
    ) -> Inputs<'a> {
        Inputs {
            context: &self.context,
            peers,
            values,
            trades: self.streams.trades.as_deref(),
            books: self.streams.books.as_deref(),
            unseen: &self.inside,
            ..Inputs::of(&self.base)
        }
    }
}

/// Reads what the recipe wants of one instrument, and adds the digests of it to `data`.
///
/// # Errors
/// When the store lacks it.
pub(super) fn read_instrument(
    store: &Store,
    recipe: &Recipe<'_>,
    instrument: &Instrument,
    entries: &[GapEntry],
    data: &mut Vec<DataDigest>,
) -> anyhow::Result<Read> {
    let streams = read_streams(store, recipe, instrument, data)?;
    let mut gaps: Vec<LedgerGap> = streams
        .channels
        .iter()
        .flat_map(|&channel| ledger_gaps(entries, instrument, channel))
        // What is missing of one moment is missing of its millisecond.
        .map(|gap| LedgerGap { span: gap.span.extended(1), ..gap })
        .collect();
    let inside: Vec<Span> = gaps.iter().map(|gap| gap.span).collect();
    let of_trades = recipe.candles == CandleOrigin::Trades;
    let base = if of_trades {
        streams.candles(instrument, recipe.interval, &inside)?
    } else {
        let (base, from) = read(store, instrument, recipe.interval, recipe.span, data)?;
        gaps.extend(ledger_gaps(entries, instrument, Channel::Candles(from)));
        base
    };
    let unseen = gaps.iter().map(|gap| gap.span).collect();
    let mut context = Vec::new();
    for &interval in recipe.context {
        if of_trades {
            context.push(streams.candles(instrument, interval, &inside)?);
            continue;
        }
        // Coarse candles from before the base span warm the context up.
        let span = Span { start: i64::MIN, end: recipe.span.end };
        let (series, from) = read(store, instrument, interval, span, data)?;
        context.push(series);
        // A coarse candle is read from its end until the next one ends.
        gaps.extend(
            ledger_gaps(entries, instrument, Channel::Candles(from))
                .into_iter()
                .map(|gap| LedgerGap { span: gap.span.extended(interval.ms()), ..gap }),
        );
    }
    Ok(Read { base, context, streams, inside, unseen, gaps })
}

/// Which candles have no row, and which columns are to blame, over all instruments.
///
/// # Errors
/// As [`prepare`].
pub fn missing(store: &Store, recipe: &Recipe<'_>) -> anyhow::Result<Missing> {
    let values = read_values(store, recipe.features)?;
    let entries = store.gaps(None)?;
    let (mut all, mut data) = (Missing::default(), Vec::new());
    let (peers, _) = read_peers(store, recipe, &mut data)?;
    for instrument in recipe.instruments {
        let read = read_instrument(store, recipe, instrument, &entries, &mut data)?;
        all = all.and(&inspection::missing(recipe.features, &read.inputs(&peers, &values))?);
    }
    Ok(all)
}

/// Begins the names of digests of value series.
pub const VALUES: &str = "values ";

/// Begins the names of digests of peers' candles.
pub const PEER: &str = "peer ";

/// The candles of every peer that the features name, of the venue and market of the instruments, and
/// the interval of the series that each was read from.
pub(super) fn read_peers(
    store: &Store,
    recipe: &Recipe<'_>,
    data: &mut Vec<DataDigest>,
) -> anyhow::Result<(Vec<CandleSeries>, Vec<Interval>)> {
    let mut peers = (Vec::new(), Vec::new());
    let Some(own) = recipe.instruments.first() else { return Ok(peers) };
    // Candles from before the base span warm the peer's features up.
    let span = Span { start: i64::MIN, end: recipe.span.end };
    for peer in &recipe.features.peers {
        let instrument = Instrument::new(&own.venue, own.market, &peer.symbol)?;
        let mut digests = Vec::new();
        let (series, from) = read(store, &instrument, recipe.interval, span, &mut digests)
            .with_context(|| format!("failed to read the peer {instrument} of features.peers"))?;
        let named =
            |digest: DataDigest| DataDigest { name: format!("{PEER}{}", digest.name), ..digest };
        data.extend(digests.into_iter().map(named));
        peers.0.push(series);
        peers.1.push(from);
    }
    Ok(peers)
}

/// Every series of values that the features are made of.
pub(super) fn read_values(
    store: &Store,
    features: &FeatureConfig,
) -> anyhow::Result<Vec<ValueSeries>> {
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

/// What the ledger says is missing of a channel of an instrument.
fn ledger_gaps(entries: &[GapEntry], instrument: &Instrument, channel: Channel) -> Vec<LedgerGap> {
    entries
        .iter()
        .filter(|entry| {
            entry.instrument == *instrument
                && entry.channel == channel
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
pub(super) fn read(
    store: &Store,
    instrument: &Instrument,
    interval: Interval,
    span: Span,
    data: &mut Vec<DataDigest>,
) -> anyhow::Result<(CandleSeries, Interval)> {
    let source = source_of(store, instrument, interval)?;
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

/// The interval of the stored series that candles of `interval` are read from: itself, or the
/// coarsest finer one that they can be summed from.
pub(super) fn source_of(
    store: &Store,
    instrument: &Instrument,
    interval: Interval,
) -> anyhow::Result<Interval> {
    let stored: Vec<Interval> = store
        .series()?
        .into_iter()
        .filter(|info| info.instrument == *instrument)
        .map(|info| info.interval)
        .collect();
    if stored.contains(&interval) {
        return Ok(interval);
    }
    let finer = stored.iter().filter(|&&finer| finer < interval && interval.is_multiple_of(finer));
    let Some(&source) = finer.max() else {
        // The store's own error, on reading, lists what it has.
        return Ok(interval);
    };
    tracing::info!(%instrument, %interval, from = %source, "the store lacks the interval: summing finer candles");
    Ok(source)
}
