//! Finds or makes a run at the server, once whatever fails in between.

use super::RunIdentity;
use super::client::{Client, Fault, RunInfo};
use super::deliver::Obstacle;

/// Tag by which a run is found again.
const UID_TAG: &str = "candlewick.run_uid";

/// The run that was delivered to before, or `None` when the server has lost it.
///
/// # Errors
/// When the server is away, or the run was deleted there.
pub(super) fn known_run(client: &Client, run_id: &str) -> Result<Option<RunInfo>, Obstacle> {
    match client.run(run_id)? {
        Some(info) if info.lifecycle_stage == "deleted" => Err(Obstacle::Stop(format!(
            "run {run_id} was deleted at the server; nothing more is sent to it"
        ))),
        found => Ok(found),
    }
}

/// The run `run` in `experiment`, made when it is not there.
///
/// A creation that failed without an answer may have happened, so the run is looked for by its tag
/// before each attempt. `attach` names an existing run to write into instead.
///
/// # Errors
/// When the server is away, or the experiment or the named run cannot be used.
pub(super) fn register(
    client: &Client,
    run: &RunIdentity,
    experiment: &str,
    attach: Option<&str>,
) -> Result<RunInfo, Obstacle> {
    let uid: String =
        run.uid.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    if let Some(run_id) = attach {
        let info = known_run(client, run_id)?.ok_or_else(|| {
            Obstacle::Stop(format!("MLFLOW_RUN_ID names the run {run_id}, which is not there"))
        })?;
        client.set_tag(run_id, UID_TAG, &uid)?;
        return Ok(info);
    }
    let experiment_id = experiment_id(client, experiment)?;
    if let Some(info) = client.find_run(&experiment_id, UID_TAG, &uid)? {
        return Ok(info);
    }
    Ok(client.create_run(&experiment_id, &run.name, run.start_ms, (UID_TAG, &uid))?)
}

fn experiment_id(client: &Client, configured: &str) -> Result<String, Obstacle> {
    let server = client.server();
    if let Some(id) = &server.experiment_id {
        return Ok(id.clone());
    }
    let name = server.experiment_name.as_deref().unwrap_or(configured);
    let found = match client.experiment_by_name(name)? {
        Some(found) => found,
        None => match client.create_experiment(name) {
            Ok(id) => return Ok(id),
            // Another run made it at the same moment.
            Err(Fault::Refused { code, message }) if code == "RESOURCE_ALREADY_EXISTS" => {
                client.experiment_by_name(name)?.ok_or(Obstacle::Later(message))?
            }
            Err(fault) => return Err(fault.into()),
        },
    };
    if found.lifecycle_stage == "deleted" {
        let id = &found.experiment_id;
        return Err(Obstacle::Denied(format!(
            "experiment `{name}` is deleted at the server; restore it with `mlflow experiments \
             restore --experiment-id {id}`, or choose another one in tracking.experiment"
        )));
    }
    Ok(found.experiment_id)
}

impl From<Fault> for Obstacle {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Later { reason, .. } => Self::Later(reason),
            Fault::Denied(reason) => Self::Denied(reason),
            Fault::Refused { code, message } => Self::Stop(format!("{code}: {message}")),
        }
    }
}
