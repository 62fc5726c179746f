//! Gated attention along one axis of an image.
//!
//! Wang et al. (2020), "Axial-DeepLab", with the gates of Valanarasu et al. (2021), "Medical
//! transformer", whose names the tensors have.

use burn::module::{Module, Param};
use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor, TensorData};

use crate::kernels::Precision;

use super::batch_norm::BatchNorm;
use super::initial::InitialWeights;
use super::layers::Linear;
use super::training_pass::TrainingPass;

/// Sizes of an axial attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct AxialSize {
    pub channels: usize,
    pub heads: usize,
    /// L, places along the axis.
    pub length: usize,
}

impl AxialSize {
    /// Channels of a head's values; its queries and keys have half as many.
    fn values(self) -> usize {
        self.channels / self.heads
    }

    /// Multiplications and additions for each place of the image.
    pub(super) fn flops(self) -> usize {
        let (channels, length) = (self.channels, self.length);
        4 * channels * channels + 7 * length * channels
    }

    /// Floats that the forward pass keeps for each place of the image.
    pub(super) fn activations(self) -> usize {
        16 * self.channels + 9 * self.heads * self.length
    }
}

/// Every place i of a line asks every place j of the same line, in each head:
///
/// `share(i, j) = softmax over j of N(q(i) · k(j)) + N(f_qr q(i) · R_q(i - j)) + N(f_kr k(j) · R_k(j - i))`,
/// `y(i) = N(f_sv Σ share(i, j) v(j)) + N(f_sve Σ share(i, j) R_v(i - j))`,
///
/// where N is batch normalisation and R holds a learned vector for every distance.
#[derive(Module, Debug)]
pub struct AxialAttention {
    /// Queries, keys and values of each head: `[2 C, C]`; a 1 × 1 convolution in the original.
    qkv_transform: Linear,
    bn_qkv: BatchNorm,
    bn_similarity: BatchNorm,
    bn_output: BatchNorm,
    /// R of queries, keys and values: `[2 C / heads, 2 L - 1]`.
    relative: Param<Tensor<2>>,
    /// Gates, `[1]` each, at first 0.1, 0.1, 0.1 and 1.
    f_qr: Param<Tensor<1>>,
    f_kr: Param<Tensor<1>>,
    f_sve: Param<Tensor<1>>,
    f_sv: Param<Tensor<1>>,
    #[module(skip)]
    heads: usize,
    #[module(skip)]
    precision: Precision,
}

impl AxialAttention {
    /// `channels` must be a multiple of twice the `heads`.
    pub(super) fn init(size: AxialSize, weights: &mut InitialWeights) -> Self {
        let AxialSize { channels, heads, length } = size;
        let deviation = 1.0 / (size.values() as f32).sqrt();
        Self {
            qkv_transform: Linear::without_bias(channels, 2 * channels, weights),
            bn_qkv: BatchNorm::init(2 * channels, weights),
            bn_similarity: BatchNorm::init(3 * heads, weights),
            bn_output: BatchNorm::init(2 * channels, weights),
            relative: weights.normal([2 * size.values(), 2 * length - 1], deviation),
            f_qr: weights.constant([1], 0.1),
            f_kr: weights.constant([1], 0.1),
            f_sve: weights.constant([1], 0.1),
            f_sv: weights.constant([1], 1.0),
            heads,
            precision: weights.precision(),
        }
    }

