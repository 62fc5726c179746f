//! An exchange on this machine: it replays recorded or made-up markets over WebSocket and REST, each
//! consistent with the other, misbehaves on command, and keeps the truth of all it published.

mod cycle;
mod fault;
mod feed;
mod itself;
mod line;
mod message;
mod publish;
mod rest;
mod serve;
mod truth;

use std::collections::VecDeque;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use candlewick::market::{Interval, Market};

pub use cycle::{Cycle, made_up, recorded};
pub use fault::{Fault, RestFault, Touched, random_schedule};
pub use feed::Listing;
pub use message::Name;
pub use truth::Published;

use line::Line;

/// How an exchange behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Milliseconds of the exchange's time a millisecond; `None` is as fast as it is read.
    pub ratio: Option<f64>,
    /// How much of the exchange's time is played, ms.
    pub duration: i64,
    /// Faults, and how long after the start they strike, ms of the exchange's time; in order.
    pub faults: Vec<(i64, Fault)>,
    /// How often a line is pinged.
    pub ping_every: Duration,
    /// How long a pong may take.
    pub pong_within: Duration,
    /// How long a line lives.
    pub life: Option<Duration>,
    /// The weight that the REST side gives and announces.
    pub weight_per_minute: u64,
    /// Folder served under `/data/`.
    pub archive: Option<PathBuf>,
    /// Whether it forgets what neither side can ask for again.
    pub forgetful: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ratio: None,
            duration: i64::MAX,
            faults: Vec::new(),
            ping_every: Duration::from_secs(20),
            pong_within: Duration::from_secs(60),
            life: None,
            weight_per_minute: 6_000,
            archive: None,
            forgetful: false,
        }
    }
}

/// What the exchange saw of its clients.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// What a well-behaved client does not do.
    pub violations: Vec<String>,
    /// Targets of the REST calls.
    pub calls: Vec<String>,
    /// Handshakes, and lines that ended.
    pub attempts: usize,
    pub ended: usize,
    /// Lines that were closed at the end of their life.
    pub outlived: usize,
    pub most_streams: usize,
    pub pongs: usize,
    pub slowest_pong: Duration,
    /// Faults that struck, and when.
    pub struck: Vec<(i64, Fault)>,
    /// Messages published, whether anyone wanted them or not; and messages put on lines.
    pub published: u64,
    pub sent: u64,
}

/// What the threads of an exchange share.
struct Shared {
    config: Config,
    listings: Vec<Listing>,
    published: Vec<Mutex<Published>>,
    stale: Vec<Mutex<Option<Published>>>,
    lines: Mutex<Vec<Arc<Line>>>,
    lines_changed: AtomicUsize,
    told: Mutex<Told>,
    budget: Mutex<rest::Budget>,
    now: AtomicI64,
    refuse_until: AtomicI64,
    orders: Mutex<VecDeque<Fault>>,
    rest_faults: Mutex<VecDeque<(RestFault, usize)>>,
    is_running: AtomicBool,
    is_over: AtomicBool,
    stops: AtomicBool,
}

impl Shared {
    fn now(&self) -> i64 {
        self.now.load(Ordering::Acquire)
    }

    fn tell(&self, write: impl FnOnce(&mut Told)) {
        write(&mut self.told.lock().unwrap());
    }

    fn violation(&self, what: String) {
        self.tell(|told| told.violations.push(what));
    }

    fn refuses(&self) -> bool {
        !self.is_over.load(Ordering::Acquire)
            && self.now() < self.refuse_until.load(Ordering::Acquire)
    }

    fn find(&self, market: Market, symbol: &str) -> Option<usize> {
        self.listings
            .iter()
            .position(|listing| listing.name.market == market && listing.name.symbol == symbol)
    }

    fn add_line(&self, line: &Arc<Line>) {
        self.lines.lock().unwrap().push(Arc::clone(line));
        self.lines_changed.fetch_add(1, Ordering::AcqRel);
    }

    /// The fault that this call meets.
    fn rest_fault(&self, target: &str) -> Option<RestFault> {
        let mut faults = self.rest_faults.lock().unwrap();
        let (fault, left) = faults.front_mut()?;
        let meets = match fault {
            RestFault::StaleDepth => target.contains("/depth"),
            RestFault::WrongChecksum => target.ends_with(".CHECKSUM"),
            _ => true,
        };
        if !meets {
            return None;
        }
        let fault = *fault;
        *left -= 1;
        if *left == 0 {
            faults.pop_front();
        }
        Some(fault)
    }

    fn stale(&self, listing: usize) -> Option<Published> {
        self.stale[listing].lock().unwrap().take()
    }
}

/// An exchange that runs until it is dropped.
pub struct Exchange {
    shared: Arc<Shared>,
    streams: Vec<(Market, String)>,
    /// Address of the REST side and of the archive, for every market.
    pub rest: String,
}

