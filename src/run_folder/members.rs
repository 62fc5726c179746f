//! `members.json` in a fold's folder of checkpoints: the members of an ensemble, written when all of
//! them are trained.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::RunFolderError;
use crate::files::{FileError, write_atomic};

/// Version of the layout of `members.json`.
pub const MEMBERS_VERSION: u32 = 1;

const FILE: &str = "members.json";

/// Begins the name of a member's folder; its seed follows.
const START: &str = "seed_";

/// Content of `members.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Members {
    schema_version: u32,
    /// Folders beside the file, in the order in which their forecasts are averaged.
    members: Vec<String>,
}

/// Name of the member of a seed: `seed_7`, also that of its folder.
#[must_use]
pub fn member_name(seed: u64) -> String {
    format!("{START}{seed}")
}

/// Writes `members.json` into a fold's folder, atomically.
///
/// # Errors
/// When the file cannot be written.
pub fn write_members(fold: &Path, members: Vec<String>) -> Result<(), RunFolderError> {
    let path = fold.join(FILE);
    let text = serde_json::to_string_pretty(&Members { schema_version: MEMBERS_VERSION, members })
        .map_err(|error| RunFolderError::invalid(&path, error))?;
    Ok(write_atomic(&path, (text + "\n").as_bytes())?)
}

/// Names and folders of an ensemble's members; `None` where the fold's folder is that of a single net.
///
/// # Errors
/// When there are members' folders and no `members.json`, which is written when all members are trained,
/// and when the file cannot be read, names other folders than members', or has another layout.
pub fn read_members(fold: &Path) -> Result<Option<Vec<(String, PathBuf)>>, RunFolderError> {
    let path = fold.join(FILE);
    if !path.is_file() {
        let is_member =
            |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with(START);
        let begun = fs::read_dir(fold).is_ok_and(|entries| entries.flatten().any(is_member));
        if begun {
            return Err(RunFolderError::MembersMissing(fold.to_owned()));
        }
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(|error| RunFolderError::read(&path, error))?;
    let content: Members =
        serde_json::from_str(&text).map_err(|error| RunFolderError::content(&path, error))?;
    if content.schema_version != MEMBERS_VERSION {
        return Err(RunFolderError::File(FileError::Version {
            path,
            found: content.schema_version.to_string(),
            known: MEMBERS_VERSION,
        }));
    }
    let seed = |name: &str| name.strip_prefix(START).and_then(|seed| seed.parse::<u64>().ok());
    let odd =
        content.members.iter().find(|name| seed(name).is_none_or(|s| member_name(s) != **name));
    if let Some(name) = odd {
        return Err(RunFolderError::content(&path, format!("`{name}` is no member's folder")));
    }
    if content.members.is_empty() {
        return Err(RunFolderError::content(&path, "it names no member"));
    }
    let place = |name: String| {
        let folder = fold.join(&name);
        (name, folder)
    };
    Ok(Some(content.members.into_iter().map(place).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_back_and_faults_are_named() {
        let fold = tempfile::tempdir().unwrap();
        assert_eq!(read_members(fold.path()).unwrap(), None);
        fs::create_dir(fold.path().join("seed_3")).unwrap();
        let error = read_members(fold.path()).unwrap_err().to_string();
        assert!(error.contains("--resume"), "{error}");
        write_members(fold.path(), vec![member_name(3), member_name(4)]).unwrap();
        let read = read_members(fold.path()).unwrap().unwrap();
        assert_eq!(read[1], ("seed_4".to_owned(), fold.path().join("seed_4")));
        for names in [vec!["../../etc".to_owned()], vec!["seed_x".to_owned()], Vec::new()] {
            write_members(fold.path(), names).unwrap();
            assert!(read_members(fold.path()).is_err());
        }
    }
}
