//! `candlewick features`.

mod build;
mod check;
mod inspect;

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use crate::features::{
    Feature, FeatureError, FeatureGroup, FeatureInfo, Input, catalog, series_catalog,
};

/// The features that a config can name, and whether any of them looks ahead
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List every feature by group: name, warm-up, unit and formula
    ///
    /// In formulas O H L C V are a candle's open, high, low, close and volume, Q its quote volume, N
    /// its trades, B and BQ what takers bought in base and quote currency, TP = (H + L + C) / 3,
    /// r = ln(C / C[-1]), and X[-n] is X of n candles before. Sums and means are over the last n
    /// candles, n being the first number in the name.
    ///
    /// In formulas over books b and a are the best bid and ask, m their mean, qb and qa amounts bid and
    /// asked, and X' is X of the snapshot before. In formulas over trades p is a price, q an amount, s 1
    /// where the taker bought and -1 where it sold, over the trades of the candle.
    ///
    /// Features of the group `cross_symbol` are of two instruments: a config lists them under `pair`
    /// of a peer in `features.peers`. Of the peer P is the close, PV the volume and p = ln(P / P[-1]).
    ///
    /// Stored series of values (`candlewick ingest series`) are features too, under their own names,
    /// which stand where the list says SERIES: a config lists them in `features.series`. X is the
    /// value as of what was known when the candle ended, X[-n] the one n known values before, and the
    /// warm-up a number of known values.
    List {
        /// List this group alone
        #[arg(long, value_name = "NAME")]
        group: Option<FeatureGroup>,
    },
    /// Explain one feature: its group, formula, source, columns it reads, warm-up
    ///
    /// The warm-up is the number of candles after a gap (or the start) that give no value. A
    /// recursive feature remembers the start of its stretch for longer, ever more faintly; any other
    /// is the same, bit for bit, wherever the stretch began.
    Describe {
        /// Name of the feature, as `features list` prints it
        #[arg(value_parser = known)]
        name: &'static FeatureInfo,
    },
    Check(check::Args),
    Build(build::Args),
    Inspect(inspect::Args),
}

/// Every definition, of candles and of series.
fn all() -> impl Iterator<Item = &'static FeatureInfo> {
    catalog().iter().chain(series_catalog())
}

fn known(name: &str) -> Result<&'static FeatureInfo, FeatureError> {
    let of_series = series_catalog().iter().find(|info| info.name == name);
    of_series.map_or_else(|| name.parse().map(Feature::info), Ok)
}

pub fn run(args: &Args, json: bool, quiet: bool) -> Result<u8> {
    let out = &mut std::io::stdout().lock();
    match &args.command {
        Command::Check(args) => return check::run(args, json, quiet),
        Command::Build(args) => build::run(args, json, out)?,
        Command::Inspect(args) => inspect::run(args, json, out)?,
        command => write(command, json, out)?,
    }
    Ok(0)
}

fn write(command: &Command, json: bool, out: &mut dyn Write) -> std::io::Result<()> {
    match command {
        Command::List { group } if json => {
            writeln!(out, "{}", json!({ "features": of_group(*group).collect::<Vec<_>>() }))
        }
        Command::List { group } => list(*group, out),
        Command::Describe { name } if json => writeln!(out, "{}", json!(name)),
        Command::Describe { name } => describe(name, out),
        Command::Check(_) | Command::Build(_) | Command::Inspect(_) => Ok(()),
    }
}

/// The features of a group, or all of them.
fn of_group(group: Option<FeatureGroup>) -> impl Iterator<Item = &'static FeatureInfo> {
    all().filter(move |info| group.is_none_or(|group| info.group == group))
}

fn list(group: Option<FeatureGroup>, out: &mut dyn Write) -> std::io::Result<()> {
    let width = of_group(group).map(|info| info.name.len()).max().unwrap_or(0);
    let mut heading = None;
    for FeatureInfo { name, group, warm_up, unit, formula, .. } in of_group(group) {
        let last = heading.replace(*group);
        if last != Some(*group) {
            let gap = if last.is_some() { "\n" } else { "" };
            writeln!(out, "{gap}{group}: {}", group.about())?;
        }
        writeln!(out, "  {name:width$}  {warm_up:>3}  {unit:<28}  {formula}")?;
    }
    Ok(())
}

fn describe(info: &FeatureInfo, out: &mut dyn Write) -> std::io::Result<()> {
    let inputs: Vec<_> = info.inputs.iter().copied().map(Input::name).collect();
    let memory = if info.recursive { "recursive" } else { "its window only" };
    writeln!(out, "{}", info.name)?;
    writeln!(out, "  group    {}: {}", info.group, info.group.about())?;
    writeln!(out, "  formula  {}", info.formula)?;
    writeln!(out, "  source   {}", info.source)?;
    writeln!(out, "  reads    {}", inputs.join(", "))?;
    let steps = if info.group == FeatureGroup::Series { "known values" } else { "candles" };
    writeln!(out, "  warm-up  {} {steps}, then it remembers {memory}", info.warm_up)?;
    writeln!(out, "  unit     {}", info.unit)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn output(words: &[&str], json: bool) -> Result<String, clap::Error> {
        let line = Line::try_parse_from([&["features"], words].concat())?;
        let mut out = Vec::new();
        write(&line.args.command, json, &mut out).unwrap();
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn lists_and_describes() {
        let list = output(&["list"], false).unwrap();
        assert!(all().all(|info| list.contains(&format!("  {} ", info.name))));
        let headings = list.lines().filter(|line| !line.is_empty() && !line.starts_with(' '));
        assert_eq!(headings.count(), FeatureGroup::ALL.len());
        let flow = output(&["list", "--group", "order_flow"], false).unwrap();
        assert!(flow.starts_with("order_flow: who took liquidity"), "{flow}");
        assert!(flow.contains("taker_imbalance_1") && !flow.contains("rsi_14"));
        let json = output(&["list", "--group", "calendar"], true).unwrap();
        assert!(json.contains("hour_sin") && !json.contains("rsi_14"));
        let error = output(&["list", "--group", "flow"], false).unwrap_err().to_string();
        assert!(error.contains("use one of price, trend"), "{error}");
        let json: serde_json::Value =
            serde_json::from_str(&output(&["list"], true).unwrap()).unwrap();
        assert_eq!(json["features"][0]["name"], "log_return_1");
        assert_eq!(json["features"][0]["inputs"][0], "close");
        let text = output(&["describe", "rsi_14"], false).unwrap();
        assert!(text.contains("oscillator: where the price is in its swing"), "{text}");
        assert!(text.contains("Wilder") && text.contains("warm-up  14 candles"), "{text}");
        let text = output(&["describe", "SERIES_z_90"], false).unwrap();
        assert!(
            text.contains("warm-up  89 known values") && text.contains("reads    series"),
            "{text}"
        );
        let text = output(&["describe", "beta_48"], false).unwrap();
        assert!(text.contains("cross_symbol") && text.contains("close, peer"), "{text}");
        let error = output(&["describe", "rsi14"], false).unwrap_err().to_string();
        assert!(error.contains("nearest is `rsi_14`"), "{error}");
    }
}
