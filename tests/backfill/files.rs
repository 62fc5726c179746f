//! A server of files that resumes, breaks off and lies as it is told.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How the next answers for a path are spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoilt {
    /// The connection closes after so many bytes.
    BreaksOff(usize),
    /// A byte of it is another.
    Wrong,
    /// 503.
    Busy,
}

#[derive(Default)]
pub struct Files {
    pub content: HashMap<String, Vec<u8>>,
    pub spoilt: HashMap<String, Vec<Spoilt>>,
    /// Paths asked for, with the `Range` header where there was one.
    pub asked: Vec<(String, Option<String>)>,
}

pub struct FileServer {
    pub base: String,
    pub files: Arc<Mutex<Files>>,
}

impl FileServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let files = Arc::<Mutex<Files>>::default();
        let shared = Arc::clone(&files);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let files = Arc::clone(&shared);
                thread::spawn(move || serve(&stream, &files));
            }
        });
        Self { base, files }
    }

    /// Serves a file with its checksum.
    pub fn add(&self, path: &str, content: &[u8]) {
        use sha2::{Digest, Sha256};
        let digest = candlewick::store::hex(&Sha256::digest(content));
        let name = path.rsplit('/').next().unwrap();
        let mut files = self.files.lock().unwrap();
        files.content.insert(format!("{path}.CHECKSUM"), format!("{digest}  {name}\n").into());
        files.content.insert(path.to_owned(), content.to_vec());
    }

    pub fn spoil(&self, path: &str, how: &[Spoilt]) {
        self.files.lock().unwrap().spoilt.insert(path.to_owned(), how.to_vec());
    }

    pub fn asked(&self, path: &str) -> Vec<Option<String>> {
        let files = self.files.lock().unwrap();
        files.asked.iter().filter(|it| it.0 == path).map(|it| it.1.clone()).collect()
    }
}

fn serve(mut stream: &TcpStream, files: &Mutex<Files>) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut range, mut line) = (String::new(), None, String::new());
    if reader.read_line(&mut first).is_err() {
        return;
    }
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        let (name, value) = line.trim_end().split_once(": ").unwrap_or_default();
        if name.eq_ignore_ascii_case("range") {
            range = Some(value.to_owned());
        }
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let (content, spoilt) = {
        let mut files = files.lock().unwrap();
        files.asked.push((path.clone(), range.clone()));
        let spoilt = files.spoilt.get_mut(&path).filter(|it| !it.is_empty()).map(|it| it.remove(0));
        (files.content.get(&path).cloned(), spoilt)
    };
    let Some(mut content) = content else {
        let _ =
            stream.write_all(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    };
    if spoilt == Some(Spoilt::Busy) {
        let _ =
            stream.write_all(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    if spoilt == Some(Spoilt::Wrong) {
        let last = content.len() - 1;
        content[last] ^= 1;
    }
    let whole = content.len();
    let from: Option<usize> =
        range.and_then(|it| it.strip_prefix("bytes=")?.trim_end_matches('-').parse().ok());
    let (status, extra) = match from {
        Some(from) if from < whole => {
            content.drain(..from);
            ("206 Part", format!("Content-Range: bytes {from}-{}/{whole}\r\n", whole - 1))
        }
        Some(_) => ("416 Beyond", String::new()),
        None => ("200 OK", String::new()),
    };
    let length = content.len();
    if let Some(Spoilt::BreaksOff(bytes)) = spoilt {
        content.truncate(bytes);
    }
    let head = format!(
        "HTTP/1.1 {status}\r\n{extra}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&content));
}
