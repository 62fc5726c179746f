//! A store beside everything that the exchange published.

use std::collections::BTreeMap;
use std::path::Path;

use candlewick::market::{CandleSeries, Channel, Instrument, Interval, Level, Span};
use candlewick::store::{GapEntry, GapReason, GapState, Store};

use crate::exchange::{Exchange, Published};

/// What of an exchange's listing a store is expected to hold.
pub struct Expected<'a> {
    pub exchange: &'a Exchange,
    pub index: usize,
    /// Milliseconds between stored books, and their levels.
    pub every: i64,
    pub levels: usize,
    pub intervals: &'a [&'a str],
}

/// What the ledger says is missing, by channel.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Missing {
    pub books: usize,
    pub quotes: usize,
    pub candles: usize,
    pub trades: usize,
    pub repaired: usize,
    pub reasons: BTreeMap<&'static str, usize>,
}

impl Expected<'_> {
    fn instrument(&self) -> Instrument {
        let name = &self.exchange.listing(self.index).name;
        Instrument::new("binance", name.market, &name.symbol).unwrap()
    }

    /// Insists that the store holds what was published but for what its ledger names, and that the
    /// ledger names nothing that is there.
    pub fn compare(&self, store: &Path) -> Missing {
        let store = Store::open(store).unwrap();
        let (published, instrument) = (self.exchange.published(self.index), self.instrument());
        let ledger: Vec<GapEntry> = store
            .gaps(None)
            .unwrap()
            .into_iter()
            .filter(|gap| gap.instrument == instrument)
            .collect();
        let open: Vec<_> = ledger.iter().filter(|gap| gap.state == GapState::Open).collect();
        assert!(open.is_empty(), "still open: {open:#?}");
        let mut missing = Missing::default();
        for gap in &ledger {
            *missing.reasons.entry(gap.reason.name()).or_default() += 1;
        }
        missing.repaired = ledger.iter().filter(|gap| gap.state == GapState::Repaired).count();
        for interval in self.intervals {
            let interval: Interval = interval.parse().unwrap();
            missing.candles += candles(&store, &instrument, interval, &published, &ledger);
        }
        missing.trades = trades(&store, &instrument, &published, &ledger);
        missing.books = self.books(&store, &published, &ledger);
        missing.quotes = quotes(&store, &instrument, &published, &ledger);
        missing
    }

    fn books(&self, store: &Store, published: &Published, ledger: &[GapEntry]) -> usize {
        let stored = store.books(&self.instrument(), Span::ALL).unwrap();
        let Some(first) = stored.first() else { return 0 };
        let spans = spans_of(ledger, Channel::Book, &[GapState::Lost, GapState::Real]);
        let listing = self.exchange.listing(self.index);
        let all = published.snapshots(listing, self.every, self.levels);
        let all: Vec<_> = all.into_iter().filter(|book| book.time >= first.time).collect();
        let is_lost = |time: i64| spans.iter().any(|span| span.contains(time));
        let expected: Vec<_> = all.iter().filter(|book| !is_lost(book.time)).cloned().collect();
        // Times first: they say more than whole books when they differ.
        let times = |books: &[candlewick::market::BookSnapshot]| -> Vec<i64> {
            books.iter().map(|book| book.time).collect()
        };
        let (there, wanted) = (times(&stored), times(&expected));
        let lacking: Vec<_> = wanted.iter().filter(|time| !there.contains(time)).take(5).collect();
        let beyond: Vec<_> = there.iter().filter(|time| !wanted.contains(time)).take(5).collect();
        assert!(
            lacking.is_empty() && beyond.is_empty() && there.len() == wanted.len(),
            "books of {} moments, expected {}: missing but not in the ledger {lacking:?}, there though \
             in the ledger {beyond:?}, ledger {spans:?}",
            there.len(),
            wanted.len()
        );
        for (stored, expected) in stored.iter().zip(&expected) {
            assert_eq!(stored, expected);
        }
        all.len() - expected.len()
    }
}

fn spans_of(ledger: &[GapEntry], channel: Channel, states: &[GapState]) -> Vec<Span> {
    let of = ledger.iter().filter(|gap| gap.channel == channel && states.contains(&gap.state));
    of.map(|gap| gap.span).collect()
}

