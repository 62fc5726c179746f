//! What one `runs/log-batch` call carries, and how much of it fits.
//!
//! Types are strict here: MLflow answers 200 to a field of the wrong type and drops it and all that
//! follows it, so values that JSON lacks are sent as the strings that the server reads as numbers.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::journal::Entry;
use super::keys::{self, Keys, Kind};
use crate::event::{Event, number_or_name};

/// Most params, metrics and tags in one call.
pub(super) const BATCH_LENGTH: usize = 1000;
/// Most params and most tags in one call.
const SETTINGS_LENGTH: usize = 100;
/// Most bytes in one call; the server's limit is 1 MB.
const BATCH_BYTES: usize = 900_000;

/// Longest digest of a dataset in characters.
const DIGEST_LENGTH: usize = 36;
/// Longest name of a dataset in characters.
const NAME_LENGTH: usize = 500;
/// Most characters of a dataset's source and most columns: the server takes 64 KiB and 1 MiB.
const SOURCE_LENGTH: usize = 10_000;
const COLUMNS_LENGTH: usize = 2000;

/// A param, metric or tag on its way to the server.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Op {
    /// Immutable once set.
    Param(Setting),
    /// One point.
    Metric(Point),
    /// The last one wins.
    Tag(Setting),
}

/// A named text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Setting {
    /// Name.
    pub(super) key: String,
    /// Value.
    pub(super) value: String,
}

/// A point of a metric's history. Sending it again changes nothing, since the time is part of its
/// identity at the server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Point {
    /// Name.
    pub(super) key: String,
    /// Number.
    #[serde(serialize_with = "number_or_name")]
    pub(super) value: f64,
    /// When it was recorded, ms.
    pub(super) timestamp: i64,
    /// Step or epoch.
    pub(super) step: i64,
}

/// An op and the journal entry it came from.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// The entry.
    pub(super) entry: Entry,
    /// What of it is sent.
    pub(super) op: Op,
}

/// Ops that go in one call.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// In the journal's order.
    pub(super) ops: Vec<Sent>,
    params: usize,
    tags: usize,
    bytes: usize,
}

/// Turns journal entries into ops, the same way whenever the same journal is read.
#[derive(Default)]
pub(super) struct Translator {
    keys: Keys,
    /// Entry that set each param.
    params: HashMap<String, u64>,
}

impl Translator {
    /// The op of `entry`, or `None` when the entry is none of a param, metric or tag.
    ///
    /// A param that a resumed run changed becomes the tag `changed_param.<key>`: the server never
    /// changes a param.
    pub(super) fn op(&mut self, entry: &Entry) -> Option<Op> {
        Some(match &entry.event {
            Event::Param { key, value } => {
                if *self.params.entry(key.clone()).or_insert(entry.seq) == entry.seq {
                    let value = keys::cut("param", key, value, keys::PARAM_LENGTH);
                    Op::Param(Setting { key: self.keys.name(Kind::Param, key), value })
                } else {
                    self.tag(&format!("changed_param.{key}"), value)
                }
            }
            Event::Metric { key, value, step } => Op::Metric(Point {
                key: self.keys.name(Kind::Metric, key),
                value: *value,
                timestamp: entry.time,
                step: *step,
            }),
            Event::Tag { key, value } => self.tag(key, value),
            Event::Dataset { .. } | Event::Artifact { .. } | Event::Status { .. } => return None,
        })
    }

    fn tag(&mut self, key: &str, value: &str) -> Op {
        let value = keys::cut("tag", key, value, keys::TAG_LENGTH);
        Op::Tag(Setting { key: self.keys.name(Kind::Tag, key), value })
    }
}

impl Batch {
    /// Whether `op` fits too, with at most `length` ops in all.
    pub(super) fn fits(&self, op: &Op, length: usize) -> bool {
        let of_kind = match op {
            Op::Param(_) => self.params < SETTINGS_LENGTH,
            Op::Tag(_) => self.tags < SETTINGS_LENGTH,
            Op::Metric(_) => true,
        };
        // The first op always fits, whatever its size.
        self.ops.is_empty()
            || (of_kind
                && self.ops.len() < length.min(BATCH_LENGTH)
                && self.bytes + size(op) <= BATCH_BYTES)
    }

    /// Adds `op` of `entry`.
    pub(super) fn push(&mut self, entry: Entry, op: Op) {
        match &op {
            Op::Param(_) => self.params += 1,
            Op::Tag(_) => self.tags += 1,
            Op::Metric(_) => {}
        }
        self.bytes += size(&op);
        self.ops.push(Sent { entry, op });
    }
}

