//! A net's parameters by PyTorch's names, and all of them as one vector.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Shape, Tensor, TensorData};
use thiserror::Error;

use super::Net;
use super::batch_norm::is_statistic;
use super::grad_norm::is_grad_norm;
use super::training_pass::TrainingPass;

/// One parameter on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct NetParameter {
    /// PyTorch's name, such as `lstm.weight_ih_l0`.
    pub name: String,
    /// Sizes, slowest axis first.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Vec<f32>,
}

/// Why parameters do not fit a net.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ParametersError {
    /// A tensor of the net is not there.
    #[error("tensor {name} is missing; the net's other tensors suggest another net configuration")]
    Missing {
        /// Its name.
        name: String,
    },
    /// A tensor that the net does not have.
    #[error("tensor {name} is not one of this net's")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A tensor of another shape.
    #[error("tensor {name} has shape {found:?}, the net's has {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// Shape that was given.
        found: Vec<usize>,
        /// Shape of the net's.
        expected: Vec<usize>,
    },
    /// The device did not hand its values over.
    #[error("could not read tensor {name} from the device: {reason}")]
    Read {
        /// Its name.
        name: String,
        /// What the device said.
        reason: String,
    },
}

impl Net {
    /// Names and shapes in the order of [`Self::parameters`] and of the flat vectors.
    #[must_use]
    pub fn parameter_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let mut shapes = Vec::new();
        walk(self, |path, tensor| shapes.push((pytorch_name(path), tensor.shape)));
        shapes
    }

    /// Numbers that training learns by gradients: all of [`Self::parameters`] but the running
    /// statistics of batch normalisation, as PyTorch counts them, and what `GradNorm` keeps.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        let shapes = self.parameter_shapes();
        let learned = shapes.iter().filter(|(name, _)| !is_statistic(name) && !is_grad_norm(name));
        learned.map(|(_, shape)| shape.iter().product::<usize>()).sum()
    }

    /// Every parameter, copied to the host bit for bit.
    ///
    /// # Errors
    /// When the device fails.
    pub fn parameters(&self) -> Result<Vec<NetParameter>, ParametersError> {
        let mut parameters = Vec::new();
        walk(self, |path, tensor| parameters.push((pytorch_name(path), tensor)));
        parameters
            .into_iter()
            .map(|(name, tensor)| match tensor.flat.try_into_vec_as::<f32>() {
                Ok(values) => Ok(NetParameter { name, shape: tensor.shape, values }),
                Err(error) => Err(ParametersError::Read { name, reason: error.to_string() }),
            })
            .collect()
    }

    /// The net with these values, on the net's device and with its autodiff setting.
    ///
    /// # Errors
    /// When a tensor is missing, unknown or of another shape.
    pub fn with_parameters(self, parameters: Vec<NetParameter>) -> Result<Self, ParametersError> {
        let mut given: HashMap<String, NetParameter> =
            parameters.into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect();
        for (name, expected) in self.parameter_shapes() {
            let Some(tensor) = given.get(&name) else {
                return Err(ParametersError::Missing { name });
            };
            let length = expected.iter().product::<usize>();
            if tensor.shape != expected || tensor.values.len() != length {
                return Err(ParametersError::Shape { name, found: tensor.shape.clone(), expected });
            }
        }
        let own: Vec<String> = self.parameter_shapes().into_iter().map(|(name, _)| name).collect();
        if let Some(name) = given.keys().filter(|name| !own.contains(name)).min() {
            return Err(ParametersError::Unknown { name: name.clone() });
        }
        let mut mapper = Replace {
            path: Vec::new(),
            value: |path: &[String], shape: &[usize], old: &Tensor<1>| match given
                .remove(&pytorch_name(path))
            {
                Some(tensor) => {
                    let length = shape.iter().product::<usize>();
                    Tensor::from_data(TensorData::new(tensor.values, [length]), &old.device())
                }
                None => old.clone(),
            },
        };
        Ok(self.map(&mut mapper))
    }

    /// All parameters end to end, without autodiff: `[P]`.
    #[must_use]
    pub fn flat_parameters(&self) -> Tensor<1> {
        let mut parts = Vec::new();
        walk(self, |_, tensor| parts.push(tensor.flat));
        Tensor::cat(parts, 0)
    }

    /// All gradients end to end, zero where a parameter took no part: `[P]`, without autodiff.
    #[must_use]
    pub fn flat_gradients(&self, gradients: &Gradients) -> Tensor<1> {
        let mut collect = CollectGradients { gradients, parts: Vec::new() };
        self.visit(&mut collect);
        Tensor::cat(collect.parts, 0)
    }

    /// By how much the running statistics move in a step, at their places in the flat vector, zero
    /// elsewhere; `None` for a net without any: `[P]`.
    #[must_use]
    pub fn flat_statistics(&self, pass: &TrainingPass) -> Option<Tensor<1>> {
        if !pass.has_statistics() {
            return None;
        }
        let mut collect = CollectStatistics { pass, parts: Vec::new() };
        self.visit(&mut collect);
        Some(Tensor::cat(collect.parts, 0))
    }

    /// The net with the parameters of a flat vector as fresh leaves of the autodiff graph, in the
    /// order of [`Self::parameter_shapes`].
    ///
    /// # Panics
    /// When the vector is shorter than the parameters together.
    #[must_use]
    pub fn with_flat_parameters(self, flat: &Tensor<1>) -> Self {
        let mut at = 0;
        let mut mapper = Replace {
            path: Vec::new(),
            value: |_: &[String], shape: &[usize], _: &Tensor<1>| {
                let length = shape.iter().product();
                at += length;
                flat.clone().narrow(0, at - length, length)
            },
        };
        self.map(&mut mapper)
    }
}

