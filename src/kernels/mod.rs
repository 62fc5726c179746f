//! Fused kernels, each with a plain reference beside it.

mod activation;
pub mod conv1d;
pub mod gru;
mod host;
pub mod lstm;
mod matmul;
pub mod memory;
mod recurrent;
mod vectors;
