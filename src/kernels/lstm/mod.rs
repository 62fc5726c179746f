//! One LSTM layer over a whole sequence.
//!
//! Shapes in tensor names: `b` batch, `t` step (oldest first), `f` input, `h` hidden unit, `g` the
//! 4H gates in PyTorch's order input, forget, cell, output.

mod extension;
mod gates;
mod sequence;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::Precision;
use extension::LstmExtension;

/// Weights of one layer in PyTorch's layout, and how they are multiplied.
#[derive(Debug, Clone)]
pub struct LayerWeights {
    /// `[4H, F]`.
    pub weight_ih: Tensor<2>,
    /// `[4H, H]`.
    pub weight_hh: Tensor<2>,
    /// Sum of both bias vectors: `[4H]`.
    pub bias: Tensor<1>,
    /// Of the products with inputs and states, and of those of the backward pass.
    pub precision: Precision,
}

/// The layer as one autodiff node: `[B, T, F]` to `[B, T, H]`, or to `[B, 1, H]` with `last_only`.
///
/// The batch is split into parts of a fixed size, and sums over parts have a fixed order: results
/// are the same bits from run to run, whatever the number of threads.
///
/// # Panics
/// When the device is not one of [`super::is_fused`], or shapes do not agree.
#[must_use]
pub fn fused_layer(x_btf: Tensor<3>, weights: LayerWeights, last_only: bool) -> Tensor<3> {
    let LayerWeights { weight_ih, weight_hh, bias, precision } = weights;
    Tensor::from_dispatch(Dispatch::lstm_layer(
        x_btf.into_dispatch(),
        weight_ih.into_dispatch(),
        weight_hh.into_dispatch(),
        bias.into_dispatch(),
        last_only,
        precision,
    ))
}

/// The layer from ordinary operations, one step after another: T inputs `[B, F]` to T states
/// `[B, H]`. It runs on every device and is the reference of the fused kernels.
#[must_use]
pub fn plain_layer(x: Vec<Tensor<2>>, weights: LayerWeights) -> Vec<Tensor<2>> {
    let (hidden, precision) = (weights.weight_hh.dims()[1], weights.precision);
    let weight_fg = weights.weight_ih.transpose();
    let weight_hg = weights.weight_hh.transpose();
    let bias_1g: Tensor<2> = weights.bias.unsqueeze();
    let mut states: Vec<Tensor<2>> = Vec::with_capacity(x.len());
    let mut cell: Option<Tensor<2>> = None;
    for x_bf in x {
        let mut gates_bg = precision.matmul(x_bf, weight_fg.clone()) + bias_1g.clone();
        if let Some(h_bh) = states.last() {
            gates_bg = gates_bg + precision.matmul(h_bh.clone(), weight_hg.clone());
        }
        let gate = |index: usize| gates_bg.clone().narrow(1, index * hidden, hidden);
        let mut c_bh = sigmoid(gate(0)) * gate(2).tanh();
        if let Some(before) = cell {
            c_bh = c_bh + sigmoid(gate(1)) * before;
        }
        states.push(sigmoid(gate(3)) * c_bh.clone().tanh());
        cell = Some(c_bh);
    }
    states
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;

    fn wave(count: usize, pace: f32) -> Vec<f32> {
        (0..count).map(|n| (n as f32 * pace + pace).sin()).collect()
    }

    /// Output and gradients of x, weights and bias, in that order.
    fn run(
        sizes: [usize; 4],
        precision: Precision,
        fused: bool,
        [last_only, inputs_too]: [bool; 2],
    ) -> Vec<Vec<f32>> {
        let [batch, steps, inputs, hidden] = sizes;
        let device = Device::flex().autodiff();
        let leaf = |count: usize, pace| {
            Tensor::<1>::from_data(TensorData::new(wave(count, pace), [count]), &device)
                .require_grad()
        };
        let x = leaf(batch * steps * inputs, 0.37);
        let x = if inputs_too { x } else { x.without_autodiff() };
        let ih = leaf(4 * hidden * inputs, 0.71);
        let hh = leaf(4 * hidden * hidden, 0.53);
        let bias = leaf(4 * hidden, 0.29);
        let weights = LayerWeights {
            weight_ih: ih.clone().reshape([4 * hidden, inputs]),
            weight_hh: hh.clone().reshape([4 * hidden, hidden]),
            bias: bias.clone(),
            precision,
        };
        let x_btf = x.clone().reshape([batch, steps, inputs]);
        let output: Tensor<3> = if fused {
            fused_layer(x_btf, weights, last_only)
        } else {
            let steps_x = (0..steps)
                .map(|step| x_btf.clone().narrow(1, step, 1).reshape([batch, inputs]))
                .collect();
            let mut states = plain_layer(steps_x, weights);
            if last_only {
                states.drain(..steps - 1);
            }
            Tensor::stack(states, 1)
        };
        let direction = wave(output.dims().iter().product(), 0.17);
        let direction = TensorData::new(direction, output.dims());
        let direction = Tensor::<3>::from_data(direction, &Device::flex());
        let gradients = (output.clone() * direction).sum().backward();
        let host = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().unwrap();
        let length = output.dims().iter().product::<usize>();
        let mut results = vec![host(output.without_autodiff().reshape([length]))];
        for leaf in [&x, &ih, &hh, &bias] {
            // The plain form of one step does not touch the recurrent weights at all.
            let zeros = if leaf.is_require_grad() { leaf.dims()[0] } else { 0 };
            results.push(leaf.grad(&gradients).map_or_else(|| vec![0.0; zeros], host));
        }
        results
    }

    #[test]
    fn fused_equals_plain() {
        // More rows than one part, and sizes that fill no vector register.
        for (sizes, last_only, inputs_too) in [
            ([150, 5, 3, 7], false, true),
            ([150, 5, 3, 7], true, true),
            ([3, 1, 2, 18], true, false),
            ([70, 9, 4, 33], false, false),
        ] {
            let run = |precision, fused| run(sizes, precision, fused, [last_only, inputs_too]);
            let (plain, fused) = (run(Precision::F32, false), run(Precision::F32, true));
            for (plain, fused) in plain.iter().zip(&fused) {
                assert_eq!(plain.len(), fused.len());
                let largest = plain.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                for (plain, fused) in plain.iter().zip(fused) {
                    assert!((plain - fused).abs() <= 2e-5 * largest, "{sizes:?}: {plain} {fused}");
                }
            }
            // In bf16 gradients of weights are rounded a step here and a part of the batch there, and a
            // sum in another order can be rounded the other way: apart, but no further than from f32.
            let half = [run(Precision::Bf16, false), run(Precision::Bf16, true)];
            for (part, full) in plain.iter().enumerate() {
                let [half, fused] = [&half[0][part], &half[1][part]];
                let distance = |a: &[f32], b: &[f32]| {
                    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
                };
                let (apart, bound) = (distance(half, fused), distance(half, full));
                assert!(apart <= bound, "{sizes:?}, part {part}: {apart} {bound}");
                let length = distance(full, &vec![0.0; full.len()]);
                let changed = distance(fused, full) > length / 8192.0;
                assert!(changed || length == 0.0, "{sizes:?}, part {part} is not in bf16");
            }
        }
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        for precision in [Precision::F32, Precision::Bf16] {
            let with = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| run([200, 6, 5, 16], precision, true, [false, true]))
            };
            let one = with(1);
            assert_eq!(one, with(2));
            assert_eq!(one, with(3));
        }
    }
}
