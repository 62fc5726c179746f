#!/usr/bin/env bash
# The published recipes (model_configs/fi2010_*.yaml) on files of the FI-2010 data set: accuracy, weighted and
# macro F1 of each net on the test days, persistence and the class prior beside them.
#
#   scripts/bench_fi2010.sh FOLDER [--nets a,b,…] [--horizon K,…] [--setup 1|2] [--seconds N]
#                           [--device NAME] [--set key=value …] [--table]
#
# FOLDER holds Train_Dst_NoAuction_ZScore_CF_1.txt and so on, in any folders; BenchmarkDatasets.zip unpacked is
# one. Without it: `candlewick ingest simulate --fi-2010 FOLDER` writes files of the same layout. DeepLOB's recipe reads
# DecPre files and the others ZScore files. A net has N seconds (default: no limit) for each horizon; what did
# not fit is said so. --table prints the rows of the table in docs/BENCHMARKS.md.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:?name the folder of the files; the first lines of this script say more}
folder=$(cd "$folder" && pwd)
shift
cd "$repository"
. scripts/needs.sh

if [ -z "${BENCH_BINARY:-}" ]; then
    need_rust
    cargo build --release --locked
    BENCH_BINARY=$CARGO_TARGET_DIR/release/candlewick
fi
exec "$(need_python)" scripts/bench_fi2010.py "$BENCH_BINARY" "$folder" "$@"
