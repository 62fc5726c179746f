//! Bounds that a net's paper puts on parameters, restored after every step of the optimiser.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::Net;
use super::training_pass::TrainingPass;

/// Added to a norm before something is divided by it.
const EPSILON: f32 = 1e-8;

/// A bound on one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Constraint {
    /// The root of the sum of all squares is at most this; a larger matrix is shrunk to it.
    MaxNorm(f32),
    /// Between 0 and 1.
    UnitInterval,
    /// At least 0; what falls below starts again from 0.01.
    Positive,
}

impl Constraint {
    fn apply(self, values: Tensor<1>) -> Tensor<1> {
        match self {
            Self::MaxNorm(limit) => {
                let norm = values.clone().square().sum().sqrt();
                let share = norm.clone().clamp_max(limit) / (norm + EPSILON);
                // Within the limit the matrix stays as it is, to the last bit.
                values * share.clone().mask_fill(share.greater_equal_elem(1.0 - 1e-6), 1.0)
            }
            Self::UnitInterval => values.clamp(0.0, 1.0),
            Self::Positive => {
                let below = values.clone().lower_elem(0.0);
                values.mask_fill(below, 0.01)
            }
        }
    }
}

/// The factor by which initial values are shrunk to a norm.
pub(super) fn shrinkage(values: &[f32], limit: f32) -> f32 {
    let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    if norm > limit { limit / (norm + EPSILON) } else { 1.0 }
}

impl Net {
    /// A flat vector of parameters within the bounds that the net's layers noted in a step's pass;
    /// the vector itself for a net without any: `[P]`, without autodiff.
    #[must_use]
    pub fn constrained(&self, flat: Tensor<1>, pass: &TrainingPass) -> Tensor<1> {
        if !pass.has_constraints() {
            return flat;
        }
        let mut collect = Collect { flat, pass, at: 0, parts: Vec::new() };
        self.visit(&mut collect);
        Tensor::cat(collect.parts, 0)
    }
}

struct Collect<'a> {
    flat: Tensor<1>,
    pass: &'a TrainingPass,
    at: usize,
    parts: Vec<Tensor<1>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let length = param.val().dims().iter().product();
        let part = self.flat.clone().narrow(0, self.at, length);
        self.at += length;
        self.parts.push(match self.pass.constraint_of(param.id) {
            Some(constraint) => constraint.apply(part),
            None => part,
        });
    }
}
