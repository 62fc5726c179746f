//! Integration tests: tracking, against a real MLflow server and against one that misbehaves.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use candlewick::event::{Event, Status};
use candlewick::tracking::{
    Delivery, Journal, RunIdentity, Sender, Server, TrackingConfig, TrackingError, read_journal,
    sync_to,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::faulty_server::{Call, FaultyServer, Reply};
use crate::mlflow_server::{MlflowServer, free_port};
use crate::support::Sandbox;

const LIMIT: Duration = Duration::from_secs(30);

/// One server for all cases, since starting it takes longer than all of them together.
#[test]
fn a_real_server_gets_each_thing_once() {
    let Some(mut server) = MlflowServer::start("a_real_server_gets_each_thing_once") else {
        return;
    };
    let begin = Instant::now();
    let done = |case: &str| eprintln!("{case} done after {:.1} s", begin.elapsed().as_secs_f64());
    let run = whole_run(&server);
    done("whole run");
    resumed_run(&server, &run);
    done("resumed run");
    lost_cursor(&server, &run);
    done("lost cursor");
    server_never_there(&server);
    done("server never there");
    refused_entry(&server);
    abandoned_run(&server);
    deleted_at_the_server(&server);
    no_secret_anywhere(&server);
    done("refused, abandoned, deleted, secret");
    killed_server(&mut server);
    done("killed server");
}

/// A run folder and what identifies its run.
struct Run {
    folder: TempDir,
    identity: RunIdentity,
    config: TrackingConfig,
}

impl Run {
    fn new(uid: &str) -> Self {
        let identity = RunIdentity {
            uid: uid.into(),
            name: format!("run {uid}"),
            start_ms: 1_700_000_000_123,
        };
        let folder = tempfile::tempdir().unwrap();
        Self { folder, identity, config: TrackingConfig::default() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn journal(&self) -> Journal {
        Journal::open(self.path()).unwrap()
    }

    fn sender(&self, uri: &str) -> Sender {
        Sender::start_at(Some(at(uri)), self.path(), &self.identity, &self.config).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn record_run(&self, journal: &mut Journal) {
        self.write("config.yaml", "name: x\n");
        self.write("metrics.json", "{}");
        self.write("checkpoints/lstm/final/step_000400/model ä%.safetensors", "weights");
        self.write("checkpoints/lstm/final/last", "step_000400");
        let mut record = |event| journal.record(event).unwrap();
        record(Event::Status { status: Status::Running });
        record(param("training.epochs", "3"));
        record(param("features.include", &"rsi_14, ".repeat(1000)));
        record(tag("mlflow.user", "ann"));
        record(Event::Dataset {
            name: "binance/spot/BTCUSDT 15m".into(),
            digest: "0123456789abcdef".repeat(4),
            source: "store".into(),
            context: "training".into(),
            columns: vec!["open".into(), "close".into()],
            rows: 1234,
        });
        for step in 0..1500 {
            record(metric("train/fold_0/loss", step as f64 / 1024.0, step));
        }
        record(metric("ema_12@1h", 0.5, 0));
        record(metric("ema_12_1h", 0.25, 0));
        for (step, value) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5].iter().enumerate() {
            record(metric("valid/fold_0/loss", *value, step as i64));
        }
        record(artifact("config.yaml"));
        record(artifact("metrics.json"));
        record(artifact("checkpoints"));
        record(artifact("gone.txt"));
        record(Event::Status { status: Status::Killed });
    }
}

fn whole_run(server: &MlflowServer) -> Run {
    let run = Run::new("whole");
    let sender = run.sender(&server.uri());
    run.record_run(&mut run.journal());
    let delivery = sender.finish(LIMIT);
    assert!(delivery.complete(), "{delivery:?}");
    assert_eq!(delivery.refused, 1, "gone.txt alone");
    let id = run_id(&delivery);
    assert_same(server, &run, &id);

    let data = run_of(server, &id);
    let params = pairs(&data["data"]["params"]);
    assert_eq!(params["training.epochs"], "3");
    assert_eq!(params["features.include"].chars().count(), 6000);
    assert!(params["features.include"].ends_with("(cut from 8000 characters)"));
    let tags = pairs(&data["data"]["tags"]);
    assert_eq!(
        (tags["mlflow.user"].as_str(), tags["candlewick.run_uid"].as_str()),
        ("ann", "whole")
    );
    let info = &data["info"];
    assert_eq!((&info["status"], &info["run_name"]), (&json!("KILLED"), &json!("run whole")));
    assert_eq!(info["start_time"], json!(1_700_000_000_123_i64));
    let input = &data["inputs"]["dataset_inputs"][0];
    assert_eq!(input["dataset"]["digest"], json!("0123456789abcdef0123456789abcdef0123"));
    assert!(input["dataset"]["source"].as_str().unwrap().contains(&"0123456789abcdef".repeat(4)));
    assert_eq!(input["tags"][0]["value"], json!("training"));
    assert_eq!(server.artifact(&id, "config.yaml"), b"name: x\n");
    let model = "checkpoints/lstm/final/step_000400/model ä%.safetensors";
    assert_eq!(server.artifact(&id, model), b"weights");
    assert_eq!(histories(server, &id)["valid/fold_0/loss"][0].2, "NaN");
    run
}

fn resumed_run(server: &MlflowServer, run: &Run) {
    let sender = run.sender(&server.uri());
    let mut journal = run.journal();
    let mut record = |event| journal.record(event).unwrap();
    record(Event::Status { status: Status::Running });
    record(param("training.epochs", "4"));
    for step in 1000..2000 {
        record(metric("train/fold_0/loss", step as f64 / 1024.0, step));
    }
    run.write("metrics.json", "{\"new\": 1}");
    record(artifact("metrics.json"));
    record(artifact("checkpoints"));
    record(Event::Status { status: Status::Finished });
    let delivery = sender.finish(LIMIT);
    assert!(delivery.complete(), "{delivery:?}");
    assert_eq!((delivery.sent.points, delivery.sent.files), (500, 1));
    let id = run_id(&delivery);
    assert_same(server, run, &id);
    let data = run_of(server, &id);
    assert_eq!(pairs(&data["data"]["params"])["training.epochs"], "3");
    assert_eq!(pairs(&data["data"]["tags"])["changed_param.training.epochs"], "4");
    assert_eq!(data["info"]["status"], json!("FINISHED"));
    assert_eq!(server.artifact(&id, "metrics.json"), b"{\"new\": 1}");
}

fn lost_cursor(server: &MlflowServer, run: &Run) {
    fs::remove_file(run.path().join("tracking.json")).unwrap();
    run.write("manifest.json", r#"{"run_id": "whole", "name": "x", "created": 5, "seed": 7}"#);
    let delivery = sync_to(&at(&server.uri()), run.path(), &run.config).unwrap();
    assert!(delivery.complete() && delivery.sent.points > 2000, "{delivery:?}");
    assert_same(server, run, &run_id(&delivery));
    assert_eq!(runs_with(server, "whole"), 1);
}

fn server_never_there(server: &MlflowServer) {
    let run = Run::new("later");
    let sender = run.sender(&format!("http://127.0.0.1:{}", free_port()));
    let begin = Instant::now();
    run.record_run(&mut run.journal());
    let delivery = sender.finish(LIMIT);
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    assert!(!delivery.complete() && delivery.pending_entries > 1500, "{delivery:?}");
    let delivery = sync_to(&at(&server.uri()), run.path(), &run.config).unwrap();
    assert!(delivery.complete(), "{delivery:?}");
    let id = run_id(&delivery);
    assert_same(server, &run, &id);
    assert_eq!(run_of(server, &id)["info"]["status"], json!("KILLED"));
    let again = sync_to(&at(&server.uri()), run.path(), &run.config).unwrap();
    assert!(again.sent.is_empty() && again.run_url == delivery.run_url, "{again:?}");

    let (known, unknown) = (run.path().to_owned(), run.path().join("nowhere"));
    let (uri, known) = (server.uri(), known.to_str().unwrap());
    let sandbox = Sandbox::new();
    assert!(sandbox.done(&["sync", known, "--uri", &uri]).contains("nothing new"));
    let unknown = unknown.to_str().unwrap();
    let finished = sandbox.run(&["sync", unknown, known, "--uri", &uri, "--json"]);
    assert_ne!(finished.code, Some(0));
    assert!(finished.err.contains(unknown), "{}", finished.err);
}

fn refused_entry(server: &MlflowServer) {
    let body = json!({ "experiment_id": "0", "start_time": 1, "run_name": "theirs" });
    let theirs = server.post("runs/create", &body)["run"]["info"]["run_id"].clone();
    let theirs = theirs.as_str().unwrap().to_owned();
    let taken = json!({ "run_id": theirs, "params": [{ "key": "seed", "value": "1" }] });
    server.post("runs/log-batch", &taken);
    let run = Run::new("refused");
    let mut journal = run.journal();
    for step in 0..100 {
        journal.record(metric("a", 1.0, step)).unwrap();
    }
    journal.record(param("seed", "2")).unwrap();
    journal.record(param("other", "2")).unwrap();
    for step in 100..200 {
        journal.record(metric("a", 1.0, step)).unwrap();
    }
    let uri = server.uri();
    let lookup = |name: &str| match name {
        "MLFLOW_TRACKING_URI" => Some(uri.clone()),
        "MLFLOW_RUN_ID" => Some(theirs.clone()),
        _ => None,
    };
    let attached = Server::from_lookup(&lookup, None, &run.config).unwrap();
    let sender = Sender::start_at(attached, run.path(), &run.identity, &run.config).unwrap();
    let delivery = sender.finish(LIMIT);
    assert!(delivery.complete() && delivery.refused == 1, "{delivery:?}");
    assert_eq!(run_id(&delivery), theirs);
    assert_same(server, &run, &theirs);
    let params = pairs(&run_of(server, &theirs)["data"]["params"]);
    assert_eq!((params["seed"].as_str(), params["other"].as_str()), ("1", "2"));
    let refused = fs::read_to_string(run.path().join("tracking_refused.jsonl")).unwrap();
    assert_eq!(refused.lines().count(), 1);
    assert!(
        refused.contains("\"seed\"") && refused.contains("INVALID_PARAMETER_VALUE"),
        "{refused}"
    );
}

fn abandoned_run(server: &MlflowServer) {
    let run = Run::new("abandoned");
    let mut journal = run.journal();
    journal.record(Event::Status { status: Status::Running }).unwrap();
    journal.record(metric("a", 1.0, 0)).unwrap();
    run.write("manifest.json", r#"{"run_id": "abandoned", "name": "x", "created": 5}"#);
    run.write(".lock", "1\n");
    let status = |delivery: &Delivery| run_of(server, &run_id(delivery))["info"]["status"].clone();
    let lock = fs::File::options().write(true).open(run.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let at_work = sync_to(&at(&server.uri()), run.path(), &run.config).unwrap();
    assert_eq!(status(&at_work), json!("RUNNING"));
    drop(lock);
    let abandoned = sync_to(&at(&server.uri()), run.path(), &run.config).unwrap();
    assert_eq!((status(&abandoned), abandoned.sent.statuses), (json!("KILLED"), 1));
    let again = sync_to(&at(&server.uri()), run.path(), &run.config).unwrap();
    assert!(again.sent.is_empty(), "{again:?}");
}

fn deleted_at_the_server(server: &MlflowServer) {
    let mut run = Run::new("deleted");
    run.config.experiment = "short-lived".into();
    run.write("manifest.json", r#"{"run_id": "deleted", "name": "x", "created": 5}"#);
    run.journal().record(metric("a", 1.0, 0)).unwrap();
    let sync = || sync_to(&at(&server.uri()), run.path(), &run.config);
    let delivery = sync().unwrap();
    server.post("runs/delete", &json!({ "run_id": run_id(&delivery) }));
    let error = sync().unwrap_err().to_string();
    assert!(error.contains("was deleted at the server"), "{error}");
    fs::remove_file(run.path().join("tracking.json")).unwrap();
    let found = server.get("experiments/get-by-name", &[("experiment_name", "short-lived")]);
    let id = &found["experiment"]["experiment_id"];
    server.post("experiments/delete", &json!({ "experiment_id": id }));
    let error = sync().unwrap_err().to_string();
    assert!(error.contains("`short-lived` is deleted"), "{error}");
}

fn no_secret_anywhere(server: &MlflowServer) {
    const SECRET: &str = "correct-horse-battery";
    let run = Run::new("secret");
    let uri = server.uri().replace("http://", &format!("http://ann:{SECRET}@"));
    let sender = run.sender(&uri);
    assert!(!sender.address().contains(SECRET));
    let mut journal = run.journal();
    journal.record(param("tracking.uri", &uri)).unwrap();
    journal.record(param("ingest.api_key", SECRET)).unwrap();
    journal.record(tag("remote", &format!("https://{SECRET}@example.org/x.git"))).unwrap();
    let delivery = sender.finish(LIMIT);
    assert!(delivery.complete(), "{delivery:?}");
    assert!(!delivery.run_url.as_ref().unwrap().contains(SECRET));
    for file in fs::read_dir(run.path()).unwrap() {
        let path = file.unwrap().path();
        assert!(!fs::read_to_string(&path).unwrap().contains(SECRET), "{}", path.display());
    }
    assert!(!run_of(server, &run_id(&delivery)).to_string().contains(SECRET));
}

fn killed_server(server: &mut MlflowServer) {
    let run = Run::new("killed");
    let sender = run.sender(&server.uri());
    let mut journal = run.journal();
    let mut slowest = Duration::ZERO;
    let mut steps = |journal: &mut Journal, steps: std::ops::Range<i64>| {
        for step in steps {
            let begin = Instant::now();
            journal.record(metric("train/loss", step as f64, step)).unwrap();
            slowest = slowest.max(begin.elapsed());
        }
    };
    steps(&mut journal, 0..500);
    let begin = Instant::now();
    while sender.run_url().is_none() && begin.elapsed() < LIMIT {
        std::thread::sleep(Duration::from_millis(50));
    }
    steps(&mut journal, 500..3000);
    server.kill();
    steps(&mut journal, 3000..6000);
    // Long enough for an attempt while the server is away.
    std::thread::sleep(Duration::from_millis(1500));
    server.restart();
    steps(&mut journal, 6000..8000);
    journal.record(Event::Status { status: Status::Finished }).unwrap();
    let delivery = sender.finish(LIMIT);
    assert!(delivery.complete(), "{delivery:?}");
    let id = run_id(&delivery);
    assert_same(server, &run, &id);
    assert_eq!(run_of(server, &id)["info"]["status"], json!("FINISHED"));
    assert!(slowest < Duration::from_secs(1), "a step waited {slowest:?} for the journal");
}

#[test]
fn faults_on_the_way_cost_nothing() {
    let server = FaultyServer::start(|call, before| match (call.path.as_str(), before) {
        ("experiments/get-by-name", 0) => Reply::Answer(503, "busy".into()),
        ("experiments/get-by-name", 1) => Reply::Reset,
        ("runs/search", 0) => Reply::Answer(200, "{}".into()),
        // The run is made, and the answer is lost on the way.
        ("runs/create", _) => Reply::Reset,
        ("runs/log-batch", 0) => Reply::Hang(Duration::from_secs(3)),
        ("runs/log-batch", 1) => Reply::Answer(429, "slow down".into()),
        _ => as_mlflow(call),
    });
    let run = Run::new("faults");
    let mut journal = run.journal();
    for step in 0..100 {
        journal.record(metric("a", 0.5, step)).unwrap();
    }
    let lookup = |name: &str| match name {
        "MLFLOW_HTTP_REQUEST_TIMEOUT" => Some("1".to_owned()),
        _ => None,
    };
    let faulty = Server::from_lookup(&lookup, Some(&server.uri), &run.config).unwrap();
    let sender = Sender::start_at(faulty, run.path(), &run.identity, &run.config).unwrap();
    let begin = Instant::now();
    while server.calls("runs/log-batch").len() < 2 && begin.elapsed() < LIMIT {
        std::thread::sleep(Duration::from_millis(50));
    }
    let delivery = sender.finish(LIMIT);
    assert!(delivery.complete(), "{delivery:?}");
    assert_eq!(server.calls("runs/create").len(), 1, "no second run");
    let mut steps: Vec<i64> = server.calls("runs/log-batch")[2..]
        .iter()
        .flat_map(|call| {
            let body: Value = serde_json::from_str(&call.body).unwrap();
            let points = body["metrics"].as_array().unwrap().clone();
            points.into_iter().map(|point| point["step"].as_i64().unwrap())
        })
        .collect();
    steps.sort_unstable();
    assert_eq!(steps, (0..100).collect::<Vec<_>>());
}

#[test]
fn an_entry_that_breaks_the_server_is_put_aside() {
    let server = FaultyServer::start(|call, _| match call.path.as_str() {
        "runs/log-batch" if call.body.contains("poison") => Reply::Answer(500, "oops".into()),
        _ => as_mlflow(call),
    });
    let run = Run::new("poison");
    let mut journal = run.journal();
    for key in ["a", "poison", "b"] {
        journal.record(metric(key, 0.5, 0)).unwrap();
    }
    let delivery = run.sender(&server.uri).finish(LIMIT);
    assert!(delivery.complete(), "{delivery:?}");
    assert_eq!((delivery.refused, delivery.sent.points), (1, 2));
    let refused = fs::read_to_string(run.path().join("tracking_refused.jsonl")).unwrap();
    assert!(refused.contains("poison") && refused.contains("oops"), "{refused}");
}

#[test]
fn a_server_that_lost_a_run_gets_it_anew() {
    let server = FaultyServer::start(|call, _| match call.path.as_str() {
        "runs/get" => Reply::Answer(404, r#"{"error_code": "RESOURCE_DOES_NOT_EXIST"}"#.into()),
        "runs/search" => Reply::Answer(200, "{}".into()),
        _ => as_mlflow(call),
    });
    let run = Run::new("lost");
    run.write("manifest.json", r#"{"run_id": "lost", "name": "x", "created": 5}"#);
    run.journal().record(metric("a", 0.5, 0)).unwrap();
    for times in 1..=2 {
        let delivery = sync_to(&at(&server.uri), run.path(), &run.config).unwrap();
        assert!(delivery.complete() && delivery.sent.points == 1, "{delivery:?}");
        assert_eq!(server.calls("runs/create").len(), times);
    }
}

#[test]
fn what_is_no_mlflow_gets_nothing() {
    let elsewhere = FaultyServer::start(|call, _| as_mlflow(call));
    let target = elsewhere.uri.replace("127.0.0.1", "localhost");
    let cases: [(Box<dyn Fn() -> Reply + Send + Sync>, &str); 4] = [
        (Box::new(move || Reply::Redirect(format!("{target}/x"))), "redirects are not followed"),
        (Box::new(|| Reply::Answer(401, "<html>".into())), "MLFLOW_TRACKING_USERNAME"),
        (Box::new(|| Reply::Answer(200, "<html>".into())), "other than MLflow does"),
        (
            Box::new(|| Reply::Answer(403, "Invalid Host header - possible DNS rebinding".into())),
            "--allowed-hosts 127.0.0.1",
        ),
    ];
    for (reply, expected) in cases {
        let server = FaultyServer::start(move |_, _| reply());
        let run = Run::new("nowhere");
        run.write("manifest.json", r#"{"run_id": "nowhere", "name": "x", "created": 5}"#);
        run.journal().record(metric("a", 1.0, 0)).unwrap();
        let uri = server.uri.replace("http://", "http://ann:sesame-open@");
        let sender = run.sender(&uri);
        let begin = Instant::now();
        let delivery = sender.finish(LIMIT);
        assert!(begin.elapsed() < Duration::from_secs(3), "{expected}: {:?}", begin.elapsed());
        assert!(delivery.problem.as_ref().unwrap().contains(expected), "{delivery:?}");
        assert!(delivery.pending_entries == 1 && !delivery.complete(), "{delivery:?}");
        assert!(server.calls("")[0].headers["authorization"].starts_with("Basic "));
        let error = sync_to(&at(&uri), run.path(), &run.config).unwrap_err();
        assert!(matches!(error, TrackingError::Undelivered { .. }), "{error}");
        assert!(error.to_string().contains(expected) && !error.to_string().contains("sesame"));
    }
    assert!(elsewhere.calls("").is_empty(), "a redirect was followed");
}

#[test]
fn a_folder_that_is_no_run_cannot_be_delivered() {
    let run = Run::new("none");
    let server = at("http://127.0.0.1:1");
    let error = sync_to(&server, run.path(), &run.config).unwrap_err();
    assert!(matches!(error, TrackingError::NoRun(_)), "{error}");
    run.journal().record(metric("a", 1.0, 0)).unwrap();
    let error = sync_to(&server, run.path(), &run.config).unwrap_err();
    assert!(matches!(error, TrackingError::NoIdentity(_)), "{error}");
    assert!(Sender::start_at(None, run.path(), &run.identity, &run.config).is_none());
    let error = sync_to(&server, run.path(), &run.config).unwrap_err().to_string();
    assert!(error.starts_with("http://127.0.0.1:1: ") && error.contains("refused"), "{error}");
}

fn metric(key: &str, value: f64, step: i64) -> Event {
    Event::Metric { key: key.into(), value, step }
}

fn param(key: &str, value: &str) -> Event {
    Event::Param { key: key.into(), value: value.into() }
}

fn tag(key: &str, value: &str) -> Event {
    Event::Tag { key: key.into(), value: value.into() }
}

fn artifact(path: &str) -> Event {
    Event::Artifact { path: path.into() }
}

/// The server at `uri`, without anything that this machine's environment says.
fn at(uri: &str) -> Server {
    let config = TrackingConfig::default();
    Server::from_lookup(&|_| None, Some(uri), &config).unwrap().unwrap()
}

/// What MLflow answers where it has little to say.
fn as_mlflow(call: &Call) -> Reply {
    let info = json!({
        "run_id": "r", "experiment_id": "1", "lifecycle_stage": "active",
        "artifact_uri": "mlflow-artifacts:/1/r/artifacts",
    });
    let answer = match call.path.as_str() {
        "experiments/get-by-name" => {
            json!({ "experiment": { "experiment_id": "1", "lifecycle_stage": "active" } })
        }
        "runs/search" => json!({ "runs": [{ "info": info }] }),
        "runs/create" | "runs/get" => json!({ "run": { "info": info } }),
        _ => json!({}),
    };
    Reply::Answer(200, answer.to_string())
}

fn run_id(delivery: &Delivery) -> String {
    let url = delivery.run_url.as_ref().unwrap();
    assert!(url.ends_with("?workflowType=machine_learning"), "{url}");
    url.split("/runs/").nth(1).unwrap().split('?').next().unwrap().to_owned()
}

fn run_of(server: &MlflowServer, run_id: &str) -> Value {
    server.get("runs/get", &[("run_id", run_id)])["run"].clone()
}

fn runs_with(server: &MlflowServer, uid: &str) -> usize {
    let found = server.get("experiments/get-by-name", &[("experiment_name", "candlewick")]);
    let body = json!({
        "experiment_ids": [found["experiment"]["experiment_id"]],
        "filter": format!("tags.`candlewick.run_uid` = '{uid}'"),
    });
    server.post("runs/search", &body)["runs"].as_array().map_or(0, Vec::len)
}

fn pairs(list: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = list.as_array().cloned().unwrap_or_default();
    list.iter().map(|pair| (text(&pair["key"]), text(&pair["value"]))).collect()
}

type Points = Vec<(i64, i64, String)>;

/// Every point that the server has: step, time, value.
fn histories(server: &MlflowServer, run_id: &str) -> BTreeMap<String, Points> {
    let run = run_of(server, run_id);
    let latest = run["data"]["metrics"].as_array().cloned().unwrap_or_default();
    let mut histories = BTreeMap::new();
    for metric in latest {
        let key = metric["key"].as_str().unwrap();
        let query = [("run_id", run_id), ("metric_key", key), ("max_results", "25000")];
        let history = server.get("metrics/get-history", &query);
        let mut points: Points = history["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| {
                let value = match &p["value"] {
                    Value::String(name) => name.clone(),
                    number => format!("{:?}", number.as_f64().unwrap()),
                };
                (p["step"].as_i64().unwrap_or(0), p["timestamp"].as_i64().unwrap(), value)
            })
            .collect();
        points.sort();
        histories.insert(key.to_owned(), points);
    }
    histories
}

/// The server's histories are the journal's, each point once; infinities are the largest number
/// there, since the server has no others.
fn assert_same(server: &MlflowServer, run: &Run, run_id: &str) {
    let mut expected = BTreeMap::<String, Points>::new();
    let mut plain = Vec::new();
    for entry in read_journal(&run.path().join("journal.jsonl")).unwrap() {
        let Event::Metric { key, value, step } = entry.event else { continue };
        // The second key that would become `ema_12_1h` gets a mark of its own.
        let key = match key.as_str() {
            "ema_12@1h" => "ema_12_1h".to_owned(),
            "ema_12_1h" => {
                plain.push(value);
                continue;
            }
            _ => key,
        };
        let value = value.clamp(f64::MIN, f64::MAX);
        expected.entry(key).or_default().push((step, entry.time, format!("{value:?}")));
    }
    expected.values_mut().for_each(|points| points.sort());
    let mut found = histories(server, run_id);
    let marked: Vec<String> =
        found.keys().filter(|key| key.starts_with("ema_12_1h_")).cloned().collect();
    assert_eq!(marked.len(), plain.len());
    marked.iter().for_each(|key| drop(found.remove(key)));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (key, points) in &expected {
        assert_eq!(&found[key], points, "{key}");
    }
}
