//! Series asked for over HTTP as a description in YAML says, under its rate limit.
//!
//! The key of a source comes from the environment and goes into one request header, nowhere else:
//! every text of a server is masked before it reaches an error or a log.

mod call;
mod catalog;
mod description;
mod fetch;
mod pace;
mod paging;
mod placeholders;
mod plan;
mod rows;
mod secret;
mod source_error;

pub use catalog::{shipped, source};
pub use description::{
    AnswerConfig, KeyConfig, Method, Paging, Rate, SameTime, SourceDescription, TimeUnit, Variable,
};
pub use fetch::{Fetched, SourceRequest, fetch};
pub use source_error::SourceError;
