//! `candlewick store check`: what a store holds and whether it is sound.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::market::{Missing, Time};
use crate::store::{
    ChannelCheck, Gap, SeriesCheck, Store, StoreCheck, SumCheck, VolumeCheck, check,
};

/// Exit code when the store is unsound.
const UNSOUND: u8 = 3;

/// Gaps and differences printed one by one.
const SHOWN: usize = 10;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Folder of the store
    #[arg(long, default_value = "store")]
    store: PathBuf,
}

/// Prints what was found; 3 when the store is unsound.
pub(super) fn run(args: &CheckArgs, json: bool) -> anyhow::Result<u8> {
    let found = check(&Store::open(&args.store)?)?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&found)?).context("cannot write to stdout")?;
    } else {
        print_check(&mut out, &found).context("cannot write to stdout")?;
    }
    Ok(if found.is_sound() { 0 } else { UNSOUND })
}

fn print_check(out: &mut impl Write, found: &StoreCheck) -> std::io::Result<()> {
    writeln!(out, "{}: integrity {}", found.store.display(), found.integrity)?;
    for series in &found.series {
        print_series(out, series)?;
    }
    for sums in &found.sums {
        print_sums(out, sums)?;
    }
    for channel in &found.channels {
        print_channel(out, channel)?;
    }
    for volumes in &found.volumes {
        print_volumes(out, volumes)?;
    }
    print_rest(out, found)?;
    for warning in &found.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    for fault in &found.faults {
        writeln!(out, "fault: {fault}")?;
    }
    Ok(())
}

fn print_channel(out: &mut impl Write, found: &ChannelCheck) -> std::io::Result<()> {
    let ChannelCheck { instrument, channel, rows, received, behind, .. } = found;
    let (first, last) = (received.first, received.last);
    write!(out, "{instrument} {channel}: {rows} rows received from {first} to {last}")?;
    if let Some((first, last)) = received.ids {
        write!(out, ", ids {first} to {last}")?;
    }
    if *behind > 0 {
        write!(out, ", {behind} ms behind")?;
    }
    writeln!(out)?;
    for missing in &found.missing_ids {
        let (first, last) = missing.ids;
        let (after, before) = (missing.after, missing.before);
        writeln!(out, "    ids {first} to {last} are missing between {after} and {before}")?;
    }
    for missing in &found.missing_candles {
        let (from, to) = (Time(missing.start), Time(missing.end));
        writeln!(out, "    candles from {from} to before {to} are missing")?;
    }
    Ok(())
}

fn print_volumes(out: &mut impl Write, found: &VolumeCheck) -> std::io::Result<()> {
    let VolumeCheck { instrument, channel, interval, compared, differences, .. } = found;
    writeln!(
        out,
        "{instrument}: {channel} sum to the volume of {interval} in {} of {compared} candles",
        compared - differences
    )?;
    for difference in &found.first_differences {
        let (time, trades) = (difference.open_time, &difference.finer);
        writeln!(out, "    {time}: {} in the candle, {trades} of trades", difference.coarser)?;
    }
    Ok(())
}

fn print_rest(out: &mut impl Write, found: &StoreCheck) -> std::io::Result<()> {
    let segments = &found.segments;
    if segments.files > 0 {
        let (files, rows, bytes) = (segments.files, segments.rows, segments.bytes);
        writeln!(out, "{files} segments with {rows} rows in {bytes} bytes")?;
    }
    for count in &found.ledger {
        writeln!(out, "ledger: {} {} by {}", count.entries, count.state, count.reason)?;
    }
    if found.archive.files > 0 {
        let (all, differing) = (found.archive.files, found.archive.differing.len());
        writeln!(out, "{all} archive files were taken; {differing} differ from what is stored")?;
    }
    for clock in &found.clocks {
        writeln!(
            out,
            "{}: received {:.1} ms after it was sent on average ({} to {} ms, {} messages)",
            clock.instrument, clock.mean, clock.least, clock.greatest, clock.messages
        )?;
    }
    for values in &found.values {
        let (name, rows, origin) = (&values.name, values.rows, &values.origin);
        let (first, last) = (Time(values.first), Time(values.last));
        writeln!(out, "values {name}: {rows} versions, {first} to {last}, from {origin}")?;
    }
    Ok(())
}

fn print_series(out: &mut impl Write, series: &SeriesCheck) -> std::io::Result<()> {
    writeln!(
        out,
        "{} {}: {} candles, {} to {}, {} conflicts",
        series.instrument,
        series.interval,
        series.rows,
        series.first,
        series.last,
        series.conflicts
    )?;
    match series.missing {
        Missing::NoTrade => {
            writeln!(out, "  {} absent candles mean no trade", series.no_trade_candles)?;
        }
        Missing::Gap if series.missing_candles > 0 => {
            let (gaps, count) = (series.gaps.len(), series.missing_candles);
            writeln!(out, "  {count} absent candles in {gaps} gaps")?;
            for Gap { from, to, missing } in series.gaps.iter().take(SHOWN) {
                writeln!(out, "    {from} to {to}: {missing}")?;
            }
            print_more(out, gaps)?;
        }
        Missing::Gap => {}
    }
    if series.zero_volume > 0 {
        writeln!(out, "  {} candles without volume", series.zero_volume)?;
        for time in series.zero_volume_at.iter().take(SHOWN) {
            writeln!(out, "    {time}")?;
        }
        print_more(out, series.zero_volume as usize)?;
    }
    if series.impossible > 0 {
        writeln!(out, "  {} candles cannot be: the store is damaged", series.impossible)?;
    }
    Ok(())
}

fn print_sums(out: &mut impl Write, sums: &SumCheck) -> std::io::Result<()> {
    let SumCheck { instrument, finer, coarser, compared, differences, .. } = sums;
    if *compared == 0 {
        return writeln!(out, "{instrument}: {finer} covers no candle of {coarser}");
    }
    let verdict =
        if sums.exact { "exactly".to_owned() } else { format!("with {differences} differences") };
    writeln!(out, "{instrument}: {finer} sums to {coarser} {verdict} in {compared} candles")?;
    for difference in &sums.first_differences {
        writeln!(
            out,
            "    {} {}: {} in {coarser}, {} from {finer}",
            difference.open_time, difference.column, difference.coarser, difference.finer
        )?;
    }
    Ok(())
}

fn print_more(out: &mut impl Write, all: usize) -> std::io::Result<()> {
    match all.saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "    and {more} more"),
    }
}
