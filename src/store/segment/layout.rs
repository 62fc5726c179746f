//! Columns of the files of trades, quotes and books.

use super::TapeRow;
use crate::files::{Field, FileError, Get, Table};
use crate::market::{BookSnapshot, Level, Price, Quote, Trade};

/// Key under which a file of books says how many levels a side it has columns for.
const LEVELS_KEY: &str = "candlewick.levels";

/// A column of whole numbers without nulls.
fn whole<R>(name: &str, get: impl Fn(&R) -> i64 + 'static) -> Field<R> {
    Field::required(name, Get::Whole(Box::new(move |row| Some(get(row)))))
}

fn time<R>(name: &str, get: impl Fn(&R) -> i64 + 'static) -> Field<R> {
    Field::required(name, Get::Time(Box::new(move |row| Some(get(row)))))
}

fn double<R>(name: &str, get: impl Fn(&R) -> f64 + 'static) -> Field<R> {
    Field::required(name, Get::Double(Box::new(move |row| Some(get(row)))))
}

/// A price of a file, as the whole number that it was.
fn price(table: &Table, value: f64) -> Result<Price, FileError> {
    Price::of_value(value).ok_or_else(|| table.wrong(format!("{value} is no price")))
}

fn prices(table: &mut Table, name: &str) -> Result<Vec<Price>, FileError> {
    let values = table.all(Table::doubles, name)?;
    values.into_iter().map(|value| price(table, value)).collect()
}

impl TapeRow for Trade {
    const KIND: &'static str = "trades";

    fn id(&self) -> i64 {
        self.id
    }

    fn time(&self) -> i64 {
        self.time
    }

    fn key(&self) -> (i64, i64) {
        (self.id, 0)
    }

    fn values(&self) -> usize {
        5
    }

    fn fields(_: &[Self]) -> (Vec<Field<Self>>, Vec<(&'static str, String)>) {
        let fields = vec![
            whole("id", |trade: &Self| trade.id),
            time("time", |trade: &Self| trade.time),
            double("price", |trade: &Self| trade.price.value()),
            double("quantity", |trade: &Self| trade.quantity),
            Field::required(
                "buyer_is_maker",
                Get::Flag(Box::new(|t: &Self| Some(t.buyer_is_maker))),
            ),
        ];
        (fields, Vec::new())
    }

    fn of_table(mut table: Table) -> Result<Vec<Self>, FileError> {
        let id = table.all(Table::times, "id")?;
        let time = table.all(Table::times, "time")?;
        let price = prices(&mut table, "price")?;
        let quantity = table.all(Table::doubles, "quantity")?;
        let maker = table.all(Table::flags, "buyer_is_maker")?;
        let row = |i: usize| Self {
            id: id[i],
            time: time[i],
            price: price[i],
            quantity: quantity[i],
            buyer_is_maker: maker[i],
        };
        Ok((0..table.rows).map(row).collect())
    }
}

impl TapeRow for Quote {
    const KIND: &'static str = "quotes";

    fn id(&self) -> i64 {
        self.update_id
    }

    fn time(&self) -> i64 {
        self.received
    }

    fn key(&self) -> (i64, i64) {
        (self.update_id, 0)
    }

    fn values(&self) -> usize {
        7
    }

