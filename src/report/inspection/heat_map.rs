//! Rank correlations of all pairs of columns, in the order of their clusters.

use crate::inspection::Inspection;

use super::drawing::Drawing;

/// What the map shows and how to read a place on it.
pub(super) struct HeatMap {
    pub svg: String,
    /// Columns of the inspection in the order drawn.
    pub shown: Vec<usize>,
    /// Row by row a letter for each pair: its code less 48, over 32, less 1, is the correlation.
    pub values: String,
}

/// Columns that are drawn at most; of more, every so many.
const MOST: usize = 360;
/// Shades of each sign.
const SHADES: usize = 8;
/// Side of the map, in units.
const SIDE: f64 = 720.0;

/// Draws the map.
pub(super) fn heat_map(inspection: &Inspection) -> HeatMap {
    let width = inspection.features.len();
    let step = inspection.order.len().div_ceil(MOST).max(1);
    let shown: Vec<usize> = inspection.order.iter().copied().step_by(step).collect();
    let cell = SIDE / shown.len().max(1) as f64;
    let correlation = |a: usize, b: usize| inspection.correlations[a * width + b];
    // Runs of one shade become one rectangle, which keeps the page small.
    let mut boxes: Vec<Vec<[f64; 4]>> = vec![Vec::new(); 2 * SHADES + 1];
    let mut values = String::with_capacity(shown.len() * shown.len());
    for (line, &row) in shown.iter().enumerate() {
        let shades: Vec<usize> = shown
            .iter()
            .map(|&column| {
                let value = f64::from(correlation(row, column)).clamp(-1.0, 1.0);
                values.push(char::from((48.0 + 32.0 * (value + 1.0)).round() as u8));
                ((value + 1.0) * SHADES as f64).round() as usize
            })
            .collect();
        let mut start = 0;
        for run in shades.chunk_by(|a, b| a == b) {
            let (left, right) = (start as f64 * cell, (start + run.len()) as f64 * cell);
            let (top, bottom) = (line as f64 * cell, (line + 1) as f64 * cell);
            boxes[run[0]].push([left, top, right, bottom]);
            start += run.len();
        }
    }
    let mut drawing = Drawing::new((SIDE, SIDE), "Rank correlations of all pairs of columns");
    for (shade, boxes) in boxes.into_iter().enumerate() {
        let strength = shade.abs_diff(SHADES);
        let sign = if shade > SHADES { "plus" } else { "minus" };
        if strength > 0 {
            drawing.boxes(&format!("heat {sign} s{strength}"), boxes.into_iter());
        }
    }
    let mut start = 0;
    let mut frames = Vec::new();
    for run in
        shown.chunk_by(|&a, &b| inspection.features[a].cluster == inspection.features[b].cluster)
    {
        let (from, to) = (start as f64 * cell, (start + run.len()) as f64 * cell);
        if run.len() > 1 {
            frames.push([from, from, to, to]);
        }
        start += run.len();
    }
    drawing.boxes("frame", frames.into_iter());
    HeatMap { svg: drawing.finish(), shown, values }
}
