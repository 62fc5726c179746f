//! Training in bf16: as good as in f32, and never in another precision than it began.

use candlewick::kernels::Precision;
use candlewick::nets::NetConfig;
use candlewick::training::{Silent, TrainingError, fit};

use super::case::{Case, Recorder, cnn, lstm, pointed};

const SEEDS: u64 = 5;

/// Validation losses, an epoch each.
fn curve(net: &NetConfig, precision: Precision, seed: u64) -> Vec<f64> {
    let mut case = Case::new(net.clone());
    case.training.precision = precision;
    case.training.epochs = 8;
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::default();
    let job = candlewick::training::Job { seed, ..case.job(folder.path()) };
    fit(&job, &mut recorder).unwrap();
    recorder.metric("valid/fold_0/loss").into_iter().map(|(_, loss)| loss).collect()
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (square / (count - 1.0)).sqrt())
}

/// Noise of a loss is what another seed does to it. In every epoch the mean over seeds of the paired
/// differences between bf16 and f32, from the same weights in the same order of samples, is within
/// two standard errors of 0 or below a quarter of the deviation over seeds.
#[test]
fn loss_curves_are_within_noise_of_f32() {
    for net in [lstm(), cnn()] {
        let curves = |precision| -> Vec<Vec<f64>> {
            (1..=SEEDS).map(|seed| curve(&net, precision, seed)).collect()
        };
        let (full, half) = (curves(Precision::F32), curves(Precision::Bf16));
        for epoch in 0..full[0].len() {
            let at = |curves: &[Vec<f64>]| curves.iter().map(|curve| curve[epoch]).collect();
            let (full, half): (Vec<f64>, Vec<f64>) = (at(&full), at(&half));
            let differences: Vec<f64> = full.iter().zip(&half).map(|(f, h)| h - f).collect();
            let (mean, deviation) = mean_and_deviation(&differences);
            let error = deviation / (SEEDS as f64).sqrt();
            let (loss, spread) = mean_and_deviation(&full);
            eprintln!(
                "{} epoch {}: f32 {loss:.5} ± {spread:.5} over seeds, bf16 - f32 {mean:+.5} ± {error:.5}",
                net.kind(),
                epoch + 1
            );
            assert!(mean.abs() <= (2.0 * error).max(spread / 4.0), "{} {epoch}", net.kind());
            assert!(differences.iter().all(|&difference| difference != 0.0), "{}", net.kind());
        }
        let last = |curves: &[Vec<f64>]| curves.iter().map(|curve| curve[7]).sum::<f64>();
        let first = |curves: &[Vec<f64>]| curves.iter().map(|curve| curve[0]).sum::<f64>();
        assert!(last(&half) < 0.8 * first(&half), "{} does not learn in bf16", net.kind());
    }
}

#[test]
fn the_precision_is_written_down_and_kept() {
    let mut case = Case::new(lstm());
    case.training.precision = Precision::Bf16;
    let folder = tempfile::tempdir().unwrap();
    let mut observer = Recorder { stop_at: Some(2), ..Recorder::default() };
    fit(&case.job(folder.path()), &mut observer).unwrap();
    let step = pointed(folder.path(), candlewick::training::LAST);
    let bytes = std::fs::read(step.join("model.safetensors")).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().clone().unwrap()["precision"], "bf16");

    case.training.precision = Precision::F32;
    let error = fit(&case.job(folder.path()), &mut Silent).unwrap_err();
    assert!(matches!(error, TrainingError::OtherJob { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(r#"training.precision: "f32" was "bf16""#), "{text}");
}
