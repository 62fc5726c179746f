//! Damaged checkpoints are clear errors, and other programs read them.

use std::fs;
use std::path::Path;
use std::process::Command;

use candlewick::run_folder::sha256_hex;
use candlewick::training::{BEST, TensorFile, decode, encode, load};
use serde_json::Value;

use super::case::{Case, lstm, pointed, truncate};

/// Changes a file of a checkpoint and makes `state.json` agree with it.
fn rewrite(folder: &Path, change: impl FnOnce(&mut TensorFile)) {
    let path = folder.join("model.safetensors");
    let mut file = decode(&path, &fs::read(&path).unwrap()).unwrap();
    change(&mut file);
    let tensors: Vec<_> = file.tensors.into_values().collect();
    let bytes = encode(&file.metadata, &tensors);
    fs::write(&path, &bytes).unwrap();
    change_state(folder, |state| {
        state["sha256"]["model.safetensors"] = Value::from(sha256_hex(&bytes));
    });
}

fn change_state(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("state.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut state);
    state.as_object_mut().unwrap().shift_remove("digest");
    let digest = sha256_hex(state.to_string().as_bytes());
    state["digest"] = Value::from(digest);
    fs::write(&path, state.to_string()).unwrap();
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

/// A trained checkpoint of which each check damages a copy.
struct Trained {
    case: Case,
    folder: tempfile::TempDir,
}

impl Trained {
    fn new() -> Self {
        let mut case = Case::new(lstm());
        case.training.epochs = 1;
        let (folder, _) = case.run(&[]);
        Self { case, folder }
    }

    /// Checks that a copy loads, and that after `damage` to the step folder it does not: the error
    /// says `part` and the path.
    fn refuses(&self, name: &str, damage: impl FnOnce(&Path), part: &str) {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), copy.path());
        let best = copy.path().join(BEST);
        load(&best, &self.case.device).unwrap();
        damage(&pointed(copy.path(), BEST));
        match load(&best, &self.case.device) {
            Ok(_) => panic!("{name}: loaded"),
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains(part), "{name}: `{part}` is not in: {text}");
                assert!(text.contains(&*copy.path().to_string_lossy()), "{name}: no path: {text}");
            }
        }
    }

    /// The same with other metadata, digests in order.
    fn refuses_meta(&self, name: &str, change: impl FnOnce(&mut Value), part: &str) {
        let damage = |step: &Path| {
            rewrite(step, |file| {
                let text = file.metadata.get_mut("candlewick").unwrap();
                let mut meta: Value = serde_json::from_str(text).unwrap();
                change(&mut meta);
                *text = meta.to_string();
            });
        };
        self.refuses(name, damage, part);
    }
}

#[test]
fn damaged_files_are_refused() {
    let trained = Trained::new();
    let model = |step: &Path| step.join("model.safetensors");
    let state = |step: &Path| step.join("state.json");
    let damaged = "is damaged: its sha256";
    trained.refuses("model cut short", |step| truncate(&model(step), 9), damaged);
    trained.refuses("model emptied", |step| fs::write(model(step), b"").unwrap(), damaged);
    trained.refuses("a bit of the weights", |step| flip(&model(step), 4000), damaged);
    trained.refuses("a bit of the header", |step| flip(&model(step), 20), damaged);
    trained.refuses("no model", |step| fs::remove_file(model(step)).unwrap(), "could not read");
    trained.refuses("state cut short", |step| truncate(&state(step), 40), "is malformed");
    let gone = "there is no checkpoint";
    trained.refuses("no state", |step| fs::remove_file(state(step)).unwrap(), gone);
    trained.refuses("no folder", |step| fs::remove_dir_all(step).unwrap(), gone);
    let step_changed = |step: &Path| {
        let text = fs::read_to_string(state(step)).unwrap();
        fs::write(state(step), text.replace("\"step\": 9", "\"step\": 8")).unwrap();
    };
    trained.refuses("a number in the state", step_changed, "state.json is damaged: its sha256");
}

#[test]
fn damaged_pointers_are_refused() {
    let trained = Trained::new();
    let best = |step: &Path| step.with_file_name(BEST);
    let say = |text: &'static str| move |step: &Path| fs::write(best(step), text).unwrap();
    trained.refuses("a pointer elsewhere", say("../../etc/passwd"), "which names no step folder");
    trained.refuses("an empty pointer", say(""), "which names no step folder");
    trained.refuses("a folder that never was", say("step_000400\n"), "there is no checkpoint");
    let gone = |step: &Path| fs::remove_file(best(step)).unwrap();
    trained.refuses("no pointer", gone, "there is no checkpoint at");
}

