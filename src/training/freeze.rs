//! Which parameters keep their bits.

use burn::tensor::{Bool, Device, Tensor, TensorData};

use super::{Layout, TrainingError};

/// True where a pattern names the parameter, `[P]`; `None` without patterns.
///
/// # Errors
/// When a pattern names no parameter, or the patterns name all of them.
pub fn frozen_mask(
    patterns: &[String],
    layout: &Layout,
    device: &Device,
) -> Result<Option<Tensor<1, Bool>>, TrainingError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let names = || layout.parameters.iter().map(|place| place.name.as_str());
    if let Some(pattern) = patterns.iter().find(|pattern| !names().any(|n| matches(pattern, n))) {
        return Err(TrainingError::Config(format!(
            "training.freeze `{pattern}` matches no tensor of the net; it has {}",
            names().collect::<Vec<_>>().join(", ")
        )));
    }
    let mut mask = Vec::with_capacity(layout.length());
    for place in &layout.parameters {
        let frozen = patterns.iter().any(|pattern| matches(pattern, &place.name));
        mask.resize(mask.len() + place.length(), frozen);
    }
    if mask.iter().all(|&frozen| frozen) {
        return Err(TrainingError::Config(
            "training.freeze matches every tensor of the net, so nothing is left to train; name \
             fewer"
                .to_owned(),
        ));
    }
    let length = mask.len();
    Ok(Some(Tensor::from_data(TensorData::new(mask, [length]), device)))
}

/// Whether `pattern` is `name`, where `*` stands for any run of characters, also none.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    (0..=name.len()).any(|at| name.is_char_boundary(at) && matches(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, name, expected) in [
            ("lstm.*", "lstm.weight_ih_l0", true),
            ("lstm.*", "heads.lstm.bias", false),
            ("*.bias", "heads.direction.bias", true),
            ("*l0", "lstm.weight_ih_l0", true),
            ("*l0", "lstm.weight_ih_l0_reverse", false),
            ("heads.*.bias", "heads.direction.bias", true),
            ("heads.*.bias", "heads.direction.weight", false),
            ("lstm", "lstm.weight_ih_l0", false),
            ("*", "anything", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn patterns_that_name_nothing_or_everything_are_refused() {
        let layout =
            Layout::new(vec![("a.weight".to_owned(), vec![2, 1]), ("b.bias".to_owned(), vec![1])]);
        let device = Device::flex();
        let mask = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(|&p| p.to_owned()).collect();
            frozen_mask(&patterns, &layout, &device).map_err(|error| error.to_string())
        };
        assert!(mask(&[]).unwrap().is_none());
        let some = mask(&["a.*"]).unwrap().unwrap();
        assert_eq!(some.into_data().iter::<bool>().collect::<Vec<_>>(), [true, true, false]);
        let error = mask(&["a.*", "c.*"]).unwrap_err();
        assert!(error.contains("`c.*` matches no tensor") && error.contains("a.weight, b.bias"));
        assert!(mask(&["*"]).unwrap_err().contains("nothing is left to train"));
    }
}
