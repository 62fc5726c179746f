//! What a training run needs in memory, estimated before it starts.

use std::fmt;

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::WindowError;

const FLOAT: u64 = 4;

/// Sizes from which the need is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryPlan {
    /// N, rows of the table.
    pub rows: usize,
    /// F, features.
    pub features: usize,
    /// T, rows of a window.
    pub window: usize,
    /// B, samples of a batch.
    pub batch_size: usize,
    /// Numbers that the net learns.
    pub parameters: usize,
    /// Floats that one sample's forward pass keeps for the backward pass.
    pub activations: usize,
}

/// Estimated need in bytes, with the sizes that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryNeed {
    /// The scaled table and its copy on the host.
    pub table: u64,
    /// One batch: its index vector and windows.
    pub batch: u64,
    /// What the forward pass keeps, and as much again for gradients in flight.
    pub activations: u64,
    /// Parameters, gradients, both moments of the optimiser and the averaged weights.
    pub optimizer: u64,
    /// The sizes.
    pub plan: MemoryPlan,
}

/// Estimates what training needs. It errs on the high side by design: a run that is refused costs
/// a changed number, a run that is killed costs the run.
#[must_use]
pub fn estimate_memory(plan: &MemoryPlan) -> MemoryNeed {
    let floats =
        |sizes: &[usize]| sizes.iter().fold(FLOAT, |bytes, &n| bytes.saturating_mul(n as u64));
    MemoryNeed {
        // The pool stays on the host beside the scaled table; targets and times are a few columns.
        table: floats(&[plan.rows, plan.features + 4]).saturating_mul(2),
        batch: floats(&[plan.batch_size, plan.window, plan.features + 1]),
        activations: floats(&[plan.batch_size, plan.activations]).saturating_mul(2),
        optimizer: floats(&[plan.parameters]).saturating_mul(5),
        plan: *plan,
    }
}

impl MemoryNeed {
    /// All parts together, bytes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.table
            .saturating_add(self.batch)
            .saturating_add(self.activations)
            .saturating_add(self.optimizer)
    }

    /// Checks the need against the memory that is free.
    ///
    /// # Errors
    /// When it does not fit: the message names the largest part and what to change.
    pub fn check(&self, available: u64) -> Result<(), WindowError> {
        if self.total() <= available {
            return Ok(());
        }
        let MemoryPlan { rows, features, window, batch_size, .. } = self.plan;
        let parts = [
            (
                self.table,
                format!(
                    "the table; use fewer features ({features}) or a shorter span ({rows} rows)"
                ),
            ),
            (
                self.batch.max(self.activations),
                format!(
                    "a batch in the net; lower batch_size ({batch_size}) or window ({window}), or the net's size"
                ),
            ),
            (self.optimizer, "the parameters; use a smaller net".to_owned()),
        ];
        let largest = parts.into_iter().max_by_key(|(bytes, _)| *bytes).map(|(_, advice)| advice);
        Err(WindowError::Memory(format!(
            "training needs {self}, but only {} are free; the largest part is {}",
            Size(available),
            largest.unwrap_or_default()
        )))
    }
}

impl fmt::Display for MemoryNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "about {} (table {}, batch {}, activations {}, parameters and optimiser {})",
            Size(self.total()),
            Size(self.table),
            Size(self.batch),
            Size(self.activations),
            Size(self.optimizer)
        )
    }
}

/// Bytes of host memory that a new program can take: what the system calls available, or less
/// where the process's control group allows less.
#[must_use]
pub fn available_memory() -> u64 {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::everything());
    // A system that reports nothing must not stop a run.
    let Ok(system) = System::new_with_specifics(memory) else { return u64::MAX };
    let group = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    match system.available_memory().min(group) {
        0 => u64::MAX,
        bytes => bytes,
    }
}

struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
        let mut size = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while size >= 1024.0 && unit + 1 < UNITS.len() {
            size /= 1024.0;
            unit += 1;
        }
        write!(f, "{size:.1} {}", UNITS[unit])
    }
}
