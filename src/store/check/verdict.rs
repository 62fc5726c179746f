//! What of everything found makes a store unsound, and what is worth a look.

use super::StoreCheck;
use crate::market::Channel;
use crate::store::GapState;

/// How far a channel that was received live may lie behind, ms.
const STALE: i64 = 300_000;

/// Writes faults and warnings in words.
pub(super) fn judge(found: &mut StoreCheck) {
    let mut faults = Vec::new();
    let mut warnings = Vec::new();
    if found.integrity != "ok" {
        faults.push(format!("the database is damaged: {}", found.integrity));
    }
    for series in found.series.iter().filter(|series| series.impossible > 0) {
        let (instrument, interval) = (&series.instrument, series.interval);
        faults.push(format!("{instrument} {interval}: {} candles cannot be", series.impossible));
    }
    for sums in found.sums.iter().filter(|sums| !sums.exact) {
        let (instrument, finer, coarser) = (&sums.instrument, sums.finer, sums.coarser);
        let count = sums.differences;
        faults.push(format!("{instrument}: {finer} differs from {coarser} in {count} values"));
    }
    for channel in &found.channels {
        let name = format!("{} {}", channel.instrument, channel.channel);
        let mut fault = |count: u64, what: &str| {
            if count > 0 {
                faults.push(format!("{name}: {count} {what}"));
            }
        };
        fault(channel.missing, "rows are neither stored nor in the ledger");
        fault(channel.twice, "rows are there twice");
        fault(channel.disordered, "books are not in the order of their prices");
        let book = channel.channel == Channel::Book;
        fault(if book { channel.crossed } else { 0 }, "books are crossed");
        if !book && channel.crossed > 0 {
            warnings.push(format!("{name}: {} quotes are crossed", channel.crossed));
        }
        if channel.empty > 0 {
            warnings.push(format!("{name}: {} books lack a side", channel.empty));
        }
        if channel.behind > STALE && !matches!(channel.channel, Channel::Candles(_)) {
            let seconds = channel.behind / 1000;
            warnings.push(format!("{name}: {seconds} s behind the newest thing in the store"));
        }
    }
    for volumes in found.volumes.iter().filter(|volumes| volumes.differences > 0) {
        let name = format!("{} {} {}", volumes.instrument, volumes.channel, volumes.interval);
        let counts = format!("in {} of {} candles", volumes.differences, volumes.compared);
        let text = format!("{name}: trades sum to another volume {counts}");
        if volumes.binding { faults.push(text) } else { warnings.push(text) }
    }
    for segment in &found.segments.damaged {
        faults.push(format!("{}: {}", segment.path, segment.reason));
    }
    if !found.segments.leftovers.is_empty() {
        let count = found.segments.leftovers.len();
        warnings.push(format!("{count} files under segments/ belong to nothing"));
    }
    for file in &found.archive.differing {
        let name = format!("{} {} of {}", file.instrument, file.interval, file.name);
        if file.explained {
            warnings.push(format!("{name}: another source or file contradicts it"));
        } else {
            faults.push(format!("{name}: stored candles are not those of the file"));
        }
    }
    for clock in found.clocks.iter().filter(|clock| clock.drifting) {
        warnings.push(format!(
            "{}: messages arrive {:.0} ms after they were sent on average, {} to {} ms: set the clock",
            clock.instrument, clock.mean, clock.least, clock.greatest
        ));
    }
    let open = found.ledger.iter().filter(|count| count.state == GapState::Open);
    let open: u64 = open.map(|count| count.entries).sum();
    if open > 0 {
        warnings.push(format!("{open} gaps are open; `candlewick ingest backfill` fills them"));
    }
    found.faults = faults;
    found.warnings = warnings;
}
