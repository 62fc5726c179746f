//! Training a body without labels: it fills in masked spans of its windows.
//!
//! Masks are those of Zerveas et al. (2021), "A transformer-based framework for multivariate time
//! series representation learning", section 3.2: along time a feature alternates between masked spans
//! and spans that are seen, whose lengths are geometric with means `span` and
//! `span (1 - mask) / mask`; masked cells are set to 0, the centre of the scaled features. The loss is
//! the mean squared error over the masked cells alone, and no label or weight of a row has a part in it.

use burn::tensor::{Tensor, TensorData};
use garde::Validate;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::augment::{Draws, augmented};
use super::batches::padded_batches;
use super::state::LOSS_COUNT;
use super::{Job, TrainingError};
use crate::nets::{Net, TrainingPass};
use crate::windows::gather;

/// How a body is trained without labels before it is trained for its task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct PretrainingConfig {
    /// Share of the cells of a window that is masked (default 0.15).
    #[garde(range(min = 0.01, max = 0.9))]
    pub mask: f64,
    /// Mean length of a masked span, in rows of the window (default 3). Longer spans are harder to fill in
    /// from their neighbours.
    #[garde(range(min = 1.0, max = 10_000.0))]
    pub span: f64,
    /// `true` (default): each feature has spans of its own, so that others tell of it. `false`: all
    /// features of a row are masked together.
    #[garde(skip)]
    pub each_feature: bool,
    /// Share of a fold's training period, its end, that the best epoch is chosen on and nothing is
    /// trained on (default 0.1).
    #[garde(range(min = 0.01, max = 0.5))]
    pub held_out: f64,
}

impl Default for PretrainingConfig {
    fn default() -> Self {
        Self { mask: 0.15, span: 3.0, each_feature: true, held_out: 0.1 }
    }
}

/// Mean squared errors over the same masked cells of the validation rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReconstructionLosses {
    /// Of a net that says 0 of every cell.
    pub zeros: f64,
    /// Of a net that says each feature's mean over the training rows.
    pub means: f64,
}

/// What to say of the masked cells without a net, measured on the job's validation rows and masks.
///
/// # Errors
/// When the job is no pre-training, or the device fails.
pub fn reconstruction_baselines(job: &Job<'_>) -> Result<ReconstructionLosses, TrainingError> {
    let columns = host(training_means(job))?;
    let means: Vec<f32> = job
        .table
        .views
        .iter()
        .flat_map(|view| {
            let row: Vec<f32> = view.columns.iter().map(|&c| columns[c as usize]).collect();
            row.repeat(view.window)
        })
        .collect();
    let cells = means.len();
    let means =
        Tensor::<2>::from_data(TensorData::new(means, [1, cells]), &job.device.clone().inner());
    Ok(ReconstructionLosses {
        zeros: held_out_loss(job, |masked| masked.hidden.zeros_like(), || false)?.unwrap_or(0.0),
        means: held_out_loss(job, |masked| masked.hidden.zeros_like() + means.clone(), || false)?
            .unwrap_or(0.0),
    })
}

/// Gradient `[P]` and losses of micro-batch `index` of a step: the loss of the masked cells stands first,
/// the tasks' are 0.
pub fn micro_batch(
    job: &Job<'_>,
    config: &PretrainingConfig,
    net: &Net,
    rows: &[u32],
    (step, index): (u64, u64),
    pass: &mut TrainingPass,
) -> Result<(Tensor<1>, Tensor<1>), TrainingError> {
    let (x, _) = augmented(job, rows, (step, index), pass)?;
    let draws = Draws { seed: job.seed, step, micro_batch: index };
    let masked =
        Masked::new(config, job, rows, (x, rows.len()), &mut draws.stream(*b"spans\0\0\0"));
    let told = told(net, masked.windows.clone(), Some(pass))?;
    let loss = masked.loss(told);
    let gradients = loss.clone().backward();
    let loss = loss.inner();
    let zeros = loss.zeros_like().repeat_dim(0, LOSS_COUNT - 2);
    Ok((net.flat_gradients(&gradients), Tensor::cat(vec![loss, zeros], 0)))
}

