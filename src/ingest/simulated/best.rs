//! How well the planted signal can be told at best: the Bayes classifier of the process.

use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::books::BookState;
use super::generator::{Process, State, random};
use super::{SimulationConfig, SimulationError};

/// Decision times that are averaged over for a horizon of one candle, where all is exact.
const DECISIONS: usize = 200_000;
/// Decision times for a longer horizon, and drawn futures at each.
const LONG_DECISIONS: usize = 4_000;
const FUTURES: usize = 128;

/// Accuracies of the three-class direction that nobody can beat.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BestReachable {
    /// Share of right answers of a forecaster who knows the process and its hidden volatility.
    pub accuracy: f64,
    /// Share of right answers of always naming the most frequent class.
    pub prior_accuracy: f64,
    /// Shares of down, neutral and up.
    pub class_share: [f64; 3],
}

/// The best reachable accuracy of naming a simulated market's direction over `horizon` candles:
/// down below a log return of `lower`, up above `upper`, neutral between.
///
/// The process is Markovian and its noise normal, so that the class probabilities at a decision time
/// are known in closed form for one candle (Bayes classifier; Devroye, Györfi and Lugosi 1996,
/// chapter 2) and are averaged over 200,000 decision times: standard error below 0.0005. For a longer
/// horizon they are averaged over drawn futures too, half of which choose the class and half of
/// which judge it, so that the figure is not biased upwards: standard error below 0.003. No seed
/// but that of `config` enters, through numbers of their own.
///
/// # Errors
/// When `config` is out of its ranges.
pub fn best_reachable(
    config: &SimulationConfig,
    horizon: u32,
    lower: f64,
    upper: f64,
) -> Result<BestReachable, SimulationError> {
    let interval = config.checked_intervals()?[0];
    let thresholds = [lower, upper];
    Ok(if config.books {
        let mut rng = random(config.seed, 3);
        best_of(BookState::begin(config, &mut rng), horizon.max(1), thresholds, &mut rng)
    } else {
        let mut rng = random(config.seed, 1);
        best_of(State::begin(config, interval, &mut rng), horizon.max(1), thresholds, &mut rng)
    })
}

fn best_of(
    mut state: impl Process,
    horizon: u32,
    thresholds: [f64; 2],
    rng: &mut ChaCha8Rng,
) -> BestReachable {
    let (decisions, futures) =
        if horizon == 1 { (DECISIONS, 1) } else { (LONG_DECISIONS, FUTURES) };
    let mut right = 0.0;
    let mut share = [0.0; 3];
    for _ in 0..decisions {
        let choosing = class_probabilities(&state, horizon, thresholds, futures, rng);
        let judging = if horizon == 1 {
            choosing
        } else {
            class_probabilities(&state, horizon, thresholds, futures, rng)
        };
        right += judging[most_probable(choosing)];
        for (share, probability) in share.iter_mut().zip(judging) {
            *share += probability;
        }
        state.advance(rng);
    }
    let class_share = share.map(|sum| sum / decisions as f64);
    BestReachable {
        accuracy: right / decisions as f64,
        prior_accuracy: class_share[most_probable(class_share)],
        class_share,
    }
}

/// Probabilities of down, neutral and up after `state`, averaged over so many drawn futures.
fn class_probabilities(
    state: &impl Process,
    horizon: u32,
    [lower, upper]: [f64; 2],
    futures: usize,
    rng: &mut ChaCha8Rng,
) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for _ in 0..futures {
        let mut future = state.clone();
        let (mut mean, mut deviation) = future.outlook();
        for _ in 1..horizon {
            future.advance(rng);
            let (next_mean, next_deviation) = future.outlook();
            mean += next_mean;
            deviation = deviation.hypot(next_deviation);
        }
        let down = normal_below((lower - mean) / deviation);
        let up = normal_below((mean - upper) / deviation);
        for (sum, probability) in sums.iter_mut().zip([down, 1.0 - down - up, up]) {
            *sum += probability;
        }
    }
    sums.map(|sum| sum / futures as f64)
}

fn most_probable(probabilities: [f64; 3]) -> usize {
    (0..3).fold(
        0,
        |best, class| if probabilities[class] > probabilities[best] { class } else { best },
    )
}

/// Probability of a standard normal number below `x`; error below 1e-7 (Abramowitz and Stegun 1964,
/// equation 26.2.17).
fn normal_below(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let series = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let above = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt() * series;
    if x > 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::super::DIRECTION_THRESHOLD;
    use super::*;

    #[test]
    fn normal_probabilities_are_right() {
        // scipy.stats.norm.cdf([-3, -1, 0, 0.5, 2])
        let known = [
            (-3.0, 0.001_349_898_0),
            (-1.0, 0.158_655_253_9),
            (0.0, 0.5),
            (0.5, 0.691_462_461_3),
            (2.0, 0.977_249_868_1),
        ];
        for (x, expected) in known {
            assert!((normal_below(x) - expected).abs() < 1e-7, "{x}");
        }
    }

    #[test]
    fn without_a_signal_nothing_beats_the_prior() {
        let config = SimulationConfig { signal: false, ..SimulationConfig::default() };
        let best = best_reachable(&config, 1, -DIRECTION_THRESHOLD, DIRECTION_THRESHOLD).unwrap();
        assert!((best.accuracy - best.prior_accuracy).abs() < 1e-9, "{best:?}");
        assert!((best.class_share[0] - best.class_share[2]).abs() < 1e-3, "{best:?}");
    }

    #[test]
    fn a_horizon_of_two_is_harder_than_one() {
        let config = SimulationConfig::default();
        let one = best_reachable(&config, 1, -0.001, 0.001).unwrap();
        let two = best_reachable(&config, 2, -0.0016, 0.0016).unwrap();
        assert!(one.accuracy > 0.65 && one.prior_accuracy < 0.45, "{one:?}");
        assert!(two.accuracy < one.accuracy && two.accuracy > two.prior_accuracy + 0.1, "{two:?}");
    }
}
