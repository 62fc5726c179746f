//! Which candles have no row, and which column is to blame.

use serde::Serialize;

use crate::features::{
    AsOf, CandleSource, FeatureConfig, FeatureError, Inputs, PeerFeatures, build, select,
};
use crate::market::{CandleSeries, Span};

/// Why a column has no value at a candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingReason {
    /// It has not seen enough candles since the data began.
    WarmUp,
    /// It has not seen enough candles since a gap.
    AfterGap,
    /// The context candle that should have ended last is not there.
    NoContext,
    /// No value of the series was known yet.
    NotKnown,
    /// The newest value known was too old, or too few were known.
    TooOld,
    /// Trades or book snapshots inside the candle are missing.
    Unseen,
    /// There was no book, trade or peer's candle to read, or not for long enough.
    NothingBeside,
}

impl MissingReason {
    /// Every reason, in the order in which [`Missing::counts`] counts them.
    pub const ALL: [Self; 7] = [
        Self::WarmUp,
        Self::AfterGap,
        Self::NoContext,
        Self::NotKnown,
        Self::TooOld,
        Self::Unseen,
        Self::NothingBeside,
    ];

    /// In a few words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WarmUp => "warm-up",
            Self::AfterGap => "warm-up after a gap",
            Self::NoContext => "context candle missing",
            Self::NotKnown => "no value known yet",
            Self::TooOld => "value too old, or too few",
            Self::Unseen => "trades or book missing",
            Self::NothingBeside => "no book, trade or peer yet",
        }
    }
}

/// Candles without a value, column by column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Missing {
    /// Names of the columns.
    pub names: Vec<String>,
    /// Of each column the candles that lack it, a number for each of [`MissingReason::ALL`].
    pub counts: Vec<[u64; MissingReason::ALL.len()]>,
    /// Candles there are.
    pub candles: u64,
    /// Candles that have all columns.
    pub complete: u64,
    /// Candles that are absent between the first and the last one.
    pub absent: u64,
}

impl Missing {
    /// Both together, of two instruments with the same columns.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        if self.names.is_empty() {
            return other.clone();
        }
        for (mine, others) in self.counts.iter_mut().zip(&other.counts) {
            mine.iter_mut().zip(others).for_each(|(mine, other)| *mine += other);
        }
        self.candles += other.candles;
        self.complete += other.complete;
        self.absent += other.absent;
        self
    }

    /// Share of the candles that lack a column; 0 of no candle.
    #[must_use]
    pub fn share(&self, column: usize) -> f64 {
        let lacking: u64 = self.counts.get(column).map_or(0, |counts| counts.iter().sum());
        lacking as f64 / self.candles.max(1) as f64
    }
}

/// What the columns of one instrument lack, by the rules of [`crate::features::build`]: a column has
/// a value once its interval's candles have followed one another for longer than its warm-up.
///
/// # Errors
/// Those of [`select`], and of values that cannot be.
pub fn missing(config: &FeatureConfig, inputs: &Inputs<'_>) -> Result<Missing, FeatureError> {
    let Inputs { base, context, values, .. } = *inputs;
    let sources: Vec<_> = context.iter().map(CandleSource::of).collect();
    let selection = select(config, &inputs.base_source(), &sources)?;
    let interval = base.interval();
    let decisions: Vec<i64> =
        base.open_time().iter().map(|&open| open.saturating_add(interval.ms())).collect();
    let mut found = Missing {
        names: selection.names(),
        candles: base.len() as u64,
        absent: absent(base),
        ..Missing::default()
    };
    let mut whole = vec![true; base.len()];
    let own = places_seen(base, inputs.unseen);
    let clocks = selection.context.iter().map(|(interval, features)| {
        let series = context.iter().find(|series| series.interval() == *interval);
        let places = series.map(places).unwrap_or_default();
        let place = |&decision: &i64| {
            let series = series?;
            let expected = interval.floor(decision).saturating_sub(interval.ms());
            series.position(expected).map(|index| places[index])
        };
        (features, decisions.iter().map(place).collect::<Vec<_>>())
    });
    for feature in &selection.base.1 {
        let info = feature.info();
        if info.reads_inside() {
            found.counts.push(count(beside(info.name, config, inputs)?.into_iter(), &mut whole));
            continue;
        }
        let reasons = own.iter().map(|place| lacking(*place, info.warm_up, MissingReason::Unseen));
        found.counts.push(count(reasons, &mut whole));
    }
    if config.book_levels > 0 {
        let first = beside("book_ask_price_1", config, inputs)?;
        let counts = count(first.into_iter(), &mut whole);
        found.counts.extend(std::iter::repeat_n(counts, 4 * config.book_levels));
    }
    for (features, places) in clocks {
        for feature in features {
            let warm_up = feature.info().warm_up;
            let reasons =
                places.iter().map(|place| lacking(*place, warm_up, MissingReason::NoContext));
            found.counts.push(count(reasons, &mut whole));
        }
    }
    for name in selection.peers.iter().flat_map(PeerFeatures::columns) {
        found.counts.push(count(beside(&name, config, inputs)?.into_iter(), &mut whole));
    }
    for config in &selection.series {
        let mut state = AsOf::new(config.clone());
        let series = values.iter().find(|series| series.name == config.name);
        let values = series.map(|series| series.values.as_slice()).unwrap_or_default();
        for value in values {
            state.push(*value)?;
        }
        let known = values.iter().map(|value| value.known_at).min();
        let reasons = decisions.iter().map(|&decision| match state.at(decision) {
            Some(_) => None,
            None if known.is_some_and(|known| known < decision) => Some(MissingReason::TooOld),
            None => Some(MissingReason::NotKnown),
        });
        let counts = count(reasons, &mut whole);
        // Its columns are there together.
        found.counts.extend(std::iter::repeat_n(counts, config.columns.len()));
    }
    found.complete = whole.into_iter().filter(|&whole| whole).count() as u64;
    Ok(found)
}

