//! Which answer is asked for next.

use std::collections::HashSet;

use serde_json::Value as Json;
use serde_json_path::JsonPath;

use super::description::Paging;
use super::rows::json_path;
use crate::market::Span;

/// Longest cursor that is sent back.
const CURSOR: usize = 2000;

/// What one request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    /// First time, ms; `None` for all there is.
    pub from: Option<i64>,
    /// First time that is not asked for, ms.
    pub to: i64,
    /// Cursor that the answer before gave.
    pub cursor: Option<String>,
    /// Number of the page.
    pub page: Option<u32>,
}

impl Turn {
    /// Times that it asks for.
    pub(super) fn span(&self) -> Span {
        Span { start: self.from.unwrap_or(i64::MIN), end: self.to }
    }
}

/// The way from one answer to the next.
#[derive(Debug)]
pub(super) enum Pager {
    Once,
    Cursor { path: JsonPath, seen: HashSet<String> },
    Window { span: i64, full: Option<usize> },
    Pages { first: u32, last: Option<JsonPath> },
}

impl Pager {
    /// The way that a description names.
    pub(super) fn new(paging: &Paging) -> Result<Self, String> {
        Ok(match paging {
            Paging::None => Self::Once,
            Paging::Cursor { cursor } => {
                Self::Cursor { path: json_path(cursor)?, seen: HashSet::new() }
            }
            Paging::Window { span, full } => {
                Self::Window { span: span.ms(), full: full.map(|full| full as usize) }
            }
            Paging::Pages { first, last } => {
                Self::Pages { first: *first, last: last.as_deref().map(json_path).transpose()? }
            }
        })
    }

    /// The first request for `[from, to)`.
    pub(super) fn first(&self, from: Option<i64>, to: i64) -> Result<Turn, String> {
        let turn = Turn { from, to, cursor: None, page: None };
        match self {
            Self::Once | Self::Cursor { .. } => Ok(turn),
            Self::Pages { first, .. } => Ok(Turn { page: Some(*first), ..turn }),
            Self::Window { span, .. } => {
                let from = from.ok_or("it is asked stretch by stretch; set --from")?;
                Ok(Turn { to: from.saturating_add(*span).min(to), ..turn })
            }
        }
    }

