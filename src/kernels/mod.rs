//! Fused kernels, each with a plain reference beside it, and the precision of products.

mod activation;
pub mod conv1d;
pub mod gru;
mod host;
pub mod lstm;
mod matmul;
pub mod memory;
mod precision;
mod recurrent;
mod vectors;

pub use precision::Precision;