    /// Along the last axis of `[B, C, R, L]`, each of the R lines by itself.
    pub(super) fn along_last(
        &self,
        x_bcrl: Tensor<4>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<4> {
        let [batch, channels, lines, length] = x_bcrl.dims();
        let x_nlc = x_bcrl.permute([0, 2, 3, 1]).reshape([batch * lines, length, channels]);
        let y_ncl = self.forward(x_nlc, pass);
        y_ncl.reshape([batch, lines, channels, length]).swap_dims(1, 2)
    }

    /// Along the third axis of `[B, C, L, R]`.
    pub(super) fn along_third(
        &self,
        x_bclr: Tensor<4>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<4> {
        self.along_last(x_bclr.swap_dims(2, 3), pass).swap_dims(2, 3)
    }

    /// `[N, L, C]` to `[N, C, L]`.
    fn forward(&self, x_nlc: Tensor<3>, pass: &mut Option<&mut TrainingPass>) -> Tensor<3> {
        let ([lines, length, channels], heads) = (x_nlc.dims(), self.heads);
        let precision = self.precision;
        let (values, half) = (channels / heads, channels / heads / 2);
        let qkv = self.qkv_transform.forward(x_nlc.reshape([lines * length, channels]));
        let qkv_ncl = qkv.reshape([lines, length, 2 * channels]).swap_dims(1, 2);
        let qkv = self.bn_qkv.forward(qkv_ncl, pass).reshape([lines, heads, 2 * values, length]);
        // `g` head, `c` its channel, `l` place.
        let part = |from, count| qkv.clone().narrow(2, from, count);
        let (q_ngcl, k_ngcl, v_ngcl) = (part(0, half), part(half, half), part(values, values));
        let distances = self.by_distance(length);
        let distance = |from, count| distances.clone().narrow(0, from, count);

        let qk = precision.matmul(q_ngcl.clone().swap_dims(2, 3), k_ngcl.clone());
        let qr = with_distances(q_ngcl, distance(0, half), precision) * self.f_qr.val().unsqueeze();
        let kr = with_distances(k_ngcl, distance(half, half), precision).swap_dims(2, 3)
            * self.f_kr.val().unsqueeze();
        let similarity = self.bn_similarity.forward(Tensor::cat(vec![qk, qr, kr], 1), pass);
        let similarity = similarity.reshape([lines, 3, heads, length, length]).sum_dim(1);
        let share_ngij = softmax(similarity.squeeze_dim::<4>(1), 3);

        let sv = precision.matmul(share_ngij.clone(), v_ngcl.swap_dims(2, 3)).swap_dims(2, 3);
        let sve = shares_of_distances(share_ngij, distance(values, values), precision);
        let both = [sv * self.f_sv.val().unsqueeze(), sve * self.f_sve.val().unsqueeze()];
        let both = Tensor::stack::<5>(both.to_vec(), 3).reshape([lines, 2 * channels, length]);
        let both = self.bn_output.forward(both, pass);
        both.reshape([lines, channels, 2, length]).sum_dim(2).squeeze_dim(2)
    }

    /// The vectors of R at i - j for every i and j: `[2 C / heads, L, L]`.
    fn by_distance(&self, length: usize) -> Tensor<3> {
        let relative = self.relative.val();
        let channels = relative.dims()[0];
        let places = (0..length * length)
            .map(|place| (place / length + length - 1 - place % length) as i32)
            .collect::<Vec<_>>();
        let places = TensorData::new(places, [length * length]);
        let places = Tensor::<1, Int>::from_data(places, &relative.device().inner());
        relative.select(1, places).reshape([channels, length, length])
    }
}

/// `Σ over c of x(c, i) · R(c, i, j)`: `[N, G, C, L]` to `[N, G, L, L]`.
fn with_distances(x_ngcl: Tensor<4>, r_cij: Tensor<3>, precision: Precision) -> Tensor<4> {
    let [lines, heads, channels, length] = x_ngcl.dims();
    let x = x_ngcl.permute([3, 0, 1, 2]).reshape([length, lines * heads, channels]);
    let product = precision.matmul(x, r_cij.swap_dims(0, 1));
    product.reshape([length, lines, heads, length]).permute([1, 2, 0, 3])
}

/// `Σ over j of share(i, j) · R(c, i, j)`: `[N, G, L, L]` to `[N, G, C, L]`.
fn shares_of_distances(share_ngij: Tensor<4>, r_cij: Tensor<3>, precision: Precision) -> Tensor<4> {
    let ([lines, heads, length, _], channels) = (share_ngij.dims(), r_cij.dims()[0]);
    let share = share_ngij.permute([2, 0, 1, 3]).reshape([length, lines * heads, length]);
    let product = precision.matmul(share, r_cij.permute([1, 2, 0]));
    product.reshape([length, lines, heads, channels]).permute([1, 2, 3, 0])
}