/// Mean squared error of `net` (without autodiff) over the masked cells of the validation rows, whose
/// masks are the same each time; `None` when a stop was asked for on the way.
pub fn reconstruction_loss(
    job: &Job<'_>,
    net: &Net,
    stop_requested: impl Fn() -> bool,
) -> Result<Option<f64>, TrainingError> {
    let mut failed = None;
    let loss = held_out_loss(
        job,
        |masked| match told(net, masked.windows.clone(), None) {
            Ok(told) => told,
            Err(error) => {
                failed = Some(error);
                masked.hidden.zeros_like()
            }
        },
        stop_requested,
    )?;
    failed.map_or(Ok(loss), Err)
}

fn told(
    net: &Net,
    x: Vec<Tensor<3>>,
    pass: Option<&mut TrainingPass>,
) -> Result<Tensor<2>, TrainingError> {
    let missing = || TrainingError::Config("the net has no decoder to reconstruct with".to_owned());
    net.reconstruct(x, pass).ok_or_else(missing)
}

/// Mean squared error over the masked cells of the validation rows of what `tell` says of them.
fn held_out_loss(
    job: &Job<'_>,
    mut tell: impl FnMut(&Masked) -> Tensor<2>,
    stop_requested: impl Fn() -> bool,
) -> Result<Option<f64>, TrainingError> {
    let config = job.meta.pretraining.as_ref().ok_or_else(|| {
        TrainingError::Config(format!("the training of {} masks nothing", job.label))
    })?;
    let (mut sum, mut count) = (0.0_f64, 0.0_f64);
    let batches = padded_batches(job.valid, job.training.batch_size);
    for (index, (rows, real)) in batches.enumerate() {
        if stop_requested() {
            return Ok(None);
        }
        let draws = Draws { seed: job.seed, step: 0, micro_batch: index as u64 };
        let mut stream = draws.stream(*b"heldout\0");
        let x = gather(job.table, &rows);
        let masked = Masked::new(config, job, &rows, (x, real), &mut stream);
        let cells = f64::from(masked.cells);
        sum += f64::from(host(masked.loss(tell(&masked)))?[0]) * cells;
        count += cells;
    }
    Ok(Some(if count > 0.0 { sum / count } else { 0.0 }))
}

/// Windows of a batch with masked cells.
struct Masked {
    /// `[B, T, F]` a view, masked cells 0.
    windows: Vec<Tensor<3>>,
    /// What stood in every cell: `[B, Σ T F]`.
    hidden: Tensor<2>,
    /// 1 where a cell is masked: `[B, Σ T F]`.
    mask: Tensor<2>,
    /// Masked cells.
    cells: u32,
}

impl Masked {
    /// Masks cells of `x`, the windows that end at `rows` as the net is to see them; those of rows after
    /// the first `real` ones stay as they are.
    fn new(
        config: &PretrainingConfig,
        job: &Job<'_>,
        rows: &[u32],
        (x, real): (Vec<Tensor<3>>, usize),
        stream: &mut ChaCha8Rng,
    ) -> Self {
        let (mut windows, mut masks, mut cells) = (Vec::new(), Vec::new(), 0);
        for x_btf in x {
            let [batch, steps, features] = x_btf.dims();
            let mut mask = Vec::with_capacity(batch * steps * features);
            for _ in 0..real.min(batch) {
                mask.extend(spans(config, stream, steps, features));
            }
            cells += mask.iter().filter(|&&cell| cell > 0.0).count() as u32;
            mask.resize(batch * steps * features, 0.0);
            let mask = TensorData::new(mask, [batch, steps, features]);
            let mask = Tensor::<3>::from_data(mask, &x_btf.device());
            windows.push(x_btf * (mask.ones_like() - mask.clone()));
            masks.push(mask.reshape([batch, steps * features]));
        }
        let flat = |x_btf: Tensor<3>| {
            let [batch, steps, features] = x_btf.dims();
            x_btf.reshape([batch, steps * features])
        };
        let hidden = gather(job.table, rows).into_iter().map(flat).collect();
        Self { windows, hidden: Tensor::cat(hidden, 1), mask: Tensor::cat(masks, 1), cells }
    }

