//! What the desk makes of messages, one law at a time.

use super::*;
use crate::market::{Interval, Price, Time};
use crate::store::{GapState, NewGap};

fn instrument() -> Arc<Instrument> {
    Arc::new(Instrument::new("binance", Market::Spot, "BTCUSDT").unwrap())
}

fn config(every: i64) -> BookConfig {
    BookSettings { every_ms: every, ..BookSettings::default() }.config()
}

fn desk(every: i64, channels: &[(Channel, Option<Received>)]) -> Desk {
    let mut desk = Desk::new("binance", Market::Spot, config(every), false);
    for (channel, stored) in channels {
        desk.open(&instrument(), *channel, *stored);
    }
    desk
}

fn depth(first: i64, last: i64, time: i64, bid: i64) -> String {
    format!(
        r#"{{"e":"depthUpdate","E":{time},"s":"BTCUSDT","U":{first},"u":{last},"b":[["{bid}","1"]],"a":[]}}"#
    )
}

fn levels(price: i64) -> Vec<Level> {
    vec![Level { price: Price(price * 100_000_000), quantity: 1.0 }]
}

fn trade(kind: &str, id: i64, time: i64) -> String {
    let name = if kind == "trade" { "t" } else { "a" };
    format!(
        r#"{{"e":"{kind}","E":{time},"s":"BTCUSDT","{name}":{id},"p":"1","q":"2","T":{time},"m":true}}"#
    )
}

