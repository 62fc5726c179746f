//! Small charts as compact inline SVG, coloured by the page's style sheet.

use std::fmt::Write;

use crate::inspection::{Adf, Histogram, Information};
use crate::report::axes::{Scale, Tick};

/// Size of a chart, its margins inside.
pub(super) type Size = (f64, f64);

/// An `<svg>` element that is being written; coordinates are units from the upper left corner.
pub(super) struct Drawing {
    svg: String,
}

impl Drawing {
    /// `label` is read to who cannot see the chart.
    pub(super) fn new((width, height): Size, label: &str) -> Self {
        let label = escaped(label);
        let svg =
            format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">");
        Self { svg }
    }

    /// A path of class `class` through `points`, closed when `closed`.
    pub(super) fn path(
        &mut self,
        class: &str,
        points: impl Iterator<Item = (f64, f64)>,
        closed: bool,
    ) {
        let mut path = String::new();
        for (index, (x, y)) in points.enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{command}{} {}", place(x), place(y));
        }
        if path.is_empty() {
            return;
        }
        let end = if closed { "Z" } else { "" };
        let _ = write!(self.svg, "<path class=\"{class}\" d=\"{path}{end}\"/>");
    }

    /// Many rectangles of one class as one path: left, top, right, bottom.
    pub(super) fn boxes(&mut self, class: &str, boxes: impl Iterator<Item = [f64; 4]>) {
        let mut path = String::new();
        for [left, top, right, bottom] in boxes {
            let (left, top, right, bottom) = (place(left), place(top), place(right), place(bottom));
            let _ = write!(path, "M{left} {top}H{right}V{bottom}H{left}Z");
        }
        if !path.is_empty() {
            let _ = write!(self.svg, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }

    /// Many straight lines of one class as one path.
    pub(super) fn lines(&mut self, class: &str, lines: impl Iterator<Item = [f64; 4]>) {
        let mut path = String::new();
        for [x1, y1, x2, y2] in lines {
            let _ = write!(path, "M{} {}L{} {}", place(x1), place(y1), place(x2), place(y2));
        }
        if !path.is_empty() {
            let _ = write!(self.svg, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }

    /// A disc.
    pub(super) fn disc(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let (x, y) = (place(x), place(y));
        let _ =
            write!(self.svg, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>");
    }

    /// A text of class `class`, such as `end`, `mid` or `start` for where it is anchored.
    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let (x, y, text) = (place(x), place(y), escaped(text));
        let _ = write!(self.svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>");
    }

    /// Ticks below a chart's lower edge.
    pub(super) fn ticks_below(&mut self, x: Scale, bottom: f64, ticks: &[Tick]) {
        self.lines("axis", ticks.iter().map(|t| [x.at(t.0), bottom, x.at(t.0), bottom + 4.0]));
        for (at, text) in ticks {
            self.text("mid", (x.at(*at), bottom + 15.0), text);
        }
    }

    /// Grid lines with labels at their left.
    pub(super) fn grid(&mut self, y: Scale, (left, right): (f64, f64), ticks: &[Tick]) {
        self.lines("grid", ticks.iter().map(|t| [left, y.at(t.0), right, y.at(t.0)]));
        for (at, text) in ticks {
            self.text("end", (left - 6.0, y.at(*at) + 3.5), text);
        }
    }

    /// The whole element.
    pub(super) fn finish(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }
}

/// Training rows as an area, test rows as a line over it.
pub(super) fn histogram_chart(histogram: &Histogram) -> String {
    let (left, right, top, bottom) = (8.0, 412.0, 8.0, 128.0);
    let mut drawing = Drawing::new((420.0, 150.0), "Distribution of training and test rows");
    let x = Scale::new((histogram.from, histogram.to), left, right);
    outline(&mut drawing, histogram, (left, right), (top, bottom));
    drawing.lines("axis", std::iter::once([left, bottom, right, bottom]));
    drawing.ticks_below(x, bottom, &x.ticks(4));
    drawing.finish()
}

/// The same without axes, as small as a word.
pub(super) fn small_histogram(histogram: &Histogram) -> String {
    let mut drawing = Drawing::new((88.0, 24.0), "Distribution of training and test rows");
    outline(&mut drawing, histogram, (1.0, 87.0), (2.0, 23.0));
    drawing.finish()
}

fn outline(
    drawing: &mut Drawing,
    histogram: &Histogram,
    (left, right): (f64, f64),
    (top, bottom): (f64, f64),
) {
    let highest = histogram.train.iter().chain(&histogram.test).fold(0.0_f64, |a, &b| a.max(b));
    let y = Scale::new((0.0, highest), bottom, top);
    let steps = |shares: &[f64]| {
        let width = (right - left) / shares.len().max(1) as f64;
        let corners = shares.iter().enumerate().flat_map(move |(bin, &share)| {
            let x = left + bin as f64 * width;
            [(x, y.at(share)), (x + width, y.at(share))]
        });
        corners.collect::<Vec<_>>()
    };
    let area = steps(&histogram.train);
    let closed = [(left, bottom)].into_iter().chain(area).chain([(right, bottom)]);
    drawing.path("area train", closed, true);
    drawing.path("line test", steps(&histogram.test).into_iter(), false);
}

/// Autocorrelations as bars, with the band that 95% of independent rows' stay in.
pub(super) fn autocorrelation_chart(values: &[f64], rows: usize) -> String {
    let (left, right, top, bottom) = (36.0, 412.0, 8.0, 128.0);
    let mut drawing = Drawing::new((420.0, 150.0), "Autocorrelation by lag");
    let least = values.iter().fold(0.0_f64, |a, &b| a.min(b));
    let y = Scale::new((if least < -0.05 { -1.0 } else { -0.05 }, 1.0), bottom, top);
    let x = Scale::new((0.0, values.len() as f64 + 0.5), left, right);
    drawing.grid(y, (left, right), &y.ticks(4));
    let band = 1.96 / (rows.max(1) as f64).sqrt();
    drawing.boxes("band", std::iter::once([left, y.at(band), right, y.at(-band)]));
    let half = 0.3 * (right - left) / (values.len() as f64 + 0.5);
    let bars = values.iter().enumerate().map(|(index, &value)| {
        let (middle, ends) = (x.at(index as f64 + 1.0), [y.at(value), y.at(0.0)]);
        [middle - half, ends[0].min(ends[1]), middle + half, ends[0].max(ends[1])]
    });
    drawing.boxes("bar", bars);
    drawing.lines("axis", std::iter::once([left, y.at(0.0), right, y.at(0.0)]));
    let step = (values.len() / 4).max(1);
    let ticks: Vec<_> = (1..=values.len())
        .filter(|lag| *lag == 1 || lag % step == 0)
        .map(|lag| (lag as f64, lag.to_string()))
        .collect();
    drawing.ticks_below(x, bottom, &ticks);
    drawing.finish()
}

/// Mutual information with each label beside what chance gives.
pub(super) fn information_chart(information: &[Information; 3]) -> String {
    let (left, right) = (76.0, 400.0);
    let mut drawing =
        Drawing::new((420.0, 150.0), "Mutual information with each label, and chance");
    let largest = information.iter().fold(0.0_f64, |a, i| a.max(i.value).max(i.level));
    let x = Scale::new((0.0, 1.05 * largest), left, right);
    for (row, (name, of)) in ["class", "return", "volatility"].iter().zip(information).enumerate() {
        let middle = 26.0 + 38.0 * row as f64;
        drawing.text("end", (left - 8.0, middle + 4.0), name);
        drawing
            .boxes("band", std::iter::once([left, middle - 12.0, x.at(of.level), middle + 12.0]));
        let class = if of.stands_out() { "bar" } else { "bar dim" };
        drawing.boxes(class, std::iter::once([left, middle - 6.0, x.at(of.value), middle + 6.0]));
        let at = x.at(of.level);
        drawing.lines("level", std::iter::once([at, middle - 13.0, at, middle + 13.0]));
    }
    drawing.lines("axis", std::iter::once([left, 8.0, left, 128.0]));
    drawing.ticks_below(x, 128.0, &x.ticks(4));
    drawing.finish()
}

/// What the test of a unit root says, in words.
pub(super) fn stationarity_text(test: Option<Adf>) -> String {
    match test {
        Some(test) => format!(
            "ADF {:.2}, {} lags, p {} over {} rows",
            test.statistic,
            test.lag,
            if test.p_value < 0.001 {
                "< 0.001".to_owned()
            } else {
                format!("{:.3}", test.p_value)
            },
            test.rows
        ),
        None => "not tested: constant, foretold by its own past, or too few rows".to_owned(),
    }
}

/// One decimal, without a zero that says nothing.
fn place(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Names in the style sheet of a direction class: `strong down` of `strong_down`.
pub(super) fn styles(class: &str) -> String {
    class.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_element() {
        let mut drawing = Drawing::new((1.0, 1.0), "\"><script>");
        drawing.text("end", (1.04, -0.0), "</svg><b>&");
        let svg = drawing.finish();
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
        assert!(svg.contains("x=\"1\""), "{svg}");
    }

    #[test]
    fn odd_numbers_draw_something() {
        let nothing = Information { value: 0.0, chance: 0.0, level: f64::NAN };
        for svg in [
            information_chart(&[nothing; 3]),
            autocorrelation_chart(&[], 0),
            autocorrelation_chart(&[f64::NAN, 2.0], 1),
        ] {
            assert!(svg.ends_with("</svg>") && svg.len() < 4000, "{svg}");
        }
    }
}
