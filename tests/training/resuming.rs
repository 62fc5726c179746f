//! Trainings that are stopped, killed and damaged go on bit for bit.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use candlewick::event::Event;
use candlewick::market::{Instrument, Interval, Market};
use candlewick::nets::{
    CnnConfig, CrossSymbolConfig, HeadsConfig, LstmConfig, NetConfig, Pooling, ReturnLoss,
    TaskWeights, VolatilityLoss,
};
use candlewick::training::{
    BEST, CheckpointError, Fitted, LAST, Observer, PretrainingConfig, Progress, Silent,
    TrainingError, fit, load,
};
use candlewick::windows::Pool;

use super::case::{Case, FEATURES, ROWS, Recorder, cnn, lstm, model_digest, pointed, truncate};

#[test]
fn stopping_anywhere_changes_no_bit() {
    // 9 steps an epoch, 4 epochs: stops in the first epoch, one step apart, at the end of the
    // second
    // epoch (so that 2 + 2 epochs are tried as well) and in the last.
    const STOPS: [u64; 5] = [1, 7, 8, 18, 31];
    for net in [lstm(), cnn()] {
        for ema in [None, Some(0.9)] {
            let mut case = Case::new(net.clone());
            case.training.ema = ema;
            let (whole, outcome) = case.run(&[]);
            let (pieces, again) = case.run(&STOPS);
            assert_eq!(outcome, again, "{net:?} {ema:?}");
            assert_eq!(outcome.steps, 36);
            for pointer in [LAST, BEST] {
                assert_eq!(
                    model_digest(whole.path(), pointer),
                    model_digest(pieces.path(), pointer),
                    "{pointer} of {net:?} {ema:?}"
                );
            }
            let state = |folder: &Path| fs::read(pointed(folder, LAST).join("state.json")).unwrap();
            assert_eq!(state(whole.path()), state(pieces.path()), "{net:?} {ema:?}");
        }
    }
}

/// What a symbol is told by others and what a pre-training masks are functions of seed and step as well.
#[test]
fn stopping_changes_no_bit_of_attention_across_symbols_or_of_a_pre_training() {
    type Change = fn(&mut Case);
    let changes: [(&str, Change); 2] = [
        ("cross_symbol", |case| {
            case.meta.cross_symbol = Some(CrossSymbolConfig::default());
            case.table = case.table.clone().with_symbols(&two_symbols(), &[]);
        }),
        ("pretraining", |case| {
            case.meta.pretraining = Some(PretrainingConfig::default());
            case.heads = HeadsConfig::none();
        }),
    ];
    for net in [lstm(), cnn()] {
        let (plain, _) = Case::new(net.clone()).run(&[]);
        for (name, change) in changes {
            let mut case = Case::new(net.clone());
            case.training.accumulate = 2;
            case.training.batch_size = 16;
            case.training.input_noise = 0.1;
            case.training.ema = Some(0.9);
            change(&mut case);
            let (whole, outcome) = case.run(&[]);
            let (pieces, again) = case.run(&[1, 8, 18, 31]);
            assert_eq!(outcome, again, "{name} of {net:?}");
            for pointer in [LAST, BEST] {
                let digest = model_digest(whole.path(), pointer);
                assert_eq!(digest, model_digest(pieces.path(), pointer), "{name} of {net:?}");
                assert_ne!(digest, model_digest(plain.path(), pointer), "{name} does nothing");
            }
            load(&whole.path().join(BEST), &case.device).unwrap();
        }
    }
}

/// The case's rows as those of two symbols at the same times.
fn two_symbols() -> Pool {
    let half = ROWS / 2;
    let symbol = |name| Instrument::new("test", Market::Spot, name).unwrap();
    Pool {
        interval: Interval::HOUR,
        names: (0..FEATURES).map(|i| format!("feature_{i}")).collect(),
        instruments: vec![symbol("AAA"), symbol("BBB")],
        values: vec![0.0; ROWS * FEATURES],
        open_time: (0..ROWS).map(|row| (row % half) as i64 * Interval::HOUR.ms()).collect(),
        run_start: (0..ROWS).map(|row| if row < half { 0 } else { half as u32 }).collect(),
        instrument: (0..ROWS).map(|row| u16::from(row >= half)).collect(),
    }
}

