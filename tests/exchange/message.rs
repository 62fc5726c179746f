//! One message of the exchange: what it says and how it is written.

use std::sync::Arc;

use candlewick::market::{Candle, Interval, Market, Price, Trade};

use super::cycle::{Best, Deal, Levels, Pair};

/// What a stream tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Depth,
    Quote,
    AggTrade,
    Trade,
    Candles(Interval),
}

impl Kind {
    /// The kind of a stream name's part after the symbol.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "bookTicker" => Some(Self::Quote),
            "aggTrade" => Some(Self::AggTrade),
            "trade" => Some(Self::Trade),
            _ if name == "depth" || name.starts_with("depth@") => Some(Self::Depth),
            _ => name.strip_prefix("kline_")?.parse().ok().map(Self::Candles),
        }
    }

    /// Whether today's USD-M exchange serves it under `/public`.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Depth | Self::Quote)
    }
}

/// Who is spoken of.
#[derive(Debug, Clone)]
pub struct Name {
    pub market: Market,
    /// In upper case.
    pub symbol: String,
}

/// A candle as the exchange counts it: whole units of 0.00000001.
#[derive(Debug, Clone)]
pub struct CandleText {
    pub interval: Interval,
    pub open_time: i64,
    /// Open, high, low, close.
    pub prices: [i64; 4],
    /// Volume, quote volume, taker's volume, taker's quote volume.
    pub volumes: [i64; 4],
    pub trades: i64,
    pub ids: (i64, i64),
}

/// What a message says.
#[derive(Debug, Clone)]
pub enum Item {
    Depth { first: i64, last: i64, previous: i64, levels: Arc<Levels> },
    Quote { update_id: i64, best: Arc<Best> },
    AggTrade { id: i64, time: i64, deal: Arc<Deal> },
    Trade { id: i64, time: i64, deal: Arc<Deal> },
    Candle { candle: Arc<CandleText>, is_final: bool },
}

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// When it is sent, ms of the exchange's clock.
    pub at: i64,
    /// Which of the exchange's symbols.
    pub listing: usize,
    /// Its event time, ms.
    pub event: i64,
    pub item: Item,
}

/// A whole number of 0.00000001 as a decimal.
pub fn decimal(units: i64) -> String {
    format!("{}.{:08}", units / 100_000_000, units % 100_000_000)
}

/// `[["price","amount"],…]`.
pub fn pairs(levels: &[Pair]) -> String {
    let mut text = String::with_capacity(2 + levels.len() * 32);
    text.push('[');
    for (place, (price, quantity)) in levels.iter().enumerate() {
        text.push_str(if place == 0 { "[\"" } else { ",[\"" });
        text.push_str(price);
        text.push_str("\",\"");
        text.push_str(quantity);
        text.push_str("\"]");
    }
    text.push(']');
    text
}

impl CandleText {
    /// The row that this candle is in a store.
    pub fn row(&self) -> Candle {
        let value = |units: i64| decimal(units).parse::<f64>().unwrap();
        let ([open, high, low, close], [volume, quote, taker, taker_quote]) =
            (self.prices.map(value), self.volumes.map(value));
        Candle {
            open_time: self.open_time,
            open,
            high,
            low,
            close,
            volume,
            quote_volume: Some(quote),
            trades: Some(self.trades),
            taker_buy_volume: Some(taker),
            taker_buy_quote_volume: Some(taker_quote),
        }
    }

    /// The row of a REST answer.
    pub fn rest(&self) -> String {
        let [open_price, high, low, close_price] = self.prices.map(decimal);
        let [volume, quote, taker, taker_quote] = self.volumes.map(decimal);
        let (open, close) = (self.open_time, self.open_time + self.interval.ms() - 1);
        let trades = self.trades;
        format!(
            r#"[{open},"{open_price}","{high}","{low}","{close_price}","{volume}",{close},"{quote}",{trades},"{taker}","{taker_quote}","0"]"#
        )
    }

