//! Whole files: atomic writes, digests, and Parquet tables that carry a digest of themselves.

mod atomic;
mod digest;
mod error;
mod table;

pub use atomic::{sync_folder, write_atomic};
pub use digest::{sha256_file, sha256_hex};
pub use error::FileError;
pub use table::{
    ColumnFile, ColumnReaders, Field, Get, Table, read_digested_table, read_table, write_table,
};
