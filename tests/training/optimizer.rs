//! The optimiser beside PyTorch's.

use burn::tensor::{Device, Tensor, TensorData};
use candlewick::training::{AdamW, Layout, TrainingConfig, clip_gradient};
use serde_json::Value;

#[test]
fn adamw_equals_pytorch() {
    // Golden file by tests/reference/optimizer_golden.py.
    let golden: Value = serde_json::from_str(include_str!("../golden/optimizer.json")).unwrap();
    let floats = |value: &Value| -> Vec<f32> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
    };
    let number = |value: &Value| value.as_f64().unwrap();
    let device = Device::flex();
    let vector = |values: Vec<f32>| {
        let length = values.len();
        Tensor::<1>::from_data(TensorData::new(values, [length]), &device)
    };
    let config = TrainingConfig {
        betas: [number(&golden["betas"][0]), number(&golden["betas"][1])],
        epsilon: number(&golden["epsilon"]),
        weight_decay: number(&golden["weight_decay"]),
        gradient_clip: Some(number(&golden["clip"])),
        ..TrainingConfig::default()
    };
    let layout = Layout::new(vec![("weight".to_owned(), vec![3, 4]), ("bias".to_owned(), vec![4])]);
    let mut optimizer = AdamW::new(&layout, &device);
    let mut weights = vector(floats(&golden["start"]));
    for (step, expected) in (1..).zip(golden["steps"].as_array().unwrap()) {
        let gradient = vector(floats(&expected["gradient"]));
        let (gradient, norm) = clip_gradient(gradient, config.gradient_clip);
        let norm: f32 = norm.into_scalar();
        assert!((f64::from(norm) - number(&expected["norm"])).abs() < 1e-5);
        let rate = number(&expected["learning_rate"]);
        weights = optimizer.update(&config, weights, gradient, rate, step);
        let found = weights.to_data().try_to_vec::<f32>().unwrap();
        for (found, expected) in found.iter().zip(floats(&expected["weights"])) {
            assert!((found - expected).abs() < 2e-6, "step {step}: {found} {expected}");
        }
    }
}
