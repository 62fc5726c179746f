//! The database file: how it is opened, recognised and brought to the present schema.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{StoreError, pending};

/// "CNDW": what `PRAGMA application_id` says of a store.
const APPLICATION_ID: i64 = 0x434E_4457;

/// Each step from one schema version to the next; `PRAGMA user_version` counts the steps taken.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/0001_candles.sql"),
    include_str!("migrations/0002_live.sql"),
    include_str!("migrations/0003_packs.sql"),
];

/// Schema version from which on a store holds more than candles.
pub(super) const LIVE_VERSION: usize = 2;

/// Schema version from which on pending rows are packed.
pub(super) const PACKED_VERSION: usize = 3;

/// Prepared statements that a writer keeps.
const STATEMENTS: usize = 96;

/// What a database file is to us.
#[derive(Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum Standing {
    /// Nothing in it yet.
    Blank,
    /// A store with so many migrations applied.
    Version(usize),
}

/// How a writer makes a transaction whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Journal {
    /// A write-ahead log: others read while one writes, and many small commits are cheap.
    WriteAhead,
    /// A rollback journal while the store is new: one large commit is written once and not twice.
    RollbackWhileNew,
}

/// Opens `file` for reading and writing, creates it when absent and applies what migrations it lacks.
pub(super) fn open_writable(file: &Path, journal: Journal) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error| StoreError::sqlite(file, error);
    let mut connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(failed)?;
    let standing = standing(&connection, file)?;
    if standing == Standing::Blank {
        // Has no effect once a page is written.
        connection.pragma_update(None, "page_size", 16_384).map_err(failed)?;
    }
    // Every candle passes `Candle::check`, which knows all that the table's checks know, just before
    // it is written, and references hold by construction. Doing both again in SQL would cost a third
    // of the time of an ingest; `store check` has SQLite examine both, and other writers meet them.
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF;
             PRAGMA ignore_check_constraints = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -65536;",
        )
        .map_err(failed)?;
    if journal == Journal::WriteAhead || standing != Standing::Blank {
        write_ahead(&connection, file)?;
    }
    // More statements are in use at once than the library keeps by itself.
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    migrate(&mut connection, file)?;
    Ok(connection)
}

/// Turns the database to a write-ahead log; it stays so for all who open it later.
pub(super) fn write_ahead(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        .map_err(|error| StoreError::sqlite(file, error))
}

/// Opens `file` for reading only, on a read-only file system too.
pub(super) fn open_readable(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error| StoreError::sqlite(file, error);
    let connection = Connection::open_with_flags(file, flags).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(failed)?;
    match standing(&connection, file) {
        Ok(_) => Ok(connection),
        Err(StoreError::NotWritable { .. }) if !pending_log(file) => open_unchanging(file),
        Err(error) => Err(error),
    }
}

/// What `connection` holds, judged by its application id and version.
pub(super) fn standing(connection: &Connection, file: &Path) -> Result<Standing, StoreError> {
    let number = |pragma: &str| -> Result<i64, StoreError> {
        connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(|error| StoreError::sqlite(file, error))
    };
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| StoreError::sqlite(file, error))?;
    let version = usize::try_from(number("user_version")?).unwrap_or(usize::MAX);
    match number("application_id")? {
        APPLICATION_ID if version > MIGRATIONS.len() => Err(StoreError::Newer {
            file: file.to_path_buf(),
            found: version,
            known: MIGRATIONS.len(),
        }),
        APPLICATION_ID => Ok(Standing::Version(version)),
        0 if tables == 0 => Ok(Standing::Blank),
        _ => Err(StoreError::Foreign { file: file.to_path_buf() }),
    }
}

/// All migrations in one transaction: a store is at the present version or untouched.
fn migrate(connection: &mut Connection, file: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::sqlite(file, error);
    if standing(connection, file)? == Standing::Version(MIGRATIONS.len()) {
        return Ok(());
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have migrated while this one waited for the lock.
    let done = match standing(&transaction, file)? {
        Standing::Blank => 0,
        Standing::Version(version) => version,
    };
    for (before, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        transaction.execute_batch(migration).map_err(failed)?;
        if before + 1 == PACKED_VERSION {
            pending::pack_single_rows(&transaction).map_err(failed)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// Whether a write-ahead log with content lies beside `file`: then the file alone is not the whole.
fn pending_log(file: &Path) -> bool {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// Opens a file that nobody can write, such as one on a read-only mount, without its lock files.
fn open_unchanging(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let failed = |error| StoreError::sqlite(file, error);
    let absolute = std::path::absolute(file).map_err(|error| StoreError::io(file, error))?;
    let mut address = String::from("file:");
    for byte in absolute.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            address.push(char::from(*byte));
        } else {
            address.push('%');
            address.push_str(&super::hex(&[*byte]));
        }
    }
    address.push_str("?immutable=1");
    let connection = Connection::open_with_flags(address, flags).map_err(failed)?;
    standing(&connection, file)?;
    Ok(connection)
}
