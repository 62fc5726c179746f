//! Integration tests: training.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod case;
mod checkpoints;
mod fitting;
mod golden_losses;
mod optimizer;
mod options;
mod precision;
mod resuming;
