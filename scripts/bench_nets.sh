#!/usr/bin/env bash
# Every net where the truth is known: its share of the best reachable edge on the planted market, and its
# mean Matthews correlation over seeds where there is nothing to find.
#
#   scripts/bench_nets.sh [--nets a,b,…] [--seconds N] [--seeds N] [--table]
#
# A net has N seconds (default 600) for all of its runs; what did not fit is said so. Results are kept by
# commit in the user's cache folder, so that a second call goes on where the first ended; --table prints
# what is there. Nets for order books want a planted book, which the simulator does not make yet: they are
# listed as not measured.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

need_rust
if [ -z "${BENCH_BINARY:-}" ]; then
    cargo build --release --locked
    BENCH_BINARY=$CARGO_TARGET_DIR/release/candlewick
fi
commit=$(git rev-parse --short HEAD)
[ -z "$(git status --porcelain -- src)" ] || commit=$commit-changed
exec "$(need_python)" scripts/bench_nets.py "$BENCH_BINARY" "$cache_folder/bench_nets/$commit.json" "$@"
