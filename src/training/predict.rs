//! What a net says about rows, in the units of the labels.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::batches::padded_batches;
use super::job::check_rows;
use super::student_t::t_quantile;
use super::{CheckpointMeta, TrainingError};
use crate::forecast::ByClass;
use crate::nets::{MEDIAN, Net, ReturnLoss};
use crate::windows::{Table, TargetScale, gather};

/// Levels of [`Predictions::return_quantiles`].
pub use crate::nets::QUANTILE_LEVELS;

/// Quantiles of the standard normal distribution at [`QUANTILE_LEVELS`]
/// (`scipy.stats.norm.ppf([0.05, 0.25, 0.5, 0.75, 0.95])`).
const NORMAL_QUANTILES: [f32; 5] = [-1.644_853_6, -0.674_489_74, 0.0, 0.674_489_74, 1.644_853_6];

/// What a net says about rows, one entry a row; `None` where its head is off.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// Probabilities of the classes.
    pub class_probability: Option<Vec<ByClass<f32>>>,
    /// Mean of the forward log return; with a head of quantiles their median, since five quantiles
    /// say nothing of the tails that the mean depends on.
    pub return_mean: Option<Vec<f32>>,
    /// Quantiles of the forward log return at [`QUANTILE_LEVELS`], in order; `None` with a Huber
    /// head.
    pub return_quantiles: Option<Vec<[f32; QUANTILE_LEVELS.len()]>>,
    /// Between the outermost quantiles: the central 90% of the forward log return; `None` with a
    /// Huber head.
    pub return_interval: Option<Vec<[f32; 2]>>,
    /// Realised volatility over the horizon: the exponential of the log volatility's forecast. That
    /// is its median, or with the loss `qlike` the root of the mean variance.
    pub volatility: Option<Vec<f32>>,
}

/// Forecasts of the windows of `table` that end at `rows`, `batch` at a time.
///
/// The table must have been scaled by the checkpoint's own scaler. Every batch has the same size
/// (the last is filled up), so a row's forecast does not depend on the rows beside it.
///
/// # Errors
/// When a row ends no window of the table, when the table has other features than the net, and when
/// the device fails.
pub fn predict(
    net: &Net,
    meta: &CheckpointMeta,
    table: &Table,
    rows: &[u32],
    batch: usize,
) -> Result<Predictions, TrainingError> {
    check_rows(rows, table.reach(), table.rows())?;
    if table.features() != meta.feature_names.len() {
        return Err(TrainingError::Config(format!(
            "the net takes {} features, the table has {}",
            meta.feature_names.len(),
            table.features()
        )));
    }
    let heads = &meta.heads;
    let mut predictions = Predictions {
        class_probability: heads.direction.enabled.then(Vec::new),
        return_mean: heads.return_.enabled.then(Vec::new),
        return_quantiles: None,
        return_interval: None,
        volatility: heads.volatility.enabled.then(Vec::new),
    };
    let scale = &meta.target_scale;
    for (rows, real) in padded_batches(rows, batch) {
        let outputs = net.forward(gather(table, &rows), None);
        if let (Some(logits_bk), Some(all)) =
            (outputs.direction, predictions.class_probability.as_mut())
        {
            let classes = logits_bk.dims()[1];
            let values = host(softmax(logits_bk, 1))?;
            all.extend(values.chunks_exact(classes).take(real).filter_map(ByClass::of));
        }
        if let (Some(output), Some(means)) = (outputs.return_, predictions.return_mean.as_mut()) {
            let columns = output.dims()[1];
            let values = host(output)?;
            for row in values.chunks_exact(columns).take(real) {
                let (mean, quantiles) = return_forecast(scale, heads.return_.loss, row);
                means.push(mean);
                if let Some(quantiles) = quantiles {
                    predictions.return_quantiles.get_or_insert_default().push(quantiles);
                }
            }
        }
        if let (Some(output), Some(all)) = (outputs.volatility, predictions.volatility.as_mut()) {
            all.extend(host(output)?[..real].iter().map(|&value| scale.volatility(value)));
        }
    }
    predictions.return_interval = predictions
        .return_quantiles
        .as_ref()
        .map(|all| all.iter().map(|&[lower, .., upper]| [lower, upper]).collect());
    Ok(predictions)
}

/// Mean and quantiles of the forward log return from a row of the head's outputs.
fn return_forecast(
    scale: &TargetScale,
    loss: ReturnLoss,
    row: &[f32],
) -> (f32, Option<[f32; QUANTILE_LEVELS.len()]>) {
    let around = |deviation: f32, standard: [f32; QUANTILE_LEVELS.len()]| {
        standard.map(|quantile| scale.forward_return(deviation.mul_add(quantile, row[0])))
    };
    let quantiles = match loss {
        ReturnLoss::Huber => None,
        ReturnLoss::Gaussian => Some(around((0.5 * row[1]).exp(), NORMAL_QUANTILES)),
        ReturnLoss::StudentT => Some(around(row[1].exp(), t_quantiles(row[2]))),
        ReturnLoss::Quantiles => Some(std::array::from_fn(|at| scale.forward_return(row[at]))),
    };
    let mean = match (loss, &quantiles) {
        (ReturnLoss::Quantiles, Some(quantiles)) => quantiles[MEDIAN],
        _ => scale.forward_return(row[0]),
    };
    (mean, quantiles)
}

/// Quantiles of a standard t distribution at [`QUANTILE_LEVELS`], which lie evenly around ½.
fn t_quantiles(degrees: f32) -> [f32; QUANTILE_LEVELS.len()] {
    let upper = |at: usize| t_quantile(f64::from(QUANTILE_LEVELS[at]), f64::from(degrees)) as f32;
    let (quartile, outer) = (upper(MEDIAN + 1), upper(MEDIAN + 2));
    [-outer, -quartile, 0.0, quartile, outer]
}

fn host(output: Tensor<2>) -> Result<Vec<f32>, TrainingError> {
    let length = output.shape().num_elements();
    output.reshape([length]).try_into_vec_as().map_err(|error| TrainingError::device(&error))
}
