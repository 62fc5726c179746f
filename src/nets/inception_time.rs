//! `inception_time`: convolutions of several lengths beside one another.
//!
//! Ismail Fawaz et al. (2020), "InceptionTime: finding AlexNet for time series classification", one net
//! of their ensemble of five. A module narrows its input to `bottleneck` channels, runs three
//! convolutions of different lengths over them and a convolution of length 1 over the running maximum
//! of three steps, and normalises all four side by side; every third module is bridged by a residual
//! connection. The vector for the heads is the mean over all steps.
//!
//! Sizes are those of the authors' code: kernels 40, 20 and 10 with "same" padding (at even length one
//! step more at the newer end), no biases, no bottleneck for a single feature, a convolution in every
//! residual connection. Batch normalisation keeps PyTorch's momentum and epsilon (Keras has 0.01 and
//! 0.001). Padding at both ends means that a step sees newer steps of its window: that is no
//! look-ahead, since the window is closed and ends at the decision time.
//!
//! Parameters of a module with I inputs, N filters, bottleneck M and kernels k1 to k3:
//! `I M + M N (k1 + k2 + k3) + I N + 8 N`; of a residual connection from I channels `4 N I + 8 N`. I is
//! F in the first module and 4 N after.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::max_pool1d;
use burn::tensor::ops::MaxPoolOptions;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::batch_norm::BatchNorm;
use super::body::{BodyConfig, Cost, InputShape};
use super::initial::InitialWeights;
use super::layers::SameConv;
use super::training_pass::TrainingPass;

/// Branches of a module: three convolutions and the running maximum.
const BRANCHES: usize = 4;

/// Modules that one residual connection bridges.
const BRIDGED: usize = 3;

/// Size of an InceptionTime net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct InceptionTimeConfig {
    /// Channels of each of a module's four branches (default 32): the heads read 4 filters numbers.
    #[garde(range(min = 1, max = 1024))]
    pub filters: usize,
    /// Channels to which a module narrows its input before the long convolutions (default 32).
    #[garde(range(min = 1, max = 1024))]
    pub bottleneck: usize,
    /// Modules, one after another (default 6). A residual connection bridges every third.
    #[garde(range(min = 1, max = 24))]
    pub depth: usize,
    /// Steps that the longest convolution sees (default 40); the others see a half and a quarter of
    /// them, rounded down. More than the window is waste.
    #[garde(range(min = 4, max = 256))]
    pub kernel: usize,
}

impl Default for InceptionTimeConfig {
    fn default() -> Self {
        Self { filters: 32, bottleneck: 32, depth: 6, kernel: 40 }
    }
}

impl InceptionTimeConfig {
    fn kernels(&self) -> [usize; BRANCHES - 1] {
        [self.kernel, self.kernel / 2, self.kernel / 4]
    }

    /// Channels of a module's output.
    fn channels(&self) -> usize {
        BRANCHES * self.filters
    }

    /// Channels that go into a module, or into the residual connection which starts there.
    fn inputs(&self, module: usize, features: usize) -> usize {
        if module == 0 { features } else { self.channels() }
    }

    /// Channels to which a module narrows its input; a single one stays as it is.
    fn narrowed(&self, inputs: usize) -> Option<usize> {
        (inputs > 1).then_some(self.bottleneck)
    }
}

impl BodyConfig for InceptionTimeConfig {
    type Body = InceptionTime;

    fn width(&self, _input: InputShape) -> usize {
        self.channels()
    }

    /// What goes into and out of the convolutions, the running maximum with its indices, and outputs
    /// of the branches, side by side, normalised and rectified; one unfolded copy for the longest
    /// convolution, since only one runs at a time.
    fn cost(&self, input: InputShape) -> Cost {
        let InputShape { window, features } = input;
        let channels = self.channels();
        let kernels: usize = self.kernels().iter().sum();
        let unfolded = self.kernel * self.bottleneck;
        let mut cost = Cost { activations: features + unfolded, flops: 0 };
        for module in 0..self.depth {
            let inputs = self.inputs(module, features);
            let narrow = self.narrowed(inputs).unwrap_or(inputs);
            cost.activations += narrow + 2 * inputs + 4 * channels;
            let bottleneck = if inputs > 1 { inputs * narrow } else { 0 };
            cost.flops += bottleneck + self.filters * (narrow * kernels + inputs);
        }
        for bridge in 0..self.depth / BRIDGED {
            cost.activations += 4 * channels;
            cost.flops += channels * self.inputs(bridge, features);
        }
        Cost { activations: window * cost.activations, flops: 2 * window * cost.flops }
    }

