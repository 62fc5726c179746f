//! Daily series beside candles, from file to forecast.

use std::fmt::Write;

use candlewick::run_folder::{RunFolder, read_manifest};

use crate::support::{Sandbox, real_data, sha256};

const CONFIG: &str = "
name: alternative
data: { venue: binance, symbols: [BTCUSDT], interval: 1d, from: 2020-02-01 }
features:
  include: [log_return_1, close_volatility_24]
  series:
    - { name: active_addresses }
    - { name: fear_greed, max_age: 5d }
    - { name: funding }
labels: { horizon: 1, direction: { rule: fixed, threshold: 0.01 } }
folds: { scheme: walk_forward, min_train: 800d, valid: 200d, test: 300d, max_folds: 1 }
window: 8
net: { kind: lstm, hidden: 4, layers: 1 }
training: { batch_size: 128, epochs: 2, warmup_steps: 5 }
scores: { resamples: 100 }
";

/// Name, file, time column, value column.
const SERIES: [[&str; 4]; 3] = [
    ["active_addresses", "btc_onchain_daily.csv", "time", "AdrActCnt"],
    ["fear_greed", "fear_greed_daily.csv", "date", "fng"],
    ["funding", "btc_funding_daily.csv", "date", "funding_mean"],
];

#[test]
fn the_shipped_daily_series_train_and_a_later_revision_changes_no_forecast() {
    let Some(data) = real_data("the shipped daily series train") else { return };
    let sandbox = Sandbox::new();
    let candles = data.join("binance/spot/monthly/klines");
    sandbox.done(&["ingest", "archive", candles.to_str().unwrap(), "--store", "store"]);
    for [name, file, time, value] in SERIES {
        let file = data.join("onchain").join(file);
        ingest(&sandbox, file.to_str().unwrap(), [name, time, value], "2025-10-01");
    }
    sandbox.write("c.yaml", CONFIG);
    let train = ["train", "--config", "c.yaml", "--store", "store", "--run-dir", "run"];
    sandbox.done(&train);
    let run = RunFolder::open(&sandbox.path("run")).unwrap();
    let manifest = read_manifest(&run.manifest()).unwrap();
    let mut names = vec!["log_return_1".to_owned(), "close_volatility_24".to_owned()];
    for [name, ..] in SERIES {
        names.extend([name.to_owned(), format!("{name}_age")]);
        assert!(manifest.data.iter().any(|data| data.name == format!("values {name}")));
    }
    assert_eq!(manifest.feature_names, names);

    // Every value of 2024 revised, and the one day that the index lacks added: nobody knew before 2026.
    let mut revised = "date,fng\n".to_owned();
    for day in 0..366 {
        let time = candlewick::market::Time(1_704_067_200_000 + day * 86_400_000);
        writeln!(revised, "{time},{}", 1000 + day).unwrap();
    }
    let file = sandbox.write("revised.csv", &revised);
    let told =
        ingest(&sandbox, file.to_str().unwrap(), ["fear_greed", "date", "fng"], "2026-01-01");
    assert!(told.contains("0 inserted, 0 unchanged, 1 late, 365 revised"), "{told}");
    sandbox.done(&["predict", "run", "--folds", "--store", "store"]);
    let replayed = sandbox.path("run/fold_predictions.parquet");
    assert_eq!(sha256(&replayed), sha256(&run.forecasts()));
}

fn ingest(sandbox: &Sandbox, file: &str, [name, time, value]: [&str; 3], noticed: &str) -> String {
    sandbox.done(&[
        "ingest",
        "series",
        file,
        "--name",
        name,
        "--time-column",
        time,
        "--value-column",
        value,
        "--known-after",
        "24h",
        "--noticed-at",
        noticed,
        "--store",
        "store",
    ])
}
