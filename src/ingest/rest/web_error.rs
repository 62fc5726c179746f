//! What can go wrong with a call, told without query, headers or credentials.

use std::error::Error;

use thiserror::Error;
use url::Url;

/// A call that brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebError {
    /// An address that may not be asked.
    #[error("the address {address} cannot be used: {reason}")]
    Address {
        /// Address without its query.
        address: String,
        /// What is wrong, and the remedy.
        reason: &'static str,
    },
    /// A header that cannot be sent; its value is not told.
    #[error("the header `{0}` or its value holds characters that no header can; check the key")]
    Header(String),
    /// TLS that could not be set up.
    #[error(
        "failed to set up TLS: {0}; install the system's certificates (package ca-certificates) or \
         name a file of them in SSL_CERT_FILE"
    )]
    Setup(String),
    /// A redirect, or an address in an answer, that leaves the origin.
    #[error("{from} sends the call on to {to}, another host, and is refused; set that address")]
    Elsewhere {
        /// Address that was asked.
        from: String,
        /// Origin that it names.
        to: String,
    },
    /// Redirects that do not end.
    #[error("{address} redirects again and again; check the address")]
    Circle {
        /// Address that was asked.
        address: String,
    },
    /// A status of a redirect without an address to go to.
    #[error("{address} answered {status}, a redirect to nowhere; check the address")]
    NoTarget {
        /// Address that was asked.
        address: String,
        /// Its status.
        status: u16,
    },
    /// Nobody answered.
    #[error("cannot reach {address}: {reason}; check the network and the address")]
    Unreachable {
        /// Address that was asked.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// The answer broke off.
    #[error("the answer of {address} broke off: {reason}; run the same command again")]
    Broken {
        /// Address that was asked.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// A body above its limit.
    #[error("the answer of {address} is larger than {limit} bytes and is refused")]
    TooLarge {
        /// Address that was asked.
        address: String,
        /// Bytes that it may have.
        limit: u64,
    },
    /// A body that did not come in time.
    #[error("the answer of {address} did not end within {seconds} s; run the same command again")]
    TooSlow {
        /// Address that was asked.
        address: String,
        /// Longest time.
        seconds: u64,
    },
}

impl WebError {
    /// Whether the same call may go through later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Broken { .. } | Self::TooSlow { .. })
    }

    /// Whether an address or a header has to change.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Address { .. } | Self::Header(_))
    }

    /// The error of a call to `address` that brought no status.
    pub(super) fn of_call(error: &reqwest::Error, address: &str) -> Self {
        // What the redirect rule refused says so itself.
        let mut cause = error.source();
        while let Some(inner) = cause {
            if let Some(refused) = inner.downcast_ref::<Self>() {
                return refused.clone();
            }
            cause = inner.source();
        }
        let reason =
            if error.is_timeout() { "no answer in time".to_owned() } else { innermost(error) };
        Self::Unreachable { address: address.to_owned(), reason }
    }
}

/// The words of the first cause, which hold no address.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let cause = wrapped.map_or(cause, |inner| inner as &(dyn Error + 'static));
    match cause.downcast_ref::<reqwest::Error>() {
        // An error of reqwest's own would name the address with its query.
        Some(error) if error.is_timeout() => "no answer in time".to_owned(),
        Some(error) if error.is_builder() => "the call cannot be made".to_owned(),
        Some(_) => "no answer".to_owned(),
        None => cause.to_string(),
    }
}

/// An address without credentials, query and fragment.
pub(super) fn shown(url: &Url) -> String {
    let path = if url.path() == "/" { "" } else { url.path() };
    format!("{}{path}", url.origin().ascii_serialization())
}
