//! One request to a source: within its rate, through passing faults, with the key in the header and
//! in no text.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tracing::{debug, warn};

use super::description::SourceDescription;
use super::pace::Pace;
use super::secret::{Key, masked};
use super::source_error::SourceError;
use crate::ingest::rest::{Answer, Limits, Web, WebError, backoff, retry_after};

/// Tries of a request that meets passing faults.
const TRIES: u32 = 4;

/// Bars by 429 that one request sits out.
const BARS: u32 = 10;

/// Longest bar that is waited for: ms.
const PATIENCE: i64 = 20 * 60_000;

/// Longest part of a server's words that is told.
const TOLD: usize = 300;

/// Longest words of a server that are looked at.
const READ: usize = 1 << 16;

/// A source that can be asked.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    web: Web,
    description: &'a SourceDescription,
    key: Option<&'a Key>,
    pace: Pace,
    /// Zero of the pace's clock.
    begun: Instant,
}

impl<'a> Caller<'a> {
    /// Prepares requests to `origin`; sends none.
    pub(super) fn new(
        description: &'a SourceDescription,
        origin: &str,
        key: Option<&'a Key>,
    ) -> Result<Self, SourceError> {
        let web = Web::new(origin).map_err(|error| web_error(key, &error))?;
        let pace = Pace::new(description.rate);
        Ok(Self { web, description, key, pace, begun: Instant::now() })
    }

    /// The JSON that the source answers.
    pub(super) fn ask(&mut self, address: &str, body: Option<&[u8]>) -> Result<Json, SourceError> {
        let shown = shown(address);
        let (mut failures, mut bars) = (0, 0);
        loop {
            let now = self.begun.elapsed().as_millis() as i64;
            sleep(self.pace.next(now) - now);
            let fault = match self.send(address, body) {
                Err(error) if error.is_passing() => error.to_string(),
                Err(error) => return Err(web_error(self.key, &error)),
                Ok(answer) => match answer.status {
                    200..=299 => return self.json(&shown, &answer.body),
                    429 => {
                        bars += 1;
                        self.sit_out(&shown, &answer, bars)?;
                        continue;
                    }
                    status @ (408 | 425 | 500..=599) => {
                        format!("{status}: {}", self.told(&answer.body))
                    }
                    _ => return Err(self.refused(&shown, &answer)),
                },
            };
            failures += 1;
            let fault = masked(self.key, &fault);
            if failures >= TRIES {
                return Err(SourceError::Tired { address: shown, tries: failures, reason: fault });
            }
            let ms = backoff(failures, rand::random());
            debug!(address = shown, fault, ms, "trying again");
            sleep(ms);
        }
    }

    fn send(&self, address: &str, body: Option<&[u8]>) -> Result<Answer, WebError> {
        let key = self.key.map(Key::header);
        let mut headers: Vec<(&str, &str)> =
            self.description.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        headers.extend(key.as_ref().map(|(name, value)| (*name, &**value)));
        let time = Duration::from_millis(self.description.timeout.ms().unsigned_abs());
        let limits = Limits { time, ..Limits::PAGE };
        match body {
            None => self.web.get(address, &headers, limits),
            Some(body) => self.web.post(address, &headers, body.to_vec(), limits),
        }
    }

    fn json(&self, shown: &str, body: &[u8]) -> Result<Json, SourceError> {
        serde_json::from_slice(body).map_err(|error| {
            self.answer(
                shown,
                &format!("no JSON, at line {} column {}", error.line(), error.column()),
            )
        })
    }

    /// Waits as long as a 429 says, or as long as the rate's own stretch.
    fn sit_out(&self, shown: &str, answer: &Answer, bars: u32) -> Result<(), SourceError> {
        let ms = retry_after(answer)
            .unwrap_or_else(|| self.description.rate.per.ms().min(PATIENCE))
            .max(backoff(bars, rand::random()));
        if ms > PATIENCE || bars >= BARS {
            return Err(SourceError::Refused {
                address: shown.to_owned(),
                status: 429,
                message: self.told(&answer.body),
                remedy: format!(
                    "too many requests came to it; run the same command again in {} s",
                    ms / 1000
                ),
                usage: false,
            });
        }
        warn!("{shown} says too many requests (429); waiting {} s", (ms + 999) / 1000);
        sleep(ms);
        Ok(())
    }

    fn refused(&self, shown: &str, answer: &Answer) -> SourceError {
        let config = self.description.key.as_ref();
        let remedy = match (answer.status, config) {
            (401..=403, Some(key)) => format!(
                "check the key in the environment variable {} and what its plan allows; keys are to \
                 be had at {}",
                key.variable, key.from
            ),
            (401 | 403, None) => "the source does not serve this place, or wants a key".to_owned(),
            _ => "check the variables and the time asked for".to_owned(),
        };
        SourceError::Refused {
            address: shown.to_owned(),
            status: answer.status,
            message: self.told(&answer.body),
            remedy,
            usage: true,
        }
    }

    /// The error of an answer that is not as described.
    pub(super) fn answer(&self, shown: &str, reason: &str) -> SourceError {
        SourceError::Answer { address: shown.to_owned(), reason: masked(self.key, reason) }
    }

    /// What a server said, on one line, without the key.
    fn told(&self, body: &[u8]) -> String {
        if body.len() > READ {
            return format!("{} bytes", body.len());
        }
        // JSON is written anew, so that no escape hides the key.
        let text = serde_json::from_slice::<Json>(body)
            .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |json| json.to_string());
        let line: String = text
            .chars()
            .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
            .filter(|letter| !letter.is_control())
            .collect();
        // Masked before it is cut: a cut key would not be found any more.
        let line = masked(self.key, line.trim());
        if line.is_empty() { "no words".to_owned() } else { line.chars().take(TOLD).collect() }
    }
}

/// An address without its query.
pub(super) fn shown(address: &str) -> String {
    address.split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn web_error(key: Option<&Key>, error: &WebError) -> SourceError {
    SourceError::Web { message: masked(key, &error.to_string()), usage: error.is_usage() }
}

fn sleep(ms: i64) {
    if ms > 0 {
        thread::sleep(Duration::from_millis(ms.unsigned_abs()));
    }
}
