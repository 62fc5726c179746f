//! Nets in bf16: near PyTorch's autocast, near f32, finite, and refused where a device has none.

use std::path::Path;

use burn::tensor::{Device, DeviceKind, Tensor};
use candlewick::kernels::Precision;
use candlewick::nets::{HeadOutputs, NetConfig, TrainingPass, multitask_loss};
use candlewick::training::{TrainingError, check_precision, clip_gradient};

use crate::nets::{Golden, stored, vulkan_driver_found};

/// All outputs end to end, and all gradients.
struct Numbers {
    outputs: Vec<f32>,
    gradients: Vec<f32>,
}

const OUTPUTS: [&str; 3] = ["direction", "return", "volatility"];

/// Outputs and gradients of weights and windows that PyTorch was given under
/// `torch.autocast("cpu", torch.bfloat16)`; `tests/reference/nets_bf16_golden.py` writes the files.
///
/// Exact numbers are those of PyTorch in f64. Two computations in bf16 round at different places, so
/// their errors are two draws of about the same size, and they are further apart than either by up to
/// the root of 2. Of a few numbers behind a batch normalisation of four samples one draw says little:
/// each case is held to 4 times PyTorch's own error, but no less than 2^-8, half a unit of bf16's last
/// digit. Over all cases together our error is to be no larger than PyTorch's, by the mean of the
/// logarithms: biases and activations between products stay f32 here.
#[test]
fn outputs_and_gradients_are_near_pytorchs_autocast() {
    let mut logarithms = Vec::new();
    for case in Golden::all() {
        let path =
            format!("{}/tests/golden/bf16_{}.safetensors", env!("CARGO_MANIFEST_DIR"), case.name);
        let Ok(file) = std::fs::read(Path::new(&path)) else { continue };
        let (found, names) = ours(&case, Precision::Bf16);
        let exact = read(&names, |name| case.floats(name).1);
        let torch = read(&names, |name| stored(&file, name).1);
        for (what, of) in [
            ("outputs", (|numbers| &numbers.outputs) as fn(&Numbers) -> &Vec<f32>),
            ("gradients", |numbers| &numbers.gradients),
        ] {
            let length = norm(of(&exact).iter().copied());
            let apart = |a, b| norm(of(a).iter().zip(of(b)).map(|(a, b)| a - b)) / length;
            let of_torch = apart(&torch, &exact);
            let (own, between) = (apart(&found, &exact), apart(&found, &torch));
            eprintln!(
                "{:26} {what:9} PyTorch's error {of_torch:.5}, ours {own:.5}, apart {between:.5}",
                case.name
            );
            let bound = (4.0 * of_torch).max(2_f32.powi(-8));
            assert!(own <= bound && between <= bound, "{} {what}", case.name);
            assert!(own > 2_f32.powi(-14), "{} {what} are not in bf16", case.name);
            logarithms.push((own / of_torch).ln());
        }
    }
    let ratio = (logarithms.iter().sum::<f32>() / logarithms.len() as f32).exp();
    eprintln!("our error over PyTorch's, geometric mean of {}: {ratio:.3}", logarithms.len());
    assert!(logarithms.len() >= 60 && ratio <= 1.0, "{} vectors, {ratio}", logarithms.len());
}

/// Every net makes steps in bf16: the first loss is f32's but for rounding, and losses and weights stay
/// finite and fall as they do in f32.
#[test]
fn every_net_trains_in_bf16() {
    let cases = Golden::all();
    for kind in NetConfig::KINDS {
        let case = cases.iter().find(|case| case.net.kind() == *kind).unwrap();
        let (full, half) = (train(case, Precision::F32), train(case, Precision::Bf16));
        assert_eq!(half, train(case, Precision::Bf16), "{kind} is not the same bits twice");
        assert_ne!(full, half, "{kind} takes its products in f32");
        assert!(
            (full[0] - half[0]).abs() < 0.02 * full[0].abs(),
            "{kind}: {} {}",
            full[0],
            half[0]
        );
        assert!(half.iter().all(|loss| loss.is_finite()), "{kind}: {half:?}");
        let fall = |losses: &[f32]| losses[0] - losses[losses.len() - 1];
        eprintln!(
            "{kind}: first loss {:.4}, falls by {:.4}, f32 by {:.4}",
            half[0],
            fall(&half),
            fall(&full)
        );
        assert!(fall(&half) > 0.5 * fall(&full), "{kind}: f32 {full:?}, bf16 {half:?}");
    }
}

