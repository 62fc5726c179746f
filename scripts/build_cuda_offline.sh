#!/usr/bin/env bash
# Builds candlewick with CUDA where LLVM cannot be downloaded, and packs it for another machine.
#
#   scripts/build_cuda_offline.sh [--pack FILE.xz] [CARGO OPTION...]
#
# With internet, use `cargo build --release --features cuda`: its kernels are compiled by an LLVM that
# the build downloads, and running it needs the NVIDIA driver alone. This build leaves LLVM out
# (third_party/cubecl-llvm-stub stands in its place) and compiles its kernels with NVRTC: running it
# needs libnvrtc and the CUDA headers too, and the program says so where they are missing. Building
# needs neither a GPU nor CUDA. Crates come from where cargo finds them; add --offline where nothing
# can be fetched.
#
# CUDARC_CUDA_VERSION, 13000 unless set, says which CUDA the driver calls are written for: 13000 runs on
# drivers from 570 (CUDA 12.8) on and takes NVRTC 12 or 13; 12060 runs on older drivers, with NVRTC 12.
set -euo pipefail
cd "$(dirname "$0")/.."

packed=
if [ "${1:-}" = --pack ]; then
    packed=${2:?--pack needs a file name}
    shift 2
    mkdir -p "$(dirname "$packed")"
    packed=$(realpath "$packed")
fi
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/candlewick/target-cuda}")
export CARGO_TARGET_DIR CUDARC_CUDA_VERSION="${CUDARC_CUDA_VERSION:-13000}"

# A replacement of another version than the locked one would be left unused with a mere warning.
stub=third_party/cubecl-llvm-stub
locked=$(grep -A 1 '^name = "cubecl-llvm"$' Cargo.lock | sed -n 's/^version = //p')
offered=$(sed -n 's/^version = //p' "$stub/Cargo.toml")
if [ "$locked" != "$offered" ]; then
    printf '%s\n' "Cargo.lock has cubecl-llvm $locked, $stub is $offered: bring the stub to that version" >&2
    exit 1
fi

# Replacing a crate rewrites Cargo.lock: a copy's, so that the checkout stays as it is.
copy=$CARGO_TARGET_DIR/offline
rm -rf "$copy"
mkdir -p "$copy"
for entry in *; do
    ln -s "$PWD/$entry" "$copy/$entry"
done
rm "$copy/Cargo.lock"
cp Cargo.lock "$copy/Cargo.lock"

cargo build --release --features cuda-nvrtc --bin candlewick --manifest-path "$copy/Cargo.toml" \
    --config "patch.crates-io.cubecl-llvm.path='$PWD/$stub'" "$@"

binary=$CARGO_TARGET_DIR/release/candlewick
printf '%s\n' "$binary ($(stat -c %s "$binary") bytes)"
if [ -n "$packed" ]; then
    stripped=$(mktemp)
    trap 'rm -f "$stripped"' EXIT
    strip --strip-debug -o "$stripped" "$binary"
    xz -T0 -6 -c "$stripped" > "$packed"
    printf '%s\n' "$packed ($(stat -c %s "$packed") bytes)"
fi