    fn fields(_: &[Self]) -> (Vec<Field<Self>>, Vec<(&'static str, String)>) {
        let fields = vec![
            whole("update_id", |quote: &Self| quote.update_id),
            Field::nullable("time", Get::Time(Box::new(|quote: &Self| quote.time))),
            time("received", |quote: &Self| quote.received),
            double("bid_price", |quote: &Self| quote.bid.price.value()),
            double("bid_quantity", |quote: &Self| quote.bid.quantity),
            double("ask_price", |quote: &Self| quote.ask.price.value()),
            double("ask_quantity", |quote: &Self| quote.ask.quantity),
        ];
        (fields, Vec::new())
    }

    fn of_table(mut table: Table) -> Result<Vec<Self>, FileError> {
        let update_id = table.all(Table::times, "update_id")?;
        let time = table.times("time")?;
        let received = table.all(Table::times, "received")?;
        let bid_price = prices(&mut table, "bid_price")?;
        let bid_quantity = table.all(Table::doubles, "bid_quantity")?;
        let ask_price = prices(&mut table, "ask_price")?;
        let ask_quantity = table.all(Table::doubles, "ask_quantity")?;
        let row = |i: usize| Self {
            update_id: update_id[i],
            time: time[i],
            received: received[i],
            bid: Level { price: bid_price[i], quantity: bid_quantity[i] },
            ask: Level { price: ask_price[i], quantity: ask_quantity[i] },
        };
        Ok((0..table.rows).map(row).collect())
    }
}

impl TapeRow for BookSnapshot {
    const KIND: &'static str = "books";

    fn id(&self) -> i64 {
        self.update_id
    }

    fn time(&self) -> i64 {
        self.time
    }

    fn key(&self) -> (i64, i64) {
        (self.time, self.update_id)
    }

    fn values(&self) -> usize {
        2 + 4 * self.bids.len().max(self.asks.len())
    }

    fn fields(rows: &[Self]) -> (Vec<Field<Self>>, Vec<(&'static str, String)>) {
        let deepest = rows.iter().map(|book| book.bids.len().max(book.asks.len())).max();
        let levels = deepest.unwrap_or(0);
        let mut fields = vec![
            time("time", |book: &Self| book.time),
            whole("update_id", |book: &Self| book.update_id),
        ];
        for level in 0..levels {
            for (side, levels) in SIDES {
                let (price, quantity) = names(side, level);
                let value =
                    move |book: &Self| levels(book).get(level).map(|known| known.price.value());
                fields.push(Field::nullable(&price, Get::Double(Box::new(value))));
                let value = move |book: &Self| levels(book).get(level).map(|known| known.quantity);
                fields.push(Field::nullable(&quantity, Get::Double(Box::new(value))));
            }
        }
        (fields, vec![(LEVELS_KEY, levels.to_string())])
    }

    fn of_table(mut table: Table) -> Result<Vec<Self>, FileError> {
        let time = table.all(Table::times, "time")?;
        let update_id = table.all(Table::times, "update_id")?;
        let levels: usize = table
            .metadata
            .get(LEVELS_KEY)
            .and_then(|levels| levels.parse().ok())
            .ok_or_else(|| table.wrong("it does not say how many levels it has"))?;
        let book =
            |(&time, &update_id)| Self { time, update_id, bids: Vec::new(), asks: Vec::new() };
        let mut books: Vec<Self> = time.iter().zip(&update_id).map(book).collect();
        for level in 0..levels {
            for (side, _) in SIDES {
                let (price_name, quantity_name) = names(side, level);
                let prices = table.doubles(&price_name)?;
                let quantities = table.doubles(&quantity_name)?;
                for (book, known) in books.iter_mut().zip(prices.into_iter().zip(quantities)) {
                    let levels = if side == "bid" { &mut book.bids } else { &mut book.asks };
                    match known {
                        (Some(value), Some(quantity)) if levels.len() == level => {
                            levels.push(Level { price: price(&table, value)?, quantity });
                        }
                        (None, None) => {}
                        _ => return Err(table.wrong(format!("a row has a part of {side} {level}"))),
                    }
                }
            }
        }
        Ok(books)
    }
}

/// The two sides of a book by name.
const SIDES: [(&str, fn(&BookSnapshot) -> &[Level]); 2] =
    [("bid", |book| &book.bids), ("ask", |book| &book.asks)];

/// Names of the columns of a level; the best is 1.
fn names(side: &str, level: usize) -> (String, String) {
    (format!("{side}_price_{}", level + 1), format!("{side}_quantity_{}", level + 1))
}
