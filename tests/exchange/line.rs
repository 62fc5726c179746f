//! One WebSocket line of the exchange: handshake, frames, subscriptions, pings.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use candlewick::market::Market;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Shared;
use super::message::Kind;

/// Messages that wait for a slow reader before the exchange itself waits.
const QUEUE: usize = 10_000;
/// How long the exchange waits for a slow reader before it gives the line up.
const PATIENCE: Duration = Duration::from_secs(20);
/// Streams that one line may carry.
const MOST_STREAMS: usize = 1_024;

/// What goes out over a line.
pub enum Out {
    Bytes(Vec<u8>),
    /// Everything before it is sent, then the line drops.
    Drop,
}

/// An open line.
pub struct Line {
    pub market: Market,
    /// Whether messages are wrapped with the name of their stream.
    pub combined: bool,
    /// `public` or `market`, where the address says so.
    pub group: Option<bool>,
    pub wanted: Mutex<HashMap<(usize, Kind), String>>,
    pub streams: Mutex<Vec<String>>,
    pub closed: AtomicBool,
    pub silent: AtomicBool,
    /// The last pong to a ping that was none of the regular ones.
    pub read: Mutex<String>,
    queue: SyncSender<Out>,
}

impl Line {
    /// Queues bytes; waits for a slow reader as long as the exchange is patient.
    pub fn send(&self, bytes: Vec<u8>) {
        self.put(Out::Bytes(bytes));
    }

    pub fn put(&self, mut out: Out) {
        let started = Instant::now();
        while !self.closed.load(Ordering::Acquire) {
            match self.queue.try_send(out) {
                Ok(()) => return,
                Err(TrySendError::Full(back)) if started.elapsed() < PATIENCE => {
                    out = back;
                    thread::sleep(Duration::from_millis(1));
                }
                Err(_) => return self.closed.store(true, Ordering::Release),
            }
        }
    }
}

/// A frame of one whole message from a server, which masks nothing.
pub fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 10);
    bytes.push(0x80 | opcode);
    match payload.len() {
        length @ 0..126 => bytes.push(length as u8),
        length @ 126..65_536 => {
            bytes.push(126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

pub fn close_frame(code: u16) -> Vec<u8> {
    frame(8, &code.to_be_bytes())
}

/// Takes a client in: answers the handshake and serves it until either side ends.
pub fn serve(shared: &Arc<Shared>, market: Market, mut stream: TcpStream) {
    let Some((target, key)) = handshake(&stream) else { return };
    shared.tell(|told| told.attempts += 1);
    if shared.refuses() {
        let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    let accept = derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    let Ok(out) = stream.try_clone() else { return };
    if stream.write_all(answer.as_bytes()).is_err() {
        return;
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (group, path) = match (path.strip_prefix("/public"), path.strip_prefix("/market")) {
        (Some(rest), _) => (Some(true), rest),
        (_, Some(rest)) => (Some(false), rest),
        _ => (None, path),
    };
    let combined = path.starts_with("/stream");
    let names = if combined {
        let streams = query.split('&').find_map(|part| part.strip_prefix("streams="));
        streams.unwrap_or_default().to_owned()
    } else {
        path.trim_start_matches("/ws").trim_start_matches('/').to_owned()
    };
    let names = names.replace("%40", "@").replace("%2F", "/");
    let (queue, waiting) = sync_channel(QUEUE);
    let line = Arc::new(Line {
        market,
        combined,
        group,
        wanted: Mutex::default(),
        streams: Mutex::default(),
        closed: AtomicBool::new(false),
        silent: AtomicBool::new(false),
        read: Mutex::default(),
        queue,
    });
    let writer = Arc::clone(&line);
    thread::spawn(move || write(&writer, &waiting, out));
    let first = names.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    subscribe(shared, &line, first);
    shared.add_line(&line);
    read(shared, &line, stream);
    line.closed.store(true, Ordering::Release);
    shared.tell(|told| told.ended += 1);
}

fn handshake(stream: &TcpStream) -> Option<(String, String)> {
    stream.set_nodelay(true).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let (mut reader, mut first, mut key) = (BufReader::new(stream), String::new(), None);
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        if name.eq_ignore_ascii_case("sec-websocket-key") {
            key = Some(value.trim().to_owned());
        }
    }
    Some((first.split(' ').nth(1)?.to_owned(), key?))
}

fn write(line: &Line, waiting: &Receiver<Out>, mut stream: TcpStream) {
    let mut bytes = Vec::new();
    while let Ok(first) = waiting.recv_timeout(Duration::from_millis(100)).or_else(|_| {
        // An idle line that the reader has ended has nothing more to say.
        if line.closed.load(Ordering::Acquire) { Err(()) } else { Ok(Out::Bytes(Vec::new())) }
    }) {
        let (mut next, mut ends) = (Some(first), false);
        bytes.clear();
        while let Some(out) = next.take() {
            match out {
                Out::Bytes(more) if bytes.is_empty() => bytes = more,
                Out::Bytes(more) => bytes.extend(more),
                Out::Drop => ends = true,
            }
            if !ends && bytes.len() < 65_536 {
                next = waiting.try_recv().ok();
            }
        }
        if stream.write_all(&bytes).is_err() || ends {
            break;
        }
    }
    line.closed.store(true, Ordering::Release);
    let _ = stream.shutdown(Shutdown::Both);
}

/// Reads what the client sends, pings it, and ends the line when its life is over.
fn read(shared: &Shared, line: &Arc<Line>, mut stream: TcpStream) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4_096]);
    let born = Instant::now();
    let (mut pinged, mut unanswered) = (born, None::<(u64, Instant)>);
    let (mut numbered, mut recent) = (0_u64, Vec::<Instant>::new());
    let mut over = false;
    let _ = stream.set_read_timeout(Some(Duration::from_millis(20)));
    while !line.closed.load(Ordering::Acquire) {
        match stream.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => bytes.extend(&chunk[..count]),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            Err(_) => return,
        }
        while let Some((opcode, payload)) = take_frame(&mut bytes) {
            recent.retain(|time| time.elapsed() < Duration::from_secs(1));
            recent.push(Instant::now());
            let most = if line.market == Market::Spot { 5 } else { 10 };
            // Pongs to our own quick pings are no message of the client's choosing.
            if opcode == 10 {
                recent.pop();
            } else if recent.len() > most {
                shared.violation(format!("{} messages within a second", recent.len()));
                line.put(Out::Bytes(close_frame(1_008)));
                return line.put(Out::Drop);
            }
            match opcode {
                1 => command(shared, line, &payload),
                8 => {
                    line.put(Out::Bytes(frame(8, &payload)));
                    return line.put(Out::Drop);
                }
                9 => line.send(frame(10, &payload)),
                10 => {
                    if let Some((number, sent)) = unanswered
                        && payload == number.to_string().as_bytes()
                    {
                        let delay = sent.elapsed();
                        shared.tell(|told| {
                            told.pongs += 1;
                            told.slowest_pong = told.slowest_pong.max(delay);
                        });
                        unanswered = None;
                    } else {
                        *line.read.lock().unwrap() = String::from_utf8_lossy(&payload).into_owned();
                    }
                }
                other => shared.violation(format!("frame of kind {other}")),
            }
        }
        let silent = line.silent.load(Ordering::Acquire);
        if unanswered.is_none() && !silent && pinged.elapsed() >= shared.config.ping_every {
            (numbered, pinged) = (numbered + 1, Instant::now());
            unanswered = Some((numbered, pinged));
            line.send(frame(9, numbered.to_string().as_bytes()));
        }
        if unanswered.is_some_and(|(_, sent)| !silent && sent.elapsed() > shared.config.pong_within)
        {
            shared.violation("a ping was not answered".to_owned());
            return line.put(Out::Drop);
        }
        if !over && shared.config.life.is_some_and(|life| born.elapsed() > life) {
            over = true;
            shared.tell(|told| told.outlived += 1);
            line.put(Out::Bytes(close_frame(1_008)));
            line.put(Out::Drop);
        }
    }
}