/// Task weights that no gradient learns are as much a part of a checkpoint as those that one does.
#[test]
fn stopping_changes_no_bit_of_grad_norm() {
    let mut case = Case::new(lstm());
    case.heads.direction.ordinal = true;
    case.heads.return_.loss = ReturnLoss::Quantiles;
    case.heads.volatility.loss = VolatilityLoss::Qlike;
    case.heads.task_weights = TaskWeights::GradNorm { alpha: 1.5, learning_rate: 0.025 };
    case.meta.heads = case.heads.clone();
    let (whole, _) = case.run(&[]);
    let (pieces, _) = case.run(&[1, 8, 18]);
    assert_eq!(model_digest(whole.path(), LAST), model_digest(pieces.path(), LAST));
    let (net, _) = load(&whole.path().join(LAST), &case.device).unwrap();
    let weight = net.task_weight().unwrap().try_into_vec_as::<f32>().unwrap();
    assert!(weight.iter().all(|&weight| weight > 0.0 && weight != 1.0), "{weight:?}");
    assert!((weight.iter().sum::<f32>() - 3.0).abs() < 1e-4, "{weight:?}");
}

#[test]
fn stopping_changes_no_metric() {
    let case = Case::new(cnn());
    let folder = tempfile::tempdir().unwrap();
    let mut whole = Recorder::default();
    fit(&case.job(folder.path()), &mut whole).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut pieces = Vec::new();
    for stop in [Some(5), Some(19), None] {
        let mut observer = Recorder { stop_at: stop, ..Recorder::default() };
        fit(&case.job(folder.path()), &mut observer).unwrap();
        pieces.append(&mut observer.events);
    }
    assert_eq!(whole.events, pieces);
}

#[test]
fn a_finished_training_is_returned_at_once() {
    let case = Case::new(cnn());
    let (folder, outcome) = case.run(&[]);
    let before = fs::metadata(folder.path().join(LAST)).unwrap().modified().unwrap();
    let mut recorder = Recorder::default();
    assert_eq!(fit(&case.job(folder.path()), &mut recorder).unwrap(), Fitted::Finished(outcome));
    assert!(recorder.events.is_empty());
    assert_eq!(fs::metadata(folder.path().join(LAST)).unwrap().modified().unwrap(), before);
    // Two newest steps and the best of each: no more is kept.
    let steps = fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("step_"));
    assert!(steps.count() <= 4);
}

