//! The first of three barriers that the price touches.
//!
//! M. López de Prado, *Advances in Financial Machine Learning* (2018), chapter 3, with barriers at
//! log distances, so that a fall and the rise that undoes it are equally far.

use super::path::Path;
use super::rule::{Barriers, BothTouched, Touching, VerticalBarrier};

/// How a label of barriers ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Touch {
    /// Candles until then.
    pub ahead: usize,
    /// 1 the upper barrier, -1 the lower one, 0 neither; at the horizon as the config says.
    pub side: i8,
    /// Log return until then.
    pub log_return: f64,
}

/// Log distances of the barriers from the close of the decision candle, both positive or 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widths {
    pub up: f64,
    pub down: f64,
    /// The barrier, 1 up or -1 down, that is the worse one to touch.
    pub worse: i8,
}

/// The first touch behind candle `index`, at the latest `horizon` candles ahead. `None` when a gap
/// or the end of the data comes before it.
pub(super) fn first_touch(
    path: &Path,
    index: usize,
    widths: Widths,
    barriers: &Barriers,
    horizon: usize,
) -> Option<Touch> {
    for ahead in 1..=horizon {
        let log_return = path.returns.between(index, index.saturating_add(ahead))?;
        let touched = match barriers.touch {
            Touching::Close => closed_beyond(log_return, widths).map(|side| (side, log_return)),
            Touching::HighLow => inside(path, index, index + ahead, widths, barriers.both)
                .map(|(side, price)| (side, price.unwrap_or(log_return))),
        };
        if let Some((side, log_return)) = touched {
            return Some(Touch { ahead, side, log_return });
        }
    }
    let log_return = path.returns.between(index, index.saturating_add(horizon))?;
    let side = match barriers.vertical {
        VerticalBarrier::Neutral => 0,
        VerticalBarrier::Sign => i8::from(log_return > 0.0) - i8::from(log_return < 0.0),
    };
    Some(Touch { ahead: horizon, side, log_return })
}

fn closed_beyond(log_return: f64, widths: Widths) -> Option<i8> {
    if log_return > widths.up {
        Some(1)
    } else if log_return < -widths.down {
        Some(-1)
    } else {
        None
    }
}

/// The barrier that candle `at` touches, and the log return at which it is touched; no price where
/// nobody knows.
fn inside(
    path: &Path,
    index: usize,
    at: usize,
    widths: Widths,
    both: BothTouched,
) -> Option<(i8, Option<f64>)> {
    let from = path.close()[index];
    let open = path.open[at] - from;
    let up = (1, Some(open.max(widths.up)));
    let down = (-1, Some(open.min(-widths.down)));
    // Which came first is settled where the candle opens beyond one of them.
    match closed_beyond(open, widths) {
        Some(1) => return Some(up),
        Some(_) => return Some(down),
        None => {}
    }
    match (path.high[at] - from > widths.up, path.low[at] - from < -widths.down) {
        (true, false) => Some(up),
        (false, true) => Some(down),
        (true, true) => Some(match (both, widths.worse) {
            (BothTouched::Neutral, _) => (0, None),
            (BothTouched::Worse, 1) => up,
            (BothTouched::Worse, _) => down,
        }),
        (false, false) => None,
    }
}
