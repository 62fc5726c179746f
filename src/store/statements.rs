//! The SQL that writes candles, and candles as its parameters.

use std::array::from_fn;
use std::sync::LazyLock;

use rusqlite::CachedStatement;

use crate::market::Candle;

/// Candles inserted by one statement: running it costs more than its rows.
pub(super) const GROUP: usize = 32;

/// Statements that insert one candle and a group of them, by which optional values are known.
pub(super) static ONE: LazyLock<[String; 16]> =
    LazyLock::new(|| from_fn(|known| insert_statement(1, known)));
pub(super) static MANY: LazyLock<[String; 16]> =
    LazyLock::new(|| from_fn(|known| insert_statement(GROUP, known)));

/// Names of the optional values, in the order of their bits in what [`known`] returns.
const OPTIONAL: [&str; 4] =
    ["quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume"];

/// Which optional values a candle knows: one bit each.
pub(super) fn known(candle: &Candle) -> usize {
    usize::from(candle.quote_volume.is_some())
        | usize::from(candle.trades.is_some()) << 1
        | usize::from(candle.taker_buy_volume.is_some()) << 2
        | usize::from(candle.taker_buy_quote_volume.is_some()) << 3
}

/// Inserts so many candles; parameters 1 and 2 are the series and the source of all of them.
///
/// A statement that ignores what it cannot insert needs no journal to undo its first rows with. A
/// candle ignored for another reason than its key is found out when it does not meet a stored one.
fn insert_statement(rows: usize, known: usize) -> String {
    let mut columns = vec!["open_time", "open", "high", "low", "close", "volume"];
    columns.extend((0..4).filter(|bit| (known >> bit) & 1 == 1).map(|bit| OPTIONAL[bit]));
    let values = |row: usize| {
        let first = 3 + columns.len() * row;
        let values: Vec<String> =
            (first..first + columns.len()).map(|value| format!("?{value}")).collect();
        format!("(?1, ?2, {})", values.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(values).collect();
    format!(
        "INSERT OR IGNORE INTO candle (series, source, {}) VALUES {}",
        columns.join(", "),
        rows.join(", ")
    )
}

/// Binds the values that a candle knows and returns the next parameter.
pub(super) fn bind_known(
    statement: &mut CachedStatement<'_>,
    first: usize,
    candle: &Candle,
) -> rusqlite::Result<usize> {
    statement.raw_bind_parameter(first, candle.open_time)?;
    statement.raw_bind_parameter(first + 1, candle.open)?;
    statement.raw_bind_parameter(first + 2, candle.high)?;
    statement.raw_bind_parameter(first + 3, candle.low)?;
    statement.raw_bind_parameter(first + 4, candle.close)?;
    statement.raw_bind_parameter(first + 5, candle.volume)?;
    let mut next = first + 6;
    if let Some(value) = candle.quote_volume {
        statement.raw_bind_parameter(next, value)?;
        next += 1;
    }
    if let Some(count) = candle.trades {
        statement.raw_bind_parameter(next, count)?;
        next += 1;
    }
    for value in [candle.taker_buy_volume, candle.taker_buy_quote_volume].into_iter().flatten() {
        statement.raw_bind_parameter(next, value)?;
        next += 1;
    }
    Ok(next)
}

/// Binds the nine values of a candle, its open time left out.
pub(super) fn bind_values(
    statement: &mut CachedStatement<'_>,
    first: usize,
    candle: &Candle,
) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(first, candle.open)?;
    statement.raw_bind_parameter(first + 1, candle.high)?;
    statement.raw_bind_parameter(first + 2, candle.low)?;
    statement.raw_bind_parameter(first + 3, candle.close)?;
    statement.raw_bind_parameter(first + 4, candle.volume)?;
    statement.raw_bind_parameter(first + 5, candle.quote_volume)?;
    statement.raw_bind_parameter(first + 6, candle.trades)?;
    statement.raw_bind_parameter(first + 7, candle.taker_buy_volume)?;
    statement.raw_bind_parameter(first + 8, candle.taker_buy_quote_volume)
}

/// Records both versions of a candle unless the same two are recorded already.
pub(super) const CONFLICT: &str = "\
INSERT INTO conflict (series, open_time, noticed_at,
    kept_source, kept_open, kept_high, kept_low, kept_close, kept_volume, kept_quote_volume,
    kept_trades, kept_taker_buy_volume, kept_taker_buy_quote_volume,
    lost_source, lost_open, lost_high, lost_low, lost_close, lost_volume, lost_quote_volume,
    lost_trades, lost_taker_buy_volume, lost_taker_buy_quote_volume)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
       ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23
WHERE NOT EXISTS (
    SELECT 1 FROM conflict WHERE series = ?1 AND open_time = ?2
    AND kept_source = ?4 AND kept_open = ?5 AND kept_high = ?6 AND kept_low = ?7
    AND kept_close = ?8 AND kept_volume = ?9 AND kept_quote_volume IS ?10
    AND kept_trades IS ?11 AND kept_taker_buy_volume IS ?12 AND kept_taker_buy_quote_volume IS ?13
    AND lost_source = ?14 AND lost_open = ?15 AND lost_high = ?16 AND lost_low = ?17
    AND lost_close = ?18 AND lost_volume = ?19 AND lost_quote_volume IS ?20
    AND lost_trades IS ?21 AND lost_taker_buy_volume IS ?22 AND lost_taker_buy_quote_volume IS ?23)";
