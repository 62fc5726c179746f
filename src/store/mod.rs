//! On-disk market data: candles, values and the gap ledger in SQLite; trades, quotes and books in
//! Parquet segments.
//!
//! A store is one folder with `market.sqlite` in it (write-ahead log, strict tables, checks, schema
//! versions) and `segments/` beside it. Candles are keyed by venue, market, symbol, interval and open
//! time, and every stored candle is final and carries its source. Prices and volumes are 64-bit floats:
//! a decimal of up to 15 significant digits comes back digit for digit when its float is written in
//! the shortest form that round-trips, which is how [`check()`] sums them as decimals.

mod absent;
mod archive_files;
mod backup;
mod check;
mod digest;
mod error;
mod export;
mod instruments;
mod ledger;
mod live;
mod pending;
mod read;
mod received;
mod repair;
mod schema;
mod segment;
mod settle;
mod sound;
mod source;
mod statements;
mod tape;
mod transaction;
mod values;
mod write;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

pub use crate::market::Value;
pub use archive_files::{ArchiveFile, StoredArchiveFile};
pub use backup::{Backup, backup};
pub use check::{
    ArchiveCheck, ArchiveDifference, ChannelCheck, ClockCheck, DamagedSegment, Gap, LedgerCount,
    MissingIds, SegmentCheck, SeriesCheck, StoreCheck, SumCheck, SumDifference, VolumeCheck, check,
};
pub use digest::{books_sha256, candles_sha256, hex, trades_sha256};
pub use error::StoreError;
pub use export::{ExportColumn, ExportManifest, ExportRequest, ExportedFile, export};
pub use ledger::{GapEntry, GapReason, GapState, NewGap};
pub use live::{ClockMinute, LiveBatch, LiveWritten};
pub use read::SeriesInfo;
pub use received::Received;
pub use source::Source;
pub use values::{ValueSeriesInfo, ValuesWritten};
pub use write::{SeriesWriter, Written};

use instruments::Instruments;
use schema::{Journal, LIVE_VERSION, PACKED_VERSION, Standing};

/// Name of the database inside a store's folder.
const DATABASE: &str = "market.sqlite";

/// Whether a store of candles alone holds anything.
const FILLED_WITH_CANDLES: &str = "SELECT EXISTS (SELECT 1 FROM candle)";

/// Whether a store holds anything.
const FILLED: &str = "SELECT EXISTS (SELECT 1 FROM candle) OR EXISTS (SELECT 1 FROM segment) \
                      OR EXISTS (SELECT 1 FROM pending) OR EXISTS (SELECT 1 FROM value)";

/// An open store: one folder of market data.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    folder: PathBuf,
    file: PathBuf,
    /// Whether it has more tables than those of candles.
    live: bool,
    instruments: Instruments,
}

impl Store {
    /// Opens the store in `folder` for reading; a read-only file system will do.
    ///
    /// # Errors
    /// When there is none, when it holds nothing at all, when it is no store of this version, and when
    /// the file system or the database fails.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let file = folder.join(DATABASE);
        if !file.is_file() {
            return Err(StoreError::Absent { folder: folder.to_path_buf() });
        }
        let connection = schema::open_readable(&file)?;
        let empty = StoreError::Empty { folder: folder.to_path_buf() };
        let Standing::Version(version) = schema::standing(&connection, &file)? else {
            return Err(empty);
        };
        let live = version >= LIVE_VERSION;
        if live && version < PACKED_VERSION {
            pending::pack_single_rows_for_reading(&connection)
                .map_err(|error| StoreError::sqlite(&file, error))?;
        }
        let filled: bool = connection
            .query_row(if live { FILLED } else { FILLED_WITH_CANDLES }, [], |row| row.get(0))
            .map_err(|error| StoreError::sqlite(&file, error))?;
        if !filled {
            return Err(empty);
        }
        let (folder, instruments) = (folder.to_path_buf(), Instruments::default());
        Ok(Self { connection, folder, file, live, instruments })
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
        let (folder, instruments) = (folder.to_path_buf(), Instruments::default());
        let mut store = Self { connection, folder, file, live: true, instruments };
        segment::remove_leftovers(&mut store)?;
        Ok(store)
    }

    /// Folder of the store.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Holds at most so many kibibytes of the database in memory: 64 MiB unless this says otherwise,
    /// which suits filling a store and is more than a live ingest needs.
    ///
    /// # Errors
    /// When the database fails.
    pub fn limit_page_cache(&self, kibibytes: u32) -> Result<(), StoreError> {
        self.connection
            .pragma_update(None, "cache_size", -i64::from(kibibytes))
            .map_err(|error| self.failed(error))
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
