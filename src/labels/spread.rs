//! The spread between bid and ask, estimated from candles.
//!
//! Both estimators were made for daily candles of stocks. Neither knows of a quote: what bounces
//! between neighbouring candles without being a trend counts as spread.

use super::path::Path;
use super::rule::SpreadConfig;
use crate::market::CandleSeries;

/// Relative spread as known at each candle's close, as a fraction of the price; `None` until there
/// are `lookback + 1` candles without a gap.
#[must_use]
pub fn estimated_spread(series: &CandleSeries, spread: &SpreadConfig) -> Vec<Option<f64>> {
    let path = Path::of(series);
    (0..path.len()).map(|index| spread_at(&path, index, spread)).collect()
}

/// Relative spread as known at the close of candle `index`.
pub(super) fn spread_at(path: &Path, index: usize, spread: &SpreadConfig) -> Option<f64> {
    let (lookback, estimate): (_, fn(&Path, _) -> f64) = match *spread {
        SpreadConfig::Given { bps } => return Some(bps * 1e-4),
        SpreadConfig::CorwinSchultz { lookback } => (lookback, corwin_schultz),
        SpreadConfig::AbdiRanaldo { lookback } => (lookback, abdi_ranaldo),
    };
    let pairs = path.last(index, lookback as usize + 1)?.skip(1);
    Some(estimate(path, pairs)).filter(|spread| spread.is_finite())
}

type Pairs = std::iter::Skip<std::ops::RangeInclusive<usize>>;

/// Mean over the pairs of candles of `2 (e^a - 1) / (1 + e^a)`, at least 0, with
/// `a = (sqrt(2 b) - sqrt(b)) / (3 - 2 sqrt(2)) - sqrt(g / (3 - 2 sqrt(2)))`, `b` the sum of both
/// squared log ranges and `g` the squared log range of the two together (Corwin and Schultz 2012,
/// eq. 14 and 18). Their correction for prices that jump overnight is left out: these markets do not
/// close.
fn corwin_schultz(path: &Path, pairs: Pairs) -> f64 {
    let constant = 3.0 - 2.0 * 2.0_f64.sqrt();
    mean(pairs, |at| {
        let range = |index: usize| path.high[index] - path.low[index];
        let both = path.high[at].max(path.high[at - 1]) - path.low[at].min(path.low[at - 1]);
        let beta = range(at - 1).powi(2) + range(at).powi(2);
        let gamma = both * both;
        let alpha = ((2.0 * beta).sqrt() - beta.sqrt()) / constant - (gamma / constant).sqrt();
        // 2 (e^a - 1) / (1 + e^a)
        (2.0 * (alpha / 2.0).tanh()).max(0.0)
    })
}

/// `2 sqrt(mean of (c - m) (c - m'))`, 0 where the mean is negative: `c` the log close of a candle,
/// `m` the middle of its log range and `m'` that of the next candle's (Abdi and Ranaldo 2017, eq. 11,
/// corrected over the whole stretch).
fn abdi_ranaldo(path: &Path, pairs: Pairs) -> f64 {
    let middle = |index: usize| 0.5 * (path.high[index] + path.low[index]);
    let close = path.close();
    let product = mean(pairs, |at| (close[at - 1] - middle(at - 1)) * (close[at - 1] - middle(at)));
    2.0 * product.max(0.0).sqrt()
}

fn mean(pairs: Pairs, of: impl Fn(usize) -> f64) -> f64 {
    let count = pairs.clone().count() as f64;
    pairs.map(of).sum::<f64>() / count
}
