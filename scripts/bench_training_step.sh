#!/usr/bin/env bash
# Training step beside PyTorch on this CPU, 2 threads both: forward, backward, Adam, in f32.
#
#   scripts/bench_training_step.sh [ROUNDS] [STEPS]
#
# LSTM: batch 256, window 64, 64 features, hidden 128, 2 layers. CNN: the same input, 4 residual
# blocks of 2 causal convolutions, 64 channels, kernel 3. The two sides take turns (ROUNDS times
# STEPS steps each), since other load on the machine comes and goes; medians are compared.
# The last column is our samples a second over PyTorch's: above 1x is faster than PyTorch.
#
# PyTorch is installed from PyPI into BENCH_VENV (default: the user's cache folder; several GB, once).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

rounds=${1:-5}
steps=${2:-10}
venv=${BENCH_VENV:-$cache_folder/venv-torch}
export RAYON_NUM_THREADS=2 THREADS=2

if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
    echo "installing PyTorch into $venv" >&2
    "$(need_python)" -m venv "$venv"
    "$venv/bin/pip" install --quiet torch numpy
fi

binary=$(cargo build --release --locked --bench training_step --message-format=json |
    python3 -c 'import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == "training_step":
        print(message["executable"])')

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
torch=$("$venv/bin/python" -c 'import torch; print(torch.__version__)')
echo "cpu: ${cpu:-unknown}; 2 threads; PyTorch $torch; medians of $rounds rounds of $steps steps" >&2

for net in lstm cnn; do
    for _ in $(seq "$rounds"); do
        "$binary" "$net" "$steps" >>"$results/$net.ours"
        "$venv/bin/python" scripts/bench_training_step.py "$net" "$steps" >>"$results/$net.torch"
    done
    python3 - "$net" "$results/$net.ours" "$results/$net.torch" <<'PYTHON'
import statistics
import sys

net, *files = sys.argv[1:]
ours, torch = (statistics.median(map(float, open(file))) for file in files)
print(f"{net}: candlewick {ours:.0f} samples/s, PyTorch {torch:.0f} samples/s, {ours / torch:.2f}x")
PYTHON
done
