//! Pages of candles.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::client::RestClient;
use super::rest_error::RestError;
use crate::ingest::column::Columns;
use crate::ingest::refusal::{Refusal, Refusals};
use crate::ingest::row::RowReader;
use crate::market::{Candle, Interval, Market, Span};

/// Longest stretch that COIN-M gives at once: 200 days, ms.
const COIN_M_STRETCH: i64 = 200 * 86_400_000;

/// How long after its end the absence of a candle is believed: ms.
const SETTLING: i64 = 60_000;

/// One page of candles.
#[derive(Debug, Clone, Default)]
pub struct CandlePage {
    /// Final candles of the page, by open time.
    pub candles: Vec<Candle>,
    /// Rows met, good or refused.
    pub rows: u64,
    /// Rows that cannot be candles of the page.
    pub refused: Refusals,
    /// Candles that open before this moment are settled: what the page lacks of them, the exchange
    /// lacks.
    pub settled_up_to: i64,
}

impl RestClient {
    /// Most candles that one page holds: as many as the exchange gives for the least weight.
    #[must_use]
    pub fn candles_per_page(&self, interval: Interval) -> i64 {
        match self.market() {
            Market::Spot => 1000,
            // 499 weigh 2 and 1000 weigh 5.
            Market::UsdM => 499,
            Market::CoinM => 499.min(COIN_M_STRETCH / interval.ms()).max(1),
        }
    }

    /// The final candles of `symbol` that open in `[start, end)`, as far as one page reaches; those
    /// that the exchange's clock has not passed yet are never among them.
    ///
    /// # Errors
    /// When the exchange refuses, or does not answer after a bounded number of tries.
    pub fn candles(
        &self,
        symbol: &str,
        interval: Interval,
        start: i64,
        end: i64,
    ) -> Result<CandlePage, RestError> {
        let per_page = self.candles_per_page(interval);
        let first = ceiling(interval, start);
        let closed = interval.floor(self.exchange_time_for(end)?);
        let reach = first.saturating_add(per_page.saturating_mul(interval.ms()));
        let last_open = interval.floor(end.min(closed).min(reach).saturating_sub(1));
        if last_open < first {
            let settled_up_to = end.min(closed).max(start);
            return Ok(CandlePage { settled_up_to, ..CandlePage::default() });
        }
        let asked = Span { start: first, end: last_open + 1 };
        let limit = (last_open - first) / interval.ms() + 1;
        let mut page = self.page(symbol, interval, asked, limit)?;
        if (page.candles.len() as i64) < limit {
            // What is taken for a hole of the exchange is never asked for again, so it is made sure.
            let again = self.page(symbol, interval, asked, limit)?;
            if again.candles.len() > page.candles.len() {
                page = again;
            }
        }
        let certain = last_open.saturating_add(interval.ms() + SETTLING);
        let is_whole = page.candles.len() as i64 >= limit;
        let now = self.exchange_time_for(if is_whole { i64::MIN } else { certain })?;
        let settled = interval.floor(now - SETTLING);
        page.settled_up_to = settled_up_to(&page.candles, interval, asked, settled);
        Ok(page)
    }

    /// Open time of the first final candle of `symbol` at or after `start`; `None` when the exchange
    /// has none.
    ///
    /// # Errors
    /// As [`Self::candles`].
    pub fn first_candle(
        &self,
        symbol: &str,
        interval: Interval,
        start: i64,
    ) -> Result<Option<i64>, RestError> {
        let now = self.exchange_time()?;
        let mut from = ceiling(interval, start);
        while from < now {
            // COIN-M looks no further than its longest stretch.
            let reach = if self.market() == Market::CoinM { COIN_M_STRETCH } else { i64::MAX };
            let span = Span { start: from, end: from.saturating_add(reach).min(now) };
            let page = self.page(symbol, interval, span, 1)?;
            if let Some(first) = page.candles.first().map(|candle| candle.open_time) {
                return Ok((first + interval.ms() <= now).then_some(first));
            }
            if page.rows > 0 {
                // What opens the series cannot be a candle, which the page of it will tell.
                return Ok(Some(from));
            }
            from = span.end;
        }
        Ok(None)
    }

    fn page(
        &self,
        symbol: &str,
        interval: Interval,
        span: Span,
        limit: i64,
    ) -> Result<CandlePage, RestError> {
        let weight = match (self.market(), limit) {
            (Market::Spot, _) | (_, 100..500) => 2,
            (_, ..100) => 1,
            (_, 500..=1000) => 5,
            _ => 10,
        };
        let query = [
            ("symbol", symbol),
            ("interval", &interval.to_string()),
            ("startTime", &span.start.to_string()),
            ("endTime", &(span.end - 1).to_string()),
            ("limit", &limit.to_string()),
        ];
        self.call("klines", &query, weight, |body| {
            let rows: Vec<Row> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            Ok(read(&rows, symbol, interval, span))
        })
    }
}

/// Where the first candle opens that is neither there nor older than `settled`.
fn settled_up_to(candles: &[Candle], interval: Interval, asked: Span, settled: i64) -> i64 {
    let end = interval.floor(asked.end) + interval.ms();
    let mut reached = settled.clamp(asked.start, end);
    for candle in candles {
        if candle.open_time == reached {
            reached += interval.ms();
        }
    }
    reached
}

