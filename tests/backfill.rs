//! Backfill, repair and download against servers of this machine.

mod candles;
mod download;
mod exchange;
mod files;
mod source;
mod trades;

use candlewick::ingest::IngestError;
use candlewick::ingest::backfill::{BackfillConfig, BackfillReport, backfill};
use candlewick::ingest::rest::RestClient;
use candlewick::market::{Candle, Channel, Instrument, Interval, Market, Span, Time};
use candlewick::store::{GapState, Store};

use exchange::{Exchange, Rules};
use source::MINUTE;

/// Three days, with an outage of three hours in them, that begin when 2 hours are to come.
const FROM: i64 = 57_600 * MINUTE * 480 - 2 * 60 * MINUTE;
const TO: i64 = FROM + 3 * 1440 * MINUTE;

const SYMBOLS: [&str; 3] = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

fn instrument(symbol: &str) -> Instrument {
    Instrument::new("binance", Market::Spot, symbol).unwrap()
}

fn rules(weight_a_second: u64) -> Rules {
    let now = TO + 3_600_000;
    Rules { weight_a_second, now, faults: [].into(), others: 0 }
}

fn config(symbols: &[&str], from: i64, to: Option<i64>) -> BackfillConfig {
    BackfillConfig {
        instruments: symbols.iter().map(|symbol| instrument(symbol)).collect(),
        intervals: vec![Interval::MINUTE],
        from: Time(from),
        to: to.map(Time),
        trades: false,
        threads: 4,
    }
}

fn run(
    store: &mut Store,
    exchange: &Exchange,
    config: &BackfillConfig,
) -> Result<BackfillReport, IngestError> {
    let client = RestClient::new(&exchange.rest, Market::Spot)?;
    backfill(store, &client, config, &mut |_| {})
}

/// Insists that the store holds what the source has in `[from, to)`, row for row, and that the ledger
/// names every other minute as the exchange's own gap, once.
fn insist_on_source(store: &Store, symbol: &str, from: i64, to: i64) {
    let span = Span { start: from, end: to };
    let stored = store.load(&instrument(symbol), Interval::MINUTE, span).unwrap();
    let mut rows = stored.iter();
    let real: Vec<Span> = store
        .gaps(Some(GapState::Real))
        .unwrap()
        .into_iter()
        .filter(|gap| gap.instrument.symbol == symbol)
        .filter(|gap| gap.channel == Channel::Candles(Interval::MINUTE))
        .map(|gap| gap.span)
        .collect();
    let mut gaps = real.iter().peekable();
    for time in (from..to).step_by(MINUTE as usize) {
        while gaps.next_if(|gap| gap.end <= time).is_some() {}
        let named = gaps.peek().is_some_and(|gap| gap.contains(time));
        if time < source::LISTED || source::is_outage(symbol, time) {
            assert!(named, "{symbol} {time} is not in the ledger");
        } else {
            assert!(!named, "{symbol} {time} is in the ledger");
            let expected: Option<Candle> = Some(source::candle(symbol, time));
            assert_eq!(rows.next(), expected, "{symbol} {time}");
        }
    }
    assert_eq!(rows.next(), None, "{symbol} has more than the source");
    let apart = real.windows(2).all(|pair| pair[0].end <= pair[1].start);
    assert!(apart, "{symbol}: the ledger names a minute twice");
}
