#!/usr/bin/env bash
# Every net on a GPU: fifty steps on each device beside the CPU's, then step times beside PyTorch's.
#
#   scripts/gpu_check.sh [FOLDER]
#
# FOLDER (default: the current one) holds candlewick.xz, which `scripts/build_cuda_offline.sh --pack
# FOLDER/candlewick.xz` made on another machine, and may hold configs, FOLDER/*.yaml, which train on the
# store of `candlewick ingest simulate` and are compared too. Nothing is built or fetched here.
#
# Losses: a small size of every net, without dropout, the same weights and batches on every device. The
# first 20 losses have to be within 1e-3 of the CPU's. The rounding of 20 steps is about 1e-5 in float32
# and 1e-3 leaves room for products in TF32 and other orders of addition; a wrong kernel is off by far
# more. Steps 21 to 50 are held to 5e-2: they show a training that runs away, no more, since differences
# grow from step to step. A stream of steps ends with its fiftieth.
# Times: every net at its default size without dropout on windows of 100 rows of 40 columns in batches
# of 256, the median step on each device but the CPU, and the PyTorch reference of tests/reference/nets
# beside it, where PYTHON (default: python3) has PyTorch; eager, with PyTorch's defaults.
#
# It ends within SECONDS_ALL (470): the losses have three fifths of it, then the times of candlewick have
# until nine tenths, PyTorch the rest. JOBS trainings (a quarter of the cores) run at once, no two of the
# times. What there was no time for says so. Results go to $OUT (default FOLDER/results): doctor.txt,
# losses/ (one file a net and device), losses.tsv, times.tsv, summary.txt and log.txt. A second call with
# the same candlewick.xz and $OUT, or with BEFORE=another $OUT, goes on with what is not there yet.
# DEVICES ("cpu wgpu cuda"), NETS (all), SECONDS_EACH (90, one training) and BATCH may be set.
# The exit code is 1 where a device fails or differs, else 3 where the time did not suffice, else 0.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/scripts/gpu_check_compare.sh"
began=$(date +%s)
folder=$(realpath "${1:-.}")
out=$(realpath -m "${OUT:-$folder/results}")
steps=50 first=20 tolerance=1e-3 later_tolerance=5e-2
total=${SECONDS_ALL:-470}
devices=${DEVICES:-cpu wgpu cuda}
jobs=${JOBS:-$((($(nproc) + 3) / 4))}
batch=${BATCH:-256}
mkdir -p "$out/losses"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# left SHARE_IN_TENTHS: seconds until that share of the time is over.
left() { echo $((began + total * $1 / 10 - $(date +%s))); }

# in_time SHARE_IN_TENTHS COMMAND...: ends the command when that share of the time is over.
in_time() {
    local limit
    limit=$(left "$1")
    shift
    [ "$limit" -ge 1 ] || return 124
    timeout --signal=KILL "$limit" "$@"
}