/// Candles equal the published ones; absent ones are those that the exchange itself does not have,
/// and the ledger calls them real.
fn candles(
    store: &Store,
    instrument: &Instrument,
    interval: Interval,
    published: &Published,
    ledger: &[GapEntry],
) -> usize {
    // What was before the first that was received, nobody asked for.
    let Ok(stored) = store.load(instrument, interval, Span::ALL) else { return 0 };
    let first = stored.open_time()[0];
    let mut rows = published.candle_rows(interval);
    rows.retain(|row| row.open_time >= first);
    let mut expected = CandleSeries::new(instrument.clone(), interval);
    rows.iter().for_each(|row| expected.push(row).unwrap());
    assert_eq!(stored.open_time(), expected.open_time(), "{interval} candles");
    assert_eq!(stored, expected, "{interval} candles");
    let real = spans_of(ledger, Channel::Candles(interval), &[GapState::Real]);
    let absent: Vec<i64> = rows
        .windows(2)
        .flat_map(|pair| {
            let next = pair[0].open_time + interval.ms();
            (next..pair[1].open_time).step_by(interval.ms() as usize)
        })
        .collect();
    let told: Vec<i64> = real
        .iter()
        .flat_map(|span| (span.start..span.end).step_by(interval.ms() as usize))
        .collect();
    assert_eq!(told, absent, "candles that the exchange does not have");
    absent.len()
}

fn trades(
    store: &Store,
    instrument: &Instrument,
    published: &Published,
    ledger: &[GapEntry],
) -> usize {
    let stored = store.trades(instrument, Channel::AggTrades, Span::ALL).unwrap();
    let expected = published.trade_rows();
    let first = stored.first().map_or(i64::MAX, |trade| trade.id);
    let expected: Vec<_> = expected.into_iter().filter(|trade| trade.id >= first).collect();
    let different = stored.iter().zip(&expected).find(|(stored, expected)| stored != expected);
    assert_eq!(different, None, "first different trade");
    assert_eq!(stored.len(), expected.len(), "number of trades");
    let lost = spans_of(ledger, Channel::AggTrades, &[GapState::Real, GapState::Lost]);
    assert_eq!(lost, [], "trades that can be asked for again are never lost");
    lost.len()
}

/// Every stretch of missing quotes lies in an entry of the ledger, and no stored quote was received
/// strictly inside of one.
fn quotes(
    store: &Store,
    instrument: &Instrument,
    published: &Published,
    ledger: &[GapEntry],
) -> usize {
    let stored = store.quotes(instrument, Span::ALL).unwrap();
    let spans = spans_of(ledger, Channel::Quotes, &[GapState::Lost]);
    let Some(last) = stored.last() else { return 0 };
    let truth: BTreeMap<i64, _> = published.quotes.iter().map(|(id, best)| (*id, best)).collect();
    for quote in &stored {
        let best = truth.get(&quote.update_id);
        let Some(best) = best else { panic!("nobody published {quote:?}") };
        let same = |level: Level, pair: &(String, String)| {
            (level.price.value(), level.quantity)
                == (pair.0.parse().unwrap(), pair.1.parse().unwrap())
        };
        assert!(same(quote.bid, &best.bid) && same(quote.ask, &best.ask), "{quote:?} {best:?}");
    }
    for span in &spans {
        let inside =
            stored.iter().find(|quote| span.start < quote.received && quote.received < span.end);
        assert_eq!(inside, None, "in the ledger's {span:?}");
    }
    let mut missing = 0;
    for pair in stored.windows(2) {
        assert!(pair[0].update_id < pair[1].update_id);
        let between = truth.range(pair[0].update_id + 1..pair[1].update_id).count();
        missing += between;
        let told =
            spans.iter().any(|span| pair[0].received <= span.start && span.end <= pair[1].received);
        assert!(
            between == 0 || told,
            "{between} quotes are missing between {:?} and {:?}, ledger {spans:?}",
            pair[0],
            pair[1]
        );
    }
    // Up to the end: nothing came after the last one.
    assert_eq!(truth.range(last.update_id + 1..).count(), 0, "quotes after the last stored");
    missing
}

/// Reasons of the ledger that have to do with the disk.
pub fn has_overload(store: &Path) -> bool {
    let gaps = Store::open(store).unwrap().gaps(None).unwrap();
    gaps.iter().any(|gap| gap.reason == GapReason::Overload)
}
