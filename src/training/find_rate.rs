//! A sweep of the learning rate over one pass of batches, to choose one from.
//!
//! Smith (2017), "Cyclical learning rates for training neural networks", section 3.3.

use super::fit::Training;
use super::order::epoch_order;
use super::state::LOSS_COUNT;
use super::step::{read_losses, step};
use super::{Job, Observer, Progress, TrainingError, WarmStart};

/// First and last learning rate of the sweep.
const FIRST: f64 = 1e-7;
const LAST: f64 = 10.0;

/// Most steps of a sweep: more do not make it finer to the eye.
const MOST_STEPS: u64 = 1000;

/// Fewest steps from which a slope can be read.
const FEWEST_STEPS: u64 = 20;

/// Share of the steps that the running mean of the loss looks back on, and the fewest of them.
const SMOOTHED_SHARE: f64 = 0.05;
const SMOOTHED_LEAST: f64 = 5.0;

/// Share of the steps at the start that no suggestion is read from: the mean is not settled there.
const SETTLING_SHARE: f64 = 0.1;

/// The sweep ends when the loss is this many times its best above its best.
const DIVERGED: f64 = 3.0;

/// One step of a sweep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatePoint {
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Loss before the step.
    pub loss: f64,
    /// Running mean of the loss.
    pub smoothed: f64,
}

/// A whole sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct RateSweep {
    /// In the order of the learning rate.
    pub points: Vec<RatePoint>,
    /// Whether the loss ran away before the last learning rate.
    pub diverged: bool,
    /// Learning rate at which the smoothed loss falls steepest over its logarithm; `None` where it
    /// never falls.
    pub steepest: Option<f64>,
    /// A tenth of the learning rate of the least smoothed loss; `None` where it never falls.
    pub tenth_of_minimum: Option<f64>,
}

/// Trains a fresh net on the job's training samples, once and in random order, while the learning
/// rate rises exponentially; `None` when a stop was asked for. It writes nothing and reads no
/// validation sample.
///
/// # Errors
/// When the job contradicts itself, has too few samples, or the device fails.
pub fn find_rate(
    job: &Job<'_>,
    observer: &mut dyn Observer,
) -> Result<Option<RateSweep>, TrainingError> {
    job.check()?;
    let steps = job.steps_per_epoch().min(MOST_STEPS);
    if steps < FEWEST_STEPS {
        return Err(TrainingError::Config(format!(
            "the {} training samples of fold {} make {steps} steps of {}; a sweep needs \
             {FEWEST_STEPS}: lower training.batch_size or training.accumulate",
            job.train.len(),
            job.label,
            job.step_samples(),
        )));
    }
    let warm_start = WarmStart::of(job.training, &job.meta.fold.name)?;
    let mut training = Training::new(job, warm_start.as_ref())?;
    training.begin(job, warm_start.as_ref(), observer)?;
    let order = epoch_order(job.train, job.seed, &job.meta.fold.name, 0);
    let began = std::time::Instant::now();
    let mut sweep = Sweep::new(steps);
    for (number, rows) in (1..=steps).zip(order.chunks(job.step_samples())) {
        let rate = rate(number - 1, steps);
        let mut pending = vec![step(job, &mut training, rows, rate)?];
        training.state.step = number;
        let losses = match read_losses(job, &mut pending, |_, _, _| {}) {
            Ok(losses) => losses,
            Err(TrainingError::NotFinite { .. }) => vec![[f64::INFINITY; LOSS_COUNT]],
            Err(error) => return Err(error),
        };
        let runs_away = losses.iter().any(|losses| sweep.add(rate, losses[0]));
        observer.progress(&progress(job, number, steps, &sweep, began.elapsed().as_secs_f64()));
        if runs_away {
            break;
        }
        if observer.stop_requested() {
            return Ok(None);
        }
    }
    Ok(Some(sweep.finish()))
}

/// Learning rate of step `step` (from 0) out of `steps`.
fn rate(step: u64, steps: u64) -> f64 {
    FIRST * (LAST / FIRST).powf(step as f64 / (steps - 1).max(1) as f64)
}

fn progress<'a>(job: &Job<'a>, step: u64, steps: u64, sweep: &Sweep, seconds: f64) -> Progress<'a> {
    Progress {
        label: job.label,
        epoch: 1,
        epochs: 1,
        step_in_epoch: step,
        steps_per_epoch: steps,
        step,
        steps,
        loss: sweep.points.last().map(|point| point.smoothed),
        learning_rate: rate(step - 1, steps),
        samples_per_second: step as f64 * job.step_samples() as f64 / seconds.max(1e-9),
        best_score: None,
    }
}

/// A sweep under way.
#[derive(Debug)]
struct Sweep {
    decay: f64,
    settling: usize,
    /// A slope is measured over so many steps on either side.
    reach: usize,
    mean: f64,
    weight: f64,
    points: Vec<RatePoint>,
    diverged: bool,
}

