//! A batch is an index vector: its windows are gathered on the device.

use burn::tensor::{Int, Tensor, TensorData};

use super::Table;

/// Gathers the windows that end at `last_rows`: `[B, T, F]`, oldest step first, T = `window`.
///
/// # Panics
/// When a window would begin before the table or end after it. Rows from [`super::eligible`] never do.
#[must_use]
pub fn gather(table: &Table, last_rows: &[u32], window: usize) -> Tensor<3> {
    let rows = table.rows();
    let mut steps = Vec::with_capacity(last_rows.len() * window);
    for &last in last_rows {
        let end = last as usize + 1;
        assert!(window <= end && end <= rows, "no window of {window} rows ends at row {last}");
        steps.extend((end - window..end).map(|row| row as i32));
    }
    let count = steps.len();
    let steps =
        Tensor::<1, Int>::from_data(TensorData::new(steps, [count]), &table.values.device());
    let shape = [last_rows.len(), window, table.features()];
    table.values.clone().select(0, steps).reshape(shape)
}
