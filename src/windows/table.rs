//! The scaled features, resident on the device.

use burn::tensor::{Device, Tensor, TensorData};

use super::{LedgerGap, Pool, Scaler, Symbols, View, WindowError, reach};

/// The scaled rows of a pool on the device. It is made once a fold; batches are gathered from it.
#[derive(Debug, Clone)]
pub struct Table {
    /// `[N, F]`, without autodiff: inputs need no gradient.
    pub values: Tensor<2>,
    /// What is read of a sample.
    pub views: Vec<View>,
    /// Which rows of other symbols are read beside a sample's own; `None` where none is.
    pub symbols: Option<Symbols>,
}

impl Table {
    /// Scales the pool's rows on the host and moves them to the device.
    ///
    /// # Errors
    /// When the scaler was fitted on another number of features.
    pub fn new(
        pool: &Pool,
        scaler: &Scaler,
        views: Vec<View>,
        device: &Device,
    ) -> Result<Self, WindowError> {
        if scaler.center.len() != pool.features() || scaler.scale.len() != pool.features() {
            return Err(WindowError::ScalerWidth {
                scaler: scaler.center.len(),
                rows: pool.features(),
            });
        }
        let scaled = TensorData::new(scaler.apply(&pool.values), [pool.rows(), pool.features()]);
        Ok(Self {
            values: Tensor::from_data(scaled, &device.clone().inner()),
            views,
            symbols: None,
        })
    }

    /// The table with the windows of all symbols read together, as they are known at the same time.
    #[must_use]
    pub fn with_symbols(mut self, pool: &Pool, gaps: &[LedgerGap]) -> Self {
        self.symbols = Some(Symbols::align(pool, self.reach(), gaps));
        self
    }

    /// Rows that the longest view spans.
    #[must_use]
    pub fn reach(&self) -> usize {
        reach(&self.views)
    }

    /// N.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.dims()[0]
    }

    /// F.
    #[must_use]
    pub fn features(&self) -> usize {
        self.values.dims()[1]
    }
}
