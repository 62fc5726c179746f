#!/usr/bin/env bash
# Features of a one-minute year with four coarser intervals beside pandas with TA-Lib and beside
# polars: the same 65 columns of each interval, 2 threads each.
#
#   scripts/bench_features.sh [ROUNDS] [MILLIONS]
#
# Needs CANDLEWICK_DATA (bitfinex/BTCUSD-1m-2018.csv.gz). The sides take turns; seconds, CPU seconds
# and peak memory of each are printed, and the medians' ratios: above 1x we are faster. CPU seconds
# are what other load on the machine distorts least; one side that runs on one thread alone needs as
# many seconds as CPU seconds. The values of the sides are compared, and the script fails where they
# are not the same columns.
# Then: time a row from 1e5 to 1e7 simulated candles (MILLIONS, default 10), a build of 300 columns
# into a file with a budget of 1 GiB, and the live path.
#
# pandas, TA-Lib and polars are installed from PyPI into BENCH_VENV (default: the user's cache folder).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/needs.sh

rounds=${1:-3}
millions=${2:-10}
venv=${BENCH_VENV:-$cache_folder/venv-bench-features}
data=${CANDLEWICK_DATA:?names the folder of the real market data}
export RAYON_NUM_THREADS=2 POLARS_MAX_THREADS=2 OMP_NUM_THREADS=2

if ! "$venv/bin/python" -c 'import pandas, polars, talib' 2>/dev/null; then
    echo "installing pandas, polars and TA-Lib into $venv" >&2
    "$(need_python)" -m venv "$venv"
    "$venv/bin/pip" install --quiet numpy pandas pyarrow polars TA-Lib
fi
python=$venv/bin/python

binary=${BENCH_BINARY:-$(cargo build --release --locked --bench features --message-format=json |
    python3 -c 'import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == "features":
        print(message["executable"])')}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
names=$("$python" scripts/bench_features.py names)
"$python" scripts/bench_features.py candles "$data/bitfinex/BTCUSD-1m-2018.csv.gz" "$folder/year"

# A side's first run of a round is not counted: on a virtual machine memory that was free for some seconds
# is the host's again, and the first to touch it waits for that.
for _ in $(seq "$rounds"); do
    for _ in uncounted counted; do
        ours=$("$binary" year "$folder/year" "$names" "$folder/ours.csv")
    done
    printf '%s\n' "$ours" >>"$folder/ours"
    for side in pandas polars; do
        for _ in uncounted counted; do
            theirs=$("$python" scripts/bench_features.py "$side" "$folder/year" "$folder/$side.csv")
        done
        printf '%s\n' "$theirs" >>"$folder/$side"
    done
done
for side in pandas polars; do
    echo "candlewick beside $side:" >&2
    "$python" scripts/bench_features.py check "$folder/ours.csv" "$folder/$side.csv"
done
python3 - "$folder" <<'PYTHON'
import json
import statistics
import sys

sides = {}
for side in ("ours", "pandas", "polars"):
    runs = [json.loads(line) for line in open(f"{sys.argv[1]}/{side}")]
    sides[side] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
for side, run in sides.items():
    ours = sides["ours"]
    candles = run.get("candles", run["rows"])
    print(
        f"{side}: {run['seconds']:.2f} s ({run['seconds'] / ours['seconds']:.2f}x), "
        f"CPU {run['cpu']:.2f} s ({run['cpu'] / ours['cpu']:.2f}x), "
        f"{candles / run['seconds']:.0f} rows/s, {run['columns']:.0f} columns, "
        f"peak {run['peak_mib']:.0f} MiB"
    )
PYTHON

for rows in 100000 1000000 $((millions * 1000000)); do
    "$binary" flat "$rows" "$(cut -d, -f1-60 <<<"$names")"
done
"$binary" budget $((millions * 1000000)) "$folder/features.parquet" 1024 "$(cut -d, -f1-60 <<<"$names")"
"$binary" live "$names"