#[test]
fn checkpoints_of_another_layout_are_refused() {
    let trained = Trained::new();
    let later = |step: &Path| change_state(step, |state| state["schema_version"] = 99.into());
    let text = "has checkpoint layout 99, this program reads 1; use the version";
    trained.refuses("a later state", later, text);
    let later = |meta: &mut Value| meta["schema_version"] = 2.into();
    trained.refuses_meta("a later meta", later, "has checkpoint layout 2");
    let without = |step: &Path| rewrite(step, |file| drop(file.metadata.remove("candlewick")));
    trained.refuses("no meta", without, "has no key `candlewick`");
}

#[test]
fn tensors_that_do_not_fit_the_net_are_refused() {
    let trained = Trained::new();
    let net = |key: &'static str, value: Value| move |meta: &mut Value| meta["net"][key] = value;
    trained.refuses_meta(
        "an unknown net",
        net("kind", "perceptron".into()),
        "unknown variant `perceptron`",
    );
    let huge = net("hidden", 1_000_000_000_u64.into());
    trained.refuses_meta("a net out of range", huge, "metadata `net`");
    let text = "has shape [32, 3], the net has [36, 3]";
    trained.refuses_meta("a larger net", net("hidden", 9.into()), text);
    let one = |meta: &mut Value| meta["feature_names"] = vec!["one"].into();
    trained.refuses_meta("other features", one, "its scaler is for 3 features, it names 1");

    let tensors = |change: fn(&mut TensorFile)| move |step: &Path| rewrite(step, change);
    trained.refuses(
        "a tensor of another shape",
        tensors(|file| file.tensors.get_mut("lstm.weight_hh_l0").unwrap().shape.reverse()),
        "tensor `lstm.weight_hh_l0` has shape [8, 32], the net has [32, 8]",
    );
    trained.refuses(
        "a tensor too few",
        tensors(|file| drop(file.tensors.remove("heads.direction.bias"))),
        "it lacks tensor `heads.direction.bias`",
    );
    trained.refuses(
        "a tensor too many",
        tensors(|file| {
            let mut tensor = file.tensors["heads.direction.bias"].clone();
            tensor.name = "heads.colour.bias".to_owned();
            file.tensors.insert(tensor.name.clone(), tensor);
        }),
        "the net has no tensor `heads.colour.bias`",
    );
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn thresholds_survive_to_the_bit() {
    let mut case = Case::new(lstm());
    case.training.epochs = 1;
    // A number that a JSON reader without exact rounding gets one bit wrong.
    case.meta.thresholds.upper = 0.009_689_603_031_192_701;
    let (folder, _) = case.run(&[]);
    let (_, meta) = load(&folder.path().join(BEST), &case.device).unwrap();
    assert_eq!(meta.thresholds.upper.to_bits(), case.meta.thresholds.upper.to_bits());
}

#[test]
fn python_reads_a_checkpoint() {
    const SCRIPT: &str = r#"
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], "np") as file:
    meta = file.metadata()
    tensors = {name: list(file.get_tensor(name).shape) for name in file.keys()}
    total = sum(float(abs(file.get_tensor(name)).sum()) for name in file.keys())
print(json.dumps({"schema": meta["schema_version"], "names": json.loads(meta["feature_names"]),
    "seed": json.loads(meta["candlewick"])["seed"], "tensors": tensors, "total": total}))
"#;
    let Some(python) = std::env::var_os("CANDLEWICK_PYTHON") else {
        eprintln!(
            "SKIPPED python_reads_a_checkpoint: CANDLEWICK_PYTHON is unset; set it to a Python \
             that has safetensors and numpy"
        );
        return;
    };
    let mut case = Case::new(lstm());
    case.training.epochs = 1;
    let (folder, _) = case.run(&[]);
    let model = pointed(folder.path(), BEST).join("model.safetensors");
    let output = Command::new(python).args(["-c", SCRIPT]).arg(&model).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["schema"], "1");
    assert_eq!(found["seed"], 11);
    assert_eq!(found["names"][2], "feature_2");
    assert_eq!(found["tensors"]["lstm.weight_ih_l0"], serde_json::json!([32, 3]));
    assert_eq!(found["tensors"]["heads.direction.weight"], serde_json::json!([3, 8]));
    let file = decode(&model, &fs::read(&model).unwrap()).unwrap();
    let total: f64 =
        file.tensors.values().flat_map(|t| &t.values).map(|v| f64::from(v.abs())).sum();
    assert!((found["total"].as_f64().unwrap() - total).abs() < 1e-3);
    assert_eq!(found["tensors"].as_object().unwrap().len(), file.tensors.len());
}
