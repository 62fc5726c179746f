//! Numbered lines of a text file and the fields of a line.

use std::io::{self, BufRead, Read};

/// Bytes that no line of candles comes near.
const LONGEST: u64 = 64 * 1024;

/// Lines of a file one after another, numbered from 1, empty ones left out.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
}

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Its content, trimmed.
    Text(&'a str),
    /// It is longer than any line of candles.
    TooLong,
    /// It is not UTF-8.
    NotText,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), number: 0 }
    }

    /// The next line that is not empty and its number, or `None` at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        loop {
            self.buffer.clear();
            let length = (&mut self.reader).take(LONGEST).read_until(b'\n', &mut self.buffer)?;
            if length == 0 {
                return Ok(None);
            }
            self.number += 1;
            if length as u64 == LONGEST && !self.buffer.ends_with(b"\n") {
                self.reader.skip_until(b'\n')?;
                return Ok(Some((self.number, Line::TooLong)));
            }
            let marked = self.number == 1 && self.buffer.starts_with(b"\xef\xbb\xbf");
            let start = if marked { 3 } else { 0 };
            if !self.buffer[start..].trim_ascii().is_empty() {
                let line = str::from_utf8(self.buffer[start..].trim_ascii());
                return Ok(Some((self.number, line.map_or(Line::NotText, Line::Text))));
            }
        }
    }
}

/// The comma-separated fields of a line, trimmed, one pair of quotes around a field taken off.
pub(super) fn fields(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let field = match unquoted_comma(text) {
            Some(end) => {
                rest = Some(&text[end + 1..]);
                &text[..end]
            }
            None => rest.take()?,
        };
        let field = field.trim_ascii();
        let inner = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
        Some(inner.map_or(field, str::trim_ascii))
    })
}

fn unquoted_comma(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers() {
        let long = "9".repeat(LONGEST as usize + 5);
        let mut text = format!("\u{feff}a,b\r\n\n  \n{long}\nc\n").into_bytes();
        text.extend(b"\xff\n");
        let mut lines = Lines::new(text.as_slice());
        assert_eq!(lines.next_line().unwrap(), Some((1, Line::Text("a,b"))));
        assert_eq!(lines.next_line().unwrap(), Some((4, Line::TooLong)));
        assert_eq!(lines.next_line().unwrap(), Some((5, Line::Text("c"))));
        assert_eq!(lines.next_line().unwrap(), Some((6, Line::NotText)));
        assert_eq!(lines.next_line().unwrap(), None);
    }

    #[test]
    fn fields_may_be_quoted() {
        let split = |line: &'static str| -> Vec<&str> { fields(line).collect() };
        assert_eq!(split("1, 2 ,\"3\",\"a,b\","), ["1", "2", "3", "a,b", ""]);
        assert_eq!(split(""), [""]);
        assert_eq!(split("\"open"), ["\"open"]);
    }
}
