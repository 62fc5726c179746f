//! Params, metrics and tags on their way, in batches.

use super::super::batch::{BATCH_LENGTH, Batch, Op, Sent, body};
use super::super::client::Fault;
use super::{Courier, Obstacle};

/// Failed calls (500) of a single op before it is held for the cause.
const INTERNAL_FAULTS: u32 = 8;

impl Courier {
    /// Sends the batch, whose entries end at the offset `end`.
    pub(super) fn flush(&mut self, batch: &mut Batch, end: u64) -> Result<(), Obstacle> {
        let ops = std::mem::take(batch).ops;
        let Some(last) = ops.last() else { return Ok(()) };
        let next = last.entry.seq + 1;
        self.send(&ops)?;
        self.advance(end, next);
        Ok(())
    }

    /// Sends `ops`; what the server refuses is halved until the refused ones stand alone.
    fn send(&mut self, ops: &[Sent]) -> Result<(), Obstacle> {
        let run_id = self.run_id();
        let body = body(&run_id, ops).map_err(|e| Obstacle::Stop(e.to_string()))?;
        match self.client.log_batch(body) {
            Ok(()) => {
                for sent in ops {
                    self.count(&sent.op);
                }
                self.batch_length = (self.batch_length * 2).min(BATCH_LENGTH);
                self.internal_faults = 0;
                Ok(())
            }
            Err(Fault::Refused { code, message }) => {
                self.check_run(&run_id)?;
                if let [only] = ops {
                    self.refuse(&only.entry, &format!("{code}: {message}"));
                    return Ok(());
                }
                let (first, second) = ops.split_at(ops.len() / 2);
                self.send(first)?;
                self.send(second)
            }
            Err(Fault::Later { reason, internal }) => {
                // A server that took too long with many may be able to do with fewer.
                self.batch_length = (ops.len() / 2).max(1);
                match ops {
                    [only] if internal && self.is_to_blame(&run_id, only) => {
                        self.refuse(&only.entry, &reason);
                        Ok(())
                    }
                    _ => Err(Obstacle::Later(reason)),
                }
            }
            Err(Fault::Denied(reason)) => Err(Obstacle::Denied(reason)),
        }
    }

    /// Whether a server that fails again and again at one op can write other things meanwhile.
    fn is_to_blame(&mut self, run_id: &str, sent: &Sent) -> bool {
        self.internal_faults += 1;
        let probe = sent.entry.seq.to_string();
        self.internal_faults >= INTERNAL_FAULTS
            && self.client.set_tag(run_id, "candlewick.failing_entry", &probe).is_ok()
    }

    fn count(&mut self, op: &Op) {
        match op {
            Op::Param(_) => self.sent.params += 1,
            Op::Metric(_) => self.sent.points += 1,
            Op::Tag(_) => self.sent.tags += 1,
        }
    }
}
