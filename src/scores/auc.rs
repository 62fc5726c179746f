//! Area under the ROC curve, each class against the rest.

use super::ranking::Ranking;

/// Plain mean over the classes of the probability that a forecast whose outcome is the class gave
/// it more than one whose outcome is another, equal probabilities counting one half (Bamber
/// 1975; scikit-learn `roc_auc_score(multi_class="ovr", average="macro")`). Classes that
/// never or always came are left out; `None` when that leaves none.
///
/// `rankings[c]` orders the forecasts by their probability of class `c`.
#[must_use]
pub fn auc(rankings: &[Ranking], outcome: &[u8], weight: &[f64]) -> Option<f64> {
    let areas: Vec<f64> = (0..)
        .zip(rankings)
        .filter_map(|(class, ranking)| one_against_rest(ranking, class, outcome, weight))
        .collect();
    (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
}

fn one_against_rest(ranking: &Ranking, class: u8, outcome: &[u8], weight: &[f64]) -> Option<f64> {
    let (mut positives, mut negatives, mut won) = (0.0, 0.0, 0.0);
    for group in ranking.groups() {
        let (mut positive, mut here) = (0.0, 0.0);
        for &index in group {
            let index = index as usize;
            // Without a branch: outcomes come in no order that a processor could guess.
            positive += weight[index] * f64::from(u8::from(outcome[index] == class));
            here += weight[index];
        }
        let negative = here - positive;
        won += positive * (negatives + negative / 2.0);
        positives += positive;
        negatives += negative;
    }
    let pairs = positives * negatives;
    (pairs > 0.0).then(|| won / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_one_half_and_absent_classes_nothing() {
        let column = [0.1, 0.1, 0.9, 0.1];
        let rankings = [Ranking::of(&column), Ranking::of(&[0.5; 4]), Ranking::of(&column)];
        // Class 0: outcomes 1, 0, 1, 0 of column: pairs won 1 + 0.5 + 1 + 0.5 of 4.
        assert_eq!(auc(&rankings, &[2, 0, 0, 2], &[1.0; 4]), Some(0.5));
        assert_eq!(auc(&rankings, &[1; 4], &[1.0; 4]), None);
    }
}
