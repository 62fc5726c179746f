//! The exchange's own words: addresses, stream names and messages.

mod addresses;
mod cursor;
pub mod message;
mod number;
mod stream;

pub use addresses::{Addresses, ExchangeConfig, Group, StreamAddresses};
pub use stream::{Stream, StreamError, StreamKind};
