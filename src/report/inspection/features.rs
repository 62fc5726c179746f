//! Columns of the inspection as rows of a table and as details.

use serde::Serialize;

use crate::inspection::{FeatureInspection, Inspection, MissingReason, RankCorrelation};
use crate::report::numbers::{Precision, count};

use super::drawing::{
    autocorrelation_chart, histogram_chart, information_chart, small_histogram, stationarity_text,
};

/// A cell: its text, what it is sorted by, and whether it is to be seen.
#[derive(Serialize)]
pub(super) struct Cell {
    text: String,
    /// Empty where there is no number.
    sort: String,
    /// Class of the style sheet, or empty.
    class: &'static str,
    /// Shown when pointed at.
    title: String,
}

/// One column.
#[derive(Serialize)]
pub(super) struct FeatureRow {
    name: String,
    cluster: usize,
    small: Option<String>,
    cells: Vec<Cell>,
    warnings: Vec<(&'static str, String)>,
    charts: Vec<(&'static str, String)>,
    facts: Vec<(&'static str, String)>,
}

/// All columns, in the order of the table.
pub(super) fn feature_rows(inspection: &Inspection) -> Vec<FeatureRow> {
    let row = |(index, feature): (usize, &FeatureInspection)| FeatureRow {
        name: feature.name.clone(),
        cluster: feature.cluster + 1,
        small: feature.histogram.as_ref().map(small_histogram),
        cells: cells(feature),
        warnings: feature.warnings.iter().map(|w| (w.kind.name(), w.text.clone())).collect(),
        charts: charts(inspection, feature),
        facts: facts(inspection, feature, index),
    };
    inspection.features.iter().enumerate().map(row).collect()
}

/// Three significant digits.
pub(super) fn number(value: f64) -> String {
    Precision::of(std::iter::once(value)).text(value)
}

fn cell(value: Option<f64>, text: impl FnOnce(f64) -> String) -> Cell {
    match value.filter(|value| value.is_finite()) {
        Some(value) => {
            Cell { text: text(value), sort: value.to_string(), class: "", title: String::new() }
        }
        None => {
            let (text, sort, title) =
                ("–".to_owned(), String::new(), "not defined here".to_owned());
            Cell { text, sort, class: "none", title }
        }
    }
}

fn cells(feature: &FeatureInspection) -> Vec<Cell> {
    let two = |value: f64| format!("{value:.2}").replace('-', "−");
    let p_value = feature.stationarity.map(|test| test.p_value);
    let mut stationary =
        cell(p_value, |p| if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") });
    if p_value.is_some_and(|p| p > 0.05) {
        stationary.class = "alarm";
    }
    stationary.title = stationarity_text(feature.stationarity);
    let drift = feature.drift;
    let mut psi = cell(drift.map(|drift| drift.psi), two);
    if let Some(drift) = drift {
        let usual = drift.usual_psi.map_or_else(|| "unknown".to_owned(), two);
        psi.title = format!("usual among stretches of the training rows: up to {usual}");
        if feature.warnings.iter().any(|w| w.kind == crate::inspection::WarningKind::Drift) {
            psi.class = "alarm";
        }
    }
    let information = feature.information.iter().map(|of| {
        let mut cell = cell(Some(1000.0 * of.value), |value| format!("{value:.1}"));
        cell.class = if of.stands_out() { "loud-number" } else { "quiet" };
        cell.title =
            format!("chance: mean {:.1}, level {:.1}", 1000.0 * of.chance, 1000.0 * of.level);
        cell
    });
    let mut rank = cell(feature.rank_correlation.map(|rank| rank.value), |v| signed(v, 3));
    if let Some(found) = feature.rank_correlation {
        rank.class = if found.stands_out() { "loud-number" } else { "quiet" };
        rank.title = interval(&found);
    }
    let percent = |value: f64| {
        if value > 0.0 && value < 0.0005 {
            "<0.1%".to_owned()
        } else {
            format!("{:.1}%", 100.0 * value)
        }
    };
    [
        cell(Some(feature.missing), percent),
        stationary,
        cell(feature.autocorrelation.first().copied(), two),
        psi,
        cell(drift.map(|drift| drift.ks), two),
    ]
    .into_iter()
    .chain(information)
    .chain([rank])
    .collect()
}

fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    text.replace('-', "−")
}

fn interval(found: &RankCorrelation) -> String {
    match found.interval {
        Some((lower, upper)) => format!("interval [{}, {}]", signed(lower, 3), signed(upper, 3)),
        None => "no interval: too few rows".to_owned(),
    }
}

fn charts(inspection: &Inspection, feature: &FeatureInspection) -> Vec<(&'static str, String)> {
    let mut charts = Vec::new();
    if let Some(histogram) = &feature.histogram {
        charts.push(("Distribution", histogram_chart(histogram)));
    }
    if !feature.autocorrelation.is_empty() {
        let chart = autocorrelation_chart(&feature.autocorrelation, inspection.stretch_rows);
        charts.push(("Autocorrelation", chart));
    }
    charts.push(("Mutual information, nats", information_chart(&feature.information)));
    charts
}

fn facts(
    inspection: &Inspection,
    feature: &FeatureInspection,
    index: usize,
) -> Vec<(&'static str, String)> {
    let train = &feature.train;
    let mut facts = vec![
        ("mean ± deviation", format!("{} ± {}", number(train.mean), number(train.deviation))),
        (
            "least · 1% · median · 99% · most",
            [train.least, train.low, train.median, train.high, train.most].map(number).join(" · "),
        ),
        (
            "skewness · excess kurtosis",
            format!("{} · {}", number(train.skewness), number(train.excess_kurtosis)),
        ),
        ("stationarity", stationarity_text(feature.stationarity)),
    ];
    if let Some(far) = train.farthest {
        facts
            .push(("farthest value", format!("{} robust deviations from the median", number(far))));
    }
    if let Some(rank) = &feature.rank_correlation {
        let text = format!("{}, {}", signed(rank.value, 3), interval(rank));
        facts.push(("rank correlation with the forward return", text));
    }
    if let Some(drift) = feature.drift {
        let usual = |value: Option<f64>| match value {
            Some(value) => format!(" (usual: up to {value:.2})"),
            None => String::new(),
        };
        let (of_psi, of_ks) = (usual(drift.usual_psi), usual(drift.usual_ks));
        facts.push(("PSI · KS", format!("{:.2}{of_psi} · {:.2}{of_ks}", drift.psi, drift.ks)));
        if let (Some(shift), Some(ratio)) = (drift.mean_shift, drift.deviation_ratio) {
            let text = format!("mean {} deviations, deviation × {ratio:.2}", signed(shift, 2));
            facts.push(("from training to test", text));
        }
    }
    facts.push(("missing", missing_text(inspection, index)));
    facts
}

/// Candles that lack a column, with the reasons.
pub(super) fn missing_text(inspection: &Inspection, index: usize) -> String {
    let counts = inspection.missing.counts.get(index).copied().unwrap_or_default();
    let reasons: Vec<String> = MissingReason::ALL
        .iter()
        .zip(counts)
        .filter(|(_, lacking)| *lacking > 0)
        .map(|(reason, lacking)| format!("{} {}", count(lacking), reason.name()))
        .collect();
    if reasons.is_empty() { "at no candle".to_owned() } else { reasons.join(", ") }
}
