//! A server that fails as it is told, for what a real one cannot be made to do.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a call gets.
pub enum Reply {
    /// A status and a body.
    Answer(u16, String),
    /// A redirect to this address.
    Redirect(String),
    /// The connection closes without an answer.
    Reset,
    /// No answer for so long.
    Hang(Duration),
}

/// A call that came in.
#[derive(Clone)]
pub struct Call {
    /// Path under the interface's root, without the query.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: HashMap<String, String>,
    /// Body.
    pub body: String,
}

/// The server; it lives until the tests end.
pub struct FaultyServer {
    /// Its address.
    pub uri: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl FaultyServer {
    /// Answers each call with what `reply` says to it and to how many of its path came before.
    pub fn start(reply: impl Fn(&Call, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::<Mutex<Vec<Call>>>::default();
        let (seen, reply) = (Arc::clone(&calls), Arc::new(reply));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, reply) = (Arc::clone(&seen), Arc::clone(&reply));
                thread::spawn(move || {
                    let Some(call) = read(&stream) else { return };
                    let before = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(call.clone());
                        seen.iter().filter(|other| other.path == call.path).count() - 1
                    };
                    answer(stream, reply(&call, before));
                });
            }
        });
        Self { uri, calls }
    }

    /// The calls to `path`, or all for an empty one.
    pub fn calls(&self, path: &str) -> Vec<Call> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|call| path.is_empty() || call.path == path).cloned().collect()
    }
}

fn read(stream: &TcpStream) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.split('?').next()?;
    let path = path.trim_start_matches("/api/2.0/mlflow/").to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Call { path, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn answer(mut stream: TcpStream, reply: Reply) {
    let (status, location, body) = match reply {
        Reply::Answer(status, body) => (status, String::new(), body),
        Reply::Redirect(to) => (307, format!("Location: {to}\r\n"), String::new()),
        Reply::Reset => return,
        Reply::Hang(time) => return thread::sleep(time),
    };
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} Status\r\n{location}Content-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}