/// PyTorch's name of the parameter at a module path.
fn pytorch_name(path: &[String]) -> String {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        // A net that another one is built on.
        ["body", _, "rest", path @ ..] | ["body", _, path @ ..] => body_name(path),
        ["heads", "return_", part] => format!("heads.return.{part}"),
        path => path.join("."),
    }
}

fn body_name(path: &[&str]) -> String {
    match path {
        // A recurrent stack is one module with numbered tensors in PyTorch.
        [stack @ .., part @ ("weight_ih" | "weight_hh" | "bias_ih" | "bias_hh"), layer] => {
            let (stack, end) = match stack {
                [stack @ .., "reverse"] => (stack, "_reverse"),
                [stack @ .., "ahead"] | stack => (stack, ""),
            };
            format!("{}.{part}_l{layer}{end}", stack.join("."))
        }
        // `Sequential(conv, activation, norm, conv, …)`, after a pooling where there is one.
        [block, start @ ("sequential" | "pooled"), stage, part @ ("conv" | "norm"), tensor] => {
            let stage: usize = stage.parse().unwrap_or_default();
            let place =
                3 * stage + usize::from(*start == "pooled") + 2 * usize::from(*part == "norm");
            format!("{block}.{place}.{tensor}")
        }
        path => path.join("."),
    }
}

struct Flat {
    shape: Vec<usize>,
    flat: Tensor<1>,
}

fn flat<const D: usize>(tensor: Tensor<D>) -> Flat {
    let shape = tensor.dims().to_vec();
    let length = shape.iter().product::<usize>();
    Flat { shape, flat: tensor.without_autodiff().reshape([length]) }
}

fn walk(net: &Net, visit: impl FnMut(&[String], Flat)) {
    net.visit(&mut Walk { path: Vec::new(), visit });
}

struct Walk<V> {
    path: Vec<String>,
    visit: V,
}

impl<V: FnMut(&[String], Flat)> ModuleVisitor for Walk<V> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        (self.visit)(&self.path, flat(param.val()));
    }
}

struct CollectGradients<'a> {
    gradients: &'a Gradients,
    parts: Vec<Tensor<1>>,
}

impl ModuleVisitor for CollectGradients<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let gradient =
            value.grad(self.gradients).unwrap_or_else(|| value.without_autodiff().zeros_like());
        self.parts.push(flat(gradient).flat);
    }
}

struct CollectStatistics<'a> {
    pass: &'a TrainingPass,
    parts: Vec<Tensor<1>>,
}

impl ModuleVisitor for CollectStatistics<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let zeros = || flat(param.val()).flat.zeros_like();
        self.parts.push(self.pass.change_of(param.id).cloned().unwrap_or_else(zeros));
    }
}

/// Replaces each parameter by a flat value made from its path, shape and old value.
struct Replace<V> {
    path: Vec<String>,
    value: V,
}

impl<V: FnMut(&[String], &[usize], &Tensor<1>) -> Tensor<1>> ModuleMapper for Replace<V> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let (autodiff, tracked) = (tensor.is_autodiff(), tensor.is_require_grad());
        let Flat { shape, flat } = flat(tensor);
        let value = (self.value)(&self.path, &shape, &flat).reshape::<D, _>(Shape::from(shape));
        let value = if autodiff { value.autodiff() } else { value };
        Param::from_mapped_value(id, value.set_require_grad(tracked), mapper)
    }
}
