//! A reader over the text of one JSON message that copies nothing.

use super::message::Malformed;

/// Nesting beyond which no message of an exchange goes.
const DEEPEST: u32 = 32;

/// A place in the text of a message.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// The first byte of a value says which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    Scalar,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is no space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Goes over `byte` when it comes next.
    #[inline]
    pub(super) fn accept(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.accept(byte) { Ok(()) } else { Err(Malformed::Syntax { at: self.at }) }
    }

    /// Nothing but space is left.
    pub(super) fn end(&mut self) -> Result<(), Malformed> {
        if self.peek().is_none() { Ok(()) } else { Err(Malformed::Syntax { at: self.at }) }
    }

    #[inline]
    pub(super) fn kind(&mut self) -> Kind {
        match self.peek() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            _ => Kind::Scalar,
        }
    }

    /// The inside of a string, escapes left as they are.
    #[inline]
    pub(super) fn string(&mut self) -> Result<&'a str, Malformed> {
        self.expect(b'"')?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(0x20..) => self.at += 1,
                _ => return Err(Malformed::Syntax { at: self.at.min(bytes.len()) }),
            }
        }
        let inside = self.text.get(start..self.at).ok_or(Malformed::Syntax { at: start })?;
        self.at += 1;
        Ok(inside)
    }

    /// A string's inside, or the letters of a number, `true`, `false` or `null`.
    #[inline]
    pub(super) fn scalar(&mut self) -> Result<&'a str, Malformed> {
        if self.peek() == Some(b'"') {
            return self.string();
        }
        let start = self.at;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')) {
                break;
            }
            self.at += 1;
        }
        match self.text.get(start..self.at) {
            Some(word) if !word.is_empty() => Ok(word),
            _ => Err(Malformed::Syntax { at: start }),
        }
    }

    /// Calls `each` at every value of the object, with its key; `each` must go over the value.
    #[inline]
    pub(super) fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, &'a str) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'{')?;
        if self.accept(b'}') {
            return Ok(());
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            each(self, key)?;
            if !self.accept(b',') {
                return self.expect(b'}');
            }
        }
    }

    /// Calls `each` at every element of the array; `each` must go over it.
    #[inline]
    pub(super) fn array(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(b'[')?;
        if self.accept(b']') {
            return Ok(());
        }
        loop {
            each(self)?;
            if !self.accept(b',') {
                return self.expect(b']');
            }
        }
    }

    /// Goes over any value.
    pub(super) fn skip(&mut self) -> Result<(), Malformed> {
        self.skip_within(DEEPEST)
    }

    fn skip_within(&mut self, depth: u32) -> Result<(), Malformed> {
        let deeper = depth.checked_sub(1).ok_or(Malformed::Syntax { at: self.at })?;
        match self.kind() {
            Kind::Object => self.object(|cursor, _| cursor.skip_within(deeper)),
            Kind::Array => self.array(|cursor| cursor.skip_within(deeper)),
            Kind::Scalar => self.scalar().map(|_| ()),
        }
    }
}
