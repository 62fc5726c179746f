//! MLflow's REST interface: one function a call.

use std::fs::File;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) use super::transport::{Client, Fault};
use crate::event::Status;

/// A run as the server has it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RunInfo {
    pub(super) run_id: String,
    pub(super) experiment_id: String,
    pub(super) artifact_uri: String,
    pub(super) lifecycle_stage: String,
}

/// An experiment as the server has it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Experiment {
    pub(super) experiment_id: String,
    pub(super) lifecycle_stage: String,
}

impl Client {
    /// The experiment called `name`, deleted or not.
    pub(super) fn experiment_by_name(&self, name: &str) -> Result<Option<Experiment>, Fault> {
        #[derive(Deserialize)]
        struct Found {
            experiment: Experiment,
        }
        let request = self.request(Method::GET, "experiments/get-by-name");
        absent(self.json::<Found>(request.query(&[("experiment_name", name)])))
            .map(|found| found.map(|found| found.experiment))
    }

    /// A new experiment's id.
    pub(super) fn create_experiment(&self, name: &str) -> Result<String, Fault> {
        #[derive(Deserialize)]
        struct Created {
            experiment_id: String,
        }
        self.post::<Created>("experiments/create", &json!({ "name": name }))
            .map(|created| created.experiment_id)
    }

    /// The run with the tag `key` = `value`, deleted ones left out.
    pub(super) fn find_run(
        &self,
        experiment_id: &str,
        key: &str,
        value: &str,
    ) -> Result<Option<RunInfo>, Fault> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(default)]
            runs: Vec<Run>,
        }
        let body = json!({
            "experiment_ids": [experiment_id],
            "filter": format!("tags.`{key}` = '{value}'"),
            "order_by": ["attributes.start_time ASC"],
            "max_results": 1,
        });
        let found = self.post::<Found>("runs/search", &body)?;
        Ok(found.runs.into_iter().next().map(|run| run.info))
    }

    /// The run `run_id`, deleted or not.
    pub(super) fn run(&self, run_id: &str) -> Result<Option<RunInfo>, Fault> {
        let request = self.request(Method::GET, "runs/get").query(&[("run_id", run_id)]);
        absent(self.json::<RunAnswer>(request)).map(|found| found.map(|found| found.run.info))
    }

    /// A new run, called `name`, with one tag.
    pub(super) fn create_run(
        &self,
        experiment_id: &str,
        name: &str,
        start_ms: i64,
        tag: (&str, &str),
    ) -> Result<RunInfo, Fault> {
        let body = json!({
            "experiment_id": experiment_id,
            "run_name": name,
            "start_time": start_ms,
            "tags": [{ "key": tag.0, "value": tag.1 }],
        });
        self.post::<RunAnswer>("runs/create", &body).map(|created| created.run.info)
    }

    /// Sets where a run stands; `end_ms` goes with an end.
    pub(super) fn set_status(
        &self,
        run_id: &str,
        status: Status,
        end_ms: Option<i64>,
    ) -> Result<(), Fault> {
        let mut body = json!({ "run_id": run_id, "status": status });
        if let Some(end_ms) = end_ms {
            body["end_time"] = end_ms.into();
        }
        self.post::<Value>("runs/update", &body).map(drop)
    }

    pub(super) fn set_tag(&self, run_id: &str, key: &str, value: &str) -> Result<(), Fault> {
        let body = json!({ "run_id": run_id, "key": key, "value": value });
        self.post::<Value>("runs/set-tag", &body).map(drop)
    }

    /// Sends a body made by `batch::body`.
    pub(super) fn log_batch(&self, body: Vec<u8>) -> Result<(), Fault> {
        let request = self.request(Method::POST, "runs/log-batch");
        self.json::<Value>(request.header(CONTENT_TYPE, "application/json").body(body)).map(drop)
    }

    /// Links a dataset to a run.
    pub(super) fn log_input(&self, run_id: &str, input: &Value) -> Result<(), Fault> {
        let body = json!({ "run_id": run_id, "datasets": [input] });
        self.post::<Value>("runs/log-inputs", &body).map(drop)
    }

    /// Uploads `length` bytes of `file` to `path`, which is under the server's artifact root.
    pub(super) fn put_artifact(&self, path: &str, file: File, length: u64) -> Result<(), Fault> {
        self.put(path, file, length)
    }
}

#[derive(Deserialize)]
struct RunAnswer {
    run: Run,
}

#[derive(Deserialize)]
struct Run {
    info: RunInfo,
}

fn absent<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Fault::Refused { code, .. }) if code == "RESOURCE_DOES_NOT_EXIST" => Ok(None),
        Err(fault) => Err(fault),
    }
}