/// The body of a log-batch call.
pub(super) fn body(run_id: &str, ops: &[Sent]) -> serde_json::Result<Vec<u8>> {
    #[derive(Default, Serialize)]
    struct Body<'a> {
        run_id: &'a str,
        params: Vec<&'a Setting>,
        metrics: Vec<&'a Point>,
        tags: Vec<&'a Setting>,
    }
    let mut body = Body { run_id, ..Body::default() };
    for sent in ops {
        match &sent.op {
            Op::Param(param) => body.params.push(param),
            Op::Metric(point) => body.metrics.push(point),
            Op::Tag(tag) => body.tags.push(tag),
        }
    }
    serde_json::to_vec(&body)
}

/// A dataset as `runs/log-inputs` takes it; `Null` for another event.
///
/// The server's digest is short, so the whole one stands beside the source.
pub(super) fn dataset_input(event: &Event) -> Value {
    let Event::Dataset { name, digest, source, context, columns, rows } = event else {
        return Value::Null;
    };
    let short: String = digest.chars().take(DIGEST_LENGTH).collect();
    let columns: Vec<Value> = columns
        .iter()
        .take(COLUMNS_LENGTH)
        .map(|name| json!({ "type": "double", "name": name, "required": true }))
        .collect();
    let source: String = source.chars().take(SOURCE_LENGTH).collect();
    json!({
        "tags": [{ "key": "mlflow.data.context", "value": context }],
        "dataset": {
            "name": name.chars().take(NAME_LENGTH).collect::<String>(),
            "digest": short,
            "source_type": "local",
            "source": json!({ "uri": source, "sha256": digest }).to_string(),
            "schema": json!({ "mlflow_colspec": columns }).to_string(),
            "profile": json!({ "num_rows": rows }).to_string(),
        },
    })
}

/// Bytes of an op in the body, at most: JSON writes a control character as six bytes.
fn size(op: &Op) -> usize {
    match op {
        Op::Param(setting) | Op::Tag(setting) => {
            let escaped = setting.value.bytes().filter(|b| *b < 0x20 || matches!(b, b'"' | b'\\'));
            setting.key.len() + setting.value.len() + 5 * escaped.count() + 32
        }
        Op::Metric(point) => point.key.len() + 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, event: Event) -> Entry {
        Entry { seq, time: 1000 + seq as i64, event }
    }

    fn translated(events: Vec<Event>) -> Vec<Sent> {
        let mut translator = Translator::default();
        let mut batch = Batch::default();
        for (seq, event) in events.into_iter().enumerate() {
            let entry = entry(seq as u64, event);
            let op = translator.op(&entry).unwrap();
            assert!(batch.fits(&op, BATCH_LENGTH));
            batch.push(entry, op);
        }
        batch.ops
    }

    #[test]
    fn the_body_has_the_types_that_the_server_reads() {
        let metric = |value, step| Event::Metric { key: "loss".into(), value, step };
        let param = |value: &str| Event::Param { key: "seed".into(), value: value.into() };
        let ops = translated(vec![
            metric(f64::NAN, 1),
            metric(f64::NEG_INFINITY, 2),
            metric(0.5, 3),
            param("7"),
            param("8"),
        ]);
        let body: serde_json::Value = serde_json::from_slice(&body("r", &ops).unwrap()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "run_id": "r",
                "params": [{"key": "seed", "value": "7"}],
                "metrics": [
                    {"key": "loss", "value": "NaN", "timestamp": 1000, "step": 1},
                    {"key": "loss", "value": "-Infinity", "timestamp": 1001, "step": 2},
                    {"key": "loss", "value": 0.5, "timestamp": 1002, "step": 3},
                ],
                "tags": [{"key": "changed_param.seed", "value": "8"}],
            })
        );
    }

    #[test]
    fn a_batch_keeps_the_server_s_limits() {
        let mut translator = Translator::default();
        let mut fill = |make: &dyn Fn(usize) -> Event| {
            let mut batch = Batch::default();
            for n in 0.. {
                let entry = entry(0, make(n));
                let op = translator.op(&entry).unwrap();
                if !batch.fits(&op, BATCH_LENGTH) {
                    break;
                }
                batch.push(entry, op);
            }
            (batch.ops.len(), body("r", &batch.ops).unwrap().len())
        };
        let (length, _) = fill(&|n| Event::Metric { key: "a".into(), value: 1.0, step: n as i64 });
        assert_eq!(length, 1000);
        let (length, _) = fill(&|n| Event::Param { key: format!("p{n}"), value: String::new() });
        assert_eq!(length, 100);
        let (length, bytes) =
            fill(&|n| Event::Tag { key: format!("t{n}"), value: "\u{1}".repeat(7000) });
        assert!(length > 10 && bytes < 1_000_000, "{length} tags in {bytes} bytes");
    }
}
