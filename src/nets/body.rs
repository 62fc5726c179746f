//! What every net's body has in common: a config that checks its input, counts its cost and draws its
//! weights.

use super::initial::InitialWeights;

/// Shape of the window that a net reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputShape {
    /// T, rows of a window.
    pub window: usize,
    /// F, columns of a row.
    pub features: usize,
}

/// What one sample costs a net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Floats that the forward pass keeps for the backward pass.
    pub activations: usize,
    /// Multiplications and additions of the forward pass in matrix products and convolutions, 2 for
    /// each weight and position that it meets.
    pub flops: usize,
}

/// Config of a net's body.
pub(super) trait BodyConfig {
    /// The body.
    type Body;

    /// Says what is wrong with an input that the net cannot read, and what to change.
    fn check(&self, _input: InputShape) -> Result<(), String> {
        Ok(())
    }

    /// H, length of the vector that the heads read.
    fn width(&self, input: InputShape) -> usize;

    /// What one sample costs.
    fn cost(&self, input: InputShape) -> Cost;

    /// The body with its initial weights. The input must have passed [`Self::check`].
    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> Self::Body;
}
