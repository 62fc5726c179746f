//! How often a class came true beside how probable it was said to be.

use crate::report::ReportError;
use crate::report::axes::{Frame, Scale};
use crate::report::canvas::{Anchor, BLUE, MUTED, draw};
use crate::report::numbers::count;
use crate::scores::Calibration;

const SIZE: (f64, f64) = (340.0, 340.0);

/// The curve over bins, the diagonal of perfect calibration, and the counts of the bins below.
pub(in crate::report) fn calibration_chart(curve: &Calibration) -> Result<String, ReportError> {
    let x = Scale::new((0.0, 1.0), 44.0, SIZE.0 - 14.0);
    let frame = Frame { x, y: Scale::new((0.0, 1.0), 240.0, 12.0) };
    let most = curve.bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1);
    let bars = Frame { x, y: Scale::new((0.0, most as f64), 318.0, 280.0) };
    draw("calibration", SIZE, |canvas| {
        let ticks = x.ticks(5);
        frame.grid(canvas, &ticks, &ticks)?;
        canvas.dashes((x.at(0.0), frame.y.at(0.0)), (x.at(1.0), frame.y.at(1.0)), MUTED)?;
        let line: Vec<_> = curve.bins.iter().map(|bin| (bin.probability, bin.frequency)).collect();
        let finite = line.iter().all(|(x, y)| x.is_finite() && y.is_finite());
        if !finite {
            return Err("a bin is not a number".to_owned());
        }
        frame.lines(canvas, &[line], (BLUE, 1.5, 0.6))?;
        for bin in &curve.bins {
            let radius = 2.0 + 4.0 * (bin.count as f64 / most as f64).sqrt();
            canvas.disc((x.at(bin.probability), frame.y.at(bin.frequency)), radius, BLUE)?;
            let middle = x.at(bin.probability);
            let top = bars.y.at(bin.count as f64);
            canvas.rectangle((middle - 6.0, top), (middle + 6.0, bars.y.at(0.0)), MUTED, 0.8)?;
        }
        let (left, right) = (x.at(0.0), x.at(1.0));
        canvas.line(&[(left, 318.0), (right, 318.0)], MUTED, 0.5)?;
        canvas.text(&count(most), (left - 6.0, 282.0), 10.5, Anchor::End)?;
        canvas.text("0", (left - 6.0, 316.0), 10.5, Anchor::End)?;
        canvas.text("forecasts a bin", (f64::midpoint(left, right), 331.0), 10.5, Anchor::Middle)
    })
}