/// Candles since the last gap, and whether there was one; none where there is no candle.
type Place = Option<(usize, bool)>;

fn places(series: &CandleSeries) -> Vec<(usize, bool)> {
    let times = series.open_time();
    let mut places: Vec<(usize, bool)> = Vec::with_capacity(times.len());
    for (index, &open) in times.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| (times[before], places[before]));
        places.push(match before {
            None => (0, false),
            Some((last, (since, gap))) if last.saturating_add(series.interval().ms()) == open => {
                (since + 1, gap)
            }
            Some(_) => (0, true),
        });
    }
    places
}

/// The candles whose insides were not seen have no place, and the next one begins anew.
fn places_seen(series: &CandleSeries, unseen: &[Span]) -> Vec<Place> {
    let interval = series.interval().ms();
    let mut since: Option<usize> = None;
    let plain = places(series);
    let mut any = false;
    plain
        .into_iter()
        .zip(series.open_time())
        .map(|((follows, gap), &open)| {
            let candle = Span { start: open, end: open.saturating_add(interval) };
            let touches = |hole: &Span| {
                Span { end: hole.end.max(hole.start.saturating_add(1)), ..*hole }.overlaps(candle)
            };
            if unseen.iter().any(touches) {
                (since, any) = (None, true);
                return None;
            }
            let next = since.map_or(0, |since| since + 1).min(follows);
            since = Some(next);
            Some((next, gap || any))
        })
        .collect()
}

/// Which candles lack a column that reads what is beside them: found by building it.
fn beside(
    name: &str,
    config: &FeatureConfig,
    inputs: &Inputs<'_>,
) -> Result<Vec<Option<MissingReason>>, FeatureError> {
    // A feature of no warm-up stands for the candles, which every table has.
    let columns = ["body_1".to_owned(), name.to_owned()];
    let alone = FeatureConfig { series: Vec::new(), ..config.clone() }.for_columns(&columns)?;
    let there = match build(&alone, inputs) {
        Ok(table) => table.open_time,
        Err(error) if error.is_no_row() => Vec::new(),
        Err(error) => return Err(error),
    };
    let lacks = |open: &i64| there.binary_search(open).is_err();
    let times = inputs.base.open_time().iter();
    Ok(times.map(|open| lacks(open).then_some(MissingReason::NothingBeside)).collect())
}

fn lacking(place: Place, warm_up: usize, nowhere: MissingReason) -> Option<MissingReason> {
    match place {
        None => Some(nowhere),
        Some((since, _)) if since >= warm_up => None,
        Some((_, true)) => Some(MissingReason::AfterGap),
        Some((_, false)) => Some(MissingReason::WarmUp),
    }
}

fn count(
    reasons: impl Iterator<Item = Option<MissingReason>>,
    whole: &mut [bool],
) -> [u64; MissingReason::ALL.len()] {
    let mut counts = [0; MissingReason::ALL.len()];
    for (reason, whole) in reasons.zip(whole) {
        let Some(reason) = reason else { continue };
        *whole = false;
        counts[reason as usize] += 1;
    }
    counts
}

fn absent(series: &CandleSeries) -> u64 {
    let interval = series.interval().ms();
    let holes = series.open_time().windows(2).map(|pair| {
        pair[1].saturating_sub(pair[0]).checked_div(interval).unwrap_or(1).saturating_sub(1)
    });
    holes.map(|hole| u64::try_from(hole).unwrap_or(0)).sum()
}
