//! One origin asked over HTTP by hostile rules: nothing that it answers can lead elsewhere, fill the
//! memory or hang.

use std::io::Read;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::web_error::{WebError, innermost, shown};

/// Longest time until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);

/// Longest time without a byte.
const SILENCE: Duration = Duration::from_secs(30);

/// Redirects within the origin that are followed.
const REDIRECTS: usize = 4;

/// What an answer may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the largest body.
    pub bytes: u64,
    /// Longest time from the request to the last byte.
    pub time: Duration,
}

impl Limits {
    /// For answers that are read as a whole: 32 MiB in a minute.
    pub const PAGE: Self = Self { bytes: 32 << 20, time: Duration::from_mins(1) };
}

/// Calls to one origin (scheme, host and port), from any number of threads.
///
/// TLS is verified against the system's roots. Redirects that leave the origin are refused, so that
/// a header with a key in it goes nowhere else. Only a loopback origin may be plain `http`, and it is
/// never asked through a proxy; `HTTPS_PROXY` holds for the others, whose TLS ends at the origin.
#[derive(Debug, Clone)]
pub struct Web {
    http: Client,
    base: Url,
}

/// A whole answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status, never one of a redirect.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

/// An answer in the course of being read, within its limits.
#[derive(Debug)]
pub struct Stream {
    /// Status, never one of a redirect.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    response: Response,
    address: String,
    limits: Limits,
    left: u64,
    until: Instant,
}

impl Web {
    /// Prepares calls to the origin of `base`; makes none.
    ///
    /// # Errors
    /// When `base` is no address that may be asked, or TLS cannot be set up.
    pub fn new(base: &str) -> Result<Self, WebError> {
        let base = address(base)?;
        // Fails when a provider is installed already, and that one does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("candlewick/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(SILENCE)
            .referer(false)
            .redirect(within(base.clone()));
        builder = if base.scheme() == "http" {
            // Without TLS no certificates are needed, which slim containers lack.
            builder.no_proxy().tls_certs_only([])
        } else {
            builder.https_only(true)
        };
        let http = builder.build().map_err(|error| WebError::Setup(innermost(&error)))?;
        Ok(Self { http, base })
    }

    /// The address that it was made with.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The answer to GET `address` as a whole; an address without a host counts from the base's.
    ///
    /// `headers` are kept out of every text. A status of an error is no error here.
    ///
    /// # Errors
    /// When the address lies outside the origin, nobody answers, or the answer breaks its limits.
    pub fn get(
        &self,
        address: &str,
        headers: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Answer, WebError> {
        self.open(address, headers, limits)?.whole()
    }

    /// The answer to POST `address` with a JSON body, as [`Self::get`] gives it.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn post(
        &self,
        address: &str,
        headers: &[(&str, &str)],
        json: Vec<u8>,
        limits: Limits,
    ) -> Result<Answer, WebError> {
        self.send(address, headers, Some(json), limits)?.whole()
    }

    /// As [`Self::get`], with the body still to be read.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn open(
        &self,
        address: &str,
        headers: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Stream, WebError> {
        self.send(address, headers, None, limits)
    }

    /// GETs, or POSTs a JSON body.
    fn send(
        &self,
        address: &str,
        headers: &[(&str, &str)],
        json: Option<Vec<u8>>,
        limits: Limits,
    ) -> Result<Stream, WebError> {
        let address = self.base.join(address).map_err(|_| WebError::Address {
            address: shown_text(address),
            reason: "it cannot be read as an address",
        })?;
        if !same_origin(&address, &self.base) {
            return Err(WebError::Elsewhere { from: shown(&self.base), to: host(&address) });
        }
        let address_shown = shown(&address);
        let until = Instant::now() + limits.time;
        let request = match json {
            None => self.http.get(address),
            Some(json) => {
                self.http.post(address).header(CONTENT_TYPE, "application/json").body(json)
            }
        };
        let response = request
            .headers(sensitive(headers)?)
            .timeout(limits.time.min(SILENCE))
            .send()
            .map_err(|error| WebError::of_call(&error, &address_shown))?;
        let status = response.status().as_u16();
        if (300..400).contains(&status) && status != 304 {
            return Err(WebError::NoTarget { address: address_shown, status });
        }
        let announced = response.content_length();
        if announced.is_some_and(|bytes| bytes > limits.bytes) {
            return Err(WebError::TooLarge { address: address_shown, limit: limits.bytes });
        }
        let headers = response.headers().clone();
        let left = limits.bytes;
        Ok(Stream { status, headers, response, address: address_shown, limits, left, until })
    }
}

impl Stream {
    /// The rest of it.
    fn whole(mut self) -> Result<Answer, WebError> {
        let mut body = Vec::new();
        let mut chunk = vec![0; 1 << 16];
        loop {
            match self.next(&mut chunk)? {
                0 => break,
                read => body.extend_from_slice(&chunk[..read]),
            }
        }
        Ok(Answer { status: self.status, headers: self.headers, body })
    }

    /// Reads the next bytes into `chunk` and returns their number, 0 at the end.
    ///
    /// # Errors
    /// When the connection fails or ends early, or the body is larger or slower than its limits.
    pub fn next(&mut self, chunk: &mut [u8]) -> Result<usize, WebError> {
        if Instant::now() > self.until {
            let seconds = self.limits.time.as_secs();
            return Err(WebError::TooSlow { address: self.address.clone(), seconds });
        }
        let read = self.response.read(chunk).map_err(|error| WebError::Broken {
            address: self.address.clone(),
            reason: innermost(&error),
        })?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| WebError::TooLarge {
            address: self.address.clone(),
            limit: self.limits.bytes,
        })?;
        Ok(read)
    }
}

