//! The local exchange is what it says: continuous over its seams, consistent between its sides, and
//! faulty as ordered.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use candlewick::market::{Candle, Interval, Market, Span};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use super::truth::apply;
use super::*;
use crate::support::real_data;

struct Client(WebSocket<TcpStream>);

impl Client {
    fn new(exchange: &Exchange, market: Market, path: &str) -> Self {
        let address = exchange.stream(market);
        let stream = TcpStream::connect(&address["ws://".len()..]).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Self(client(format!("{address}{path}"), stream).unwrap().0)
    }

    /// The next text, or `None` once the line has ended.
    fn text(&mut self) -> Option<String> {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    fn data(&mut self) -> Option<Value> {
        let value: Value = serde_json::from_str(&self.text()?).unwrap();
        Some(value.get("data").unwrap_or(&value).clone())
    }

    /// Everything until the exchange has played all and the line is quiet.
    fn rest(&mut self, exchange: &Exchange) -> Vec<Value> {
        exchange.order_close_at_end();
        std::iter::from_fn(|| self.data()).collect()
    }
}

impl Exchange {
    /// Closes all lines once everything is played.
    fn order_close_at_end(&self) {
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || {
            while !shared.is_over.load(Ordering::Acquire) {
                thread::sleep(Duration::from_millis(2));
            }
            shared.orders.lock().unwrap().push_back(Fault::Close(1_000));
        });
    }

    fn get(&self, target: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.rest["http://".len()..]).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return (0, String::new(), String::new());
        };
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
    }

    fn json(&self, target: &str) -> Value {
        serde_json::from_str(&self.get(target).2).unwrap()
    }
}

fn small() -> Arc<Cycle> {
    Arc::new(made_up(7, 20, 30, 20))
}

fn spot(config: Config, cycle: &Arc<Cycle>) -> Exchange {
    Exchange::start(config, vec![listing(Market::Spot, "BTCUSDT", cycle)])
}

const ALL: &str =
    "/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@aggTrade/btcusdt@kline_1m";

fn of<'a>(all: &'a [Value], kind: &str) -> Vec<&'a Value> {
    all.iter().filter(|value| value["e"] == kind).collect()
}

