//! One connection kept up: opened, subscribed, watched, handed over to the next before it ends.
//!
//! The reader waits for nobody for long: what cannot be queued is dropped and counted, and the ids
//! show it. While a connection is handed over the new one's messages are held back until the old one has
//! told everything up to some moment after the new one began, so that ids go on without a hole.

use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tracing::{info, warn};

use super::feed::{Feed, Traffic, now_ms};
use super::plan::{Attempts, Plan, backoff};
use super::settings::ConnectionSettings;
use super::texts::Texts;

/// No message of the exchange comes near.
const LONGEST_MESSAGE: usize = 16 << 20;
/// Messages held back while a connection is handed over.
const MOST_HELD: usize = 100_000;

/// What every connection needs.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) settings: ConnectionSettings,
    pub(super) attempts: Arc<Mutex<Attempts>>,
    pub(super) traffic: Arc<Traffic>,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Opening = Pin<Box<dyn Future<Output = Result<Line, String>> + Send>>;

struct Line {
    socket: Socket,
    opened: Instant,
    last_message: Instant,
    to_send: VecDeque<String>,
    next_send: Instant,
    pace: Duration,
}

/// A connection that is to follow the one in use.
struct Successor {
    line: Line,
    held: Texts,
    /// When its first message came.
    since: Option<Instant>,
}

enum End {
    Stopped,
    Broken(String),
}

