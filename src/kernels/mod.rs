//! Fused kernels, each with a plain reference beside it, and the precision of products.

mod activation;
pub mod lstm;
mod matmul;
mod precision;

pub use precision::Precision;
