//! Ledgers of one model as steps over common times, ready to be scored many times.

use std::collections::HashMap;

use super::bootstrap::Draw;
use super::ledger::{Ledger, LedgerRow};
use super::profit::{Step, hit_rate, max_drawdown, net_return, sharpe, trades, turnover};

/// The measures of profit over a draw of the steps.
pub(super) fn measure(steps: &[Step], per_year: f64, draw: &Draw) -> Vec<Option<f64>> {
    let drawn: Vec<Step> = draw.sequence.iter().map(|&time| steps[time as usize]).collect();
    vec![
        net_return(&drawn),
        sharpe(&drawn, per_year),
        max_drawdown(&drawn),
        hit_rate(&drawn),
        turnover(&drawn, per_year),
        trades(&drawn),
    ]
}

/// The ledgers held in equal parts, rebalanced at every candle; a ledger without a row at a time is
/// flat there. Only rows that `keep` keeps count.
pub(super) fn steps(
    ledgers: &[&Ledger],
    times: &[i64],
    keep: impl Fn(&LedgerRow) -> bool,
) -> Vec<Step> {
    let place: HashMap<i64, usize> =
        times.iter().enumerate().map(|(index, &time)| (time, index)).collect();
    let share = 1.0 / ledgers.len().max(1) as f64;
    let mut steps = vec![Step::default(); times.len()];
    for ledger in ledgers {
        let mut before = 0.0;
        for row in &ledger.rows {
            let entered = row.position != 0.0 && row.position != before;
            before = row.position;
            if !keep(row) {
                continue;
            }
            let Some(&index) = place.get(&row.time) else { continue };
            let step = &mut steps[index];
            step.net += share * row.net;
            step.turnover += share * row.turnover;
            step.held += f64::from(u8::from(row.position != 0.0));
            step.won += f64::from(u8::from(row.gross > 0.0));
            step.entered += f64::from(u8::from(entered));
        }
    }
    steps
}
