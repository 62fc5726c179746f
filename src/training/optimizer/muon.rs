//! Muon: a matrix's momentum, made orthogonal, is its step.
//!
//! Jordan et al. (2024), "Muon: an optimizer for hidden layers in neural networks".

use burn::tensor::Tensor;

use super::{MuonConfig, norm};
use crate::training::layout::Layout;

/// Steps and coefficients of the Newton–Schulz iteration: the quintic of Jordan et al., which pulls
/// every singular value to between 0.7 and 1.2 rather than to 1 exactly.
const ITERATIONS: usize = 5;
const COEFFICIENTS: [f64; 3] = [3.4445, -4.7750, 2.0315];

/// Momenta shorter than this are divided by it: a gradient of 0 makes a step of 0.
const LEAST_NORM: f64 = 1e-7;

/// Root mean square of `AdamW`'s steps, to which Muon's are scaled.
const ADAMW_STEP: f64 = 0.2;

/// A stretch of the flat vector that one rule moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub start: usize,
    pub length: usize,
    /// Rows and columns of a matrix of Muon's; `None` where `AdamW` moves it.
    pub matrix: Option<[usize; 2]>,
}

/// The layout cut into Muon's matrices and what stands between them. A kernel `[O, I, K]` is the
/// matrix `[O, I K]`. Heads are left to `AdamW`, as Jordan et al. advise for output layers.
pub(super) fn stretches(layout: &Layout) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for place in &layout.parameters {
        let (start, length) = (place.start, place.length());
        let hidden = place.shape.len() >= 2 && !place.name.starts_with("heads.");
        let matrix = hidden.then(|| [place.shape[0], length / place.shape[0].max(1)]);
        match stretches.last_mut() {
            Some(last) if last.matrix.is_none() && matrix.is_none() => last.length += length,
            _ => stretches.push(Stretch { start, length, matrix }),
        }
    }
    stretches
}

/// One step of a matrix: the new weights and the new momentum, all flat `[R C]`. The weights have
/// decayed already.
pub(super) fn muon(
    config: &MuonConfig,
    [rows, columns]: [usize; 2],
    weights: Tensor<1>,
    gradient: Tensor<1>,
    momentum: Tensor<1>,
    learning_rate: f64,
) -> (Tensor<1>, Tensor<1>) {
    let decay = config.momentum;
    let momentum = momentum * decay + gradient.clone() * (1.0 - decay);
    let direction = if config.nesterov {
        gradient * (1.0 - decay) + momentum.clone() * decay
    } else {
        momentum.clone()
    };
    let direction = orthogonal(direction, rows, columns);
    let scale = ADAMW_STEP * (rows.max(columns) as f64).sqrt();
    (weights - direction * (learning_rate * scale), momentum)
}

/// The matrix with its singular values near 1, by Newton–Schulz on the wider than tall of the matrix
/// and its transpose.
fn orthogonal(flat: Tensor<1>, rows: usize, columns: usize) -> Tensor<1> {
    let length = norm(&flat).clamp_min(LEAST_NORM);
    let matrix = (flat / length).reshape([rows, columns]);
    let tall = rows > columns;
    let mut x = if tall { matrix.transpose() } else { matrix };
    let [a, b, c] = COEFFICIENTS;
    for _ in 0..ITERATIONS {
        let gram = x.clone().matmul(x.clone().transpose());
        let square = gram.clone().matmul(gram.clone());
        x = x.clone() * a + (gram * b + square * c).matmul(x);
    }
    let x = if tall { x.transpose() } else { x };
    x.reshape([rows * columns])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_of_the_body_are_muons_and_the_rest_lies_between() {
        let shape = |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec());
        let layout = Layout::new(vec![
            shape("conv.weight", &[4, 2, 3]),
            shape("conv.bias", &[4]),
            shape("norm.weight", &[4]),
            shape("lstm.weight_ih_l0", &[8, 4]),
            shape("heads.direction.weight", &[3, 2]),
        ]);
        let found: Vec<_> =
            stretches(&layout).iter().map(|s| (s.start, s.length, s.matrix)).collect();
        let expected =
            [(0, 24, Some([4, 6])), (24, 8, None), (32, 32, Some([8, 4])), (64, 6, None)];
        assert_eq!(found, expected);
    }
}
