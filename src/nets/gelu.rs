//! The Gaussian error linear unit.

use std::f64::consts::FRAC_1_SQRT_2;

use burn::tensor::Tensor;

/// `x Φ(x)` with the normal distribution function Φ, as `torch.nn.GELU` (Hendrycks and Gimpel 2016).
///
/// Written out, because burn's own takes the gradient of another function on a GPU: that of the
/// approximation by a tanh.
pub(super) fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let twice_share = (x.clone() * FRAC_1_SQRT_2).erf() + 1.0;
    x * 0.5 * twice_share
}
