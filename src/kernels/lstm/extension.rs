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

/// Backends that run an LSTM layer as one operation.
#[backend_extension(Flex, Autodiff)]
pub trait LstmExtension: Backend {
    /// `[B, T, F]`, `[4H, F]`, `[4H, H]`, `[4H]` to `[B, T, H]`, or `[B, 1, H]` with `last_only`.
    fn lstm_layer(
        x_btf: FloatTensor<Self>,
        weight_ih: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        last_only: bool,
        precision: Precision,
    ) -> FloatTensor<Self>;
}

impl LstmExtension for Flex {
    fn lstm_layer(
        x_btf: FloatTensor<Self>,
        weight_ih: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        last_only: bool,
        precision: Precision,
    ) -> FloatTensor<Self> {
        run(&x_btf, &weight_ih, &weight_hh, &bias, last_only, precision).0
    }
}

impl<C: CheckpointStrategy> LstmExtension for Autodiff<Flex, C> {
    fn lstm_layer(
        x_btf: FloatTensor<Self>,
        weight_ih: FloatTensor<Self>,
        weight_hh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        last_only: bool,
        precision: Precision,
    ) -> FloatTensor<Self> {
        let nodes = [x_btf.node(), weight_ih.node(), weight_hh.node(), bias.node()];
        let x_btf = x_btf.into_primitive().to_contiguous();
        let weight_ih = weight_ih.into_primitive().to_contiguous();
        let weight_hh = weight_hh.into_primitive().to_contiguous();
        let (output, saved) =
            run(&x_btf, &weight_ih, &weight_hh, bias.primitive(), last_only, precision);
        match LstmBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let state = State { x_btf, weight_ih, weight_hh, saved: Arc::new(saved) };
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

#[derive(Debug)]
struct LstmBackward;

#[derive(Debug, Clone)]
struct State {
    x_btf: FlexTensor,
    weight_ih: FlexTensor,
    weight_hh: FlexTensor,
    saved: Arc<Saved>,
}

impl Backward<Flex, 4> for LstmBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 4>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let State { x_btf, weight_ih, weight_hh, saved } = ops.state;
        let output_gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let sizes = saved.sizes;
        let weights =
            Weights { weight_ih: floats(&weight_ih), weight_hh: floats(&weight_hh), bias: &[] };
        // The graph is run backward once, so nobody else holds the saved state.
        let saved = Arc::try_unwrap(saved).unwrap_or_else(|shared| Saved::clone(&shared));
        let [x_node, ih_node, hh_node, bias_node] = ops.parents;
        let gradients =
            backward(floats(&x_btf), weights, saved, floats(&output_gradient), x_node.is_some());
        let Sizes { batch, steps, inputs, hidden, .. } = sizes;
        let parents = [
            (x_node, gradients.x_btf, vec![batch, steps, inputs]),
            (ih_node, gradients.weight_ih, vec![4 * hidden, inputs]),
            (hh_node, gradients.weight_hh, vec![4 * hidden, hidden]),
            (bias_node, gradients.bias, vec![4 * hidden]),
        ];
        for (node, values, shape) in parents {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, tensor(values, shape));
            }
        }
    }
}

fn run(
    x_btf: &FlexTensor,
    weight_ih: &FlexTensor,
    weight_hh: &FlexTensor,
    bias: &FlexTensor,
    last_only: bool,
    precision: Precision,
) -> (FlexTensor, Saved) {
    let (x_shape, hh_shape) = (x_btf.shape(), weight_hh.shape());
    let sizes = Sizes {
        batch: x_shape[0],
        steps: x_shape[1],
        inputs: x_shape[2],
        hidden: hh_shape[1],
        last_only,
        precision,
    };
    let (x_btf, weight_ih) = (x_btf.to_contiguous(), weight_ih.to_contiguous());
    let (weight_hh, bias) = (weight_hh.to_contiguous(), bias.to_contiguous());
    let weights = Weights {
        weight_ih: floats(&weight_ih),
        weight_hh: floats(&weight_hh),
        bias: floats(&bias),
    };
    let (output, saved) = forward(floats(&x_btf), weights, sizes);
    (tensor(output, vec![sizes.batch, sizes.output_steps(), sizes.hidden]), saved)
}
