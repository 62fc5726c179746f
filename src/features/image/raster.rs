//! Candles drawn as a chart of black and white pixels.

use super::Image;
use crate::market::Candle;

/// Pixels that a candle is wide: opening price, range, closing price.
pub(super) const CANDLE_WIDTH: usize = 3;

/// Height below which price and volume cannot be told apart.
pub(super) const LOWEST: usize = 16;

/// The last `candles` of `window` as a chart `height` pixels high: open, range and close of each
/// candle in three columns, a line of the mean of the last `candles` closes, and volumes below.
///
/// The lowest fifth is for volumes, the highest of them reaching its top, then an empty row; above it
/// the lowest low stands in the lowest row and the highest high in the highest. A price that stands
/// still is drawn in the middle; what of the line is above or below is left out. Pixels are 1 where
/// something is drawn and else 0; rows from the top.
/// Source: Jiang, Kelly and Xiu 2023, (Re-)Imag(in)ing price trends, section 1.
#[must_use]
pub fn raster(window: &[Candle], candles: usize, height: usize) -> Image {
    let shown = &window[window.len().saturating_sub(candles)..];
    let width = CANDLE_WIDTH * shown.len();
    let volume_height = height / 5;
    let mut image = Image { height, width, values: vec![0.0; height * width] };
    // Impossible candles reach beyond the image, and are cut off there.
    let mut paint = |row: usize, column: usize| {
        if let Some(pixel) = image.values.get_mut(row * width + column) {
            *pixel = 1.0;
        }
    };

    let low = shown.iter().map(|candle| candle.low).fold(f64::INFINITY, f64::min);
    let high = shown.iter().map(|candle| candle.high).fold(f64::NEG_INFINITY, f64::max);
    let top = (height.saturating_sub(volume_height + 2)) as f64;
    // Rows from the top, as fractions.
    let place =
        |price: f64| if high > low { (high - price) / (high - low) * top } else { top / 2.0 };
    let row = |place: f64| ((place + 0.5).floor() as usize).min(height);
    for (index, candle) in shown.iter().enumerate() {
        let left = CANDLE_WIDTH * index;
        paint(row(place(candle.open)), left);
        (row(place(candle.high))..=row(place(candle.low))).for_each(|row| paint(row, left + 1));
        paint(row(place(candle.close)), left + 2);
    }

    let most = shown.iter().map(|candle| candle.volume).fold(0.0, f64::max);
    for (index, candle) in shown.iter().enumerate().filter(|_| most > 0.0) {
        let tall = row(candle.volume / most * volume_height as f64);
        (height.saturating_sub(tall)..height).for_each(|row| paint(row, CANDLE_WIDTH * index + 1));
    }

    // Of a short window the line begins late.
    let means: Vec<f64> = window.windows(candles.max(1)).map(mean_close).map(place).collect();
    let means = &means[means.len().saturating_sub(shown.len())..];
    let late = CANDLE_WIDTH * (shown.len() - means.len()) + 1;
    let mut line = |place: f64, column: usize| {
        if (0.0..=top).contains(&place) {
            paint(row(place), column);
        }
    };
    // Middle columns first, then the two between each and the next.
    for (index, &mean) in means.iter().enumerate() {
        line(mean, late + CANDLE_WIDTH * index);
    }
    for (index, pair) in means.windows(2).enumerate() {
        for step in 1..CANDLE_WIDTH {
            let share = step as f64 / CANDLE_WIDTH as f64;
            line(pair[0] + share * (pair[1] - pair[0]), late + CANDLE_WIDTH * index + step);
        }
    }
    image
}

fn mean_close(candles: &[Candle]) -> f64 {
    let first = candles.first().map_or(0.0, |candle| candle.close);
    first + candles.iter().map(|candle| candle.close - first).sum::<f64>() / candles.len() as f64
}
