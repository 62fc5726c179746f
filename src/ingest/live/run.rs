//! A live ingest from start to stop: connections, desk, writer and REST, each on a thread of its own,
//! with bounded queues between them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::asker::{ask_books, ask_gaps};
use super::connection::{Scene, tend};
use super::desk::{Desk, Taken};
use super::feed::{Feed, Frames, Traffic};
use super::plan::{Attempts, Plan, plans};
use super::settings::LiveConfig;
use super::status::{LiveReport, LiveStatus, memory, rate};
use super::writer::{Ours, Work, Written, write};
use crate::ingest::IngestError;
use crate::ingest::rest::{DepthSnapshot, RestClient};
use crate::market::{BookSnapshot, Instrument};
use crate::store::{GapReason, LiveBatch, Store};

/// Batches that may wait for the writer; while they do, rows gather at the desk.
const MOST_BATCHES: u64 = 2;
/// Books and gaps that may wait to be asked for.
const MOST_ASKED: usize = 10_000;
/// Messages taken between two looks at everything else.
const MESSAGES_A_ROUND: usize = 512;
/// Database pages held in memory, KiB.
const PAGE_CACHE_KIB: u32 = 8_192;
const NAP: Duration = Duration::from_millis(10);

/// What reaches the desk.
#[derive(Debug)]
pub(super) enum Event {
    /// Messages.
    Frames(Frames),
    /// The answer for a book; `None` when there is none.
    Book(String, Option<DepthSnapshot>),
}

/// Receives until `stop` is set or the duration is over, then writes what is left; `on_status` is told
/// how it stands, and `on_book` sees every book snapshot before it is stored.
///
/// # Errors
/// When the config names something that cannot be, or the store fails; exchange and network cannot
/// make it fail.
pub fn run_live(
    store: Store,
    config: &LiveConfig,
    stop: &AtomicBool,
    on_status: &mut dyn FnMut(&LiveStatus),
    on_book: &mut dyn FnMut(&Instrument, &BookSnapshot),
) -> Result<LiveReport, IngestError> {
    // Whoever set a provider before is right too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Rows are appended; a process that runs for months should stay as small as it began.
    store.limit_page_cache(PAGE_CACHE_KIB)?;
    let settings = &config.settings;
    let ends = Arc::new(AtomicBool::new(false));
    let rest = &settings.exchange.of(config.market).rest;
    let client = RestClient::new(rest, config.market)?.stopping_with(Arc::clone(&ends));
    let desk = opened_desk(&store, config)?;
    let plans: Vec<Arc<Plan>> = plans(config).into_iter().map(Arc::new).collect();
    let traffic = Arc::new(Traffic::default());
    let written = Arc::new(Written::default());
    let (events_in, events) = sync_channel(settings.connection.queue);
    let (work_in, work) = sync_channel(MOST_BATCHES as usize + 4);
    let (books_in, books) = sync_channel(MOST_ASKED);
    let (gaps_in, gaps) = sync_channel(MOST_ASKED);
    let (spent_in, spent) = sync_channel(MOST_BATCHES as usize + 4);
    let (stop_in, stop_out) = watch::channel(false);

    let ours = Ours {
        venue: config.venue.clone(),
        market: config.market,
        symbols: config.symbols.clone(),
    };
    let (told, writer_settings) = (Arc::clone(&written), settings.writer);
    let writer = spawn("writer", move || {
        write(store, &work, (&gaps_in, &spent_in), &ours, &writer_settings, &told)
    });
    // Whoever waits for an answer from the network is not waited for at the end.
    let (asker, to, flag) = (client.clone(), events_in.clone(), Arc::clone(&ends));
    spawn("books", move || ask_books(&asker, &books, &to, &flag));
    let (to, flag) = (work_in.clone(), Arc::clone(&ends));
    spawn("gaps", move || ask_gaps(&client, &gaps, &to, &flag));
    let scene = Scene {
        settings: settings.connection,
        attempts: Arc::new(Mutex::new(Attempts::new(settings.connection.attempts))),
        traffic: Arc::clone(&traffic),
    };
    let carried = plans.clone();
    let receiver =
        spawn("connections", move || connections(&carried, &events_in, &scene, &stop_out));

    let mut floor = Floor {
        config,
        plans: &plans,
        desk,
        events: &events,
        books: books_in,
        work: work_in,
        spent,
        traffic: &traffic,
        written: &written,
        on_book,
        began: Instant::now(),
        last_batch: Instant::now(),
        last_status: (Instant::now(), 0),
    };
    let is_over = |floor: &Floor<'_>| {
        stop.load(Ordering::Relaxed)
            || config.duration.is_some_and(|duration| floor.began.elapsed() >= duration)
            || writer.is_finished()
            || receiver.is_finished()
    };
    while !is_over(&floor) {
        floor.round();
        if floor.last_status.0.elapsed() >= config.status_every {
            let status = floor.status();
            on_status(&status);
        }
    }
    ends.store(true, Ordering::Relaxed);
    let _ = stop_in.send(true);
    if let Ok(Err(error)) = receiver.join() {
        tracing::error!(%error, "cannot open connections");
    }
    floor.finish();
    // A writer that panicked has told so itself; what it wrote is whole.
    if let Ok(result) = writer.join() {
        result?;
    }
    Ok(floor.status())
}

