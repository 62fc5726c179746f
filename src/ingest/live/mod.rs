//! Live market data: streams in, rows and a ledger of what is missing out.
//!
//! [`desk`] is what messages go through, whether they come from a socket, a recorded file or a test;
//! [`run_live`] brings them from the exchange and takes the rows to the store.

mod asker;
mod book_lane;
pub mod book_sync;
mod connection;
pub mod desk;
mod feed;
mod lane;
mod plan;
mod run;
mod settings;
mod status;
mod tape_lane;
mod texts;
mod writer;

pub use run::run_live;
pub use settings::{ConnectionSettings, LiveConfig, LiveSettings, WriterSettings};
pub use status::{LiveReport, LiveStatus, RowCounts};
