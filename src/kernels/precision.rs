//! Matrix products and convolutions in full or in half precision.
//!
//! As `torch.autocast` with `bfloat16` (Micikevicius et al. 2018, "Mixed precision training";
//! Kalamkar et al. 2019, "A study of BFLOAT16 for deep learning training"): weights, sums, normalisation,
//! softmax and losses are f32; a product's operands are rounded to bf16, its sums are taken in f32, and
//! its result is rounded to bf16. The backward pass does the same with the two products that a product's
//! gradients are. bf16 has f32's range, so losses need no scaling.

use burn::tensor::module::{conv1d, conv2d};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, FloatDType, Tensor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Numbers in which matrix products and convolutions are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 24 significant bits throughout.
    #[default]
    F32,
    /// Operands and results of 8 significant bits, sums of 24.
    Bf16,
}

impl Precision {
    /// Name in configs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }

    /// Whether the device computes in it. WGSL has no bf16, and on some GPUs it is stored but not
    /// computed with.
    #[must_use]
    pub fn runs_on(self, device: &Device) -> bool {
        match self {
            Self::F32 => true,
            Self::Bf16 => device.supports_dtype(FloatDType::BF16),
        }
    }

    /// `left · right`: `[…, N, K]` and `[…, K, M]` to `[…, N, M]`.
    #[must_use]
    pub fn matmul<const D: usize>(self, left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
        match self {
            Self::F32 => left.matmul(right),
            Self::Bf16 => full(half(left).matmul(half(right))),
        }
    }

    /// As `torch.nn.functional.conv1d`: `[B, in, T]`, `[out, in, kernel]` and `[out]` to
    /// `[B, out, T']`.
    #[must_use]
    pub fn conv1d(
        self,
        x_bct: Tensor<3>,
        weight: Tensor<3>,
        bias: Option<Tensor<1>>,
        options: ConvOptions<1>,
    ) -> Tensor<3> {
        match self {
            Self::F32 => conv1d(x_bct, weight, bias, options),
            Self::Bf16 => biased(full(conv1d(half(x_bct), half(weight), None, options)), bias),
        }
    }

    /// As `torch.nn.functional.conv2d`: `[B, in, H, W]`, `[out, in, kernel, kernel]` and `[out]` to
    /// `[B, out, H', W']`.
    #[must_use]
    pub fn conv2d(
        self,
        x_bchw: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        options: ConvOptions<2>,
    ) -> Tensor<4> {
        match self {
            Self::F32 => conv2d(x_bchw, weight, bias, options),
            Self::Bf16 => biased(full(conv2d(half(x_bchw), half(weight), None, options)), bias),
        }
    }

    /// Rounds an operand or a result of a product on the host.
    pub(super) fn round(self, values: &mut [f32]) {
        if self == Self::Bf16 {
            for value in values {
                *value = rounded(*value);
            }
        }
    }
}

/// The nearest bf16 number, of two at the same distance the even one. A NaN stays one.
#[inline(always)]
fn rounded(value: f32) -> f32 {
    let bits = value.to_bits();
    let last_kept = (bits >> 16) & 1;
    let nearest = f32::from_bits(bits.wrapping_add(0x7FFF + last_kept) & 0xFFFF_0000);
    if value.is_nan() { value } else { nearest }
}

/// Each product casts its own operands, so that gradients of a tensor that several products read are
/// added up in f32.
fn half<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.cast(FloatDType::BF16)
}

fn full<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.cast(FloatDType::F32)
}