/// The thread that all connections share.
fn connections(
    plans: &[Arc<Plan>],
    to: &SyncSender<Event>,
    scene: &Scene,
    stop: &watch::Receiver<bool>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for (place, plan) in plans.iter().enumerate() {
            let feed = Feed {
                plan: place,
                to: to.clone(),
                traffic: Arc::clone(&scene.traffic),
                after_drop: false,
                after_break: false,
                queue: scene.settings.queue as u64,
                patience: Duration::from_millis(scene.settings.patience_ms),
                full_since: None,
            };
            tasks.push(tokio::spawn(tend(Arc::clone(plan), feed, scene.clone(), stop.clone())));
        }
        for task in tasks {
            let _ = task.await;
        }
    });
    Ok(())
}

fn spawn<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    tracing::debug!(name, "thread begins");
    thread::spawn(run)
}

fn opened_desk(store: &Store, config: &LiveConfig) -> Result<Desk, IngestError> {
    let mut desk = Desk::new(&config.venue, config.market, config.settings.books.config(), false);
    for symbol in &config.symbols {
        let instrument = Arc::new(Instrument::new(&config.venue, config.market, symbol)?);
        for stream in &config.streams {
            let channel = stream.channel();
            desk.open(&instrument, channel, store.received(&instrument, channel)?);
        }
    }
    Ok(desk)
}

/// The desk and everything around it.
struct Floor<'a> {
    config: &'a LiveConfig,
    plans: &'a [Arc<Plan>],
    desk: Desk,
    events: &'a Receiver<Event>,
    books: SyncSender<Arc<Instrument>>,
    work: SyncSender<Work>,
    /// Batches that are written.
    spent: Receiver<LiveBatch>,
    traffic: &'a Traffic,
    written: &'a Written,
    on_book: &'a mut dyn FnMut(&Instrument, &BookSnapshot),
    began: Instant,
    last_batch: Instant,
    last_status: (Instant, u64),
}

