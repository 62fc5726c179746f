//! Calls to an MLflow server, each fault sorted by what can be done about it.

use std::cell::Cell;
use std::fs::File;
use std::time::{Duration, Instant};

use reqwest::blocking::{Body, RequestBuilder, Response};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Identity, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::TrackingError;
use super::server::{Credentials, Server};

/// Longest time until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);

/// Shortest time a call is given near the end of a run.
const LAST_CALL: Duration = Duration::from_secs(2);

/// Slowest upload that is waited for, bytes a second.
const UPLOAD_RATE: u64 = 250_000;

/// Why a call did not do what it should.
#[derive(Debug)]
pub(super) enum Fault {
    /// The same call may go through later.
    Later {
        /// What happened.
        reason: String,
        /// Whether the server itself failed at this call (500), rather than being away or busy.
        internal: bool,
    },
    /// The server understood and will never take this content.
    Refused {
        /// MLflow's error code, such as `RESOURCE_DOES_NOT_EXIST`.
        code: String,
        /// What it said.
        message: String,
    },
    /// No call gets through until somebody changes the settings here or there.
    Denied(String),
}

/// A connection to one server.
pub(super) struct Client {
    http: reqwest::blocking::Client,
    server: Server,
    /// No call waits past this moment.
    pub(super) deadline: Cell<Option<Instant>>,
    /// Whether the server has ever answered as MLflow does.
    pub(super) answered: Cell<bool>,
}

