//! One GRU layer over a whole sequence.
//!
//! Shapes in tensor names: `b` batch, `t` step (oldest first), `f` input, `h` hidden unit; 3H gates
//! in PyTorch's order reset, update, new.

mod extension;
mod gates;
mod sequence;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::Precision;
use extension::GruExtension;

/// Weights of one layer in PyTorch's layout.
#[derive(Debug, Clone)]
pub struct LayerWeights {
    /// `[3H, F]`.
    pub weight_ih: Tensor<2>,
    /// `[3H, H]`.
    pub weight_hh: Tensor<2>,
    /// `[3H]`.
    pub bias_ih: Tensor<1>,
    /// `[3H]`; its last third is under the reset gate.
    pub bias_hh: Tensor<1>,
    /// Of the products with inputs and states; the fused layer takes them in f32.
    pub precision: Precision,
}

/// The layer as one autodiff node: `[B, T, F]` to `[B, T, H]`, or to `[B, 1, H]` with `last_only`.
///
/// As [`super::lstm::fused_layer`], bits do not depend on the number of threads.
///
/// # Panics
/// When the device is not one of [`super::is_fused`], or shapes do not agree.
#[must_use]
pub fn fused_layer(x_btf: Tensor<3>, weights: LayerWeights, last_only: bool) -> Tensor<3> {
    let LayerWeights { weight_ih, weight_hh, bias_ih, bias_hh, .. } = weights;
    Tensor::from_dispatch(Dispatch::gru_layer(
        x_btf.into_dispatch(),
        weight_ih.into_dispatch(),
        weight_hh.into_dispatch(),
        bias_ih.into_dispatch(),
        bias_hh.into_dispatch(),
        last_only,
    ))
}

/// The layer from ordinary operations, one step after another: T inputs `[B, F]` to T states
/// `[B, H]`. It runs on every device and is the reference of the fused kernel.
///
/// Weights are sliced once a layer, into those of gates r and z together and those of gate n, so
/// that a step cuts no more than r from z.
#[must_use]
pub fn plain_layer(x: Vec<Tensor<2>>, weights: LayerWeights) -> Vec<Tensor<2>> {
    let LayerWeights { weight_ih, weight_hh, bias_ih, bias_hh, precision } = weights;
    let hidden = weight_hh.dims()[1];
    let gates = |weight: &Tensor<2>, first: usize, count: usize| {
        weight.clone().narrow(0, first * hidden, count * hidden).transpose()
    };
    let bias_rz: Tensor<2> =
        (bias_ih.clone() + bias_hh.clone()).narrow(0, 0, 2 * hidden).unsqueeze();
    let bias_n: Tensor<2> = bias_ih.narrow(0, 2 * hidden, hidden).unsqueeze();
    let bias_hn: Tensor<2> = bias_hh.narrow(0, 2 * hidden, hidden).unsqueeze();
    let (weight_rz, weight_n) = (gates(&weight_ih, 0, 2), gates(&weight_ih, 2, 1));
    let (weight_hrz, weight_hn) = (gates(&weight_hh, 0, 2), gates(&weight_hh, 2, 1));
    let mut states: Vec<Tensor<2>> = Vec::with_capacity(x.len());
    for x_bf in x {
        let before = states.last().cloned();
        let mut rz = precision.matmul(x_bf.clone(), weight_rz.clone()) + bias_rz.clone();
        let mut new_h = bias_hn.clone();
        if let Some(h_bh) = &before {
            rz = rz + precision.matmul(h_bh.clone(), weight_hrz.clone());
            new_h = new_h + precision.matmul(h_bh.clone(), weight_hn.clone());
        }
        let rz = sigmoid(rz);
        let (r_bh, z_bh) = (rz.clone().narrow(1, 0, hidden), rz.narrow(1, hidden, hidden));
        let new_x = precision.matmul(x_bf, weight_n.clone()) + bias_n.clone();
        let n_bh = (new_x + r_bh * new_h).tanh();
        // (1 - z) n + z h, with one product less.
        states.push(match before {
            Some(h_bh) => n_bh.clone() + z_bh * (h_bh - n_bh),
            None => n_bh.clone() - z_bh * n_bh,
        });
    }
    states
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn wave(count: usize, pace: f32) -> Vec<f32> {
        (0..count).map(|n| (n as f32 * pace + pace).sin()).collect()
    }

    /// Output and gradients of x, weights and both biases, in that order.
    fn run(sizes: [usize; 4], fused: bool, last_only: bool) -> Vec<Vec<f32>> {
        let [batch, steps, inputs, hidden] = sizes;
        let device = Device::flex().autodiff();
        let leaf = |count: usize, pace| {
            Tensor::<1>::from_data(TensorData::new(wave(count, pace), [count]), &device)
                .require_grad()
        };
        let x = leaf(batch * steps * inputs, 0.37);
        let (ih, hh) = (leaf(3 * hidden * inputs, 0.71), leaf(3 * hidden * hidden, 0.53));
        let (bias_ih, bias_hh) = (leaf(3 * hidden, 0.29), leaf(3 * hidden, 0.43));
        let weights = LayerWeights {
            weight_ih: ih.clone().reshape([3 * hidden, inputs]),
            weight_hh: hh.clone().reshape([3 * hidden, hidden]),
            bias_ih: bias_ih.clone(),
            bias_hh: bias_hh.clone(),
            precision: Precision::F32,
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
        for leaf in [&x, &ih, &hh, &bias_ih, &bias_hh] {
            // The plain form of one step does not touch the recurrent weights at all.
            results.push(leaf.grad(&gradients).map_or_else(|| vec![0.0; leaf.dims()[0]], host));
        }
        results
    }

    #[test]
    fn fused_equals_plain() {
        // More rows than one part, and sizes that fill no vector register.
        for (sizes, last_only) in [
            ([150, 5, 3, 7], false),
            ([150, 5, 3, 7], true),
            ([3, 1, 2, 18], true),
            ([70, 9, 4, 33], false),
        ] {
            let plain = run(sizes, false, last_only);
            let fused = run(sizes, true, last_only);
            for (plain, fused) in plain.iter().zip(&fused) {
                assert_eq!(plain.len(), fused.len());
                let largest = plain.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                for (plain, fused) in plain.iter().zip(fused) {
                    assert!((plain - fused).abs() <= 2e-5 * largest, "{sizes:?}: {plain} {fused}");
                }
            }
        }
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run([200, 6, 5, 16], true, false))
        };
        let one = with(1);
        assert_eq!(one, with(2));
        assert_eq!(one, with(3));
    }
}
