//! A body that is trained to fill in what is hidden of its windows.
//!
//! Every body makes one vector of its windows, and the decoder is linear from that vector to every cell
//! of every window: what is hidden has to be told from the vector that the heads read afterwards.

use burn::tensor::{Device, Tensor};

use crate::forecast::LabelShape;
use crate::kernels::Precision;

use super::heads::Heads;
use super::initial::InitialWeights;
use super::layers::Linear;
use super::training_pass::TrainingPass;
use super::{HeadsConfig, InputShape, Net, NetConfig};

impl Net {
    /// The body of [`Self::init`] from the same seed with a linear decoder in place of heads: tensors
    /// `decoder.weight` `[Σ T F, H]` and `decoder.bias` `[Σ T F]` over the windows of all views.
    #[must_use]
    pub fn init_reconstruction(
        precision: Precision,
        config: &NetConfig,
        inputs: &[InputShape],
        seed: u64,
        device: &Device,
    ) -> Self {
        let mut weights = InitialWeights::new(seed, device).in_precision(precision);
        let body = config.body(inputs, &mut weights);
        let width = config.width(inputs);
        let cells = inputs.iter().map(|input| input.window * input.features).sum();
        Self {
            body,
            heads: Heads::init(&HeadsConfig::none(), LabelShape::default(), width, &mut weights),
            task_log_variance: None,
            grad_norm: None,
            decoder: Some(Linear::init(width, cells, &mut weights)),
            cross_symbol: None,
        }
    }

    /// Every cell of the windows as the decoder tells it, view after view: `[B, Σ T F]`; `None` for a net
    /// without a decoder.
    #[must_use]
    pub fn reconstruct(
        &self,
        x: Vec<Tensor<3>>,
        mut pass: Option<&mut TrainingPass>,
    ) -> Option<Tensor<2>> {
        let decoder = self.decoder.as_ref()?;
        Some(decoder.forward(self.body.forward(x, &mut pass)))
    }
}