digest=$(sha256sum "$folder/candlewick.xz" | cut -d' ' -f1)
if [ -n "${BEFORE:-}" ]; then cp -rn "$BEFORE"/. "$out"/; fi
if [ -e "$out/candlewick.sha256" ] && [ "$(cat "$out/candlewick.sha256")" != "$digest" ]; then
    echo "the results in $out are of another candlewick.xz: all is measured anew"
    rm -rf "$out"/losses/* "$out/times.tsv"
fi
echo "$digest" > "$out/candlewick.sha256"
touch "$out/times.tsv"
cd "$work"
xz -dc "$folder/candlewick.xz" > candlewick
chmod +x candlewick
{
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv 2>&1 || true
    ./candlewick doctor
} | tee "$out/doctor.txt"
./candlewick ingest simulate --store candles --candles 4000 --quiet
books=yes
./candlewick ingest simulate --books --store books --candles 4000 --quiet 2> books.log || books=no
nets=${NETS:-$(./candlewick nets list)}

# kind_of NET: what it reads.
kind_of() {
    case $1 in
        deep_lob | deep_lob_attention | axial_lob | c_tabl | bin_ctabl | mlp_lob | tlob) echo book ;;
        two_branch) echo both ;;
        fusion) echo clocks ;;
        *) echo candles ;;
    esac
}

# small NET: knobs that make it small.
small() {
    case $1 in
        lstm | gru) echo "hidden: 24" ;;
        tcn | cnn) echo "channels: 16, layers: 2" ;;
        cnn_lstm) echo "channels: 16, hidden: 16" ;;
        inception_time) echo "filters: 8, depth: 3" ;;
        fusion) echo "hidden: 16, context_windows: [6]" ;;
        deep_lob) echo "channels: 8, inception: 8, hidden: 16" ;;
        deep_lob_attention) echo "channels: 8, inception: 8, hidden: 16, steps: 2" ;;
        axial_lob) echo "channels: 8, heads: 2, final_channels: 4" ;;
        mlp_lob | tlob) echo "hidden: 16, layers: 2" ;;
        image_cnn) echo "channels: 8, stages: 2" ;;
        two_branch) echo "hidden: 16, book_hidden: 8, channels: 8" ;;
        *) echo "" ;;
    esac
}

# without_dropout NET: `dropout: 0` where it has such a knob. What describes the net is kept.
without_dropout() {
    in_time 10 ./candlewick nets describe "$1" --input "$(shape "$1")" --steps 0 --device cpu --json > "$1.json"
    if grep -q '"dropout"' "$1.json"; then echo "dropout: 0"; fi
}

# shape NET: a realistic window.
shape() {
    case $(kind_of "$1") in
        both) echo 48x20,100x40 ;;
        clocks) echo 100x40,24x8 ;;
        *) echo 100x40 ;;
    esac
}

# config NET KNOBS: the whole text of a config; a fold of a good 50 steps.
config() {
    local data="symbols: [SIMBTC], interval: 15m" span="min_train: 34d, valid: 2d, test: 2d"
    local features="include: [log_return_1, range_1, relative_volume_24, taker_imbalance_1, close_volatility_24]"
    case $(kind_of "$1") in
        book | both)
            data="symbols: [SIMBOOK], interval: 1s" span="min_train: 3300s, valid: 200s, test: 200s"
            features="include: [log_return_1, range_1], book_levels: 10" ;;
        clocks)
            data="$data, context: [1h]"
            features="$features, context: [log_return_1, close_volatility_24]" ;;
    esac
    cat <<TEXT
name: gpu-check
data: { venue: simulated, $data }
features: { $features }
labels: { horizon: 1, direction: { rule: quantile, lower: 0.3333, upper: 0.6667 } }
folds: { scheme: walk_forward, $span, max_folds: 1 }
window: 24
net: { kind: $1${2:+, $2} }
training:
  batch_size: 32
  epochs: 4
  learning_rate: 0.001
  warmup_steps: 10
  log_every_steps: 1
scores: { resamples: 100 }
TEXT
}

# train NAME STORE DEVICE: fifty steps of NAME.yaml into $out/losses/NAME-DEVICE.tsv; the verdict of the
# training alone into NAME-DEVICE.verdict.
train() {
    local name=$1 store=$2 device=$3 run=$work/$1-$3 code=0 begun now limit
    [ -e "$out/losses/$name-$device.tsv" ] && { echo kept > "$run.verdict"; return; }
    limit=$(left 6)
    [ "$limit" -gt "${SECONDS_EACH:-90}" ] && limit=${SECONDS_EACH:-90}
    [ "$limit" -ge 5 ] || { echo no_time > "$run.verdict"; return; }
    begun=$(date +%s)
    ./candlewick train --config "$name.yaml" --store "$store" --run-dir "$run" --device "$device" \
        > "$run.log" 2>&1 &
    local id=$!
    while kill -0 "$id" 2>/dev/null; do
        [ "$(steps_of "$run/journal.jsonl" | wc -l)" -ge "$steps" ] && break
        now=$(date +%s)
        [ $((now - begun)) -lt "$limit" ] || break
        sleep 0.2
    done
    # A run that is asked to stop finishes its step; what is on the way for longer is ended.
    kill -TERM "$id" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 "$id" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$id" 2>/dev/null || true
    wait "$id" 2>/dev/null || code=$?
    steps_of "$run/journal.jsonl" | head -n "$steps" > "$run.steps"
    if [ "$(wc -l < "$run.steps")" -ge "$steps" ]; then
        cp "$run.steps" "$out/losses/$name-$device.tsv"
        echo trained > "$run.verdict"
    elif [ $(($(date +%s) - begun)) -ge "$limit" ]; then
        echo no_time > "$run.verdict"
    else
        echo "failed ($code)" > "$run.verdict"
    fi
    { printf '\n== %s on %s: exit %s\n' "$name" "$device" "$code"; cat "$run.log"; } > "$run.told"
    rm -rf "$run"
}

# The losses: every training of the CPU first, then the devices of one net after another.
plan=()
for net in $nets; do
    knobs=$(small "$net") rest=$(without_dropout "$net")
    config "$net" "$knobs${knobs:+${rest:+, }}$rest" > "$net.yaml"
    config "$net" "$rest" > "$net.default"
    case $(kind_of "$net") in
        book | both) [ $books = yes ] || continue; plan+=("$net books") ;;
        *) plan+=("$net candles") ;;
    esac
done
shopt -s nullglob
for own in "$folder"/*.yaml; do
    name=$(basename "$own" .yaml)
    cp "$own" "$name.yaml"
    plan+=("$name candles")
done
shopt -u nullglob
begin() {
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
    train "$@" &
}
for device in $devices; do
    [ "$device" = cpu ] || continue
    for item in "${plan[@]}"; do
        read -r name store <<< "$item"
        begin "$name" "$store" cpu
    done
done
for item in "${plan[@]}"; do
    read -r name store <<< "$item"
    for device in $devices; do
        [ "$device" = cpu ] || begin "$name" "$store" "$device"
    done
done
wait
cat ./*.told > "$out/log.txt" 2>/dev/null || true

# The times: net, device, ms a step.
timed() { grep -q "^$1	$2	" "$out/times.tsv"; }
for net in $nets; do
    for device in $devices; do
        [ "$device" != cpu ] && ! timed "$net" "$device" && [ "$(left 9)" -ge 5 ] || continue
        limit=$(left 9)
        [ "$limit" -gt 40 ] && limit=40
        timeout --signal=KILL "$limit" ./candlewick nets describe --config "$net.default" \
            --input "$(shape "$net")" --batch "$batch" --steps 20 --device "$device" --json 2>> "$out/log.txt" |
            sed -n "s/.*\"step_seconds\":\([0-9.e-]*\).*/\1/p" |
            awk -v n="$net" -v d="$device" '{ printf "%s\t%s\t%.3f\n", n, d, $1 * 1000 }' >> "$out/times.tsv" ||
            true
    done
