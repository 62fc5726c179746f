#!/usr/bin/env bash
# Trains the first steps of a config on cpu, wgpu and cuda, and compares losses and speed.
#
#   scripts/gpu_check.sh [FOLDER]
#
# FOLDER (default: the current one) holds candlewick.xz, which `scripts/build_cuda_offline.sh --pack
# FOLDER/candlewick.xz` made on another machine, and may hold configs, FOLDER/*.yaml; without one,
# quickstart.yaml is taken. Every config must train on the store of `candlewick ingest simulate`. Nothing
# is built or fetched here. Results go to $OUT (default FOLDER/results): doctor.txt, losses.tsv (config,
# device, step, loss), summary.tsv and log.txt.
# DEVICES ("cpu wgpu cuda") and SECONDS_EACH (120) may be set; a run that has more to do is stopped.
# The exit code is 1 where a device fails or a loss of the first 20 steps is further than 1e-3 from cpu's.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(realpath "${1:-.}")
out=$(realpath -m "${OUT:-$folder/results}")
first=20
tolerance=1e-3
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

xz -dc "$folder/candlewick.xz" > candlewick
chmod +x candlewick
shopt -s nullglob
configs=("$folder"/*.yaml)
[ ${#configs[@]} -gt 0 ] || configs=("$here/model_configs/quickstart.yaml")

{
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv 2>&1 || true
    ./candlewick doctor
} | tee "$out/doctor.txt"
./candlewick ingest simulate --store store --quiet
: > "$out/losses.tsv"
: > "$out/log.txt"
printf 'config\tdevice\tverdict\texit\tseconds\tsteps\tsteps_per_second\tgreatest_difference_from_cpu\n' > "$out/summary.tsv"

# steps_of RUN: a line a step of the first fold, step, loss and time in ms.
steps_of() {
    sed -n 's|.*"time":\([0-9]*\).*"key":"train/fold_0/loss","value":\([^,]*\),"step":\([0-9]*\).*|\3 \2 \1|p' \
        "$1/journal.jsonl" 2>/dev/null || true
}

# speed FILE: steps a second after the first steps, which compile kernels.
speed() {
    awk -v from="$first" 'NR == from { step = $1; time = $3 } { last = $1; end = $3 }
        END { if (time && end > time) printf "%.2f", (last - step) * 1000 / (end - time); else print "-" }' "$1"
}

# difference FILE FILE: the greatest relative difference between the losses of the first steps.
difference() {
    paste -d ' ' <(head -n "$first" "$1") <(head -n "$first" "$2") | awk '
        $1 != $4 || $2 + 0 != $2 || $5 + 0 != $5 || $2 == 0 { wrong = 1; next }
        { share = ($5 - $2) / $2; share = share < 0 ? -share : share; if (share > most) most = share }
        END { print wrong ? "no_number" : most + 0 }'
}

failed=0
for config in "${configs[@]}"; do
    name=$(basename "$config" .yaml)
    for device in ${DEVICES:-cpu wgpu cuda}; do
        printf '\n== %s on %s\n' "$name" "$device" | tee -a "$out/log.txt"
        run=$work/$name-$device
        code=0
        begun=$(date +%s)
        # Stopped by SIGTERM, a run finishes its step, writes a checkpoint and exits with 75.
        timeout --preserve-status --signal=TERM --kill-after=30 "${SECONDS_EACH:-120}" \
            ./candlewick train --config "$config" --store store --run-dir "$run" --device "$device" \
            --set net.dropout=0 --set training.log_every_steps=1 > "$run.log" 2>&1 || code=$?
        cat "$run.log" >> "$out/log.txt"
        seconds=$(($(date +%s) - begun))
        steps_of "$run" > "$run.steps"
        made=$(wc -l < "$run.steps")
        head -n "$first" "$run.steps" |
            awk -v c="$name" -v d="$device" '{ print c "\t" d "\t" $1 "\t" $2 }' >> "$out/losses.tsv"

        verdict=ok
        apart=-
        if { [ "$code" != 0 ] && [ "$code" != 75 ]; } || [ "$made" -lt "$first" ]; then
            verdict=failed
        elif [ "$device" != cpu ] && [ -s "$work/$name-cpu.steps" ]; then
            apart=$(difference "$work/$name-cpu.steps" "$run.steps")
            awk -v a="$apart" -v t="$tolerance" 'BEGIN { exit !(a + 0 == a && a <= t) }' || verdict=differs
        fi
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$device" "$verdict" "$code" "$seconds" "$made" \
            "$(speed "$run.steps")" "$apart" >> "$out/summary.tsv"
        if [ "$verdict" != ok ]; then
            tail -n 20 "$run.log"
            failed=1
        fi
    done
done
cat "$out/summary.tsv"
exit "$failed"
