//! Which MLflow server, and how to get in: MLflow's own client variables, then the config.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;

use super::secrets::without_userinfo;
use super::{TrackingConfig, TrackingError};

/// An MLflow server and the way in.
#[derive(Debug, Clone)]
pub struct Server {
    /// Address with its path, without user, password and trailing slash.
    pub(super) base: String,
    /// Host name in the address.
    pub(super) host: String,
    pub(super) credentials: Credentials,
    pub(super) insecure_tls: bool,
    pub(super) trusted_certificate: Option<PathBuf>,
    pub(super) client_certificate: Option<PathBuf>,
    pub(super) workspace: Option<String>,
    /// Longest time of one call.
    pub(super) timeout: Duration,
    pub(super) experiment_name: Option<String>,
    pub(super) experiment_id: Option<String>,
    /// An existing run that a new run is told to write into.
    pub(super) run_id: Option<String>,
}

/// How a call says who it is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    /// It does not.
    None,
    /// User and password.
    Basic(String, String),
    /// Bearer token.
    Token(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic(..) => "Basic(***)",
            Self::Token(_) => "Token(***)",
        })
    }
}

impl Server {
    /// The server that the environment or `config` names, or `None` when neither names one.
    ///
    /// Read are `MLFLOW_TRACKING_URI`, `MLFLOW_TRACKING_USERNAME` and `_PASSWORD` (else
    /// `~/.mlflow/credentials`), `_TOKEN`, `_INSECURE_TLS`, `_SERVER_CERT_PATH`,
    /// `_CLIENT_CERT_PATH`, `MLFLOW_EXPERIMENT_NAME`, `MLFLOW_EXPERIMENT_ID`, `MLFLOW_RUN_ID`,
    /// `MLFLOW_WORKSPACE` and `MLFLOW_HTTP_REQUEST_TIMEOUT`.
    ///
    /// # Errors
    /// When the address is a file, a database or no address at all, or a variable does not fit.
    pub fn from_env(config: &TrackingConfig) -> Result<Option<Self>, TrackingError> {
        Self::from_lookup(&|name| std::env::var(name).ok(), None, config)
    }

    /// The server at `uri`, with the credentials of the environment.
    ///
    /// # Errors
    /// When `uri` is no address of a server or a variable does not fit.
    pub fn at(uri: &str, config: &TrackingConfig) -> Result<Self, TrackingError> {
        Self::from_lookup(&|name| std::env::var(name).ok(), Some(uri), config)?
            .ok_or(TrackingError::NoServer)
    }

    /// As [`Server::from_env`], with `lookup` in the environment's place and `uri` before it.
    ///
    /// # Errors
    /// As [`Server::from_env`].
    pub fn from_lookup(
        lookup: &dyn Fn(&str) -> Option<String>,
        uri: Option<&str>,
        config: &TrackingConfig,
    ) -> Result<Option<Self>, TrackingError> {
        let set = |name: &str| lookup(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let uri = uri.map(str::to_owned).or_else(|| set("MLFLOW_TRACKING_URI"));
        let Some(uri) = uri.or_else(|| config.uri.clone()).filter(|uri| !uri.is_empty()) else {
            return Ok(None);
        };
        let url = parse(&uri)?;
        let timeout = match set("MLFLOW_HTTP_REQUEST_TIMEOUT") {
            None => 120,
            Some(text) => {
                text.parse::<u32>().ok().filter(|seconds| *seconds > 0).ok_or_else(|| {
                    TrackingError::Setup(format!(
                        "MLFLOW_HTTP_REQUEST_TIMEOUT is `{text}`; set a whole number of seconds"
                    ))
                })?
            }
        };
        Ok(Some(Self {
            base: address(&url),
            host: url.host_str().unwrap_or_default().to_owned(),
            credentials: credentials(&url, &set),
            insecure_tls: set("MLFLOW_TRACKING_INSECURE_TLS")
                .is_some_and(|v| matches!(v.to_lowercase().as_str(), "true" | "1")),
            trusted_certificate: set("MLFLOW_TRACKING_SERVER_CERT_PATH").map(PathBuf::from),
            client_certificate: set("MLFLOW_TRACKING_CLIENT_CERT_PATH").map(PathBuf::from),
            workspace: set("MLFLOW_WORKSPACE"),
            timeout: Duration::from_secs(u64::from(timeout)),
            experiment_name: set("MLFLOW_EXPERIMENT_NAME"),
            experiment_id: set("MLFLOW_EXPERIMENT_ID"),
            run_id: set("MLFLOW_RUN_ID"),
        }))
    }

    /// Address without user and password.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.base
    }

