//! Single-threaded matrix products on slices, with any strides.
//!
//! One thread a product keeps the order of every sum fixed: the caller splits work over threads by
//! rows, and the same numbers come out whatever the number of threads.

use gemm::Parallelism;

/// A matrix inside a slice.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Index of the first element.
    pub(super) offset: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl View {
    /// Row-major without gaps.
    pub(super) fn packed(rows: usize, columns: usize) -> Self {
        Self { rows, columns, offset: 0, row_stride: columns, column_stride: 1 }
    }

    /// Rows and columns exchanged.
    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    fn fits(&self, length: usize) -> bool {
        if self.rows == 0 || self.columns == 0 {
            return true;
        }
        let last = self.offset
            + (self.rows - 1) * self.row_stride
            + (self.columns - 1) * self.column_stride;
        last < length
    }
}

/// `out = left · right`, or `out += left · right` with `add`.
///
/// # Panics
/// When the sizes do not agree or a matrix reaches over the end of its slice.
pub(super) fn matmul(
    out: (&mut [f32], View),
    left: (&[f32], View),
    right: (&[f32], View),
    add: bool,
) {
    let ((out, out_view), (left, left_view), (right, right_view)) = (out, left, right);
    assert!(
        out_view.rows == left_view.rows
            && out_view.columns == right_view.columns
            && left_view.columns == right_view.rows,
        "sizes of a matrix product do not agree"
    );
    assert!(
        out_view.fits(out.len()) && left_view.fits(left.len()) && right_view.fits(right.len()),
        "a matrix reaches over the end of its slice"
    );
    assert!(
        out_view.row_stride >= out_view.columns * out_view.column_stride || out_view.rows < 2,
        "rows of the product overlap"
    );
    if out_view.rows == 0 || out_view.columns == 0 {
        return;
    }
    // SAFETY: every element that the product reads or writes lies inside its slice (checked above);
    // `out` is borrowed mutably, so it overlaps neither input; its rows do not overlap each other.
    unsafe {
        gemm::gemm(
            out_view.rows,
            out_view.columns,
            left_view.columns,
            out.as_mut_ptr().add(out_view.offset),
            out_view.column_stride as isize,
            out_view.row_stride as isize,
            add,
            left.as_ptr().add(left_view.offset),
            left_view.column_stride as isize,
            left_view.row_stride as isize,
            right.as_ptr().add(right_view.offset),
            right_view.column_stride as isize,
            right_view.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strided_product_equals_the_plain_sum() {
        let left: Vec<f32> = (0..24).map(|n| (n as f32 * 0.7).sin()).collect();
        let right: Vec<f32> = (0..35).map(|n| (n as f32 * 0.3).cos()).collect();
        let left_view = View { rows: 3, columns: 4, offset: 1, row_stride: 7, column_stride: 2 };
        let right_view = View::packed(5, 4).transposed();
        let mut out = vec![1.0_f32; 40];
        let out_view = View { rows: 3, columns: 5, offset: 2, row_stride: 12, column_stride: 1 };
        matmul((&mut out, out_view), (&left, left_view), (&right, right_view), true);
        for row in 0..3 {
            for column in 0..5 {
                let sum: f32 =
                    (0..4).map(|k| left[1 + 7 * row + 2 * k] * right[4 * column + k]).sum();
                let found = out[2 + 12 * row + column];
                assert!((found - 1.0 - sum).abs() < 1e-6, "{found} {sum}");
            }
        }
        assert_eq!(out[0], 1.0);
        assert_eq!(out[13], 1.0);
    }
}