/// The bias is added in f32, and so is its gradient over samples and steps.
fn biased<const D: usize>(y: Tensor<D>, bias: Option<Tensor<1>>) -> Tensor<D> {
    let Some(bias) = bias else { return y };
    let mut shape = [1; D];
    shape[1] = bias.dims()[0];
    y + bias.reshape(shape)
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;

    fn wave(count: usize, pace: f32) -> Vec<f32> {
        (0..count).map(|n| (n as f32 * pace + pace).sin()).collect()
    }

    fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.without_autodiff().try_into_vec_as().unwrap()
    }

    /// Rounding is PyTorch's `.to(torch.bfloat16)` to the bit, by this file's function and by the CPU
    /// device's cast. `tests/reference/nets_bf16_golden.py` writes the golden file.
    #[test]
    fn rounding_is_pytorchs() {
        #[derive(Deserialize)]
        struct Golden {
            f32: Vec<u32>,
            bf16: Vec<u32>,
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/bf16.json");
        let golden = std::fs::read_to_string(path).unwrap();
        let golden: Golden = serde_json::from_str(&golden).unwrap();
        assert!(golden.f32.len() > 400);
        let floats: Vec<f32> = golden.f32.iter().map(|&bits| f32::from_bits(bits)).collect();
        let cast = Tensor::<1>::from_data(
            TensorData::new(floats.clone(), [floats.len()]),
            &Device::flex(),
        );
        let cast = host(full(half(cast)));
        let mut own = floats.clone();
        Precision::Bf16.round(&mut own);
        for (at, expected) in golden.bf16.iter().enumerate() {
            assert_eq!(own[at].to_bits(), expected << 16, "{}", floats[at]);
            assert_eq!(cast[at].to_bits(), expected << 16, "{}", floats[at]);
        }
        for nan in [0x7F80_0001, 0x7FFF_FFFF, 0xFF80_0001, 0xFFFF_FFFF].map(f32::from_bits) {
            assert!(rounded(nan).is_nan());
        }
        Precision::F32.round(&mut own);
        assert_eq!(own[3].to_bits(), golden.bf16[3] << 16);
    }

    /// Both operands, the result and all three of the backward pass are bf16 numbers, and the sums
    /// between them are not rounded.
    #[test]
    fn products_round_operands_and_results_alone() {
        let device = Device::flex().autodiff();
        let (rows, inner, columns) = (3, 300, 4);
        let leaf = |rows: usize, columns: usize, pace| {
            let values = TensorData::new(wave(rows * columns, pace), [rows, columns]);
            Tensor::<2>::from_data(values, &device).require_grad()
        };
        let (a, b) = (leaf(rows, inner, 0.37), leaf(inner, columns, 0.71));
        let product = Precision::Bf16.matmul(a.clone(), b.clone());
        let direction = leaf(rows, columns, 0.53).without_autodiff();
        let gradients = (product.clone() * direction.clone()).sum().backward();
        let (of_a, of_b) = (a.grad(&gradients).unwrap(), b.grad(&gradients).unwrap());

        let half = |tensor: Tensor<2>| host(tensor).into_iter().map(rounded).collect::<Vec<_>>();
        let (a, b, d) = (half(a), half(b), half(direction));
        let expect = |found: Vec<f32>, exact: &dyn Fn(usize) -> f64| {
            for (at, found) in found.into_iter().enumerate() {
                let exact = exact(at);
                assert_eq!(found, rounded(found), "{at} is no bf16 number");
                // Half a unit of the last digit, and what f32 sums are off by.
                let bound = exact.abs() * 2_f64.powi(-8) + 1e-4;
                assert!((f64::from(found) - exact).abs() <= bound, "{at}: {found} {exact}");
            }
        };
        let dot = |length: usize, left: &dyn Fn(usize) -> f32, right: &dyn Fn(usize) -> f32| {
            (0..length).map(|k| f64::from(left(k)) * f64::from(right(k))).sum::<f64>()
        };
        expect(host(product), &|at| {
            let (row, column) = (at / columns, at % columns);
            dot(inner, &|k| a[row * inner + k], &|k| b[k * columns + column])
        });
        expect(host(of_a), &|at| {
            let (row, column) = (at / inner, at % inner);
            dot(columns, &|k| d[row * columns + k], &|k| b[column * columns + k])
        });
        expect(host(of_b), &|at| {
            let (row, column) = (at / columns, at % columns);
            dot(rows, &|k| a[k * inner + row], &|k| d[k * columns + column])
        });
    }

    /// A convolution of one channel and step is a product, and its bias is not rounded.
    #[test]
    fn convolutions_are_products_with_an_unrounded_bias() {
        let device = Device::flex();
        let tensor = |values: Vec<f32>, shape: [usize; 3]| {
            Tensor::<3>::from_data(TensorData::new(values, shape), &device)
        };
        let (x, weight) = (wave(12, 0.3), 0.731_234_5_f32);
        let bias = Tensor::<1>::from_floats([0.123_456_7], &device);
        let options = ConvOptions::new([1], [0], [1], 1);
        let x_bct = tensor(x.clone(), [2, 1, 6]);
        let found = Precision::Bf16.conv1d(
            x_bct.clone(),
            tensor(vec![weight], [1, 1, 1]),
            Some(bias.clone()),
            options,
        );
        let planes = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let found_2d = Precision::Bf16.conv2d(
            x_bct.unsqueeze_dim(3),
            tensor(vec![weight], [1, 1, 1]).unsqueeze_dim(3),
            Some(bias),
            planes,
        );
        let expected: Vec<f32> =
            x.iter().map(|x| rounded(rounded(*x) * rounded(weight)) + 0.123_456_7).collect();
        assert_eq!(host(found), expected);
        assert_eq!(host(found_2d), expected);
    }
}
