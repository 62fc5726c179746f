//! What a batch's rows should say, on the device.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::forecast::MOST_CLASSES;
use crate::windows::Targets;

use super::heads::TASKS;

/// The class that a row gets whose own is not known; it has weight 0, and any number of classes has
/// it.
const ANY_CLASS: u8 = 1;

/// Targets of a batch on the device, without autodiff.
///
/// A row may lack the label of a task: a class beyond the last, or a number that is NaN. It then
/// has weight 0 in that task's loss. Whatever stands in a row of weight 0 is replaced here, since 0
/// times NaN would be NaN in losses and gradients.
#[derive(Debug, Clone)]
pub struct BatchTargets {
    /// Direction class: `[B]`.
    pub(super) class: Tensor<1, Int>,
    /// Scaled forward return: `[B]`.
    pub(super) forward_return: Tensor<1>,
    /// Standardised log volatility: `[B]`.
    pub(super) log_volatility: Tensor<1>,
    /// Weights of the rows in the tasks' losses: `[3, B]`.
    weight: Tensor<2>,
}

impl BatchTargets {
    /// The targets of `rows` (pooled rows, in the order of the batch).
    #[must_use]
    pub fn new(targets: &Targets, rows: &[u32], device: &Device) -> Self {
        Self::counting(targets, rows, rows.len(), device)
    }

    /// The targets of `rows`, of which only the first `real` have a weight.
    #[must_use]
    pub fn counting(targets: &Targets, rows: &[u32], real: usize, device: &Device) -> Self {
        let device = device.clone().inner();
        let weights: Vec<[f32; TASKS]> = rows
            .iter()
            .enumerate()
            .map(|(at, &row)| if at < real { row_weights(targets, row) } else { [0.0; TASKS] })
            .collect();
        let batch = rows.len();
        let known = |task: usize| {
            let counts = weights.iter().map(move |weights| weights[task] != 0.0);
            rows.iter().map(|&row| row as usize).zip(counts)
        };
        let float = |task, values: &[f32]| {
            let values = known(task).map(|(row, counts)| if counts { values[row] } else { 0.0 });
            let values: Vec<f32> = values.collect();
            Tensor::<1>::from_data(TensorData::new(values, [batch]), &device)
        };
        let class: Vec<i32> = known(0)
            .map(|(row, counts)| i32::from(if counts { targets.class[row] } else { ANY_CLASS }))
            .collect();
        let by_task: Vec<f32> =
            (0..TASKS).flat_map(|task| weights.iter().map(move |weights| weights[task])).collect();
        Self {
            class: Tensor::from_data(TensorData::new(class, [batch]), &device),
            forward_return: float(1, &targets.forward_return),
            log_volatility: float(2, &targets.log_volatility),
            weight: Tensor::from_data(TensorData::new(by_task, [TASKS, batch]), &device),
        }
    }

    pub(super) fn direction_weight(&self) -> Tensor<1> {
        self.weight_in(0)
    }

    pub(super) fn return_weight(&self) -> Tensor<1> {
        self.weight_in(1)
    }

    pub(super) fn volatility_weight(&self) -> Tensor<1> {
        self.weight_in(2)
    }

    pub(super) fn device(&self) -> Device {
        self.weight.device()
    }

    fn weight_in(&self, task: usize) -> Tensor<1> {
        let batch = self.weight.dims()[1];
        self.weight.clone().narrow(0, task, 1).reshape([batch])
    }
}

/// Weights of a row in the losses of direction, return and volatility: its own, or 0 where the
/// task's label is missing.
#[must_use]
pub fn row_weights(targets: &Targets, row: u32) -> [f32; TASKS] {
    let row = row as usize;
    let known = [
        usize::from(targets.class[row]) < MOST_CLASSES,
        !targets.forward_return[row].is_nan(),
        !targets.log_volatility[row].is_nan(),
    ];
    known.map(|known| if known { targets.weight[row] } else { 0.0 })
}
