#!/usr/bin/env bash
# Every check of the project, after installing what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

need_packages build-essential pkg-config ca-certificates mesa-vulkan-drivers libvulkan1 chromium
need_rust
# Real parts for the tests: a Python that reads what we write, and a tracking server.
CANDLEWICK_PYTHON=$(need_venv files numpy==2.4.6 pandas==3.1.1 safetensors==0.8.0 pyarrow==26.0.1)
CANDLEWICK_MLFLOW_PYTHON=$(bash scripts/mlflow_venv.sh)
export CANDLEWICK_PYTHON CANDLEWICK_MLFLOW_PYTHON
export CANDLEWICK_REQUIRE_WGPU=1

say "rustfmt"
cargo fmt --check
say "tests"
cargo test --release --locked
say "a minute of live ingest"
bash scripts/soak.sh 60
say "the comparison of losses on a GPU"
bash scripts/gpu_check_compare_test.sh
say "two nets where the truth is known"
bash scripts/bench_nets.sh --nets lstm,bin_ctabl --seeds 5 --fresh
say "clippy"
cargo clippy --release --locked --all-targets -- -D warnings
say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --release --locked --no-deps --document-private-items
if command -v cargo-deny >/dev/null; then
    say "cargo deny"
    cargo deny check
else
    say "cargo deny is not installed: licences and advisories were not checked (cargo install cargo-deny --locked)"
fi
say "all checks passed"
