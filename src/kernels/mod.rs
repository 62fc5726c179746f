//! Fused kernels, each with a plain reference beside it.

mod activation;
pub mod lstm;
mod matmul;
