//! The page: everything that the template shows, and the template.

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::inspection::{Inspection, MissingReason, WarningKind};
use crate::report::ReportError;
use crate::report::numbers::{count, time};

use super::candles::candle_chart;
use super::drawing::autocorrelation_chart;
use super::features::{FeatureRow, feature_rows, missing_text, number};
use super::heat_map::heat_map;
use super::labels::balance_chart;

const TEMPLATE: &str = include_str!("page.html");
/// The report's own style, and what this page has beyond it.
const STYLE: &str = concat!(include_str!("../page.css"), include_str!("page.css"));
const SCRIPT: &str = include_str!("page.js");

/// What the page says of the config that it is about.
#[derive(Debug, Clone)]
pub struct InspectedConfig {
    /// Its name.
    pub name: String,
    /// Its file, as given.
    pub file: String,
    /// Whether the candles are simulated.
    pub simulated: bool,
}

/// Names in the template.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    name: &'a str,
    file: &'a str,
    version: &'static str,
    simulated: bool,
    facts: Vec<(&'static str, String)>,
    verdicts: Vec<String>,
    kinds: Vec<(&'static str, usize)>,
    features: Vec<FeatureRow>,
    clusters: Vec<Cluster>,
    alone: usize,
    heat: Heat,
    cut: String,
    pair_rows: String,
    balance: Option<String>,
    classes: Vec<(&'static str, String)>,
    label_charts: Vec<(&'static str, String)>,
    label_facts: Vec<(&'static str, String)>,
    candles: Vec<(String, String)>,
    missing: Vec<(String, String)>,
    missing_columns: Vec<MissingColumn>,
    shifts: usize,
    resamples: String,
    level: String,
    block: usize,
    stretch_rows: String,
    seed: u64,
}

#[derive(Serialize)]
struct Cluster {
    number: usize,
    names: Vec<String>,
    mean: String,
}

#[derive(Serialize)]
struct Heat {
    svg: String,
    /// JSON of the names in the order drawn.
    names: String,
    values: String,
    shown: usize,
    all: usize,
}

#[derive(Serialize)]
struct MissingColumn {
    names: Vec<String>,
    share: String,
    reasons: String,
}

/// Lays out the page. The same inspection makes the same bytes.
///
/// # Errors
/// When the template fails.
pub fn render_inspection(
    inspection: &Inspection,
    config: &InspectedConfig,
) -> Result<String, ReportError> {
    let mut templates = Environment::new();
    // The file's extension turns escaping on.
    templates.add_template("page.html", TEMPLATE)?;
    let settings = &inspection.settings;
    let (clusters, alone) = clusters(inspection);
    let page = Page {
        style: STYLE,
        script: SCRIPT,
        name: &config.name,
        file: &config.file,
        version: env!("CARGO_PKG_VERSION"),
        simulated: config.simulated,
        facts: facts(inspection),
        verdicts: verdicts(inspection, clusters.len() + alone),
        kinds: kinds(inspection),
        features: feature_rows(inspection),
        clusters,
        alone,
        heat: heat(inspection),
        cut: format!("{:.2}", 1.0 - settings.cut),
        pair_rows: count(inspection.pair_rows as u64),
        balance: balance_chart(inspection),
        classes: classes(inspection),
        label_charts: ["class", "forward return", "volatility ahead"]
            .into_iter()
            .zip(&inspection.labels.autocorrelation)
            .filter(|(_, values)| !values.is_empty())
            .map(|(name, values)| (name, autocorrelation_chart(values, inspection.stretch_rows)))
            .collect(),
        label_facts: label_facts(inspection),
        candles: inspection
            .stretches
            .iter()
            .filter_map(|stretch| Some((stretch.instrument.clone(), candle_chart(stretch)?)))
            .collect(),
        missing: vec![
            ("candles".to_owned(), count(inspection.missing.candles)),
            ("with every column".to_owned(), count(inspection.missing.complete)),
            ("absent candles inside".to_owned(), count(inspection.missing.absent)),
        ],
        missing_columns: missing_columns(inspection),
        shifts: settings.shifts,
        resamples: count(settings.resamples as u64),
        level: percent(settings.level),
        block: settings.block.max(2 * inspection.labels.horizon as usize),
        stretch_rows: count(inspection.stretch_rows as u64),
        seed: settings.seed,
    };
    Ok(templates.get_template("page.html")?.render(Serde(&page))?)
}

fn percent(share: f64) -> String {
    let text = format!("{:.1}", 100.0 * share);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

fn facts(inspection: &Inspection) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("Instruments", inspection.instruments.join(", ")),
        ("Interval", inspection.interval.to_string()),
        ("Columns", count(inspection.features.len() as u64)),
        ("Fold", inspection.fold.clone()),
    ];
    for (part, name) in inspection.parts.iter().zip(["Training", "Validation", "Test"]) {
        let text = if part.rows == 0 {
            "none".to_owned()
        } else {
            let (start, end) = (time(part.span.start), time(part.span.end));
            format!("{start} to {end}, {} rows", count(part.rows as u64))
        };
        facts.push((name, text));
    }
    facts
}

/// How many columns have each kind of warning.
fn kinds(inspection: &Inspection) -> Vec<(&'static str, usize)> {
    use WarningKind::{Constant, Drift, Duplicate, NonStationary, Outliers, RarelyVaries};
    let has = |kind| {
        let with = inspection.features.iter().filter(|f| f.warnings.iter().any(|w| w.kind == kind));
        with.count()
    };
    [Constant, RarelyVaries, Duplicate, NonStationary, Drift, Outliers]
        .into_iter()
        .map(|kind| (kind.name(), has(kind)))
        .filter(|(_, columns)| *columns > 0)
        .collect()
}

fn verdicts(inspection: &Inspection, clusters: usize) -> Vec<String> {
    let all = inspection.features.len();
    let by_chance = (1.0 - inspection.settings.level) * all as f64;
    let mut verdicts = Vec::new();
    let standing = ["the class", "the forward return", "the volatility ahead"].iter().enumerate();
    let standing: Vec<String> = standing
        .map(|(label, name)| {
            let more = inspection.features.iter().filter(|f| f.information[label].stands_out());
            format!("{} know more of {name}", more.count())
        })
        .collect();
    verdicts.push(format!(
        "Of {all} columns {} than chance's {} level; chance alone would let about {by_chance:.0} through for each.",
        standing.join(", "),
        percent(inspection.settings.level)
    ));
    let ranked =
        inspection.features.iter().filter(|f| f.rank_correlation.is_some_and(|r| r.stands_out()));
    let strongest = inspection
        .features
        .iter()
        .filter_map(|f| Some((f, f.rank_correlation?)))
        .max_by(|a, b| a.1.value.abs().total_cmp(&b.1.value.abs()));
    if let Some((feature, rank)) = strongest {
        verdicts.push(format!(
            "{} columns have a rank correlation with the forward return whose interval excludes 0 (about {by_chance:.0} by chance); the strongest is {} with {}.",
            ranked.count(),
            feature.name,
            number(rank.value)
        ));
    }
    let duplicates =
        kinds(inspection).into_iter().find(|kind| kind.0 == WarningKind::Duplicate.name());
    verdicts.push(format!(
        "The columns fall into {clusters} clusters of rank correlation {:.2} and more{}.",
        1.0 - inspection.settings.cut,
        duplicates
            .map_or_else(String::new, |(_, n)| format!("; {n} columns nearly repeat another"))
    ));
    let unsteady =
        inspection.features.iter().filter(|f| f.stationarity.is_some_and(|t| t.p_value > 0.05));
    let drifting = inspection
        .features
        .iter()
        .filter(|f| f.warnings.iter().any(|w| w.kind == WarningKind::Drift));
    verdicts.push(format!(
        "For {} a unit root is not ruled out; the test rows of {} lie farther off than stretches of the training rows do.",
        unsteady.count(),
        drifting.count()
    ));
    if let Some(unique) = inspection.labels.uniqueness {
        verdicts.push(format!(
            "Training labels are {} their own on average: {} of them count like about {} that do not overlap.",
            percent(unique),
            count(inspection.parts[0].rows as u64),
            count((unique * inspection.parts[0].rows as f64) as u64)
        ));
    }
    verdicts
}

/// Clusters of more than one column in the order of the tree, and the number of columns alone.
fn clusters(inspection: &Inspection) -> (Vec<Cluster>, usize) {
    let width = inspection.features.len();
    let cluster_of = |&column: &usize| inspection.features[column].cluster;
    let (mut clusters, mut alone) = (Vec::new(), 0);
    for members in inspection.order.chunk_by(|a, b| cluster_of(a) == cluster_of(b)) {
        let [first, _, ..] = members else {
            alone += members.len();
            continue;
        };
        let pairs = members.iter().enumerate().flat_map(|(place, &a)| {
            members[place + 1..].iter().map(move |&b| inspection.correlations[a * width + b].abs())
        });
        let (sum, number) = pairs.fold((0.0, 0_u32), |(sum, n), r| (sum + f64::from(r), n + 1));
        clusters.push(Cluster {
            number: cluster_of(first) + 1,
            names: members.iter().map(|&c| inspection.features[c].name.clone()).collect(),
            mean: format!("{:.2}", sum / f64::from(number.max(1))),
        });
    }
    (clusters, alone)
}

fn heat(inspection: &Inspection) -> Heat {
    let map = heat_map(inspection);
    let names: Vec<&str> = map.shown.iter().map(|&c| &*inspection.features[c].name).collect();
    Heat {
        svg: map.svg,
        names: names.join("\n"),
        values: map.values,
        shown: map.shown.len(),
        all: inspection.features.len(),
    }
}

fn classes(inspection: &Inspection) -> Vec<(&'static str, String)> {
    let counts = &inspection.labels.balance.train;
    let all: u32 = counts.iter().sum();
    let share = |count: u32| percent(f64::from(count) / f64::from(all.max(1)));
    let names = inspection.labels.thresholds.between.names();
    names.iter().copied().zip(counts.iter().map(|&count| share(count))).collect()
}

fn label_facts(inspection: &Inspection) -> Vec<(&'static str, String)> {
    let labels = &inspection.labels;
    let thresholds = &labels.thresholds;
    let unit = labels.threshold_unit;
    let shares: Vec<String> =
        classes(inspection).into_iter().map(|(name, share)| format!("{name} {share}")).collect();
    let mut facts = vec![
        ("Horizon", format!("{} candles", labels.horizon)),
        ("Thresholds in", unit.to_owned()),
        ("Down below", number(thresholds.lower)),
        ("Up above", number(thresholds.upper)),
        ("Classes of the training rows", shares.join(", ")),
    ];
    if let Some(outer) = thresholds.outer {
        facts.push(("Strongly down below", number(outer.lower)));
        facts.push(("Strongly up above", number(outer.upper)));
    }
    if let Some(unique) = labels.uniqueness {
        facts.push(("Average uniqueness", number(unique)));
    }
    facts
}

/// Columns that lack the same candles for the same reasons, together.
fn missing_columns(inspection: &Inspection) -> Vec<MissingColumn> {
    let counts = &inspection.missing.counts;
    let mut groups: Vec<([u64; MissingReason::ALL.len()], Vec<usize>)> = Vec::new();
    for (column, counts) in counts.iter().enumerate() {
        match groups.iter_mut().find(|group| group.0 == *counts) {
            Some(group) => group.1.push(column),
            None => groups.push((*counts, vec![column])),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.0.iter().sum::<u64>()));
    let row = |(_, columns): &([u64; MissingReason::ALL.len()], Vec<usize>)| MissingColumn {
        names: columns.iter().map(|&c| inspection.missing.names[c].clone()).collect(),
        share: format!("{:.2}%", 100.0 * inspection.missing.share(columns[0])),
        reasons: missing_text(inspection, columns[0]),
    };
    groups.iter().map(row).collect()
}
