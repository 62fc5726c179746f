//! The bounded way from the connections to the desk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::run::Event;

/// A message as it came.
#[derive(Debug)]
pub(super) struct Frame {
    /// Its text.
    pub(super) text: Utf8Bytes,
    /// When it was received, ms.
    pub(super) received: i64,
    /// Number of the connection's plan.
    pub(super) plan: usize,
    /// Messages before it were dropped because nobody took them.
    pub(super) after_drop: bool,
    /// The connection had broken before it.
    pub(super) after_break: bool,
}

/// What happened on all connections.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) queued: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) reconnects: AtomicU64,
    pub(super) hand_overs: AtomicU64,
    pub(super) up: AtomicU64,
}

/// The way to the desk.
pub(super) struct Feed {
    pub(super) plan: usize,
    pub(super) to: SyncSender<Event>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) after_drop: bool,
    pub(super) after_break: bool,
    /// How long a full queue is waited for.
    pub(super) patience: Duration,
    pub(super) full_since: Option<Instant>,
}

impl Feed {
    /// Queues messages one after the other; `false` when nobody takes any more.
    pub(super) async fn give_all(&mut self, messages: VecDeque<(Utf8Bytes, i64)>) -> bool {
        for (text, received) in messages {
            if !self.give(text, received).await {
                return false;
            }
        }
        true
    }

    /// Queues a message. While the queue is full nothing is read, which makes the exchange wait, but
    /// not so long that its pings go unanswered: then messages are dropped. `false` when nobody takes
    /// any more.
    pub(super) async fn give(&mut self, text: Utf8Bytes, received: i64) -> bool {
        let (after_drop, after_break) = (self.after_drop, self.after_break);
        let frame = Frame { text, received, plan: self.plan, after_drop, after_break };
        let mut event = Event::Frame(frame);
        self.traffic.queued.fetch_add(1, Ordering::Relaxed);
        let is_taken = loop {
            match self.to.try_send(event) {
                Ok(()) => {
                    (self.after_drop, self.after_break, self.full_since) = (false, false, None);
                    return true;
                }
                Err(TrySendError::Full(back)) => {
                    if self.full_since.get_or_insert_with(Instant::now).elapsed() >= self.patience {
                        self.after_drop = true;
                        self.traffic.dropped.fetch_add(1, Ordering::Relaxed);
                        break true;
                    }
                    event = back;
                    sleep(Duration::from_millis(1)).await;
                }
                Err(TrySendError::Disconnected(_)) => break false,
            }
        };
        self.traffic.queued.fetch_sub(1, Ordering::Relaxed);
        is_taken
    }
}

/// This machine's clock, ms.
pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
