//! The exchange for scripts: `cargo test … exchange::serve::serve_exchange -- --ignored --exact`.

use std::io::{Read, Write};
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::feed::Feed;
use super::line::frame;
use super::*;
use crate::support::real_data;

/// Pings that ask whether everything before them was read.
static ASKED: AtomicU64 = AtomicU64::new(0);

impl Exchange {
    /// The addresses of this exchange as `ingest` takes them with `--config`.
    pub fn config(&self) -> String {
        let mut text = "exchange:\n".to_owned();
        for (market, stream) in &self.streams {
            let stream = match market {
                Market::UsdM => format!("{{public: {stream}/public, market: {stream}/market}}"),
                Market::Spot | Market::CoinM => stream.clone(),
            };
            let (rest, per_second) = (&self.rest, if *market == Market::Spot { 5 } else { 10 });
            text += &format!(
                "  {market}:\n    stream: {stream}\n    rest: {rest}\n    streams_per_connection: 1024\n    \
                 sent_per_second: {per_second}\n"
            );
        }
        text + &format!("  archive: {}\n", self.rest)
    }

    /// Waits until the clients have read everything that was put on their lines.
    pub fn wait_until_read(&self, patience: Duration) {
        let name = format!("read {}", ASKED.fetch_add(1, Ordering::AcqRel));
        let lines = self.shared.lines.lock().unwrap().clone();
        let open: Vec<_> =
            lines.iter().filter(|line| !line.closed.load(Ordering::Acquire)).cloned().collect();
        open.iter().for_each(|line| line.send(frame(9, name.as_bytes())));
        wait(patience, "everything to be read", || {
            open.iter().all(|line| {
                line.closed.load(Ordering::Acquire) || *line.read.lock().unwrap() == name
            })
        });
    }

    /// Every message of the first `duration` ms as one text a line of the combined stream, in order;
    /// nothing is published.
    fn texts(&self, wants: &dyn Fn(usize, message::Kind) -> Option<String>) -> Vec<String> {
        let mut texts = Vec::new();
        for (index, listing) in self.shared.listings.iter().enumerate() {
            let mut feed = Feed::new(listing, index);
            while feed.next_at() - listing.start < self.shared.config.duration {
                let message = feed.next();
                if let Some(stream) = wants(index, message.kind()) {
                    let text = message.text(&listing.name);
                    texts.push(format!(r#"{{"stream":"{stream}","data":{text}}}"#));
                }
            }
        }
        texts
    }

    /// Puts bytes on every line as fast as they are read, with none of the exchange's own work.
    fn blast(&self, pieces: Vec<Vec<u8>>) {
        let lines = self.shared.lines.lock().unwrap().clone();
        for piece in pieces {
            if let Some((last, others)) = lines.split_last() {
                others.iter().for_each(|line| line.send(piece.clone()));
                last.send(piece);
            }
        }
    }
}

/// Messages as the bytes that go over a line, in pieces.
fn framed(texts: &[String]) -> Vec<Vec<u8>> {
    const PIECE: usize = 1 << 18;
    let mut pieces = vec![Vec::with_capacity(PIECE * 2)];
    for text in texts {
        if pieces.last().unwrap().len() >= PIECE {
            pieces.push(Vec::with_capacity(PIECE * 2));
        }
        pieces.last_mut().unwrap().extend(frame(1, text.as_bytes()));
    }
    pieces
}

fn seconds_since_1970() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64()
}

/// Serves spot BTCUSDT as `CANDLEWICK_EXCHANGE` says, until standard input ends.
///
/// That is one JSON object: `config` (file that gets the addresses), `told` (file that gets what was
/// seen when all is played and read), `streams` (how many to wait for), `ratio` (exchange time per wall
/// time; absent: as fast as it is read), `seconds` (of exchange time), `faults` (how many at random),
/// `seed`, and `lines` and `snapshot` (files that get the messages and the book before them; then the
/// messages are made beforehand and sent without any other work).
#[test]
#[ignore = "serves scripts until its standard input ends"]
fn serve_exchange() {
    let Ok(orders) = std::env::var("CANDLEWICK_EXCHANGE") else {
        eprintln!("SKIPPED serve_exchange: CANDLEWICK_EXCHANGE does not say how to serve");
        return;
    };
    let orders: Value = serde_json::from_str(&orders).unwrap();
    let number = |name: &str| orders[name].as_i64();
    let file = |name: &str| orders[name].as_str().map(PathBuf::from);
    let duration = number("seconds").unwrap() * 1_000;
    let faults = number("faults").unwrap_or(0) as usize;
    let config = Config {
        ratio: orders["ratio"].as_f64(),
        duration,
        faults: match faults {
            0 => Vec::new(),
            count => {
                let seed = number("seed").unwrap_or(1) as u64;
                random_schedule(seed, count, duration / 50, duration * 19 / 20)
            }
        },
        weight_per_minute: 1_000_000,
        archive: file("archive"),
        forgetful: true,
        ..Config::default()
    };
    let cycle = spot_cycle(real_data("serve_exchange").as_deref());
    let exchange = Exchange::start(config, vec![listing(Market::Spot, "BTCUSDT", &cycle)]);
    std::fs::write(file("config").unwrap(), exchange.config()).unwrap();
    exchange.wait_for_streams(number("streams").unwrap_or(4) as usize);
    let (started, messages);
    if let Some(lines) = file("lines") {
        let wanted = exchange.shared.lines.lock().unwrap()[0].wanted.lock().unwrap().clone();
        let texts = exchange.texts(&|index, kind| wanted.get(&(index, kind)).cloned());
        let snapshot = rest::depth(&exchange.published(0), Market::Spot, 5_000);
        std::fs::write(file("snapshot").unwrap(), snapshot).unwrap();
        std::fs::write(lines, texts.join("\n")).unwrap();
        let pieces = framed(&texts);
        started = seconds_since_1970();
        exchange.blast(pieces);
        messages = texts.len() as u64;
    } else {
        started = seconds_since_1970();
        exchange.run(true);
        exchange.wait_until_over(Duration::from_secs(100_000));
        messages = exchange.told().sent;
    }
    exchange.wait_until_read(Duration::from_secs(600));
    let told = exchange.told();
    let seen = json!({
        "started": started,
        "read": seconds_since_1970(),
        "messages": messages,
        "struck": told.struck.len(),
        "connections": told.attempts,
        "violations": told.violations,
    });
    let path = file("told").unwrap();
    let part = path.with_extension("part");
    std::fs::File::create(&part).unwrap().write_all(seen.to_string().as_bytes()).unwrap();
    std::fs::rename(part, path).unwrap();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