/// The address in `text` when it may be asked: `https`, or `http` on loopback, without credentials.
///
/// # Errors
/// When it may not, with the reason.
pub fn address(text: &str) -> Result<Url, WebError> {
    let wrong = |reason| WebError::Address { address: shown_text(text), reason };
    let url = Url::parse(text).map_err(|_| wrong("it cannot be read as an address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it holds a name or password; put a key into a header"));
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(wrong("plain http is for this machine only; use https")),
        _ => Err(wrong("only https can be asked")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin() && one.username().is_empty() && one.password().is_none()
}

/// Follows a few redirects within the origin and refuses any other.
fn within(base: Url) -> Policy {
    Policy::custom(move |attempt| {
        if !same_origin(attempt.url(), &base) {
            let to = host(attempt.url());
            attempt.error(WebError::Elsewhere { from: shown(&base), to })
        } else if attempt.previous().len() > REDIRECTS {
            attempt.error(WebError::Circle { address: shown(&base) })
        } else {
            attempt.follow()
        }
    })
}

fn sensitive(headers: &[(&str, &str)]) -> Result<HeaderMap, WebError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let wrong = || WebError::Header((*name).to_owned());
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

/// Scheme, host and port.
fn host(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// A text that may hold a key, up to where a query or credentials could begin.
fn shown_text(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) => shown(&url),
        Err(_) => {
            text.split(['?', '#', '@']).next().unwrap_or_default().chars().take(200).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers every call with `reply(request line and headers)` and returns its address.
    fn server(reply: impl Fn(&str) -> String + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = String::new();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                while lines.read_line(&mut request).is_ok_and(|read| read > 2) {}
                let _ = stream.write_all(reply(&request).as_bytes());
            }
        });
        base
    }

    fn body(text: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        )
    }

    fn redirect(to: &str) -> String {
        format!(
            "HTTP/1.1 307 To\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    }

    #[test]
    fn only_safe_addresses_are_taken() {
        for good in
            ["https://a.example/x", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"]
        {
            assert!(address(good).is_ok(), "{good}");
        }
        for (wrong, word) in [
            ("http://a.example", "https"),
            ("ftp://a.example", "https"),
            ("https://user:S3CRET@a.example/?key=S3CRET", "name or password"),
            ("http://127.0.0.1.a.example/?key=S3CRET", "https"),
            ("no address?key=S3CRET", "cannot be read"),
        ] {
            let error = address(wrong).unwrap_err().to_string();
            assert!(error.contains(word) && !error.contains("S3CRET"), "{error}");
        }
    }

    #[test]
    fn a_redirect_within_the_origin_is_followed_and_keeps_the_header() {
        let base = server(|request| {
            let first = request.starts_with("GET /first");
            if first { redirect("/second?key=Q") } else { body(&request.to_lowercase()) }
        });
        let web = Web::new(&base).unwrap();
        let answer = web.get("/first?key=Q", &[("X-Api-Key", "S3CRET")], Limits::PAGE).unwrap();
        let seen = String::from_utf8(answer.body).unwrap();
        assert!(seen.contains("get /second") && seen.contains("x-api-key: s3cret"), "{seen}");
        assert!(!seen.contains("referer"), "{seen}");
    }

    #[test]
    fn a_redirect_elsewhere_is_refused_without_a_secret() {
        let base = server(|_| redirect("http://127.0.0.2:9/stolen?key=S3CRET"));
        let web = Web::new(&base).unwrap();
        let error = web.get("/x?key=S3CRET", &[("K", "S3CRET")], Limits::PAGE).unwrap_err();
        assert!(matches!(error, WebError::Elsewhere { .. }), "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("127.0.0.2") && !text.contains("S3CRET"), "{text}");
        let error = web.get("http://127.0.0.1:9/x", &[], Limits::PAGE).unwrap_err();
        assert!(matches!(error, WebError::Elsewhere { .. }), "{error:?}");
        let circle = Web::new(&server(|_| redirect("/again"))).unwrap();
        let error = circle.get("/x", &[], Limits::PAGE).unwrap_err();
        assert!(matches!(error, WebError::Circle { .. }), "{error:?}");
    }

    #[test]
    fn a_body_is_limited_whether_announced_or_not() {
        let limits = Limits { bytes: 10, ..Limits::PAGE };
        for length in ["Content-Length: 40\r\n", ""] {
            let base = server(move |_| {
                format!("HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n{}", "x".repeat(40))
            });
            let error = Web::new(&base).unwrap().get("/x", &[], limits).unwrap_err();
            assert!(matches!(error, WebError::TooLarge { limit: 10, .. }), "{error:?}");
        }
        let short = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nabc";
        let base = server(move |_| short.to_owned());
        let error = Web::new(&base).unwrap().get("/x?k=S3CRET", &[], limits).unwrap_err();
        assert!(matches!(error, WebError::Broken { .. }), "{error:?}");
        assert!(error.is_passing() && !error.to_string().contains("S3CRET"));
    }

    #[test]
    fn nobody_there_and_bad_headers_are_told_without_secrets() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let web = Web::new(&format!("http://{free}")).unwrap();
        let error = web.get("/x?key=S3CRET", &[("K", "S3CRET")], Limits::PAGE).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("cannot reach") && text.contains("/x"), "{text}");
        assert!(error.is_passing() && !text.contains("S3CRET"), "{text}");
        let error = web.get("/x", &[("K", "S3CRET\n")], Limits::PAGE).unwrap_err();
        assert!(error.is_usage() && !format!("{error:?}").contains("S3CRET"));
    }
}
