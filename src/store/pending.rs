//! Rows that are not in a segment yet.

use std::sync::LazyLock;

use rusqlite::{CachedStatement, Connection, Row};

use super::instruments::not_ours;
use crate::market::{BookSnapshot, Level, Price, Quote, Trade};

/// Rows inserted by one statement: running it costs more than its rows.
const AT_ONCE: usize = 64;

/// A statement that inserts one row and one that inserts many.
struct Insert {
    one: String,
    many: String,
    shared: usize,
    own: usize,
}

static TRADES: LazyLock<Insert> = LazyLock::new(|| {
    insert("pending_trade", "instrument channel", "id time price quantity buyer_is_maker")
});
static QUOTES: LazyLock<Insert> = LazyLock::new(|| {
    let own = "update_id time received bid_price bid_quantity ask_price ask_quantity";
    insert("pending_quote", "instrument", own)
});
static BOOKS: LazyLock<Insert> =
    LazyLock::new(|| insert("pending_book", "instrument", "time update_id levels"));

/// Parameters from 1 on are the columns that all rows share.
fn insert(table: &str, shared: &str, own: &str) -> Insert {
    let columns: Vec<&str> = shared.split(' ').chain(own.split(' ')).collect();
    let (shared, own) = (shared.split(' ').count(), own.split(' ').count());
    let statement = |rows: usize| {
        let row = |row: usize| {
            let first = shared + 1 + own * row;
            let values: Vec<String> =
                (1..=shared).chain(first..first + own).map(|value| format!("?{value}")).collect();
            format!("({})", values.join(", "))
        };
        let rows: Vec<String> = (0..rows).map(row).collect();
        let columns = columns.join(", ");
        format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES {}", rows.join(", "))
    };
    Insert { one: statement(1), many: statement(AT_ONCE), shared, own }
}