impl Floor<'_> {
    /// Takes some messages, then hands over rows that are due.
    fn round(&mut self) {
        let mut taken = match self.events.recv_timeout(NAP) {
            Ok(event) => self.take(event),
            Err(RecvTimeoutError::Timeout) => 0,
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(NAP);
                0
            }
        };
        while taken < MESSAGES_A_ROUND {
            let Ok(event) = self.events.try_recv() else { break };
            taken += self.take(event);
        }
        for instrument in self.desk.wanted() {
            if let Err(refused) = self.books.try_send(instrument) {
                let (std::sync::mpsc::TrySendError::Full(instrument)
                | std::sync::mpsc::TrySendError::Disconnected(instrument)) = refused;
                self.desk.snapshot_failed(&instrument.symbol);
            }
        }
        let settings = &self.config.settings.writer;
        let is_due = self.desk.rows() >= settings.batch_rows
            || self.last_batch.elapsed() >= Duration::from_millis(settings.batch_ms);
        if is_due && self.written.waiting.load(Ordering::Relaxed) < MOST_BATCHES {
            self.hand_over();
        } else if self.desk.rows() > settings.most_rows {
            tracing::warn!(
                rows = self.desk.rows(),
                "the store cannot keep up; rows are thrown away"
            );
            self.desk.shed(self.desk.rows() > 2 * settings.most_rows);
            if self.desk.rows() > settings.most_rows {
                self.desk.shed(true);
            }
        }
    }

    /// Takes what came and returns how many messages it was.
    fn take(&mut self, event: Event) -> usize {
        match event {
            Event::Frames(frames) => {
                let count = frames.texts.len();
                self.traffic.queued.fetch_sub(count as u64, Ordering::Relaxed);
                if let Some(plan) = self.plans.get(frames.plan) {
                    let carries =
                        |instrument: &Instrument, channel| plan.carries(instrument, channel);
                    if frames.after_break {
                        self.desk.interrupted(GapReason::Disconnect, carries);
                    }
                    if frames.after_drop {
                        self.desk.interrupted(GapReason::Overload, carries);
                    }
                }
                for (text, received) in frames.texts.iter() {
                    if self.desk.take(text, received) == Taken::Refused {
                        tracing::warn!("a stream was refused; check symbols and streams");
                    }
                }
                self.traffic.reuse(frames.texts);
                return count;
            }
            Event::Book(symbol, Some(book)) => {
                self.desk.snapshot(&symbol, book.last_update_id, &book.bids, &book.asks);
            }
            Event::Book(symbol, None) => self.desk.snapshot_failed(&symbol),
        }
        1
    }

    fn hand_over(&mut self) {
        self.last_batch = Instant::now();
        while let Ok(batch) = self.spent.try_recv() {
            self.desk.reuse(batch);
        }
        let batch = self.desk.hand_over();
        if batch.is_empty() {
            return;
        }
        for (instrument, book) in &batch.books {
            (self.on_book)(instrument, book);
        }
        self.written.waiting.fetch_add(1, Ordering::Relaxed);
        if self.work.send(Work::Batch(batch)).is_err() {
            // The writer has failed: its error ends the ingest.
            self.written.waiting.store(0, Ordering::Relaxed);
        }
    }

    /// What was received is written, and the writer is told that it was the last.
    fn finish(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
        self.desk.end_minutes();
        self.hand_over();
        let _ = self.work.send(Work::End);
    }

    fn status(&mut self) -> LiveStatus {
        let counts = self.desk.counts();
        let (since, before) = self.last_status;
        self.last_status = (Instant::now(), counts.messages);
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (in_step, out_of_step) = self.desk.books();
        let books = (in_step.len() as u64, (in_step.len() + out_of_step.len()) as u64);
        LiveStatus {
            uptime_s: self.began.elapsed().as_secs_f64(),
            messages: counts.messages,
            messages_per_s: rate(counts.messages - before, since.elapsed()),
            lag_ms: self.desk.lag(),
            connections: of(&self.traffic.up),
            reconnects: of(&self.traffic.reconnects),
            hand_overs: of(&self.traffic.hand_overs),
            gaps_found: counts.gaps,
            gaps_settled: of(&self.written.settled),
            queue: of(&self.traffic.queued),
            rows_waiting: self.desk.rows() as u64,
            dropped: of(&self.traffic.dropped),
            shed: counts.shed,
            rows: self.written.rows(),
            books,
            memory: memory(),
            desk: counts,
        }
    }
}
