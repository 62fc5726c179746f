//! The REST side of the exchange: what it knows at the present point of the replay, and archives.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use candlewick::market::{Interval, Market};

use super::Shared;
use super::cycle::Pair;
use super::fault::RestFault;
use super::message::{CandleText, agg_trade_rest, pairs};
use super::truth::Published;

/// The weight that was used in the present minute of the wall clock.
#[derive(Debug)]
pub struct Budget {
    minute: Instant,
    used: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { minute: Instant::now(), used: 0 }
    }
}

struct Answer {
    status: u16,
    more: String,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, more: String::new(), body: body.into() }
    }
}

/// Serves the calls of one connection.
pub fn serve(shared: &Arc<Shared>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let Ok(mut out) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Some(target) = request(&mut reader) {
        shared.tell(|told| told.calls.push(target.clone()));
        let fault = shared.rest_fault(&target);
        let mut answer = match fault {
            Some(RestFault::Reset) => return,
            Some(RestFault::TooMany(after)) => refused(429, after),
            Some(RestFault::Banned(after)) => refused(418, after),
            Some(RestFault::Failing(status)) => Answer::new(status, "<html>unavailable</html>"),
            Some(RestFault::Garbage) => Answer::new(200, "<html>{not json"),
            _ => route(shared, &target, fault),
        };
        if let Some(RestFault::Slow(ms)) = fault {
            thread::sleep(Duration::from_millis(ms));
        }
        let length = answer.body.len();
        if fault == Some(RestFault::Half) {
            answer.body.truncate(length / 2);
        }
        let head = format!(
            "HTTP/1.1 {} Status\r\n{}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
            answer.status, answer.more
        );
        let bytes = [head.as_bytes(), &answer.body].concat();
        if out.write_all(&bytes).is_err() || fault == Some(RestFault::Half) {
            return;
        }
    }
}

fn refused(status: u16, after: u64) -> Answer {
    let mut answer = Answer::new(status, r#"{"code":-1003,"msg":"Too many requests."}"#);
    answer.more = format!("Retry-After: {after}\r\n");
    answer
}

/// Reads one request without a body and returns its target.
fn request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = String::new();
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    Some(first.split(' ').nth(1)?.to_owned())
}

