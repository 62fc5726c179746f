//! Rows into Parquet columns and back, by way of plain column readers and writers.

mod columns;
mod read;
mod seal;
mod write;

pub use columns::{ColumnFile, ColumnReaders};
pub use read::{Table, read_digested_table, read_table};
pub use write::{Field, Get, write_table};

/// Key under which a file says what its rows are.
const KIND_KEY: &str = "candlewick.kind";

/// Key under which a file gives the version of its layout.
const VERSION_KEY: &str = "candlewick.schema_version";
