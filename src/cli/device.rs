//! The device, chosen once: `auto`, `cpu`, `wgpu[:n]` or `cuda[:n]`.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use burn::tensor::{Device, DeviceType};
use thiserror::Error;

use super::cuda_needs::cuda_needs;

/// Whether this build compiles its CUDA kernels with NVRTC, which needs more than the driver.
pub const COMPILES_WITH_NVRTC: bool = cfg!(feature = "cuda-nvrtc");

/// What the user asked for with `--device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The fastest device found.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// Any GPU through Vulkan, Metal or DX12; the index is its place in `candlewick doctor`.
    Wgpu(usize),
    /// An NVIDIA GPU through CUDA.
    Cuda(usize),
}

/// A device ready for use, and what to call it.
#[derive(Debug, Clone)]
pub struct PickedDevice {
    /// The device, without autodiff.
    pub device: Device,
    /// Name for logs, the manifest and the report.
    pub name: String,
    /// Why this one.
    pub reason: String,
}

/// A GPU that wgpu can reach.
#[derive(Debug, Clone)]
pub struct WgpuAdapter {
    /// The device.
    pub device: Device,
    /// The adapter's own name.
    pub name: String,
    /// Whether it is a card, not a software renderer.
    pub is_card: bool,
}

/// A device that cannot be had.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// Not a device's name.
    #[error("unknown device `{0}`; use auto, cpu, wgpu, wgpu:1, cuda or cuda:1")]
    Unknown(String),
    /// wgpu finds nothing to run on.
    #[error(
        "no GPU that wgpu can reach: no Vulkan, Metal or DX12 driver was found; install the GPU's driver \
         (a software one is Debian's mesa-vulkan-drivers) or use --device cpu"
    )]
    NoWgpu,
    /// The index is past the last device.
    #[error("there is no {kind}:{index}; {count} found: {names}")]
    NoSuchIndex {
        /// `wgpu` or `cuda`.
        kind: &'static str,
        /// Index asked for.
        index: usize,
        /// How many there are.
        count: usize,
        /// Their names.
        names: String,
    },
    /// This binary has no CUDA.
    #[error(
        "this build has no CUDA; build it with `cargo build --release --features cuda`, or use --device wgpu, \
         which runs on NVIDIA GPUs too"
    )]
    NoCudaBuild,
    /// Something that CUDA needs is missing on the machine.
    #[error(
        "cuda cannot be used: {missing}; use --device wgpu or --device cpu, or install what is missing"
    )]
    NoCuda {
        /// What is missing.
        missing: String,
    },
    /// The driver failed.
    #[error("{device} was found but cannot be used: {reason}")]
    Broken {
        /// Name of the device.
        device: String,
        /// What its driver said.
        reason: String,
    },
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let unknown = || DeviceError::Unknown(text.to_owned());
        let (kind, index) = match text.split_once(':') {
            Some((kind, index)) => (kind, Some(index.parse().map_err(|_| unknown())?)),
            None => (text, None),
        };
        match (kind, index) {
            ("auto", None) => Ok(Self::Auto),
            ("cpu", None) => Ok(Self::Cpu),
            ("wgpu", index) => Ok(Self::Wgpu(index.unwrap_or(0))),
            ("cuda", index) => Ok(Self::Cuda(index.unwrap_or(0))),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Wgpu(index) => write!(f, "wgpu:{index}"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// Opens the device asked for; `auto` takes CUDA, then a GPU card through wgpu, then the processor.
///
/// # Errors
/// When the device asked for is not there; `auto` never fails.
pub fn pick(choice: DeviceChoice) -> Result<PickedDevice, DeviceError> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu("asked for")),
        DeviceChoice::Wgpu(index) => wgpu(index),
        DeviceChoice::Cuda(index) => cuda(index),
        DeviceChoice::Auto => Ok(auto()),
    }
}

fn auto() -> PickedDevice {
    if let Ok(picked) = cuda(0) {
        return PickedDevice { reason: "the first NVIDIA GPU".to_owned(), ..picked };
    }
    let cards = wgpu_adapters();
    if let Some(index) = cards.iter().position(|adapter| adapter.is_card)
        && let Ok(picked) = wgpu(index)
    {
        return PickedDevice { reason: "the first GPU that wgpu reaches".to_owned(), ..picked };
    }
    cpu(if cards.is_empty() {
        "no GPU was found"
    } else {
        "only a software renderer was found, which is slower than the processor itself"
    })
}

fn cpu(reason: &str) -> PickedDevice {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    PickedDevice {
        device: Device::flex(),
        name: format!("cpu ({threads} threads)"),
        reason: reason.to_owned(),
    }
}

