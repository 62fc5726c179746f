//! Quantiles of Student's t distribution.

use std::f64::consts::PI;

/// Most Newton steps; a handful is the rule.
const STEPS: usize = 30;

/// The quantile at `level` in (0, 1) of a standard t distribution with `degrees` of freedom of at
/// least 1.
///
/// Newton's method on the distribution function, kept between bounds that close in.
#[must_use]
pub fn t_quantile(level: f64, degrees: f64) -> f64 {
    if level < 0.5 {
        return -t_quantile(1.0 - level, degrees);
    }
    // One degree, the Cauchy distribution, has the fattest tails of those allowed.
    let (mut low, mut high) = (0.0, (PI * (level - 0.5)).tan());
    let mut t = 0.5 * high;
    for _ in 0..STEPS {
        let miss = upper_tail(t, degrees) - (1.0 - level);
        if miss > 0.0 {
            low = t;
        } else {
            high = t;
        }
        let next = t + miss / density(t, degrees);
        let next = if next > low && next < high { next } else { 0.5 * (low + high) };
        if (next - t).abs() <= 1e-10 * next.abs() {
            return next;
        }
        t = next;
    }
    t
}

/// P(T > t) for t ≥ 0.
fn upper_tail(t: f64, degrees: f64) -> f64 {
    0.5 * incomplete_beta(degrees / (degrees + t * t), 0.5 * degrees)
}

fn density(t: f64, degrees: f64) -> f64 {
    let kernel = -0.5 * (degrees + 1.0) * (t * t / degrees).ln_1p();
    (half_step_log_gamma(0.5 * degrees) + kernel).exp() / (PI * degrees).sqrt()
}

/// The regularised incomplete beta function I(x; a, ½), by Lentz's continued fraction (Press et
/// al., "Numerical Recipes", section 6.4).
fn incomplete_beta(x: f64, a: f64) -> f64 {
    let b = 0.5;
    if x >= 1.0 {
        return 1.0;
    }
    // xᵃ (1 - x)ᵇ / B(a, b), with Γ(½) = √π.
    let front = (a * x.ln() + b * (1.0 - x).ln() + half_step_log_gamma(a)).exp() / PI.sqrt();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(x, a, b) / a
    } else {
        1.0 - front * continued_fraction(1.0 - x, b, a) / b
    }
}

fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    let guard = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut above = 1.0;
    let mut below = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = below;
    for m in 1..300 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut factor = 1.0;
        for coefficient in [even, odd] {
            below = 1.0 / guard(1.0 + coefficient * below);
            above = guard(1.0 + coefficient / above);
            factor = above * below;
            fraction *= factor;
        }
        if (factor - 1.0).abs() < 1e-14 {
            break;
        }
    }
    fraction
}

/// ln Γ(x + ½) - ln Γ(x): the series of the two at 20 and more, which is where x is brought.
fn half_step_log_gamma(x: f64) -> f64 {
    let steps = 20;
    let z = x + f64::from(steps);
    let square = 1.0 / (z * z);
    let series = ((17.0 / 14336.0 * square - 1.0 / 640.0) * square + 1.0 / 192.0) * square - 0.125;
    let far = 0.5 * z.ln() + series / z;
    (0..steps).fold(far, |sum, step| sum - (0.5 / (x + f64::from(step))).ln_1p())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_scipys() {
        // from scipy.stats import t
        // [(p, v, t.ppf(p, v)) for v in [2.0, 2.69, 4.5, 30.0, 1e4, 1e7] for p in [.75, .95]]
        let expected = [
            (0.75, 2.0, 0.816_496_580_927_726_1),
            (0.95, 2.0, 2.919_985_580_353_724_2),
            (0.75, 2.69, 0.776_402_765_477_700_4),
            (0.95, 2.69, 2.468_152_918_318_552_7),
            (0.75, 4.5, 0.732_866_686_235_994_4),
            (0.95, 4.5, 2.065_575_888_878_524),
            (0.75, 30.0, 0.682_755_693_321_292_7),
            (0.95, 30.0, 1.697_260_886_593_957),
            (0.75, 10000.0, 0.674_514_284_483_592_7),
            (0.95, 10000.0, 1.645_006_018_069_243),
            (0.75, 1e7, 0.674_489_774_729_574_9),
            (0.95, 1e7, 1.644_853_779_328_401_7),
        ];
        for (level, degrees, expected) in expected {
            let found = t_quantile(level, degrees);
            assert!((found - expected).abs() < 1e-8 * expected, "{level} {degrees}: {found}");
            assert_eq!(t_quantile(1.0 - level, degrees) + t_quantile(level, degrees), 0.0);
        }
        assert!((t_quantile(0.75, 1.0) - 1.0).abs() < 1e-9);
        assert_eq!(t_quantile(0.5, 3.0), 0.0);
    }
}
