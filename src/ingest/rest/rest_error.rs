//! Why an exchange did not give what it was asked for, and what to do.

use thiserror::Error;

use super::web_error::WebError;
use crate::market::Time;

/// Longest part of a server's words that is told.
const TOLD: usize = 300;

/// An exchange that did not give what it was asked for.
#[derive(Debug, Error)]
pub enum RestError {
    /// No answer at all, or one that broke the rules of [`super::Web`].
    #[error(transparent)]
    Web(#[from] WebError),
    /// The exchange refuses the request.
    #[error("{address} refuses the request ({status}{}): {message}; {remedy}", code_text(*code))]
    Refused {
        /// Address asked.
        address: String,
        /// HTTP status.
        status: u16,
        /// The exchange's own number of the error, such as -1121.
        code: Option<i64>,
        /// What it said.
        message: String,
        /// What can be done.
        remedy: &'static str,
    },
    /// Its firewall refuses this machine.
    #[error(
        "the firewall of {address} refuses this machine (403): {message}; the exchange does not serve \
         this place or network, or took the calls for an attack: wait some minutes, or set an address \
         that serves you (for spot https://data-api.binance.vision)"
    )]
    Firewall {
        /// Address asked.
        address: String,
        /// What it said.
        message: String,
    },
    /// This address is banned for longer than is waited for.
    #[error(
        "{address} has banned this machine until {until} (418) because too many requests came from \
         it; run the same command again after that"
    )]
    Banned {
        /// Address asked.
        address: String,
        /// When the ban ends, by this machine's clock.
        until: Time,
    },
    /// Faults that should pass and did not.
    #[error(
        "{address} failed {tries} times, the last time with: {reason}; run the same command again"
    )]
    Tired {
        /// Address asked.
        address: String,
        /// Number of tries.
        tries: u32,
        /// What the last one brought.
        reason: String,
    },
    /// An answer that says something else than it should.
    #[error(
        "{address} answered what it should not: {reason}; check the address, or upgrade candlewick"
    )]
    Answer {
        /// Address asked.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A request that no window has room for.
    #[error(
        "a request to {address} weighs {weight}, more than the {most} that the exchange announces for \
         a whole window; check the address"
    )]
    Overweight {
        /// Address asked.
        address: String,
        /// Weight of the request.
        weight: i64,
        /// Announced limit.
        most: i64,
    },
    /// The process is asked to end.
    #[error("stopped while asking {0}; run the same command again to go on")]
    Stopped(String),
}

impl RestError {
    /// Whether the command line or the config is at fault (exit code 2).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Web(error) => error.is_usage(),
            Self::Refused { code, .. } => matches!(code, Some(-1121)),
            _ => false,
        }
    }

    /// Whether the process was asked to end.
    #[must_use]
    pub fn is_stop(&self) -> bool {
        matches!(self, Self::Stopped(_))
    }
}

fn code_text(code: Option<i64>) -> String {
    code.map_or_else(String::new, |code| format!(", code {code}"))
}

/// The exchange's code and words in the body of an error, or the body's first line.
pub(super) fn told(body: &[u8]) -> (Option<i64>, String) {
    #[derive(serde::Deserialize)]
    struct Told {
        code: Option<i64>,
        #[serde(default)]
        msg: String,
    }
    let (code, text) = match serde_json::from_slice::<Told>(body) {
        Ok(told) => (told.code, told.msg),
        Err(_) => (None, String::from_utf8_lossy(body).into_owned()),
    };
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no words");
    (code, line.chars().filter(|letter| !letter.is_control()).take(TOLD).collect())
}

/// What can be done about an error of the exchange's own number.
pub(super) fn remedy(code: Option<i64>) -> &'static str {
    match code {
        Some(-1121) => "check the symbol and the market",
        Some(-1120) => "the exchange has no candles of that interval in that market",
        Some(-1102..=-1100 | -1106..=-1104 | -1128 | -1130) => {
            "the exchange's interface has changed: upgrade candlewick"
        }
        _ => "check the address, the symbol and the market",
    }
}
