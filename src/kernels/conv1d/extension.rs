//! The convolution as a backend operation: on Flex, and with its own backward pass under autodiff.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, TensorMetadata, backend_extension};

use super::super::host::{floats, tensor};
use super::Conv1d;
use super::rows::{Sizes, backward, forward};

/// Backends that run a convolution over steps as one operation.
#[backend_extension(Flex, Autodiff)]
pub trait Conv1dExtension: Backend {
    /// `[T, N, C]`, `[O, C, K]`, `[O]` to `[T', N, O]`.
    fn conv1d_steps(
        x_tnc: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv1d,
    ) -> FloatTensor<Self>;
}

impl Conv1dExtension for Flex {
    fn conv1d_steps(
        x_tnc: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv1d,
    ) -> FloatTensor<Self> {
        run(&x_tnc.to_contiguous(), &weight.to_contiguous(), &bias, conv)
    }
}

impl<C: CheckpointStrategy> Conv1dExtension for Autodiff<Flex, C> {
    fn conv1d_steps(
        x_tnc: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv1d,
    ) -> FloatTensor<Self> {
        let nodes = [x_tnc.node(), weight.node(), bias.node()];
        let x_tnc = x_tnc.into_primitive().to_contiguous();
        let weight = weight.into_primitive().to_contiguous();
        let y_tno = run(&x_tnc, &weight, bias.primitive(), conv);
        match Conv1dBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let state = State { x_tnc, weight, y_tno: y_tno.clone(), conv };
                prep.finish(state, y_tno)
            }
            OpsKind::UnTracked(prep) => prep.finish(y_tno),
        }
    }
}

#[derive(Debug)]
struct Conv1dBackward;

#[derive(Debug, Clone)]
struct State {
    x_tnc: FlexTensor,
    weight: FlexTensor,
    y_tno: FlexTensor,
    conv: Conv1d,
}

impl Backward<Flex, 3> for Conv1dBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 3>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let State { x_tnc, weight, y_tno, conv } = ops.state;
        let output_gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let [x_node, weight_node, bias_node] = ops.parents;
        let gradients = backward(
            (floats(&x_tnc), floats(&weight), floats(&y_tno)),
            floats(&output_gradient).to_vec(),
            sizes(&x_tnc, &weight),
            conv,
            x_node.is_some(),
        );
        let parents = [
            (x_node, gradients.x_tnc, x_tnc.shape()),
            (weight_node, gradients.weight, weight.shape()),
            (bias_node, gradients.bias, [weight.shape()[0]].into()),
        ];
        for (node, values, shape) in parents {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, tensor(values, shape.to_vec()));
            }
        }
    }
}

/// Of contiguous `x_tnc` and `weight`.
fn run(x_tnc: &FlexTensor, weight: &FlexTensor, bias: &FlexTensor, conv: Conv1d) -> FlexTensor {
    let sizes = sizes(x_tnc, weight);
    let bias = bias.to_contiguous();
    let y_tno = forward(floats(x_tnc), floats(weight), floats(&bias), sizes, conv);
    let steps = conv.steps(sizes.steps, sizes.kernel);
    tensor(y_tno, vec![steps, sizes.sequences, sizes.outputs])
}

fn sizes(x_tnc: &FlexTensor, weight: &FlexTensor) -> Sizes {
    let (x, weight) = (x_tnc.shape(), weight.shape());
    assert_eq!(x[2], weight[1], "a convolution's weights are for another number of channels");
    Sizes { steps: x[0], sequences: x[1], inputs: x[2], outputs: weight[0], kernel: weight[2] }
}
