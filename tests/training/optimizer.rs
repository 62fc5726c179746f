//! The optimisers and schedules beside PyTorch's.

use burn::tensor::{Device, Tensor, TensorData};
use candlewick::training::{
    CosineRestartsConfig, Layout, LionConfig, MuonConfig, OneCycleConfig, Optimizer,
    OptimizerConfig, ScheduleConfig, TrainingConfig, clip_gradient, learning_rate,
};
use serde_json::Value;

/// Golden file by `tests/reference/optimizer_golden.py`.
fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/optimizer.json")).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn pair(value: &Value) -> [f64; 2] {
    [number(&value[0]), number(&value[1])]
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

fn layout(shapes: &[(&str, &[usize])]) -> Layout {
    Layout::new(shapes.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())).collect())
}

/// Takes the golden steps and compares the weights after each.
fn follow(golden: &Value, config: &TrainingConfig, layout: &Layout, tolerance: f32) {
    let device = Device::flex();
    let vector = |values: Vec<f32>| {
        let length = values.len();
        Tensor::<1>::from_data(TensorData::new(values, [length]), &device)
    };
    let mut optimizer = Optimizer::new(&config.optimizer, layout, &device);
    let mut weights = vector(floats(&golden["start"]));
    for (step, expected) in (1..).zip(golden["steps"].as_array().unwrap()) {
        let gradient = vector(floats(&expected["gradient"]));
        let (gradient, norm) = clip_gradient(gradient, config.gradient_clip);
        let norm: f32 = norm.into_scalar();
        if let Some(expected) = expected["norm"].as_f64() {
            assert!((f64::from(norm) - expected).abs() < 1e-5);
        }
        let rate = number(&expected["learning_rate"]);
        weights = optimizer.update(config, weights, gradient, rate, step);
        let found = weights.to_data().try_to_vec::<f32>().unwrap();
        for (found, expected) in found.iter().zip(floats(&expected["weights"])) {
            assert!((found - expected).abs() < tolerance, "step {step}: {found} {expected}");
        }
    }
}

#[test]
fn adamw_equals_pytorch() {
    let golden = golden();
    let config = TrainingConfig {
        betas: pair(&golden["betas"]),
        epsilon: number(&golden["epsilon"]),
        weight_decay: number(&golden["weight_decay"]),
        gradient_clip: Some(number(&golden["clip"])),
        ..TrainingConfig::default()
    };
    follow(&golden, &config, &layout(&[("weight", &[3, 4]), ("bias", &[4])]), 2e-6);
}

#[test]
fn lion_equals_its_paper() {
    let golden = &golden()["lion"];
    let config = TrainingConfig {
        optimizer: OptimizerConfig::Lion(LionConfig { betas: pair(&golden["betas"]) }),
        weight_decay: number(&golden["weight_decay"]),
        gradient_clip: None,
        ..TrainingConfig::default()
    };
    follow(golden, &config, &layout(&[("weight", &[3, 4]), ("bias", &[4])]), 2e-6);
}

#[test]
fn muon_equals_pytorch() {
    for golden in golden()["muon"].as_array().unwrap() {
        let config = TrainingConfig {
            optimizer: OptimizerConfig::Muon(MuonConfig {
                momentum: number(&golden["momentum"]),
                nesterov: golden["nesterov"].as_bool().unwrap(),
            }),
            betas: pair(&golden["betas"]),
            epsilon: number(&golden["epsilon"]),
            weight_decay: number(&golden["weight_decay"]),
            gradient_clip: None,
            ..TrainingConfig::default()
        };
        let layout = layout(&[
            ("lstm.weight", &[3, 5]),
            ("conv.weight", &[7, 2, 2]),
            ("conv.bias", &[4]),
            ("heads.direction.weight", &[3, 2]),
        ]);
        follow(golden, &config, &layout, 1e-5);
    }
}

#[test]
fn schedules_equal_pytorchs() {
    let golden = &golden()["schedules"];
    let one_cycle = OneCycleConfig::default();
    let early = OneCycleConfig { pct_start: 0.11, div_factor: 10.0, final_div_factor: 100.0 };
    let restarts =
        |t_0, t_mult| ScheduleConfig::CosineRestarts(CosineRestartsConfig { t_0, t_mult });
    for (name, schedule) in [
        ("one_cycle", ScheduleConfig::OneCycle(one_cycle)),
        ("one_cycle_early", ScheduleConfig::OneCycle(early)),
        // 60 steps in 12 epochs: a cycle of two epochs is one of ten steps.
        ("restarts_1", restarts(2, 1)),
        ("restarts_2", restarts(1, 2)),
    ] {
        let config = TrainingConfig {
            epochs: 12,
            learning_rate: 0.01,
            min_learning_rate_fraction: 0.1,
            warmup_steps: 0,
            schedule,
            ..TrainingConfig::default()
        };
        for (step, expected) in (0..).zip(golden[name].as_array().unwrap()) {
            let found = learning_rate(&config, step, 60);
            let expected = number(expected);
            assert!((found - expected).abs() < 1e-12, "{name} {step}: {found} {expected}");
        }
    }
}
