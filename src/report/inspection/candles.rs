//! Candles with the labels that lie over them.

use crate::forecast::Classes;
use crate::inspection::{Mark, Stretch};
use crate::report::axes::{Scale, range};

use super::drawing::{Drawing, styles};

/// Candles, and of each label its span from the decision on, both thresholds or barriers, and where
/// its outcome was decided; `None` without a candle.
pub(super) fn candle_chart(stretch: &Stretch) -> Option<String> {
    let (first, last) = (stretch.candles.first()?, stretch.candles.last()?);
    let (left, right, top, bottom) = (66.0, 1046.0, 12.0, 340.0);
    let end = last.open_time.saturating_add(stretch.interval);
    let x = Scale::new((first.open_time as f64, end as f64), left, right);
    let prices = stretch.candles.iter().flat_map(|candle| [candle.low, candle.high]);
    let barriers = stretch.marks.iter().flat_map(|mark| [mark.lower, mark.upper]).flatten();
    let y = Scale::new(range(prices.chain(barriers))?, bottom, top);
    let mut drawing =
        Drawing::new((1060.0, 366.0), "Candles with the spans and thresholds of labels");
    drawing.grid(y, (left, right), &y.ticks(6));
    let classes = stretch.marks.first().map_or(Classes::Three, |mark| mark.classes);
    for (class, name) in classes.names().iter().enumerate() {
        let name = styles(name);
        let own = || stretch.marks.iter().filter(move |mark| usize::from(mark.class) == class);
        let across = |mark: &Mark, price: f64| {
            [x.at(mark.start as f64), y.at(price), x.at(mark.end as f64), y.at(price)]
        };
        let span = |mark: &Mark| {
            let ends = [mark.start, mark.touch.0].map(|time| x.at(time as f64));
            let (upper, lower) = mark.upper.zip(mark.lower)?;
            Some([ends[0], y.at(upper), ends[1], y.at(lower)])
        };
        drawing.boxes(&format!("span {name}"), own().filter_map(span));
        let bounds = |m: &Mark| [m.upper, m.lower].into_iter().flatten();
        let thresholds = own().flat_map(|m| bounds(m).map(|price| across(m, price)));
        drawing.lines(&format!("barrier {name}"), thresholds);
    }
    let width = (right - left) / stretch.candles.len().max(1) as f64;
    for (rises, name) in [(true, "rise"), (false, "fall")] {
        let own = || stretch.candles.iter().filter(move |c| (c.close >= c.open) == rises);
        let middle = |open_time: i64| x.at(open_time as f64 + 0.5 * stretch.interval as f64);
        let wick = own().map(|candle| {
            let at = middle(candle.open_time);
            [at, y.at(candle.high), at, y.at(candle.low)]
        });
        drawing.lines(&format!("wick {name}"), wick);
        let body = own().map(|candle| {
            let (at, half) = (middle(candle.open_time), 0.34 * width);
            let (high, low) = (candle.open.max(candle.close), candle.open.min(candle.close));
            [at - half, y.at(high), at + half, y.at(low).max(y.at(high) + 0.8)]
        });
        drawing.boxes(&format!("body {name}"), body);
    }
    for mark in &stretch.marks {
        let name = styles(classes.names().get(usize::from(mark.class)).unwrap_or(&"neutral"));
        let (from, to) = ((mark.start, mark.entry), mark.touch);
        let place = |(time, price): (i64, f64)| (x.at(time as f64), y.at(price));
        let ((x1, y1), (x2, y2)) = (place(from), place(to));
        drawing.lines(&format!("path {name}"), std::iter::once([x1, y1, x2, y2]));
        drawing.disc("entry", (x1, y1), 2.2);
        drawing.disc(&format!("class {name}"), (x2, y2), 3.6);
    }
    drawing.lines("axis", std::iter::once([left, bottom, right, bottom]));
    drawing.ticks_below(x, bottom, &x.time_ticks(10));
    Some(drawing.finish())
}
