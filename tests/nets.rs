//! Nets against PyTorch, from run to run, and on another device.

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use candlewick::forecast::{ByClass, Classes, LabelShape};
use candlewick::kernels::Precision;
use candlewick::nets::{
    BatchTargets, BinCTablConfig, CTablConfig, CnnConfig, CnnLstmConfig, GruConfig, HeadOutputs,
    HeadsConfig, InputShape, LstmConfig, Net, NetConfig, NetParameter, Objective, ParametersError,
    Pooling, TaskLosses, TcnConfig, TrainingPass, multitask_loss,
};
use candlewick::training::clip_gradient;
use candlewick::windows::Targets;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::SafeTensors;

/// Outputs, losses and gradients of every net equal those of PyTorch in f64, for the same weights and
/// inputs. `tests/reference/nets_golden.py` writes the golden files.
#[test]
fn nets_and_losses_equal_pytorch() {
    let cases = Golden::all();
    for kind in NetConfig::KINDS {
        assert!(cases.iter().any(|case| case.net.kind() == *kind), "no golden file for {kind}");
    }
    for case in cases {
        case.check(&Device::flex());
    }
}

#[test]
fn training_is_the_same_bits_from_run_to_run() {
    let dropout = [lstm(Pooling::Attention, 0.2), cnn(0.2), gru(0.2), tcn(0.2), cnn_lstm(0.2)];
    let plain = |net| (net, HeadsConfig::default(), input(4, 4));
    let golden = |case: Golden| (case.net.clone(), case.heads.clone(), case.inputs());
    let golden = Golden::all().into_iter().map(golden);
    for (config, heads, inputs) in dropout.map(plain).into_iter().chain(golden) {
        let run = || train(&config, &heads, &inputs, &Device::flex(), 4, 150);
        let (first, second) = (run(), run());
        assert_eq!(first.0, second.0, "{} losses", config.kind());
        assert_eq!(first.1, second.1, "{} parameters", config.kind());
        assert!(first.1.iter().all(|value| value.is_finite()), "{} parameters", config.kind());
    }
}

#[test]
fn dropout_is_a_function_of_seed_step_and_call() {
    let draw = |seed, step, calls: usize| {
        let mut masks = TrainingPass::new(seed, step, &Device::flex().autodiff());
        let mut draw = || masks.draw([40, 50], 0.25).try_into_vec_as::<f32>().unwrap();
        (0..calls).map(|_| draw()).collect::<Vec<_>>()
    };
    let masks = draw(7, 3, 2);
    assert_eq!(masks, draw(7, 3, 2));
    assert_ne!(masks[0], masks[1]);
    assert_ne!(masks[0], draw(7, 4, 1)[0]);
    assert_ne!(masks[0], draw(8, 3, 1)[0]);
    assert!(masks[0].iter().all(|&value| value == 0.0 || value == 4.0 / 3.0));
    let share = masks[0].iter().filter(|&&value| value == 0.0).count() as f64 / 2000.0;
    // Three standard deviations of a share of 2000 draws.
    assert!((share - 0.25).abs() < 3.0 * (0.25_f64 * 0.75 / 2000.0).sqrt(), "{share}");
}

#[test]
fn parameters_round_trip_and_faults_are_named() {
    let (config, heads) = (lstm(Pooling::Last, 0.0), HeadsConfig::default());
    let init = |seed| Net::init(&config, &heads, &input(4, 3), seed, &Device::flex());
    let parameters = init(1).parameters().unwrap();
    let names: Vec<&str> = parameters.iter().map(|tensor| tensor.name.as_str()).collect();
    assert!(names.contains(&"lstm.weight_ih_l1") && names.contains(&"heads.return.bias"));
    assert_ne!(init(2).parameters().unwrap(), parameters);
    let loaded = init(2).with_parameters(parameters.clone()).unwrap();
    assert_eq!(loaded.parameters().unwrap(), parameters);
    let flat = init(1).flat_parameters();
    assert_eq!(init(2).with_flat_parameters(&flat).parameters().unwrap(), parameters);
    assert_eq!(flat.dims(), [init(1).parameter_count()]);

    let mut missing = parameters.clone();
    let gone = missing.remove(2).name;
    let error = init(1).with_parameters(missing).unwrap_err();
    assert_eq!(error, ParametersError::Missing { name: gone });
    let mut unknown = parameters.clone();
    unknown.push(NetParameter { name: "odd".to_owned(), shape: vec![1], values: vec![0.0] });
    let error = init(1).with_parameters(unknown).unwrap_err();
    assert_eq!(error, ParametersError::Unknown { name: "odd".to_owned() });
    let mut reshaped = parameters;
    reshaped[0].shape.reverse();
    let error = init(1).with_parameters(reshaped).unwrap_err().to_string();
    assert!(error.contains("lstm.weight_ih_l0 has shape [3, 20]"), "{error}");
}

