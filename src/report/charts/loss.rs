//! Loss of one fold over its training steps.

use crate::report::ReportError;
use crate::report::axes::{Frame, Scale, range};
use crate::report::canvas::{AMBER, BLUE, draw};
use crate::report::downsample::downsample;
use crate::report::journal::FoldLoss;

const SIZE: (f64, f64) = (420.0, 220.0);

/// Points of a curve: the chart is small.
const POINTS: usize = 600;

/// Training loss thin, validation loss strong; `None` when no loss is a number.
pub(in crate::report) fn loss_chart(loss: &FoldLoss) -> Result<Option<String>, ReportError> {
    let points = || loss.train.iter().chain(&loss.valid).filter(|point| point.1.is_finite());
    let (Some(_), Some(y)) = (points().next(), range(points().map(|point| point.1))) else {
        return Ok(None);
    };
    let last = points().map(|point| point.0).fold(0.0, f64::max);
    let first = points().map(|point| point.0).fold(last, f64::min);
    let frame = Frame {
        x: Scale::new((first, last), 52.0, SIZE.0 - 12.0),
        y: Scale::new(y, SIZE.1 - 28.0, 10.0),
    };
    draw("loss", SIZE, |canvas| {
        frame.grid(canvas, &frame.x.ticks(5), &frame.y.ticks(4))?;
        frame.lines(canvas, &downsample(&loss.train, POINTS), (BLUE, 1.0, 0.75))?;
        let valid = downsample(&loss.valid, POINTS);
        frame.lines(canvas, &valid, (AMBER, 2.0, 1.0))?;
        let few = loss.valid.len() <= 60;
        for (step, value) in valid.iter().flatten().filter(|_| few) {
            canvas.disc((frame.x.at(*step), frame.y.at(*value)), 2.5, AMBER)?;
        }
        Ok(())
    })
    .map(Some)
}