/// The rows of a page through the same checks as those of an archive.
fn read(rows: &[Row], symbol: &str, interval: Interval, span: Span) -> CandlePage {
    let mut reader = RowReader::new(Columns::of_archive(), interval);
    let mut page = CandlePage { rows: rows.len() as u64, ..CandlePage::default() };
    for (row, index) in rows.iter().zip(1..) {
        let reason = match reader.read(&row.0) {
            Ok(candle) if span.contains(candle.open_time) => {
                page.candles.push(candle);
                continue;
            }
            Ok(candle) => format!("open time {} was not asked for", candle.open_time),
            Err(fault) => fault.to_string(),
        };
        page.refused.row(|| Refusal {
            file: PathBuf::from(format!("klines of {symbol} {interval} from {}", span.start)),
            line: Some(index),
            reason,
        });
    }
    page.candles.sort_by_key(|candle| candle.open_time);
    page
}

/// The first open time at or after `time`.
pub(in crate::ingest) fn ceiling(interval: Interval, time: i64) -> i64 {
    let floor = interval.floor(time);
    if floor == time { time } else { floor.saturating_add(interval.ms()) }
}

/// A row as a line of an archive's file would have it; a row that is no list is an empty line.
struct Row(String);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut line = String::with_capacity(160);
        Cells(&mut line, true).deserialize(deserializer)?;
        Ok(Self(line))
    }
}

/// Appends a cell, or the cells of a list with commas between.
struct Cells<'a>(&'a mut String, bool);

impl<'de> DeserializeSeed<'de> for Cells<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cells<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a candle")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<(), A::Error> {
        if !self.1 {
            while cells.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let mut begin = 0;
        while cells.next_element_seed(Cells(self.0, false))?.is_some() {
            // A text of several cells would be taken for as many.
            if self.0[begin..].contains([',', '"', '\n', '\r']) {
                self.0.truncate(begin);
            }
            self.0.push(',');
            begin = self.0.len();
        }
        self.0.pop();
        Ok(())
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        let _ = write!(self.0, "{number}");
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        let _ = write!(self.0, "{number}");
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        let _ = write!(self.0, "{number}");
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange's own example with its open time on the grid.
    const ROW: &str = r#"[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100",
        "148976.11427815",1499644799999,"2434.19055334",308,"1756.87402397","28.46694368","0"]"#;

    fn page(body: &str) -> CandlePage {
        let rows: Vec<Row> = serde_json::from_str(body).unwrap();
        let span = Span { start: 1_499_040_000_000, end: 1_499_040_120_000 };
        read(&rows, "X", Interval::MINUTE, span)
    }

    #[test]
    fn a_row_is_the_candle_that_an_archive_would_give() {
        let page = page(&format!("[{ROW}]"));
        let candle = page.candles[0];
        assert_eq!(
            (candle.open_time, candle.open, candle.high),
            (1_499_040_000_000, 0.016_347_9, 0.8)
        );
        assert_eq!((candle.low, candle.close), (0.015_758, 0.015_771));
        assert_eq!(
            (candle.volume, candle.quote_volume),
            (148_976.114_278_15, Some(2_434.190_553_34))
        );
        assert_eq!(candle.trades, Some(308));
        assert_eq!(candle.taker_buy_volume, Some(1_756.874_023_97));
        assert_eq!(candle.taker_buy_quote_volume, Some(28.466_943_68));
        assert!(page.refused.is_empty());
    }

    #[test]
    fn young_holes_are_not_settled() {
        let span = Span { start: 0, end: 180_001 };
        let candles = page(&format!("[{ROW}]")).candles;
        let at = |times: &[i64]| -> Vec<Candle> {
            times.iter().map(|&open_time| Candle { open_time, ..candles[0] }).collect()
        };
        let reached =
            |times: &[i64], settled| settled_up_to(&at(times), Interval::MINUTE, span, settled);
        assert_eq!(reached(&[], 600_000), 240_000);
        assert_eq!(reached(&[0, 180_000], 60_000), 60_000);
        assert_eq!(reached(&[0, 60_000, 180_000], 60_000), 120_000);
        assert_eq!(reached(&[0, 60_000, 120_000, 180_000], 0), 240_000);
        assert_eq!(reached(&[], -60_000), 0);
    }

    #[test]
    fn impossible_rows_are_refused_and_counted() {
        let low = ROW.replace("0.01575800", "0.9");
        let later = ROW.replace("1499040000000", "1499040120000");
        let off = ROW.replace("1499040000000", "1499040000001");
        let many = ROW.replace("\"0.80000000\"", "\"0.8,0.01\"");
        let nothing = ROW.replace("308", "null");
        let body = format!(
            "[{ROW},{ROW},{low},{later},{off},{many},{nothing},null,7,{{\"a\":[1]}},[],[[1],{{}}]]"
        );
        let page = page(&body);
        assert_eq!((page.candles.len(), page.rows, page.refused.rows), (1, 12, 11));
        let reasons: Vec<&str> = page.refused.first.iter().map(|it| it.reason.as_str()).collect();
        for (reason, words) in reasons.iter().zip([
            "earlier row",
            "impossible prices",
            "not asked for",
            "off the 1m grid",
            "high is empty",
            "earlier row",
        ]) {
            assert!(reason.contains(words), "{reason}");
        }
    }
}
