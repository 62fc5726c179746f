//! Lines of recorded files: when a message was received and its text.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::ingest::IngestError;
use crate::market::Market;

/// Bytes that no message comes near: a whole book of 5,000 levels has some 300,000.
const LONGEST: u64 = 8 << 20;

/// One line of a file of messages.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A message.
    Message {
        /// When it was received, ms.
        received: i64,
        /// Its text.
        text: &'a str,
    },
    /// The header of a connection.
    Header,
    /// Something else.
    Neither,
}

/// A whole book as REST answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) market: Market,
    pub(super) symbol: String,
    /// When it was received, ms.
    pub(super) received: i64,
    pub(super) text: String,
}

/// A recorded file.
pub(super) struct RecordedLines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    first: Option<Vec<u8>>,
    bytes: u64,
    read: Arc<AtomicU64>,
    market: Market,
    is_of_answers: bool,
}

impl RecordedLines {
    /// Opens the file and looks at its first line; `market` is the one of a file that names none.
    pub(super) fn open(path: &Path, market: Market) -> Result<Self, IngestError> {
        let failed = |source| IngestError::read(path, source);
        let file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let read = Arc::new(AtomicU64::new(0));
        let mut raw = BufReader::new(Counted { file, read: Arc::clone(&read) });
        let is_gzip = raw.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn BufRead> = if is_gzip {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(raw)))
        } else {
            Box::new(raw)
        };
        let mut lines = Self {
            path: path.to_path_buf(),
            reader,
            line: Vec::new(),
            first: None,
            bytes,
            read,
            market,
            is_of_answers: false,
        };
        if lines.read_line()? {
            if let Ok(text) = str::from_utf8(&lines.line) {
                let head = text.split_once('{').map_or(text, |parts| parts.0);
                lines.is_of_answers = head.contains(" -> ");
                if let Some(named) = head.contains("://").then(|| market_of(head)).flatten() {
                    lines.market = named;
                }
            }
            lines.first = Some(std::mem::take(&mut lines.line));
        }
        Ok(lines)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn position(&self) -> u64 {
        self.read.load(Ordering::Relaxed).min(self.bytes)
    }

    pub(super) fn market(&self) -> Market {
        self.market
    }

    pub(super) fn is_of_answers(&self) -> bool {
        self.is_of_answers
    }

    /// The next line that is not empty.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<'_>>, IngestError> {
        loop {
            match self.first.take() {
                Some(first) => self.line = first,
                None if !self.read_line()? => return Ok(None),
                None => {}
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        let text = str::from_utf8(&self.line).unwrap_or("").trim_ascii();
        Ok(Some(message(text)))
    }

    /// Every answer of a file of them.
    pub(super) fn read_answers(&mut self, answers: &mut Vec<Answer>) -> Result<(), IngestError> {
        loop {
            match self.first.take() {
                Some(first) => self.line = first,
                None if !self.read_line()? => return Ok(()),
                None => {}
            }
            let text = str::from_utf8(&self.line).unwrap_or("").trim_ascii();
            answers.extend(answer(text, self.market));
        }
    }

    fn read_line(&mut self) -> Result<bool, IngestError> {
        self.line.clear();
        let failed = |source| IngestError::read(&self.path, source);
        let read = (&mut self.reader).take(LONGEST).read_until(b'\n', &mut self.line);
        let read = read.map_err(failed)? as u64;
        if read == LONGEST && !self.line.ends_with(b"\n") {
            let error = io::Error::new(io::ErrorKind::InvalidData, "a line of more than 8 MiB");
            return Err(failed(error));
        }
        Ok(read > 0)
    }
}

struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

fn message(text: &str) -> Line<'_> {
    let Some((stamp, rest)) = text.split_once(' ') else { return Line::Neither };
    let received = match stamp.strip_suffix(':') {
        Some(seconds) => seconds_to_ms(seconds),
        None => stamp.parse::<i64>().ok().map(|ns| ns.div_euclid(1_000_000)),
    };
    match received {
        Some(received) if rest.starts_with('{') => Line::Message { received, text: rest },
        _ if text.contains(" <-> ") => Line::Header,
        _ => Line::Neither,
    }
}

fn answer(text: &str, market: Market) -> Option<Answer> {
    let (address, rest) = text.split_once(" -> ")?;
    let (seconds, body) = rest.split_once(": ")?;
    let (path, query) = address.split_once('?')?;
    let symbol = query.split('&').find_map(|pair| pair.strip_prefix("symbol="))?;
    path.ends_with("/depth").then_some(())?;
    Some(Answer {
        market: market_of(address).unwrap_or(market),
        symbol: symbol.to_owned(),
        received: seconds_to_ms(seconds)?,
        text: body.to_owned(),
    })
}

fn seconds_to_ms(text: &str) -> Option<i64> {
    let seconds: f64 = text.parse().ok()?;
    (seconds.is_finite() && (0.0..1e11).contains(&seconds)).then_some((seconds * 1000.0) as i64)
}

/// The market that a host of the exchange serves.
fn market_of(text: &str) -> Option<Market> {
    let host = text.split_once("://")?.1.split(['/', ':']).next()?;
    match host.split('.').next()? {
        "fstream" | "fapi" => Some(Market::UsdM),
        "dstream" | "dapi" => Some(Market::CoinM),
        "stream" | "api" | "data-stream" | "data-api" => Some(Market::Spot),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read() {
        let text = r#"{"e":"x"}"#;
        let line = Line::Message { received: 1_723_161_256_172, text };
        assert_eq!(message(r#"1723161256172216566 {"e":"x"}"#), line);
        let line = Line::Message { received: 1_633_998_512_564, text };
        assert_eq!(message(r#"1633998512.564785: {"e":"x"}"#), line);
        assert_eq!(message("wss://stream.binance.com:9443/x <-> 1633998511.1"), Line::Header);
        for wrong in ["", "x", "12", "nan: {}", "12 text", "1e400: {}"] {
            assert_eq!(message(wrong), Line::Neither, "{wrong}");
        }
    }

    #[test]
    fn answers_name_their_symbol() {
        let line =
            r#"https://dapi.binance.com/dapi/v1/depth?symbol=X_PERP&limit=1000 -> 5.5: {"a":1}"#;
        let answer = answer(line, Market::Spot).unwrap();
        assert_eq!((answer.market, answer.received), (Market::CoinM, 5500));
        assert_eq!((answer.symbol.as_str(), answer.text.as_str()), ("X_PERP", r#"{"a":1}"#));
        assert!(super::answer("https://x/y?symbol=A -> 1: {}", Market::Spot).is_none());
    }
}
