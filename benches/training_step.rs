//! Time of a training step on the CPU device: `training_step NET STEPS`.
//!
//! Prints the samples a second of each step. `scripts/bench_training_step.sh` runs it beside PyTorch.

#![expect(clippy::print_stdout, reason = "its output is its result")]

use std::hint::black_box;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use candlewick::kernels::memory::keep_freed;
use candlewick::nets::{
    BatchTargets, CnnConfig, DeepLobConfig, GruConfig, HeadsConfig, InputShape, LstmConfig, Net,
    NetConfig, Objective, Pooling, TcnConfig, multitask_loss,
};
use candlewick::windows::Targets;

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
            ..LstmConfig::default()
        }),
        Some("cnn") => NetConfig::Cnn(CnnConfig {
            channels: 64,
            layers: 4,
            kernel: 3,
            dropout: 0.0,
            pooling: Pooling::Last,
        }),
        Some("gru") => NetConfig::Gru(GruConfig {
            hidden: 128,
            layers: 2,
            dropout: 0.0,
            ..GruConfig::default()
        }),
        Some("tcn") => NetConfig::Tcn(TcnConfig {
            channels: 64,
            layers: 4,
            kernel: 3,
            dropout: 0.0,
            pooling: Pooling::Last,
        }),
        Some("deep_lob") => NetConfig::DeepLob(DeepLobConfig::default()),
        _ => return println!("usage: training_step lstm|gru|cnn|tcn|deep_lob STEPS"),
    };
    keep_freed();
    let steps = arguments.next().and_then(|steps| steps.parse().ok()).unwrap_or(10);
    for rate in rates(&config, steps) {
        println!("{rate:.1}");
    }
}

/// Samples a second of each step: forward, backward and Adam.
fn rates(config: &NetConfig, steps: usize) -> Vec<f64> {
    let device = Device::flex().autodiff();
    let heads = HeadsConfig::default();
    let objective =
        Objective { heads: &heads, class_weights: [1.0; 3].into(), log_volatility_scale: 1.0 };
    let mut net =
        Net::init(config, &heads, &[InputShape { window: WINDOW, features: FEATURES }], 1, &device);
    let (x_btf, targets) = batch(&Device::flex());
    let mut moments = [net.flat_parameters().zeros_like(), net.flat_parameters().zeros_like()];
    let mut rates = Vec::new();
    for step in 0..steps + 2 {
        let start = Instant::now();
        let outputs = net.forward(vec![x_btf.clone()], None);
        let loss = multitask_loss(&outputs, &targets, &net, &objective).total;
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
    let x = wave(BATCH * WINDOW * FEATURES, 0.731);
    let targets = Targets {
        class: (0..BATCH).map(|row| (row % 3) as u8).collect(),
        forward_return: wave(BATCH, 0.37),
        log_volatility: wave(BATCH, 0.91),
        weight: vec![1.0; BATCH],
    };
    let rows: Vec<u32> = (0..BATCH as u32).collect();
    let targets = BatchTargets::new(&targets, &rows, device);
    (Tensor::from_data(TensorData::new(x, [BATCH, WINDOW, FEATURES]), device), targets)
}
