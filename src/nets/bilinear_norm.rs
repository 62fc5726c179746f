//! Bilinear normalisation: a window by its own statistics.
//!
//! Tran, Kanniainen, Gabbouj and Iosifidis (2020), "Data normalization for bilinear structures in
//! high-frequency financial time-series", as in the PyTorch code that LOBCAST and TLOB share. A
//! window of T steps and F features is standardised twice, and the two are added with learned
//! weights:
//!
//! - over time: each feature by its mean and deviation over the window's steps, then scaled by `l2`
//!   and shifted by `B2`;
//! - over features: each step by its mean and deviation over the features, then scaled by `l1` and
//!   shifted by `B1`;
//! - `y = y1 · (over features) + y2 · (over time)`.
//!
//! 2 (T + F) + 2 parameters. Deviations are divided by count less one, so a window needs two steps
//! and two features.
//!
//! That code takes deviations below 1e-4 for 1 over time only; here over features as well, where it
//! would divide by 0. It sets a weight that fell below 0 to 0.01 before it is used, which is what
//! [`Constraint::Positive`] does after the step that made it fall.
#![expect(non_snake_case, reason = "tensors have the names that they have in that code")]

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::body::InputShape;
use super::constraint::Constraint;
use super::initial::InitialWeights;
use super::training_pass::{TrainingPass, constrain};

/// Deviations below the root of this count as 1: what does not move is left as it is.
const SMALLEST_VARIANCE: f32 = 1e-8;

/// Normalises windows of one shape.
#[derive(Module, Debug)]
pub struct BilinearNorm {
    /// `[T, 1]`, at first 0.
    B1: Param<Tensor<2>>,
    /// `[T, 1]`, at first as `xavier_normal_` draws it.
    l1: Param<Tensor<2>>,
    /// `[F, 1]`, at first 0.
    B2: Param<Tensor<2>>,
    /// `[F, 1]`, at first as `xavier_normal_` draws it.
    l2: Param<Tensor<2>>,
    /// `[1]`, at first 0.5.
    y1: Param<Tensor<1>>,
    /// `[1]`, at first 0.5.
    y2: Param<Tensor<1>>,
}

impl BilinearNorm {
    /// Says what is wrong with a window that has no deviations.
    pub(super) fn check(input: InputShape) -> Result<(), String> {
        let InputShape { window, features } = input;
        if window < 2 || features < 2 {
            return Err(format!(
                "bilinear normalisation needs deviations over steps and over features, and the \
                 window has {window} and {features}; set both to 2 or more"
            ));
        }
        Ok(())
    }

    /// Floats that the forward pass keeps: what each operation on the whole window makes.
    pub(super) fn activations(input: InputShape) -> usize {
        12 * input.window * input.features
    }

    pub(super) fn init(input: InputShape, weights: &mut InitialWeights) -> Self {
        let InputShape { window, features } = input;
        let deviation = |length: usize| (2.0 / (1 + length) as f32).sqrt();
        Self {
            B1: weights.constant([window, 1], 0.0),
            l1: weights.normal([window, 1], deviation(window)),
            B2: weights.constant([features, 1], 0.0),
            l2: weights.normal([features, 1], deviation(features)),
            y1: weights.constant([1], 0.5),
            y2: weights.constant([1], 0.5),
        }
    }

    /// `[B, T, F]` to the same shape.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        constrain(pass, self.y1.id, Constraint::Positive);
        constrain(pass, self.y2.id, Constraint::Positive);
        let step = |weight: &Param<Tensor<2>>| weight.val().unsqueeze_dim::<3>(0);
        let feature = |weight: &Param<Tensor<2>>| weight.val().transpose().unsqueeze_dim::<3>(0);
        let over_features = standardise(x_btf.clone(), 2) * step(&self.l1) + step(&self.B1);
        let over_time = standardise(x_btf, 1) * feature(&self.l2) + feature(&self.B2);
        over_features * self.y1.val().unsqueeze() + over_time * self.y2.val().unsqueeze()
    }
}

/// By mean and deviation along an axis.
fn standardise(x_btf: Tensor<3>, axis: usize) -> Tensor<3> {
    let count = x_btf.dims()[axis] as f32;
    let centred = x_btf.clone() - x_btf.mean_dim(axis);
    let variance = centred.clone().square().sum_dim(axis) / (count - 1.0).max(1.0);
    // Filled before the root is taken, whose slope at 0 is infinite.
    let still = variance.clone().lower_elem(SMALLEST_VARIANCE);
    centred / variance.mask_fill(still, 1.0).sqrt()
}