done
python=${PYTHON:-python3}
for net in $nets; do
    timed "$net" torch || printf '%s\t%s\n' "$(shape "$net")" "$(cat "$net.json")"
done > torch.txt
in_time 10 "$python" "$here/tests/reference/nets_timing.py" --batch "$batch" --told torch.told < torch.txt \
    >> "$out/times.tsv" 2>> "$out/log.txt" || true
torch=$(cat torch.told 2>/dev/null || echo "not installed for $python, or there was no time for it")

# The summary.
failed=0 short=0
printf 'net\tdevice\tverdict\tfirst_%s_steps\tlater_steps\n' "$first" > "$out/losses.tsv"
judge() {
    local name=$1 device=$2 verdict apart=- later=-
    verdict=$(cat "$work/$name-$device.verdict" 2>/dev/null || echo no_time)
    case $verdict in
        kept | trained)
            verdict=ok
            if [ "$device" != cpu ]; then
                if [ -e "$out/losses/$name-cpu.tsv" ]; then
                    set -- "$out/losses/$name-cpu.tsv" "$out/losses/$name-$device.tsv"
                    apart=$(difference "$@" 1 $first)
                    later=$(difference "$@" $((first + 1)) $steps)
                    within "$apart" $tolerance && within "$later" $later_tolerance || verdict=differs
                else
                    verdict=no_cpu
                fi
            fi ;;
    esac
    case $verdict in
        ok) ;;
        no_time | no_cpu) short=1 ;;
        *) failed=1 ;;
    esac
    printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$device" "$verdict" "$apart" "$later" >> "$out/losses.tsv"
}
for item in "${plan[@]}"; do
    read -r name store <<< "$item"
    for device in $devices; do judge "$name" "$device"; done
done
for net in $nets; do
    for device in $devices; do
        [ "$device" = cpu ] || timed "$net" "$device" || short=1
    done
done
{
    echo "Losses beside the CPU's: greatest relative difference of steps 1 to $first (bound $tolerance) and of the"
    echo "steps to $steps (bound $later_tolerance)"
    awk -F '\t' '{ printf "%-20s %-6s %-12s %-14s %s\n", $1, $2, $3, $4, $5 }' "$out/losses.tsv"
    [ $books = yes ] || echo "Nets that read a book were not trained: this candlewick simulates none ($(tail -n 1 books.log))"
    echo
    echo "Step times in ms: default size, batch $batch, 100 rows of 40 columns; PyTorch: $torch"
    awk -F '\t' -v nets="$(echo $nets)" -v devices="$devices torch" '
        { ms[$1, $2] = $3 }
        END {
            count = split(nets, net, " "); columns = split(devices, device, " ")
            printf "%-20s", "net"
            for (d = 1; d <= columns; d++) if (device[d] != "cpu") printf " %10s", device[d]
            print ""
            for (n = 1; n <= count; n++) {
                printf "%-20s", net[n]
                for (d = 1; d <= columns; d++) if (device[d] != "cpu")
                    printf " %10s", (net[n], device[d]) in ms ? ms[net[n], device[d]] : "-"
                print ""
            }
        }' "$out/times.tsv"
    echo "$(($(date +%s) - began)) s of $total"
} | tee "$out/summary.txt"
if [ $books = no ]; then short=1; fi
if [ $failed = 1 ]; then
    echo "a device fails or differs: $out/log.txt"
    exit 1
fi
[ $short = 0 ] || { echo "not everything was measured"; exit 3; }
