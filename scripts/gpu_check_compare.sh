# Functions of gpu_check.sh over the losses of runs; sourced, and tested by `gpu_check_compare_test.sh`.
# A file of losses has a line a step: step, loss and time in ms.

# steps_of JOURNAL: such lines from the journal of a run, of its first fold.
steps_of() {
    sed -n 's|.*"time":\([0-9]*\).*"key":"train/fold_0/loss","value":\([^,]*\),"step":\([0-9]*\).*|\3 \2 \1|p' \
        "$1" 2>/dev/null || true
}

# difference EXPECTED FOUND FROM TO: the greatest relative difference between the losses of steps FROM to
# TO; `no_number` where a step is missing in one of them, is another step or has no finite loss.
difference() {
    paste -d ' ' <(sed -n "$3,$4p" "$1") <(sed -n "$3,$4p" "$2") | awk -v steps=$(($4 - $3 + 1)) '
        function number(x) { return x ~ /^-?[0-9.]+([eE][-+]?[0-9]+)?$/ }
        NF != 6 || $1 != $4 || !number($2) || !number($5) || $2 == 0 { wrong = 1; next }
        { share = ($5 - $2) / $2; share = share < 0 ? -share : share; if (share > most) most = share }
        END { print wrong || NR != steps ? "no_number" : most + 0 }'
}

# within SHARE BOUND: whether SHARE is a number of at most BOUND.
within() {
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 == a && a <= b + 0) }'
}
