//! `bin_ctabl`: bilinear normalisation of the window, then C(TABL).
//!
//! Tran, Kanniainen, Gabbouj and Iosifidis (2020), "Data normalization for bilinear structures in
//! high-frequency financial time-series". See `bilinear_norm.rs` and `c_tabl.rs`, also for how the
//! heads stand to the paper's class logits. C(TABL)'s parameters and 2 (T + F) + 2 more: 11,446 for
//! the paper's window of 10 steps and 40 features.
#![expect(non_snake_case, reason = "tensors have the names that they have in LOBCAST's code")]

use burn::module::Module;
use burn::tensor::Tensor;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bilinear_norm::BilinearNorm;
use super::body::{BodyConfig, Cost, InputShape};
use super::c_tabl::{CTabl, CTablConfig};
use super::initial::InitialWeights;
use super::training_pass::TrainingPass;

/// Size of a BiN-C(TABL) net: that of `c_tabl`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(transparent)]
#[garde(transparent)]
pub struct BinCTablConfig(#[garde(dive)] pub CTablConfig);

impl BodyConfig for BinCTablConfig {
    type Body = BinCTabl;

    fn reads_book_alone(&self) -> bool {
        true
    }

    fn check(&self, input: InputShape) -> Result<(), String> {
        BilinearNorm::check(input)
    }

    fn width(&self, input: InputShape) -> usize {
        self.0.width(input)
    }

    fn cost(&self, input: InputShape) -> Cost {
        let Cost { activations, flops } = self.0.cost(input);
        Cost { activations: activations + BilinearNorm::activations(input), flops }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> BinCTabl {
        BinCTabl { BiN: BilinearNorm::init(input, weights), rest: self.0.init(input, weights) }
    }
}

/// A BiN-C(TABL) net. Tensors: `BiN.B1`, `BiN.l1`, `BiN.B2`, `BiN.l2`, `BiN.y1`, `BiN.y2` and those
/// of `c_tabl`.
#[derive(Module, Debug)]
pub struct BinCTabl {
    BiN: BilinearNorm,
    rest: CTabl,
}

impl BinCTabl {
    /// `[B, T, F]` to `[B, outputs]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        self.rest.forward(self.BiN.forward(x_btf, pass), pass)
    }
}
