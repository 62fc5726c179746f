#!/usr/bin/env bash
# Whether the comparison of gpu_check.sh finds what differs, on losses made here.
set -euo pipefail
cd "$(dirname "$0")"
. ./gpu_check_compare.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for step in $(seq 50); do
    printf '{"time":%s,"event":"metric","key":"train/fold_0/loss","value":%s,"step":%s}\n' \
        $((1000 + step)) "$(awk -v s="$step" 'BEGIN { print 2 - s / 100 }')" "$step"
done > "$work/journal.jsonl"
steps_of "$work/journal.jsonl" > "$work/cpu"
[ "$(wc -l < "$work/cpu")" = 50 ] || { echo "steps are lost on the way from the journal"; exit 1; }

# expect VERDICT FILE: whether the first 20 steps are within 1e-3.
expect() {
    verdict=differs
    within "$(difference "$work/cpu" "$2" 1 20)" 1e-3 && verdict=ok
    [ "$verdict" = "$1" ] || { echo "$(basename "$2"): $verdict, not $1"; exit 1; }
}
change() { awk -v to="$2" 'NR == 13 { $2 = to == "" ? $2 * 1.002 : to } { print }' "$work/cpu" > "$work/$1"; }
cp "$work/cpu" "$work/same"
awk '{ $2 *= 1.0005; print }' "$work/cpu" > "$work/close"
change apart ""
change nan NaN
change infinite inf
change nothing '""'
sed 13d "$work/cpu" > "$work/step_missing"
head -n 15 "$work/cpu" > "$work/ended_early"
: > "$work/empty"
for file in same close; do expect ok "$work/$file"; done
for file in apart nan infinite nothing step_missing ended_early empty; do expect differs "$work/$file"; done
awk 'NR == 40 { $2 *= 1.002 } { print }' "$work/cpu" > "$work/apart_later"
expect ok "$work/apart_later"
if within "$(difference "$work/cpu" "$work/apart_later" 21 50)" 1e-3; then
    echo "a later step that differs is not found"
    exit 1
fi
echo "the comparison of gpu_check.sh finds what differs"
