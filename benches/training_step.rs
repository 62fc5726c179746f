//! Time of a training step on the CPU device: `training_step lstm|cnn STEPS`.
//!
//! Prints the samples a second of each step. `scripts/bench_training_step.sh` runs it beside PyTorch.

#![expect(clippy::print_stdout, reason = "its output is its result")]

use std::hint::black_box;
use std::time::Instant;

use burn::tensor::{Device, Int, Tensor, TensorData};
use candlewick::nets::{
    BatchTargets, CnnConfig, HeadsConfig, InputShape, LstmConfig, Net, NetConfig, Pooling,
    multitask_loss,
};

const BATCH: usize = 256;
const WINDOW: usize = 64;
const FEATURES: usize = 64;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let config = match arguments.next().as_deref() {
        Some("lstm") => NetConfig::Lstm(LstmConfig {
            hidden: 128,
            layers: 2,
            dropout: 0.0,
            pooling: Pooling::Last,
        }),
        Some("cnn") => NetConfig::Cnn(CnnConfig {
            channels: 64,
            layers: 4,
            kernel: 3,
            dropout: 0.0,
            pooling: Pooling::Last,
        }),
        _ => return println!("usage: training_step lstm|cnn STEPS"),
    };
    let steps = arguments.next().and_then(|steps| steps.parse().ok()).unwrap_or(10);
    for rate in rates(&config, steps) {
        println!("{rate:.1}");
    }
}

/// Samples a second of each step: forward, backward and Adam.
fn rates(config: &NetConfig, steps: usize) -> Vec<f64> {
    let device = Device::flex().autodiff();
    let heads = HeadsConfig::default();
    let mut net =
        Net::init(config, &heads, InputShape { window: WINDOW, features: FEATURES }, 1, &device);
    let (x_btf, targets) = batch(&Device::flex());
    let mut moments = [net.flat_parameters().zeros_like(), net.flat_parameters().zeros_like()];
    let mut rates = Vec::new();
    for step in 0..steps + 2 {
        let start = Instant::now();
        let outputs = net.forward(x_btf.clone(), None);
        let loss = multitask_loss(&outputs, &targets, &net, &heads, &[1.0; 3]).total;
        let gradient = net.flat_gradients(&loss.backward());
        let flat = adam(net.flat_parameters(), gradient, &mut moments, step as i32 + 1);
        net = net.with_flat_parameters(&flat);
        black_box(loss.without_autodiff().into_scalar::<f32>());
        // The first steps fill caches and start threads.
        if step >= 2 {
            rates.push(BATCH as f64 / start.elapsed().as_secs_f64());
        }
    }
    rates
}

fn adam(
    flat: Tensor<1>,
    gradient: Tensor<1>,
    moments: &mut [Tensor<1>; 2],
    step: i32,
) -> Tensor<1> {
    let [mean, square] = moments;
    *mean = mean.clone() * 0.9 + gradient.clone() * 0.1;
    *square = square.clone() * 0.999 + gradient.square() * 0.001;
    let rate = 1e-3 * (1.0 - 0.999_f64.powi(step)).sqrt() / (1.0 - 0.9_f64.powi(step));
    flat - mean.clone() / (square.clone().sqrt() + 1e-8) * rate
}

fn batch(device: &Device) -> (Tensor<3>, BatchTargets) {
    let wave = |count: usize, pace: f32| -> Vec<f32> {
        (0..count).map(|n| (n as f32 * pace).sin()).collect()
    };
    let float = |pace| Tensor::<1>::from_data(TensorData::new(wave(BATCH, pace), [BATCH]), device);
    let x = wave(BATCH * WINDOW * FEATURES, 0.731);
    let class: Vec<i32> = (0..BATCH as i32).map(|row| row % 3).collect();
    let targets = BatchTargets {
        class: Tensor::<1, Int>::from_data(TensorData::new(class, [BATCH]), device),
        forward_return: float(0.37),
        log_volatility: float(0.91),
        weight: Tensor::ones([BATCH], device),
    };
    (Tensor::from_data(TensorData::new(x, [BATCH, WINDOW, FEATURES]), device), targets)
}
