//! Weights of the direction classes in the loss.

use crate::forecast::{ByClass, Classes};
use crate::windows::Targets;

use super::batch_targets::row_weights;
use super::heads::{ClassWeights, DirectionHead};

/// Class weights for the loss, from the training rows. A class that never comes gets 0.
///
/// A row counts by its weight in the loss: what is balanced is what the classes contribute to it.
///
/// * Balanced: rows / (classes × rows of the class), as scikit-learn's.
/// * Effective: (1 - beta) / (1 - betaⁿ) for n rows of the class, scaled to mean 1 over the classes
///   that come (Cui, Jia, Lin, Song and Belongie, "Class-Balanced Loss Based on Effective Number of
///   Samples", 2019).
#[must_use]
pub fn class_weights(
    head: &DirectionHead,
    classes: Classes,
    targets: &Targets,
    train: &[u32],
) -> ByClass<f32> {
    let mut rows = ByClass::from_fn(classes, |_| 0.0_f64);
    for &row in train {
        if let Some(rows) = rows.get_mut(usize::from(targets.class[row as usize])) {
            *rows += f64::from(row_weights(targets, row)[0]);
        }
    }
    let total: f64 = rows.iter().sum();
    let weights = match head.class_weights {
        ClassWeights::None => return ByClass::from_fn(classes, |_| 1.0),
        ClassWeights::Balanced => {
            ByClass::from_fn(classes, |class| total / (classes.count() as f64 * rows[class]))
        }
        ClassWeights::Effective => {
            // 1 - betaⁿ, without losing the digits of a beta near 1.
            let inverse = |class: usize| -1.0 / (rows[class] * head.beta.ln()).exp_m1();
            let come = (0..classes.count()).filter(|&class| rows[class] > 0.0);
            let (count, sum) =
                come.fold((0.0, 0.0), |(count, sum), class| (count + 1.0, sum + inverse(class)));
            ByClass::from_fn(classes, |class| inverse(class) * count / sum)
        }
    };
    let weight = |class: usize| if rows[class] > 0.0 { weights[class] as f32 } else { 0.0 };
    ByClass::from_fn(classes, weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_count_by_their_weights() {
        let targets = Targets {
            class: vec![0, 0, 0, 0, 1, 1, 2, 2, 255],
            forward_return: vec![0.0; 9],
            log_volatility: vec![0.0; 9],
            weight: vec![1.0, 1.0, 0.5, 0.5, 1.0, 1.0, 1.0, 0.0, 3.0],
        };
        let weights = |class_weights, beta, rows: &[u32]| {
            let head = DirectionHead { class_weights, beta, ..DirectionHead::default() };
            super::class_weights(&head, Classes::Three, &targets, rows)
        };
        let all: Vec<u32> = (0..9).collect();
        assert_eq!(weights(ClassWeights::None, 0.9, &all), [1.0; 3]);
        // Rows 3, 2 and 1 by weight; a class of weight 0 gets none.
        let expected = [6.0 / 9.0, 1.0, 2.0].map(|weight: f64| weight as f32);
        assert_eq!(weights(ClassWeights::Balanced, 0.9, &all), expected);
        assert_eq!(weights(ClassWeights::Balanced, 0.9, &[0, 1, 7]), [1.0 / 3.0, 0.0, 0.0]);
        // beta = 0.9; w = (1 - beta) / (1 - beta ** np.array([3, 2, 1])); w / w.sum() * 3
        let found = weights(ClassWeights::Effective, 0.9, &all);
        for (&found, expected) in found.iter().zip([0.584_076_2, 0.833_077_2, 1.582_846_6]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        assert_eq!(weights(ClassWeights::Effective, 0.0, &all), [1.0; 3]);
        assert_eq!(weights(ClassWeights::Effective, 0.5, &[0, 4]), [1.0, 1.0, 0.0]);
        // Of five classes two never come; rows 3, 2 and 1 by weight again.
        let head = DirectionHead { class_weights: ClassWeights::Balanced, ..Default::default() };
        let five = super::class_weights(&head, Classes::Five, &targets, &all);
        let expected = [6.0 / 15.0, 6.0 / 10.0, 6.0 / 5.0, 0.0, 0.0];
        assert_eq!(five, expected.map(|weight: f64| weight as f32));
    }
}
