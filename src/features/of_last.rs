//! Statistics of the last values of what each candle gives.

use std::fmt::Debug;

use crate::market::Candle;

#[cfg(target_arch = "x86_64")]
use super::beside::Beside;
use super::indicator::{Indicator, NO_VALUE, marked};
#[cfg(target_arch = "x86_64")]
use super::lanes::WIDTH;
use super::rolling::Window;
use super::sample::Sample;
use super::source::{Columns, Source};

/// A statistic of windows of one length that end at the same candle.
pub(super) trait Statistic<const N: usize>: Debug + Send + Sync {
    /// Of one window each, or of several beside each other.
    fn of<S: Sample>(&self, windows: [S; N]) -> S::Number;
}

/// A statistic of the last values of `N` sources.
#[derive(Debug)]
pub(super) struct OfLast<const N: usize, S> {
    sources: [Source; N],
    last: Option<Candle>,
    windows: [Window; N],
    statistic: S,
}

impl<const N: usize, S: Statistic<N>> OfLast<N, S> {
    pub(super) fn new(lookback: usize, sources: [Source; N], statistic: S) -> Self {
        Self { sources, last: None, windows: sources.map(|_| Window::new(lookback)), statistic }
    }
}

impl<const N: usize, S: Statistic<N>> Indicator for OfLast<N, S> {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let last = self.last.replace(*candle);
        let mut values = [0.0; N];
        for (value, source) in values.iter_mut().zip(self.sources) {
            *value = source.value(candle, last.as_ref())?;
        }
        let mut full = true;
        for (window, value) in self.windows.iter_mut().zip(values) {
            full &= window.push(value);
        }
        full.then(|| self.statistic.of(self.windows.each_ref().map(Window::values)))
    }

    fn sources(&self) -> &[Source] {
        &self.sources
    }

    fn fold(&mut self, columns: &Columns<'_>, values: &mut [f32]) {
        // The first candle of a stretch has nothing before it.
        let first = self.last.is_none() && self.sources.iter().any(|source| source.looks_back());
        let (lacking, values) = values.split_at_mut(usize::from(first).min(values.len()));
        lacking.fill(NO_VALUE);
        self.last = columns.candles().last().copied().or(self.last);
        let columns = self.sources.map(|source| &columns.of(source)[lacking.len()..]);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has just said that it has AVX2, which is all that is asked for.
            unsafe { slide_with_avx2(&mut self.windows, &self.statistic, columns, values) };
            return;
        }
        slide(&mut self.windows, columns, values, |spans, lookback, values| {
            alone(&self.statistic, spans, lookback, values);
        });
    }
}

/// Moves the windows over the next values and has the statistic at each written by `write`.
#[inline(always)]
fn slide<const N: usize>(
    windows: &mut [Window; N],
    columns: [&[f64]; N],
    values: &mut [f32],
    write: impl Fn([&[f64]; N], usize, &mut [f32]),
) {
    let lookback = windows[0].lookback();
    let mut done = 0;
    while done < values.len() {
        let mut count = 0;
        let mut columns = columns.into_iter();
        let spans = windows.each_mut().map(|window| {
            let (taken, span) = window.take(&columns.next().unwrap_or_default()[done..]);
            count = taken;
            span
        });
        let values = &mut values[done..done + count];
        done += count;
        // While a window fills up, its first values have no statistic.
        let lacking = count + lookback - 1 - spans[0].len();
        let (none, values) = values.split_at_mut(lacking.min(count));
        none.fill(NO_VALUE);
        write(spans, lookback, values);
    }
}

/// The statistic of each window of the spans.
#[inline(always)]
fn alone<const N: usize, S: Statistic<N>>(
    statistic: &S,
    spans: [&[f64]; N],
    lookback: usize,
    values: &mut [f32],
) {
    for (at, value) in values.iter_mut().enumerate() {
        *value = marked(Some(statistic.of(spans.map(|span| &span[at..at + lookback]))));
    }
}

/// [`slide`] with windows beside each other.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn slide_with_avx2<const N: usize, S: Statistic<N>>(
    windows: &mut [Window; N],
    statistic: &S,
    columns: [&[f64]; N],
    values: &mut [f32],
) {
    slide(windows, columns, values, |spans, lookback, values| {
        let (groups, rest) = values.as_chunks_mut::<WIDTH>();
        let mut at = 0;
        for values in groups {
            // SAFETY: this function asks for AVX2.
            let mut beside = [unsafe { Beside::new(&spans[0][at..], lookback) }; N];
            for (beside, span) in beside.iter_mut().zip(spans).skip(1) {
                // SAFETY: as above.
                *beside = unsafe { Beside::new(&span[at..], lookback) };
            }
            for (value, number) in values.iter_mut().zip(statistic.of(beside).values()) {
                *value = marked(Some(number));
            }
            at += WIDTH;
        }
        if !rest.is_empty() {
            alone(statistic, spans.map(|span| &span[at..]), lookback, rest);
        }
    });
}
