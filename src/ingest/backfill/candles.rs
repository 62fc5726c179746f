//! Absent candles: planned from the store, fetched in parallel, written page by page.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tracing::debug;

use super::{BackfillConfig, BackfillPhase, BackfillProgress, BackfillReport};
use crate::ingest::error::IngestError;
use crate::ingest::rest::{CandlePage, RestClient, RestError};
use crate::market::{Candle, Channel, Instrument, Interval, Span};
use crate::store::{GapReason, GapState, NewGap, Source, Store};

/// Pages that may wait to be written, for each thread that asks.
const WAITING: usize = 4;

/// One page to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted<'a> {
    instrument: &'a Instrument,
    interval: Interval,
    span: Span,
}

/// Fills the absent candles of every instrument and interval.
pub(super) fn fill(
    store: &mut Store,
    client: &RestClient,
    config: &BackfillConfig,
    progress: &mut dyn FnMut(BackfillProgress),
    report: &mut BackfillReport,
) -> Result<(), IngestError> {
    if config.intervals.is_empty() {
        return Ok(());
    }
    let now = client.exchange_time()?;
    let end = config.to.map_or(now, |to| to.0.min(now));
    let mut wanted = Vec::new();
    for instrument in &config.instruments {
        for &interval in &config.intervals {
            let span = Span { start: interval.floor(config.from.0), end: interval.floor(end) };
            let span = Span {
                start: if span.start < config.from.0 {
                    span.start + interval.ms()
                } else {
                    span.start
                },
                // A candle that opens before the end is asked for once it is over.
                end: (interval.floor(end - 1) + interval.ms()).min(interval.floor(now)),
            };
            plan(store, client, Wanted { instrument, interval, span }, report, &mut wanted)?;
        }
    }
    let total = wanted.len() as u64;
    debug!(pages = total, "planned");
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads = config.threads.clamp(1, 64);
        let (send, receive) = sync_channel(threads * WAITING);
        for _ in 0..threads {
            let (send, wanted, next) = (send.clone(), &wanted, &next);
            scope.spawn(move || ask(client, wanted, next, &send));
        }
        drop(send);
        let written = write_all(store, &wanted, receive, report, &mut |done| {
            progress(BackfillProgress { phase: BackfillPhase::Candles, done, total });
        });
        // Whoever still asks needs not go on.
        next.store(wanted.len(), Ordering::Relaxed);
        written
    })
}

/// The pages that the store lacks of one series; what the exchange does not have is left out.
fn plan<'a>(
    store: &mut Store,
    client: &RestClient,
    series: Wanted<'a>,
    report: &mut BackfillReport,
    wanted: &mut Vec<Wanted<'a>>,
) -> Result<(), IngestError> {
    let Wanted { instrument, interval, span } = series;
    let real: Vec<Span> = store
        .gaps(Some(GapState::Real))?
        .into_iter()
        .filter(|gap| gap.instrument == *instrument)
        .filter(|gap| gap.channel == Channel::Candles(interval))
        .map(|gap| gap.span)
        .collect();
    let absent = without(&store.absent_candles(instrument, interval, span)?, &real, interval);
    let length = interval.ms() * client.candles_per_page(interval);
    for mut span in absent {
        if span.length() > length {
            // Years before the first candle would be as many empty pages.
            let settled = interval.floor(client.exchange_time()? - 2 * interval.ms().max(60_000));
            let first = client.first_candle(&instrument.symbol, interval, span.start)?;
            let until = first.unwrap_or(span.end).min(span.end).min(settled);
            if until > span.start {
                record_real(store, series, Span { start: span.start, end: until }, report)?;
                span.start = until;
            }
            if first.is_none_or(|first| first >= span.end) {
                continue;
            }
        }
        let mut start = span.start;
        while start < span.end {
            let end = start.saturating_add(length).min(span.end);
            wanted.push(Wanted { span: Span { start, end }, ..series });
            start = end;
        }
    }
    Ok(())
}

/// Asks for pages until there are none left, one fails, or nobody listens.
fn ask(
    client: &RestClient,
    wanted: &[Wanted<'_>],
    next: &AtomicUsize,
    send: &SyncSender<(usize, Result<CandlePage, RestError>)>,
) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(page) = wanted.get(number) else { return };
        let Span { start, end } = page.span;
        let answer = client.candles(&page.instrument.symbol, page.interval, start, end);
        if answer.is_err() {
            next.store(wanted.len(), Ordering::Relaxed);
        }
        if send.send((number, answer)).is_err() {
            return;
        }
    }
}

