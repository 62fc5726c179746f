//! Where each parameter of a net stands in its flat vector.
//!
//! The optimiser, the average and the checkpoint see a vector of P numbers: the parameters one
//! after another in the order of [`Net::parameter_shapes`].

use crate::nets::Net;

/// Names, shapes and places of the parameters in the flat vector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// In the order of the vector.
    pub parameters: Vec<Place>,
}

/// One parameter's place in the flat vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// PyTorch's name, such as `lstm.weight_ih_l0`.
    pub name: String,
    /// Sizes, slowest axis first.
    pub shape: Vec<usize>,
    /// Where it begins.
    pub start: usize,
}

impl Place {
    /// Number of elements.
    #[must_use]
    pub fn length(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where it is in the vector.
    #[must_use]
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.length()
    }
}

impl Layout {
    /// The layout of `net`.
    #[must_use]
    pub fn of(net: &Net) -> Self {
        Self::new(net.parameter_shapes())
    }

    /// The layout of parameters with these names and shapes.
    #[must_use]
    pub fn new(shapes: Vec<(String, Vec<usize>)>) -> Self {
        let mut start = 0;
        let place = |(name, shape)| {
            let place = Place { name, shape, start };
            start += place.length();
            place
        };
        Self { parameters: shapes.into_iter().map(place).collect() }
    }

    /// P, the number of elements.
    #[must_use]
    pub fn length(&self) -> usize {
        self.parameters.iter().map(Place::length).sum()
    }

    /// 1 for each element that weight decay acts on, else 0: matrices and kernels decay; biases,
    /// norms and task weights (rank 1) do not.
    #[must_use]
    pub fn decay_mask(&self) -> Vec<f32> {
        let mut mask = Vec::with_capacity(self.length());
        for place in &self.parameters {
            let decays = if place.shape.len() >= 2 { 1.0 } else { 0.0 };
            mask.resize(mask.len() + place.length(), decays);
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_decay_and_biases_do_not() {
        let layout = Layout::new(vec![
            ("weight".to_owned(), vec![2, 3]),
            ("bias".to_owned(), vec![2]),
            ("kernel".to_owned(), vec![1, 1, 2]),
        ]);
        assert_eq!(layout.length(), 10);
        assert_eq!(layout.parameters[2].range(), 8..10);
        assert_eq!(layout.decay_mask(), [1., 1., 1., 1., 1., 1., 0., 0., 1., 1.]);
    }
}
