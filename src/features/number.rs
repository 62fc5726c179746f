//! What statistics compute with: a number, or one in each lane of a processor's vectors.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Sub};

use super::indicator::{not_negative, ratio_or};

/// Windows beside each other.
pub(super) const WIDTH: usize = 4;

/// A value, or one of each of the windows beside each other.
pub(super) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The same value everywhere.
    fn of(value: f64) -> Self;

    /// `change` of each value.
    fn map(self, change: impl Fn(f64) -> f64) -> Self;

    /// `join` of each value with its counterpart.
    fn zip(self, other: Self, join: impl Fn(f64, f64) -> f64) -> Self;

    /// `self / denominator`, or `otherwise` where there is nothing to divide by.
    fn over(self, denominator: Self, otherwise: f64) -> Self;

    #[inline(always)]
    fn abs(self) -> Self {
        self.map(f64::abs)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }

    #[inline(always)]
    fn not_negative(self) -> Self {
        self.map(not_negative)
    }
}

impl Number for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn map(self, change: impl Fn(f64) -> f64) -> Self {
        change(self)
    }

    #[inline(always)]
    fn zip(self, other: Self, join: impl Fn(f64, f64) -> f64) -> Self {
        join(self, other)
    }

    #[inline(always)]
    fn over(self, denominator: Self, otherwise: f64) -> Self {
        ratio_or(self, denominator, otherwise)
    }
}

/// A value of each of the windows beside each other.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(super) struct Lanes(pub(super) [f64; WIDTH]);

impl Lanes {
    /// The values from `at` on.
    #[inline(always)]
    pub(super) fn at(values: &[f64], at: usize) -> Self {
        Self(from_fn(|lane| values[at + lane]))
    }
}

impl Number for Lanes {
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self([value; WIDTH])
    }

    #[inline(always)]
    fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self(from_fn(|lane| change(self.0[lane])))
    }

    #[inline(always)]
    fn zip(self, other: Self, join: impl Fn(f64, f64) -> f64) -> Self {
        Self(from_fn(|lane| join(self.0[lane], other.0[lane])))
    }

    #[inline(always)]
    fn over(self, denominator: Self, otherwise: f64) -> Self {
        self.zip(denominator, |numerator, denominator| ratio_or(numerator, denominator, otherwise))
    }
}

macro_rules! lane_by_lane {
    ($($operation:ident $method:ident $sign:tt;)*) => { $(
        impl $operation for Lanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $sign b)
            }
        }
    )* };
}
lane_by_lane! { Add add +; Sub sub -; Mul mul *; Div div /; }
