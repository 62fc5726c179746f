//! What CUDA needs on the machine, asked before the first tensor, whose own error would not say it.

use std::env;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};

use libloading::{Library, Symbol};

use super::device::COMPILES_WITH_NVRTC;

/// The first driver, as a CUDA version, that has every call the CUDA runtime makes; driver 570.
const OLDEST_DRIVER: Version = Version { major: 12, minor: 8 };

/// A CUDA version, as drivers and compilers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: i32,
    minor: i32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Asks for the NVIDIA driver, its version and its GPUs and, where this build compiles kernels with
/// NVRTC, for that library and the CUDA headers.
///
/// NVRTC and its built-ins are looked for where the linker looks and then in the CUDA toolkit's own
/// folder, and stay loaded, so that the CUDA runtime finds what was found here. Only Linux is asked:
/// elsewhere the first tensor's error is the answer.
///
/// # Errors
/// Everything that is missing, in words, with how to get it.
pub fn cuda_needs() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let (driver, mut missing) = match driver_version() {
        Ok(driver) => (Some(driver), Vec::new()),
        Err(reason) => (None, vec![reason]),
    };
    if COMPILES_WITH_NVRTC {
        let toolkit = toolkit_folder();
        let parts = [nvrtc(driver, toolkit.as_deref()), headers(toolkit.as_deref())];
        let parts: Vec<String> = parts.into_iter().filter_map(Result::err).collect();
        if !parts.is_empty() {
            missing.push(format!("{}; {}", parts.join("; "), toolkit_remedy(driver)));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
}

/// The CUDA version of the driver, once it has said that it can work and sees a GPU.
fn driver_version() -> Result<Version, String> {
    let library = open(&["libcuda.so.1", "libcuda.so"], &[]).ok_or(
        "the NVIDIA driver's library libcuda.so.1 is missing: install the NVIDIA driver (Debian: nvidia-driver and \
         libcuda1, Ubuntu: `ubuntu-drivers install`), or start the container with its GPUs (`--gpus all`)",
    )?;
    // SAFETY: the driver API declares `CUresult cuInit(unsigned int)`.
    let code = unsafe {
        let init: Symbol<unsafe extern "C" fn(u32) -> c_int> = symbol(library, b"cuInit\0")?;
        init(0)
    };
    match code {
        0 => {}
        100 => {
            return Err("the NVIDIA driver shows no GPU: look at CUDA_VISIBLE_DEVICES and `nvidia-smi`, or start the \
                        container with its GPUs (`--gpus all`)"
                .to_owned());
        }
        _ => {
            return Err(format!(
                "the NVIDIA driver does not start (CUDA error {code}): look at `nvidia-smi`"
            ));
        }
    }
    let mut number: c_int = 0;
    // SAFETY: the driver API declares `CUresult cuDriverGetVersion(int *)`; `number` outlives the call.
    let code = unsafe {
        let ask: Symbol<unsafe extern "C" fn(*mut c_int) -> c_int> =
            symbol(library, b"cuDriverGetVersion\0")?;
        ask(&raw mut number)
    };
    if code != 0 {
        return Err(format!("the NVIDIA driver does not tell its version (CUDA error {code})"));
    }
    let version = Version { major: number / 1000, minor: number % 1000 / 10 };
    if version < OLDEST_DRIVER {
        return Err(format!(
            "the NVIDIA driver knows CUDA {version}, {OLDEST_DRIVER} is needed: install driver 570 or newer"
        ));
    }
    Ok(version)
}

/// Finds NVRTC, not newer than the driver, and has it compile an empty kernel.
fn nvrtc(driver: Option<Version>, toolkit: Option<&Path>) -> Result<(), String> {
    let folders: Vec<PathBuf> =
        toolkit.map(|folder| vec![folder.join("lib64"), folder.join("lib")]).unwrap_or_default();
    // In this order the CUDA runtime asks for them; version 11 is too old for its kernels.
    let names = ["libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12"];
    let library =
        open(&names, &folders).ok_or("NVRTC (libnvrtc.so.13 or libnvrtc.so.12) is missing")?;
    let (mut major, mut minor): (c_int, c_int) = (0, 0);
    // SAFETY: NVRTC declares `nvrtcResult nvrtcVersion(int *, int *)`; both numbers outlive the call.
    unsafe {
        let ask: Symbol<unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int> =
            symbol(library, b"nvrtcVersion\0")?;
        ask(&raw mut major, &raw mut minor);
    }
    let version = Version { major, minor };
    if let Some(driver) = driver.filter(|driver| version > *driver) {
        return Err(format!(
            "NVRTC {version} is newer than the driver, which knows CUDA {driver} and would refuse its kernels"
        ));
    }
    // NVRTC asks for its built-ins by name alone, which fails in a folder that the linker does not know.
    let _ = open(&[&format!("libnvrtc-builtins.so.{version}")], &folders);
    compile_empty_kernel(library)
        .map_err(|reason| format!("NVRTC {version} does not work: {reason}"))
}

fn compile_empty_kernel(nvrtc: &Library) -> Result<(), String> {
    type Program = *mut c_void;
    type Create = unsafe extern "C" fn(
        *mut Program,
        *const c_char,
        *const c_char,
        c_int,
        *const *const c_char,
        *const *const c_char,
    ) -> c_int;
    type Compile = unsafe extern "C" fn(Program, c_int, *const *const c_char) -> c_int;
    type LogSize = unsafe extern "C" fn(Program, *mut usize) -> c_int;
    type Log = unsafe extern "C" fn(Program, *mut c_char) -> c_int;
    type Destroy = unsafe extern "C" fn(*mut Program) -> c_int;

    let source = c"extern \"C\" __global__ void empty() {}";
    let mut program: Program = null_mut();
    // SAFETY: the types are those of nvrtc.h; the source is NUL-terminated and outlives the program, the
    // log buffer has the size that NVRTC asked for, and the program is destroyed once.
    unsafe {
        let create: Symbol<Create> = symbol(nvrtc, b"nvrtcCreateProgram\0")?;
        let compile: Symbol<Compile> = symbol(nvrtc, b"nvrtcCompileProgram\0")?;
        let log_size: Symbol<LogSize> = symbol(nvrtc, b"nvrtcGetProgramLogSize\0")?;
        let log: Symbol<Log> = symbol(nvrtc, b"nvrtcGetProgramLog\0")?;
        let destroy: Symbol<Destroy> = symbol(nvrtc, b"nvrtcDestroyProgram\0")?;

        let code = create(&raw mut program, source.as_ptr(), null(), 0, null(), null());
        if code != 0 {
            return Err(format!("error {code} when a program is made"));
        }
        let code = compile(program, 0, null());
        let mut message = Vec::new();
        let mut size = 0;
        if code != 0 && log_size(program, &raw mut size) == 0 {
            message.resize(size + 1, 0_u8);
            log(program, message.as_mut_ptr().cast());
        }
        destroy(&raw mut program);
        if code == 0 {
            return Ok(());
        }
        let message = CStr::from_bytes_until_nul(&message).unwrap_or_default().to_string_lossy();
        let words: Vec<&str> = message.split_whitespace().collect();
        Err(format!("error {code}: {}", words.join(" ")))
    }
}

/// The CUDA toolkit's folder, by the CUDA runtime's own rule.
fn toolkit_folder() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("CUDA_PATH") {
        return Some(PathBuf::from(folder));
    }
    let usual = ["/usr/local/cuda", "/opt/cuda"].map(PathBuf::from);
    usual
        .into_iter()
        .find(|folder| folder.exists())
        .or_else(|| Path::new("/usr/bin/nvcc").exists().then(|| PathBuf::from("/usr")))
}