    /// Whether the server runs on this machine.
    pub(super) fn is_local(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The page of a run. Without the last part the UI shows runs as if they were traces.
    pub(super) fn run_url(&self, experiment_id: &str, run_id: &str) -> String {
        let base = &self.base;
        format!("{base}/#/experiments/{experiment_id}/runs/{run_id}?workflowType=machine_learning")
    }
}

/// Refuses an address in the config that is none of a server or that holds credentials: the config
/// is copied into the run folder and sent as an artifact.
pub(super) fn check_uri(uri: Option<&str>) -> garde::Result {
    let Some(uri) = uri else { return Ok(()) };
    let url = parse(uri).map_err(|error| garde::Error::new(error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(garde::Error::new(
            "credentials do not belong in the config; set MLFLOW_TRACKING_USERNAME and \
             MLFLOW_TRACKING_PASSWORD",
        ));
    }
    Ok(())
}

fn parse(uri: &str) -> Result<Url, TrackingError> {
    let wrong = || TrackingError::Address(without_userinfo(uri).into_owned());
    let url = Url::parse(uri).map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(wrong()) }
}

fn address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path().trim_end_matches('/'))
}

fn credentials(url: &Url, set: &dyn Fn(&str) -> Option<String>) -> Credentials {
    let decoded = |text: &str| percent_decoded(text).unwrap_or_else(|| text.to_owned());
    if let Some(user) = set("MLFLOW_TRACKING_USERNAME") {
        return Credentials::Basic(user, set("MLFLOW_TRACKING_PASSWORD").unwrap_or_default());
    }
    if let Some(token) = set("MLFLOW_TRACKING_TOKEN") {
        return Credentials::Token(token);
    }
    if !url.username().is_empty() {
        return Credentials::Basic(
            decoded(url.username()),
            url.password().map(decoded).unwrap_or_default(),
        );
    }
    let home = set("HOME").or_else(|| set("USERPROFILE"));
    home.and_then(|home| stored(&Path::new(&home).join(".mlflow").join("credentials")))
        .unwrap_or(Credentials::None)
}

/// User and password that `mlflow login` stored.
fn stored(path: &Path) -> Option<Credentials> {
    let text = std::fs::read_to_string(path).ok()?;
    let value = |name: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim().to_owned())
    };
    Some(Credentials::Basic(value("mlflow_tracking_username")?, value("mlflow_tracking_password")?))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(variables: &[(&str, &str)], uri: Option<&str>) -> Result<Option<Server>, String> {
        let lookup = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let config = TrackingConfig { uri: uri.map(str::to_owned), ..TrackingConfig::default() };
        Server::from_lookup(&lookup, None, &config).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_goes_before_the_config() {
        assert!(resolve(&[], None).unwrap().is_none());
        assert!(resolve(&[("MLFLOW_TRACKING_URI", " ")], None).unwrap().is_none());
        let server = resolve(&[], Some("http://host:5000/ml/")).unwrap().unwrap();
        assert_eq!(server.address(), "http://host:5000/ml");
        assert_eq!(server.credentials, Credentials::None);
        let env = [("MLFLOW_TRACKING_URI", "https://ann:p%40ss@10.0.0.1")];
        let server = resolve(&env, Some("http://host")).unwrap().unwrap();
        assert_eq!(server.address(), "https://10.0.0.1");
        assert_eq!(server.credentials, Credentials::Basic("ann".into(), "p@ss".into()));
        assert!(!format!("{server:?}").contains("p@ss"));
        let server = resolve(&[("MLFLOW_TRACKING_TOKEN", "t")], Some("http://[::1]:5000"));
        let server = server.unwrap().unwrap();
        assert_eq!(server.credentials, Credentials::Token("t".into()));
        assert!(server.is_local());
    }

    #[test]
    fn stores_that_are_no_server_are_refused() {
        for uri in [
            "file:./mlruns",
            "sqlite:///mlflow.db",
            "./mlruns",
            "databricks",
            "mlruns",
            "postgresql://ann:secret@db/mlflow",
        ] {
            let error = resolve(&[("MLFLOW_TRACKING_URI", uri)], None).unwrap_err();
            assert!(error.contains("not the address of an MLflow server"), "{error}");
            assert!(!error.contains("secret"), "{error}");
            assert!(check_uri(Some(uri)).is_err());
        }
        assert!(check_uri(Some("http://ann:secret@host")).is_err());
        assert!(check_uri(Some("http://host:5000")).is_ok());
        let error = resolve(&[("MLFLOW_HTTP_REQUEST_TIMEOUT", "soon")], Some("http://h"));
        assert!(error.unwrap_err().contains("`soon`"));
    }

    #[test]
    fn a_run_s_page_opens_as_a_run() {
        let server = resolve(&[], Some("http://host:5000")).unwrap().unwrap();
        let url = "http://host:5000/#/experiments/1/runs/r?workflowType=machine_learning";
        assert_eq!(server.run_url("1", "r"), url);
    }
}