/// Keeps the plan's connection up until `stop` says so or nobody takes messages any more.
pub(super) async fn tend(
    plan: Arc<Plan>,
    mut feed: Feed,
    scene: Scene,
    mut stop: watch::Receiver<bool>,
) {
    let mut failures = 0;
    loop {
        let line = tokio::select! {
            line = opened(&plan, &scene) => line,
            _ = stop.changed() => return,
        };
        let fault = match line {
            Ok(line) => {
                scene.traffic.up.fetch_add(1, Ordering::Relaxed);
                let end = serve(line, &plan, &mut feed, &scene, (&mut stop, &mut failures)).await;
                scene.traffic.up.fetch_sub(1, Ordering::Relaxed);
                match end {
                    End::Stopped => return,
                    End::Broken(fault) => fault,
                }
            }
            Err(fault) => fault,
        };
        feed.after_break = true;
        failures += 1;
        scene.traffic.reconnects.fetch_add(1, Ordering::Relaxed);
        let wait = backoff(&scene.settings, failures);
        warn!(address = %host(&plan.address), fault, ?wait, "connection broken; it is opened again");
        tokio::select! {
            () = sleep(wait) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Carries messages until the connection and its successors end.
async fn serve(
    first: Line,
    plan: &Arc<Plan>,
    feed: &mut Feed,
    scene: &Scene,
    (stop, failures): (&mut watch::Receiver<bool>, &mut u32),
) -> End {
    let settings = scene.settings;
    let stall = Duration::from_millis(settings.stall_ms);
    let overlap = Duration::from_millis(settings.overlap_ms);
    let age = Duration::from_millis(settings.hand_over_ms);
    let mut current = first;
    let mut hand_over_at = current.opened + age;
    let mut opening: Option<Opening> = None;
    let mut next: Option<Successor> = None;
    loop {
        let mut wake = (current.last_message + stall).min(current.wake());
        match &next {
            Some(next) => wake = wake.min(next.line.wake()).min(next.ready_at(stall, overlap)),
            None if opening.is_none() => wake = wake.min(hand_over_at),
            None => {}
        }
        let mut broken = None;
        tokio::select! {
            message = current.socket.next() => {
                let (texts, end) = current.heard(message, feed.at_once(), feed.traffic.blank()).await;
                broken = end;
                if !texts.is_empty() {
                    current.last_message = Instant::now();
                    *failures = 0;
                }
                let is_leaving = texts.iter().any(|(text, _)| is_shutdown(text));
                if is_leaving && next.is_none() && opening.is_none() {
                    info!("the exchange is about to close the connection; handing over");
                    hand_over_at = current.last_message;
                }
                if !texts.is_empty() && !feed.give(texts).await {
                    return End::Stopped;
                }
            }
            message = message_of(&mut next) => match (message, &mut next) {
                (Some(Ok(Message::Text(text))), Some(next)) => {
                    next.since.get_or_insert_with(Instant::now);
                    next.line.last_message = Instant::now();
                    next.held.push(&text, now_ms());
                }
                (Some(Ok(Message::Close(_)) | Err(_)) | None, _) => {
                    next = None;
                    hand_over_at = Instant::now() + backoff(&settings, 3);
                }
                _ => {}
            },
            line = outcome(&mut opening) => {
                opening = None;
                match line {
                    Ok(line) => next = Some(Successor::new(line)),
                    Err(fault) => {
                        warn!(fault, "cannot open the connection to hand over to");
                        hand_over_at = Instant::now() + backoff(&settings, 5);
                    }
                }
            },
            () = sleep_until(wake.into()) => {}
            _ = stop.changed() => {
                current.close().await;
                return End::Stopped;
            }
        }
        let now = Instant::now();
        if broken.is_none() && now.duration_since(current.last_message) >= stall {
            broken = Some(format!("no message for {} s", stall.as_secs_f32()));
        }
        let is_ready = next.as_ref().is_some_and(|next| now >= next.ready_at(stall, overlap));
        if is_ready || broken.is_some() {
            let Some(successor) = next.take() else {
                return End::Broken(broken.unwrap_or_default());
            };
            if broken.is_none() && !current.drain(feed).await {
                return End::Stopped;
            }
            // A successor that began before this one ended has everything since.
            feed.after_break |= broken.is_some() && successor.since.is_none();
            if !feed.give_all(&successor.held).await {
                return End::Stopped;
            }
            let mut old = std::mem::replace(&mut current, successor.line);
            old.close().await;
            hand_over_at = current.opened + age;
            scene.traffic.hand_overs.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        if now >= hand_over_at && next.is_none() && opening.is_none() {
            let (plan, scene) = (Arc::clone(plan), scene.clone());
            opening = Some(Box::pin(async move { opened(&plan, &scene).await }));
        }
        if let Err(error) = current.send_due(now).await {
            return End::Broken(error.to_string());
        }
        if let Some(successor) = &mut next
            && successor.line.send_due(now).await.is_err()
        {
            next = None;
            hand_over_at = now + backoff(&settings, 3);
        }
    }
}

impl Successor {
    fn new(line: Line) -> Self {
        Self { line, held: Texts::default(), since: None }
    }

    /// When it may take over: it has told something and then run beside the old one for a while. One
    /// that stays silent takes over in the end, for its streams may have nothing to tell.
    fn ready_at(&self, stall: Duration, overlap: Duration) -> Instant {
        match self.since {
            Some(since) if self.held.len() >= MOST_HELD => since,
            Some(since) => since + overlap,
            None => self.line.opened + stall,
        }
    }
}

impl Line {
    /// When the next message is to be sent; far away when there is none.
    fn wake(&self) -> Instant {
        if self.to_send.is_empty() {
            self.opened + Duration::from_secs(1 << 20)
        } else {
            self.next_send
        }
    }

    async fn send_due(&mut self, now: Instant) -> Result<(), Error> {
        if now >= self.next_send
            && let Some(message) = self.to_send.pop_front()
        {
            self.next_send = now + self.pace;
            self.socket.send(Message::text(message)).await?;
        }
        Ok(())
    }

    /// The text of this message and those of messages that are there already, at most `most`
    /// messages in all, in the memory given; and why no more will come, when none will.
    async fn heard(
        &mut self,
        first: Option<Result<Message, Error>>,
        most: usize,
        mut texts: Texts,
    ) -> (Texts, Option<String>) {
        let received = now_ms();
        let (mut message, mut count) = (first, 0);
        loop {
            match message {
                Some(Ok(Message::Text(text))) => texts.push(&text, received),
                Some(Ok(Message::Close(_))) | None => {
                    return (texts, Some("closed by the exchange".to_owned()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return (texts, Some(error.to_string())),
            }
            count += 1;
            if count >= most {
                break;
            }
            let Poll::Ready(next) = self.waiting().await else { break };
            message = next;
        }
        (texts, None)
    }

    /// The next message if it is there already.
    async fn waiting(&mut self) -> Poll<Option<Result<Message, Error>>> {
        poll_fn(|context| Poll::Ready(self.socket.poll_next_unpin(context))).await
    }

    /// Gives what has arrived already and was not read.
    async fn drain(&mut self, feed: &mut Feed) -> bool {
        let Poll::Ready(first) = self.waiting().await else { return true };
        let (texts, _) = self.heard(first, MOST_HELD, Texts::default()).await;
        feed.give_all(&texts).await
    }

    async fn close(&mut self) {
        // A courtesy: whoever does not answer is left.
        let _ = timeout(Duration::from_millis(200), self.socket.close(None)).await;
    }
}

/// Opens the plan's connection as soon as another attempt is allowed.
async fn opened(plan: &Plan, scene: &Scene) -> Result<Line, String> {
    loop {
        let taken =
            scene.attempts.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
        match taken {
            Ok(()) => break,
            Err(wait) => sleep(wait).await,
        }
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST_MESSAGE))
        .max_frame_size(Some(LONGEST_MESSAGE));
    let connecting = connect_async_with_config(plan.address.as_str(), Some(config), true);
    let patience = Duration::from_millis(scene.settings.open_ms);
    let (socket, _) = timeout(patience, connecting)
        .await
        .map_err(|_| format!("not open after {} ms", scene.settings.open_ms))?
        .map_err(|error| error.to_string())?;
    let now = Instant::now();
    Ok(Line {
        socket,
        opened: now,
        last_message: now,
        to_send: plan.messages.iter().cloned().collect(),
        next_send: now,
        pace: plan.pace,
    })
}

async fn message_of(next: &mut Option<Successor>) -> Option<Result<Message, Error>> {
    match next {
        Some(next) => next.line.socket.next().await,
        None => pending().await,
    }
}

async fn outcome(opening: &mut Option<Opening>) -> Result<Line, String> {
    match opening {
        Some(opening) => opening.as_mut().await,
        None => pending().await,
    }
}

/// Short messages only: others are never of this kind.
fn is_shutdown(text: &str) -> bool {
    text.len() < 160 && text.contains("\"serverShutdown\"")
}

/// An address without its streams.
fn host(address: &str) -> &str {
    address.split_once('?').map_or(address, |parts| parts.0)
}
