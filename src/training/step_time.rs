//! How long a net takes for a training step, measured.

use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};

use super::{TrainingError, check_precision};
use crate::forecast::{ByClass, LabelShape};
use crate::kernels::Precision;
use crate::nets::{
    BatchTargets, HeadsConfig, InputShape, Net, NetConfig, Objective, TrainingPass, multitask_loss,
};
use crate::windows::Targets;

/// Steps before the measured ones: caches fill, threads start, kernels compile.
const WARM_UP: u64 = 2;

/// Seconds of each of `steps` training steps (forward, loss, backward and a plain gradient step on
/// all parameters) of a net on random windows.
///
/// # Errors
/// When the net cannot read the shape, and when the device does not compute in the precision or
/// fails.
pub fn time_steps(
    config: &NetConfig,
    (heads, labels): (&HeadsConfig, LabelShape),
    inputs: &[InputShape],
    batch: usize,
    steps: u64,
    precision: Precision,
    device: &Device,
) -> Result<Vec<f64>, TrainingError> {
    config.check(inputs).map_err(TrainingError::Config)?;
    check_precision(precision, device)?;
    let plain = device.clone().inner();
    let autodiff = plain.clone().autodiff();
    let mut net = Net::init_in(precision, config, (heads, labels), inputs, 0, &autodiff);
    // Any fixed numbers of order 1: what a step takes does not depend on them.
    let wave = |count: usize| (0..count).map(|n| (n as f32 * 0.7).sin()).collect::<Vec<_>>();
    let window = |&InputShape { window, features }: &InputShape| {
        let values = wave(batch * window * features);
        Tensor::<3>::from_data(TensorData::new(values, [batch, window, features]), &plain)
    };
    let x: Vec<Tensor<3>> = inputs.iter().map(window).collect();
    let rows: Vec<u32> = (0..batch as u32).collect();
    let classes = labels.classes.count() as u32;
    let targets = Targets {
        class: rows.iter().map(|row| (row % classes) as u8).collect(),
        forward_return: wave(batch),
        log_volatility: wave(batch),
        weight: vec![1.0; batch],
    };
    let targets = BatchTargets::new(&targets, &rows, &plain);
    let class_weights = ByClass::from_fn(labels.classes, |_| 1.0);
    let objective = Objective { heads, class_weights, log_volatility_scale: 1.0 };
    let mut seconds = Vec::new();
    for step in 1..=WARM_UP + steps {
        let start = Instant::now();
        let mut pass = TrainingPass::new(0, step, device);
        let outputs = net.forward(x.clone(), Some(&mut pass));
        let loss = multitask_loss(&outputs, &targets, &net, &objective).total;
        let gradient = net.flat_gradients(&loss.backward());
        let weights = net.flat_parameters() - gradient * 1e-6;
        net = net.with_flat_parameters(&weights);
        // A device works behind the program's back until something is read.
        let read = weights.narrow(0, 0, 1).try_into_vec_as::<f32>();
        read.map_err(|error| TrainingError::device(&error))?;
        if step > WARM_UP {
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    Ok(seconds)
}
