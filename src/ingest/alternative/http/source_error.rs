//! Why a source gave no series, told without its key.

use std::io;

use thiserror::Error;

/// A source that gave no series. No text in it tells a key.
#[derive(Debug, Error)]
pub enum SourceError {
    /// A file that cannot be read.
    #[error("cannot read the source description {path}: {source}")]
    Read {
        /// File.
        path: String,
        /// The system's words.
        source: io::Error,
    },
    /// A text that describes no source.
    #[error("the source description {path} is not valid: {message}")]
    Description {
        /// File, or the name of a shipped one.
        path: String,
        /// What is wrong, where, and what would be right.
        message: String,
    },
    /// No such source is shipped.
    #[error(
        "no source is called `{name}`; shipped are {known}, and a path to a file of your own will do"
    )]
    Unknown {
        /// Name asked for.
        name: String,
        /// Names of those that are shipped.
        known: String,
    },
    /// A variable that is missing, unknown or impossible.
    #[error("source {source_name}: {message}")]
    Variable {
        /// The source.
        source_name: String,
        /// What is wrong, and the remedy.
        message: String,
    },
    /// No key in the environment.
    #[error(
        "source {source_name} needs a key: set the environment variable {variable}; keys are to be \
         had at {from}"
    )]
    NoKey {
        /// The source.
        source_name: String,
        /// Variable that would hold it.
        variable: String,
        /// Where to get one.
        from: String,
    },
    /// A key that no header can hold.
    #[error("the key in {variable} holds spaces or signs that no key has; set it again")]
    OddKey {
        /// Variable that holds it.
        variable: String,
    },
    /// The key stands where it would be sent openly or written down.
    #[error("the key of {variable} is also in {place}; it belongs into the environment only")]
    KeyElsewhere {
        /// Variable that holds it.
        variable: String,
        /// Where else it is.
        place: String,
    },
    /// No answer, or one that breaks the rules of [`crate::ingest::rest::Web`].
    #[error("{message}")]
    Web {
        /// The words of [`crate::ingest::rest::WebError`], masked.
        message: String,
        /// Whether an address or a header has to change.
        usage: bool,
    },
    /// The source refuses the request.
    #[error("{address} refuses the request ({status}): {message}; {remedy}")]
    Refused {
        /// Address asked, without its query.
        address: String,
        /// HTTP status.
        status: u16,
        /// What it said, masked.
        message: String,
        /// What can be done.
        remedy: String,
        /// Whether the key, a variable or the address has to change.
        usage: bool,
    },
    /// Faults that should pass and did not.
    #[error(
        "{address} failed {tries} times, the last time with: {reason}; run the same command again"
    )]
    Tired {
        /// Address asked, without its query.
        address: String,
        /// Number of tries.
        tries: u32,
        /// What the last one brought, masked.
        reason: String,
    },
    /// An answer that says something else than its description.
    #[error("{address} answered what its description does not say: {reason}")]
    Answer {
        /// Address asked, without its query.
        address: String,
        /// What is wrong, masked.
        reason: String,
    },
    /// No value at all.
    #[error(
        "{address} gave no value of the time asked for that is known by now; check the variables and \
         --from"
    )]
    Nothing {
        /// Address asked, without its query.
        address: String,
    },
}

impl SourceError {
    /// Whether the command line, the description or the environment is at fault (exit code 2).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Description { .. }
            | Self::Unknown { .. }
            | Self::Variable { .. }
            | Self::NoKey { .. }
            | Self::OddKey { .. }
            | Self::KeyElsewhere { .. } => true,
            Self::Read { source, .. } => source.kind() == io::ErrorKind::NotFound,
            Self::Web { usage, .. } | Self::Refused { usage, .. } => *usage,
            Self::Tired { .. } | Self::Answer { .. } | Self::Nothing { .. } => false,
        }
    }

    /// Whether the data is at fault (exit code 3).
    #[must_use]
    pub fn is_data(&self) -> bool {
        matches!(self, Self::Answer { .. } | Self::Nothing { .. })
    }
}
