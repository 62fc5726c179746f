#!/usr/bin/env bash
# Live ingest against the tests' local exchange at 20 times real time, with faults in play: memory must
# stay flat and the store sound.
#
#   scripts/soak.sh [SECONDS]      default 600
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh
. scripts/live_binaries.sh

"$(need_python)" scripts/soak.py "$binary" "$tests" "${1:-600}"
