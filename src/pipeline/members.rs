//! The nets that one fold trains: one, or the members of an ensemble from several seeds.

use std::path::{Path, PathBuf};

use crate::config::RunConfig;
use crate::run_folder::member_name;
use crate::training::TrainingConfig;

/// One net of a fold, trained as a run of its own with its seed would train it.
#[derive(Debug)]
pub struct Member {
    /// The run's config with the member's seed and no ensemble.
    pub config: RunConfig,
    /// Where its checkpoints go: `<fold>`, or `<fold>/seed_<seed>` in an ensemble.
    pub folder: PathBuf,
    /// The fold's name, or `<fold>.seed_<seed>` in an ensemble.
    pub label: String,
}

/// The nets of a fold whose checkpoints go to `folder`, in the order of their seeds.
pub fn members(config: &RunConfig, fold: &str, folder: &Path) -> Vec<Member> {
    let member = |seed| {
        let training = TrainingConfig { seeds: 1, ..config.training.clone() };
        let (mut folder, mut label) = (folder.to_owned(), fold.to_owned());
        if config.training.seeds > 1 {
            let name = member_name(seed);
            folder.push(&name);
            label = format!("{label}.{name}");
        }
        Member { config: RunConfig { seed, training, ..config.clone() }, folder, label }
    };
    seeds(config).into_iter().map(member).collect()
}

/// The seeds of the members: the run's own and those that follow it.
pub fn seeds(config: &RunConfig) -> Vec<u64> {
    (0..config.training.seeds.max(1) as u64)
        .map(|member| config.seed.wrapping_add(member))
        .collect()
}