/// A net sees its window and nothing else: a sample's outputs do not depend on its neighbours in the
/// batch, also where the batch is split into parts.
#[test]
fn samples_of_a_batch_do_not_touch_each_other() {
    let (batch, device) = (130, Device::flex());
    for case in Golden::all() {
        let inputs = case.inputs();
        let net = Net::init(&case.net, &HeadsConfig::default(), &inputs, 5, &device);
        let mut values = windows(&inputs, batch, 11);
        let before = outputs(&net.forward(tensors(&values, &inputs, &device), None));
        for (values, input) in values.iter_mut().zip(&inputs) {
            // One value alone: a constant window is nothing to a net that normalises it.
            values[input.window * input.features - 1] = 100.0;
        }
        let after = outputs(&net.forward(tensors(&values, &inputs, &device), None));
        assert_ne!(before[..3], after[..3], "{}", case.name);
        assert_eq!(before[3..], after[3..], "{}", case.name);
    }
}

/// What stands in a row of weight 0 moves no loss and no gradient, and a label that is missing in
/// one task is as good as a weight of 0 there.
#[test]
fn rows_without_weight_or_label_have_no_influence() {
    let device = Device::flex().autodiff();
    for case in Golden::all().into_iter().filter(|case| case.net.kind() == "lstm") {
        let (batch, inputs) = (9, case.inputs());
        let (heads, classes) = ((&case.heads, case.labels()), case.labels().classes);
        let net = Net::for_labels(&case.net, heads, &inputs, 5, &device);
        let objective = Objective {
            class_weights: ByClass::from_fn(classes, |_| 1.0),
            ..objective(&case.heads)
        };
        let x = tensors(&windows(&inputs, batch, 6), &inputs, &device);
        let learned = |targets: &Targets| {
            let targets = batch_targets(targets, &device);
            let outputs = net.forward(x.clone(), None);
            let losses = multitask_loss(&outputs, &targets, &net, &objective);
            let gradients = net.flat_gradients(&losses.total.backward());
            let of = |loss: Option<Tensor<1>>| scalar(&loss.unwrap());
            let tasks = [of(losses.direction), of(losses.return_), of(losses.volatility)];
            (tasks, gradients.try_into_vec_as::<f32>().unwrap())
        };
        let all = Targets {
            class: (0..batch).map(|row| (row % classes.count()) as u8).collect(),
            forward_return: noise(batch, 2),
            log_volatility: noise(batch, 4),
            weight: vec![1.5; batch],
        };
        let mut weightless = all.clone();
        weightless.weight[2] = 0.0;
        let (tasks, gradients) = learned(&weightless);
        assert_ne!(tasks, learned(&all).0, "{}", case.name);
        let mut absurd = weightless.clone();
        absurd.class[2] = 255;
        absurd.forward_return[2] = f32::NAN;
        absurd.log_volatility[2] = f32::INFINITY;
        assert_eq!(learned(&absurd), (tasks, gradients), "{}", case.name);

        let mut missing = all.clone();
        missing.forward_return[2] = f32::NAN;
        let [direction, return_, volatility] = learned(&missing).0;
        let [full_direction, _, full_volatility] = learned(&all).0;
        assert_eq!([direction, volatility], [full_direction, full_volatility], "{}", case.name);
        assert_eq!(return_, tasks[1], "{}", case.name);
        let nothing = Targets { weight: vec![0.0; batch], ..all };
        let (tasks, gradients) = learned(&nothing);
        assert_eq!(tasks, [0.0; 3], "{}", case.name);
        assert!(gradients.iter().all(|gradient| gradient.is_finite()), "{}", case.name);
    }
}

