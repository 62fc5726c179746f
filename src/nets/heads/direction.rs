//! The direction head: classes as they are or in their order.

use burn::module::Param;
use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Tensor, TensorData};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::row_loss::ratio;
use crate::forecast::{ByClass, Classes};
use crate::nets::BatchTargets;
use crate::nets::initial::InitialWeights;

/// `1 - p` in the focal loss is held above it: a power below 1 has no slope at 0.
const LEAST_MISS: f32 = 1e-6;

/// Head of the direction class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct DirectionHead {
    /// Whether the net has this head (default true).
    #[garde(skip)]
    pub enabled: bool,
    /// `cross_entropy` (default) or `focal`.
    #[garde(skip)]
    pub loss: DirectionLoss,
    /// Power of the focal loss (default 2): rows count by (1 - p)^gamma of the class that came, so
    /// those that the net is sure of count less. 0 is cross-entropy.
    #[garde(range(min = 0.0, max = 10.0))]
    pub gamma: f32,
    /// Whether the classes are taken in their order (default false): the net then gives one score,
    /// and learned thresholds, one fewer than classes, cut it into down, neutral and up. Fewer
    /// weights, and a score that makes up likelier makes down less likely; but it cannot say that a
    /// large move either way is likely, as it is in times of high volatility.
    #[garde(skip)]
    pub ordinal: bool,
    /// `none` (default), `balanced` or `effective`: weight of a class in the loss. Both make a rare
    /// class count more, and shift the probabilities away from the classes' frequencies.
    #[garde(skip)]
    pub class_weights: ClassWeights,
    /// Beta of `class_weights: effective` (default 0.999): 0 weighs all classes the same, and the
    /// nearer to 1, the nearer to `balanced`. A class has hardly more than 1 / (1 - beta) rows' say.
    #[garde(range(min = 0.0, max = 0.999_999_9))]
    pub beta: f64,
    /// Share of a label spread evenly over all classes (default 0), as in PyTorch.
    #[garde(range(min = 0.0, max = 0.99))]
    pub label_smoothing: f32,
}

/// Loss of the direction head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectionLoss {
    /// Cross-entropy: the probabilities come to be the classes' frequencies.
    #[default]
    CrossEntropy,
    /// Focal loss (Lin et al. 2017): dwells on the rows that the net gets wrong. Its probabilities
    /// lie nearer to one another than the frequencies do.
    Focal,
}

/// Weights of the direction classes in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All 1.
    #[default]
    None,
    /// Rows / (classes × rows of the class), over training rows by their weights.
    Balanced,
    /// By the effective number of rows (Cui et al. 2019): proportional to
    /// (1 - beta) / (1 - beta^rows of the class), with mean 1 over the classes that come.
    Effective,
}

impl Default for DirectionHead {
    fn default() -> Self {
        Self {
            enabled: true,
            loss: DirectionLoss::CrossEntropy,
            gamma: 2.0,
            ordinal: false,
            class_weights: ClassWeights::None,
            beta: 0.999,
            label_smoothing: 0.0,
        }
    }
}

/// Thresholds of an ordinal head before training: the first, and the raw gap from each to the next,
/// under which a score of 0 gives every class the same probability.
pub fn initial_thresholds(classes: Classes, weights: &InitialWeights) -> Param<Tensor<1>> {
    const LN_2: f32 = std::f32::consts::LN_2;
    let thresholds = match classes {
        // σ(0) = 1/2.
        Classes::Two => vec![0.0],
        // σ(-ln 2) = 1/3, σ(ln 2) = 2/3, and softplus(ln 3) = 2 ln 2.
        Classes::Three => vec![-LN_2, 3_f32.ln()],
        // σ(-2 ln 2) = 1/5, σ(ln 2/3) = 2/5; softplus(ln 5/3) = ln 8/3, softplus(ln 5/4) = ln 9/4.
        Classes::Five => {
            let (outer, inner) = ((5_f32 / 3.0).ln(), 1.25_f32.ln());
            vec![-2.0 * LN_2, outer, inner, outer]
        }
    };
    let count = thresholds.len();
    weights.given(thresholds, [count])
}

