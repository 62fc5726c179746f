//! Every option of training and every loss is in a training that is killed once and goes on bit for bit.

use std::fs;
use std::path::Path;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::killed::{CANDLE_FEATURES, CANDLES, config, killed_equals_whole};
use crate::support::Sandbox;

const LSTM: &str = "{ kind: lstm, hidden: 6, layers: 2, dropout: 0.2, pooling: attention }";
const CNN: &str = "{ kind: cnn, channels: 6, layers: 2, kernel: 3, dropout: 0.2 }";
/// It has batch normalisation.
const TSMIXER: &str = "{ kind: tsmixer, blocks: 2, feed_forward: 7, dropout: 0.2 }";

/// A training a line: its net, options and heads. An option that goes with others takes no line of its
/// own. `{earlier}` stands for the checkpoints of the first line.
const TRAININGS: [(&str, &str, &str); 5] = [
    (
        LSTM,
        "accumulate: 2, optimizer: { kind: adamw }, schedule: { kind: one_cycle }, ema: 0.9",
        "{ direction: { loss: focal, gamma: 1.5, class_weights: balanced },
           return: { loss: student_t }, volatility: { loss: qlike },
           task_weights: { kind: uncertainty } }",
    ),
    (
        CNN,
        "optimizer: { kind: muon }, schedule: { kind: cosine_restarts, t_0: 1, t_mult: 2 }, swa: 0.5,
         mixup: 0.4, input_noise: 0.1, precision: bf16",
        "{ direction: { ordinal: true, class_weights: effective }, return: { loss: quantiles },
           volatility: { loss: huber, delta: 0.8 }, task_weights: { kind: grad_norm } }",
    ),
    (
        TSMIXER,
        "optimizer: { kind: lion }, schedule: { kind: constant }, learning_rate: 0.0005,
         input_dropout: 0.1, feature_masking: 0.2, accumulate: 2, gradient_clip: null",
        "{ direction: { loss: cross_entropy, label_smoothing: 0.1, class_weights: none },
           return: { loss: gaussian }, volatility: { loss: squared },
           task_weights: { kind: fixed, direction: 1.0, return: 0.5, volatility: 2.0 } }",
    ),
    (
        LSTM,
        "schedule: { kind: cosine }, freeze: ['lstm.*_l0'], warm_start: '{earlier}', swa: 0.7,
         optimizer: { kind: muon }",
        "{ return: { loss: huber, delta: 0.7 }, volatility: { enabled: false } }",
    ),
    (
        CNN,
        "accumulate: 3, mixup: 0.2, input_noise: 0.05, input_dropout: 0.1, feature_masking: 0.1,
         ema: 0.95, freeze: ['heads.*.bias'], optimizer: { kind: lion }, learning_rate: 0.0005",
        "{ direction: { enabled: false }, task_weights: { kind: grad_norm } }",
    ),
];

/// Knobs that are sizes of what every training does.
const SIZES: [&str; 11] = [
    "batch_size",
    "betas",
    "checkpoint_every_steps",
    "early_stopping",
    "epochs",
    "epsilon",
    "learning_rate",
    "log_every_steps",
    "min_learning_rate_fraction",
    "warmup_steps",
    "weight_decay",
];

/// Knobs that make several trainings of one; `tests/members.rs` kills those at any of them.
const ENSEMBLE: [&str; 1] = ["seeds"];

/// Kinds of things a training can be told to use, by their names in the schema.
const CHOICES: [&str; 7] = [
    "OptimizerConfig",
    "ScheduleConfig",
    "TaskWeights",
    "ClassWeights",
    "DirectionLoss",
    "ReturnLoss",
    "VolatilityLoss",
];

#[test]
fn every_option_is_killed_and_goes_on_bit_for_bit() {
    let sandbox = Sandbox::new();
    sandbox.simulate(CANDLES);
    let mut random = ChaCha8Rng::seed_from_u64(43);
    let mut earlier: Option<String> = None;
    for (index, (net, options, heads)) in TRAININGS.into_iter().enumerate() {
        let kind = net.split([' ', ',']).nth(2).unwrap();
        let place = earlier.clone().unwrap_or_default();
        let config = config(net, CANDLE_FEATURES, "", heads);
        let config = with_options(&config, &options.replace("{earlier}", &place));
        let name = format!("options-{index}");
        let whole = killed_equals_whole(&sandbox, &name, kind, &config, &mut random);
        earlier.get_or_insert_with(|| {
            let folder = whole.join("checkpoints").join(kind).join("fold_0");
            folder.to_str().unwrap().to_owned()
        });
    }
}

/// The lines of `training` in `config`, but for those that `options` (inside of a flow mapping) say anew.
fn with_options(config: &str, options: &str) -> String {
    let (before, training) = config.split_once("training:\n").unwrap();
    let said = |line: &&str| {
        let (key, _) = line.trim().split_once(':').unwrap();
        !has_word(options, &format!("{key}:"))
    };
    let kept: Vec<&str> = training.lines().filter(said).map(str::trim).collect();
    format!("{before}training: {{ {}, {options} }}\n", kept.join(", "))
}

/// Whether a word stands in a text, and not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(inside) && !text[at + word.len()..].starts_with(inside)
    })
}

#[test]
fn no_option_is_left_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("model_configs/schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let knobs = schema["$defs"]["TrainingConfig"]["properties"].as_object().unwrap();
    let options = TRAININGS.map(|(_, options, _)| options).join("\n");
    let elsewhere = [&SIZES[..], &ENSEMBLE].concat();
    for knob in knobs.keys().filter(|knob| !elsewhere.contains(&knob.as_str())) {
        let said = has_word(&options, knob);
        assert!(said, "training.{knob} is in no line of TRAININGS");
    }
    let all = TRAININGS.map(|(_, options, heads)| format!("{options}\n{heads}")).join("\n");
    for choice in CHOICES {
        let names = names(&schema["$defs"][choice]);
        assert!(names.len() > 1, "the schema has no {choice}");
        for name in names {
            assert!(has_word(&all, &name), "{choice} {name} is in no line of TRAININGS");
        }
    }
}

/// What a closed list of the schema can be: strings, or objects told apart by their `kind`.
fn names(choice: &Value) -> Vec<String> {
    let listed = choice["enum"].as_array().into_iter().flatten();
    let tagged = choice["oneOf"].as_array().into_iter().flatten().flat_map(|one| {
        let own = one["enum"].as_array().into_iter().flatten();
        own.chain([&one["const"], &one["properties"]["kind"]["const"]])
    });
    listed.chain(tagged).filter_map(|name| Some(name.as_str()?.to_owned())).collect()
}
