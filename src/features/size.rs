//! Amounts of memory and disk as people write them.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An amount of memory or disk in bytes; written as a whole number and a unit: `512MiB 1GiB`, or `0`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Size(u64);

/// Text that is no amount.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no size; write a whole number and one of KiB, MiB, GiB, such as 512MiB")]
pub struct SizeError(String);

/// Units from the largest to the smallest.
const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl Size {
    /// So many mebibytes.
    #[must_use]
    pub const fn mebibytes(count: u32) -> Self {
        Self((count as u64) << 20)
    }

    /// In bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let wrong = || SizeError(text.to_owned());
        if text == "0" {
            return Ok(Self(0));
        }
        let unit = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
        let (count, bytes) = unit.ok_or_else(wrong)?;
        if !count.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let count: u64 = count.parse().map_err(|_| wrong())?;
        count.checked_mul(*bytes).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, bytes): &&(&str, u64)| self.0 > 0 && self.0.is_multiple_of(*bytes);
        match UNITS.iter().find(whole) {
            Some((unit, bytes)) => f.pad(&format!("{}{unit}", self.0 / bytes)),
            // Only 0 is left: every other size was written in a unit.
            None => f.pad(&self.0.to_string()),
        }
    }
}

impl TryFrom<String> for Size {
    type Error = SizeError;

    fn try_from(text: String) -> Result<Self, SizeError> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_round_trip() {
        for text in ["0", "1KiB", "3MiB", "1GiB", "1536MiB"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        assert_eq!("1024MiB".parse::<Size>().unwrap().to_string(), "1GiB");
        assert_eq!(Size::mebibytes(1024).bytes(), 1 << 30);
        for wrong in ["", "1", "GiB", "1 GiB", "1.5GiB", "-1GiB", "+1GiB", "1GB", "99999999999GiB"]
        {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}
