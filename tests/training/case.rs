//! A small market to train on, and an observer that stops training.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use candlewick::event::Event;
use candlewick::features::{CandleOrigin, FeatureConfig};
use candlewick::forecast::{ByClass, Classes};
use candlewick::labels::{DirectionThresholds, LabelConfig};
use candlewick::market::{Instrument, Interval, Market, Span};
use candlewick::nets::{CnnConfig, HeadsConfig, LstmConfig, NetConfig, Pooling, TaskWeights};
use candlewick::run_folder::{DataDigest, sha256_file, sha256_hex};
use candlewick::training::{
    CHECKPOINT_VERSION, CheckpointMeta, Fitted, FoldSpans, Job, Observer, Outcome, Progress,
    Silent, TrainingConfig, fit,
};
use candlewick::windows::{Scaler, ScalerKind, Table, TargetScale, Targets, View};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

pub const ROWS: usize = 420;
pub const FEATURES: usize = 3;
pub const WINDOW: usize = 6;

/// A small market in which the mean of feature 0 over the window decides direction and return, and
/// feature 1 the volatility.
pub struct Case {
    pub net: NetConfig,
    pub heads: HeadsConfig,
    pub training: TrainingConfig,
    pub meta: CheckpointMeta,
    pub table: Table,
    pub targets: Targets,
    pub train: Vec<u32>,
    pub valid: Vec<u32>,
    pub device: Device,
}

pub fn lstm() -> NetConfig {
    NetConfig::Lstm(LstmConfig {
        hidden: 8,
        layers: 2,
        dropout: 0.2,
        pooling: Pooling::Attention,
        bidirectional: false,
    })
}

pub fn cnn() -> NetConfig {
    NetConfig::Cnn(CnnConfig {
        channels: 8,
        layers: 2,
        kernel: 3,
        dropout: 0.2,
        pooling: Pooling::Last,
    })
}

pub fn noise(stream: &mut ChaCha8Rng) -> f32 {
    (stream.next_u32() >> 8) as f32 / (1_u32 << 23) as f32 - 1.0
}

impl Case {
    pub fn new(net: NetConfig) -> Self {
        let device = Device::flex();
        let mut stream = ChaCha8Rng::seed_from_u64(5);
        let values: Vec<f32> = (0..ROWS * FEATURES).map(|_| noise(&mut stream)).collect();
        let mut targets = Targets {
            class: vec![1; ROWS],
            forward_return: vec![0.0; ROWS],
            log_volatility: vec![0.0; ROWS],
            weight: vec![1.0; ROWS],
        };
        for row in WINDOW - 1..ROWS {
            let steps = row + 1 - WINDOW..=row;
            let signal: f32 = steps.map(|step| values[step * FEATURES]).sum::<f32>() / 1.2;
            targets.forward_return[row] = signal;
            targets.class[row] = u8::from(signal > -0.4) + u8::from(signal > 0.4);
            targets.log_volatility[row] = 1.5 * values[row * FEATURES + 1];
        }
        let heads =
            HeadsConfig { task_weights: TaskWeights::Uncertainty, ..HeadsConfig::default() };
        let training = TrainingConfig {
            batch_size: 32,
            epochs: 4,
            learning_rate: 0.01,
            warmup_steps: 4,
            checkpoint_every_steps: 3,
            log_every_steps: 4,
            ..TrainingConfig::default()
        };
        let names: Vec<String> = (0..FEATURES).map(|i| format!("feature_{i}")).collect();
        let meta = CheckpointMeta {
            schema_version: CHECKPOINT_VERSION,
            model: net.kind().to_owned(),
            net: net.clone(),
            heads: heads.clone(),
            window: WINDOW,
            interval: Interval::HOUR,
            candles: CandleOrigin::default(),
            context: vec![Interval::DAY],
            instruments: vec![Instrument::new("simulated", Market::Spot, "TEST").unwrap()],
            features: FeatureConfig::default(),
            feature_names: names,
            scaler: Scaler {
                kind: ScalerKind::Standard,
                center: vec![0.1; FEATURES],
                scale: vec![1.5; FEATURES],
                clip: Some(8.0),
            },
            labels: LabelConfig::default(),
            classes: class_names(Classes::Three),
            thresholds: thresholds(),
            target_scale: TargetScale {
                return_scale: 0.02,
                log_volatility_mean: -4.0,
                log_volatility_scale: 0.5,
            },
            fold: FoldSpans {
                name: "fold_0".to_owned(),
                train: Span { start: 0, end: 100 },
                valid: Span { start: 110, end: 150 },
                test: Span { start: 160, end: 200 },
            },
            data: vec![DataDigest {
                name: "simulated/spot/TEST 1h".to_owned(),
                digest: sha256_hex(b"rows"),
                rows: ROWS as u64,
                first: 0,
                last: 1,
            }],
            seed: 11,
            cross_symbol: None,
            pretraining: None,
        };
        let table = TensorData::new(values, [ROWS, FEATURES]);
        Self {
            net,
            heads,
            training,
            meta,
            table: Table {
                values: Tensor::from_data(table, &device),
                views: vec![View::whole(WINDOW, FEATURES)],
                symbols: None,
            },
            targets,
            train: (WINDOW as u32 - 1..300).collect(),
            valid: (310..ROWS as u32).collect(),
            device,
        }
    }

