//! A number in each lane of a vector of AVX2.
//!
//! Lanes come from [`Beside`](super::beside::Beside) alone, whoever makes one says that the
//! processor has AVX2, and the functions here are inlined into code that is compiled for it.

use std::arch::x86_64::{
    __m256d, _CMP_EQ_OQ, _mm256_add_pd, _mm256_andnot_pd, _mm256_blendv_pd, _mm256_cmp_pd,
    _mm256_div_pd, _mm256_loadu_pd, _mm256_max_pd, _mm256_min_pd, _mm256_mul_pd, _mm256_set1_pd,
    _mm256_setzero_pd, _mm256_sqrt_pd, _mm256_storeu_pd, _mm256_sub_pd,
};
use std::ops::{Add, Div, Mul, Sub};

use super::number::Number;

/// Lanes of a vector.
pub(super) const WIDTH: usize = 4;

/// A value of each of the windows beside each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes(__m256d);

/// What the processor does; see the head of the file.
macro_rules! avx2 {
    ($call:expr) => {
        // SAFETY: lanes are there, so the processor has AVX2.
        unsafe { $call }
    };
}

impl Lanes {
    /// The values from `at` on.
    #[inline(always)]
    pub(super) fn at(values: &[f64], at: usize) -> Self {
        let part = &values[at..at + WIDTH];
        // SAFETY: `part` holds as many values as are read; for AVX2 see the head of the file.
        Self(unsafe { _mm256_loadu_pd(part.as_ptr()) })
    }

    #[inline(always)]
    pub(super) fn values(self) -> [f64; WIDTH] {
        let mut values = [0.0; WIDTH];
        // SAFETY: `values` has room for what is written; lanes are there, so there is AVX2.
        unsafe { _mm256_storeu_pd(values.as_mut_ptr(), self.0) };
        values
    }
}

impl Number for Lanes {
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self(avx2!(_mm256_set1_pd(value)))
    }

    #[inline(always)]
    fn map(self, change: impl Fn(f64) -> f64) -> Self {
        let mut values = self.values();
        for value in &mut values {
            *value = change(*value);
        }
        Self::at(&values, 0)
    }

    #[inline(always)]
    fn zip(self, other: Self, join: impl Fn(f64, f64) -> f64) -> Self {
        let mut values = self.values();
        for (value, other) in values.iter_mut().zip(other.values()) {
            *value = join(*value, other);
        }
        Self::at(&values, 0)
    }

    #[inline(always)]
    fn over(self, denominator: Self, otherwise: f64) -> Self {
        let ratio = (self / denominator).0;
        let otherwise = Self::of(otherwise).0;
        let none = avx2!(_mm256_cmp_pd::<_CMP_EQ_OQ>(denominator.0, _mm256_setzero_pd()));
        Self(avx2!(_mm256_blendv_pd(ratio, otherwise, none)))
    }

    #[inline(always)]
    fn higher(self, other: Self) -> Self {
        Self(avx2!(_mm256_max_pd(self.0, other.0)))
    }

    #[inline(always)]
    fn lower(self, other: Self) -> Self {
        Self(avx2!(_mm256_min_pd(self.0, other.0)))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(avx2!(_mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0)))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(avx2!(_mm256_sqrt_pd(self.0)))
    }
}

macro_rules! lane_by_lane {
    ($($operation:ident $method:ident $vector:ident;)*) => { $(
        impl $operation for Lanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(avx2!($vector(self.0, other.0)))
            }
        }
    )* };
}
lane_by_lane! {
    Add add _mm256_add_pd;
    Sub sub _mm256_sub_pd;
    Mul mul _mm256_mul_pd;
    Div div _mm256_div_pd;
}
