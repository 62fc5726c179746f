//! Whether the trades of a candle sum to its volume, in decimals.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rust_decimal::Decimal;
use serde::Serialize;

use super::sums::{SumDifference, decimal};
use crate::market::{Channel, Instrument, Interval, Market, Span, Time, Trade};
use crate::store::ledger::{GapEntry, GapState, as_text};
use crate::store::transaction::Failure;
use crate::store::{Received, read};

/// How many differences are named one by one.
const NAMED_DIFFERENCES: usize = 10;

/// How the candles of one interval compare with the trades of one channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VolumeCheck {
    /// What is traded.
    #[serde(flatten)]
    pub instrument: Instrument,
    /// The channel of the trades.
    #[serde(serialize_with = "as_text")]
    pub channel: Channel,
    /// Length of each candle.
    pub interval: Interval,
    /// Candles whose span was received whole.
    pub compared: u64,
    /// Candles whose trades sum to another volume.
    pub differences: u64,
    /// The first ten of them; `coarser` is the candle's volume, `finer` that of its trades.
    pub first_differences: Vec<SumDifference>,
    /// Whether a difference is a fault. On futures, aggregate trades leave out those of the insurance
    /// fund and of deleveraging, which candles hold.
    pub binding: bool,
}

/// Sums of trades by candle.
pub(super) struct Volumes {
    intervals: Vec<(Interval, i64, BTreeMap<i64, Option<Decimal>>)>,
}

impl Volumes {
    /// Sums for candles of these intervals, each with the number of its series.
    pub(super) fn new(intervals: Vec<(Interval, i64)>) -> Self {
        let sums = |(interval, series)| (interval, series, BTreeMap::new());
        Self { intervals: intervals.into_iter().map(sums).collect() }
    }

    pub(super) fn add(&mut self, trade: &Trade) {
        if self.intervals.is_empty() {
            return;
        }
        let quantity = decimal(trade.quantity);
        for (interval, _, sums) in &mut self.intervals {
            let sum = sums.entry(interval.floor(trade.time)).or_insert(Some(Decimal::ZERO));
            *sum = sum.zip(quantity).and_then(|(sum, quantity)| sum.checked_add(quantity));
        }
    }

    /// Compares the candles that were received whole: trades before and after them are stored, and no
    /// entry of the ledger touches them.
    pub(super) fn compare(
        self,
        connection: &Connection,
        instrument: &Instrument,
        channel: Channel,
        received: &Received,
        gaps: &[GapEntry],
    ) -> Result<Vec<VolumeCheck>, Failure> {
        let binding = instrument.market == Market::Spot || channel == Channel::Trades;
        let mut checks = Vec::new();
        for (interval, series, sums) in self.intervals {
            let mut check = VolumeCheck {
                instrument: instrument.clone(),
                channel,
                interval,
                compared: 0,
                differences: 0,
                first_differences: Vec::new(),
                binding,
            };
            let span = Span {
                start: received.first.0.saturating_add(1),
                end: received.last.0.saturating_sub(interval.ms()).saturating_add(1),
            };
            read::for_each_candle(connection, series, span, |candle| {
                let (start, end) = (candle.open_time, candle.open_time + interval.ms());
                let touched = gaps.iter().any(|gap| {
                    gap.state != GapState::Repaired
                        && gap.channel == channel
                        && gap.span.start < end
                        && gap.span.end >= start
                });
                if touched {
                    return;
                }
                check.compared += 1;
                let sum = sums.get(&start).copied().unwrap_or(Some(Decimal::ZERO));
                if sum.is_some() && sum == decimal(candle.volume) {
                    return;
                }
                check.differences += 1;
                if check.first_differences.len() < NAMED_DIFFERENCES {
                    let finer = sum.map_or_else(
                        || "no decimal of 28 digits".to_owned(),
                        |sum| sum.normalize().to_string(),
                    );
                    check.first_differences.push(SumDifference {
                        open_time: Time(start),
                        column: "volume",
                        coarser: candle.volume.to_string(),
                        finer,
                    });
                }
            })?;
            checks.push(check);
        }
        Ok(checks)
    }
}
