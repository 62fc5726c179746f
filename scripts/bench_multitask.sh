#!/usr/bin/env bash
# When one net with three heads beats three nets with one: per task, the multitask net against the
# single-task net of the same size, data, seeds and number of epochs, on the planted market and, where
# CANDLEWICK_DATA names the folder of real market data, on hourly BTCUSDT. Differences have paired
# block-bootstrap intervals over the same test rows.
#
#   scripts/bench_multitask.sh [--seconds N] [--seeds N] [--jobs N] [--table] [--write]
#
# A net has N CPU seconds (user and system, default 1200) a market; budgets, threads, kept results,
# --table, --write, BENCH_BINARY and exit codes are those of scripts/bench_nets.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

need_rust
if [ -z "${BENCH_BINARY:-}" ]; then
    cargo build --release --locked
    BENCH_BINARY=$CARGO_TARGET_DIR/release/candlewick
fi
commit=$(program_commit)
python=$(need_venv files numpy==2.4.6 pandas==3.1.1 safetensors==0.8.0 pyarrow==26.0.1)
exec "$python" scripts/bench_multitask.py "$BENCH_BINARY" "$cache_folder/bench_nets/$commit-multitask.jsonl" \
    "$commit" "${CANDLEWICK_DATA:-}" "$@"