#[test]
fn another_job_in_the_folder_is_refused() {
    let mut case = Case::new(cnn());
    let folder = tempfile::tempdir().unwrap();
    let mut observer = Recorder { stop_at: Some(2), ..Recorder::default() };
    fit(&case.job(folder.path()), &mut observer).unwrap();

    case.training.learning_rate = 0.5;
    case.meta.data[0].digest = "other".to_owned();
    case.targets.forward_return[100] += 1.0;
    let error = fit(&case.job(folder.path()), &mut Silent).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, TrainingError::OtherJob { .. }), "{text}");
    for part in ["training.learning_rate: 0.5 was 0.01", "checkpoint.data", "samples"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn resume_falls_back_to_the_newest_intact_checkpoint() {
    let case = Case::new(cnn());
    let (whole, _) = case.run(&[]);
    let partly = tempfile::tempdir().unwrap();
    let mut observer = Recorder { stop_at: Some(22), ..Recorder::default() };
    fit(&case.job(partly.path()), &mut observer).unwrap();
    truncate(&pointed(partly.path(), LAST).join("optimizer.safetensors"), 100);
    // What a killed run leaves half written is swept away.
    fs::create_dir(partly.path().join(".step_000023.partial")).unwrap();
    assert!(matches!(fit(&case.job(partly.path()), &mut Silent), Ok(Fitted::Finished(_))));
    assert_eq!(model_digest(whole.path(), LAST), model_digest(partly.path(), LAST));
    assert!(partly.path().join("step_000022.damaged").is_dir());
    assert!(!partly.path().join(".step_000023.partial").exists());

    let nothing = tempfile::tempdir().unwrap();
    let mut observer = Recorder { stop_at: Some(2), ..Recorder::default() };
    fit(&case.job(nothing.path()), &mut observer).unwrap();
    fs::remove_file(pointed(nothing.path(), LAST).join("state.json")).unwrap();
    let error = fit(&case.job(nothing.path()), &mut Silent).unwrap_err();
    assert!(
        matches!(error, TrainingError::Checkpoint(CheckpointError::NoneIntact { .. })),
        "{error}"
    );
}

#[test]
fn a_run_killed_between_checkpoint_and_pointer_goes_on() {
    let case = Case::new(lstm());
    let (whole, _) = case.run(&[]);
    let killed = tempfile::tempdir().unwrap();
    let mut observer = Recorder { stop_at: Some(20), ..Recorder::default() };
    fit(&case.job(killed.path()), &mut observer).unwrap();
    // As if the newest folder had been renamed and `last` not yet written.
    fs::write(killed.path().join(LAST), "step_000018\n").unwrap();
    fs::remove_file(killed.path().join(BEST)).unwrap();
    assert!(matches!(fit(&case.job(killed.path()), &mut Silent), Ok(Fitted::Finished(_))));
    for pointer in [LAST, BEST] {
        assert_eq!(model_digest(whole.path(), pointer), model_digest(killed.path(), pointer));
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    // Sizes at which products and convolutions are split over threads.
    let pooling = Pooling::Attention;
    let lstm = LstmConfig { hidden: 64, layers: 2, dropout: 0.1, pooling, ..LstmConfig::default() };
    let cnn = CnnConfig { channels: 64, layers: 2, dropout: 0.1, ..CnnConfig::default() };
    for net in [NetConfig::Lstm(lstm), NetConfig::Cnn(cnn)] {
        let mut case = Case::new(net);
        case.meta.window = 48;
        case.table.views = case.meta.views().unwrap();
        case.train = (47..303).collect();
        case.training.batch_size = 128;
        case.training.epochs = 2;
        case.training.warmup_steps = 1;
        let digests = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| model_digest(case.run(&[]).0.path(), LAST))
        });
        assert!(digests.iter().all(|digest| *digest == digests[0]), "{:?}", case.net);
    }
}

/// Asks to stop from the n-th question on.
struct StopAtQuestion {
    question: Cell<u32>,
    stop_at: u32,
}

impl Observer for StopAtQuestion {
    fn event(&mut self, _event: Event) {}
    fn progress(&mut self, _progress: &Progress<'_>) {}
    fn stop_requested(&self) -> bool {
        self.question.set(self.question.get() + 1);
        self.question.get() >= self.stop_at
    }
}

#[test]
fn a_stop_in_validation_is_made_up_for() {
    let case = Case::new(cnn());
    let (whole, _) = case.run(&[]);
    let stopped = tempfile::tempdir().unwrap();
    // One question a step, then one a validation batch: the eleventh is in the second batch.
    let mut observer = StopAtQuestion { question: Cell::new(0), stop_at: 11 };
    let fitted = fit(&case.job(stopped.path()), &mut observer).unwrap();
    assert_eq!(fitted, Fitted::Stopped { step: 9 });
    assert!(!stopped.path().join(BEST).exists());
    assert!(matches!(fit(&case.job(stopped.path()), &mut Silent), Ok(Fitted::Finished(_))));
    for pointer in [LAST, BEST] {
        assert_eq!(model_digest(whole.path(), pointer), model_digest(stopped.path(), pointer));
    }
}

#[test]
fn a_damaged_best_checkpoint_is_an_error() {
    let mut case = Case::new(cnn());
    // Nothing beats the first epoch by that much, so best and last differ.
    case.training.early_stopping.min_delta = 10.0;
    let folder = tempfile::tempdir().unwrap();
    let mut observer = Recorder { stop_at: Some(14), ..Recorder::default() };
    fit(&case.job(folder.path()), &mut observer).unwrap();
    truncate(&pointed(folder.path(), BEST).join("model.safetensors"), 1);
    let error = fit(&case.job(folder.path()), &mut Silent).unwrap_err();
    assert!(matches!(error, TrainingError::Checkpoint(CheckpointError::Best { .. })), "{error}");
}
