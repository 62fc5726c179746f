#!/usr/bin/env bash
# Every net where the truth is known: its share of the best reachable edge on the planted market (a book
# net: on the planted order-book stream), and its mean Matthews correlation over 20 seeds where there is
# nothing to find. With --real: every candle net on hourly and 15-minute candles of three symbols, every
# book net on recorded books, from the folder CANDLEWICK_DATA.
#
#   scripts/bench_nets.sh [--real] [--nets a,b,…] [--seconds N] [--seeds N] [--jobs N] [--table]
#       [--fresh] [--write]
#
# A net has N CPU seconds (user and system, default 600) for all of its trainings; what did not fit is
# said to be out of time. CPU seconds, since the wall clock depends on what else the machine does.
# Trainings run --jobs (default 2) at once, each on one thread. Results are kept by the commit that last
# changed the program, in the user's cache folder, so that a second call goes on where the first ended;
# --fresh neither reads nor keeps any; --table shows what is there, --write puts it into
# docs/BENCHMARKS.md. BENCH_BINARY names a program that is built already.
#
# Exit: 0 all measured and within bounds; 1 a net beneath 90% of the edge, off 0 on noise, or a training
# that failed; 75 out of time, nothing else wrong.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

words=()
for word in "$@"; do
    if [ "$word" = --real ]; then
        words+=(--real "${CANDLEWICK_DATA:?names the folder of real market data that --real needs}")
    else
        words+=("$word")
    fi
done
need_rust
if [ -z "${BENCH_BINARY:-}" ]; then
    cargo build --release --locked
    BENCH_BINARY=$CARGO_TARGET_DIR/release/candlewick
fi
commit=$(program_commit)
exec "$(need_python)" scripts/bench_nets.py "$BENCH_BINARY" "$cache_folder/bench_nets/$commit.jsonl" \
    "$commit" "${words[@]}"
