//! Which streams share a connection, how they are asked for, and how often one may be opened.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use serde_json::json;

use super::settings::{ConnectionSettings, LiveConfig};
use crate::ingest::exchange::{Group, Stream};
use crate::market::{Channel, Instrument};

/// Addresses up to this length carry the streams in themselves.
const LONGEST_ADDRESS: usize = 2_000;
/// Streams that one message asks for.
const STREAMS_A_MESSAGE: usize = 100;
/// Window of the limit of attempts.
const WINDOW: Duration = Duration::from_mins(5);

/// One connection's streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// Address to open.
    pub(super) address: String,
    /// Messages to send once it is open.
    pub(super) messages: Vec<String>,
    /// Time between two of them.
    pub(super) pace: Duration,
    streams: Vec<Stream>,
}

impl Plan {
    /// Whether a channel comes over this connection.
    pub(super) fn carries(&self, instrument: &Instrument, channel: Channel) -> bool {
        self.streams
            .iter()
            .any(|stream| stream.symbol == instrument.symbol && stream.kind.channel() == channel)
    }
}

/// The connections that the config needs.
pub(super) fn plans(config: &LiveConfig) -> Vec<Plan> {
    let addresses = config.settings.exchange.of(config.market);
    let mut groups: BTreeMap<(Group, String), Vec<Stream>> = BTreeMap::new();
    for symbol in &config.symbols {
        for &kind in &config.streams {
            let (group, address) = addresses.stream.of(kind);
            let streams = groups.entry((group, address.to_owned())).or_default();
            let stream = Stream { symbol: symbol.clone(), kind };
            if !streams.contains(&stream) {
                streams.push(stream);
            }
        }
    }
    // A quarter slower than allowed: answers to pings count too.
    let pace = Duration::from_millis(1_250 / u64::from(addresses.sent_per_second.max(1)));
    let mut plans = Vec::new();
    for ((_, address), streams) in groups {
        for streams in streams.chunks(addresses.streams_per_connection.max(1)) {
            plans.push(plan(&address, streams.to_vec(), pace));
        }
    }
    plans
}

fn plan(address: &str, streams: Vec<Stream>, pace: Duration) -> Plan {
    let names: Vec<String> = streams.iter().map(Stream::to_string).collect();
    let whole = format!("{address}/stream?streams={}", names.join("/"));
    if whole.len() <= LONGEST_ADDRESS {
        return Plan { address: whole, messages: Vec::new(), pace, streams };
    }
    let messages = names.chunks(STREAMS_A_MESSAGE).enumerate().map(|(i, names)| {
        json!({ "method": "SUBSCRIBE", "params": names, "id": i + 1 }).to_string()
    });
    Plan { address: format!("{address}/stream"), messages: messages.collect(), pace, streams }
}

/// Attempts to connect of the last five minutes, of all connections together.
#[derive(Debug)]
pub(super) struct Attempts {
    most: usize,
    made: VecDeque<Instant>,
}

impl Attempts {
    pub(super) fn new(most: usize) -> Self {
        Self { most, made: VecDeque::new() }
    }

    /// Notes an attempt, or says how long to wait until one is allowed.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        while self.made.front().is_some_and(|&made| now.duration_since(made) >= WINDOW) {
            self.made.pop_front();
        }
        match self.made.front() {
            Some(&oldest) if self.made.len() >= self.most => {
                Err(WINDOW.saturating_sub(now.duration_since(oldest)))
            }
            _ => {
                self.made.push_back(now);
                Ok(())
            }
        }
    }
}

/// The wait after so many failures: doubling, and half to one and a half times as long by chance, so
/// that many receivers do not come back at once.
pub(super) fn backoff(settings: &ConnectionSettings, failures: u32) -> Duration {
    let doubled = settings.backoff_ms.saturating_mul(1 << failures.saturating_sub(1).min(20));
    let longest = doubled.min(settings.longest_backoff_ms);
    let chance = RandomState::new().hash_one(failures) % 1_000;
    Duration::from_millis(longest / 2 + longest * chance / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::exchange::StreamKind;
    use crate::ingest::live::settings::LiveSettings;
    use crate::market::Market;

    fn config(market: Market, symbols: usize) -> LiveConfig {
        LiveConfig {
            venue: "binance".into(),
            market,
            symbols: (0..symbols).map(|i| format!("S{i}USDT")).collect(),
            streams: vec![StreamKind::AggTrade, StreamKind::Depth { every_ms: Some(100) }],
            settings: LiveSettings::default(),
            duration: None,
            status_every: Duration::from_mins(1),
        }
    }

    #[test]
    fn few_streams_stand_in_the_address() {
        let spot = plans(&config(Market::Spot, 1));
        assert_eq!(spot.len(), 1);
        assert_eq!(
            spot[0].address,
            "wss://stream.binance.com:9443/stream?streams=s0usdt@aggTrade/s0usdt@depth@100ms"
        );
        let futures = plans(&config(Market::UsdM, 1));
        let addresses: Vec<&str> = futures.iter().map(|plan| plan.address.as_str()).collect();
        assert_eq!(
            addresses,
            [
                "wss://fstream.binance.com/public/stream?streams=s0usdt@depth@100ms",
                "wss://fstream.binance.com/market/stream?streams=s0usdt@aggTrade"
            ]
        );
    }

    #[test]
    fn many_streams_are_asked_for_in_messages_and_more_connections() {
        let many = plans(&config(Market::Spot, 600));
        assert_eq!(many.len(), 2);
        assert_eq!((many[0].streams.len(), many[1].streams.len()), (1024, 176));
        assert_eq!((many[0].messages.len(), many[1].messages.len()), (11, 2));
        assert_eq!(many[0].pace, Duration::from_millis(250));
        assert!(many[1].messages[1].contains("\"SUBSCRIBE\""));
    }

    #[test]
    fn attempts_are_limited() {
        let mut attempts = Attempts::new(2);
        let start = Instant::now();
        assert_eq!(attempts.take(start), Ok(()));
        assert_eq!(attempts.take(start + Duration::from_secs(10)), Ok(()));
        let now = start + Duration::from_secs(20);
        assert_eq!(attempts.take(now), Err(Duration::from_secs(280)));
        assert_eq!(attempts.take(start + WINDOW), Ok(()));
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let settings = ConnectionSettings::default();
        for (failures, least, most) in [(1, 125, 375), (3, 500, 1_500), (60, 15_000, 45_000)] {
            let wait = backoff(&settings, failures).as_millis();
            assert!((least..=most).contains(&wait), "{wait}");
        }
    }
}