fn wgpu(index: usize) -> Result<PickedDevice, DeviceError> {
    let adapters = wgpu_adapters();
    if adapters.is_empty() {
        return Err(DeviceError::NoWgpu);
    }
    let Some(adapter) = adapters.get(index) else {
        let names: Vec<&str> = adapters.iter().map(|adapter| adapter.name.as_str()).collect();
        return Err(DeviceError::NoSuchIndex {
            kind: "wgpu",
            index,
            count: adapters.len(),
            names: names.join(", "),
        });
    };
    probe(&adapter.device, &adapter.name)?;
    Ok(PickedDevice {
        device: adapter.device.clone(),
        name: format!("wgpu:{index} ({})", adapter.name),
        reason: "asked for".to_owned(),
    })
}

/// Every adapter that wgpu finds, cards first as the runtime lists them.
#[must_use]
pub fn wgpu_adapters() -> Vec<WgpuAdapter> {
    let list = || {
        Device::enumerate(DeviceType::Wgpu)
            .into_vec()
            .into_iter()
            .filter_map(|device| {
                let identity = device.identity()?;
                Some(WgpuAdapter {
                    device,
                    name: identity.name,
                    is_card: identity.physical.is_some(),
                })
            })
            .collect()
    };
    // A driver that cannot even be asked is a driver that is not there.
    quietly(list).unwrap_or_default()
}

/// Multiplies two numbers on the device, so that a broken driver shows here and not in a step.
fn probe(device: &Device, name: &str) -> Result<(), DeviceError> {
    let product = quietly(|| {
        let two = burn::tensor::Tensor::<1>::from_floats([2.0], device);
        (two.clone() * two).into_data().try_to_vec::<f32>().ok()
    });
    match product {
        Ok(Some(values)) if values == [4.0] => Ok(()),
        Ok(_) => Err(DeviceError::Broken {
            device: name.to_owned(),
            reason: "2 × 2 did not come back as 4".to_owned(),
        }),
        Err(reason) => Err(DeviceError::Broken { device: name.to_owned(), reason }),
    }
}

/// Runs `work`; a panic in a driver or its binding becomes its message.
fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(hook);
    result.map_err(|payload| {
        payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "the driver stopped without a message".to_owned())
    })
}

#[cfg(not(feature = "cuda"))]
fn cuda(_index: usize) -> Result<PickedDevice, DeviceError> {
    match cuda_needs() {
        Ok(()) => Err(DeviceError::NoCudaBuild),
        Err(missing) => {
            Err(DeviceError::NoCuda { missing: format!("{missing}; and this build has no CUDA") })
        }
    }
}

#[cfg(feature = "cuda")]
fn cuda(index: usize) -> Result<PickedDevice, DeviceError> {
    cuda_needs().map_err(|missing| DeviceError::NoCuda { missing })?;
    let devices = Device::enumerate(DeviceType::Cuda).into_vec();
    let names: Vec<String> = devices
        .iter()
        .map(|device| device.identity().map_or_else(|| "unnamed".to_owned(), |known| known.name))
        .collect();
    let (Some(device), Some(name)) = (devices.get(index), names.get(index)) else {
        return Err(DeviceError::NoSuchIndex {
            kind: "cuda",
            index,
            count: names.len(),
            names: names.join(", "),
        });
    };
    probe(device, name)?;
    Ok(PickedDevice {
        device: device.clone(),
        name: format!("cuda:{index} ({name})"),
        reason: "asked for".to_owned(),
    })
}

/// Whether this binary was built with CUDA.
#[must_use]
pub fn has_cuda() -> bool {
    cfg!(feature = "cuda")
}

/// Names of the NVIDIA GPUs that the driver sees.
///
/// # Errors
/// What is missing, in words.
pub fn nvidia_driver() -> Result<Vec<String>, String> {
    let nvml = nvml_wrapper::Nvml::init()
        .map_err(|error| format!("no NVIDIA driver is installed or loaded ({error})"))?;
    let count = nvml.device_count().map_err(|error| format!("the NVIDIA driver fails: {error}"))?;
    if count == 0 {
        return Err("the NVIDIA driver sees no GPU".to_owned());
    }
    Ok((0..count)
        .map(|index| {
            nvml.device_by_index(index)
                .and_then(|device| device.name())
                .unwrap_or_else(|_| format!("GPU {index}"))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for text in ["auto", "cpu", "wgpu:1", "cuda:0"] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
        }
        for wrong in ["gpu", "cpu:1", "cuda:x", "auto:0", ""] {
            assert!(wrong.parse::<DeviceChoice>().is_err(), "{wrong}");
        }
    }
}
