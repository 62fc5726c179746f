//! Files that are there whole or not at all.

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::FileError;

/// Writes `bytes` to `path` so that a reader sees the old content or the new one, never a part.
///
/// The bytes go to `.<name>.<random>.partial` in the same folder, are synced to the disk and renamed
/// over `path`; then the folder is synced, so that the name survives a power cut as well. On failure
/// the temporary file is removed and `path` is as it was. A process killed in between leaves the
/// temporary file behind, which nothing reads.
///
/// # Errors
/// When the folder is missing, full, read-only or not ours to write.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    try_write(path, bytes).map_err(|error| FileError::write(path, error))
}

fn try_write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = partial(path)?;
    file.write_all(bytes)?;
    keep(file, path)
}

/// A temporary file beside `path`, for [`keep`] to rename; dropped before, it is removed.
pub(super) fn partial(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".partial");
    if let Some(permissions) = usual_permissions() {
        builder.permissions(permissions);
    }
    builder.tempfile_in(folder_of(path))
}

/// Syncs a temporary file to the disk and renames it over `path`.
pub(super) fn keep(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Mode 0666 less the umask, as any program's new file; a temporary file's own is 0600.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "the other systems have nothing to set")]
fn usual_permissions() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn usual_permissions() -> Option<Permissions> {
    None
}

/// Makes the names in a folder survive a power cut.
///
/// # Errors
/// When the folder cannot be opened or the disk refuses.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems cannot open a folder to sync it; their rename is durable by itself.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same signature as on unix")]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.json");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two, longer").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two, longer");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_keeps_the_old_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        // A folder in the way makes the last step, the rename, fail.
        let path = folder.path().join("report.html");
        std::fs::create_dir(&path).unwrap();
        let error = write_atomic(&path, b"x").unwrap_err();
        assert!(error.to_string().contains("report.html"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(path.is_dir());
        assert!(write_atomic(&folder.path().join("no/such/file"), b"x").is_err());
        assert!(write_atomic(Path::new("/"), b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_as_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("plain");
        std::fs::write(&plain, b"").unwrap();
        let atomic = folder.path().join("atomic");
        write_atomic(&atomic, b"").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&atomic), mode(&plain));
    }
}