    /// Mean squared error over the masked cells, `[1]`; 0 when there is none.
    fn loss(&self, told: Tensor<2>) -> Tensor<1> {
        let error = (told - self.hidden.clone()) * self.mask.clone();
        (error.clone() * error).sum() / f64::from(self.cells.max(1))
    }
}

/// One window's mask, `[T F]`: 1 in masked spans.
fn spans(
    config: &PretrainingConfig,
    stream: &mut ChaCha8Rng,
    steps: usize,
    features: usize,
) -> Vec<f32> {
    // Chances that a masked span and a span that is seen end after a row.
    let masked_ends = 1.0 / config.span;
    let seen_ends = (masked_ends * config.mask / (1.0 - config.mask)).min(1.0);
    let mut mask = vec![0.0; steps * features];
    let own = if config.each_feature { features } else { 1 };
    for feature in 0..own {
        let mut masked = unit(stream) < config.mask;
        for step in 0..steps {
            if masked {
                let row = &mut mask[step * features..(step + 1) * features];
                if config.each_feature {
                    row[feature] = 1.0;
                } else {
                    row.fill(1.0);
                }
            }
            if unit(stream) < if masked { masked_ends } else { seen_ends } {
                masked = !masked;
            }
        }
    }
    mask
}

/// A number in [0, 1).
fn unit(stream: &mut ChaCha8Rng) -> f64 {
    f64::from(stream.next_u32()) / 2_f64.powi(32)
}

/// Mean of each column of the table over the training rows: `[F]`.
fn training_means(job: &Job<'_>) -> Tensor<1> {
    let rows: Vec<i32> = job.train.iter().map(|&row| row as i32).collect();
    let count = rows.len();
    let values = &job.table.values;
    let rows = Tensor::from_data(TensorData::new(rows, [count]), &values.device());
    let features = values.dims()[1];
    values.clone().select(0, rows).mean_dim(0).reshape([features])
}

fn host(tensor: Tensor<1>) -> Result<Vec<f32>, TrainingError> {
    tensor.try_into_vec_as().map_err(|error| TrainingError::device(&error))
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    /// Share of masked cells, and mean length of the masked runs inside of one long window.
    fn measured(config: &PretrainingConfig) -> (f64, f64) {
        let mut stream = ChaCha8Rng::seed_from_u64(3);
        let (steps, features) = (50_000, 2);
        let mask = spans(config, &mut stream, steps, features);
        let share = mask.iter().filter(|&&cell| cell > 0.0).count() as f64 / mask.len() as f64;
        let column: Vec<f32> = (0..steps).map(|step| mask[step * features]).collect();
        let runs = column.windows(2).filter(|pair| pair[0] < pair[1]).count();
        (share, column.iter().filter(|&&cell| cell > 0.0).count() as f64 / runs as f64)
    }

    #[test]
    fn spans_have_the_share_and_length_that_were_asked_for() {
        for (mask, span) in [(0.15, 3.0), (0.4, 8.0), (0.5, 1.0)] {
            let config = PretrainingConfig { mask, span, ..PretrainingConfig::default() };
            let (share, length) = measured(&config);
            assert!((share - mask).abs() < 0.03, "{mask}: {share}");
            assert!((length / span - 1.0).abs() < 0.1, "{span}: {length}");
        }
    }

    #[test]
    fn features_are_masked_each_by_itself_or_together() {
        let together = |each_feature| {
            let config = PretrainingConfig { each_feature, ..PretrainingConfig::default() };
            let mut stream = ChaCha8Rng::seed_from_u64(4);
            let mask = spans(&config, &mut stream, 200, 3);
            mask.chunks_exact(3).filter(|row| row[0] == row[1] && row[1] == row[2]).count()
        };
        assert_eq!(together(false), 200);
        assert!(together(true) < 190);
    }
}
