//! Candles as pictures.

use std::path::Path;

use candlewick::features::image::{
    Image, ImageConfig, ImageKind, ImageState, gramian_difference, gramian_sum, images_for,
    markov_transition,
};
use candlewick::market::{Candle, CandleSeries, Interval};
use garde::Validate;
use proptest::prelude::*;
use serde::Deserialize;

use crate::features::real_candles;
use crate::laws::features_laws::{steps, walk};
use crate::support::real_data;

const KINDS: [ImageKind; 4] = [
    ImageKind::GramianSum,
    ImageKind::GramianDifference,
    ImageKind::MarkovTransition,
    ImageKind::Raster,
];

fn small(kind: ImageKind) -> ImageConfig {
    match kind {
        ImageKind::Raster => ImageConfig { kind, candles: 5, size: 16 },
        _ => ImageConfig { kind, candles: 12, size: 6 },
    }
}

fn drawn(config: ImageConfig, candles: &[Candle]) -> Image {
    config.draw(&candles[candles.len() - config.window()..]).unwrap()
}

#[derive(Debug, Deserialize)]
struct Golden {
    kind: ImageKind,
    end: i64,
    candles: usize,
    size: usize,
    height: usize,
    width: usize,
    values: Vec<f32>,
}

/// Golden values: `tests/reference/images_golden.py` (pyts 0.14.1, NumPy 2.4.6).
#[test]
fn images_equal_pyts_and_numpy() {
    let Some(data) = real_data("images_equal_pyts_and_numpy") else { return };
    let candles = real_candles(&data, "BTCUSDT", Interval::HOUR, "2022-01");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/images.json");
    let images: Vec<Golden> =
        serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    assert!(KINDS.iter().all(|kind| images.iter().any(|image| image.kind == *kind)));
    for golden in images {
        let Golden { kind, candles: shown, size, .. } = golden;
        let config = ImageConfig { kind, candles: shown, size };
        let end = candles.position(golden.end).unwrap() + 1;
        let known: Vec<Candle> = candles.truncated(end).iter().collect();
        let image = drawn(config, &known);
        assert_eq!((image.height, image.width), (golden.height, golden.width));
        assert_eq!(config.shape(), [image.height, image.width]);
        for (place, (ours, theirs)) in image.values.iter().zip(&golden.values).enumerate() {
            let what = || format!("{kind:?} {shown} {size} at {place}: {ours} {theirs}");
            assert!((ours - theirs).abs() <= 2e-6, "{}", what());
        }
    }
}

#[test]
fn equal_prices_are_defined() {
    let same = [3.7; 16];
    assert!(gramian_sum(&same, 8).values.iter().all(|&value| value == -1.0));
    assert!(gramian_difference(&same, 8).values.iter().all(|&value| value == 0.0));
    assert!(markov_transition(&same, 8).values.iter().all(|&value| value == 1.0));
    let first = walk(Interval::HOUR, &[(0.0, 0.0, 0.0, 5.0, 0.5, 9)]).candle(0);
    let still = |i: i64| {
        let open_time = first.open_time + i * Interval::HOUR.ms();
        Candle { open_time, high: first.open, low: first.open, close: first.open, ..first }
    };
    let candles: Vec<Candle> = (0..9).map(still).collect();
    let image = drawn(small(ImageKind::Raster), &candles);
    let row = |row: usize| &image.values[row * 15..(row + 1) * 15];
    // 12 rows of prices, an empty one, 3 of volumes; the line ends in the middle of the last candle.
    for (at, painted) in (0..16).map(|at| (at, row(at).iter().sum::<f32>())) {
        let expected = match at {
            6 => 15.0,
            13..16 => 5.0,
            _ => 0.0,
        };
        assert_eq!(painted, expected, "row {at}");
    }
    let silent: Vec<Candle> = candles.iter().map(|c| Candle { volume: 0.0, ..*c }).collect();
    let image = drawn(small(ImageKind::Raster), &silent);
    assert_eq!(image.values.iter().sum::<f32>(), 15.0);
}

