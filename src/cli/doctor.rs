//! `candlewick doctor`.

use std::io::Write;
use std::time::Duration;

use serde_json::json;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::device::{has_cuda, nvidia_driver, wgpu_adapters};
use crate::tracking::{Server, TrackingConfig, server_version};

/// How long to wait for the tracking server.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Say what this machine and this build can do, and what is missing
///
/// Lists the devices that `--device` can name, the drivers they need, what each cargo feature
/// adds, and whether the tracking server answers. Always exits with 0: what is missing is only
/// missing when a command needs it.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints what was found.
///
/// # Errors
/// When `out` cannot be written to.
pub fn run(_args: &Args, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = total_memory();
    let adapters = wgpu_adapters();
    let nvidia = nvidia_driver();
    let (server, server_json) = server_state();

    if json {
        let object = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "cpu": { "threads": threads, "memory_bytes": memory },
            "wgpu": adapters.iter().enumerate().map(|(index, adapter)| json!({
                "device": format!("wgpu:{index}"), "name": adapter.name, "card": adapter.is_card,
            })).collect::<Vec<_>>(),
            "nvidia": match &nvidia {
                Ok(cards) => json!({ "cards": cards }),
                Err(missing) => json!({ "missing": missing }),
            },
            "features": { "cuda": has_cuda() },
            "tracking": server_json,
        });
        return Ok(writeln!(out, "{object}")?);
    }

    writeln!(out, "candlewick {}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "\ndevices")?;
    writeln!(out, "  cpu      {threads} threads, {:.1} GiB memory", memory as f64 / 2f64.powi(30))?;
    for (index, adapter) in adapters.iter().enumerate() {
        let kind = if adapter.is_card { "" } else { " (software renderer, slower than cpu)" };
        writeln!(out, "  wgpu:{index}   {}{kind}", adapter.name)?;
    }
    if adapters.is_empty() {
        writeln!(out, "  wgpu     none: no Vulkan, Metal or DX12 driver was found")?;
        writeln!(
            out,
            "           install the GPU's driver; a software one: apt-get install mesa-vulkan-drivers"
        )?;
    }
    match (&nvidia, has_cuda()) {
        (Ok(cards), true) => {
            for (index, name) in cards.iter().enumerate() {
                writeln!(out, "  cuda:{index}   {name}")?;
            }
        }
        (Ok(cards), false) => {
            writeln!(
                out,
                "  cuda     not in this build, though the driver sees: {}",
                cards.join(", ")
            )?;
        }
        (Err(missing), _) => writeln!(out, "  cuda     none: {missing}")?,
    }
    writeln!(out, "\ncargo features")?;
    let state =
        if has_cuda() { "built in" } else { "not built in: cargo build --release --features cuda" };
    writeln!(out, "  cuda     NVIDIA GPUs through CUDA kernels compiled at run time; {state}")?;
    writeln!(out, "\ntracking")?;
    Ok(writeln!(out, "  {server}")?)
}

fn total_memory() -> u64 {
    System::new_with_specifics(RefreshKind::nothing().with_memory(MemoryRefreshKind::everything()))
        .map_or(0, |system| system.total_memory())
}

/// Whether a tracking server is configured and answers, in words and as JSON.
fn server_state() -> (String, serde_json::Value) {
    let server = match Server::from_env(&TrackingConfig::default()) {
        Ok(Some(server)) => server,
        Ok(None) => {
            let text = "no server: set MLFLOW_TRACKING_URI=http://host:5000; until then runs keep their journal";
            return (text.to_owned(), json!({ "configured": false }));
        }
        Err(error) => {
            return (error.to_string(), json!({ "configured": true, "error": error.to_string() }));
        }
    };
    let address = server.address().to_owned();
    match server_version(&server, ANSWER_WITHIN) {
        Ok(version) => (
            format!("MLflow {version} answers at {address}"),
            json!({ "configured": true, "address": address, "version": version }),
        ),
        Err(error) => (
            format!("{address} does not answer: {error}"),
            json!({ "configured": true, "address": address, "error": error.to_string() }),
        ),
    }
}