fn take_frame(bytes: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (length, mut start) = match second & 0x7f {
        126 => (u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?) as usize, 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        short => (usize::from(short), 2),
    };
    let mut mask = [0; 4];
    if second & 0x80 != 0 {
        mask.copy_from_slice(bytes.get(start..start + 4)?);
        start += 4;
    }
    let payload = bytes.get(start..start + length)?;
    let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    bytes.drain(..start + length);
    Some((first & 0x0f, payload))
}

fn command(shared: &Shared, line: &Arc<Line>, payload: &[u8]) {
    let request: Value = serde_json::from_slice(payload).unwrap_or_default();
    let names = || -> Option<Vec<String>> {
        request["params"].as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let id = &request["id"];
    let answer = match (request["method"].as_str(), names()) {
        (Some("SUBSCRIBE"), Some(names)) => {
            subscribe(shared, line, names);
            json!({"result": null, "id": id})
        }
        (Some("UNSUBSCRIBE"), Some(names)) => {
            line.streams.lock().unwrap().retain(|name| !names.contains(name));
            line.wanted.lock().unwrap().retain(|_, name| !names.contains(name));
            json!({"result": null, "id": id})
        }
        (Some("LIST_SUBSCRIPTIONS"), _) => {
            json!({"result": *line.streams.lock().unwrap(), "id": id})
        }
        _ => {
            shared.violation(format!("command {request}"));
            json!({"code": 2, "msg": "Invalid request", "id": id})
        }
    };
    line.send(frame(1, answer.to_string().as_bytes()));
}

fn subscribe(shared: &Shared, line: &Arc<Line>, names: Vec<String>) {
    for name in &names {
        let Some((symbol, kind)) = name.split_once('@') else {
            shared.violation(format!("stream {name}"));
            continue;
        };
        if symbol != symbol.to_lowercase() {
            shared.violation(format!("stream {name} is not in lower case"));
        }
        let Some(kind) = Kind::of_name(kind) else {
            shared.violation(format!("stream {name}"));
            continue;
        };
        // Today's USD-M exchange gives no data of one group under the other's address.
        if line.market == Market::UsdM && line.group != Some(kind.is_public()) {
            shared.violation(format!("stream {name} under the wrong address"));
            continue;
        }
        if let Some(listing) = shared.find(line.market, &symbol.to_uppercase()) {
            line.wanted.lock().unwrap().insert((listing, kind), name.clone());
        }
    }
    let count = {
        let mut streams = line.streams.lock().unwrap();
        for name in names {
            if !streams.contains(&name) {
                streams.push(name);
            }
        }
        streams.len()
    };
    shared.tell(|told| told.most_streams = told.most_streams.max(count));
    if count > MOST_STREAMS {
        shared.violation(format!("{count} streams on one line"));
        line.put(Out::Bytes(close_frame(1_008)));
        line.put(Out::Drop);
    }
}
