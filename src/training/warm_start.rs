//! Weights to start from in place of random ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::checkpoint::{
    BEST, LAST, META_KEY, MODEL_FILE, STATE_FILE, read_for_forecasts, resolve,
};
use super::{
    CheckpointError, CheckpointMeta, Job, Layout, NamedTensor, Observer, TrainingConfig,
    TrainingError,
};
use crate::event::Event;
use crate::run_folder::sha256_hex;

/// Names that a line of the report lists.
const LISTED: usize = 8;

/// The file that a training starts from.
#[derive(Debug)]
pub struct WarmStart {
    /// The file itself.
    pub path: PathBuf,
    /// Hex sha256 of its bytes.
    pub sha256: String,
    tensors: BTreeMap<String, NamedTensor>,
    /// Tensors that hold no floats.
    other: Vec<String>,
    /// What a checkpoint of ours says about itself.
    meta: Option<CheckpointMeta>,
}

impl WarmStart {
    /// The file that the config names for a fold, if it names one.
    ///
    /// # Errors
    /// When it is missing, damaged or no safetensors file.
    pub fn of(config: &TrainingConfig, fold: &str) -> Result<Option<Self>, CheckpointError> {
        config.warm_start.as_deref().map(|named| Self::read(named, fold)).transpose()
    }

    fn read(named: &Path, fold: &str) -> Result<Self, CheckpointError> {
        let path = model_file(named, fold)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if path.ends_with(MODEL_FILE) && folder.join(STATE_FILE).is_file() {
            // A checkpoint of ours: its digests are checked.
            read_for_forecasts(folder)?;
        }
        let bytes = std::fs::read(&path).map_err(|e| CheckpointError::io("read", &path, e))?;
        let malformed = |fault: String| CheckpointError::Malformed { path: path.clone(), fault };
        let (_, header) =
            SafeTensors::read_metadata(&bytes).map_err(|error| malformed(error.to_string()))?;
        let file =
            SafeTensors::deserialize(&bytes).map_err(|error| malformed(error.to_string()))?;
        let mut tensors = BTreeMap::new();
        let mut other = Vec::new();
        for (name, view) in file.tensors() {
            match floats(&view) {
                Some(values) => {
                    let shape = view.shape().to_vec();
                    tensors.insert(name.clone(), NamedTensor { name, shape, values });
                }
                None => other.push(name),
            }
        }
        other.sort_unstable();
        // Files of other programs have no meta, and one of another version is of no use here.
        let meta = header.metadata().as_ref().and_then(|metadata| metadata.get(META_KEY));
        let meta = meta.and_then(|text| serde_json::from_str(text).ok());
        Ok(Self { sha256: sha256_hex(&bytes), path, tensors, other, meta })
    }

    /// Puts the tensors that match in name and shape into the flat vector, and says which did.
    ///
    /// # Errors
    /// When not one tensor matches.
    pub fn take(
        &self,
        job: &Job<'_>,
        layout: &Layout,
        flat: &mut [f32],
        observer: &mut dyn Observer,
    ) -> Result<(), TrainingError> {
        let mut report = Report::default();
        for place in &layout.parameters {
            match self.tensors.get(&place.name) {
                Some(tensor) if tensor.shape == place.shape => {
                    flat[place.range()].copy_from_slice(&tensor.values);
                    report.taken.push(place.name.clone());
                }
                Some(tensor) => report
                    .reshaped
                    .push(format!("{} {:?} for {:?}", place.name, tensor.shape, place.shape)),
                None => report.missing.push(place.name.clone()),
            }
        }
        let known = |name: &String| layout.parameters.iter().any(|place| place.name == *name);
        report.unused.extend(self.tensors.keys().filter(|name| !known(name)).cloned());
        report.unused.extend(self.other.iter().cloned());
        let text = report.text();
        if report.taken.is_empty() {
            return Err(TrainingError::Config(format!(
                "training.warm_start {} has no tensor of this net: {text}",
                self.path.display()
            )));
        }
        let text = format!("{} starts from {}: {text}", job.label, self.path.display());
        observer.note(&text);
        observer.event(Event::Tag {
            key: format!("candlewick.warm_start.{}", job.label),
            value: format!("{text}; sha256 {}", self.sha256),
        });
        for warning in self.warnings(job) {
            tracing::warn!("{warning}");
        }
        Ok(())
    }

