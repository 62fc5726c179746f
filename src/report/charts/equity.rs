//! Equity of the model's positions beside buying and holding.

use crate::report::ReportError;
use crate::report::axes::{Frame, Scale, range};
use crate::report::canvas::{BLUE, MUTED, draw};
use crate::report::downsample::downsample;
use crate::run_folder::ChartRow;

use super::LINE_POINTS;

const SIZE: (f64, f64) = (1060.0, 330.0);
const EQUITY_BOTTOM: f64 = 240.0;
const POSITION: (f64, f64) = (262.0, 296.0);

/// Equity after costs, and the position below it; `None` when no candle has an equity.
pub(in crate::report) fn equity_chart(rows: &[&ChartRow]) -> Result<Option<String>, ReportError> {
    let held: Vec<_> =
        rows.iter().filter(|row| row.equity.or(row.buy_and_hold).is_some()).collect();
    let over = |value: fn(&ChartRow) -> Option<f64>| -> Vec<(f64, f64)> {
        let point = |row: &&&ChartRow| (row.open_time as f64, value(row).unwrap_or(f64::NAN));
        held.iter().map(point).collect()
    };
    let equity = over(|row| row.equity);
    let hold = over(|row| row.buy_and_hold);
    let position = over(|row| row.position.map(f64::from));
    let values = equity.iter().chain(&hold).map(|point| point.1);
    let (Some(first), Some(last), Some(y)) =
        (equity.first(), equity.last(), range(values.chain([1.0])))
    else {
        return Ok(None);
    };
    let x = Scale::new((first.0, last.0), 60.0, SIZE.0 - 14.0);
    let frame = Frame { x, y: Scale::new(y, EQUITY_BOTTOM, 10.0) };
    let below = Frame { x, y: Scale::new((-1.0, 1.0), POSITION.1, POSITION.0) };
    draw("equity", SIZE, |canvas| {
        frame.grid(canvas, &[], &frame.y.ticks(5))?;
        canvas.dashes((x.at(first.0), frame.y.at(1.0)), (x.at(last.0), frame.y.at(1.0)), MUTED)?;
        frame.lines(canvas, &downsample(&hold, LINE_POINTS), (MUTED, 1.5, 1.0))?;
        frame.lines(canvas, &downsample(&equity, LINE_POINTS), (BLUE, 1.5, 1.0))?;
        let ticks = [(-1.0, "short"), (0.0, "flat"), (1.0, "long")];
        below.grid(canvas, &x.time_ticks(9), &ticks.map(|(at, name)| (at, name.to_owned())))?;
        below.lines(canvas, &downsample(&stairs(&position), LINE_POINTS), (BLUE, 1.0, 0.7))
    })
    .map(Some)
}

/// A position holds until the next one: corners instead of slopes.
fn stairs(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut corners = Vec::with_capacity(2 * points.len());
    let mut before = f64::NAN;
    for &(x, y) in points {
        if before.is_finite() && before != y {
            corners.push((x, before));
        }
        corners.push((x, y));
        before = y;
    }
    corners
}
