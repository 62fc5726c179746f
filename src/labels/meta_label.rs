//! Whether acting on a primary rule's side paid.
//!
//! M. López de Prado, *Advances in Financial Machine Learning* (2018), section 3.6. The primary rule
//! says which side, the model learns whether to take it.

use super::path::Path;
use super::rule::Barriers;
use super::triple_barrier::{Touch, Widths, first_touch};

/// The first touch of a position of `side` with its target `upper` and its stop `lower` times
/// `width` away; [`Touch::side`] is 1 where it paid and -1 where it lost, [`Touch::log_return`] that
/// of the market. Without a side nothing is waited for: the label is neutral at the horizon.
///
/// `None` when a gap or the end of the data comes before the touch.
pub(super) fn outcome_of_acting(
    path: &Path,
    index: usize,
    side: i8,
    width: f64,
    barriers: &Barriers,
    horizon: usize,
) -> Option<Touch> {
    let (target, stop) = (barriers.upper * width, barriers.lower * width);
    let widths = match side {
        1 => Widths { up: target, down: stop, worse: -1 },
        -1 => Widths { up: stop, down: target, worse: 1 },
        _ => {
            let log_return = path.returns.between(index, index.saturating_add(horizon))?;
            return Some(Touch { ahead: horizon, side: 0, log_return });
        }
    };
    let touch = first_touch(path, index, widths, barriers, horizon)?;
    Some(Touch { side: side * touch.side, ..touch })
}
