//! Samples the machine under the keys that the System tab of MLflow's UI reads.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nvml_wrapper::Nvml;
use sysinfo::{Disks, Networks, System};

use crate::event::Event;

/// Time between two samples, as in MLflow's own client.
pub const SYSTEM_PERIOD: Duration = Duration::from_secs(10);

/// Time until the first sample: the processor's load is a mean over it.
const FIRST: Duration = Duration::from_secs(1);

const MB: f64 = 1e6;

/// Samples the machine on a thread of its own until it is stopped or dropped.
#[derive(Debug)]
pub struct SystemSampler {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl SystemSampler {
    /// Starts sampling every `period`; each number goes to `emit` as an [`Event::Metric`].
    ///
    /// Steps count on from `first_step`, which a resumed run reads from its journal
    /// (`journal.next_step("system/")`). The disk is the one that holds `run_folder`.
    #[must_use]
    pub fn start(
        first_step: i64,
        period: Duration,
        run_folder: &Path,
        mut emit: impl FnMut(Event) + Send + 'static,
    ) -> Self {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let stopped = Arc::clone(&stop);
        let folder = run_folder.to_owned();
        let thread = thread::Builder::new().name("system-metrics".to_owned()).spawn(move || {
            let mut machine = Machine::new(&folder);
            let (mut step, mut wait) = (first_step, FIRST.min(period));
            while !waited(&stopped, wait) {
                for (key, value) in machine.sample() {
                    emit(Event::Metric { key: format!("system/{key}"), value, step });
                }
                step += 1;
                wait = period;
            }
        });
        if let Err(error) = &thread {
            tracing::warn!("failed to start the sampling thread: {error}");
        }
        Self { stop, thread: thread.ok() }
    }

    /// Stops sampling; no event is emitted afterwards.
    pub fn stop(self) {}
}

impl Drop for SystemSampler {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Waits so long, or until stopped; whether it was stopped.
fn waited(stop: &(Mutex<bool>, Condvar), time: Duration) -> bool {
    let stopped = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
    let result = stop.1.wait_timeout_while(stopped, time, |stopped| !*stopped);
    *result.unwrap_or_else(PoisonError::into_inner).0
}

/// What of the machine can be measured; parts that cannot are left out.
struct Machine {
    system: Option<System>,
    disks: Option<Disks>,
    networks: Option<Networks>,
    /// Bytes received and sent when sampling began.
    network_start: (u64, u64),
    gpus: Option<Nvml>,
    folder: PathBuf,
}

impl Machine {
    fn new(folder: &Path) -> Self {
        let mut system = System::new().ok();
        if let Some(system) = &mut system {
            system.refresh_cpu_usage();
        }
        let networks = Networks::new_with_refreshed_list().ok();
        Self {
            system,
            disks: Disks::new_with_refreshed_list().ok(),
            network_start: networks.as_ref().map(traffic).unwrap_or_default(),
            networks,
            // Fails where there is no NVIDIA driver.
            gpus: Nvml::init().ok(),
            folder: folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
        }
    }

    fn sample(&mut self) -> Vec<(String, f64)> {
        let mut numbers = Vec::new();
        let mut put = |key: &str, value: f64| numbers.push((key.to_owned(), value));
        if let Some(system) = &mut self.system {
            system.refresh_cpu_usage();
            system.refresh_memory();
            put("cpu_utilization_percentage", f64::from(system.global_cpu_usage()));
            let (used, total) = (system.used_memory() as f64, system.total_memory() as f64);
            put("system_memory_usage_megabytes", used / MB);
            put("system_memory_usage_percentage", percentage(used, total));
        }
        if let Some(disks) = &mut self.disks {
            disks.refresh(true);
            let holds = |disk: &&sysinfo::Disk| self.folder.starts_with(disk.mount_point());
            let depth = |disk: &&sysinfo::Disk| disk.mount_point().components().count();
            if let Some(disk) = disks.iter().filter(holds).max_by_key(depth) {
                let (free, total) = (disk.available_space() as f64, disk.total_space() as f64);
                put("disk_usage_megabytes", (total - free) / MB);
                put("disk_usage_percentage", percentage(total - free, total));
                put("disk_available_megabytes", free / MB);
            }
        }
        if let Some(networks) = &mut self.networks {
            networks.refresh(true);
            let ((received, sent), start) = (traffic(networks), self.network_start);
            put("network_receive_megabytes", received.saturating_sub(start.0) as f64 / MB);
            put("network_transmit_megabytes", sent.saturating_sub(start.1) as f64 / MB);
        }
        if let Some(nvml) = &self.gpus {
            for index in 0..nvml.device_count().unwrap_or(0) {
                sample_gpu(nvml, index, &mut put);
            }
        }
        numbers
    }
}

fn sample_gpu(nvml: &Nvml, index: u32, put: &mut dyn FnMut(&str, f64)) {
    let Ok(gpu) = nvml.device_by_index(index) else { return };
    if let Ok(memory) = gpu.memory_info() {
        let (used, total) = (memory.used as f64, memory.total as f64);
        put(&format!("gpu_{index}_memory_usage_megabytes"), used / MB);
        put(&format!("gpu_{index}_memory_usage_percentage"), percentage(used, total));
    }
    if let Ok(load) = gpu.utilization_rates() {
        put(&format!("gpu_{index}_utilization_percentage"), f64::from(load.gpu));
    }
    if let Ok(power) = gpu.power_usage().map(f64::from) {
        put(&format!("gpu_{index}_power_usage_watts"), power / 1000.0);
        if let Ok(limit) = gpu.enforced_power_limit().map(f64::from) {
            put(&format!("gpu_{index}_power_usage_percentage"), percentage(power, limit));
        }
    }
}

fn traffic(networks: &Networks) -> (u64, u64) {
    networks.values().fold((0, 0), |(received, sent), network| {
        (received + network.total_received(), sent + network.total_transmitted())
    })
}

/// Part of a whole in percent; a whole of nothing has none of it in use.
fn percentage(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { 100.0 * part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn samples_come_with_rising_steps_and_stop() {
        let (send, receive) = mpsc::channel();
        let folder = tempfile::tempdir().unwrap();
        let period = Duration::from_millis(250);
        let sampler = SystemSampler::start(7, period, folder.path(), move |event| {
            send.send(event).unwrap();
        });
        thread::sleep(Duration::from_millis(900));
        sampler.stop();
        let mut cpu = Vec::new();
        // The channel is closed once the thread is gone, so this ends.
        for event in receive {
            let Event::Metric { key, value, step } = event else { panic!("{event:?}") };
            assert!(
                key.starts_with("system/") && value.is_finite() && value >= 0.0,
                "{key} {value}"
            );
            if key == "system/cpu_utilization_percentage" {
                cpu.push(step);
            }
        }
        assert!(cpu.len() >= 2 && cpu.iter().copied().eq(7..7 + cpu.len() as i64), "{cpu:?}");
    }
}
