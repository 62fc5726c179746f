//! What trades cost and how far they move the price.

use crate::market::{BookSnapshot, Candle, Trade};

use super::book_shape::{BASIS_POINTS, Touch};
use super::indicator::{CloseReturn, Indicator, not_negative, ratio_or};
use super::rolling::{Window, slope};
use super::trade_flow::sign;

/// Something about a candle's trades in their order: price and signed amount of each.
#[derive(Debug)]
pub(super) struct OfTrades {
    trades: Vec<(f64, f64)>,
    value: fn(&[(f64, f64)]) -> f64,
}

impl OfTrades {
    pub(super) fn new(value: fn(&[(f64, f64)]) -> f64) -> Self {
        Self { trades: Vec::new(), value }
    }
}

impl Indicator for OfTrades {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let value = (self.value)(&self.trades);
        self.trades.clear();
        Some(value)
    }

    fn trade(&mut self, trade: &Trade) {
        self.trades.push((trade.price.value(), sign(trade) * trade.quantity));
    }
}

/// Log returns from each trade to the next.
fn returns(trades: &[(f64, f64)]) -> impl Iterator<Item = f64> + '_ {
    trades.windows(2).map(|pair| (pair[1].0 / pair[0].0).ln())
}

/// Root of the summed squares of the log returns from trade to trade; 0 with less than two trades.
///
/// Source: Andersen, Bollerslev, Diebold and Labys 2003, Modeling and forecasting realized volatility.
pub(super) fn volatility(trades: &[(f64, f64)]) -> f64 {
    returns(trades).map(|r| r * r).sum::<f64>().sqrt()
}

/// Kyle's lambda: least-squares slope of the log returns from trade to trade on the signed amount of
/// the later one, times the mean amount, basis points; 0 when the amounts do not vary.
pub(super) fn lambda(trades: &[(f64, f64)]) -> f64 {
    let Some(later) = trades.get(1..).filter(|later| !later.is_empty()) else { return 0.0 };
    let (mut flow, mut moves) = (Window::new(later.len()), Window::new(later.len()));
    for ((_, signed), r) in later.iter().zip(returns(trades)) {
        flow.push(*signed);
        moves.push(r);
    }
    let mean = flow.iter().map(f64::abs).sum::<f64>() / flow.count();
    slope(&flow, &moves) * mean * BASIS_POINTS
}

/// Roll's spread: `2 sqrt(-c)`, c the covariance of one log return from trade to trade with the next,
/// basis points; 0 when c is not below 0, and with less than three trades.
///
/// Source: Roll 1984, A simple implicit measure of the effective bid-ask spread.
pub(super) fn roll_spread(trades: &[(f64, f64)]) -> f64 {
    let (mut early, mut late) = (Window::new(trades.len()), Window::new(trades.len()));
    for pair in trades.windows(3) {
        early.push((pair[1].0 / pair[0].0).ln());
        late.push((pair[2].0 / pair[1].0).ln());
    }
    if early.count() == 0.0 {
        return 0.0;
    }
    let (early_mean, late_mean) = (early.mean(), late.mean());
    let pairs = early.iter().zip(late.iter());
    let sum: f64 = pairs.map(|(a, b)| (a - early_mean) * (b - late_mean)).sum();
    2.0 * not_negative(-sum / early.count()).sqrt() * BASIS_POINTS
}

/// Which part of a trade's cost.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cost {
    /// `2 s (p - m) / m`: what the taker paid beyond the mid, twice.
    Effective,
    /// `2 s (M - m) / m`: how far the mid went the taker's way until the candle's end, twice.
    Impact,
    /// `2 s (p - M) / m`: what was left of the one to the maker after the other.
    Realized,
}

/// A part of the trades' cost, weighed by their amounts, basis points: s is the taker's side, p the
/// price, m the mid of the book that stood when the trade came, M that at the candle's end; 0 without
/// trades.
///
/// Source: Huang and Stoll 1996, Dealer versus auction markets.
#[derive(Debug)]
pub(super) struct TradeCost {
    cost: Cost,
    mid: Option<f64>,
    began: bool,
    /// Price, signed amount and mid of each trade.
    trades: Vec<(f64, f64, f64)>,
}

impl TradeCost {
    pub(super) fn new(cost: Cost) -> Self {
        Self { cost, mid: None, began: false, trades: Vec::new() }
    }
}

impl Indicator for TradeCost {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let began = std::mem::replace(&mut self.began, self.mid.is_some());
        let last = self.mid.unwrap_or(0.0);
        let of_trade = |&(price, signed, mid): &(f64, f64, f64)| {
            let gain = match self.cost {
                Cost::Effective => price - mid,
                Cost::Impact => last - mid,
                Cost::Realized => price - last,
            };
            signed * gain / mid
        };
        let cost: f64 = self.trades.iter().map(of_trade).sum();
        let whole: f64 = self.trades.iter().map(|(_, signed, _)| signed.abs()).sum();
        self.trades.clear();
        began.then(|| 2.0 * ratio_or(cost, whole, 0.0) * BASIS_POINTS)
    }

    fn book(&mut self, book: &BookSnapshot) {
        self.mid = Touch::of(book).map(Touch::mid).or(self.mid);
    }

    fn trade(&mut self, trade: &Trade) {
        if let Some(mid) = self.mid {
            self.trades.push((trade.price.value(), sign(trade) * trade.quantity, mid));
        }
    }
}

/// Hasbrouck's lambda: least-squares slope of r on `X = sum s sqrt(p q)` of the candle's trades over
/// the last candles, times the mean |X|; 0 when X does not vary.
///
/// Source: Hasbrouck 2009, Trading costs and returns for US equities; López de Prado 2018, 19.4.3.
#[derive(Debug)]
pub(super) struct HasbrouckLambda {
    returns: CloseReturn,
    flow: f64,
    flows: Window,
    last: Window,
}

impl HasbrouckLambda {
    pub(super) fn new(lookback: usize) -> Self {
        let (flows, last) = (Window::new(lookback), Window::new(lookback));
        Self { returns: CloseReturn::default(), flow: 0.0, flows, last }
    }
}

impl Indicator for HasbrouckLambda {
    fn update(&mut self, candle: &Candle) -> Option<f64> {
        let flow = std::mem::take(&mut self.flow);
        let value = self.returns.update(candle)?;
        self.flows.push(flow);
        if !self.last.push(value) {
            return None;
        }
        let mean = self.flows.iter().map(f64::abs).sum::<f64>() / self.flows.count();
        Some(slope(&self.flows, &self.last) * mean)
    }

    fn trade(&mut self, trade: &Trade) {
        self.flow += sign(trade) * (trade.price.value() * trade.quantity).sqrt();
    }
}
