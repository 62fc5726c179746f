//! Where each fold trains, validates and tests, under the price.

use crate::market::Span;
use crate::report::ReportError;
use crate::report::axes::{Frame, Scale, range};
use crate::report::canvas::{AMBER, Anchor, BLUE, Canvas, Drawn, GREEN, INK, draw};
use crate::report::downsample::downsample;
use crate::run_folder::{ChartRow, ManifestFold};

use super::LINE_POINTS;

const WIDTH: f64 = 1060.0;
const LEFT: f64 = 76.0;
const PRICE_TOP: f64 = 10.0;
const PRICE_BOTTOM: f64 = 250.0;

/// Rows of bars that are drawn at most, so that combinatorial folds do not fill the page.
pub(in crate::report) const MOST_FOLDS: usize = 40;

/// The price of one instrument over all candles, test spans behind it, one row of bars a fold.
pub(in crate::report) fn folds_chart(
    rows: &[&ChartRow],
    folds: &[ManifestFold],
) -> Result<Option<String>, ReportError> {
    let close: Vec<_> = rows.iter().map(|row| (row.open_time as f64, row.close)).collect();
    let (Some(first), Some(last), Some(prices)) =
        (close.first(), close.last(), range(close.iter().map(|point| point.1)))
    else {
        return Ok(None);
    };
    let folds = &folds[..folds.len().min(MOST_FOLDS)];
    let row_height = if folds.len() > 12 { 11.0 } else { 18.0 };
    let bars = PRICE_BOTTOM + 12.0;
    let bottom = bars + row_height * folds.len() as f64 + 2.0;
    let x = Scale::new((first.0, last.0), LEFT, WIDTH - 14.0);
    let frame = Frame { x, y: Scale::new(prices, PRICE_BOTTOM, PRICE_TOP) };
    let lines = downsample(&close, LINE_POINTS);
    draw("fold", (WIDTH, bottom + 26.0), |canvas| {
        for (i, fold) in folds.iter().enumerate() {
            // Neighbours differ, so that each test span can be told from the next.
            let opacity = if i % 2 == 0 { 0.12 } else { 0.22 };
            band(canvas, x, fold.test_span, opacity)?;
        }
        frame.grid(canvas, &[], &frame.y.ticks(5))?;
        frame.lines(canvas, &lines, (INK, 1.0, 1.0))?;
        for (i, fold) in folds.iter().enumerate() {
            let top = bars + row_height * i as f64;
            let ends = (top, top + row_height - 3.0);
            let middle = f64::midpoint(ends.0, ends.1);
            let size = if row_height < 12.0 { 8.5 } else { 10.5 };
            canvas.text(&short(&fold.name), (LEFT - 6.0, middle), size, Anchor::End)?;
            for (span, color) in
                [(fold.train_span, BLUE), (fold.valid_span, AMBER), (fold.test_span, GREEN)]
            {
                if let Some((from, to)) = places(x, span) {
                    canvas.rectangle((from, ends.0), (to, ends.1), color, 0.85)?;
                }
            }
        }
        let axis = Frame { x, y: Scale::new((0.0, 1.0), bottom, PRICE_TOP) };
        axis.grid(canvas, &x.time_ticks(9), &[])
    })
    .map(Some)
}

fn band(canvas: &mut Canvas<'_>, x: Scale, span: Span, opacity: f64) -> Drawn {
    match places(x, span) {
        Some((from, to)) => canvas.rectangle((from, PRICE_TOP), (to, PRICE_BOTTOM), GREEN, opacity),
        None => Ok(()),
    }
}

fn places(x: Scale, span: Span) -> Option<(f64, f64)> {
    let (from, to) = (x.at(span.start as f64), x.at(span.end as f64));
    (span.start < span.end && from < to).then_some((from, to))
}

/// A name that fits beside its row.
fn short(name: &str) -> String {
    if name.chars().count() <= 11 {
        return name.to_owned();
    }
    name.chars().take(10).chain(['…']).collect()
}
