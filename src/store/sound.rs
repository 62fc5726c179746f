//! What no trade, quote or book can be: checked before it is written, as the tables' checks would.

use crate::market::{BookSnapshot, Level, Price, Quote, Trade};

/// What is wrong with a trade.
pub(super) fn trade(trade: &Trade) -> Option<&'static str> {
    if trade.price.0 <= 0 {
        Some("its price is not above zero")
    } else if !trade.price.is_a_float() {
        Some(TOO_LONG)
    } else {
        amount(trade.quantity)
    }
}

/// What is wrong with a quote; a side without any level is a price and an amount of zero.
pub(super) fn quote(quote: &Quote) -> Option<&'static str> {
    level(quote.bid).or_else(|| level(quote.ask))
}

/// What is wrong with a book snapshot; that it may be crossed or empty, `store check` says.
pub(super) fn book(book: &BookSnapshot) -> Option<&'static str> {
    if book.bids.len().max(book.asks.len()) > usize::from(u16::MAX) {
        return Some("it has more than 65,535 levels on a side");
    }
    book.bids.iter().chain(&book.asks).find_map(|&known| level(known))
}

const TOO_LONG: &str = "its price has more digits than a float holds";

fn level(level: Level) -> Option<&'static str> {
    let Price(units) = level.price;
    if units < 0 {
        Some("a price is below zero")
    } else if !level.price.is_a_float() {
        Some(TOO_LONG)
    } else {
        amount(level.quantity)
    }
}

fn amount(quantity: f64) -> Option<&'static str> {
    let sound = quantity.is_finite() && quantity >= 0.0;
    (!sound).then_some("its amount is no number or below zero")
}
