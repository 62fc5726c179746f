//! What statistics compute with: a number, or one in each lane of a processor's vectors.

use std::ops::{Add, Div, Mul, Sub};

use super::indicator::{not_negative, ratio_or};

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

    /// The higher one, `other` of two that are equal.
    fn higher(self, other: Self) -> Self;

    /// The lower one, `other` of two that are equal.
    fn lower(self, other: Self) -> Self;

    fn abs(self) -> Self;

    fn sqrt(self) -> Self;

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

    #[inline(always)]
    fn higher(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline(always)]
    fn lower(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
}
