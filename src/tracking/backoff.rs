//! How long to wait before another attempt.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long to wait after so many failures in a row: 0.5 s doubled up to 30 s, less up to half of
/// it by chance, so that many runs do not come back at the same moment.
pub(super) fn backoff(failures: u32) -> Duration {
    let longest = Duration::from_millis(500) * 2u32.pow(failures.clamp(1, 7) - 1);
    let chance = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.subsec_nanos());
    let share = 0.5 + f64::from(chance % 1000) / 2000.0;
    longest.min(Duration::from_secs(30)).mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_a_minute() {
        for (failures, least, most) in
            [(0, 250, 500), (1, 250, 500), (3, 1000, 2000), (99, 15_000, 30_000)]
        {
            let wait = backoff(failures).as_millis();
            assert!((least..=most).contains(&wait), "{failures}: {wait}");
        }
    }
}