impl Exchange {
    /// Opens its ports; nothing is published before [`Self::run`].
    pub fn start(config: Config, listings: Vec<Listing>) -> Self {
        let published = |listing: &Listing| Mutex::new(Published::new(listing, config.forgetful));
        let begin = listings.iter().map(|listing| listing.start).min().unwrap_or(0);
        let shared = Arc::new(Shared {
            published: listings.iter().map(published).collect(),
            stale: listings.iter().map(|_| Mutex::default()).collect(),
            config,
            listings,
            lines: Mutex::default(),
            lines_changed: AtomicUsize::new(0),
            told: Mutex::default(),
            budget: Mutex::default(),
            now: AtomicI64::new(begin),
            refuse_until: AtomicI64::new(i64::MIN),
            orders: Mutex::default(),
            rest_faults: Mutex::default(),
            is_running: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            stops: AtomicBool::new(false),
        });
        let streams = Market::ALL
            .into_iter()
            .map(|market| {
                let address = listen(&shared, move |shared, stream| {
                    line::serve(shared, market, stream);
                });
                (market, format!("ws://{address}"))
            })
            .collect();
        let rest = listen(&shared, rest::serve);
        let publisher = Arc::clone(&shared);
        thread::spawn(move || publish::publish(&publisher));
        Self { shared, streams, rest: format!("http://{rest}") }
    }

    /// Address of a market's streams.
    pub fn stream(&self, market: Market) -> &str {
        &self.streams.iter().find(|(of, _)| *of == market).unwrap().1
    }

    /// Lets time run, or stops it.
    pub fn run(&self, runs: bool) {
        self.shared.is_running.store(runs, Ordering::Release);
    }

    /// The exchange's clock, ms.
    pub fn now(&self) -> i64 {
        self.shared.now()
    }

    /// Whether all that was to be played is played.
    pub fn is_over(&self) -> bool {
        self.shared.is_over.load(Ordering::Acquire)
    }

    /// A fault now.
    pub fn order(&self, fault: Fault) {
        match fault {
            // The REST side may be asked before the next message is due.
            Fault::Rest(fault, times) => publish::order_rest(&self.shared, fault, times),
            fault => self.shared.orders.lock().unwrap().push_back(fault),
        }
    }

    pub fn told(&self) -> Told {
        self.shared.told.lock().unwrap().clone()
    }

    pub fn listing(&self, index: usize) -> &Listing {
        &self.shared.listings[index]
    }

    /// What was published up to now.
    pub fn published(&self, index: usize) -> Published {
        self.shared.published[index].lock().unwrap().clone()
    }

    /// Streams that are subscribed on the open lines, each line's in order.
    pub fn subscribed(&self) -> Vec<Vec<String>> {
        let lines = self.shared.lines.lock().unwrap();
        let open = lines.iter().filter(|line| !line.closed.load(Ordering::Acquire));
        open.map(|line| line.streams.lock().unwrap().clone()).collect()
    }

    /// Waits until so many streams are subscribed.
    pub fn wait_for_streams(&self, count: usize) {
        wait(Duration::from_secs(20), "the subscriptions", || {
            self.subscribed().iter().map(Vec::len).sum::<usize>() >= count
        });
    }

    /// Waits until all is played.
    pub fn wait_until_over(&self, patience: Duration) {
        wait(patience, "the end of the replay", || self.is_over());
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.shared.stops.store(true, Ordering::Release);
        for line in self.shared.lines.lock().unwrap().iter() {
            line.closed.store(true, Ordering::Release);
        }
    }
}

/// Waits for something that has to come, and says what did not.
pub fn wait(patience: Duration, what: &str, mut is_there: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_there() {
        assert!(started.elapsed() < patience, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn listen(
    shared: &Arc<Shared>,
    serve: impl Fn(&Arc<Shared>, std::net::TcpStream) + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (shared, serve) = (Arc::clone(shared), Arc::new(serve));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if shared.stops.load(Ordering::Acquire) {
                return;
            }
            let (shared, serve) = (Arc::clone(&shared), Arc::clone(&serve));
            thread::spawn(move || serve(&shared, stream));
        }
    });
    address
}

/// A symbol that counts its candles of one and fifteen minutes.
pub fn listing(market: Market, symbol: &str, cycle: &Arc<Cycle>) -> Listing {
    Listing {
        name: Name { market, symbol: symbol.to_owned() },
        start: cycle.start,
        cycle: Arc::clone(cycle),
        intervals: vec![Interval::MINUTE, "15m".parse().unwrap()],
        outage: None,
        first_trade: 3_000_001,
    }
}

/// Both recorded days of spot BTCUSDT, or a made-up market where there is no real data.
pub fn spot_cycle(data: Option<&Path>) -> Arc<Cycle> {
    Arc::new(match data {
        Some(data) => {
            let folder = data.join("binance/recorded");
            let days = ["20240808", "20240809"];
            let files = days.map(|day| folder.join(format!("spot_btcusdt_{day}.jsonl.gz")));
            recorded(&[&files[0], &files[1]])
        }
        None => made_up(1, 300, 400, 20),
    })
}