#[test]
fn a_device_without_bf16_is_refused_by_name() {
    assert!(Precision::Bf16.runs_on(&Device::flex()));
    if !vulkan_driver_found() {
        eprintln!("SKIPPED a_device_without_bf16_is_refused_by_name: no Vulkan driver was found");
        return;
    }
    let device = Device::wgpu(DeviceKind::DefaultDevice);
    check_precision(Precision::F32, &device).unwrap();
    let error = check_precision(Precision::Bf16, &device).unwrap_err();
    assert!(matches!(error, TrainingError::Precision { .. }), "{error}");
    let name = device.identity().unwrap().name;
    for part in
        [name.as_str(), "does not compute in bf16", "training.precision to f32", "--device cpu"]
    {
        assert!(error.to_string().contains(part), "{part} is not in: {error}");
    }
}

fn ours(case: &Golden, precision: Precision) -> (Numbers, Vec<String>) {
    let device = Device::flex().autodiff();
    let net = case.net_in(precision, &device);
    let mut pass = TrainingPass::new(1, 1, &device);
    let outputs = net.forward(case.x(&device), Some(&mut pass));
    let total = multitask_loss(&outputs, &case.targets(&device), &net, &case.objective()).total;
    let gradients: Vec<f32> = net.flat_gradients(&total.backward()).try_into_vec_as().unwrap();
    // Running statistics have no gradient, in PyTorch not even one of 0.
    let (mut kept, mut names, mut at) = (Vec::new(), Vec::new(), 0);
    for (name, shape) in net.parameter_shapes() {
        let count = shape.iter().product::<usize>();
        if !name.ends_with("running_mean") && !name.ends_with("running_var") {
            kept.extend(&gradients[at..at + count]);
            names.push(name);
        }
        at += count;
    }
    (Numbers { outputs: flat(&outputs), gradients: kept }, names)
}

fn flat(outputs: &HeadOutputs) -> Vec<f32> {
    let of = |output: &Option<Tensor<2>>| -> Vec<f32> {
        output.clone().unwrap().without_autodiff().try_into_vec_as().unwrap()
    };
    [&outputs.direction, &outputs.return_, &outputs.volatility].into_iter().flat_map(of).collect()
}

fn read(names: &[String], tensor: impl Fn(&str) -> Vec<f32>) -> Numbers {
    Numbers {
        outputs: OUTPUTS.iter().flat_map(|name| tensor(&format!("output.{name}"))).collect(),
        gradients: names.iter().flat_map(|name| tensor(&format!("gradient.{name}"))).collect(),
    }
}

fn norm(values: impl Iterator<Item = f32>) -> f32 {
    values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt() as f32
}

/// Losses of 12 steps of gradient descent on the case's windows.
fn train(case: &Golden, precision: Precision) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let mut net = case.net_in(precision, &device);
    let (targets, objective) = (case.targets(&device), case.objective());
    let mut losses = Vec::new();
    for step in 1..=12 {
        let mut pass = TrainingPass::new(9, step, &device);
        let outputs = net.forward(case.x(&device), Some(&mut pass));
        let total = multitask_loss(&outputs, &targets, &net, &objective).total;
        let gradients = total.backward();
        losses.push(total.without_autodiff().into_scalar::<f32>());
        let (gradient, _) = clip_gradient(net.flat_gradients(&gradients), Some(1.0));
        let mut flat = net.constrained(net.flat_parameters() - gradient * 0.03, &pass);
        if let Some(change) = net.flat_statistics(&pass) {
            flat = flat + change;
        }
        net = net.with_flat_parameters(&flat);
    }
    let weights: Vec<f32> = net.flat_parameters().try_into_vec_as().unwrap();
    assert!(weights.iter().all(|weight| weight.is_finite()), "{}", case.name);
    losses
}
