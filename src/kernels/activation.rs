//! Sigmoid and tanh from polynomials that a compiler turns into vector instructions.
//!
//! Coefficients are those of the Cephes library (Moshier 1989: `expf`, `tanhf`); errors stay below
//! 2e-7. `FUSED` says that multiply-adds are one instruction: it is set where the code is compiled
//! for such a processor, since a call into a library for each would be slow.

/// `a * b + c`.
#[inline(always)]
pub(super) fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// e to the power of `x`, for `x` within ± 87; beyond, as at the end.
#[inline(always)]
fn exp<const FUSED: bool>(x: f32) -> f32 {
    // Adding it rounds to an integer that then stands in the low bits of the float.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let shifted = multiply_add::<FUSED>(x, std::f32::consts::LOG2_E, ROUND);
    let power = shifted - ROUND;
    let rest = multiply_add::<FUSED>(power, -0.693_359_375, x);
    let rest = multiply_add::<FUSED>(power, 2.121_944_4e-4, rest);
    let mut sum = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = multiply_add::<FUSED>(sum, rest, coefficient);
    }
    let sum = multiply_add::<FUSED>(sum, rest * rest, rest) + 1.0;
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    sum * scale
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(super) fn sigmoid<const FUSED: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FUSED>(-x))
}

/// Hyperbolic tangent.
#[inline(always)]
pub(super) fn tanh<const FUSED: bool>(x: f32) -> f32 {
    // Near 0 the difference from 1 would lose the digits that matter.
    let square = x * x;
    let mut near = -5.704_988_7e-3;
    for coefficient in [2.063_908_9e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328_2e-1] {
        near = multiply_add::<FUSED>(near, square, coefficient);
    }
    let near = multiply_add::<FUSED>(near * square, x, x);
    let far = 1.0 - 2.0 / (exp::<FUSED>(2.0 * x) + 1.0);
    if x.abs() < 0.625 { near } else { far }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stay_below_two_units_of_the_seventh_digit() {
        for step in -400_000..=400_000_i32 {
            let x = step as f32 * 2.5e-4;
            let exact = f64::from(x);
            let logistic = 1.0 / (1.0 + (-exact).exp());
            for (found, expected) in [
                (sigmoid::<true>(x), logistic),
                (sigmoid::<false>(x), logistic),
                (tanh::<true>(x), exact.tanh()),
                (tanh::<false>(x), exact.tanh()),
            ] {
                assert!((f64::from(found) - expected).abs() < 2e-7, "{x}: {found} {expected}");
            }
        }
        let small = 1e-4_f32;
        assert!((tanh::<true>(small) / small - 1.0).abs() < 1e-6);
        assert!(sigmoid::<true>(f32::NAN).is_nan() && tanh::<false>(f32::NAN).is_nan());
        assert_eq!(tanh::<true>(f32::INFINITY), 1.0);
        assert!(sigmoid::<true>(f32::NEG_INFINITY) < 1e-37);
    }
}