/// Looks for one header of each package that the kernels include from.
fn headers(toolkit: Option<&Path>) -> Result<(), String> {
    let Some(toolkit) = toolkit else {
        return Err(
            "the CUDA headers are missing: CUDA_PATH is not set, and there is no /usr/local/cuda"
                .to_owned(),
        );
    };
    let include = toolkit.join("include");
    let missing: Vec<&str> = ["cuda_fp16.h", "crt/mma.h", "cuda/barrier"]
        .into_iter()
        .filter(|header| {
            !include.join(header).exists() && !include.join("cccl").join(header).exists()
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("{} has not the CUDA headers {}", include.display(), missing.join(", ")))
}

fn toolkit_remedy(driver: Option<Version>) -> String {
    // 13.0 serves every driver from it on; below, the toolkit must not be newer than the driver.
    let version = driver.map_or(Version { major: 13, minor: 0 }, |driver| {
        driver.min(Version { major: 13, minor: 0 })
    });
    let toolkit = format!(
        "install CUDA's toolkit {version} (cuda-toolkit-{}-{} in NVIDIA's repository for Debian and Ubuntu)",
        version.major, version.minor
    );
    if version.major < 13 {
        return format!("{toolkit} and set CUDA_PATH to its folder");
    }
    format!(
        "{toolkit} and set CUDA_PATH to its folder, or `pip install nvidia-cuda-nvrtc==13.0.* \
         nvidia-cuda-runtime==13.0.* nvidia-cuda-crt==13.0.* nvidia-cuda-cccl==13.0.*` and set CUDA_PATH to that \
         environment's site-packages/nvidia/cu13"
    )
}

/// Loads the first library that the linker finds by name or that lies in one of `folders`, for good.
fn open(names: &[&str], folders: &[PathBuf]) -> Option<&'static Library> {
    let by_name = names.iter().map(PathBuf::from);
    let by_path = folders.iter().flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    by_name.chain(by_path).find_map(|path| {
        // SAFETY: NVIDIA's libraries are made to be loaded at run time and do nothing on loading.
        let library = unsafe { Library::new(&path) }.ok()?;
        // Never unloaded: the CUDA runtime asks for it by name later and must find this one.
        Some(&*Box::leak(Box::new(library)))
    })
}

