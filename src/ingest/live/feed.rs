//! The bounded way from the connections to the desk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::time::sleep;

use super::run::Event;
use super::texts::Texts;

/// Most messages that are queued together.
const MOST_AT_ONCE: usize = 256;
/// Pieces of memory that are kept for messages to come, and bytes of the largest.
const MOST_SPARE: usize = 8;
const LARGEST_SPARE: usize = 1 << 20;

/// Messages as they came, one after the other over one connection.
#[derive(Debug)]
pub(super) struct Frames {
    /// What they say.
    pub(super) texts: Texts,
    /// Number of the connection's plan.
    pub(super) plan: usize,
    /// Messages before the first were dropped because nobody took them.
    pub(super) after_drop: bool,
    /// The connection had broken before the first.
    pub(super) after_break: bool,
}

/// What happened on all connections.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Messages that wait for the desk.
    pub(super) queued: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) reconnects: AtomicU64,
    pub(super) hand_overs: AtomicU64,
    pub(super) up: AtomicU64,
    spare: Mutex<Vec<Texts>>,
}

impl Traffic {
    /// Memory for messages, used before if there is such.
    pub(super) fn blank(&self) -> Texts {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes back what was taken apart; what is very large, or too many of them, is let go.
    pub(super) fn reuse(&self, mut texts: Texts) {
        texts.clear();
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MOST_SPARE && texts.room() <= LARGEST_SPARE {
            spare.push(texts);
        }
    }
}

/// The way to the desk.
pub(super) struct Feed {
    pub(super) plan: usize,
    pub(super) to: SyncSender<Event>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) after_drop: bool,
    pub(super) after_break: bool,
    /// Most messages that wait.
    pub(super) queue: u64,
    /// How long a full queue is waited for.
    pub(super) patience: Duration,
    pub(super) full_since: Option<Instant>,
}

impl Feed {
    /// How many messages should be given together at most.
    pub(super) fn at_once(&self) -> usize {
        MOST_AT_ONCE.min(self.queue.max(1) as usize)
    }

    /// Queues any number of messages; `false` when nobody takes any more.
    pub(super) async fn give_all(&mut self, texts: &Texts) -> bool {
        let mut texts = texts.iter();
        loop {
            let mut part = self.traffic.blank();
            for (text, received) in texts.by_ref().take(self.at_once()) {
                part.push(text, received);
            }
            if part.is_empty() {
                return true;
            }
            if !self.give(part).await {
                return false;
            }
        }
    }

    /// Queues messages. While the queue is full nothing is read, which makes the exchange wait, but
    /// not so long that its pings go unanswered: then messages are dropped. `false` when nobody takes
    /// any more.
    pub(super) async fn give(&mut self, texts: Texts) -> bool {
        let count = texts.len() as u64;
        let (after_drop, after_break) = (self.after_drop, self.after_break);
        let mut event = Event::Frames(Frames { texts, plan: self.plan, after_drop, after_break });
        loop {
            let before = self.traffic.queued.fetch_add(count, Ordering::Relaxed);
            // Whatever its length, one goes through when nothing else waits.
            let sent = if before > 0 && before + count > self.queue {
                Err(TrySendError::Full(event))
            } else {
                self.to.try_send(event)
            };
            match sent {
                Ok(()) => {
                    (self.after_drop, self.after_break, self.full_since) = (false, false, None);
                    return true;
                }
                Err(refused) => {
                    self.traffic.queued.fetch_sub(count, Ordering::Relaxed);
                    let TrySendError::Full(back) = refused else { return false };
                    if self.full_since.get_or_insert_with(Instant::now).elapsed() >= self.patience {
                        self.after_drop = true;
                        self.traffic.dropped.fetch_add(count, Ordering::Relaxed);
                        return true;
                    }
                    event = back;
                    sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }
}

/// This machine's clock, ms.
pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