    /// The request after `turn`, whose answer holds so many rows up to the time `last`; `end` is the
    /// first time that is not asked for at all.
    pub(super) fn next(
        &mut self,
        turn: &Turn,
        answer: &Json,
        rows: usize,
        last: Option<i64>,
        end: i64,
    ) -> Result<Option<Turn>, String> {
        match self {
            Self::Once => Ok(None),
            Self::Cursor { path, seen } => {
                let cursor = match path.query(answer).first() {
                    None | Some(Json::Null) => return Ok(None),
                    Some(Json::String(text)) if text.is_empty() => return Ok(None),
                    Some(Json::String(text)) if text.len() <= CURSOR => text.clone(),
                    Some(Json::Number(number)) => number.to_string(),
                    Some(_) => {
                        return Err("its cursor is neither a short text nor a number".to_owned());
                    }
                };
                if !seen.insert(cursor.clone()) {
                    return Err("its cursor came before, so the pages would never end".to_owned());
                }
                Ok(Some(Turn { cursor: Some(cursor), ..turn.clone() }))
            }
            Self::Window { span, full } => {
                let cut = full.is_some_and(|full| rows >= full);
                let start = match last {
                    Some(last) if cut => last.saturating_add(1).min(turn.to),
                    _ => turn.to,
                };
                if turn.from.is_some_and(|from| start <= from) {
                    return Err("a full answer holds one moment only, so what follows cannot be \
                                asked for"
                        .to_owned());
                }
                let to = start.saturating_add(*span).min(end);
                Ok((start < end).then(|| Turn { from: Some(start), to, ..turn.clone() }))
            }
            Self::Pages { last, .. } => {
                let told = last.as_ref().and_then(|path| path.query(answer).first());
                let over = rows == 0 || told.and_then(Json::as_bool) == Some(true);
                let page = turn.page.and_then(|page| page.checked_add(1));
                Ok(page.filter(|_| !over).map(|page| Turn { page: Some(page), ..turn.clone() }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn pager(yaml: &str) -> Pager {
        Pager::new(&serde_saphyr::from_str(yaml).unwrap()).unwrap()
    }

    #[test]
    fn cursors_are_followed_and_never_in_a_circle() {
        let mut pager = pager("{kind: cursor, cursor: $.next}");
        let turn = pager.first(Some(1), 9).unwrap();
        let next = pager.next(&turn, &json!({"next": "b"}), 1, None, 9).unwrap().unwrap();
        assert_eq!((next.cursor.as_deref(), next.from, next.to), (Some("b"), Some(1), 9));
        assert!(
            pager.next(&next, &json!({"next": "b"}), 1, None, 9).unwrap_err().contains("never")
        );
        assert!(pager.next(&next, &json!({"next": {}}), 1, None, 9).is_err());
        assert!(pager.next(&next, &json!({"next": "x".repeat(2001)}), 1, None, 9).is_err());
        for end in [json!({}), json!({"next": null}), json!({"next": ""}), json!([])] {
            assert_eq!(pager.next(&next, &end, 1, None, 9), Ok(None));
        }
    }

    #[test]
    fn pages_end_when_told_or_empty() {
        let mut pager = pager("{kind: pages, first: 1, last: $.done}");
        let turn = pager.first(None, 9).unwrap();
        let next = pager.next(&turn, &json!({"done": false}), 3, None, 9).unwrap().unwrap();
        assert_eq!(next.page, Some(2));
        assert_eq!(pager.next(&next, &json!({"done": true}), 3, None, 9), Ok(None));
        assert_eq!(pager.next(&next, &json!({}), 0, None, 9), Ok(None));
    }

    #[test]
    fn a_full_window_goes_on_behind_its_last_row() {
        let mut pager = pager("{kind: window, span: 1s, full: 2}");
        assert!(pager.first(None, 9).is_err());
        let turn = pager.first(Some(0), 1500).unwrap();
        assert_eq!(turn.span(), Span { start: 0, end: 1000 });
        let cut = pager.next(&turn, &json!([]), 2, Some(300), 1500).unwrap().unwrap();
        assert_eq!(cut.span(), Span { start: 301, end: 1301 });
        let whole = pager.next(&turn, &json!([]), 1, Some(300), 1500).unwrap().unwrap();
        assert_eq!(whole.span(), Span { start: 1000, end: 1500 });
        assert_eq!(pager.next(&whole, &json!([]), 1, Some(1200), 1500), Ok(None));
        assert!(pager.next(&cut, &json!([]), 2, Some(300), 1500).is_err());
    }

    proptest! {
        /// Windows cover the whole stretch without a hole, whatever the answers hold.
        #[test]
        fn prop_windows_leave_no_hole(
            from in -5000_i64..5000,
            length in 1_i64..20_000,
            rows in proptest::collection::vec((0_usize..4, 0_i64..1000), 200),
        ) {
            let mut pager = pager("{kind: window, span: 1s, full: 3}");
            let end = from + length;
            let mut turn = pager.first(Some(from), end).unwrap();
            let mut covered = from;
            for (rows, offset) in rows {
                let span = turn.span();
                prop_assert!(span.start <= covered && span.start < span.end && span.end <= end);
                let last = (span.start + offset).min(span.end - 1);
                covered = if rows >= 3 { last + 1 } else { span.end };
                match pager.next(&turn, &json!([]), rows, (rows > 0).then_some(last), end).unwrap() {
                    Some(next) => turn = next,
                    None => {
                        prop_assert_eq!(covered, end);
                        return Ok(());
                    }
                }
            }
        }
    }
}
