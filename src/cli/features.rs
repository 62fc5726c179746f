//! `candlewick features`.

mod inspect;

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use crate::features::{Feature, FeatureInfo, Input, catalog};

/// The features that a config can name
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List every feature: name, group, warm-up, unit and formula
    ///
    /// In formulas O H L C V are a candle's open, high, low, close and volume, Q its quote volume, N
    /// its trades, B and BQ what takers bought in base and quote currency, TP = (H + L + C) / 3,
    /// r = ln(C / C[-1]), and X[-n] is X of n candles before. Sums and means are over the last n
    /// candles, n being the first number in the name.
    ///
    /// Stored series of values (`candlewick ingest series`) are features too, under their own names:
    /// a config lists them in `features.series`, and each gives its value as of what was known when
    /// the candle ended and, as NAME_age, how many days old it was then.
    List,
    /// Explain one feature: formula, source, columns it reads, warm-up
    ///
    /// The warm-up is the number of candles after a gap (or the start) that give no value. A
    /// recursive feature remembers the start of its stretch for longer, ever more faintly; any other
    /// is the same, bit for bit, wherever the stretch began.
    Describe {
        /// Name of the feature, as `features list` prints it
        name: Feature,
    },
    /// Write a page that shows what a config's features and labels look like
    ///
    /// One self-contained HTML file: of each feature its distribution, what it lacks and why,
    /// stationarity, autocorrelation, drift from training to test rows, mutual information with each
    /// label and rank correlation with the forward return, each beside what chance gives; clusters of
    /// features that say the same; class balance over time; labels drawn over candles. All of it but
    /// drift is measured on one fold's training rows.
    Inspect(inspect::Args),
}

pub fn run(args: &Args, json: bool) -> Result<u8> {
    let out = &mut std::io::stdout().lock();
    match &args.command {
        Command::Inspect(args) => inspect::run(args, json, out)?,
        command => write(command, json, out)?,
    }
    Ok(0)
}

fn write(command: &Command, json: bool, out: &mut dyn Write) -> std::io::Result<()> {
    match command {
        Command::List if json => writeln!(out, "{}", json!({ "features": catalog() })),
        Command::List => list(out),
        Command::Describe { name } if json => writeln!(out, "{}", json!(name.info())),
        Command::Describe { name } => describe(name.info(), out),
        Command::Inspect(_) => Ok(()),
    }
}

fn list(out: &mut dyn Write) -> std::io::Result<()> {
    let width = catalog().iter().map(|info| info.name.len()).max().unwrap_or(0);
    for FeatureInfo { name, group, warm_up, unit, formula, .. } in catalog() {
        writeln!(out, "{name:width$}  {group:<10}  {warm_up:>2}  {unit:<21}  {formula}")?;
    }
    Ok(())
}

fn describe(info: &FeatureInfo, out: &mut dyn Write) -> std::io::Result<()> {
    let inputs: Vec<_> = info.inputs.iter().copied().map(Input::name).collect();
    let memory = if info.recursive { "recursive" } else { "its window only" };
    writeln!(out, "{}", info.name)?;
    writeln!(out, "  group    {}", info.group)?;
    writeln!(out, "  formula  {}", info.formula)?;
    writeln!(out, "  source   {}", info.source)?;
    writeln!(out, "  reads    {}", inputs.join(", "))?;
    writeln!(out, "  warm-up  {} candles, then it remembers {memory}", info.warm_up)?;
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
        assert_eq!(list.lines().count(), catalog().len());
        assert!(list.contains("taker_imbalance_1"));
        let json: serde_json::Value =
            serde_json::from_str(&output(&["list"], true).unwrap()).unwrap();
        assert_eq!(json["features"][0]["name"], "log_return_1");
        assert_eq!(json["features"][0]["inputs"][0], "close");
        let text = output(&["describe", "rsi_14"], false).unwrap();
        assert!(text.contains("Wilder") && text.contains("warm-up  14 candles"), "{text}");
        let error = output(&["describe", "rsi14"], false).unwrap_err().to_string();
        assert!(error.contains("nearest is `rsi_14`"), "{error}");
    }
}
