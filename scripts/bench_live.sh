#!/usr/bin/env bash
# Speed and memory of live ingest beside cryptofeed, on the same lines in the same run.
#
#   scripts/bench_live.sh
#
# The recorded spot lines (CANDLEWICK_DATA, else a made-up market) go as fast as they are read through a
# loopback socket into `candlewick ingest live`: parsing, book, stored books, trades, quotes, candles,
# SQLite, until everything is on disk. The very same lines go through cryptofeed's own message_handler
# in its own process, without a socket and without storing anything. ROUNDS (default 5) rounds in turns,
# medians.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh
. scripts/live_binaries.sh

python=$(need_venv cryptofeed cryptofeed==2.4.1)
"$python" scripts/bench_live.py "$binary" "$tests" "${ROUNDS:-5}"