fn quote(id: i64) -> String {
    format!(r#"{{"u":{id},"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}}"#)
}

fn candle(minute: i64, is_final: bool) -> String {
    let open = minute * 60_000;
    format!(
        r#"{{"e":"kline","E":{open},"s":"BTCUSDT","k":{{"t":{open},"i":"1m","o":"1","c":"1","h":"1","l":"1","v":"1","n":1,"x":{is_final},"q":"1","V":"1","Q":"1"}}}}"#
    )
}

fn spans(gaps: &[NewGap]) -> Vec<(i64, i64, GapReason, GapState)> {
    gaps.iter().map(|gap| (gap.span.start, gap.span.end, gap.reason, gap.state)).collect()
}

/// Times and update ids of the stored books.
fn moments(batch: &LiveBatch) -> Vec<(i64, i64)> {
    batch.books.iter().map(|(_, book)| (book.time, book.update_id)).collect()
}

#[test]
fn books_are_stored_on_a_grid_of_exchange_time() {
    let mut desk = desk(100, &[(Channel::Book, None)]);
    desk.take(&depth(1, 2, 1050, 10), 0);
    assert_eq!(desk.wanted().len(), 1);
    desk.take(&depth(3, 4, 1100, 11), 0);
    assert!(desk.wanted().is_empty(), "asked for once");
    desk.snapshot("BTCUSDT", 1, &levels(9), &levels(20));
    assert_eq!(moments(&desk.hand_over()), [], "1100 may still change");
    desk.take(&depth(5, 6, 1100, 12), 0);
    desk.take(&depth(7, 8, 1350, 13), 0);
    // The book of 1100 has both updates of that time; nothing changed until 1350.
    let batch = desk.hand_over();
    assert_eq!(moments(&batch), [(1100, 6), (1200, 6), (1300, 6)]);
    assert_eq!(batch.books[0].1.bids[0].price, Price(1_200_000_000));
    assert!(batch.gaps.is_empty());
}

#[test]
fn a_hole_in_the_ids_costs_a_snapshot_and_is_in_the_ledger() {
    let mut desk = desk(100, &[(Channel::Book, None)]);
    desk.take(&depth(1, 2, 1000, 10), 0);
    desk.snapshot("BTCUSDT", 1, &levels(9), &levels(20));
    desk.wanted();
    desk.take(&depth(3, 4, 1150, 10), 0);
    desk.take(&depth(7, 8, 1300, 10), 0);
    assert_eq!(desk.wanted().len(), 1);
    assert!(desk.book("BTCUSDT").is_none());
    desk.snapshot("BTCUSDT", 5, &levels(9), &levels(20));
    assert_eq!(desk.wanted().len(), 1, "older than what is held builds on");
    desk.snapshot("BTCUSDT", 7, &levels(9), &levels(20));
    desk.take(&depth(9, 9, 1420, 10), 0);
    let batch = desk.hand_over();
    assert_eq!(moments(&batch), [(1000, 2), (1100, 2), (1300, 8), (1400, 8)]);
    assert_eq!(spans(&batch.gaps), [(1150, 1300, GapReason::Sequence, GapState::Lost)]);
}

#[test]
fn a_disconnect_that_missed_nothing_leaves_no_gap() {
    let mut desk = desk(100, &[(Channel::Book, None), (Channel::AggTrades, None)]);
    desk.take(&depth(1, 2, 1000, 10), 0);
    desk.snapshot("BTCUSDT", 1, &levels(9), &levels(20));
    desk.take(&trade("aggTrade", 5, 1000), 0);
    desk.interrupted(GapReason::Disconnect, |_, _| true);
    desk.take(&depth(3, 4, 1150, 10), 0);
    desk.take(&trade("aggTrade", 6, 1010), 0);
    assert!(desk.hand_over().gaps.is_empty());
    desk.interrupted(GapReason::Disconnect, |_, _| true);
    desk.take(&trade("aggTrade", 9, 1030), 0);
    let gaps = desk.hand_over().gaps;
    assert_eq!(spans(&gaps), [(1010, 1031, GapReason::Disconnect, GapState::Open)]);
    assert_eq!(gaps[0].ids, Some((7, 8)));
}

#[test]
fn a_silent_exchange_is_told_from_a_lost_stretch() {
    let mut desk = desk(100, &[(Channel::Book, None)]);
    desk.take(&depth(1, 2, 1000, 10), 0);
    desk.snapshot("BTCUSDT", 1, &levels(9), &levels(20));
    desk.take(&depth(3, 4, 500_000, 10), 0);
    desk.take(&depth(5, 6, 500_101, 10), 0);
    let batch = desk.hand_over();
    assert_eq!(spans(&batch.gaps), [(1000, 500_000, GapReason::Outage, GapState::Real)]);
    assert_eq!(moments(&batch), [(500_000, 4), (500_100, 4)]);
}

#[test]
fn what_came_before_the_last_stop_is_known() {
    let received =
        |id, time| Some(Received { ids: Some((1, id)), first: Time(0), last: Time(time) });
    let minute = Channel::Candles(Interval::MINUTE);
    let stored = [
        (Channel::Book, received(8, 1000)),
        (Channel::AggTrades, received(8, 1000)),
        (Channel::Trades, received(8, 1000)),
        (Channel::Quotes, received(8, 1000)),
        (minute, Some(Received { ids: None, first: Time(0), last: Time(60_000) })),
    ];
    let mut desk = desk(100, &stored);
    desk.take(&depth(10, 12, 2000, 10), 0);
    desk.snapshot("BTCUSDT", 11, &levels(9), &levels(20));
    desk.take(&trade("aggTrade", 8, 1000), 0);
    desk.take(&trade("aggTrade", 10, 1500), 0);
    desk.take(&trade("trade", 10, 1500), 0);
    desk.take(&quote(12), 3000);
    desk.take(&candle(3, false), 0);
    desk.take(&candle(4, true), 0);
    let batch = desk.hand_over();
    let stopped = GapReason::Stopped;
    assert_eq!(
        spans(&batch.gaps),
        [
            (1001, 2000, stopped, GapState::Lost),
            (1000, 1501, stopped, GapState::Open),
            (1000, 1501, stopped, GapState::Lost),
            (1000, 3000, stopped, GapState::Lost),
            (120_000, 240_000, stopped, GapState::Open),
        ]
    );
    assert_eq!((batch.trades.len(), batch.candles.len(), desk.counts().duplicates), (2, 1, 1));
}

#[test]
fn quotes_that_come_twice_are_dropped_and_late_ones_are_in_the_ledger() {
    let mut desk = desk(100, &[(Channel::Quotes, None)]);
    for (id, received) in [(5, 100), (9, 200), (5, 210), (9, 220), (7, 230), (7, 240), (12, 300)] {
        desk.take(&quote(id), received);
    }
    let batch = desk.hand_over();
    let ids: Vec<i64> = batch.quotes.iter().map(|(_, quote)| quote.update_id).collect();
    assert_eq!(ids, [5, 9, 12]);
    assert_eq!(spans(&batch.gaps), [(100, 200, GapReason::Sequence, GapState::Lost)]);
}

#[test]
fn what_is_shed_is_missing_afterwards() {
    let channels = [(Channel::Book, None), (Channel::AggTrades, None), (Channel::Quotes, None)];
    let mut desk = desk(100, &channels);
    desk.take(&depth(1, 2, 1000, 10), 0);
    desk.snapshot("BTCUSDT", 1, &levels(9), &levels(20));
    desk.take(&depth(3, 4, 1150, 10), 0);
    desk.take(&trade("aggTrade", 1, 1000), 0);
    desk.take(&quote(5), 1000);
    assert_eq!(desk.hand_over().rows(), 4);
    desk.wanted();
    desk.take(&depth(5, 6, 1250, 10), 0);
    desk.take(&trade("aggTrade", 2, 1200), 0);
    desk.take(&quote(6), 1200);
    desk.shed(false);
    assert_eq!((desk.rows(), desk.counts().shed), (1, 2));
    desk.shed(true);
    assert_eq!((desk.rows(), desk.counts().shed), (0, 3));
    desk.take(&depth(7, 8, 1450, 10), 0);
    assert_eq!(desk.wanted().len(), 1);
    desk.snapshot("BTCUSDT", 7, &levels(9), &levels(20));
    desk.take(&trade("aggTrade", 3, 1400), 0);
    desk.take(&quote(7), 1400);
    let batch = desk.hand_over();
    let why = GapReason::Overload;
    assert_eq!(
        spans(&batch.gaps),
        [
            (1200, 1450, why, GapState::Lost),
            (1000, 1401, why, GapState::Open),
            (1000, 1400, why, GapState::Lost)
        ]
    );
    assert_eq!(batch.gaps[1].ids, Some((2, 2)));
}

#[test]
fn clocks_are_kept_by_the_minute() {
    let mut desk = desk(100, &[(Channel::Trades, None)]);
    for (id, time, received) in [(1, 1000, 1010), (2, 2000, 2030), (3, 61_000, 61_000)] {
        desk.take(&trade("trade", id, time), received);
    }
    assert_eq!(desk.lag(), Some(13));
    assert_eq!(desk.lag(), None);
    desk.end_minutes();
    let clocks = desk.hand_over().clocks;
    assert_eq!((clocks[0].1.minute, clocks[0].1.messages, clocks[0].1.mean), (0, 2, 20.0));
    assert_eq!((clocks[0].1.least, clocks[0].1.greatest), (10, 30));
    assert_eq!((clocks[1].1.minute, clocks[1].1.messages), (60_000, 1));
}

#[test]
fn strangers_are_counted_and_do_no_harm() {
    let mut desk = desk(100, &[(Channel::Trades, None)]);
    assert_eq!(desk.take("nonsense", 0), Taken::Data);
    assert_eq!(desk.take(r#"{"e":"newEvent","E":1}"#, 0), Taken::Data);
    assert_eq!(desk.take(&trade("aggTrade", 1, 1), 0), Taken::Data);
    assert_eq!(desk.take(r#"{"e":"serverShutdown","E":1}"#, 0), Taken::ServerShutdown);
    assert_eq!(desk.take(r#"{"result":null,"id":3}"#, 0), Taken::Accepted(Some(3)));
    assert_eq!(desk.take(r#"{"code":2,"msg":"no"}"#, 0), Taken::Refused);
    let counts = desk.counts();
    assert_eq!((counts.malformed, counts.unknown, counts.refused), (1, 2, 1));
    assert!(desk.hand_over().is_empty());
}