/// Log probabilities `[B, K]` of an ordered logit (`McCullagh` 1980) from scores `[B, 1]` and K - 1
/// thresholds.
///
/// P(class ≤ k) = σ(θₖ - score) with θ₁ = t₁ and θₖ₊₁ = θₖ + softplus(tₖ₊₁). A class between two
/// thresholds has σ(b) - σ(a) = σ(b) σ(-a) (1 - exp(a - b)) with b - a = softplus(t), and
/// 1 - exp(-softplus(t)) is σ(t): a sum of logarithms that are finite everywhere. Log probabilities
/// are their own log-softmax, so they serve as logits.
pub fn ordered_log_probabilities(score_b1: &Tensor<2>, thresholds: &Tensor<1>) -> Tensor<2> {
    let threshold = |at: usize| thresholds.clone().narrow(0, at, 1).unsqueeze::<2>();
    let mut bound = threshold(0);
    let mut above = score_b1.clone() - bound.clone();
    let mut classes = vec![log_sigmoid(above.clone().neg())];
    for at in 1..thresholds.dims()[0] {
        let gap = threshold(at);
        // softplus(t) = -ln σ(-t)
        bound = bound - log_sigmoid(gap.clone().neg());
        let above_next = score_b1.clone() - bound.clone();
        classes.push(log_sigmoid(above_next.clone().neg()) + log_sigmoid(above) + log_sigmoid(gap));
        above = above_next;
    }
    classes.push(log_sigmoid(above));
    Tensor::cat(classes, 1)
}

/// The loss of logits `[B, K]`, as `[1]`.
///
/// A label q (smoothed) under class weights w costs - Σₖ qₖ wₖ fₖ ln pₖ, where f is 1 for
/// cross-entropy and (1 - p)^gamma for the focal loss; the mean over rows divides by the weights of
/// the labels' classes, as PyTorch's `CrossEntropyLoss(weight, label_smoothing)` does.
pub fn loss(
    logits_bk: Tensor<2>,
    targets: &BatchTargets,
    head: &DirectionHead,
    class_weights: &ByClass<f32>,
) -> Tensor<1> {
    let [batch, classes] = logits_bk.dims();
    let weight_k = TensorData::new(class_weights.to_vec(), [classes]);
    let weight_k = Tensor::<1>::from_data(weight_k, &targets.device());
    let weight_b = weight_k.clone().select(0, targets.class.clone());
    let mut cost_bk = log_softmax(logits_bk, 1);
    if head.loss == DirectionLoss::Focal {
        let miss_bk = (cost_bk.clone().exp().neg() + 1.0).clamp_min(LEAST_MISS);
        cost_bk = cost_bk * miss_bk.powf_scalar(head.gamma);
    }
    let label_b1 = targets.class.clone().reshape([batch, 1]);
    let label_cost_b = cost_bk.clone().gather(1, label_b1).reshape([batch]).neg();
    let mut loss_b = label_cost_b * weight_b.clone();
    let smoothing = head.label_smoothing;
    if smoothing > 0.0 {
        let spread_b = (cost_bk * weight_k.unsqueeze()).sum_dim(1).reshape([batch]).neg();
        loss_b = loss_b * (1.0 - smoothing) + spread_b * (smoothing / classes as f32);
    }
    let rows_b = targets.direction_weight();
    ratio((loss_b * rows_b.clone()).sum(), (weight_b * rows_b).sum())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn untrained_thresholds_favour_no_class_and_no_score_overflows() {
        for classes in Classes::ALL {
            let weights = InitialWeights::new(1, &Device::flex());
            let thresholds = initial_thresholds(classes, &weights).val();
            let scores = TensorData::new(vec![0.0_f32, 400.0, -400.0], [3, 1]);
            let scores = Tensor::<2>::from_data(scores, &Device::flex());
            let log_p = ordered_log_probabilities(&scores, &thresholds);
            let log_p = log_p.try_into_vec_as::<f32>().unwrap();
            assert!(log_p.iter().all(|value| value.is_finite()), "{log_p:?}");
            let count = classes.count();
            let share = 1.0 / count as f32;
            assert!(log_p[..count].iter().all(|p| (p.exp() - share).abs() < 1e-6), "{log_p:?}");
            assert_eq!([log_p[2 * count - 1], log_p[2 * count]], [0.0, 0.0]);
        }
    }
}
