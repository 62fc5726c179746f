//! Classes over time, above the parts of the fold.

use crate::inspection::Inspection;
use crate::report::axes::Scale;

use super::drawing::{Drawing, styles};

/// Shares of the classes in slices of time, and where the fold's parts lie.
pub(super) fn balance_chart(inspection: &Inspection) -> Option<String> {
    let slices = &inspection.labels.balance.slices;
    let (first, last) = (slices.first()?, slices.last()?);
    let (left, right, top, bottom) = (40.0, 1046.0, 12.0, 190.0);
    let x = Scale::new((first.start as f64, last.end as f64), left, right);
    let y = Scale::new((0.0, 1.0), bottom, top);
    let mut drawing = Drawing::new((1060.0, 236.0), "Shares of the classes over time");
    let names = inspection.labels.thresholds.between.names();
    for (class, name) in names.iter().enumerate() {
        let bars = slices.iter().filter_map(|slice| {
            let shares = slice.shares()?;
            let below: f64 = shares[..class].iter().sum();
            let (from, to) = (x.at(slice.start as f64), x.at(slice.end as f64));
            Some([from + 0.5, y.at(below + shares[class]), to - 0.5, y.at(below)])
        });
        drawing.boxes(&format!("class {}", styles(name)), bars);
    }
    let equal = |class: usize| {
        let share = y.at(class as f64 / names.len() as f64);
        [left, share, right, share]
    };
    drawing.lines("third", (1..names.len()).map(equal));
    let ticks = [0.0, 0.5, 1.0].map(|share| (share, format!("{:.0}%", 100.0 * share)));
    drawing.grid(y, (left, right), &ticks);
    for (part, name) in inspection.parts.iter().zip(["train", "valid", "test"]) {
        if part.rows > 0 {
            let ends = [part.span.start, part.span.end].map(|time| x.at(time as f64));
            drawing
                .boxes(&format!("part {name}"), std::iter::once([ends[0], 196.0, ends[1], 204.0]));
        }
    }
    drawing.ticks_below(x, 204.0, &x.time_ticks(10));
    Some(drawing.finish())
}
