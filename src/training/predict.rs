//! What a net says about rows, in the units of the labels.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::batches::padded_batches;
use super::job::check_rows;
use super::{CheckpointMeta, TrainingError};
use crate::forecast::CLASSES;
use crate::nets::Net;
use crate::windows::{Table, TargetScale, gather};

/// Levels of [`Predictions::return_quantiles`].
pub const QUANTILE_LEVELS: [f32; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Quantiles of the standard normal distribution at [`QUANTILE_LEVELS`]
/// (`scipy.stats.norm.ppf([0.05, 0.25, 0.5, 0.75, 0.95])`).
const NORMAL_QUANTILES: [f32; 5] = [-1.644_853_6, -0.674_489_74, 0.0, 0.674_489_74, 1.644_853_6];

/// What a net says about rows, one entry a row; `None` where its head is off.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// Probabilities of down, neutral, up.
    pub class_probability: Option<Vec<[f32; CLASSES]>>,
    /// Mean of the forward log return.
    pub return_mean: Option<Vec<f32>>,
    /// Quantiles of the forward log return at [`QUANTILE_LEVELS`]; with a Gaussian head only.
    pub return_quantiles: Option<Vec<[f32; QUANTILE_LEVELS.len()]>>,
    /// Between the outermost quantiles: the central 90% of the forward log return; with a Gaussian
    /// head only.
    pub return_interval: Option<Vec<[f32; 2]>>,
    /// Realised volatility over the horizon: the exponential of the log volatility's forecast, so
    /// its median.
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
            let values = host(softmax(logits_bk, 1))?;
            all.extend(&values.as_chunks::<CLASSES>().0[..real]);
        }
        if let (Some(output), Some(means)) = (outputs.return_, predictions.return_mean.as_mut()) {
            let columns = output.dims()[1];
            let values = host(output)?;
            let outputs = values.chunks_exact(columns).take(real);
            means.extend(outputs.clone().map(|row| scale.forward_return(row[0])));
            if columns == 2 {
                let quantiles = outputs.map(|row| gaussian_quantiles(scale, row[0], row[1]));
                predictions.return_quantiles.get_or_insert_default().extend(quantiles);
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

fn gaussian_quantiles(
    scale: &TargetScale,
    mean: f32,
    log_variance: f32,
) -> [f32; QUANTILE_LEVELS.len()] {
    let deviation = (0.5 * log_variance).exp();
    NORMAL_QUANTILES.map(|z| scale.forward_return(deviation.mul_add(z, mean)))
}

fn host(output: Tensor<2>) -> Result<Vec<f32>, TrainingError> {
    let length = output.shape().num_elements();
    output.reshape([length]).try_into_vec_as().map_err(|error| TrainingError::device(&error))
}