    fn init(&self, input: InputShape, weights: &mut InitialWeights) -> InceptionTime {
        let filters = self.filters;
        let module = |module| {
            let inputs = self.inputs(module, input.features);
            let narrowed = self.narrowed(inputs);
            let narrow = narrowed.unwrap_or(inputs);
            Inception {
                bottleneck: narrowed.map(|narrow| SameConv::init(inputs, narrow, 1, weights)),
                convs: self
                    .kernels()
                    .map(|kernel| SameConv::init(narrow, filters, kernel, weights))
                    .into(),
                pool_conv: SameConv::init(inputs, filters, 1, weights),
                bn: BatchNorm::init(self.channels(), weights),
            }
        };
        let inception = (0..self.depth).map(module).collect();
        let bridge = |bridge| Shortcut {
            conv: SameConv::init(self.inputs(bridge, input.features), self.channels(), 1, weights),
            bn: BatchNorm::init(self.channels(), weights),
        };
        InceptionTime { inception, shortcut: (0..self.depth / BRIDGED).map(bridge).collect() }
    }
}

/// Inception modules over a window. Tensors: `inception.<i>.bottleneck.weight`,
/// `inception.<i>.convs.<j>.weight`, `inception.<i>.pool_conv.weight`, `inception.<i>.bn.weight`, …,
/// `shortcut.<i>.conv.weight`, `shortcut.<i>.bn.weight`, ….
#[derive(Module, Debug)]
pub struct InceptionTime {
    inception: Vec<Inception>,
    shortcut: Vec<Shortcut>,
}

#[derive(Module, Debug)]
struct Inception {
    bottleneck: Option<SameConv>,
    convs: Vec<SameConv>,
    pool_conv: SameConv,
    bn: BatchNorm,
}

#[derive(Module, Debug)]
struct Shortcut {
    conv: SameConv,
    bn: BatchNorm,
}

impl InceptionTime {
    /// `[B, T, F]` to `[B, C]`.
    pub(super) fn forward(
        &self,
        x_btf: Tensor<3>,
        pass: &mut Option<&mut TrainingPass>,
    ) -> Tensor<2> {
        let mut x_tbc = x_btf.swap_dims(0, 1);
        let mut bridged_tbc = x_tbc.clone();
        for (depth, inception) in self.inception.iter().enumerate() {
            x_tbc = inception.forward(x_tbc, pass);
            if depth % BRIDGED == BRIDGED - 1
                && let Some(Shortcut { conv, bn }) = self.shortcut.get(depth / BRIDGED)
            {
                x_tbc = relu(x_tbc + normalised(bn, conv.forward(bridged_tbc), pass));
                bridged_tbc = x_tbc.clone();
            }
        }
        let [_, batch, channels] = x_tbc.dims();
        x_tbc.mean_dim(0).reshape([batch, channels])
    }
}

impl Inception {
    fn forward(&self, x_tbc: Tensor<3>, pass: &mut Option<&mut TrainingPass>) -> Tensor<3> {
        let narrow_tbc = match &self.bottleneck {
            Some(conv) => conv.forward(x_tbc.clone()),
            None => x_tbc.clone(),
        };
        let mut options = MaxPoolOptions::new([3]);
        (options.stride, options.padding) = ([1], [(1, 1)]);
        let pooled = max_pool1d(x_tbc.permute([1, 2, 0]), options).permute([2, 0, 1]);
        let mut branches: Vec<Tensor<3>> =
            self.convs.iter().map(|conv| conv.forward(narrow_tbc.clone())).collect();
        branches.push(self.pool_conv.forward(pooled));
        relu(normalised(&self.bn, Tensor::cat(branches, 2), pass))
    }
}

/// Batch normalisation of `[T, B, C]` over steps and rows.
fn normalised(bn: &BatchNorm, x_tbc: Tensor<3>, pass: &mut Option<&mut TrainingPass>) -> Tensor<3> {
    let [steps, batch, channels] = x_tbc.dims();
    let rows = x_tbc.reshape([steps * batch, channels]);
    bn.forward(rows, pass).reshape([steps, batch, channels])
}