    fn stream(&self, event: i64, symbol: &str, is_final: bool) -> String {
        let [open_price, high, low, close_price] = self.prices.map(decimal);
        let [volume, quote, taker, taker_quote] = self.volumes.map(decimal);
        let (open, close) = (self.open_time, self.open_time + self.interval.ms() - 1);
        let (interval, trades, (first, last)) = (self.interval, self.trades, self.ids);
        format!(
            r#"{{"e":"kline","E":{event},"s":"{symbol}","k":{{"t":{open},"T":{close},"s":"{symbol}","i":"{interval}","f":{first},"L":{last},"o":"{open_price}","c":"{close_price}","h":"{high}","l":"{low}","v":"{volume}","n":{trades},"x":{is_final},"q":"{quote}","V":"{taker}","Q":"{taker_quote}","B":"0"}}}}"#
        )
    }
}

/// The row that a deal is in a store.
pub fn trade_row(id: i64, time: i64, deal: &Deal) -> Trade {
    Trade {
        id,
        time,
        price: Price::parse(&deal.price).unwrap(),
        quantity: deal.quantity.parse().unwrap(),
        buyer_is_maker: deal.buyer_is_maker,
    }
}

/// An aggTrade's row of a REST answer.
pub fn agg_trade_rest(id: i64, time: i64, deal: &Deal) -> String {
    let (p, q, m) = (&deal.price, &deal.quantity, deal.buyer_is_maker);
    format!(r#"{{"a":{id},"p":"{p}","q":"{q}","f":{id},"l":{id},"T":{time},"m":{m},"M":true}}"#)
}

impl Message {
    pub fn kind(&self) -> Kind {
        match &self.item {
            Item::Depth { .. } => Kind::Depth,
            Item::Quote { .. } => Kind::Quote,
            Item::AggTrade { .. } => Kind::AggTrade,
            Item::Trade { .. } => Kind::Trade,
            Item::Candle { candle, .. } => Kind::Candles(candle.interval),
        }
    }

    /// The message's JSON, without the wrapper of combined streams.
    pub fn text(&self, name: &Name) -> String {
        let (event, s, spot) = (self.event, &name.symbol, name.market == Market::Spot);
        // What futures say beyond spot.
        let pair = s.split('_').next().unwrap();
        match &self.item {
            Item::Depth { first, last, previous, levels } => {
                let (b, a) = (pairs(&levels.bids), pairs(&levels.asks));
                if spot {
                    format!(
                        r#"{{"e":"depthUpdate","E":{event},"s":"{s}","U":{first},"u":{last},"b":{b},"a":{a}}}"#
                    )
                } else {
                    format!(
                        r#"{{"e":"depthUpdate","E":{event},"T":{event},"s":"{s}","ps":"{pair}","U":{first},"u":{last},"pu":{previous},"b":{b},"a":{a},"st":1}}"#
                    )
                }
            }
            Item::Quote { update_id, best } => {
                let ((b, bq), (a, aq)) = (&best.bid, &best.ask);
                if spot {
                    format!(
                        r#"{{"u":{update_id},"s":"{s}","b":"{b}","B":"{bq}","a":"{a}","A":"{aq}"}}"#
                    )
                } else {
                    format!(
                        r#"{{"u":{update_id},"e":"bookTicker","s":"{s}","ps":"{pair}","b":"{b}","B":"{bq}","a":"{a}","A":"{aq}","T":{event},"E":{event},"st":1}}"#
                    )
                }
            }
            Item::AggTrade { id, time, deal } => {
                let (p, q, m) = (&deal.price, &deal.quantity, deal.buyer_is_maker);
                let more = if spot { r#""M":true"# } else { r#""st":1"# };
                format!(
                    r#"{{"e":"aggTrade","E":{event},"s":"{s}","a":{id},"p":"{p}","q":"{q}","f":{id},"l":{id},"T":{time},"m":{m},{more}}}"#
                )
            }
            Item::Trade { id, time, deal } => {
                let (p, q, m) = (&deal.price, &deal.quantity, deal.buyer_is_maker);
                format!(
                    r#"{{"e":"trade","E":{event},"s":"{s}","t":{id},"p":"{p}","q":"{q}","T":{time},"m":{m},"M":true}}"#
                )
            }
            Item::Candle { candle, is_final } => candle.stream(event, s, *is_final),
        }
    }
}
