//! Files under `segments/` that belong to nothing.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tracing::info;

use super::FOLDER;
use crate::store::{Store, StoreError};

/// Removes what killed processes left. A file that is being written belongs to a transaction, so
/// leftovers are told apart in a transaction of our own.
pub(in crate::store) fn remove_leftovers(store: &mut Store) -> Result<(), StoreError> {
    if find_leftovers(&store.connection, &store.folder)?.is_empty() {
        return Ok(());
    }
    let folder = store.folder.clone();
    let removed = store.in_transaction(|connection, _| {
        for file in find_leftovers(connection, &folder)? {
            info!(file = %file.display(), "removed what a killed process left");
            fs::remove_file(&file).map_err(|error| StoreError::io(&file, error))?;
        }
        Ok(())
    });
    match removed {
        // Somebody is writing; the next to open the store will see to it.
        Err(StoreError::Busy { .. }) => Ok(()),
        other => other,
    }
}

/// Files of segments without a row in the database, and temporary ones.
pub(in crate::store) fn find_leftovers(
    connection: &Connection,
    folder: &Path,
) -> Result<Vec<PathBuf>, StoreError> {
    let top = folder.join(FOLDER);
    let mut files = Vec::new();
    walk(&top, &mut files)?;
    if files.is_empty() {
        return Ok(files);
    }
    let known = || -> rusqlite::Result<HashSet<String>> {
        let mut statement = connection.prepare("SELECT path FROM segment")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    let known =
        known().map_err(|error| StoreError::sqlite(&folder.join("market.sqlite"), error))?;
    let is_known = |file: &PathBuf| {
        let inside = file.strip_prefix(folder).ok().and_then(Path::to_str);
        inside.is_some_and(|path| known.contains(&path.replace('\\', "/")))
    };
    files.retain(|file| !is_known(file));
    files.sort();
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    let failed = |error| StoreError::io(folder, error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        let ours = path.extension().is_some_and(|end| end == "parquet" || end == "partial");
        if kind.is_dir() {
            walk(&path, files)?;
        } else if kind.is_file() && ours {
            files.push(path);
        }
    }
    Ok(())
}
