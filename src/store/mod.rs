//! On-disk market data: candles, their conflicts and their gaps in SQLite.
//!
//! A store is one folder with `market.sqlite` in it (write-ahead log, strict tables, checks, schema
//! versions). Candles are keyed by venue, market, symbol, interval and open time, and every stored
//! candle is final and carries its source. Prices and volumes are 64-bit floats: a decimal of up to
//! 15 significant digits comes back digit for digit when its float is written in the shortest form
//! that round-trips, which is how [`check()`] sums them as decimals.

mod check;
mod digest;
mod error;
mod read;
mod schema;
mod settle;
mod source;
mod statements;
mod sums;
mod write;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

pub use check::{Gap, SeriesCheck, StoreCheck, check};
pub use digest::hex;
pub use error::StoreError;
pub use read::SeriesInfo;
pub use source::Source;
pub use sums::{SumCheck, SumDifference};
pub use write::{SeriesWriter, Written};

use schema::{Journal, Standing};

/// Name of the database inside a store's folder.
const DATABASE: &str = "market.sqlite";

/// An open store: one folder of market data.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    folder: PathBuf,
    file: PathBuf,
}

impl Store {
    /// Opens the store in `folder` for reading; a read-only file system will do.
    ///
    /// # Errors
    /// When there is none, when it holds no candles, when it is no store of this version, and when
    /// the file system or the database fails.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = folder.join(DATABASE);
        if !file.is_file() {
            return Err(StoreError::Absent { folder: folder.to_path_buf() });
        }
        let connection = schema::open_readable(&file)?;
        let empty = StoreError::Empty { folder: folder.to_path_buf() };
        if schema::standing(&connection, &file)? == Standing::Blank {
            return Err(empty);
        }
        let filled: bool = connection
            .query_row("SELECT EXISTS (SELECT 1 FROM candle)", [], |row| row.get(0))
            .map_err(|error| StoreError::sqlite(&file, error))?;
        if filled {
            Ok(Self { connection, folder: folder.to_path_buf(), file })
        } else {
            Err(empty)
        }
    }

    /// Opens the store in `folder` for writing, creates folder and store when absent, and brings the
    /// schema to the present version.
    ///
    /// # Errors
    /// When the folder cannot be written, when the file in it is no store or one of a later version,
    /// and when the database fails.
    pub fn create(folder: &Path) -> Result<Self, StoreError> {
        Self::open_writable(folder, Journal::WriteAhead)
    }

    /// As [`Self::create`], for one large transaction: a store that is new gets its write-ahead log
    /// only in [`Self::settle_log`], so that what fills it is written to the disk once and not twice.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_to_fill(folder: &Path) -> Result<Self, StoreError> {
        Self::open_writable(folder, Journal::RollbackWhileNew)
    }

    fn open_writable(folder: &Path, journal: Journal) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::io(folder, error))?;
        let file = folder.join(DATABASE);
        let connection = schema::open_writable(&file, journal)?;
        Ok(Self { connection, folder: folder.to_path_buf(), file })
    }

    /// Folder of the store.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Moves what the write-ahead log holds into the database and syncs it to the disk; a store that
    /// was new and has no log yet gets it.
    ///
    /// # Errors
    /// When the disk is full or fails; what was committed stays safe.
    pub fn settle_log(&self) -> Result<(), StoreError> {
        match schema::write_ahead(&self.connection, &self.file) {
            // Somebody reads the new store already; its next writer will turn it.
            Err(StoreError::Busy { .. }) => return Ok(()),
            turned => turned?,
        }
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        StoreError::sqlite(&self.file, error)
    }
}
