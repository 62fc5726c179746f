//! An exchange on this machine that counts what it is asked and fails as it is told.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::source::{self, LISTED, MINUTE, TRADE_EVERY};

/// What the next calls get instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Status(u16),
    Barred { status: u16, seconds: u64 },
    Reset,
    Garbage,
}

/// A call that came in.
#[derive(Debug, Clone)]
pub struct Call {
    pub path: String,
    /// Microseconds since the exchange began.
    pub at: u64,
    pub weight: u64,
    pub status: u16,
}

pub struct Rules {
    /// Weight that a window of a second may hold.
    pub weight_a_second: u64,
    /// The exchange's clock when it began.
    pub now: i64,
    /// Faults of calls of market data: how many good ones come before each, and the fault.
    pub faults: VecDeque<(usize, Fault)>,
    /// What others at this address spend in each window, before anybody else.
    pub others: u64,
}

pub struct Exchange {
    pub rest: String,
    pub begun: Instant,
    state: Arc<Mutex<State>>,
}

struct State {
    rules: Rules,
    calls: Vec<Call>,
    window: (u64, u64),
    /// Windows that went over, and calls while all of them were barred.
    over: usize,
    barred_until: u64,
    barred_calls: usize,
}

impl Exchange {
    pub fn start(rules: Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let rest = format!("http://{}", listener.local_addr().unwrap());
        let begun = Instant::now();
        let state = Arc::new(Mutex::new(State {
            rules,
            calls: Vec::new(),
            window: (0, 0),
            over: 0,
            barred_until: 0,
            barred_calls: 0,
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(&stream, &state, begun));
            }
        });
        Self { rest, begun, state }
    }

    pub fn calls(&self, path: &str) -> Vec<Call> {
        let state = self.state.lock().unwrap();
        state.calls.iter().filter(|call| call.path == path).cloned().collect()
    }

    pub fn set_faults(&self, faults: &[(usize, Fault)]) {
        self.state.lock().unwrap().rules.faults = faults.iter().copied().collect();
    }

    /// Windows over the limit, whether the exchange's own or any other second.
    pub fn windows_over(&self) -> usize {
        let state = self.state.lock().unwrap();
        let most = state.rules.weight_a_second - state.rules.others;
        let (mut sum, mut first, mut over) = (0, 0, state.over);
        for call in &state.calls {
            sum += call.weight;
            while state.calls[first].at + 1_000_000 <= call.at {
                sum -= state.calls[first].weight;
                first += 1;
            }
            over += usize::from(sum > most);
        }
        over
    }

    /// Calls that came while everybody was barred.
    pub fn barred_calls(&self) -> usize {
        self.state.lock().unwrap().barred_calls
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>, begun: Instant) {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some((path, query)) = read(&mut reader) {
        let at = begun.elapsed().as_micros() as u64;
        let reply = state.lock().unwrap().answer(&path, query, at);
        let Some((status, headers, body)) = reply else { return };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status} Status\r\n{headers}Content-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<(String, HashMap<String, String>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    while line.trim_end() != "" {
        line.clear();
        reader.read_line(&mut line).ok()?;
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some((path.to_owned(), query))
}

/// Weights of the exchanges' documentation.
fn weight(path: &str, query: &HashMap<String, String>) -> u64 {
    let limit = query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(500);
    let (root, name) = path.rsplit_once('/').unwrap_or_default();
    match (root, name, limit) {
        ("/api/v3", "exchangeInfo", _) => 20,
        ("/api/v3", "klines", _) => 2,
        ("/api/v3", "aggTrades", _) => 4,
        ("/api/v3", "depth", 1001..) => 250,
        ("/api/v3", "depth", _) => 50,
        ("/fapi/v1" | "/dapi/v1", "klines", ..100) => 1,
        ("/fapi/v1" | "/dapi/v1", "klines", 100..500) => 2,
        ("/fapi/v1" | "/dapi/v1", "klines", 500..=1000) => 5,
        ("/fapi/v1" | "/dapi/v1", "klines", _) => 10,
        ("/fapi/v1" | "/dapi/v1", "aggTrades" | "depth", _) => 20,
        _ => 1,
    }
}

impl State {
    fn answer(
        &mut self,
        path: &str,
        query: HashMap<String, String>,
        at: u64,
    ) -> Option<(u16, String, String)> {
        let weight = weight(path, &query);
        let window = at / 1_000_000;
        if self.window.0 != window {
            self.window = (window, self.rules.others);
        }
        self.window.1 += weight;
        let is_data = !path.ends_with("/exchangeInfo");
        let fault = self.fault(is_data);
        let mut headers = format!("X-MBX-USED-WEIGHT-1S: {}\r\n", self.window.1);
        if at < self.barred_until {
            self.barred_calls += 1;
        }
        let barred = |seconds: u64| format!("Retry-After: {seconds}\r\n");
        let (status, body) = match fault {
            Some(Fault::Reset) => (0, String::new()),
            Some(Fault::Garbage) => (200, "<html>".to_owned()),
            Some(Fault::Status(status)) => (status, r#"{"code":-1000,"msg":"told so"}"#.to_owned()),
            Some(Fault::Barred { status, seconds }) => {
                headers += &barred(seconds);
                self.barred_until = at + seconds * 1_000_000;
                (status, r#"{"code":-1003,"msg":"Way too many requests"}"#.to_owned())
            }
            None if at < self.barred_until => {
                headers += &barred((self.barred_until - at).div_ceil(1_000_000));
                (418, r#"{"code":-1003,"msg":"banned"}"#.to_owned())
            }
            None if self.window.1 > self.rules.weight_a_second => {
                self.over += 1;
                headers += &barred(1);
                (429, r#"{"code":-1003,"msg":"Too much request weight used"}"#.to_owned())
            }
            None => self.content(path, &query, at),
        };
        self.calls.push(Call { path: path.to_owned(), at, weight, status });
        (status != 0).then_some((status, headers, body))
    }

    fn fault(&mut self, is_data: bool) -> Option<Fault> {
        let (left, fault) = self.rules.faults.front_mut().filter(|_| is_data)?;
        if *left > 0 {
            *left -= 1;
            return None;
        }
        let fault = *fault;
        self.rules.faults.pop_front();
        Some(fault)
    }

    fn content(&self, path: &str, query: &HashMap<String, String>, at: u64) -> (u16, String) {
        let now = self.rules.now + (at / 1000) as i64;
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<i64>().ok());
        let symbol = query.get("symbol").map_or("", String::as_str);
        let most = if path.starts_with("/api") { 1000 } else { 1500 };
        let limit = number("limit").unwrap_or(500).min(most) as usize;
        let (root, name) = path.rsplit_once('/').unwrap_or_default();
        match (root, name) {
            (_, "exchangeInfo") => {
                let most = self.rules.weight_a_second;
                (
                    200,
                    format!(
                        r#"{{"serverTime":{now},"rateLimits":[{{"rateLimitType":"REQUEST_WEIGHT","interval":"SECOND","intervalNum":1,"limit":{most}}}],"symbols":[]}}"#
                    ),
                )
            }
            _ if symbol.starts_with("NO") => {
                (400, r#"{"code":-1121,"msg":"Invalid symbol."}"#.to_owned())
            }
            (_, "klines") => {
                let from = number("startTime").unwrap_or(0).max(LISTED);
                // The present candle is told too, though it is not final.
                let to = number("endTime").unwrap_or(i64::MAX).min(now);
                let first = (from + MINUTE - 1).div_euclid(MINUTE) * MINUTE;
                let rows: Vec<String> = (first..=to)
                    .step_by(MINUTE as usize)
                    .filter(|&time| !source::is_outage(symbol, time))
                    .take(limit)
                    .map(|time| source::row(symbol, time, MINUTE))
                    .collect();
                (200, format!("[{}]", rows.join(",")))
            }
            (_, "aggTrades") => {
                let newest = (now - LISTED) / TRADE_EVERY;
                let after = |time: i64| (time - LISTED + TRADE_EVERY - 1).div_euclid(TRADE_EVERY);
                let from = number("fromId").or_else(|| number("startTime").map(after));
                let from = from.unwrap_or(newest - limit as i64 + 1).max(0);
                let rows: Vec<String> = (from..=newest)
                    .filter_map(|id| source::trade(symbol, id))
                    .take(limit)
                    .map(|it| {
                        let (whole, part) = (it.price.0 / 100_000_000, it.price.0 % 100_000_000);
                        format!(
                            r#"{{"a":{},"p":"{whole}.{part:08}","q":"{}","f":1,"l":1,"T":{},"m":{},"M":true}}"#,
                            it.id, it.quantity, it.time, it.buyer_is_maker
                        )
                    })
                    .collect();
                (200, format!("[{}]", rows.join(",")))
            }
            ("/api/v3", "depth") => {
                (200, r#"{"lastUpdateId":7,"bids":[["4.5","1"]],"asks":[["4.6","2"]]}"#.to_owned())
            }
            (_, "depth") => (
                200,
                r#"{"lastUpdateId":7,"E":9,"T":8,"bids":[["4.5","1"]],"asks":[["4.6","2"]]}"#
                    .to_owned(),
            ),
            _ => (404, "nothing here".to_owned()),
        }
    }
}
