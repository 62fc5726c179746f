//! What every net's body has in common: a config that says what it reads, checks it, counts its cost
//! and draws its weights.

use burn::tensor::Tensor;

use crate::windows::{ColumnKinds, View};

use super::initial::InitialWeights;

/// Shape of the window that a net reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputShape {
    /// T, rows of a window.
    pub window: usize,
    /// F, columns of a row.
    pub features: usize,
}

/// What one sample costs a net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Floats that the forward pass keeps for the backward pass.
    pub activations: usize,
    /// Multiplications and additions of the forward pass in matrix products and convolutions, 2 for
    /// each weight and position that it meets.
    pub flops: usize,
}

/// Config of a body that reads one window of all columns.
pub(super) trait BodyConfig {
    /// The body.
    type Body;

    /// Says what is wrong with an input that the net cannot read, and what to change.
    fn check(&self, _input: InputShape) -> Result<(), String> {
        Ok(())
    }

    /// Whether the book's own columns are read and no others, where the table has them.
    fn reads_book_alone(&self) -> bool {
        false
    }

    /// H, length of the vector that the heads read.
    fn width(&self, input: InputShape) -> usize;

    /// What one sample costs.
    fn cost(&self, input: InputShape) -> Cost;

    /// The body with its initial weights. The input must have passed [`Self::check`].
    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> Self::Body;
}

/// Config of any body. What is read comes as one shape a view, in the order of the views.
pub(super) trait ViewsConfig {
    /// The body.
    type Body;

    /// What the body reads of a table with these columns, or what is missing and what to change.
    fn views(&self, columns: &ColumnKinds, window: usize) -> Result<Vec<View>, String>;

    /// As [`BodyConfig::check`].
    fn check(&self, inputs: &[InputShape]) -> Result<(), String>;

    /// As [`BodyConfig::width`].
    fn width(&self, inputs: &[InputShape]) -> usize;

    /// As [`BodyConfig::cost`].
    fn cost(&self, inputs: &[InputShape]) -> Cost;

    /// As [`BodyConfig::init`].
    fn init(&self, inputs: &[InputShape], weights: &mut InitialWeights) -> Self::Body;
}

impl<C: BodyConfig> ViewsConfig for C {
    type Body = C::Body;

    fn views(&self, columns: &ColumnKinds, window: usize) -> Result<Vec<View>, String> {
        let view = View::whole(window, columns.features);
        if self.reads_book_alone() && !columns.book.is_empty() {
            return Ok(vec![View { columns: columns.book.clone(), ..view }]);
        }
        Ok(vec![view])
    }

    fn check(&self, inputs: &[InputShape]) -> Result<(), String> {
        let [input] = inputs else {
            return Err(format!("the net reads one window, not {}", inputs.len()));
        };
        BodyConfig::check(self, *input)
    }

    fn width(&self, inputs: &[InputShape]) -> usize {
        BodyConfig::width(self, inputs[0])
    }

    fn cost(&self, inputs: &[InputShape]) -> Cost {
        BodyConfig::cost(self, inputs[0])
    }

    fn init(&self, inputs: &[InputShape], weights: &mut InitialWeights) -> C::Body {
        BodyConfig::init(self, inputs[0], weights)
    }
}

/// What a body's `forward` takes of the windows of all views.
pub(super) trait FromViews {
    fn from_views(x: Vec<Tensor<3>>) -> Self;
}

impl FromViews for Vec<Tensor<3>> {
    fn from_views(x: Vec<Tensor<3>>) -> Self {
        x
    }
}

impl FromViews for Tensor<3> {
    /// A body of one view is given one, which its config has checked.
    fn from_views(mut x: Vec<Tensor<3>>) -> Self {
        x.swap_remove(0)
    }
}

impl From<&View> for InputShape {
    fn from(view: &View) -> Self {
        Self { window: view.window, features: view.columns.len() }
    }
}
