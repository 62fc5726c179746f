//! The layer as a backend operation: on Flex, and with its own backward pass under autodiff.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, TensorMetadata, backend_extension};

use super::super::Precision;
use super::super::host::{floats, tensor};
use super::super::recurrent::Sizes;
use super::sequence::{Saved, Weights, backward, forward};

/// Backends that run a GRU layer as one operation.
#[backend_extension(Flex, Autodiff)]
pub trait GruExtension: Backend {
    /// `[B, T, F]`, `[3H, F]`, `[3H, H]`, `[3H]`, `[3H]` to `[B, T, H]`, or `[B, 1, H]` with
    /// `last_only`.
    fn gru_layer(
        x_btf: FloatTensor<Self>,
        weight_ih: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        bias_ih: FloatTensor<Self>,
        bias_hh: FloatTensor<Self>,
        last_only: bool,
    ) -> FloatTensor<Self>;
}

impl GruExtension for Flex {
    fn gru_layer(
        x_btf: FloatTensor<Self>,
        weight_ih: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        bias_ih: FloatTensor<Self>,
        bias_hh: FloatTensor<Self>,
        last_only: bool,
    ) -> FloatTensor<Self> {
        let inputs = [x_btf, weight_ih, weight_hh, bias_ih, bias_hh];
        run(&inputs.map(|input| input.to_contiguous()), last_only).0
    }
}

impl<C: CheckpointStrategy> GruExtension for Autodiff<Flex, C> {
    fn gru_layer(
        x_btf: FloatTensor<Self>,
        weight_ih: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        bias_ih: FloatTensor<Self>,
        bias_hh: FloatTensor<Self>,
        last_only: bool,
    ) -> FloatTensor<Self> {
        let inputs = [x_btf, weight_ih, weight_hh, bias_ih, bias_hh];
        let nodes = [0, 1, 2, 3, 4].map(|input: usize| inputs[input].node());
        let inputs = inputs.map(|input| input.into_primitive().to_contiguous());
        let (output, saved) = run(&inputs, last_only);
        match GruBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(State { inputs, saved: Arc::new(saved) }, output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

#[derive(Debug)]
struct GruBackward;

#[derive(Debug, Clone)]
struct State {
    /// As the layer takes them, contiguous.
    inputs: [FlexTensor; 5],
    saved: Arc<Saved>,
}

impl Backward<Flex, 5> for GruBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 5>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let State { inputs, saved } = ops.state;
        let output_gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        // The graph is run backward once, so nobody else holds the saved state.
        let saved = Arc::try_unwrap(saved).unwrap_or_else(|shared| Saved::clone(&shared));
        let gradients = backward(
            floats(&inputs[0]),
            weights(&inputs),
            saved,
            floats(&output_gradient),
            ops.parents[0].is_some(),
        );
        let values = [
            gradients.x_btf,
            gradients.weight_ih,
            gradients.weight_hh,
            gradients.bias_ih,
            gradients.bias_hh,
        ];
        for ((node, values), input) in ops.parents.into_iter().zip(values).zip(&inputs) {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, tensor(values, input.shape().to_vec()));
            }
        }
    }
}

fn run(inputs: &[FlexTensor; 5], last_only: bool) -> (FlexTensor, Saved) {
    let [x_shape, hh_shape] = [inputs[0].shape(), inputs[2].shape()];
    let sizes = Sizes {
        batch: x_shape[0],
        steps: x_shape[1],
        inputs: x_shape[2],
        hidden: hh_shape[1],
        last_only,
        precision: Precision::F32,
    };
    let (output, saved) = forward(floats(&inputs[0]), weights(inputs), sizes);
    (tensor(output, vec![sizes.batch, sizes.output_steps(), sizes.hidden]), saved)
}

fn weights([_, weight_ih, weight_hh, bias_ih, bias_hh]: &[FlexTensor; 5]) -> Weights<'_> {
    Weights {
        weight_ih: floats(weight_ih),
        weight_hh: floats(weight_hh),
        bias_ih: floats(bias_ih),
        bias_hh: floats(bias_hh),
    }
}