impl Insert {
    /// Inserts the rows whose key is not there yet and returns how many.
    fn run<R>(
        &self,
        connection: &Connection,
        rows: &[R],
        bind_shared: impl Fn(&mut CachedStatement<'_>) -> rusqlite::Result<()>,
        bind: impl Fn(&mut CachedStatement<'_>, usize, &R) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<u64> {
        let mut inserted = 0;
        let groups = rows.chunks_exact(AT_ONCE);
        let rest = groups.remainder().chunks_exact(1);
        let mut run = |sql: &str, groups: std::slice::ChunksExact<'_, R>| {
            if groups.len() == 0 {
                return Ok(());
            }
            let mut statement = connection.prepare_cached(sql)?;
            bind_shared(&mut statement)?;
            for group in groups {
                for (row, value) in group.iter().enumerate() {
                    bind(&mut statement, self.shared + 1 + self.own * row, value)?;
                }
                inserted += statement.raw_execute()? as u64;
            }
            Ok::<(), rusqlite::Error>(())
        };
        run(&self.many, groups)?;
        run(&self.one, rest)?;
        Ok(inserted)
    }
}

/// Inserts trades of a channel and returns how many were new.
pub(super) fn insert_trades(
    connection: &Connection,
    instrument: i64,
    channel: &str,
    trades: &[&Trade],
) -> rusqlite::Result<u64> {
    TRADES.run(
        connection,
        trades,
        |statement| {
            statement.raw_bind_parameter(1, instrument)?;
            statement.raw_bind_parameter(2, channel)
        },
        |statement, first, trade| {
            statement.raw_bind_parameter(first, trade.id)?;
            statement.raw_bind_parameter(first + 1, trade.time)?;
            statement.raw_bind_parameter(first + 2, trade.price.0)?;
            statement.raw_bind_parameter(first + 3, trade.quantity)?;
            statement.raw_bind_parameter(first + 4, trade.buyer_is_maker)
        },
    )
}

/// Inserts quotes and returns how many were new.
pub(super) fn insert_quotes(
    connection: &Connection,
    instrument: i64,
    quotes: &[&Quote],
) -> rusqlite::Result<u64> {
    QUOTES.run(
        connection,
        quotes,
        |statement| statement.raw_bind_parameter(1, instrument),
        |statement, first, quote| {
            statement.raw_bind_parameter(first, quote.update_id)?;
            statement.raw_bind_parameter(first + 1, quote.time)?;
            statement.raw_bind_parameter(first + 2, quote.received)?;
            statement.raw_bind_parameter(first + 3, quote.bid.price.0)?;
            statement.raw_bind_parameter(first + 4, quote.bid.quantity)?;
            statement.raw_bind_parameter(first + 5, quote.ask.price.0)?;
            statement.raw_bind_parameter(first + 6, quote.ask.quantity)
        },
    )
}

/// Inserts book snapshots and returns how many were new.
pub(super) fn insert_books(
    connection: &Connection,
    instrument: i64,
    books: &[&BookSnapshot],
) -> rusqlite::Result<u64> {
    BOOKS.run(
        connection,
        books,
        |statement| statement.raw_bind_parameter(1, instrument),
        |statement, first, book| {
            statement.raw_bind_parameter(first, book.time)?;
            statement.raw_bind_parameter(first + 1, book.update_id)?;
            statement.raw_bind_parameter(first + 2, levels_as_bytes(book))
        },
    )
}

/// Columns of [`trade_of`].
pub(super) const TRADE_COLUMNS: &str = "id, time, price, quantity, buyer_is_maker";
/// Columns of [`quote_of`].
pub(super) const QUOTE_COLUMNS: &str =
    "update_id, time, received, bid_price, bid_quantity, ask_price, ask_quantity";
/// Columns of [`book_of`].
pub(super) const BOOK_COLUMNS: &str = "time, update_id, levels";

/// A trade of a row.
pub(super) fn trade_of(row: &Row<'_>) -> rusqlite::Result<Trade> {
    Ok(Trade {
        id: row.get(0)?,
        time: row.get(1)?,
        price: Price(row.get(2)?),
        quantity: row.get(3)?,
        buyer_is_maker: row.get(4)?,
    })
}

/// A quote of a row.
pub(super) fn quote_of(row: &Row<'_>) -> rusqlite::Result<Quote> {
    Ok(Quote {
        update_id: row.get(0)?,
        time: row.get(1)?,
        received: row.get(2)?,
        bid: Level { price: Price(row.get(3)?), quantity: row.get(4)? },
        ask: Level { price: Price(row.get(5)?), quantity: row.get(6)? },
    })
}

/// A book snapshot of a row.
pub(super) fn book_of(row: &Row<'_>) -> rusqlite::Result<BookSnapshot> {
    let bytes = row.get_ref(2)?.as_blob()?;
    let (bids, asks) = levels_of_bytes(bytes)
        .ok_or_else(|| not_ours(2, "the levels of a book are cut short".to_owned()))?;
    Ok(BookSnapshot { time: row.get(0)?, update_id: row.get(1)?, bids, asks })
}

/// Bids, then asks: a count as u16, then price as i64 and quantity as f64 of each, little-endian.
fn levels_as_bytes(book: &BookSnapshot) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 + 16 * (book.bids.len() + book.asks.len()));
    for side in [&book.bids, &book.asks] {
        let count = u16::try_from(side.len()).unwrap_or(u16::MAX);
        bytes.extend(count.to_le_bytes());
        for level in side.iter().take(usize::from(count)) {
            bytes.extend(level.price.0.to_le_bytes());
            bytes.extend(level.quantity.to_le_bytes());
        }
    }
    bytes
}

fn levels_of_bytes(bytes: &[u8]) -> Option<(Vec<Level>, Vec<Level>)> {
    let (bids, rest) = side_of_bytes(bytes)?;
    let (asks, rest) = side_of_bytes(rest)?;
    rest.is_empty().then_some((bids, asks))
}

fn side_of_bytes(bytes: &[u8]) -> Option<(Vec<Level>, &[u8])> {
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

    fn levels() -> impl Strategy<Value = Vec<Level>> {
        let level = (any::<i64>(), 0.0..1e9)
            .prop_map(|(price, quantity)| Level { price: Price(price), quantity });
        prop::collection::vec(level, 0..30)
    }

    proptest! {
        #[test]
        fn prop_levels_come_back(bids in levels(), asks in levels()) {
            let book = BookSnapshot { time: 0, update_id: 0, bids: bids.clone(), asks: asks.clone() };
            prop_assert_eq!(levels_of_bytes(&levels_as_bytes(&book)), Some((bids, asks)));
        }

        #[test]
        fn prop_any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = levels_of_bytes(&bytes);
        }
    }
}