impl Sweep {
    fn new(steps: u64) -> Self {
        let looks_back = (SMOOTHED_SHARE * steps as f64).max(SMOOTHED_LEAST);
        Self {
            decay: 1.0 - 1.0 / looks_back,
            settling: (SETTLING_SHARE * steps as f64).ceil() as usize,
            reach: (looks_back / 2.0) as usize,
            mean: 0.0,
            weight: 0.0,
            points: Vec::new(),
            diverged: false,
        }
    }

    /// Takes a step's loss and says whether it runs away. A loss that is no number is not kept.
    fn add(&mut self, learning_rate: f64, loss: f64) -> bool {
        if loss.is_finite() {
            self.mean = self.decay * self.mean + (1.0 - self.decay) * loss;
            self.weight = self.decay * self.weight + (1.0 - self.decay);
            let smoothed = self.mean / self.weight;
            self.points.push(RatePoint { learning_rate, loss, smoothed });
            let best = self.points.iter().map(|point| point.smoothed).fold(f64::MAX, f64::min);
            // A total loss with learned variances may be below 0, or near it.
            let first = self.points.first().map_or(best, |point| point.smoothed);
            let allowance = DIVERGED * best.abs().max(first - best);
            let settled = self.points.len() > self.settling;
            self.diverged = settled && allowance > 0.0 && smoothed > best + allowance;
        } else {
            self.diverged = true;
        }
        self.diverged
    }

    fn finish(self) -> RateSweep {
        let settled = self.points.get(self.settling..).unwrap_or_default();
        let least = |a: &&RatePoint, b: &&RatePoint| a.smoothed.total_cmp(&b.smoothed);
        let minimum = settled.iter().min_by(least);
        // What stands right of the minimum falls by chance only.
        let until = minimum.map_or(0.0, |point| point.learning_rate);
        let falling = settled.iter().filter(|point| point.learning_rate <= until);
        let falling: Vec<&RatePoint> = falling.collect();
        let slope = |index: usize| {
            let low = falling[index.saturating_sub(self.reach)];
            let high = falling[(index + self.reach).min(falling.len() - 1)];
            (high.smoothed - low.smoothed) / (high.learning_rate / low.learning_rate).ln()
        };
        let steepest = (0..falling.len())
            .map(|index| (index, if falling.len() > 1 { slope(index) } else { 0.0 }))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .filter(|&(_, slope)| slope < 0.0);
        let steepest = steepest.map(|(index, _)| falling[index].learning_rate);
        RateSweep {
            steepest,
            tenth_of_minimum: steepest.and(minimum).map(|point| point.learning_rate / 10.0),
            points: self.points,
            diverged: self.diverged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sweep over a loss that is a function of the learning rate.
    fn sweep(steps: u64, loss: impl Fn(f64) -> f64) -> RateSweep {
        let mut sweep = Sweep::new(steps);
        for step in 0..steps {
            let rate = rate(step, steps);
            if sweep.add(rate, loss(rate)) {
                break;
            }
        }
        sweep.finish()
    }

    #[test]
    fn rates_rise_exponentially() {
        assert_eq!(rate(0, 100), 1e-7);
        assert!((rate(99, 100) - 10.0).abs() < 1e-9);
        assert!((rate(50, 101) - 1e-3).abs() < 1e-12);
    }

    #[test]
    fn suggestions_lie_where_the_loss_falls_and_before_it_runs_away() {
        // Falls steepest at 1e-3, is flat from 1e-2 on, runs away from 0.3 on.
        let loss = |rate: f64| {
            let fall = 1.0 / (1.0 + (3.0 * (rate / 1e-3).ln()).exp());
            let run_away = (rate / 0.3).powi(4);
            0.5 + fall + run_away
        };
        let found = sweep(400, loss);
        assert!(found.diverged && found.points.len() < 400);
        let steepest = found.steepest.unwrap();
        assert!((0.9e-3..4e-3).contains(&steepest), "{steepest}");
        let tenth = found.tenth_of_minimum.unwrap();
        assert!((1e-3..2e-2).contains(&tenth), "{tenth}");
        // A shift below 0, as a Gaussian head's likelihood has, changes no suggestion.
        let shifted = sweep(400, |rate| loss(rate) - 2.0);
        assert_eq!(shifted.steepest, found.steepest);
    }

    #[test]
    fn a_loss_that_never_falls_suggests_nothing() {
        let found = sweep(100, |rate| 1.0 + rate);
        assert_eq!((found.steepest, found.tenth_of_minimum), (None, None));
        assert!(found.diverged);
    }

    #[test]
    fn a_loss_that_is_no_number_ends_the_sweep() {
        let found = sweep(100, |rate| if rate < 1.0 { 1.0 - 0.1 * rate } else { f64::NAN });
        assert!(found.diverged);
        assert!(found.points.iter().all(|point| point.loss.is_finite()));
    }
}
