#!/usr/bin/env bash
# Training in bf16 beside f32 on the planted market: loss curves over seeds, and a long run without a NaN.
#
#   scripts/bench_bf16.sh [--nets lstm,cnn] [--seeds 5] [--epochs 10] [--steps 10000] [--device cpu]
#
# Each seed is trained twice, from the same weights over the same samples in the same order. Noise is what
# another seed does to a loss: the script ends with 1 unless in every epoch the mean over seeds of the paired
# differences of the validation losses is within two standard errors of 0 or below a quarter of the deviation
# over seeds. Then each net makes --steps steps in bf16 (0 leaves it out), in which any loss or gradient that
# is no finite number ends the training. Results are kept by commit in the user's cache folder, so that a
# second call goes on where the first ended.
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
exec "$(need_python)" scripts/bench_bf16.py "$BENCH_BINARY" "$cache_folder/bench_bf16/$commit.json" "$@"