#[test]
fn two_turns_of_the_recordings_are_one_continuous_market() {
    let data = real_data("two_turns_of_the_recordings_are_one_continuous_market");
    let cycle = spot_cycle(data.as_deref());
    let exchange =
        spot(Config { duration: cycle.length * 2 + 10_000, ..Config::default() }, &cycle);
    let mut client = Client::new(&exchange, Market::Spot, ALL);
    exchange.wait_for_streams(4);
    let snapshot = exchange.json("/api/v3/depth?symbol=BTCUSDT&limit=5000");
    exchange.run(true);
    let all = client.rest(&exchange);
    let published = exchange.published(0);

    let mut book = super::truth::Levels2::default();
    let mut last = snapshot["lastUpdateId"].as_i64().unwrap();
    let read =
        |value: &Value| serde_json::from_value::<Vec<(String, String)>>(value.clone()).unwrap();
    let levels =
        |bids: &Value, asks: &Value| super::cycle::Levels { bids: read(bids), asks: read(asks) };
    apply(&mut book, &levels(&snapshot["bids"], &snapshot["asks"]));
    let updates = of(&all, "depthUpdate");
    for update in &updates {
        assert_eq!(update["U"], last + 1);
        last = update["u"].as_i64().unwrap();
        apply(&mut book, &levels(&update["b"], &update["a"]));
        assert!(book[0].last_key_value().unwrap().0 < book[1].first_key_value().unwrap().0);
    }
    assert_eq!(book, published.book);
    let times: Vec<_> = updates.iter().map(|update| update["E"].as_i64().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a < b));
    let quotes: Vec<_> = all
        .iter()
        .filter(|value| value.get("e").is_none())
        .map(|v| v["u"].as_i64().unwrap())
        .collect();
    assert!(quotes.is_sorted_by(|a, b| a < b) && !quotes.is_empty());

    let trades = of(&all, "aggTrade");
    let ids: Vec<_> = trades.iter().map(|trade| trade["a"].as_i64().unwrap()).collect();
    assert_eq!(ids, (3_000_001..3_000_001 + ids.len() as i64).collect::<Vec<_>>());
    // Candles from the trades, counted here in floats.
    let mut counted = BTreeMap::<i64, Candle>::new();
    for trade in &trades {
        let number = |name: &str| trade[name].as_str().unwrap().parse::<f64>().unwrap();
        let (price, quantity) = (number("p"), number("q"));
        let open_time = Interval::MINUTE.floor(trade["T"].as_i64().unwrap());
        let zero = Candle {
            open_time,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0.0,
            quote_volume: Some(0.0),
            trades: Some(0),
            taker_buy_volume: Some(0.0),
            taker_buy_quote_volume: Some(0.0),
        };
        let candle = counted.entry(open_time).or_insert(zero);
        (candle.high, candle.low) = (candle.high.max(price), candle.low.min(price));
        (candle.close, candle.volume) = (price, candle.volume + quantity);
        candle.trades = candle.trades.map(|trades| trades + 1);
    }
    let finals: Vec<_> =
        of(&all, "kline").into_iter().filter(|candle| candle["k"]["x"] == true).collect();
    let rows = published.candle_rows(Interval::MINUTE);
    assert_eq!(finals.len(), rows.len());
    // Every minute but the last, which has not ended, and each once.
    assert!(rows.len() + 1 >= counted.len() && rows.len() > 9);
    assert!(rows.is_sorted_by(|a, b| a.open_time + 60_000 == b.open_time));
    for row in &rows {
        let same = &counted[&row.open_time];
        let prices = |c: &Candle| (c.open, c.high, c.low, c.close, c.trades);
        assert_eq!(prices(row), prices(same));
        assert!((row.volume - same.volume).abs() < 1e-6);
    }
    let rest = exchange.json("/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=0&limit=1000");
    assert_eq!(rest[0][4].as_str().unwrap().parse::<f64>().unwrap(), rows[0].close);
    let told = exchange.told();
    assert_eq!(told.violations, Vec::<String>::new());
}

#[test]
fn futures_speak_of_the_update_before_and_refuse_the_wrong_address() {
    let cycle = small();
    let exchange = Exchange::start(
        Config { duration: cycle.length * 2, ..Config::default() },
        vec![
            listing(Market::UsdM, "BTCUSDT", &cycle),
            listing(Market::CoinM, "BTCUSD_PERP", &cycle),
        ],
    );
    let mut public =
        Client::new(&exchange, Market::UsdM, "/public/stream?streams=btcusdt@depth@100ms");
    let mut wrong = Client::new(&exchange, Market::UsdM, "/market/ws/btcusdt@depth@100ms");
    let mut coin = Client::new(&exchange, Market::CoinM, "/ws");
    let subscribe = json!({"method": "SUBSCRIBE", "params": ["btcusd_perp@bookTicker"], "id": 4});
    coin.0.send(Message::text(subscribe.to_string())).unwrap();
    assert_eq!(coin.data().unwrap(), json!({"result": null, "id": 4}));
    exchange.wait_for_streams(3);
    exchange.run(true);
    let updates = public.rest(&exchange);
    assert!(updates.windows(2).all(|pair| pair[1]["pu"] == pair[0]["u"]) && updates.len() > 300);
    assert_eq!(coin.data().unwrap()["e"], "bookTicker");
    assert_eq!(wrong.data(), None);
    let told = exchange.told();
    assert_eq!(told.violations, ["stream btcusdt@depth@100ms under the wrong address"]);
}

/// What a client gets when a fault is ordered before the first message.
fn with(fault: Fault) -> (Vec<Value>, Exchange) {
    let exchange = spot(Config { duration: 19_000, ..Config::default() }, &small());
    let mut client = Client::new(&exchange, Market::Spot, "/ws/btcusdt@aggTrade");
    exchange.wait_for_streams(1);
    exchange.order(fault);
    wait(Duration::from_secs(5), "the fault", || !exchange.told().struck.is_empty());
    exchange.run(true);
    (client.rest(&exchange), exchange)
}

fn ids(all: &[Value]) -> Vec<i64> {
    all.iter().map(|value| value["a"].as_i64().unwrap() - 3_000_000).collect()
}