/// The nets of published papers have the papers' numbers of parameters.
#[test]
fn parameter_counts_are_those_of_the_papers() {
    let heads = serde_json::from_str::<HeadsConfig>(
        r#"{"return": {"enabled": false}, "volatility": {"enabled": false}}"#,
    )
    .unwrap();
    // C(TABL)'s logits are its body's outputs, and the direction head is 12 parameters more.
    let own_logits = 12;
    for (kind, shape, expected) in [
        ("c_tabl", input(10, 40), 11_344 + own_logits),
        ("bin_ctabl", input(10, 40), 11_446 + own_logits),
        ("deep_lob", input(100, 40), 143_907),
        // As counted in their modules' documentation, with the direction head.
        ("deep_lob_attention", input(100, 40), 176_672 + 387),
        ("axial_lob", input(40, 40), 14_920 + 4_803),
    ] {
        let config = NetConfig::of_kind(kind).unwrap();
        let net = Net::init(&config, &heads, &shape, 1, &Device::flex());
        assert_eq!(net.parameter_count(), expected, "{kind}");
    }
}

#[test]
fn nets_of_order_books_say_what_they_cannot_read() {
    for (kind, shape, expected) in [
        ("deep_lob", input(100, 41), "set features.book_levels"),
        ("deep_lob", input(18, 40), "set window to 19 or more"),
        ("deep_lob_attention", input(100, 0), "there are 0 features"),
        ("axial_lob", input(40, 6), "4 a level"),
        ("bin_ctabl", input(1, 40), "set both to 2 or more"),
    ] {
        let error = NetConfig::of_kind(kind).unwrap().check(&shape).unwrap_err();
        assert!(error.contains(expected), "{kind}: {error}");
    }
    assert_eq!(NetConfig::of_kind("deep_lob").unwrap().check(&input(19, 4)), Ok(()));
}

/// Parameters that a paper bounds are within their bounds after every step, however long it is, and
/// at the start.
#[test]
fn bounds_hold_after_every_step() {
    let NetConfig::BinCTabl(BinCTablConfig(sizes)) = NetConfig::of_kind("bin_ctabl").unwrap()
    else {
        unreachable!("the kind names the net")
    };
    let config = NetConfig::BinCTabl(BinCTablConfig(CTablConfig { max_norm: 0.8, ..sizes }));
    let (shape, device) = (input(10, 8), Device::flex());
    let net = Net::init(&config, &HeadsConfig::default(), &shape, 2, &device);
    let mut pass = TrainingPass::new(1, 1, &device);
    let _ = net.forward(tensors(&windows(&shape, 2, 3), &shape, &device), Some(&mut pass));
    let host = |flat: Tensor<1>| flat.try_into_vec_as::<f32>().unwrap();
    let initial = net.flat_parameters();
    assert!(host(net.constrained(initial.clone(), &pass)) == host(initial.clone()));
    let moved = net.constrained(initial * -30.0, &pass);
    let net = net.with_flat_parameters(&moved);
    assert!(host(net.constrained(moved.clone(), &pass)) == host(moved));
    for NetParameter { name, values, .. } in net.parameters().unwrap() {
        let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        match name.rsplit('.').next().unwrap() {
            "W1" | "W" | "W2" => assert!((norm - 0.8).abs() < 1e-5, "{name} {norm}"),
            "y1" | "y2" => assert_eq!(values, [0.01], "{name}"),
            "l" => assert_eq!(values, [0.0], "{name}"),
            _ => {}
        }
    }
}

/// The same 20 steps on wgpu and on the CPU, from the same weights, without dropout.
///
/// Any Vulkan driver serves; without a GPU, Mesa's llvmpipe (Debian: mesa-vulkan-drivers). Compiling
/// the kernels takes minutes there; `CUBECL_AUTOTUNE_LEVEL=minimal` keeps it to the least.
#[test]
fn wgpu_trains_as_the_cpu_does() {
    if !vulkan_driver_found() {
        assert!(
            std::env::var_os("CANDLEWICK_REQUIRE_WGPU").is_none(),
            "CANDLEWICK_REQUIRE_WGPU is set and no Vulkan driver was found"
        );
        eprintln!("SKIPPED wgpu_trains_as_the_cpu_does: no Vulkan driver was found");
        return;
    }
    let wgpu = Device::wgpu(DeviceKind::DefaultDevice);
    // Kernels are compiled for each layer's shapes, so one layer is tested here; several on the CPU.
    let one_layer = LstmConfig { hidden: 4, layers: 1, dropout: 0.0, ..LstmConfig::default() };
    let one_block =
        CnnConfig { channels: 4, layers: 1, kernel: 2, dropout: 0.0, pooling: Pooling::Last };
    let heads = HeadsConfig::default();
    for config in [NetConfig::Lstm(one_layer), NetConfig::Cnn(one_block)] {
        let expected = train(&config, &heads, &input(4, 4), &Device::flex(), 20, 16).0;
        assert!(expected[19] < expected[0], "{} does not learn", config.kind());
        let first = Instant::now();
        train(&config, &heads, &input(4, 4), &wgpu, 1, 16);
        let first = first.elapsed().as_secs_f64();
        let rest = Instant::now();
        let found = train(&config, &heads, &input(4, 4), &wgpu, 20, 16).0;
        let rest = rest.elapsed().as_secs_f64();
        for (step, (expected, found)) in expected.iter().zip(&found).enumerate() {
            let relative = (expected - found).abs() / expected.abs();
            assert!(relative < 1e-3, "{} step {step}: {expected} {found}", config.kind());
        }
        eprintln!(
            "{} after 20 steps: cpu {} wgpu {} (a first step {first:.0} s, then 20 {rest:.0} s)",
            config.kind(),
            expected[19],
            found[19]
        );
    }
}

