//! Ids of runs.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::files::sha256_hex;

/// A new id for a run: 32 hex digits, different each time.
#[must_use]
pub fn new_run_id() -> String {
    // The standard library keys each hasher from the system's random source.
    let half = || RandomState::new().build_hasher().finish();
    let now = jiff::Timestamp::now().as_nanosecond();
    let seed = format!("{now} {} {} {}", std::process::id(), half(), half());
    sha256_hex(seed.as_bytes())[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let (one, two) = (new_run_id(), new_run_id());
        assert_ne!(one, two);
        assert!(one.len() == 32 && one.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
