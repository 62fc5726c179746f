//! A sweep of the learning rate into a page of its own.

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use super::ReportError;
use super::axes::{Frame, Scale, Tick, range};
use super::canvas::{AMBER, BLUE, GREEN, draw};
use super::numbers::count;

const TEMPLATE: &str = include_str!("rates.html");
const STYLE: &str = include_str!("page.css");
const SIZE: (f64, f64) = (860.0, 360.0);

/// What the page shows.
#[derive(Debug, Clone, Copy)]
pub struct RateChart<'a> {
    /// Name of the config.
    pub name: &'a str,
    /// Whether the candles are simulated.
    pub simulated: bool,
    /// The fold whose training rows were used.
    pub fold: &'a str,
    /// Its training samples.
    pub samples: u64,
    /// Samples of a step.
    pub step_samples: u64,
    /// Learning rate, loss and smoothed loss of each step.
    pub points: &'a [[f64; 3]],
    /// Whether the loss ran away.
    pub diverged: bool,
    /// Learning rate of the steepest descent.
    pub steepest: Option<f64>,
    /// A tenth of the learning rate of the least loss.
    pub tenth_of_minimum: Option<f64>,
    /// The config's learning rate.
    pub configured: f64,
}

/// Names in the template.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    version: &'static str,
    name: &'a str,
    simulated: bool,
    verdicts: Vec<String>,
    facts: Vec<(&'static str, String)>,
    svg: String,
}

/// Lays out the page. The same sweep makes the same bytes.
///
/// # Errors
/// When the chart or the template fails.
pub fn render_rates(chart: &RateChart<'_>) -> Result<String, ReportError> {
    let mut templates = Environment::new();
    // The file's extension turns escaping on.
    templates.add_template("rates.html", TEMPLATE)?;
    let page = Page {
        style: STYLE,
        version: env!("CARGO_PKG_VERSION"),
        name: chart.name,
        simulated: chart.simulated,
        verdicts: verdicts(chart),
        facts: vec![
            ("Fold", chart.fold.to_owned()),
            ("Training samples", count(chart.samples)),
            ("Samples a step", count(chart.step_samples)),
            ("Steps", count(chart.points.len() as u64)),
            ("The config's learning rate", format!("{:.2e}", chart.configured)),
        ],
        svg: svg(chart)?,
    };
    Ok(templates.get_template("rates.html")?.render(Serde(&page))?)
}

fn verdicts(chart: &RateChart<'_>) -> Vec<String> {
    let (Some(steepest), Some(tenth)) = (chart.steepest, chart.tenth_of_minimum) else {
        return vec![
            "The loss falls at no learning rate: more samples, or a look at features and labels, \
             may help."
                .to_owned(),
        ];
    };
    let end = if chart.diverged {
        "The loss ran away before the end of the sweep."
    } else {
        "The loss did not run away."
    };
    vec![
        format!("Steepest descent at {steepest:.2e}."),
        format!("A tenth of the minimum is {tenth:.2e}."),
        format!(
            "{end} The first steps of a training are not its last: the two are a place to start from."
        ),
    ]
}

fn svg(chart: &RateChart<'_>) -> Result<String, ReportError> {
    let smoothed: Vec<(f64, f64)> =
        chart.points.iter().map(|[rate, _, smoothed]| (rate.log10(), *smoothed)).collect();
    let raw: Vec<(f64, f64)> =
        chart.points.iter().map(|[rate, loss, _]| (rate.log10(), *loss)).collect();
    // Where the loss runs away it would press all else flat.
    let y = range(smoothed.iter().map(|point| point.1)).unwrap_or((0.0, 1.0));
    let x = range(smoothed.iter().map(|point| point.0)).unwrap_or((-7.0, 1.0));
    let frame =
        Frame { x: Scale::new(x, 56.0, SIZE.0 - 12.0), y: Scale::new(y, SIZE.1 - 28.0, 10.0) };
    let powers = (x.0.ceil() as i32)..=(x.1.floor() as i32);
    let ticks: Vec<Tick> = powers.map(|power| (f64::from(power), format!("1e{power}"))).collect();
    draw("learning rate", SIZE, |canvas| {
        frame.grid(canvas, &ticks, &frame.y.ticks(5))?;
        frame.lines(canvas, &[raw], (BLUE, 1.0, 0.35))?;
        frame.lines(canvas, &[smoothed], (BLUE, 2.0, 1.0))?;
        for (rate, color) in [(chart.steepest, GREEN), (chart.tenth_of_minimum, AMBER)] {
            if let Some(rate) = rate {
                let at = frame.x.at(rate.log10());
                canvas.dashes((at, 10.0), (at, SIZE.1 - 28.0), color)?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_both_suggestions_and_needs_nothing_else() {
        let points: Vec<[f64; 3]> = (0..50)
            .map(|step| [1e-7 * 1.4_f64.powi(step), 1.0 - f64::from(step) / 100.0, 0.9])
            .collect();
        let chart = RateChart {
            name: "a<b",
            simulated: true,
            fold: "fold_0",
            samples: 12_000,
            step_samples: 256,
            points: &points,
            diverged: false,
            steepest: Some(1e-4),
            tenth_of_minimum: Some(2e-4),
            configured: 1e-3,
        };
        let page = render_rates(&chart).unwrap();
        for part in ["1.00e-4", "2.00e-4", "a&lt;b", "SIMULATED DATA", "12\u{202f}000", "<svg"] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("http://") && !page.contains("https://"));
        let none = RateChart { steepest: None, points: &[], ..chart };
        assert!(render_rates(&none).unwrap().contains("falls at no learning rate"));
    }
}
