//! An online copy of a store, while others write.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup as Copying, StepResult};
use serde::Serialize;

use super::schema::{LIVE_VERSION, Standing, standing};
use super::segment::{SEGMENT_COLUMNS, Segment, segment_of};
use super::{DATABASE, Store, StoreError};
use crate::files::{sha256_file, sync_folder};

/// Name of the copy of the database until it is whole: a folder without `market.sqlite` is no store.
const PARTIAL: &str = ".market.sqlite.partial";

/// A copy that was made and verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// Folder of the copy.
    pub folder: PathBuf,
    /// Segments in it.
    pub segments: u64,
    /// Bytes of the database and the segments.
    pub bytes: u64,
}

/// Copies a store into an empty or new folder as it is at one moment, and verifies the copy: the
/// database by SQLite's own check, every segment by its digest. Others may write meanwhile.
///
/// The copy becomes a store with its last step; what an interrupted copy leaves is none.
///
/// # Errors
/// [`StoreError::NotEmpty`], [`StoreError::Damaged`] when the store is not whole, or a failure of the
/// file system or the database.
pub fn backup(store: &Store, folder: &Path) -> Result<Backup, StoreError> {
    make_empty(folder)?;
    let partial = folder.join(PARTIAL);
    let segments = copy_database(store, &partial)?;
    let mut bytes = 0;
    for segment in &segments {
        bytes += copy_segment(store, segment, folder)?;
    }
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error| StoreError::io(&path, error)
    };
    let file = fs::File::open(&partial).map_err(failed(&partial))?;
    file.sync_all().map_err(failed(&partial))?;
    bytes += file.metadata().map_err(failed(&partial))?.len();
    let whole = folder.join(DATABASE);
    fs::rename(&partial, &whole).map_err(failed(&whole))?;
    sync_folder(folder).map_err(failed(folder))?;
    Ok(Backup { folder: folder.to_path_buf(), segments: segments.len() as u64, bytes })
}

/// Makes a folder unless it is there and empty.
pub(super) fn make_empty(folder: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::io(folder, error);
    fs::create_dir_all(folder).map_err(failed)?;
    match fs::read_dir(folder).map_err(failed)?.next() {
        None => Ok(()),
        Some(_) => Err(StoreError::NotEmpty { folder: folder.to_path_buf() }),
    }
}

/// Copies the database, checks the copy and returns the segments that belong to it.
fn copy_database(store: &Store, file: &Path) -> Result<Vec<Segment>, StoreError> {
    let mut copy = Connection::open(file).map_err(|error| StoreError::sqlite(file, error))?;
    {
        let copying =
            Copying::new(&store.connection, &mut copy).map_err(|error| store.failed(error))?;
        // In one step, which reads one state: in several, each write of another begins it anew.
        match copying.step(-1).map_err(|error| StoreError::sqlite(file, error))? {
            StepResult::Done => {}
            _ => return Err(StoreError::Busy { file: store.file.clone() }),
        }
    }
    let checked = || -> rusqlite::Result<String> {
        // The copy of a write-ahead log's database says that it has one; it is to stand alone.
        copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
    };
    let verdict = checked().map_err(|error| StoreError::sqlite(file, error))?;
    if verdict != "ok" {
        return Err(StoreError::Damaged { file: store.file.clone(), reason: verdict });
    }
    if standing(&copy, file)? < Standing::Version(LIVE_VERSION) {
        return Ok(Vec::new());
    }
    let read = || -> rusqlite::Result<Vec<Segment>> {
        let mut statement =
            copy.prepare(&format!("SELECT {SEGMENT_COLUMNS} FROM segment ORDER BY path"))?;
        statement.query_map([], segment_of)?.collect()
    };
    read().map_err(|error| StoreError::sqlite(file, error))
}

fn copy_segment(store: &Store, segment: &Segment, folder: &Path) -> Result<u64, StoreError> {
    let damaged = |reason: String| {
        let file = store.folder.join(&segment.path);
        StoreError::Damaged { file, reason }
    };
    let outside = || damaged("the database names a path outside of the store".to_owned());
    let from = segment.file(&store.folder).ok_or_else(outside)?;
    let to = segment.file(folder).ok_or_else(outside)?;
    let failed = |error| StoreError::io(&to, error);
    let above = to.parent().unwrap_or(folder);
    fs::create_dir_all(above).map_err(failed)?;
    let bytes = fs::copy(&from, &to).map_err(|error| damaged(error.to_string()))?;
    let found = sha256_file(&to).map_err(StoreError::file)?;
    if found != segment.sha256 {
        return Err(damaged(format!("its sha256 is {found} and should be {}", segment.sha256)));
    }
    fs::File::open(&to).and_then(|file| file.sync_all()).map_err(failed)?;
    for above in above.ancestors().take_while(|above| above.starts_with(folder)) {
        sync_folder(above).map_err(failed)?;
    }
    Ok(bytes)
}
