//! `candlewick ingest series --source`: values asked for over HTTP.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::Target;
use crate::ingest::IngestError;
use crate::ingest::alternative::http::{
    Fetched, SourceDescription, SourceError, SourceRequest, fetch, shipped, source,
};
use crate::market::{Period, Time};
use crate::store::{Store, ValuesWritten};

#[derive(Debug, Args)]
pub struct SourceArgs {
    /// Source to ask over HTTP: one of --list, or the path of a description in YAML
    ///
    /// Its key, if it needs one, is read from the environment variable that --list names, and goes
    /// into one request header.
    #[arg(
        long,
        group = "from",
        requires = "name",
        conflicts_with_all = ["time_column", "value_column", "known_column", "noticed_at", "origin"]
    )]
    pub source: Option<String>,
    /// A variable of the source, such as symbol=BTC; origin=https://… asks another address
    #[arg(long, requires = "source", value_name = "NAME=VALUE", value_parser = parse_set)]
    set: Vec<(String, String)>,
    /// First time that a value may speak of (UTC); everything the source has when absent
    #[arg(id = "begin", long = "from", requires = "source", value_name = "TIME")]
    begin: Option<Time>,
    /// First time that no value may speak of any more (UTC); now when absent
    #[arg(id = "end", long = "to", requires = "source", value_name = "TIME")]
    end: Option<Time>,
    /// List the sources that come with the program: what they give, need and allow
    #[arg(long, group = "from")]
    pub list: bool,
}

fn parse_set(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or("it has no `=`; write NAME=VALUE, such as symbol=BTC")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    store: &'a Path,
    name: &'a str,
    origin: &'a str,
    pages: u64,
    empty: u64,
    outside: u64,
    early: u64,
    #[serde(flatten)]
    written: &'a ValuesWritten,
}

/// Asks a source and stores what it gives; returns the exit code.
pub fn run(
    source_name: &str,
    name: &str,
    args: &SourceArgs,
    known_after: Option<Period>,
    target: &Target,
    json: bool,
) -> anyhow::Result<u8> {
    let now = jiff::Timestamp::now().as_millisecond();
    let request = SourceRequest {
        set: &args.set,
        from: args.begin,
        to: args.end,
        known_after,
        now,
        environment: &|variable| std::env::var(variable).ok(),
    };
    let fetched = source(source_name)
        .and_then(|description| fetch(&description, &request))
        .map_err(IngestError::Source)?;
    let mut store = Store::create(&target.store)?;
    let written = store.write_values(name, &fetched.origin, &fetched.values, now)?;
    let mut out = std::io::stdout().lock();
    print(&mut out, &target.store, name, &fetched, &written).context("cannot write to stdout")?;
    if json {
        let told = Told {
            store: &target.store,
            name,
            origin: &fetched.origin,
            pages: fetched.pages,
            empty: fetched.empty,
            outside: fetched.outside,
            early: fetched.early,
            written: &written,
        };
        writeln!(out, "{}", serde_json::to_string(&told)?).context("cannot write to stdout")?;
    }
    Ok(0)
}

fn print(
    out: &mut impl Write,
    store: &Path,
    name: &str,
    fetched: &Fetched,
    written: &ValuesWritten,
) -> std::io::Result<()> {
    write!(out, "{name}: {} inserted, {} unchanged", written.inserted, written.unchanged)?;
    for (count, what) in [
        (written.late, "late"),
        (written.revised, "revised"),
        (fetched.empty, "without a value"),
        (fetched.outside, "of other times"),
        (fetched.early, "not yet known"),
    ] {
        if count > 0 {
            write!(out, ", {count} {what}")?;
        }
    }
    writeln!(out, " in {}", store.display())
}

/// What `--list` tells of a source.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    what: &'a str,
    licence: &'a str,
    key: Option<&'a str>,
    key_from: Option<&'a str>,
    variables: Vec<ListedVariable<'a>>,
}

#[derive(Serialize)]
struct ListedVariable<'a> {
    name: &'a str,
    what: &'a str,
    default: Option<&'a str>,
}

impl<'a> Listed<'a> {
    fn of(source: &'a SourceDescription) -> Self {
        let mut variables: Vec<ListedVariable<'_>> = source
            .variables
            .iter()
            .map(|(name, variable)| ListedVariable {
                name,
                what: &variable.what,
                default: variable.default.as_deref(),
            })
            .collect();
        if source.address.starts_with("{origin}") {
            let what = "address of the feed, such as https://feed.example";
            variables.insert(0, ListedVariable { name: "origin", what, default: None });
        }
        Self {
            name: &source.name,
            what: &source.what,
            licence: &source.licence,
            key: source.key.as_ref().map(|key| &*key.variable),
            key_from: source.key.as_ref().map(|key| &*key.from),
            variables,
        }
    }
}

/// Prints the shipped sources and returns the exit code.
pub fn list(json: bool) -> anyhow::Result<u8> {
    let sources: Vec<SourceDescription> =
        shipped().map_err(|error: SourceError| IngestError::Source(error))?;
    let mut out = std::io::stdout().lock();
    let mut print = || -> std::io::Result<()> {
        for source in sources.iter().map(Listed::of) {
            writeln!(out, "{}\n  {}", source.name, source.what)?;
            for variable in &source.variables {
                write!(out, "  --set {}=…  {}", variable.name, variable.what)?;
                match variable.default {
                    Some(default) => writeln!(out, " (default {default})")?,
                    None => writeln!(out)?,
                }
            }
            match (source.key, source.key_from) {
                (Some(key), Some(from)) => writeln!(out, "  key: {key}, from {from}")?,
                _ => writeln!(out, "  key: none needed")?,
            }
            writeln!(out, "  licence: {}", source.licence)?;
        }
        if json {
            let sources: Vec<_> = sources.iter().map(Listed::of).collect();
            writeln!(out, "{}", serde_json::json!({ "sources": sources }))?;
        }
        Ok(())
    };
    print().context("cannot write to stdout")?;
    Ok(0)
}