/// Losses of `steps` steps of gradient descent on one batch, and the last parameters.
fn train(
    config: &NetConfig,
    heads: &HeadsConfig,
    inputs: &[InputShape],
    device: &Device,
    steps: u64,
    batch: usize,
) -> (Vec<f32>, Vec<f32>) {
    let device = device.clone().autodiff();
    let mut net = Net::init(config, heads, inputs, 3, &device);
    let x = tensors(&windows(inputs, batch, 1), inputs, &device);
    let targets = Targets {
        class: (0..batch).map(|row| (row % 3) as u8).collect(),
        forward_return: noise(batch, 2),
        log_volatility: noise(batch, 4),
        weight: vec![1.0; batch],
    };
    let targets = batch_targets(&targets, &device);
    let objective = objective(heads);
    let mut losses = Vec::new();
    for step in 0..steps {
        let mut pass = TrainingPass::new(9, step, &device);
        let outputs = net.forward(x.clone(), Some(&mut pass));
        let loss = multitask_loss(&outputs, &targets, &net, &objective);
        net.balance_tasks(&outputs, &targets, &objective, &mut pass);
        let gradients = loss.total.backward();
        losses.push(scalar(&loss.total));
        let (gradient, _) = clip_gradient(net.flat_gradients(&gradients), Some(1.0));
        let flat = net.flat_parameters() - gradient * 0.1;
        let mut flat = net.constrained(flat, &pass);
        if let Some(change) = net.flat_statistics(&pass) {
            flat = flat + change;
        }
        flat = net.constrained(flat, &pass);
        net = net.with_flat_parameters(&flat);
    }
    (losses, net.flat_parameters().try_into_vec_as::<f32>().unwrap())
}

pub fn batch_targets(targets: &Targets, device: &Device) -> BatchTargets {
    let rows: Vec<u32> = (0..targets.class.len() as u32).collect();
    BatchTargets::new(targets, &rows, device)
}

pub fn objective(heads: &HeadsConfig) -> Objective<'_> {
    Objective { heads, class_weights: [1.0; 3].into(), log_volatility_scale: 0.7 }
}

fn lstm(pooling: Pooling, dropout: f64) -> NetConfig {
    NetConfig::Lstm(LstmConfig { hidden: 5, layers: 2, dropout, pooling, bidirectional: false })
}

fn cnn(dropout: f64) -> NetConfig {
    NetConfig::Cnn(CnnConfig { channels: 6, layers: 2, kernel: 3, dropout, pooling: Pooling::Last })
}

fn gru(dropout: f64) -> NetConfig {
    NetConfig::Gru(GruConfig {
        hidden: 5,
        layers: 2,
        dropout,
        pooling: Pooling::Mean,
        bidirectional: true,
    })
}

fn tcn(dropout: f64) -> NetConfig {
    NetConfig::Tcn(TcnConfig { channels: 6, layers: 2, dropout, ..TcnConfig::default() })
}

fn cnn_lstm(dropout: f64) -> NetConfig {
    let max_pool = true;
    let size = CnnLstmConfig { channels: 6, hidden: 5, layers: 2, ..CnnLstmConfig::default() };
    NetConfig::CnnLstm(CnnLstmConfig { max_pool, dropout, ..size })
}

fn input(window: usize, features: usize) -> Vec<InputShape> {
    vec![InputShape { window, features }]
}

