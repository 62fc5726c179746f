//! Fields of a series of numbers: how each step stands to each other one.

use super::Image;

/// Quantiles that the numbers of a Markov transition field are sorted into.
pub const MARKOV_STATES: usize = 8;

/// Gramian angular summation field, `cos(a_i + a_j)` with `cos a` the values between -1 and 1.
///
/// The values are first the means of `size` equal parts of `values`, then stretched so that the
/// least is -1 and the greatest 1; equal ones are all 0, and the field -1. Fewer values than `size`
/// are parts each of its own, and the field is as small.
/// Row i, column j of `[size, size]`. Source: Wang and Oates 2015, Imaging time-series to improve
/// classification and imputation, equations 3 to 5.
#[must_use]
pub fn gramian_sum(values: &[f64], size: usize) -> Image {
    let cosines = stretched(&parts(values, size));
    square(&cosines, |(x, sin_x), (y, sin_y)| x * y - sin_x * sin_y)
}

/// Gramian angular difference field, `sin(a_i - a_j)`, of values as in [`gramian_sum`]; 0 where they
/// are all equal. Source: as there, equations 6 and 7.
#[must_use]
pub fn gramian_difference(values: &[f64], size: usize) -> Image {
    let cosines = stretched(&parts(values, size));
    square(&cosines, |(x, sin_x), (y, sin_y)| sin_x * y - x * sin_y)
}

/// Markov transition field: the share of steps out of i's state that lead to j's, averaged over the
/// `size * size` equal blocks of the field of all values.
///
/// The states are the [`MARKOV_STATES`] quantiles of the values, a value on a border in the lower
/// one; a state that nothing leaves has zeros. Equal values are all in one state, and the field 1.
/// Source: Wang and Oates 2015, section 3.2.
#[must_use]
pub fn markov_transition(values: &[f64], size: usize) -> Image {
    let states = quantile_states(values);
    let mut steps = [[0.0_f64; MARKOV_STATES]; MARKOV_STATES];
    for pair in states.windows(2) {
        steps[pair[0]][pair[1]] += 1.0;
    }
    for row in &mut steps {
        let left: f64 = row.iter().sum();
        if left > 0.0 {
            for share in row {
                *share /= left;
            }
        }
    }
    let block = part_length(values.len(), size);
    let mut pixels = Vec::with_capacity(size * size);
    let blocks = || states.chunks_exact(block).take(size);
    for from in blocks() {
        for to in blocks() {
            let share = |&i: &usize| to.iter().map(|&j| steps[i][j]).sum::<f64>();
            let sum: f64 = from.iter().map(share).sum();
            pixels.push((sum / (block * block) as f64) as f32);
        }
    }
    let size = blocks().count();
    Image { height: size, width: size, values: pixels }
}

/// How many of `count` values one of `size` equal parts has, at least one.
fn part_length(count: usize, size: usize) -> usize {
    (count / size.max(1)).max(1)
}

/// Means of `size` equal parts.
fn parts(values: &[f64], size: usize) -> Vec<f64> {
    let part = part_length(values.len(), size);
    let mean = |part: &[f64]| {
        let first = part.first().copied().unwrap_or(0.0);
        first + part.iter().map(|value| value - first).sum::<f64>() / part.len() as f64
    };
    values.chunks_exact(part).take(size).map(mean).collect()
}

/// The values between -1 and 1 with the sine of the angle that each is the cosine of.
fn stretched(values: &[f64]) -> Vec<(f64, f64)> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let stretch = |value: f64| {
        let cosine =
            if most > least { 2.0 * ((value - least) / (most - least)) - 1.0 } else { 0.0 };
        (cosine, (1.0 - cosine * cosine).max(0.0).sqrt())
    };
    values.iter().map(|&value| stretch(value)).collect()
}

fn square(values: &[(f64, f64)], of: fn((f64, f64), (f64, f64)) -> f64) -> Image {
    let row = |x: (f64, f64)| values.iter().map(move |&y| of(x, y) as f32);
    let size = values.len();
    Image { height: size, width: size, values: values.iter().flat_map(|&x| row(x)).collect() }
}

/// Which quantile each value is in, its borders interpolated linearly.
fn quantile_states(values: &[f64]) -> Vec<usize> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let border = |quantile: usize| {
        let place = quantile as f64 / MARKOV_STATES as f64 * (sorted.len() - 1) as f64;
        let (below, share) = (place.floor() as usize, place.fract());
        let above = sorted[(below + 1).min(sorted.len() - 1)];
        sorted[below] + share * (above - sorted[below])
    };
    let borders: Vec<f64> =
        if sorted.is_empty() { Vec::new() } else { (1..MARKOV_STATES).map(border).collect() };
    values.iter().map(|&value| borders.partition_point(|&border| border < value)).collect()
}
