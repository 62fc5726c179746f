//! The names of `cubecl-llvm` that `cubecl-cuda` uses, without LLVM behind them.
//!
//! `cubecl-cuda` always depends on `cubecl-llvm`, whose build script downloads an LLVM archive.
//! Where there is no internet, `scripts/build_cuda_offline.sh` puts this crate in its place and
//! turns on cubecl's other compiler, which writes CUDA C++ for NVRTC. Asked to compile a kernel,
//! this crate answers with an error.

use core::convert::Infallible;

use cubecl_core::ir::nvidia::SmArch;
use cubecl_core::prelude::KernelDefinition;
use cubecl_core::{CompilationError, Compiler};
use cubecl_environment::backtrace::BackTrace;
use cubecl_runtime::kernel::BufferIOAttr;

pub mod nvptx;
pub mod shared;

pub use nvptx::ptx_version::PtxVersion;

/// What the LLVM compiler would compile for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LlvmTarget {
    #[default]
    Cpu,
    Nvptx,
}

/// Stands where the LLVM compiler stands; compiles nothing.
#[derive(Clone, Debug, Default)]
pub struct PlironCompiler {
    pub target: LlvmTarget,
}

/// The options that `cubecl-cuda` fills in, all unread.
#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    /// The AMD architecture: always none here.
    pub arch: Option<Infallible>,
    pub sm_arch: Option<SmArch>,
    pub ptx_version: Option<PtxVersion>,
    pub grid_constants: bool,
}

/// A compiled kernel in PTX; never made here.
#[derive(Clone, Debug)]
pub struct NvptxModule {
    pub ptx: Vec<core::ffi::c_char>,
    pub entrypoint: String,
    pub ir: String,
    pub shared_memory_size: usize,
    pub io: Vec<BufferIOAttr>,
}

/// What a compilation gives; never made here.
#[derive(Clone, Debug)]
pub enum PlironArtifact {
    Jit(Infallible),
    NvptxCode(NvptxModule),
}

impl core::fmt::Display for PlironArtifact {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Jit(never) => match *never {},
            Self::NvptxCode(module) => f.write_str(&module.ir),
        }
    }
}

impl Compiler for PlironCompiler {
    type Representation = PlironArtifact;
    type CompilationOptions = PlironOptions;

    fn compile(
        &mut self,
        kernel: KernelDefinition,
        _options: &PlironOptions,
    ) -> Result<PlironArtifact, CompilationError> {
        Err(CompilationError::Generic {
            reason: format!(
                "the kernel `{}` was given to the LLVM compiler, which this build does not have: it was built by \
                 scripts/build_cuda_offline.sh for NVRTC; build with `cargo build --release --features cuda` on a \
                 machine with internet, or turn on the feature cuda-nvrtc",
                kernel.settings.kernel_name
            ),
            backtrace: BackTrace::capture(),
        })
    }

    fn extension(&self) -> &'static str {
        "ll"
    }

    fn lang_tag(&self) -> &'static str {
        "llvm"
    }
}
