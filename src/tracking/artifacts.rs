//! Files of a run folder on their way to the server.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::client::{Client, Fault};
use super::cursor::{Position, Stamp};

/// What became of an artifact.
pub(super) enum Upload {
    /// So many files were sent; the others were there already.
    Done(u64),
    /// It cannot be sent, now or later.
    Impossible(String),
}

/// Sends the file or folder `path` of `run_folder`, except for files that the server has.
///
/// # Errors
/// When the server is away or denies access; what is sent by then is noted in `position`.
pub(super) fn upload(
    client: &Client,
    run_folder: &Path,
    path: &str,
    position: &mut Position,
) -> Result<Upload, Fault> {
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside || path.is_empty() {
        return Ok(Upload::Impossible(format!("`{path}` is no path inside the run folder")));
    }
    let mut files = Vec::new();
    if let Err(error) = walk(&run_folder.join(path), path, &mut files) {
        return Ok(Upload::Impossible(format!("failed to read {path}: {error}")));
    }
    files.sort();
    let root = position.artifact_uri.clone().unwrap_or_default();
    let mut sent = 0;
    for (name, file) in files {
        let opened = File::open(&file).and_then(|file| Ok((Stamp::of(&file)?, file)));
        let (stamp, opened) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                return Ok(Upload::Impossible(format!("failed to read {name}: {error}")));
            }
        };
        if position.files.get(&name) == Some(&stamp) {
            continue;
        }
        if let Some(under) = proxied(&root) {
            match client.put_artifact(&format!("{under}/{name}"), opened, stamp.bytes) {
                Ok(()) => {}
                Err(Fault::Refused { code, message }) => {
                    return Ok(Upload::Impossible(format!("{name}: {code}: {message}")));
                }
                Err(fault) => return Err(fault),
            }
        } else if let Some(folder) = local(client, &root) {
            if let Err(error) = copy(&file, &folder.join(&name)) {
                let folder = folder.display();
                return Ok(Upload::Impossible(format!(
                    "failed to copy {name} to {folder}: {error}"
                )));
            }
        } else {
            return Ok(Upload::Impossible(format!(
                "the server keeps artifacts at {} and does not pass them on; start it with \
                 --serve-artifacts",
                super::secrets::without_userinfo(&root)
            )));
        }
        position.files.insert(name, stamp);
        sent += 1;
    }
    Ok(Upload::Done(sent))
}

/// Regular files at and under `path`, each with its name in the run folder, `/` between the parts.
fn walk(path: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if !std::fs::metadata(path)?.is_dir() {
        files.push((name.to_owned(), path.to_owned()));
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        // Links are left out: they may lead out of the run folder or round in a circle.
        if !entry.file_type()?.is_symlink() {
            let inner = format!("{name}/{}", entry.file_name().to_string_lossy());
            walk(&entry.path(), &inner, files)?;
        }
    }
    Ok(())
}

/// Path under the server's artifact root, when the server passes artifacts on:
/// `mlflow-artifacts:/1/r/artifacts` or `mlflow-artifacts://host:port/1/r/artifacts`.
fn proxied(root: &str) -> Option<&str> {
    let path = root.strip_prefix("mlflow-artifacts:")?;
    let path = match path.strip_prefix("//") {
        Some(with_host) => with_host.split_once('/').map_or("", |(_, path)| path),
        None => path,
    };
    Some(path.trim_matches('/'))
}

/// Folder of this machine where a server of this machine keeps the artifacts itself.
fn local(client: &Client, root: &str) -> Option<PathBuf> {
    let path = root.strip_prefix("file://").unwrap_or(root);
    (client.server().is_local() && Path::new(path).is_absolute()).then(|| PathBuf::from(path))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(from, to).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifact_roots_are_understood() {
        assert_eq!(proxied("mlflow-artifacts:/1/r/artifacts"), Some("1/r/artifacts"));
        assert_eq!(proxied("mlflow-artifacts://host:80/1/r/artifacts"), Some("1/r/artifacts"));
        assert_eq!(proxied("s3://bucket/1"), None);
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_walked_without_links() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("checkpoints");
        std::fs::create_dir_all(root.join("lstm")).unwrap();
        std::fs::write(root.join("lstm/a"), "a").unwrap();
        std::fs::write(root.join("b"), "b").unwrap();
        std::os::unix::fs::symlink("/", root.join("out")).unwrap();
        let mut files = Vec::new();
        walk(&root, "checkpoints", &mut files).unwrap();
        files.sort();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["checkpoints/b", "checkpoints/lstm/a"]);
    }
}
