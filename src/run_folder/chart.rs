//! `chart.parquet`: what the report draws over time.

use std::path::Path;
use std::sync::Arc;

use super::error::RunFolderError;
use crate::files::{Field, Get, Table, read_table, write_table};

/// Version of the layout of `chart.parquet`.
pub const CHART_VERSION: u32 = 1;

const KIND: &str = "chart";

/// One candle of one instrument, and where the run's model stood in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartRow {
    /// `venue/market/symbol`.
    pub instrument: Arc<str>,
    /// Open time, ms UTC.
    pub open_time: i64,
    /// Price of the first trade, in quote units.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Price of the last trade.
    pub close: f64,
    /// Fold whose test span holds the candle.
    pub fold: Option<Arc<str>>,
    /// Position held through the candle, as a share of equity: -1 short, 0 flat, 1 long.
    pub position: Option<f32>,
    /// Equity at the candle's close after fee and half spread, from 1.
    pub equity: Option<f64>,
    /// Equity of holding the instrument from the first test candle on, after the same costs.
    pub buy_and_hold: Option<f64>,
}

/// Writes `chart.parquet`, atomically.
///
/// # Errors
/// When the file cannot be written.
pub fn write_chart(path: &Path, rows: &[ChartRow]) -> Result<(), RunFolderError> {
    Ok(write_table(path, (KIND, CHART_VERSION), &[], &fields(), rows)?)
}

/// Reads `chart.parquet`.
///
/// # Errors
/// When it cannot be read, is damaged, holds something else or has another layout version.
pub fn read_chart(path: &Path) -> Result<Vec<ChartRow>, RunFolderError> {
    let mut table = read_table(path, KIND, CHART_VERSION)?;
    let instrument = table.all(Table::texts, "instrument")?;
    let open_time = table.all(Table::times, "open_time")?;
    let open = table.all(Table::doubles, "open")?;
    let high = table.all(Table::doubles, "high")?;
    let low = table.all(Table::doubles, "low")?;
    let close = table.all(Table::doubles, "close")?;
    let fold = table.texts("fold")?;
    let position = table.floats("position")?;
    let equity = table.doubles("equity")?;
    let buy_and_hold = table.doubles("buy_and_hold")?;
    let row = |i: usize| ChartRow {
        instrument: Arc::clone(&instrument[i]),
        open_time: open_time[i],
        open: open[i],
        high: high[i],
        low: low[i],
        close: close[i],
        fold: fold[i].clone(),
        position: position[i],
        equity: equity[i],
        buy_and_hold: buy_and_hold[i],
    };
    Ok((0..table.rows).map(row).collect())
}

fn fields() -> Vec<Field<ChartRow>> {
    type Row = ChartRow;
    vec![
        Field::required("instrument", Get::Text(Box::new(|r: &Row| Some(r.instrument.clone())))),
        Field::required("open_time", Get::Time(Box::new(|r: &Row| Some(r.open_time)))),
        Field::required("open", Get::Double(Box::new(|r: &Row| Some(r.open)))),
        Field::required("high", Get::Double(Box::new(|r: &Row| Some(r.high)))),
        Field::required("low", Get::Double(Box::new(|r: &Row| Some(r.low)))),
        Field::required("close", Get::Double(Box::new(|r: &Row| Some(r.close)))),
        Field::nullable("fold", Get::Text(Box::new(|r: &Row| r.fold.clone()))),
        Field::nullable("position", Get::Float(Box::new(|r: &Row| r.position))),
        Field::nullable("equity", Get::Double(Box::new(|r: &Row| r.equity))),
        Field::nullable("buy_and_hold", Get::Double(Box::new(|r: &Row| r.buy_and_hold))),
    ]
}