    /// The same market, its returns cut into so many classes.
    pub fn with_classes(mut self, classes: Classes) -> Self {
        let cuts: &[f32] = match classes {
            Classes::Two => &[0.0],
            Classes::Three => &[-0.4, 0.4],
            Classes::Five => &[-0.9, -0.4, 0.4, 0.9],
        };
        let class = |signal: f32| cuts.iter().filter(|&&cut| signal > cut).count() as u8;
        self.targets.class =
            self.targets.forward_return.iter().map(|&signal| class(signal)).collect();
        self.meta.labels.classes = classes;
        self.meta.classes = class_names(classes);
        self.meta.thresholds.between = classes;
        self
    }

    pub fn job<'a>(&'a self, folder: &'a Path) -> Job<'a> {
        Job {
            net: &self.net,
            heads: &self.heads,
            training: &self.training,
            seed: 11,
            device: &self.device,
            table: &self.table,
            targets: &self.targets,
            class_weights: ByClass::from_fn(self.meta.labels.classes, |_| 1.0),
            train: &self.train,
            valid: &self.valid,
            meta: &self.meta,
            folder,
            label: "fold_0",
        }
    }

    /// Trains to the end with a stop after each of `stops`, and returns the folder.
    pub fn run(&self, stops: &[u64]) -> (tempfile::TempDir, Outcome) {
        let folder = tempfile::tempdir().unwrap();
        for &stop in stops {
            let mut observer = Recorder { stop_at: Some(stop), ..Recorder::default() };
            let fitted = fit(&self.job(folder.path()), &mut observer).unwrap();
            assert_eq!(fitted, Fitted::Stopped { step: stop });
        }
        match fit(&self.job(folder.path()), &mut Silent).unwrap() {
            Fitted::Finished(outcome) => (folder, outcome),
            Fitted::Stopped { step } => panic!("stopped at {step} without being asked"),
        }
    }
}

fn class_names(classes: Classes) -> Vec<String> {
    classes.names().iter().map(|&name| name.to_owned()).collect()
}

pub fn thresholds() -> DirectionThresholds {
    DirectionThresholds::symmetric(0.008)
}

#[derive(Default)]
pub struct Recorder {
    pub events: Vec<Event>,
    pub step: u64,
    pub stop_at: Option<u64>,
}

impl Observer for Recorder {
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    fn progress(&mut self, progress: &Progress<'_>) {
        self.step = progress.step;
    }

    fn stop_requested(&self) -> bool {
        self.stop_at.is_some_and(|stop| self.step >= stop)
    }
}

impl Recorder {
    /// Values of a metric with their steps.
    pub fn metric(&self, key: &str) -> Vec<(i64, f64)> {
        let value = |event: &Event| match event {
            Event::Metric { key: found, value, step } if found == key => Some((*step, *value)),
            _ => None,
        };
        self.events.iter().filter_map(value).collect()
    }
}

pub fn pointed(folder: &Path, pointer: &str) -> PathBuf {
    folder.join(fs::read_to_string(folder.join(pointer)).unwrap().trim())
}

pub fn model_digest(folder: &Path, pointer: &str) -> String {
    sha256_file(&pointed(folder, pointer).join("model.safetensors")).unwrap()
}

/// Cuts the last `by` bytes off a file.
pub fn truncate(path: &Path, by: usize) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() - by]).unwrap();
}
