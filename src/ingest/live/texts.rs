//! Messages one after the other in one piece of memory.

/// Texts of messages and when each was received.
///
/// They are copied once, so that what they came in is let go by the thread that read it: counts of
/// references that two threads share cost both of them more than the copy.
#[derive(Debug, Default)]
pub(super) struct Texts {
    text: String,
    /// Where each ends, and when it was received, ms.
    ends: Vec<(usize, i64)>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str, received: i64) {
        self.text.push_str(text);
        self.ends.push((self.text.len(), received));
    }

    /// Forgets them and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Bytes of text that there is room for.
    pub(super) fn room(&self) -> usize {
        self.text.capacity()
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, received)| {
            let text = self.text.get(start..end).unwrap_or_default();
            start = end;
            (text, received)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_one_by_one() {
        let mut texts = Texts::default();
        assert!(texts.is_empty());
        let all = [("{}", 5), ("", 6), ("ä", 6), ("{\"u\":1}", 7)];
        for (text, received) in all {
            texts.push(text, received);
        }
        assert_eq!(texts.len(), 4);
        assert_eq!(texts.iter().collect::<Vec<_>>(), all);
        texts.clear();
        assert_eq!((texts.iter().count(), texts.is_empty()), (0, true));
    }
}
