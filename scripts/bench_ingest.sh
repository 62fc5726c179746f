#!/usr/bin/env bash
# Ingest speed beside pandas: a gzip CSV of candles into SQLite with the same key.
#
#   scripts/bench_ingest.sh [FILE]
#
# FILE is a CSV with the columns open_time_ms,open,close,high,low,volume and a header; the default is
# the one-minute file in CANDLEWICK_DATA. ROUNDS (default 7) rounds of both are run in turns and the
# medians compared. Candlewick is timed as a whole process, pandas without its start and import.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

file="${1:-${CANDLEWICK_DATA:+$CANDLEWICK_DATA/bitfinex/BTCUSD-1m-2018.csv.gz}}"
if [ -z "$file" ]; then
    say "name a file, or set CANDLEWICK_DATA to the folder of the real data"
    exit 2
fi
python=$(need_venv bench pandas==3.1.1)
cargo build --release --locked --quiet
"$python" scripts/bench_ingest.py "$CARGO_TARGET_DIR/release/candlewick" "$file" "${ROUNDS:-7}"
