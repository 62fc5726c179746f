//! A real MLflow server for the tests, in a process group of its own.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Version that `scripts/mlflow_venv.sh` installs.
const VERSION: &str = "3.17.2";

/// A server that ends with this value.
pub struct MlflowServer {
    python: PathBuf,
    folder: TempDir,
    port: u16,
    process: Child,
    http: reqwest::blocking::Client,
}

impl MlflowServer {
    /// Starts a server, or returns `None` with a loud line when there is no MLflow to run.
    pub fn start(test: &str) -> Option<Self> {
        let Some(python) = python() else {
            eprintln!("SKIPPED {test}: no MLflow {VERSION}; run scripts/mlflow_venv.sh first");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let process = spawn(&python, &folder, port);
        let mut server = Self { python, folder, port, process, http: http() };
        server.wait();
        Some(server)
    }

    /// Its address.
    pub fn uri(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        let group = format!("-{}", self.process.id());
        let killed = Command::new("kill").args(["-9", "--", &group]).status();
        assert!(killed.unwrap().success());
        self.process.wait().unwrap();
    }

    /// Starts it again at the same address, with what it had.
    pub fn restart(&mut self) {
        self.process = spawn(&self.python, &self.folder, self.port);
        self.wait();
    }

    /// The answer to a GET under the interface's root.
    pub fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/2.0/mlflow/{path}", self.uri());
        let answer = self.http.get(url).query(query).send().unwrap();
        let text = answer.text().unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    /// The answer to a POST under the interface's root.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/api/2.0/mlflow/{path}", self.uri());
        let text = self.http.post(url).json(body).send().unwrap().text().unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    /// Bytes of an artifact of a run.
    pub fn artifact(&self, run_id: &str, path: &str) -> Vec<u8> {
        let url = format!("{}/get-artifact", self.uri());
        let query = [("run_uuid", run_id), ("path", path)];
        let answer = self.http.get(url).query(&query).send().unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().unwrap().to_vec()
    }

    fn wait(&mut self) {
        let begin = Instant::now();
        loop {
            let health = self.http.get(format!("{}/health", self.uri())).send();
            if health.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            if let Some(status) = self.process.try_wait().unwrap() {
                let log = std::fs::read_to_string(self.folder.path().join("server.log"));
                panic!("the MLflow server ended with {status}: {}", log.unwrap_or_default());
            }
            assert!(begin.elapsed() < Duration::from_secs(120), "no MLflow server after 120 s");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for MlflowServer {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-9", "--", &group]).status();
        let _ = self.process.wait();
    }
}

/// A client that makes plain calls to this machine.
pub fn http() -> reqwest::blocking::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::blocking::Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

/// A port on which nothing listens.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn python() -> Option<PathBuf> {
    if let Some(python) = std::env::var_os("CANDLEWICK_MLFLOW_PYTHON") {
        return Some(PathBuf::from(python));
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    let venv = cache.join(format!("candlewick/venv-mlflow-{VERSION}"));
    venv.join("complete").is_file().then(|| venv.join("bin/python"))
}

fn spawn(python: &PathBuf, folder: &TempDir, port: u16) -> Child {
    use std::os::unix::process::CommandExt;
    let at = |name: &str| folder.path().join(name).display().to_string();
    let log = || {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(at("server.log"));
        Stdio::from(file.unwrap())
    };
    let mut command = Command::new(python);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MLFLOW_")) {
        command.env_remove(name);
    }
    command
        .args(["-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"])
        .args(["--port", &port.to_string()])
        .args(["--backend-store-uri", &format!("sqlite:///{}", at("mlflow.db"))])
        .args(["--artifacts-destination", &format!("file://{}", at("artifacts"))])
        .env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
        .env("MLFLOW_DISABLE_TELEMETRY", "true")
        .env("DO_NOT_TRACK", "true")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(log())
        .stderr(log())
        .process_group(0)
        .spawn()
        .unwrap()
}