impl Client {
    /// Prepares calls to `server`; makes none.
    ///
    /// # Errors
    /// When a certificate cannot be read or TLS cannot be set up.
    pub(super) fn new(server: Server) -> Result<Self, TrackingError> {
        // Fails when a provider is installed already, and that one does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::blocking::Client::builder()
            .user_agent(concat!("candlewick/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT.min(server.timeout))
            // A redirect would send the run, and its credentials, where nobody asked for.
            .redirect(Policy::none())
            .default_headers(default_headers(&server)?);
        if server.is_local() {
            builder = builder.no_proxy();
        }
        builder = if let Some(path) = &server.trusted_certificate {
            let pem = read(path)?;
            builder.tls_certs_only(Certificate::from_pem_bundle(&pem).map_err(|e| tls(&e))?)
        } else if server.insecure_tls {
            tracing::warn!(
                "MLFLOW_TRACKING_INSECURE_TLS is set: the server's certificate is not checked"
            );
            builder.tls_danger_accept_invalid_certs(true)
        } else if server.base.starts_with("http:") {
            // Without TLS no certificates are needed, which slim containers lack.
            builder.tls_certs_only([])
        } else {
            builder
        };
        if let Some(path) = &server.client_certificate {
            builder = builder.identity(Identity::from_pem(&read(path)?).map_err(|e| tls(&e))?);
        }
        let http = builder.build().map_err(|e| tls(&e))?;
        Ok(Self { http, server, deadline: Cell::new(None), answered: Cell::new(false) })
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// A call with a JSON body.
    pub(super) fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Fault> {
        self.json(self.request(Method::POST, path).json(body))
    }

    /// Sends `length` bytes of `file` to `path` under the server's artifact root.
    pub(super) fn put(&self, path: &str, file: File, length: u64) -> Result<(), Fault> {
        let root = format!("{}/api/2.0/mlflow-artifacts/artifacts", self.server.base);
        let time = self.server.timeout + Duration::from_secs(length / UPLOAD_RATE);
        let request = self
            .http
            .put(format!("{root}/{}", percent_encoded(path)))
            .timeout(self.allowed(time))
            .body(Body::sized(file, length));
        self.send(request).map(drop)
    }

    /// A call to `path` under the interface's root.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/api/2.0/mlflow/{path}", self.server.base))
            .timeout(self.allowed(self.server.timeout))
    }

    fn allowed(&self, time: Duration) -> Duration {
        let left = |end: Instant| end.saturating_duration_since(Instant::now()).max(LAST_CALL);
        self.deadline.get().map_or(time, |end| time.min(left(end)))
    }

    /// The answer to `request`, which proves that MLflow answers.
    pub(super) fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Fault> {
        let text = self.send(request)?;
        let answer = serde_json::from_str(&text).map_err(|error| {
            Fault::Denied(format!(
                "{} answered with something other than MLflow does ({error}); check the address",
                self.server.base
            ))
        })?;
        self.answered.set(true);
        Ok(answer)
    }

    fn send(&self, request: RequestBuilder) -> Result<String, Fault> {
        let request = match &self.server.credentials {
            Credentials::None => request,
            Credentials::Basic(user, password) => request.basic_auth(user, Some(password)),
            Credentials::Token(token) => request.bearer_auth(token),
        };
        let response = request.send().map_err(|error| no_answer(&error))?;
        let status = response.status();
        if status.is_success() {
            return response.text().map_err(|error| no_answer(&error));
        }
        Err(self.fault(status, response))
    }

    fn fault(&self, status: StatusCode, response: Response) -> Fault {
        #[derive(Deserialize)]
        struct Told {
            error_code: String,
            #[serde(default)]
            message: String,
        }
        let target = response
            .headers()
            .get("location")
            .and_then(|target| target.to_str().ok())
            .map(|target| super::secrets::without_userinfo(target).into_owned());
        let text = response.text().unwrap_or_default();
        let told: Option<Told> = serde_json::from_str(&text).ok();
        self.answered.set(self.answered.get() || told.is_some());
        let base = &self.server.base;
        let first: String = text.lines().next().unwrap_or_default().chars().take(300).collect();
        match (status.as_u16(), told) {
            (300..=399, _) => Fault::Denied(format!(
                "{base} redirects to {}, and redirects are not followed; set that address",
                target.as_deref().unwrap_or("nowhere")
            )),
            (401, _) => Fault::Denied(format!(
                "{base} does not accept the credentials (401); set MLFLOW_TRACKING_USERNAME and \
                 MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
            )),
            (403, _) if text.contains("Invalid Host header") => Fault::Denied(format!(
                "{base} refuses its own host name `{}` (403); start the server with \
                 --allowed-hosts {0}",
                self.server.host
            )),
            (403 | 407, _) => Fault::Denied(format!("{base} denies access ({status}): {first}")),
            (code @ (408 | 425 | 429 | 500..=599), told) => Fault::Later {
                reason: format!("{status}: {}", told.map_or(first, |told| told.message)),
                internal: code == 500,
            },
            (_, Some(told)) => Fault::Refused { code: told.error_code, message: told.message },
            (400 | 413 | 414 | 422, None) => {
                Fault::Refused { code: status.to_string(), message: first }
            }
            _ => Fault::Denied(format!(
                "{base} has no MLflow interface there ({status}); check the address and its path"
            )),
        }
    }
}

/// The version of MLflow that answers at `server`, waiting at most `limit`.
///
/// # Errors
/// When nothing answers, or something else than MLflow does.
pub fn server_version(server: &Server, limit: Duration) -> Result<String, TrackingError> {
    let client = Client::new(Server { timeout: limit, ..server.clone() })?;
    let request = client.http.get(format!("{}/version", server.base)).timeout(limit);
    client.send(request).map(|text| text.trim().to_owned()).map_err(|fault| {
        let reason = match fault {
            Fault::Later { reason, .. } | Fault::Denied(reason) => reason,
            Fault::Refused { message, .. } => message,
        };
        TrackingError::Undelivered { server: server.base.clone(), reason }
    })
}

fn default_headers(server: &Server) -> Result<HeaderMap, TrackingError> {
    let mut headers = HeaderMap::new();
    if let Some(workspace) = &server.workspace {
        let value = HeaderValue::from_str(workspace).map_err(|_| {
            TrackingError::Setup(format!("MLFLOW_WORKSPACE is `{workspace}`, which is no name"))
        })?;
        headers.insert("x-mlflow-workspace", value);
    }
    Ok(headers)
}

/// What went wrong on the way, without the address, which the caller names.
fn no_answer(error: &reqwest::Error) -> Fault {
    let mut reason =
        if error.is_timeout() { "no answer in time".to_owned() } else { String::new() };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.source().is_none() {
            reason = if reason.is_empty() { inner.to_string() } else { reason };
        }
        cause = inner.source();
    }
    let reason = if reason.is_empty() { "no answer".to_owned() } else { reason };
    Fault::Later { reason, internal: false }
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, TrackingError> {
    std::fs::read(path).map_err(|source| TrackingError::File {
        action: "read the certificate",
        path: path.to_owned(),
        source,
    })
}

fn tls(error: &reqwest::Error) -> TrackingError {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    TrackingError::Setup(format!(
        "failed to set up TLS: {}{}; name the server's certificate in \
         MLFLOW_TRACKING_SERVER_CERT_PATH",
        error,
        cause.unwrap_or_default()
    ))
}

fn percent_encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let digit = |n: u8| char::from(b"0123456789ABCDEF"[usize::from(n)]);
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::super::TrackingConfig;
    use super::*;

    #[test]
    fn a_client_stands_without_a_call() {
        for uri in ["http://127.0.0.1:1", "https://example.org"] {
            let server = Server::from_lookup(&|_| None, Some(uri), &TrackingConfig::default());
            // A machine without any certificates cannot make the second one, and says so.
            if let Err(error) = Client::new(server.unwrap().unwrap()) {
                assert!(uri.starts_with("https"), "{error}");
                assert!(error.to_string().contains("MLFLOW_TRACKING_SERVER_CERT_PATH"));
            }
        }
    }

    #[test]
    fn paths_are_encoded_by_the_byte() {
        assert_eq!(percent_encoded("a b/ä%#+.txt"), "a%20b/%C3%A4%25%23%2B.txt");
    }
}
