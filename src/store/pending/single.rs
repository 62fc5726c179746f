//! Pending rows as stores of the second version hold them: one to a row of three tables.

use rusqlite::{Connection, Row};

use super::insert;
use crate::market::{BookSnapshot, Channel, Level, Price, Quote, Trade};
use crate::store::instruments::not_ours;
use crate::store::segment::TapeRow;

/// Rows that are packed at once.
const AT_ONCE: usize = 1 << 16;

/// The table of packs beside a store that is only read.
const FOR_READING: &str = "\
CREATE TEMP TABLE pending (id INTEGER PRIMARY KEY, instrument INTEGER NOT NULL,
    channel TEXT NOT NULL, rows INTEGER NOT NULL, first_key INTEGER NOT NULL,
    last_key INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,
    bytes BLOB NOT NULL) STRICT";

/// Moves single rows into packs and drops their tables.
pub(in crate::store) fn pack_single_rows(connection: &Connection) -> rusqlite::Result<()> {
    pack_all(connection)?;
    connection.execute_batch(
        "DROP TABLE pending_trade; DROP TABLE pending_quote; DROP TABLE pending_book",
    )
}

/// Packs single rows in memory, for a reader that may change nothing.
pub(in crate::store) fn pack_single_rows_for_reading(
    connection: &Connection,
) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA temp_store = MEMORY")?;
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(FOR_READING)?;
    pack_all(&transaction)?;
    transaction.commit()
}

fn pack_all(connection: &Connection) -> rusqlite::Result<()> {
    pack_table(
        connection,
        "SELECT instrument, channel, id, time, price, quantity, buyer_is_maker FROM pending_trade \
         ORDER BY instrument, channel, id",
        |row| {
            Ok(Trade {
                id: row.get(2)?,
                time: row.get(3)?,
                price: Price(row.get(4)?),
                quantity: row.get(5)?,
                buyer_is_maker: row.get(6)?,
            })
        },
    )?;
    pack_table(
        connection,
        "SELECT instrument, 'quotes', update_id, time, received, bid_price, bid_quantity, \
         ask_price, ask_quantity FROM pending_quote ORDER BY instrument, update_id",
        |row| {
            Ok(Quote {
                update_id: row.get(2)?,
                time: row.get(3)?,
                received: row.get(4)?,
                bid: Level { price: Price(row.get(5)?), quantity: row.get(6)? },
                ask: Level { price: Price(row.get(7)?), quantity: row.get(8)? },
            })
        },
    )?;
    pack_table(
        connection,
        "SELECT instrument, 'book', time, update_id, levels FROM pending_book \
         ORDER BY instrument, time, update_id",
        |row| {
            let (bids, asks) = levels(row.get_ref(4)?.as_blob()?)
                .ok_or_else(|| not_ours(4, "the levels of a book are cut short".to_owned()))?;
            Ok(BookSnapshot { time: row.get(2)?, update_id: row.get(3)?, bids, asks })
        },
    )
}

/// Packs the rows of a query whose first two columns are their instrument and channel.
fn pack_table<R: TapeRow>(
    connection: &Connection,
    query: &str,
    row_of: impl Fn(&Row<'_>) -> rusqlite::Result<R>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(query)?;
    let mut found = statement.query([])?;
    let mut rows: Vec<R> = Vec::new();
    let mut of: Option<(i64, Channel)> = None;
    while let Some(row) = found.next()? {
        let name: String = row.get(1)?;
        let next = (row.get(0)?, name.parse().map_err(|reason| not_ours(1, reason))?);
        if of.is_some_and(|of| of != next) || rows.len() == AT_ONCE {
            pack(connection, of, &rows)?;
            rows.clear();
        }
        of = Some(next);
        rows.push(row_of(row)?);
    }
    pack(connection, of, &rows)
}

fn pack<R: TapeRow>(
    connection: &Connection,
    of: Option<(i64, Channel)>,
    rows: &[R],
) -> rusqlite::Result<()> {
    let Some((instrument, channel)) = of else { return Ok(()) };
    insert(connection, instrument, channel, &rows.iter().collect::<Vec<_>>()).map(|_| ())
}

/// Levels of bids, then asks: a count as u16, then price as i64 and quantity as f64 of each,
/// little-endian.
fn levels(bytes: &[u8]) -> Option<(Vec<Level>, Vec<Level>)> {
    let (bids, rest) = side(bytes)?;
    let (asks, rest) = side(rest)?;
    rest.is_empty().then_some((bids, asks))
}

fn side(bytes: &[u8]) -> Option<(Vec<Level>, &[u8])> {
    let (count, rest) = bytes.split_first_chunk::<2>()?;
    let length = 16 * usize::from(u16::from_le_bytes(*count));
    let (levels, rest) = rest.split_at_checked(length)?;
    let level = |bytes: &[u8]| {
        let (price, quantity) = bytes.split_first_chunk::<8>()?;
        let quantity = quantity.first_chunk::<8>()?;
        Some(Level {
            price: Price(i64::from_le_bytes(*price)),
            quantity: f64::from_le_bytes(*quantity),
        })
    };
    Some((levels.chunks_exact(16).map(level).collect::<Option<_>>()?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = levels(&bytes);
        }
    }
}
