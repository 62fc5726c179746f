//! What a candle gives that several features take, alone or with the candle before it; computed
//! once a block for all of them.

use std::ops::Range;

use rayon::prelude::*;

use crate::market::Candle;

use super::candle_shape;
use super::indicator::{true_range, typical_price};
use super::range_volatility::{garman_klass, parkinson, rogers_satchell};

macro_rules! sources {
    ($($name:ident $about:literal $of:expr;)* / $($back:ident $back_about:literal $back_of:expr;)*) => {
        /// A number that each candle gives.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Source {
            $(#[doc = $about] $name,)*
            $(#[doc = $back_about] $back,)*
        }

        impl Source {
            /// Every source, in order.
            const ALL: &[Self] = &[$(Self::$name,)* $(Self::$back,)*];

            /// Whether it needs the candle before.
            pub(super) fn looks_back(self) -> bool {
                matches!(self, $(Self::$back)|*)
            }

            /// The number of a candle that follows `last`.
            pub(super) fn value(self, candle: &Candle, last: Option<&Candle>) -> Option<f64> {
                match self {
                    $(Self::$name => Some($of(candle)),)*
                    $(Self::$back => last.map(|last| $back_of(candle, last)),)*
                }
            }

            /// The numbers of candles that follow one another and `last`; the first is of no account
            /// where one before it is needed and not there.
            fn fill(self, candles: &[Candle], last: Option<&Candle>, values: &mut [f64]) {
                match self {
                    $(Self::$name => {
                        for (value, candle) in values.iter_mut().zip(candles) {
                            *value = $of(candle);
                        }
                    })*
                    $(Self::$back => {
                        let mut last = last.or(candles.first());
                        for (value, candle) in values.iter_mut().zip(candles) {
                            *value = last.map_or(f64::NAN, |last| $back_of(candle, last));
                            last = Some(candle);
                        }
                    })*
                }
            }
        }
    };
}

sources! {
    Close "The last price." |candle: &Candle| candle.close;
    High "The highest price." |candle: &Candle| candle.high;
    Low "The lowest price." |candle: &Candle| candle.low;
    Volume "The traded amount." |candle: &Candle| candle.volume;
    LogClose "Logarithm of the close." |candle: &Candle| candle.close.ln();
    Typical "Mean of high, low and close." typical_price;
    TypicalVolume "Typical price times volume."
        |candle: &Candle| typical_price(candle) * candle.volume;
    LocatedVolume "Close location value times volume."
        |candle: &Candle| candle_shape::close_location(candle) * candle.volume;
    Body "`ln(C / O)`." |candle: &Candle| (candle.close / candle.open).ln();
    Parkinson "Parkinson's variance." parkinson;
    GarmanKlass "Garman and Klass's variance." garman_klass;
    RogersSatchell "Rogers and Satchell's variance." rogers_satchell;
/
    Return "`ln(C / C[-1])`."
        |candle: &Candle, last: &Candle| (candle.close / last.close).ln();
    Jump "`ln(O / C[-1])`." |candle: &Candle, last: &Candle| (candle.open / last.close).ln();
    SignedVolume "The volume, with the sign of the close's change."
        |candle: &Candle, last: &Candle| {
            let (rose, fell) = (candle.close > last.close, candle.close < last.close);
            f64::from(i8::from(rose) - i8::from(fell)) * candle.volume
        };
    RiseFlow "Typical price times volume where the typical price rose, else 0."
        |candle: &Candle, last: &Candle| {
            let price = typical_price(candle);
            if price > typical_price(last) { price * candle.volume } else { 0.0 }
        };
    FallFlow "Typical price times volume where the typical price fell, else 0."
        |candle: &Candle, last: &Candle| {
            let price = typical_price(candle);
            if price < typical_price(last) { price * candle.volume } else { 0.0 }
        };
    Pressure "`C - min(L, C[-1])`."
        |candle: &Candle, last: &Candle| candle.close - candle.low.min(last.close);
    TrueRange "True range." |candle: &Candle, last: &Candle| true_range(candle, last.close);
}

/// Candles of one stretch, and the sources' numbers of them.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    candles: &'a [Candle],
    sources: &'a Sources,
    start: usize,
}

impl<'a> Columns<'a> {
    /// The candles.
    #[must_use]
    pub fn candles(&self) -> &'a [Candle] {
        self.candles
    }

    /// The numbers of a source that the feature has named.
    ///
    /// # Panics
    /// When it has not.
    pub(super) fn of(&self, source: Source) -> &'a [f64] {
        // A feature is given the sources of its own definition, which are what was asked for.
        let place = self.sources.asked.binary_search(&source).expect("a source that was named");
        &self.sources.columns[place][self.start..][..self.candles.len()]
    }
}

/// The numbers of a block's candles: a column for each source that is asked for.
#[derive(Debug)]
pub(super) struct Sources {
    asked: Vec<Source>,
    /// Of each source that is asked for.
    columns: Vec<Vec<f64>>,
    last: Option<Candle>,
}

impl Sources {
    /// For those who ask, some of them for the same.
    pub(super) fn new(asked: impl Iterator<Item = Source>) -> Self {
        let asked: Vec<Source> = asked.collect();
        let is_asked = |source: &Source| asked.contains(source);
        let asked: Vec<Source> = Source::ALL.iter().copied().filter(is_asked).collect();
        Self { columns: vec![Vec::new(); asked.len()], asked, last: None }
    }

    /// Takes the candles of a block, in parallel. Where a stretch begins, a number that needs the
    /// candle before is of no account, and no feature takes it.
    pub(super) fn take(&mut self, candles: &[Candle]) {
        let last = self.last.as_ref();
        let asked = self.asked.par_iter().zip(&mut self.columns);
        asked.for_each(|(source, column)| {
            column.resize(candles.len(), 0.0);
            source.fill(candles, last, column);
        });
        self.last = candles.last().copied().or(self.last);
    }

    /// The candles of `range` with their numbers.
    pub(super) fn columns<'a>(&'a self, candles: &'a [Candle], range: Range<usize>) -> Columns<'a> {
        Columns { start: range.start, candles: &candles[range], sources: self }
    }
}