#[test]
fn faults_of_a_line_strike_as_ordered() {
    let (whole, exchange) = with(Fault::Unknown);
    let trades: Vec<_> = whole[5..].to_vec();
    let all = ids(&trades);
    assert_eq!(all, (1..=exchange.published(0).trades.len() as i64).collect::<Vec<_>>());
    assert_eq!(ids(&with(Fault::Skip(Touched::AggTrade, 3)).0), all[3..]);
    assert_eq!(ids(&with(Fault::Duplicate(2)).0)[..5], [1, 1, 2, 2, 3]);
    let reordered = ids(&with(Fault::Reorder(Touched::AggTrade, 6)).0);
    assert!(reordered != all);
    let mut sorted = reordered.clone();
    sorted.sort_unstable();
    assert!(sorted == all && reordered[6..] == all[6..]);
    assert_eq!(ids(&with(Fault::Stall(5_000)).0), all);
    for fault in [Fault::Cut, Fault::Close(1_001), Fault::HalfFrame, Fault::Refuse(60_000)] {
        assert_eq!(with(fault).0, Vec::<Value>::new(), "{fault:?}");
    }
    let (shut, _) = with(Fault::Shutdown(4_000));
    assert_eq!(shut[0]["e"], "serverShutdown");
    assert!(shut.len() > 2 && shut.len() < all.len());
}

#[test]
fn the_rest_side_fails_as_ordered_and_counts_its_budget() {
    let config = Config { weight_per_minute: 45, duration: 19_000, ..Config::default() };
    let exchange = spot(config, &small());
    let depth = "/api/v3/depth?symbol=BTCUSDT&limit=5";
    let before = exchange.json(depth);
    for (fault, status) in [
        (RestFault::TooMany(7), 429),
        (RestFault::Banned(9), 418),
        (RestFault::Failing(502), 502),
        (RestFault::Garbage, 200),
        (RestFault::Reset, 0),
    ] {
        exchange.order(Fault::Rest(fault, 1));
        let (got, head, _) = exchange.get(depth);
        assert_eq!(got, status);
        assert_eq!(head.contains("Retry-After: 7"), status == 429);
    }
    exchange.order(Fault::Rest(RestFault::StaleDepth, 1));
    exchange.run(true);
    exchange.wait_until_over(Duration::from_secs(5));
    assert_eq!(exchange.json(depth), before);
    assert_ne!(exchange.json(depth), before);
    assert_eq!(exchange.json("/api/v3/exchangeInfo")["rateLimits"][0]["limit"], 45);
    assert_eq!(exchange.get("/api/v3/depth?symbol=BTCUSDT&limit=5000").0, 429);
    let told = exchange.told();
    assert_eq!(told.violations.len(), 1, "{:?}", told.violations);
}

#[test]
fn an_outage_has_no_candles_and_a_life_ends() {
    let cycle = Arc::new(made_up(7, 400, 30, 20));
    let minute = Interval::MINUTE.floor(cycle.start + 150_000);
    let mut out = listing(Market::Spot, "BTCUSDT", &cycle);
    out.outage = Some(Span { start: minute, end: minute + 60_000 });
    let config = Config {
        duration: 390_000,
        ratio: Some(400.0),
        life: Some(Duration::from_millis(300)),
        ping_every: Duration::from_millis(20),
        pong_within: Duration::from_millis(100),
        ..Config::default()
    };
    let exchange = Exchange::start(config, vec![out]);
    let mut client = Client::new(&exchange, Market::Spot, ALL);
    let mut deaf = Client::new(&exchange, Market::Spot, "/ws/btcusdt@aggTrade");
    exchange.wait_for_streams(5);
    exchange.run(true);
    while client.text().is_some() {}
    exchange.wait_until_over(Duration::from_secs(10));
    let rows = exchange.published(0).candle_rows(Interval::MINUTE);
    assert!(rows.len() > 3 && rows.iter().all(|row| row.open_time != minute));
    let told = exchange.told();
    assert!(told.outlived == 1 && told.pongs > 3, "{told:?}");
    assert_eq!(told.violations, ["a ping was not answered"]);
    while deaf.text().is_some() {}
}
