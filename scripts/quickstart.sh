#!/usr/bin/env bash
# From nothing to a trained net and its report, on simulated candles, without a GPU or a network service.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

need_packages build-essential pkg-config ca-certificates
need_rust
say "building (the first time takes a while: dependencies are compiled once)"
cargo build --release --locked
candlewick="$CARGO_TARGET_DIR/release/candlewick"

store="${CANDLEWICK_STORE:-store}"
say "simulating a market with a known, planted signal"
"$candlewick" ingest simulate --store "$store"
say "training"
started=$(date +%s)
"$candlewick" train --config model_configs/quickstart.yaml --store "$store" --device cpu --json > "$cache_folder/quickstart.json"
took=$(($(date +%s) - started))
run=$(sed -n 's/.*"run_folder":"\([^"]*\)".*/\1/p' "$cache_folder/quickstart.json")
report=$(sed -n 's/.*"report":"\([^"]*\)".*/\1/p' "$cache_folder/quickstart.json")

cat <<END

Trained in $took s on simulated candles. The report:
  $report

To go on:
  1. forecast with the trained net      $candlewick predict $run --store $store
  2. compare runs in the MLflow UI      pip install mlflow && mlflow server --port 5000 &
                                        MLFLOW_TRACKING_URI=http://127.0.0.1:5000 $candlewick sync $run
  3. train on real candles              $candlewick ingest archive FOLDER --store $store
                                        $candlewick train --config model_configs/lstm_btc_15m.yaml --store $store
END
