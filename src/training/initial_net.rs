//! The net that a checkpoint describes, before it has learned anything.

use burn::tensor::Device;

use super::CheckpointMeta;
use crate::kernels::Precision;
use crate::nets::{HeadsConfig, InputShape, Net, NetConfig};

/// A net with initial weights of `seed` for windows of these shapes: with heads, and attention across
/// symbols where `meta` has it; or with a decoder where `meta` is that of a pre-training.
pub fn initial_net(
    (precision, net, heads): (Precision, &NetConfig, &HeadsConfig),
    meta: &CheckpointMeta,
    inputs: &[InputShape],
    seed: u64,
    device: &Device,
) -> Net {
    if meta.pretraining.is_some() {
        return Net::init_reconstruction(precision, net, inputs, seed, device);
    }
    let heads = (heads, meta.labels.shape());
    let built = Net::init_in(precision, net, heads, inputs, seed, device);
    match &meta.cross_symbol {
        Some(config) => built.with_cross_symbol(precision, config, (net, inputs), seed, device),
        None => built,
    }
}