/// Random windows of these shapes.
pub fn windows(inputs: &[InputShape], batch: usize, seed: u64) -> Vec<Vec<f32>> {
    let count = |input: &InputShape| batch * input.window * input.features;
    inputs.iter().zip(seed..).map(|(input, seed)| noise(count(input), seed)).collect()
}

pub fn tensors(values: &[Vec<f32>], inputs: &[InputShape], device: &Device) -> Vec<Tensor<3>> {
    let tensor = |(values, input): (&Vec<f32>, &InputShape)| {
        let dims = [values.len() / (input.window * input.features), input.window, input.features];
        Tensor::from_data(TensorData::new(values.clone(), dims), &device.clone().inner())
    };
    values.iter().zip(inputs).map(tensor).collect()
}

pub fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut stream = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| (stream.next_u32() as f32 / u32::MAX as f32 - 0.5) * 4.0).collect()
}

fn scalar(loss: &Tensor<1>) -> f32 {
    loss.clone().without_autodiff().into_scalar::<f32>()
}

fn outputs(outputs: &HeadOutputs) -> Vec<f32> {
    outputs.direction.clone().unwrap().try_into_vec_as::<f32>().unwrap()
}

pub fn vulkan_driver_found() -> bool {
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]
        .iter()
        .filter_map(std::env::var_os)
        .any(|files| std::env::split_paths(&files).any(|file| file.is_file()));
    let holds_one = |folder: &str| {
        Path::new(folder).read_dir().is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "json"))
            })
        })
    };
    named || ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"].into_iter().any(holds_one)
}

/// One golden file.
pub struct Golden {
    pub name: String,
    bytes: Vec<u8>,
    pub net: NetConfig,
    pub heads: HeadsConfig,
    pub class_weights: ByClass<f32>,
    pub log_volatility_scale: f32,
    parameters: usize,
}