/// Writes pages as they come, each in a transaction of its own; the first failure is told once what
/// came before it is written.
fn write_all(
    store: &mut Store,
    wanted: &[Wanted<'_>],
    pages: Receiver<(usize, Result<CandlePage, RestError>)>,
    report: &mut BackfillReport,
    progress: &mut dyn FnMut(u64),
) -> Result<(), IngestError> {
    let (mut done, mut failure) = (0, None);
    for (number, page) in pages {
        let asked = wanted[number];
        match page {
            Ok(page) => write(store, asked, page, report)?,
            // That the process was asked to end is the least of two reasons.
            Err(error) if failure.as_ref().is_none_or(RestError::is_stop) => failure = Some(error),
            Err(_) => {}
        }
        done += 1;
        progress(done);
    }
    failure.map_or(Ok(()), |error| Err(error.into()))
}

fn write(
    store: &mut Store,
    asked: Wanted<'_>,
    page: CandlePage,
    report: &mut BackfillReport,
) -> Result<(), IngestError> {
    let Wanted { instrument, interval, span } = asked;
    let written = store.write(instrument, interval, Source::Rest, None, &page.candles)?;
    report.written.add(written);
    report.pages += 1;
    report.refused.append(page.refused);
    let settled = Span { start: span.start, end: page.settled_up_to.min(span.end) };
    for hole in holes(&page.candles, interval, settled) {
        record_real(store, asked, hole, report)?;
    }
    Ok(())
}

fn record_real(
    store: &mut Store,
    series: Wanted<'_>,
    span: Span,
    report: &mut BackfillReport,
) -> Result<(), IngestError> {
    store.record_gap(&NewGap {
        instrument: series.instrument.clone(),
        channel: Channel::Candles(series.interval),
        span,
        ids: None,
        reason: GapReason::Backfill,
        state: GapState::Real,
    })?;
    report.real += (span.length() / series.interval.ms()).unsigned_abs();
    Ok(())
}

/// The stretches of `span` that no candle of `candles`, which ascend, covers.
fn holes(candles: &[Candle], interval: Interval, span: Span) -> Vec<Span> {
    let (mut holes, mut next) = (Vec::new(), span.start);
    let inside = candles.iter().map(|candle| candle.open_time).filter(|&time| span.contains(time));
    for time in inside.chain([span.end]) {
        if time > next {
            holes.push(Span { start: next, end: time });
        }
        next = time.saturating_add(interval.ms());
    }
    holes
}

/// The parts of `spans` outside of every one of `real`, on the interval's grid.
fn without(spans: &[Span], real: &[Span], interval: Interval) -> Vec<Span> {
    let mut left = spans.to_vec();
    for hole in real {
        let start = interval.floor(hole.start);
        let start = if start < hole.start { start + interval.ms() } else { start };
        let end = interval.floor(hole.end.saturating_sub(1)) + interval.ms();
        left = left
            .into_iter()
            .flat_map(|span| {
                [
                    Span { start: span.start, end: span.end.min(start) },
                    Span { start: span.start.max(end), end: span.end },
                ]
            })
            .filter(|span| span.start < span.end)
            .collect();
    }
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;

    fn minutes(pairs: &[(i64, i64)]) -> Vec<Span> {
        pairs.iter().map(|&(a, b)| Span { start: a * MINUTE, end: b * MINUTE }).collect()
    }

    #[test]
    fn real_gaps_are_left_out() {
        let left = |spans: &[(i64, i64)], real: &[(i64, i64)]| {
            without(&minutes(spans), &minutes(real), Interval::MINUTE)
        };
        assert_eq!(left(&[(0, 10)], &[(3, 5)]), minutes(&[(0, 3), (5, 10)]));
        assert_eq!(
            left(&[(0, 4), (6, 9)], &[(0, 1), (3, 7), (20, 30)]),
            minutes(&[(1, 3), (7, 9)])
        );
        assert_eq!(left(&[(0, 4)], &[(0, 4)]), []);
        assert_eq!(left(&[(0, 4)], &[]), minutes(&[(0, 4)]));
    }

    proptest! {
        #[test]
        fn prop_spans_are_as_sets_of_minutes(
            spans in prop::collection::btree_set(0_i64..60, 0..20),
            real in prop::collection::vec((0_i64..60, 0_i64..10), 0..8),
        ) {
            let ends: Vec<i64> = spans.into_iter().collect();
            let pairs: Vec<_> = ends.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            let real: Vec<_> = real.iter().map(|&(start, length)| (start, start + length)).collect();
            let in_any = |pairs: &[(i64, i64)], minute: i64| {
                pairs.iter().any(|&(start, end)| start <= minute && minute < end)
            };
            let left = without(&minutes(&pairs), &minutes(&real), Interval::MINUTE);
            for minute in 0..80 {
                let inside = left.iter().filter(|span| span.contains(minute * MINUTE)).count();
                let expected = in_any(&pairs, minute) && !in_any(&real, minute);
                prop_assert_eq!(inside, usize::from(expected), "{}", minute);
            }
        }
    }
}
