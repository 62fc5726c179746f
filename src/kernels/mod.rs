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

use burn::backend::DispatchDevice;
use burn::tensor::Device;

pub use precision::Precision;

/// Whether the fused kernels run on `device`: on the CPU device.
#[must_use]
pub fn is_fused(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}
