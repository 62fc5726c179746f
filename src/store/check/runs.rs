//! Stretches of consecutive ids: which are stored, twice, missing.

use serde::Serialize;

use crate::market::Time;

/// A stretch of ids that follow each other, and the times of its first and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub ids: (i64, i64),
    pub times: (i64, i64),
}

/// Ids that are neither stored nor in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MissingIds {
    /// First and last of them.
    pub ids: (i64, i64),
    /// Time of the row before them.
    pub after: Time,
    /// Time of the row after them.
    pub before: Time,
}

/// Adds a row to the runs of a file, whose rows come in the order of their ids.
pub(super) fn extend(runs: &mut Vec<Run>, id: i64, time: i64) {
    match runs.last_mut() {
        Some(run) if run.ids.1.checked_add(1) == Some(id) => {
            run.ids.1 = id;
            run.times.1 = time;
        }
        _ => runs.push(Run { ids: (id, id), times: (time, time) }),
    }
}

/// Runs in order, those that meet taken together; and how many ids are in more than one.
pub(super) fn joined(mut runs: Vec<Run>) -> (Vec<Run>, u64) {
    runs.sort_by_key(|run| run.ids);
    let mut joined: Vec<Run> = Vec::new();
    let mut twice = 0;
    for run in runs {
        match joined.last_mut() {
            Some(last) if run.ids.0 <= last.ids.1.saturating_add(1) => {
                twice += count(run.ids.0, last.ids.1.min(run.ids.1));
                if run.ids.1 > last.ids.1 {
                    last.ids.1 = run.ids.1;
                    last.times.1 = run.times.1;
                }
            }
            _ => joined.push(run),
        }
    }
    (joined, twice)
}

/// How many ids there are from `first` to `last`.
fn count(first: i64, last: i64) -> u64 {
    if last < first { 0 } else { last.abs_diff(first).saturating_add(1) }
}

/// The holes between `runs` inside of `first..=last`.
pub(super) fn holes(runs: &[Run], (first, last): (i64, i64)) -> Vec<MissingIds> {
    let mut holes = Vec::new();
    let mut next = first;
    let mut time = runs.first().map_or(0, |run| run.times.0);
    let mut note = |ids: (i64, i64), after, before| {
        if ids.0 <= ids.1 {
            holes.push(MissingIds { ids, after: Time(after), before: Time(before) });
        }
    };
    for run in runs.iter().filter(|run| run.ids.1 >= first && run.ids.0 <= last) {
        note((next, run.ids.0.saturating_sub(1)), time, run.times.0);
        next = next.max(run.ids.1.saturating_add(1));
        time = run.times.1;
    }
    note((next, last), time, time);
    holes
}

/// What of `holes` lies in none of the stretches of ids that `known` names.
pub(super) fn unexplained(holes: Vec<MissingIds>, known: &[(i64, i64)]) -> Vec<MissingIds> {
    let mut known = known.to_vec();
    known.sort_unstable();
    let mut left = Vec::new();
    for hole in holes {
        let mut next = hole.ids.0;
        for &(first, last) in known.iter().filter(|ids| ids.0 <= hole.ids.1 && ids.1 >= hole.ids.0)
        {
            if next < first {
                left.push(MissingIds { ids: (next, first - 1), ..hole });
            }
            next = next.max(last.saturating_add(1));
        }
        if next <= hole.ids.1 {
            left.push(MissingIds { ids: (next, hole.ids.1), ..hole });
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_every_id_is_stored_explained_or_missing(
            files in prop::collection::vec(prop::collection::btree_set(0i64..60, 0..40), 0..5),
            known in prop::collection::vec((0i64..60, 0i64..10), 0..4),
        ) {
            let mut runs = Vec::new();
            for file in &files {
                let mut of_file = Vec::new();
                for &id in file {
                    extend(&mut of_file, id, id * 10);
                }
                runs.extend(of_file);
            }
            let known: Vec<_> = known.into_iter().map(|(first, more)| (first, first + more)).collect();
            let stored: BTreeSet<i64> = files.iter().flatten().copied().collect();
            let (runs, twice) = joined(runs);
            // Every id of a file beyond the first that holds it.
            let all: usize = files.iter().map(BTreeSet::len).sum();
            prop_assert_eq!(twice, (all - stored.len()) as u64);
            let left = unexplained(holes(&runs, (5, 50)), &known);
            let found: Vec<i64> = left.iter().flat_map(|hole| hole.ids.0..=hole.ids.1).collect();
            let expected: Vec<i64> = (5..=50)
                .filter(|id| !stored.contains(id))
                .filter(|id| !known.iter().any(|ids| (ids.0..=ids.1).contains(id)))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
