//! A batch is an index vector: its windows are gathered on the device.

use burn::tensor::{Int, Tensor, TensorData};

use super::{Table, View};

/// Gathers the windows that end at `last_rows`, one `[B, T, F]` a view of the table, oldest step
/// first. Where the table reads all symbols together, these are `[B S, T, F]` with the own window first,
/// and behind them stands who is there: `[B, S, 1]`.
///
/// # Panics
/// When a window would begin before the table or end after it. Rows from [`super::eligible`] never do.
#[must_use]
pub fn gather(table: &Table, last_rows: &[u32]) -> Vec<Tensor<3>> {
    let windows =
        |rows: &[u32]| table.views.iter().map(|view| gather_view(table, view, rows)).collect();
    let Some(symbols) = &table.symbols else { return windows(last_rows) };
    let (rows, present) = symbols.of(last_rows, &table.values.device());
    let mut x: Vec<Tensor<3>> = windows(&rows);
    x.push(present);
    x
}

fn gather_view(table: &Table, view: &View, last_rows: &[u32]) -> Tensor<3> {
    let (rows, reach) = (table.rows(), view.reach());
    let mut steps = Vec::with_capacity(last_rows.len() * view.window);
    for &last in last_rows {
        let end = last as usize + 1;
        assert!(reach <= end && end <= rows, "no window of {reach} rows ends at row {last}");
        steps.extend((end - reach..end).step_by(view.stride).map(|row| row as i32));
    }
    let device = table.values.device();
    let indices = |of: Vec<i32>| {
        let count = of.len();
        Tensor::<1, Int>::from_data(TensorData::new(of, [count]), &device)
    };
    let picked = table.values.clone().select(0, indices(steps));
    let features = view.columns.len();
    let picked = if features == table.features() {
        picked
    } else {
        picked.select(1, indices(view.columns.iter().map(|&column| column as i32).collect()))
    };
    picked.reshape([last_rows.len(), view.window, features])
}
