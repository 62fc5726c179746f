//! `candlewick features check` on the shipped configs.

use crate::support::{Sandbox, real_data};

fn config(name: &str) -> String {
    format!("{}/model_configs/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
}

/// The JSON object of a check that must find nothing.
fn clean(sandbox: &Sandbox, name: &str, points: &str) -> serde_json::Value {
    let arguments = ["features", "check", "--config", &config(name), "--points", points, "--json"];
    let out = sandbox.done(&arguments);
    let found: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(found["clean"], true);
    assert_eq!((&found["leaks"], &found["unchecked"]), (&0.into(), &0.into()));
    for instrument in found["instruments"].as_array().unwrap() {
        for test in instrument["report"]["tests"].as_array().unwrap() {
            assert!(test["comparisons"].as_u64().unwrap() > 0, "{test}");
        }
    }
    found
}

#[test]
fn the_quickstart_does_not_leak_on_the_simulated_market() {
    let sandbox = Sandbox::new();
    sandbox.simulate(16_000);
    let found = clean(&sandbox, "quickstart", "4");
    assert_eq!(found["instruments"][0]["report"]["features"], 3 * (12 + 3));
    let text = sandbox.done(&["features", "check", "-c", &config("quickstart"), "--points", "2"]);
    assert!(text.contains("truncated") && text.contains("no leak in"), "{text}");
}

#[test]
fn the_configs_of_real_candles_do_not_leak() {
    let Some(data) = real_data("the_configs_of_real_candles_do_not_leak") else { return };
    let sandbox = Sandbox::new();
    let archive = data.join("binance/spot/monthly/klines");
    sandbox.done(&["ingest", "archive", archive.to_str().unwrap(), "--store", "store"]);
    for name in ["lstm_btc_15m", "cnn_eth_1h"] {
        let found = clean(&sandbox, name, "3");
        assert_eq!(found["instruments"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn what_cannot_be_checked_is_an_error_and_no_pass() {
    let sandbox = Sandbox::new();
    sandbox.simulate(500);
    let arguments = ["features", "check", "--config", &config("quickstart")];
    let finished = sandbox.run(&arguments);
    assert_eq!(finished.code, Some(3), "{}{}", finished.out, finished.err);
    assert!(finished.err.contains("failed to check"), "{}", finished.err);
    let none = sandbox.run(&["features", "check", "--config", "none.yaml"]);
    assert_eq!(none.code, Some(2), "{}", none.err);
}
