//! Where a run comes from, as the tags that MLflow's UI reads.

use std::path::Path;
use std::process::Command;

use super::TrackingConfig;
use super::secrets::without_userinfo;
use crate::event::Event;

/// Tags of a run: who started it, with which command, from which commit of the repository that
/// holds `folder` (none when it is no repository), and the config's note.
#[must_use]
pub fn run_tags(config: &TrackingConfig, command: &str, folder: &Path) -> Vec<Event> {
    let mut tags = vec![
        ("mlflow.source.type", "LOCAL".to_owned()),
        ("mlflow.source.name", command.to_owned()),
        ("candlewick.version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let user =
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    if let Some(user) = user.filter(|user| !user.is_empty()) {
        tags.push(("mlflow.user", user));
    }
    if let Some(note) = &config.note {
        tags.push(("mlflow.note.content", note.clone()));
    }
    if let Some(commit) = git(folder, &["rev-parse", "HEAD"]) {
        tags.push(("mlflow.source.git.commit", commit));
        if let Some(branch) = git(folder, &["symbolic-ref", "--short", "HEAD"]) {
            tags.push(("mlflow.source.git.branch", branch));
        }
        if let Some(url) = git(folder, &["remote", "get-url", "origin"]) {
            tags.push(("mlflow.source.git.repoURL", without_userinfo(&url).into_owned()));
        }
        let changed = git(folder, &["status", "--porcelain", "--untracked-files=no"]);
        tags.push(("mlflow.source.git.dirty", changed.is_some().to_string()));
    }
    tags.into_iter().map(|(key, value)| Event::Tag { key: key.to_owned(), value }).collect()
}

/// What git prints, or `None` when it fails or prints nothing.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_a_repository_and_of_none() {
        let folder = tempfile::tempdir().unwrap();
        let config = TrackingConfig { note: Some("**hi**".into()), ..TrackingConfig::default() };
        let value = |tags: &[Event], name: &str| {
            tags.iter().find_map(|tag| match tag {
                Event::Tag { key, value } if key == name => Some(value.clone()),
                _ => None,
            })
        };
        let tags = run_tags(&config, "candlewick train", folder.path());
        assert_eq!(value(&tags, "mlflow.source.name").as_deref(), Some("candlewick train"));
        assert_eq!(value(&tags, "mlflow.note.content").as_deref(), Some("**hi**"));
        assert_eq!(value(&tags, "mlflow.source.git.commit"), None);
        let make = "git init -q -b main . && git -c user.name=a -c user.email=a@b commit -q \
                    --allow-empty -m one && git remote add origin https://tok@host/x.git";
        let made = Command::new("sh").args(["-c", make]).current_dir(folder.path()).status();
        assert!(made.unwrap().success());
        let tags = run_tags(&config, "candlewick train", folder.path());
        assert_eq!(value(&tags, "mlflow.source.git.commit").unwrap().len(), 40);
        assert_eq!(value(&tags, "mlflow.source.git.branch").as_deref(), Some("main"));
        assert_eq!(value(&tags, "mlflow.source.git.dirty").as_deref(), Some("false"));
        let remote = value(&tags, "mlflow.source.git.repoURL");
        assert_eq!(remote.as_deref(), Some("https://host/x.git"));
    }
}
