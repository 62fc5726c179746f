//! How many direction classes there are, and what they are called.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByClass;

/// The largest number of direction classes.
pub const MOST_CLASSES: usize = 5;

/// How many direction classes there are, from the strongest fall to the strongest rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8", into = "u8")]
#[schemars(with = "u8", extend("enum" = [2, 3, 5]))]
pub enum Classes {
    /// `down`, `up`.
    Two,
    /// `down`, `neutral`, `up`.
    #[default]
    Three,
    /// `strong_down`, `down`, `neutral`, `up`, `strong_up`.
    Five,
}

/// Probabilities of a fall, of neither and of a rise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sides {
    /// Of all classes of a fall.
    pub down: f32,
    /// Of the class between; 0 where there is none.
    pub neutral: f32,
    /// Of all classes of a rise.
    pub up: f32,
}

/// What of the labels shapes a net's heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelShape {
    /// Direction classes.
    pub classes: Classes,
    /// Number of horizons that are forecast at once.
    pub horizons: usize,
}

impl Default for LabelShape {
    fn default() -> Self {
        Self { classes: Classes::Three, horizons: 1 }
    }
}

impl Classes {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Two, Self::Three, Self::Five];

    /// Names of the classes in the order of every probability vector.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Two => &["down", "up"],
            Self::Three => &["down", "neutral", "up"],
            Self::Five => &["strong_down", "down", "neutral", "up", "strong_up"],
        }
    }

    /// The number of classes.
    #[must_use]
    pub fn count(self) -> usize {
        self.names().len()
    }

    /// The classes of these names, in this order; `None` of any other.
    #[must_use]
    pub fn named<S: AsRef<str>>(names: &[S]) -> Option<Self> {
        let same =
            |classes: &Self| classes.names().iter().copied().eq(names.iter().map(AsRef::as_ref));
        Self::ALL.into_iter().find(same)
    }

    /// Whether a class has this index.
    #[must_use]
    pub fn has(self, class: u8) -> bool {
        usize::from(class) < self.count()
    }
}

impl Sides {
    /// Of the probabilities of classes.
    #[must_use]
    pub fn of(probability: &ByClass<f32>) -> Self {
        match **probability {
            [down, up] => Self { down, neutral: 0.0, up },
            [strong_down, down, neutral, up, strong_up] => {
                Self { down: strong_down + down, neutral, up: up + strong_up }
            }
            _ => Self { down: probability[0], neutral: probability[1], up: probability[2] },
        }
    }
}

impl TryFrom<u8> for Classes {
    type Error = String;

    fn try_from(count: u8) -> Result<Self, String> {
        let same = |classes: &Self| classes.count() == usize::from(count);
        Self::ALL
            .into_iter()
            .find(same)
            .ok_or_else(|| format!("there are no {count} classes; write 2, 3 or 5"))
    }
}

impl From<Classes> for u8 {
    fn from(classes: Classes) -> Self {
        classes.count() as Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_written_as_their_number() {
        for (classes, text) in Classes::ALL.into_iter().zip(["2", "3", "5"]) {
            assert_eq!(serde_json::to_string(&classes).unwrap(), text);
            assert_eq!(serde_json::from_str::<Classes>(text).unwrap(), classes);
            assert_eq!(Classes::named(classes.names()), Some(classes));
            assert!(classes.has(classes.count() as u8 - 1) && !classes.has(classes.count() as u8));
        }
        let error = serde_json::from_str::<Classes>("4").unwrap_err().to_string();
        assert!(error.contains("write 2, 3 or 5"), "{error}");
        assert_eq!(Classes::named(&["up", "down"]), None);
        let schema = serde_json::to_string(&schemars::schema_for!(Classes)).unwrap();
        assert!(schema.contains("[2,3,5]"), "{schema}");
    }

    #[test]
    fn sides_add_up_their_classes() {
        let sides = |down, neutral, up| Sides { down, neutral, up };
        assert_eq!(Sides::of(&[0.25, 0.75].into()), sides(0.25, 0.0, 0.75));
        assert_eq!(Sides::of(&[0.25, 0.5, 0.25].into()), sides(0.25, 0.5, 0.25));
        let five = [0.125, 0.25, 0.5, 0.0625, 0.0625];
        assert_eq!(Sides::of(&five.into()), sides(0.375, 0.5, 0.125));
    }
}
