//! Plain shapes into inline SVG, through plotters' SVG backend.

use plotters::prelude::{DrawingBackend, RGBColor, SVGBackend, ShapeStyle, TextStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, IntoFont};

use super::ReportError;

/// Axis labels. The page's style sheet maps this and [`GRID`] to other tones on a dark page; the
/// other colours are readable on both.
pub(super) const INK: RGBColor = RGBColor(0x47, 0x55, 0x69);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(0xE2, 0xE8, 0xF0);
/// Reference lines, baselines and prices.
pub(super) const MUTED: RGBColor = RGBColor(0x94, 0xA3, 0xB8);
/// The model, and training rows.
pub(super) const BLUE: RGBColor = RGBColor(0x3B, 0x82, 0xF6);
/// Validation rows.
pub(super) const AMBER: RGBColor = RGBColor(0xF5, 0x9E, 0x0B);
/// Test rows.
pub(super) const GREEN: RGBColor = RGBColor(0x10, 0xB9, 0x81);

/// Backend pixels per unit: the backend rounds to whole pixels, which would show at one.
const PIXELS: f64 = 2.0;

/// The backend divides font sizes by this.
const FONT_FACTOR: f64 = 1.24;

/// How a text lies at its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    /// The text is centred there.
    Middle,
    /// The text ends there.
    End,
}

/// What shapes are drawn on; coordinates are units from the upper left corner.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// Outcome of drawing; the reason is the drawing library's.
pub(super) type Drawn = Result<(), String>;

/// Draws one chart of `width` by `height` units and returns its `<svg>` element, which scales to the
/// width of its place on the page and refers to nothing outside of itself.
pub(super) fn draw(
    chart: &'static str,
    (width, height): (f64, f64),
    paint: impl FnOnce(&mut Canvas<'_>) -> Drawn,
) -> Result<String, ReportError> {
    let mut svg = String::new();
    let size = (backend_pixels(width).unsigned_abs(), backend_pixels(height).unsigned_abs());
    let mut canvas = Canvas { backend: SVGBackend::with_string(&mut svg, size) };
    paint(&mut canvas)
        .and_then(|()| canvas.backend.present().map_err(|error| error.to_string()))
        .map_err(|reason| ReportError::Chart { chart, reason })?;
    drop(canvas);
    let shapes = svg.split_once('>').map_or("", |(_, shapes)| shapes);
    Ok(format!("<svg viewBox=\"0 0 {} {}\" aria-hidden=\"true\">{shapes}", size.0, size.1))
}

impl Canvas<'_> {
    /// A line through `points`.
    pub(super) fn line(&mut self, points: &[(f64, f64)], color: RGBColor, width: f64) -> Drawn {
        self.faint_line(points, color, width, 1.0)
    }

    /// A line through `points` of the given opacity.
    pub(super) fn faint_line(
        &mut self,
        points: &[(f64, f64)],
        color: RGBColor,
        width: f64,
        opacity: f64,
    ) -> Drawn {
        let width = backend_pixels(width).unsigned_abs().max(1);
        let style = ShapeStyle { color: color.mix(opacity), filled: false, stroke_width: width };
        let path = points.iter().map(|&point| backend_point(point));
        self.backend.draw_path(path, &style).map_err(|error| error.to_string())
    }

    /// A dashed straight line.
    pub(super) fn dashes(&mut self, from: (f64, f64), to: (f64, f64), color: RGBColor) -> Drawn {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let dashes = (dx.hypot(dy) / 8.0).ceil().clamp(1.0, 400.0) as u32;
        for dash in 0..dashes {
            let at = |share: f64| {
                let share = (f64::from(dash) + share) / f64::from(dashes);
                (from.0 + dx * share, from.1 + dy * share)
            };
            self.line(&[at(0.0), at(0.5)], color, 1.0)?;
        }
        Ok(())
    }

    /// A filled rectangle between two corners.
    pub(super) fn rectangle(
        &mut self,
        corner: (f64, f64),
        opposite: (f64, f64),
        color: RGBColor,
        opacity: f64,
    ) -> Drawn {
        let (a, b) = (backend_point(corner), backend_point(opposite));
        let upper_left = (a.0.min(b.0), a.1.min(b.1));
        let lower_right = (a.0.max(b.0).max(upper_left.0 + 1), a.1.max(b.1));
        self.backend
            .draw_rect(upper_left, lower_right, &color.mix(opacity).filled(), true)
            .map_err(|error| error.to_string())
    }

    /// A filled disc.
    pub(super) fn disc(&mut self, center: (f64, f64), radius: f64, color: RGBColor) -> Drawn {
        let radius = backend_pixels(radius).unsigned_abs();
        self.backend
            .draw_circle(backend_point(center), radius, &color.filled(), true)
            .map_err(|error| error.to_string())
    }

    /// A text of `size` units in the axis colour, vertically centred on its place.
    pub(super) fn text(&mut self, text: &str, at: (f64, f64), size: f64, anchor: Anchor) -> Drawn {
        let side = match anchor {
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let font = ("sans-serif", size * PIXELS * FONT_FACTOR).into_font();
        let style = TextStyle::from(font).color(&INK).pos(Pos::new(side, VPos::Center));
        self.backend.draw_text(text, &style, backend_point(at)).map_err(|error| error.to_string())
    }
}

fn backend_pixels(units: f64) -> i32 {
    (units * PIXELS).round() as i32
}

fn backend_point(point: (f64, f64)) -> (i32, i32) {
    (backend_pixels(point.0), backend_pixels(point.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn svg_refers_to_nothing_and_escapes_text() {
        let svg = draw("test", (100.0, 50.0), |canvas| {
            canvas.line(&[(0.0, 0.0), (99.5, f64::NAN)], BLUE, 1.5)?;
            canvas.text("</svg><script>", (1.0, 1.0), 10.0, Anchor::End)
        })
        .unwrap();
        assert!(svg.starts_with("<svg viewBox=\"0 0 200 100\""), "{svg}");
        assert!(svg.trim_end().ends_with("</svg>"));
        assert!(!svg.contains("http") && !svg.contains("<script"), "{svg}");
    }
    #[test]
    fn the_style_sheet_maps_what_a_dark_page_would_swallow() {
        let style = include_str!("page.css");
        for RGBColor(red, green, blue) in [INK, GRID] {
            // The backend writes colours in capitals, and selectors tell letters apart.
            let rule = format!("svg [stroke=\"#{red:02X}{green:02X}{blue:02X}\"]");
            assert!(style.contains(&rule), "{rule}");
        }
    }
}