impl Golden {
    pub fn all() -> Vec<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let mut paths: Vec<PathBuf> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().filter_map(|path| Self::load(path)).collect()
    }

    /// `None` for a file that is no net's.
    pub fn load(path: &Path) -> Option<Self> {
        let name = path.file_stem()?.to_str()?.strip_prefix("nets_")?.to_owned();
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap();
        Some(Self {
            name,
            net: serde_json::from_str(&metadata["net"]).unwrap(),
            heads: serde_json::from_str(&metadata["heads"]).unwrap(),
            class_weights: ByClass::of(
                &serde_json::from_str::<Vec<f32>>(&metadata["class_weights"]).unwrap(),
            )
            .unwrap(),
            log_volatility_scale: metadata
                .get("log_volatility_scale")
                .map_or(1.0, |scale| scale.parse().unwrap()),
            parameters: metadata["parameters"].parse().unwrap(),
            bytes,
        })
    }

    /// The windows of every view: `x.0`, `x.1`, ….
    pub fn views(&self) -> Vec<(Vec<usize>, Vec<f32>)> {
        let count = self.names("x.").count();
        (0..count).map(|view| self.floats(&format!("x.{view}"))).collect()
    }

    pub fn inputs(&self) -> Vec<InputShape> {
        let shape =
            |(shape, _): (Vec<usize>, _)| InputShape { window: shape[1], features: shape[2] };
        self.views().into_iter().map(shape).collect()
    }

    pub fn labels(&self) -> LabelShape {
        let classes = Classes::try_from(self.class_weights.len() as u8).unwrap();
        LabelShape { classes, ..LabelShape::default() }
    }

    fn check(&self, device: &Device) {
        let device = device.clone().autodiff();
        let net = self.net_in(Precision::F32, &device);
        assert_eq!(net.parameter_count(), self.parameters, "{}", self.name);
        let (x, targets) = (self.x(&device), self.targets(&device));
        let objective = self.objective();
        self.compare_outputs("evaluated", &net.forward(x.clone(), None));
        let mut pass = TrainingPass::new(1, 1, &device);
        let outputs = net.forward(x, Some(&mut pass));
        self.compare_outputs("output", &outputs);
        let losses = multitask_loss(&outputs, &targets, &net, &objective);
        net.balance_tasks(&outputs, &targets, &objective, &mut pass);
        let TaskLosses { total, direction, return_, volatility } = losses;
        for (name, loss) in
            [("direction", direction), ("return", return_), ("volatility", volatility)]
        {
            self.compare(&format!("loss.{name}"), &[scalar(&loss.unwrap())], 1e-5, 0.0);
        }
        self.compare("loss.total", &[scalar(&total)], 1e-5, 0.0);
        let gradients = net.flat_gradients(&total.backward()).try_into_vec_as::<f32>().unwrap();
        let statistics = net.flat_statistics(&pass).map(|change| net.flat_parameters() + change);
        let statistics = statistics.map(|flat| flat.try_into_vec_as::<f32>().unwrap());
        let moved: Vec<String> = self.names("statistic.").collect();
        let largest = gradients.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let mut at = 0;
        for (name, shape) in net.parameter_shapes() {
            let range = at..at + shape.iter().product::<usize>();
            if moved.contains(&name) {
                let found = &statistics.as_ref().unwrap()[range.clone()];
                self.compare(&format!("statistic.{name}"), found, 1e-5, 0.0);
                assert!(gradients[range.clone()].iter().all(|&gradient| gradient == 0.0));
            } else {
                let found = &gradients[range.clone()];
                let name = format!("gradient.{name}");
                let own = self.floats(&name).1.iter().fold(0.0_f32, |own, x| own.max(x.abs()));
                // What stands in front of a batch normalisation hardly moves anything: its gradient
                // is what is left of much larger numbers that cancel, and their rounding with it.
                let cancels = own < 1e-3 * largest;
                let floor = if cancels { 1e-6 * largest.max(1.0) } else { 1e-8 };
                self.compare(&name, found, 1e-4, floor);
            }
            at = range.end;
        }
        assert_eq!(at, gradients.len());
    }

    /// The net with the file's weights.
    pub fn net_in(&self, precision: Precision, device: &Device) -> Net {
        let parameters = self.names("weight.").map(|name| {
            let (shape, values) = self.floats(&format!("weight.{name}"));
            NetParameter { name, shape, values }
        });
        let heads = (&self.heads, self.labels());
        Net::init_in(precision, &self.net, heads, &self.inputs(), 0, device)
            .with_parameters(parameters.collect())
            .unwrap()
    }

    /// The file's windows, one a view.
    pub fn x(&self, device: &Device) -> Vec<Tensor<3>> {
        let inner = device.clone().inner();
        let view = |(shape, x)| Tensor::<3>::from_data(TensorData::new(x, shape), &inner);
        self.views().into_iter().map(view).collect()
    }

    pub fn targets(&self, device: &Device) -> BatchTargets {
        let target = |name: &str| self.floats(&format!("target.{name}")).1;
        let targets = Targets {
            class: target("class").into_iter().map(|class| class as u8).collect(),
            forward_return: target("forward_return"),
            log_volatility: target("log_volatility"),
            weight: target("weight"),
        };
        batch_targets(&targets, device)
    }

    pub fn objective(&self) -> Objective<'_> {
        Objective {
            heads: &self.heads,
            class_weights: self.class_weights,
            log_volatility_scale: self.log_volatility_scale,
        }
    }

    fn compare_outputs(&self, prefix: &str, outputs: &HeadOutputs) {
        for (name, output) in [
            ("direction", &outputs.direction),
            ("return", &outputs.return_),
            ("volatility", &outputs.volatility),
        ] {
            let output = output.clone().unwrap().without_autodiff();
            let found = output.try_into_vec_as::<f32>().unwrap();
            self.compare(&format!("{prefix}.{name}"), &found, 0.0, 1e-5);
        }
    }

    /// Compares with a golden tensor: the error may be `relative` to its largest number.
    fn compare(&self, name: &str, found: &[f32], relative: f32, absolute: f32) {
        let (_, expected) = self.floats(name);
        assert_eq!(expected.len(), found.len(), "{} {name}", self.name);
        let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
            assert!(
                (expected - found).abs() <= relative * largest + absolute,
                "{} {name}[{index}]: PyTorch has {expected}, candlewick {found}",
                self.name
            );
        }
    }

    pub fn names(&self, prefix: &str) -> impl Iterator<Item = String> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let names: Vec<String> = tensors
            .names()
            .into_iter()
            .filter_map(|name| name.strip_prefix(prefix).map(str::to_owned))
            .collect();
        names.into_iter()
    }

    pub fn floats(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        stored(&self.bytes, name)
    }
}

/// Shape and values of a tensor in a file.
pub fn stored(file: &[u8], name: &str) -> (Vec<usize>, Vec<f32>) {
    let tensors = SafeTensors::deserialize(file).unwrap();
    let tensor = tensors.tensor(name).unwrap();
    let values = tensor
        .data()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    (tensor.shape().to_vec(), values)
}
