//! What several integration tests need.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Folder of the real market data, or `None` with a loud line when `CANDLEWICK_DATA` is unset.
pub fn real_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CANDLEWICK_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED {test}: CANDLEWICK_DATA is unset, so there is no real data to test on");
    }
    folder
}

/// An empty folder in which the binary is run as a user would.
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary with arguments, in this folder, without any tracking server.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_candlewick"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_remove("CANDLEWICK_STORE")
            .env_remove("RUST_BACKTRACE");
        for (key, _) in std::env::vars() {
            if key.starts_with("MLFLOW_") {
                command.env_remove(key);
            }
        }
        command
    }

    /// Runs the binary and returns exit code, stdout and stderr.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        Finished::from(self.command(arguments).output().unwrap())
    }

    /// Runs the binary and insists on success.
    pub fn done(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}\n{}{}", finished.out, finished.err);
        finished.out
    }

    /// A store with a short simulated market.
    pub fn simulate(&self, candles: usize) {
        self.done(&["ingest", "simulate", "--store", "store", "--candles", &candles.to_string()]);
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Hex sha256 of a file.
pub fn sha256(path: &Path) -> String {
    candlewick::run_folder::sha256_file(path).unwrap()
}

/// A small file system in memory, unmounted when dropped.
pub struct TinyDisk {
    folder: TempDir,
}

impl TinyDisk {
    /// Mounts one of so many kilobytes, or returns `None` with a loud line where that takes more
    /// rights than this process has.
    pub fn mount(test: &str, kilobytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={kilobytes}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "candlewick-test"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            Some(Self { folder })
        } else {
            eprintln!("SKIPPED {test}: mounting a small file system needs root");
            None
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes every later write to it fail.
    pub fn make_read_only(&self) {
        let remounted =
            Command::new("mount").args(["-o", "remount,ro"]).arg(self.folder.path()).status();
        assert!(remounted.unwrap().success());
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        // A mount that outlives the test shows in the system's own list; there is no more to do.
        let _ = Command::new("umount").arg(self.folder.path()).status();
    }
}