#[test]
fn wrong_configs_are_refused() {
    let refuse = |kind, candles, size| {
        let config = ImageConfig { kind, candles, size };
        assert!(config.validate().is_err(), "{config:?}");
        assert!(ImageState::new(config, Interval::HOUR).is_err());
        config.check().unwrap_err().to_string()
    };
    assert!(refuse(ImageKind::GramianSum, 20, 8).contains("multiple of its size"));
    assert!(refuse(ImageKind::GramianSum, 0, 0).contains("4 to 512"));
    assert!(refuse(ImageKind::Raster, 20, 8).contains("16 pixels"));
    assert!(refuse(ImageKind::Raster, 20, 1_000).contains("4 to 512"));
    for kind in KINDS {
        let config = small(kind);
        config.validate().unwrap();
        let error = config.draw(&[]).unwrap_err().to_string();
        assert!(error.contains("and was given 0"), "{error}");
        let yaml: ImageConfig =
            serde_json::from_str(&serde_json::to_string(&config).unwrap()).unwrap();
        assert_eq!(yaml, config);
    }
    assert!(
        serde_json::from_str::<ImageConfig>(r#"{"kind":"photo","candles":8,"size":8}"#).is_err()
    );
}

#[test]
fn rows_that_no_candle_has_are_refused() {
    let series = walk(Interval::HOUR, &[(0.0, 0.0, 0.0, 5.0, 0.5, 9); 20]);
    let times = series.open_time();
    let refuse = |wanted: &[i64]| {
        images_for(small(ImageKind::Raster), &series, wanted).unwrap_err().to_string()
    };
    assert!(refuse(&[times[5], times[5] + 1]).contains("no 1h candle opens at"));
    assert!(refuse(&[times[5], times[4]]).contains("in the order of their"));
    let mut state = ImageState::new(small(ImageKind::Raster), Interval::HOUR).unwrap();
    state.push(&series.candle(1)).unwrap();
    assert!(state.push(&series.candle(0)).unwrap_err().to_string().contains("out of order"));
    let broken = Candle { high: f64::NAN, ..series.candle(2) };
    assert!(state.push(&broken).unwrap_err().to_string().contains("not a finite number"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The image of a row is that of its window and of nothing else: no hole in it, nothing later.
    #[test]
    fn prop_images_are_of_their_windows(steps in steps(30..120), cut in 0.0..1.0) {
        let series = walk(Interval::HOUR, &steps);
        let candles: Vec<Candle> = series.iter().collect();
        let cut = (series.len() as f64 * cut) as usize;
        let wanted: Vec<i64> = series.open_time().iter().copied().step_by(2).collect();
        for kind in KINDS {
            let config = small(kind);
            let whole = images_for(config, &series, &wanted).unwrap();
            let pixels = whole.shape[0] * whole.shape[1];
            prop_assert_eq!(whole.values.len(), wanted.len() * pixels);
            for (row, image) in whole.values.chunks(pixels).enumerate() {
                let end = row * 2 + 1;
                let from = end.saturating_sub(config.window());
                let window = &candles[from..end];
                let follow = window
                    .windows(2)
                    .all(|pair| pair[0].open_time + Interval::HOUR.ms() == pair[1].open_time);
                let full = window.len() == config.window() && follow;
                prop_assert_eq!(whole.known[row], full);
                let zeros = vec![0.0; pixels];
                let expected = if full { config.draw(window).unwrap().values } else { zeros };
                prop_assert_eq!(image, expected);
                let range = if kind == ImageKind::Raster { 0.0..=1.0 } else { -1.000_001..=1.000_001 };
                prop_assert!(image.iter().all(|value| range.contains(value)));
            }
            let part: CandleSeries = series.truncated(cut);
            let kept = wanted.partition_point(|time| part.position(*time).is_some());
            let part = images_for(config, &part, &wanted[..kept]).unwrap();
            prop_assert_eq!(&part.known, &whole.known[..kept]);
            prop_assert_eq!(&part.values, &whole.values[..kept * pixels]);
        }
    }

    /// Another unit of price changes no pixel but by rounding.
    #[test]
    fn prop_fields_have_no_unit(values in prop::collection::vec(1.0..2.0f64, 12)) {
        let scaled: Vec<f64> = values.iter().map(|value| value * 1024.0).collect();
        for field in [gramian_sum, gramian_difference, markov_transition] {
            prop_assert_eq!(field(&values, 6), field(&scaled, 6));
        }
        let image = gramian_sum(&values, 12);
        for i in 0..12 {
            for j in 0..12 {
                prop_assert_eq!(image.values[i * 12 + j], image.values[j * 12 + i]);
            }
        }
    }
}