fn route(shared: &Shared, target: &str, fault: Option<RestFault>) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if let Some(file) = path.strip_prefix("/data/") {
        return archive(shared, file, fault == Some(RestFault::WrongChecksum));
    }
    let (market, call) = match path {
        _ if path.starts_with("/api/v3/") => (Market::Spot, &path[8..]),
        _ if path.starts_with("/fapi/v1/") => (Market::UsdM, &path[9..]),
        _ if path.starts_with("/dapi/v1/") => (Market::CoinM, &path[9..]),
        _ => return Answer::new(404, "not found"),
    };
    let value = |name: &str| {
        query.split('&').filter_map(|part| part.split_once('=')).find(|part| part.0 == name)
    };
    let value = |name: &str| value(name).map(|part| part.1);
    let number = |name: &str| value(name).and_then(|text| text.parse::<i64>().ok());
    let limit = number("limit").unwrap_or(500).clamp(1, most(market, call)) as usize;
    let weight = weight(market, call, limit);
    let used = match shared.spend(weight) {
        Ok(used) => used,
        Err(after) => {
            shared.violation(format!("the budget is overspent by {target}"));
            return refused(429, after);
        }
    };
    let symbol = value("symbol").unwrap_or_default();
    let mut answer = match (call, shared.find(market, symbol)) {
        ("ping", _) => Answer::new(200, "{}"),
        ("time", _) => Answer::new(200, format!(r#"{{"serverTime":{}}}"#, shared.now())),
        ("exchangeInfo", _) => Answer::new(200, exchange_info(shared, market)),
        (_, None) => Answer::new(400, r#"{"code":-1121,"msg":"Invalid symbol."}"#),
        ("depth", Some(listing)) => {
            let stale = (fault == Some(RestFault::StaleDepth)).then(|| shared.stale(listing));
            let published = stale.flatten();
            match published {
                Some(old) => Answer::new(200, depth(&old, market, limit)),
                None => Answer::new(
                    200,
                    depth(&shared.published[listing].lock().unwrap(), market, limit),
                ),
            }
        }
        ("klines", Some(listing)) => match value("interval").map(str::parse::<Interval>) {
            Some(Ok(interval)) => {
                let published = shared.published[listing].lock().unwrap();
                let span = (number("startTime"), number("endTime"));
                Answer::new(200, candles(&published, interval, span, limit))
            }
            _ => Answer::new(400, r#"{"code":-1120,"msg":"Invalid interval."}"#),
        },
        ("aggTrades", Some(listing)) => {
            let published = shared.published[listing].lock().unwrap();
            let span = (number("startTime"), number("endTime"));
            Answer::new(200, agg_trades(&published, number("fromId"), span, limit))
        }
        _ => Answer::new(404, "not found"),
    };
    answer.more = format!("X-MBX-USED-WEIGHT: {used}\r\nX-MBX-USED-WEIGHT-1M: {used}\r\n");
    answer
}

/// Most rows or levels of one answer.
fn most(market: Market, call: &str) -> i64 {
    match (market, call) {
        (Market::Spot, "depth") => 5_000,
        (Market::UsdM | Market::CoinM, "klines") => 1_500,
        _ => 1_000,
    }
}

fn weight(market: Market, call: &str, limit: usize) -> u64 {
    match (market, call, limit) {
        (Market::Spot, "depth", 0..=100) => 5,
        (Market::Spot, "depth", 101..=500) => 25,
        (Market::Spot, "depth", 501..=1_000) => 50,
        (Market::Spot, "depth", _) => 250,
        (Market::Spot, "klines", _) => 2,
        (Market::Spot, "aggTrades", _) => 4,
        (Market::Spot, "exchangeInfo", _) => 20,
        (_, "depth", 0..=50) => 2,
        (_, "depth", 51..=100) => 5,
        (_, "depth", 101..=500) => 10,
        (_, "depth", _) => 20,
        (_, "klines", 0..=99) => 1,
        (_, "klines", 100..=499) => 2,
        (_, "klines", 500..=1_000) => 5,
        (_, "klines", _) => 10,
        (_, "aggTrades", _) => 20,
        _ => 1,
    }
}

impl Shared {
    /// Counts the weight of a call; when it is too much, how many seconds are left of the minute.
    fn spend(&self, weight: u64) -> Result<u64, u64> {
        let mut budget = self.budget.lock().unwrap();
        if budget.minute.elapsed() >= Duration::from_secs(60) {
            *budget = Budget::default();
        }
        budget.used += weight;
        if budget.used <= self.config.weight_per_minute {
            return Ok(budget.used);
        }
        Err(60_u64.saturating_sub(budget.minute.elapsed().as_secs()).max(1))
    }
}

fn exchange_info(shared: &Shared, market: Market) -> String {
    let symbols: Vec<String> = shared
        .listings
        .iter()
        .filter(|listing| listing.name.market == market)
        .map(|listing| {
            let symbol = &listing.name.symbol;
            format!(
                r#"{{"symbol":"{symbol}","status":"TRADING","permissions":["SPOT"],"filters":[]}}"#
            )
        })
        .collect();
    let (now, limit, symbols) = (shared.now(), shared.config.weight_per_minute, symbols.join(","));
    format!(
        r#"{{"timezone":"UTC","serverTime":{now},"rateLimits":[{{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":{limit}}},{{"rateLimitType":"RAW_REQUESTS","interval":"MINUTE","intervalNum":5,"limit":10000000}}],"exchangeFilters":[],"symbols":[{symbols}]}}"#
    )
}

pub fn depth(published: &Published, market: Market, limit: usize) -> String {
    let bids: Vec<Pair> = published.book[0].values().rev().take(limit).cloned().collect();
    let asks: Vec<Pair> = published.book[1].values().take(limit).cloned().collect();
    let (bids, asks) = (pairs(&bids), pairs(&asks));
    let (id, event) = (published.update_id, published.event);
    let times = match market {
        Market::Spot => String::new(),
        Market::UsdM | Market::CoinM => format!(r#""E":{event},"T":{event},"#),
    };
    format!(r#"{{"lastUpdateId":{id},{times}"bids":{bids},"asks":{asks}}}"#)
}

type Times = (Option<i64>, Option<i64>);

fn candles(published: &Published, interval: Interval, (from, to): Times, limit: usize) -> String {
    let unfinished = published.unfinished.iter().filter(|candle| candle.interval == interval);
    let finished = published.candles.get(&interval).into_iter().flatten().map(AsRef::as_ref);
    let inside = |open: i64| from.is_none_or(|from| open >= from) && to.is_none_or(|to| open <= to);
    let rows: Vec<String> = finished
        .chain(unfinished)
        .filter(|candle| inside(candle.open_time))
        .map(CandleText::rest)
        .collect();
    // Without a start the newest rows are meant.
    let skipped = if from.is_some() { 0 } else { rows.len().saturating_sub(limit) };
    format!("[{}]", rows[skipped..].iter().take(limit).cloned().collect::<Vec<_>>().join(","))
}

fn agg_trades(
    published: &Published,
    from_id: Option<i64>,
    (from, to): Times,
    limit: usize,
) -> String {
    let trades = &published.trades;
    let first = match (from_id, from) {
        (Some(id), _) => trades.partition_point(|trade| trade.0 < id),
        (None, Some(time)) => trades.partition_point(|trade| trade.1 < time),
        (None, None) => trades.len().saturating_sub(limit),
    };
    let rows: Vec<String> = trades
        .range(first..)
        .take_while(|trade| to.is_none_or(|to| trade.1 <= to))
        .take(limit)
        .map(|(id, time, deal)| agg_trade_rest(*id, *time, deal))
        .collect();
    format!("[{}]", rows.join(","))
}

fn archive(shared: &Shared, file: &str, wrong: bool) -> Answer {
    let Some(folder) = &shared.config.archive else { return Answer::new(404, "no archive") };
    if file.split('/').any(|part| part == "..") {
        return Answer::new(400, "path");
    }
    match std::fs::read(folder.join(file)) {
        Ok(mut bytes) => {
            if wrong {
                // The first digit of the digest becomes another.
                bytes[0] = if bytes[0] == b'0' { b'1' } else { b'0' };
            }
            Answer::new(200, bytes)
        }
        Err(_) => Answer::new(404, "<Error><Code>NoSuchKey</Code></Error>"),
    }
}
