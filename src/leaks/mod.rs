//! Does a column know what it could not have known?
//!
//! [`check()`] computes columns again on other versions of the same data, in which the future of a
//! decision time is cut off, huge, shuffled or full of holes, and compares them bit for bit with those
//! of the whole history up to that time. What differs leaks. [`ProjectColumns`] are the program's own
//! features, labels and fitted numbers; any other [`ColumnProvider`] is checked the same way.

mod beginning;
mod check;
mod columns;
mod compare;
mod history;
mod points;
mod project;
mod report;
mod rewrite;
mod suspicion;
mod tally;
mod verdict;

pub use check::{CheckOptions, LeakError, check};
pub use columns::{Column, ColumnKind, ColumnProvider, Columns, Fitted, ProviderError};
pub use history::History;
pub use project::{ProjectColumns, ProjectConfig};
pub use report::{Beginning, Finding, Report, Test, TestCount};
pub use rewrite::{Rewrite, Source};
pub use suspicion::Suspicion;
