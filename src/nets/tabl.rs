//! Bilinear layers: a window as a matrix that is multiplied from both sides.
#![expect(non_snake_case, reason = "tensors have the names that they have in the authors' code")]

use burn::module::{Module, Param};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Tensor, TensorData};

use crate::kernels::Precision;

use super::constraint::Constraint;
use super::initial::InitialWeights;
use super::training_pass::{TrainingPass, constrain};

/// Sizes of a bilinear layer: from `rows` features at `columns` steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bilinear {
    pub rows: usize,
    pub columns: usize,
    pub rows_out: usize,
    pub columns_out: usize,
    /// The largest norm of each matrix.
    pub max_norm: f32,
}

impl Bilinear {
    /// Multiplications and additions of both products.
    pub(super) fn flops(self) -> usize {
        2 * self.rows_out * self.columns * (self.rows + self.columns_out)
    }
}

/// `relu(W1 X W2 + B)`.
#[derive(Module, Debug)]
pub struct BilinearLayer {
    /// `[rows out, rows]`.
    W1: Param<Tensor<2>>,
    /// `[columns, columns out]`.
    W2: Param<Tensor<2>>,
    /// `[rows out, columns out]`.
    B: Param<Tensor<2>>,
    #[module(skip)]
    max_norm: f32,
    #[module(skip)]
    precision: Precision,
}

impl BilinearLayer {
    pub(super) fn init(sizes: Bilinear, weights: &mut InitialWeights) -> Self {
        let Bilinear { rows, columns, rows_out, columns_out, max_norm } = sizes;
        Self {
            W1: weights.kaiming_within_norm([rows_out, rows], max_norm),
            W2: weights.kaiming_within_norm([columns, columns_out], max_norm),
            B: weights.constant([rows_out, columns_out], 0.0),
            max_norm,
            precision: weights.precision(),
        }
    }

    /// `[B, columns, rows]` to `[B, columns out, rows out]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        for matrix in [&self.W1, &self.W2] {
            constrain(pass, matrix.id, Constraint::MaxNorm(self.max_norm));
        }
        let x_bht = over_rows(x_btf, &self.W1, self.precision);
        relu(over_columns(x_bht, &self.W2, self.precision) + self.B.val().unsqueeze())
            .swap_dims(1, 2)
    }
}

/// A bilinear layer that weighs each row's steps by attention before it maps them:
/// `X' = W1 X`, `A = softmax over steps of X' W`, `(l X' + (1 - l) X' ⊙ A) W2 + B`.
///
/// The diagonal of W counts as 1 / columns whatever it holds, and l stays between 0 and 1.
#[derive(Module, Debug)]
pub struct AttentionLayer {
    /// `[rows out, rows]`.
    W1: Param<Tensor<2>>,
    /// `[columns, columns]`, at first 1 / columns.
    W: Param<Tensor<2>>,
    /// `[columns, columns out]`.
    W2: Param<Tensor<2>>,
    /// `[rows out, columns out]`.
    B: Param<Tensor<2>>,
    /// `[1]`, at first 0.5.
    l: Param<Tensor<1>>,
    #[module(skip)]
    max_norm: f32,
    #[module(skip)]
    precision: Precision,
}

impl AttentionLayer {
    pub(super) fn init(sizes: Bilinear, weights: &mut InitialWeights) -> Self {
        let Bilinear { rows, columns, rows_out, columns_out, max_norm } = sizes;
        Self {
            W1: weights.kaiming_within_norm([rows_out, rows], max_norm),
            // A norm of 1, or less where no more is allowed.
            W: weights.constant([columns, columns], max_norm.min(1.0) / columns as f32),
            W2: weights.kaiming_within_norm([columns, columns_out], max_norm),
            B: weights.constant([rows_out, columns_out], 0.0),
            l: weights.constant([1], 0.5),
            max_norm,
            precision: weights.precision(),
        }
    }

    /// `[B, columns, rows]` to `[B, columns out, rows out]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<3> {
        for matrix in [&self.W1, &self.W, &self.W2] {
            constrain(pass, matrix.id, Constraint::MaxNorm(self.max_norm));
        }
        constrain(pass, self.l.id, Constraint::UnitInterval);
        let x_bht = over_rows(x_btf, &self.W1, self.precision);
        let score_bht = multiply(x_bht.clone(), self.with_fixed_diagonal(), self.precision);
        let share_bht = softmax(score_bht, 2);
        let l = self.l.val().unsqueeze::<3>();
        let kept = l.clone() * x_bht.clone();
        let x_bht = kept + (l.neg() + 1.0) * x_bht * share_bht;
        (over_columns(x_bht, &self.W2, self.precision) + self.B.val().unsqueeze()).swap_dims(1, 2)
    }

    fn with_fixed_diagonal(&self) -> Tensor<2> {
        let weight = self.W.val();
        let columns = weight.dims()[0];
        let mut diagonal = vec![0.0_f32; columns * columns];
        for value in diagonal.iter_mut().step_by(columns + 1) {
            *value = 1.0;
        }
        let data = TensorData::new(diagonal, [columns, columns]);
        let diagonal = Tensor::from_data(data, &weight.device().inner());
        weight * (diagonal.clone().neg() + 1.0) + diagonal / columns as f32
    }
}

/// `W X` of `[B, T, F]`: `[B, H, T]`.
fn over_rows(x_btf: Tensor<3>, weight: &Param<Tensor<2>>, precision: Precision) -> Tensor<3> {
    multiply(x_btf, weight.val().transpose(), precision).swap_dims(1, 2)
}

/// `X W` of `[B, H, T]`.
fn over_columns(x_bht: Tensor<3>, weight: &Param<Tensor<2>>, precision: Precision) -> Tensor<3> {
    multiply(x_bht, weight.val(), precision)
}

/// One product for the whole batch.
fn multiply(x: Tensor<3>, weight: Tensor<2>, precision: Precision) -> Tensor<3> {
    let ([batch, rows, columns], [_, outputs]) = (x.dims(), weight.dims());
    precision.matmul(x.reshape([batch * rows, columns]), weight).reshape([batch, rows, outputs])
}