    /// What is likely not meant.
    fn warnings(&self, job: &Job<'_>) -> Vec<String> {
        let Some(meta) = &self.meta else { return Vec::new() };
        let mut warnings = Vec::new();
        let (label, path) = (job.label, self.path.display());
        let seen = meta.fold.train.end.max(meta.fold.valid.end);
        let test = job.meta.fold.test;
        if test.start < test.end && seen > test.start {
            warnings.push(format!(
                "the weights that {label} starts from have seen candles of its test period, so its \
                 test scores are too good ({path})"
            ));
        }
        if meta.classes != job.meta.classes {
            warnings.push(format!(
                "the weights that {label} starts from told the classes {} apart, these are {}: what \
                 tells them apart is learned anew ({path})",
                meta.classes.join(", "),
                job.meta.classes.join(", ")
            ));
        }
        if meta.feature_names != job.meta.feature_names {
            warnings.push(format!(
                "the weights that {label} starts from were trained on other features or another \
                 order of them ({path})"
            ));
        }
        warnings
    }
}

/// What became of the tensors.
#[derive(Debug, Default)]
struct Report {
    taken: Vec<String>,
    reshaped: Vec<String>,
    missing: Vec<String>,
    unused: Vec<String>,
}

impl Report {
    fn text(&self) -> String {
        let mut parts = vec![format!("{} tensors taken", self.taken.len())];
        for (what, names) in [
            ("of another shape", &self.reshaped),
            ("missing in the file", &self.missing),
            ("of the file unused", &self.unused),
        ] {
            if !names.is_empty() {
                parts.push(format!("{} {what} ({})", names.len(), listed(names)));
            }
        }
        parts.join(", ")
    }
}

fn listed(names: &[String]) -> String {
    let mut text = names[..names.len().min(LISTED)].join(", ");
    if names.len() > LISTED {
        text += &format!(" and {} more", names.len() - LISTED);
    }
    text
}

/// The tensor file that a path means for a fold.
fn model_file(named: &Path, fold: &str) -> Result<PathBuf, CheckpointError> {
    let own = named.join(fold);
    if own.is_dir() {
        return Ok(resolve(&own.join(BEST))?.join(MODEL_FILE));
    }
    let pointer = |name: &str| named.file_name().is_some_and(|last| last == name);
    if named.is_dir() {
        let model = named.join(MODEL_FILE);
        if model.is_file() { Ok(model) } else { Ok(resolve(&named.join(BEST))?.join(MODEL_FILE)) }
    } else if pointer(BEST) || pointer(LAST) {
        Ok(resolve(named)?.join(MODEL_FILE))
    } else {
        Ok(named.to_owned())
    }
}

/// A tensor's values as 32-bit floats; `None` for another type.
fn floats(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes = view.data();
    match view.dtype() {
        Dtype::F32 => Some(bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()),
        Dtype::F64 => {
            Some(bytes.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b) as f32).collect())
        }
        Dtype::F16 => {
            Some(bytes.as_chunks().0.iter().map(|&b| f16::from_le_bytes(b).to_f32()).collect())
        }
        Dtype::BF16 => {
            Some(bytes.as_chunks().0.iter().map(|&b| bf16::from_le_bytes(b).to_f32()).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_float_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state_dict.safetensors");
        let data: [(&str, Dtype, Vec<u8>); 5] = [
            ("a", Dtype::F32, 1.5_f32.to_le_bytes().to_vec()),
            ("b", Dtype::F64, (-2.25_f64).to_le_bytes().to_vec()),
            ("c", Dtype::F16, f16::from_f32(0.5).to_le_bytes().to_vec()),
            ("d", Dtype::BF16, bf16::from_f32(3.0).to_le_bytes().to_vec()),
            ("num_batches_tracked", Dtype::I64, 7_i64.to_le_bytes().to_vec()),
        ];
        let views = data
            .iter()
            .map(|(name, dtype, bytes)| (*name, TensorView::new(*dtype, vec![1], bytes).unwrap()));
        std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
        let file = WarmStart::read(&path, "fold_0").unwrap();
        let values: Vec<f32> = file.tensors.values().map(|tensor| tensor.values[0]).collect();
        assert_eq!(values, [1.5, -2.25, 0.5, 3.0]);
        assert_eq!(file.other, ["num_batches_tracked"]);
        std::fs::write(&path, b"no tensors").unwrap();
        assert!(WarmStart::read(&path, "fold_0").unwrap_err().to_string().contains("malformed"));
        let gone = WarmStart::read(&folder.path().join("gone"), "fold_0").unwrap_err().to_string();
        assert!(gone.contains("could not read"), "{gone}");
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..10).map(|i| format!("n{i}")).collect();
        assert_eq!(listed(&names), "n0, n1, n2, n3, n4, n5, n6, n7 and 2 more");
        assert_eq!(listed(&names[..2]), "n0, n1");
    }
}