/// Finds a function in a library.
///
/// # Safety
/// `T` must be the function's type.
unsafe fn symbol<'a, T>(library: &'a Library, name: &[u8]) -> Result<Symbol<'a, T>, String> {
    // SAFETY: the caller vouches for the type.
    unsafe { library.get(name) }
        .map_err(|error| format!("a CUDA library lacks a function: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_cuda_counts() {
        let version = |major, minor| Version { major, minor };
        assert!(version(12, 9) < version(13, 0));
        assert!(version(12, 10) > version(12, 9));
        assert_eq!(version(13, 0).to_string(), "13.0");
    }

    #[test]
    fn headers_may_lie_in_either_folder() {
        let toolkit = tempfile::tempdir().unwrap();
        let include = toolkit.path().join("include");
        std::fs::create_dir_all(include.join("crt")).unwrap();
        std::fs::write(include.join("cuda_fp16.h"), "").unwrap();
        std::fs::write(include.join("crt/mma.h"), "").unwrap();
        let missing = headers(Some(toolkit.path())).unwrap_err();
        assert!(missing.ends_with("has not the CUDA headers cuda/barrier"), "{missing}");
        std::fs::create_dir_all(include.join("cccl/cuda")).unwrap();
        std::fs::write(include.join("cccl/cuda/barrier"), "").unwrap();
        assert_eq!(headers(Some(toolkit.path())), Ok(()));
        assert!(headers(None).unwrap_err().contains("CUDA_PATH"));
    }

    #[test]
    fn the_remedy_is_never_newer_than_the_driver() {
        let remedy = |major, minor| toolkit_remedy(Some(Version { major, minor }));
        assert!(remedy(12, 8).contains("cuda-toolkit-12-8"));
        assert!(!remedy(12, 8).contains("13.0"));
        assert!(remedy(13, 4).contains("cuda-toolkit-13-0"));
        assert!(toolkit_remedy(None).contains("nvidia-cuda-nvrtc==13.0.*"));
    }

    /// What a machine lacks is said, and what it has is not called missing.
    #[test]
    fn the_driver_is_missed_exactly_where_it_is_absent() {
        // SAFETY: only asks whether the linker finds the library.
        let has_driver = unsafe { Library::new("libcuda.so.1") }.is_ok();
        let said = cuda_needs().err().unwrap_or_default();
        assert_eq!(said.contains("libcuda.so.1 is missing"), !has_driver, "{said}");
    }

    /// Runs where `CUDA_PATH` leads to a toolkit: its NVRTC compiles, known to the linker or not.
    #[test]
    fn nvrtc_of_the_toolkit_compiles() {
        let Some(toolkit) = toolkit_folder() else {
            eprintln!("skipped: no CUDA toolkit on this machine");
            return;
        };
        assert_eq!(nvrtc(None, Some(&toolkit)), Ok(()));
        let refused = nvrtc(Some(OLDEST_DRIVER), Some(&toolkit));
        if let Err(reason) = refused {
            assert!(reason.contains("newer than the driver"), "{reason}");
        }
    }
}
