//! Attention across symbols: PyTorch's numbers, nothing of the future, nothing of who is not there.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use candlewick::features::FeatureTable;
use candlewick::kernels::Precision;
use candlewick::market::{Instrument, Interval, Market};
use candlewick::nets::{
    CrossSymbolConfig, HeadOutputs, HeadsConfig, InputShape, Net, NetConfig, NetParameter,
    TrainingPass,
};
use candlewick::run_folder::read_forecasts;
use candlewick::windows::{Pool, Scaler, ScalerKind, Table, View, eligible, gather};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::SafeTensors;

use crate::support::{Sandbox, sha256};

const WINDOW: usize = 4;
const FEATURES: usize = 2;

struct Golden(Vec<u8>);

impl Golden {
    fn load(net: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        Self(std::fs::read(folder.join(format!("cross_symbol_{net}.safetensors"))).unwrap())
    }

    fn floats(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let tensors = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = tensors.tensor(name).unwrap();
        let values = tensor.data().as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
        (tensor.shape().to_vec(), values)
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        let tensors = SafeTensors::deserialize(&self.0).unwrap();
        let mut names: Vec<String> = tensors
            .names()
            .into_iter()
            .filter_map(|name| name.strip_prefix(prefix).map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    /// Largest difference over the largest number.
    fn error(&self, name: &str, found: &[f32]) -> f32 {
        let expected = self.floats(name).1;
        assert_eq!(expected.len(), found.len(), "{name}");
        let largest = expected.iter().fold(1e-3_f32, |largest, x| largest.max(x.abs()));
        let error = expected.iter().zip(found).fold(0.0_f32, |e, (a, b)| e.max((a - b).abs()));
        error / largest
    }
}

/// `tests/reference/cross_symbol_golden.py` writes the golden files.
#[test]
fn attention_across_symbols_equals_pytorch() {
    for kind in ["lstm", "fusion"] {
        let golden = Golden::load(kind);
        let (_, header) = SafeTensors::read_metadata(&golden.0).unwrap();
        let metadata = header.metadata().clone().unwrap();
        let config: NetConfig = serde_json::from_str(&metadata["net"]).unwrap();
        let cross: CrossSymbolConfig = serde_json::from_str(&metadata["cross_symbol"]).unwrap();
        let device = Device::flex();
        let tensor = |name: &str| {
            let (shape, values) = golden.floats(name);
            Tensor::<3>::from_data(TensorData::new(values, shape), &device)
        };
        let mut x: Vec<Tensor<3>> =
            golden.names("x.").iter().map(|view| tensor(&format!("x.{view}"))).collect();
        let inputs: Vec<InputShape> =
            x.iter().map(|x| InputShape { window: x.dims()[1], features: x.dims()[2] }).collect();
        x.push(tensor("present"));
        let heads: HeadsConfig = serde_json::from_str(r#"{"return": {"loss": "huber"}}"#).unwrap();
        let parameters = golden.names("weight.").into_iter().map(|name| {
            let (shape, values) = golden.floats(&format!("weight.{name}"));
            NetParameter { name, shape, values }
        });
        let autodiff = device.clone().autodiff();
        let net = Net::init(&config, &heads, &inputs, 0, &autodiff)
            .with_cross_symbol(Precision::F32, &cross, (&config, &inputs), 0, &autodiff)
            .with_parameters(parameters.collect())
            .unwrap();
        assert_eq!(net.parameter_count().to_string(), metadata["parameters"], "{kind}");
        let outputs = net.forward(x, None);
        let mut loss = Tensor::<1>::zeros([1], &autodiff);
        for (name, output) in [
            ("direction", outputs.direction),
            ("return", outputs.return_),
            ("volatility", outputs.volatility),
        ] {
            let output = output.unwrap();
            let found = output.clone().without_autodiff().try_into_vec_as::<f32>().unwrap();
            assert!(golden.error(&format!("output.{name}"), &found) < 1e-5, "{kind} {name}");
            loss = loss + (output.clone() * output.clone()).mean() + output.mean();
        }
        let gradients = net.flat_gradients(&loss.backward()).try_into_vec_as::<f32>().unwrap();
        let mut at = 0;
        for (name, shape) in net.parameter_shapes() {
            let end = at + shape.iter().product::<usize>();
            let error = golden.error(&format!("gradient.{name}"), &gradients[at..end]);
            assert!(error < 1e-4, "{kind} {name}: {error}");
            at = end;
        }
    }
}

fn instrument(symbol: usize) -> Instrument {
    Instrument::new("test", Market::Spot, &format!("S{symbol}")).unwrap()
}

/// Symbols with candles at these hours, and values that depend on symbol and hour alone.
fn pool(hours: &[Vec<i64>]) -> Pool {
    let interval = Interval::HOUR;
    let tables = hours.iter().enumerate().map(|(symbol, hours)| {
        let mut run_start = Vec::new();
        for (at, hour) in hours.iter().enumerate() {
            let follows = at > 0 && hours[at - 1] + 1 == *hour;
            run_start.push(if follows { run_start[at - 1] } else { at as u32 });
        }
        let value = |hour: i64, feature: usize| {
            ((hour * 7 + symbol as i64 * 13) as f32 + 0.37 * feature as f32).sin()
        };
        let table = FeatureTable {
            interval,
            names: (0..FEATURES).map(|feature| format!("feature_{feature}")).collect(),
            open_time: hours.iter().map(|hour| hour * interval.ms()).collect(),
            values: hours
                .iter()
                .flat_map(|&hour| (0..FEATURES).map(move |feature| value(hour, feature)))
                .collect(),
            run_start,
        };
        (instrument(symbol), table)
    });
    Pool::new(tables.collect()).unwrap()
}

fn table(pool: &Pool) -> Table {
    let scaler = Scaler {
        kind: ScalerKind::None,
        center: vec![0.0; FEATURES],
        scale: vec![1.0; FEATURES],
        clip: None,
    };
    let views = vec![View::whole(WINDOW, FEATURES)];
    Table::new(pool, &scaler, views, &Device::flex()).unwrap().with_symbols(pool, &[])
}

fn net() -> Net {
    let config = NetConfig::of_kind("gru").unwrap();
    let inputs = [InputShape { window: WINDOW, features: FEATURES }];
    let device = Device::flex();
    let heads = HeadsConfig::default();
    let cross = CrossSymbolConfig::default();
    cross.check(&config, &inputs).unwrap();
    Net::init(&config, &heads, &inputs, 3, &device).with_cross_symbol(
        Precision::F32,
        &cross,
        (&config, &inputs),
        3,
        &device,
    )
}

fn direction(outputs: HeadOutputs) -> Vec<f32> {
    outputs.direction.unwrap().try_into_vec_as::<f32>().unwrap()
}

/// What the net says at each symbol and hour at which it can say anything.
fn said(net: &Net, hours: &[Vec<i64>]) -> Vec<((u16, i64), Vec<f32>)> {
    let pool = pool(hours);
    let table = table(&pool);
    let rows = eligible(&pool, WINDOW, None, &[]).rows;
    rows.into_iter()
        .map(|row| {
            let key = (pool.instrument[row as usize], pool.open_time[row as usize]);
            (key, direction(net.forward(gather(&table, &[row]), None)))
        })
        .collect()
}

/// Hours of three symbols, some of them missing.
fn hours() -> impl Strategy<Value = Vec<Vec<i64>>> {
    let one = prop::collection::vec(prop::bool::weighted(0.9), 24).prop_map(|there| {
        let hours = there.iter().enumerate().filter(|(_, there)| **there);
        hours.map(|(hour, _)| hour as i64).collect::<Vec<i64>>()
    });
    prop::collection::vec(one, 3)
        .prop_filter("a symbol without a candle", |all| all.iter().all(|hours| !hours.is_empty()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever comes after an hour, of any symbol, changes nothing that is said up to it.
    #[test]
    fn prop_truncating_any_symbols_future_changes_nothing(
        hours in hours(),
        cut in 8_i64..20,
        symbol in 0_usize..3,
    ) {
        let net = net();
        let whole = said(&net, &hours);
        let mut cut_off = hours.clone();
        cut_off[symbol].retain(|&hour| hour < cut);
        prop_assume!(!cut_off[symbol].is_empty());
        let after = said(&net, &cut_off);
        let until = cut * Interval::HOUR.ms();
        let early = |all: &[((u16, i64), Vec<f32>)]| {
            all.iter().filter(|((_, open), _)| *open < until).cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(early(&whole), early(&after));
    }

    /// A symbol is there exactly when it has a whole window that ends at the very same hour.
    #[test]
    fn prop_symbols_stand_together_at_one_time(hours in hours()) {
        let pool = pool(&hours);
        let symbols = table(&pool).symbols.unwrap();
        for row in eligible(&pool, WINDOW, None, &[]).rows {
            let hour = pool.open_time[row as usize] / Interval::HOUR.ms();
            let own = usize::from(pool.instrument[row as usize]);
            let beside = symbols.beside(row);
            prop_assert_eq!(beside[0], Some(row));
            let others = (0..3).filter(|&other| other != own);
            for (other, found) in others.zip(&beside[1..]) {
                let whole = (0..WINDOW as i64).all(|back| hours[other].contains(&(hour - back)));
                prop_assert_eq!(found.is_some(), whole);
                if let Some(found) = *found {
                    prop_assert_eq!(usize::from(pool.instrument[found as usize]), other);
                    prop_assert_eq!(pool.open_time[found as usize], pool.open_time[row as usize]);
                }
            }
        }
    }
}

#[test]
fn who_is_not_there_changes_nothing_and_who_is_does() {
    let (net, device) = (net(), Device::flex());
    let (batch, symbols) = (6, 3);
    let mut stream = ChaCha8Rng::seed_from_u64(9);
    let count = batch * symbols * WINDOW * FEATURES;
    let mut values: Vec<f32> =
        (0..count).map(|_| stream.next_u32() as f32 / u32::MAX as f32 - 0.5).collect();
    let present: Vec<f32> =
        (0..batch * symbols).map(|at| f32::from(u8::from(at % 3 == 0 || at % 2 == 0))).collect();
    let say = |values: &[f32], present: &[f32]| {
        let x = TensorData::new(values.to_vec(), [batch * symbols, WINDOW, FEATURES]);
        let there = TensorData::new(present.to_vec(), [batch, symbols, 1]);
        let x = vec![Tensor::from_data(x, &device), Tensor::from_data(there, &device)];
        direction(net.forward(x, None))
    };
    let before = say(&values, &present);
    for (at, there) in present.iter().enumerate() {
        if *there == 0.0 {
            let window = WINDOW * FEATURES;
            values[at * window..(at + 1) * window].fill(-3.0);
        }
    }
    assert_eq!(say(&values, &present), before);
    assert_ne!(say(&values, &vec![1.0; batch * symbols]), before);
    // The order of the others is no matter of theirs.
    let mut swapped = values.clone();
    let (window, mut there) = (WINDOW * FEATURES, present.clone());
    for sample in 0..batch {
        let second = (sample * symbols + 1) * window;
        for at in second..second + window {
            swapped.swap(at, at + window);
        }
        there.swap(sample * symbols + 1, sample * symbols + 2);
    }
    for (found, expected) in say(&swapped, &there).iter().zip(&before) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    // Dropout is of training alone.
    let mut pass = TrainingPass::new(1, 1, &device);
    let x = TensorData::new(values, [batch * symbols, WINDOW, FEATURES]);
    let present = TensorData::new(present, [batch, symbols, 1]);
    let x = vec![Tensor::from_data(x, &device), Tensor::from_data(present, &device)];
    assert_ne!(direction(net.forward(x, Some(&mut pass))), before);
}

const CONFIG: &str = "
name: cross
data:
  venue: simulated
  symbols: [SIMA, SIMB]
  interval: 15m
features:
  include: [log_return_1, taker_imbalance_1, relative_volume_24]
labels:
  horizon: 1
  direction: { rule: fixed, threshold: 0.001 }
folds:
  scheme: walk_forward
  min_train: 20d
  valid: 8d
  test: 15d
  max_folds: 1
window: 6
net: { kind: cnn, channels: 8, layers: 2, kernel: 3, dropout: 0.1 }
cross_symbol: { heads: 2 }
training:
  batch_size: 64
  epochs: 2
  warmup_steps: 10
  input_noise: 0.05
  feature_masking: 0.1
scores: { resamples: 100 }
";

/// A run with attention is replayed bit for bit, also for one symbol alone, and a config that names one
/// symbol is refused.
#[test]
fn forecasts_of_a_run_are_replayed_bit_for_bit() {
    let sandbox = Sandbox::new();
    for (seed, symbol, candles) in [("1", "SIMA", "5000"), ("2", "SIMB", "4000")] {
        sandbox.done(&[
            "ingest",
            "simulate",
            "--store",
            "store",
            "--candles",
            candles,
            "--seed",
            seed,
            "--symbol",
            symbol,
        ]);
    }
    sandbox.write("cross.yaml", CONFIG);
    let train = ["train", "--config", "cross.yaml", "--device", "cpu", "--run-dir"];
    sandbox.done(&[&train[..], &["run"]].concat());
    let run = sandbox.path("run");
    sandbox.done(&["predict", "run", "--folds", "--device", "cpu"]);
    let digest = sha256(&run.join("forecasts.parquet"));
    assert_eq!(sha256(&run.join("fold_predictions.parquet")), digest);
    sandbox.done(&[&train[..], &["alone", "--set", "cross_symbol="]].concat());
    assert_ne!(sha256(&sandbox.path("alone").join("forecasts.parquet")), digest);

    sandbox.done(&["predict", "run", "--device", "cpu", "--out", "all.parquet"]);
    let one = ["predict", "run", "--device", "cpu", "--symbol", "SIMA", "--out", "one.parquet"];
    sandbox.done(&one);
    let rows = |file: &str| read_forecasts(&sandbox.path(file)).unwrap().rows;
    let mut all = rows("all.parquet");
    all.retain(|row| row.instrument.ends_with("/SIMA"));
    let one = rows("one.parquet");
    assert_eq!(one.len(), all.len());
    for (one, all) in one.iter().zip(&all) {
        assert_eq!(
            (one.decision_time, one.class_probability),
            (all.decision_time, all.class_probability)
        );
    }

    let refused = sandbox.run(&[&train[..], &["no", "--set", "data.symbols=[SIMA]"]].concat());
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("no other symbol to attend to"), "{}", refused.err);
}
