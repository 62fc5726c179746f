# Builds the program and the tests, whose binary holds the local exchange; sets `binary` and `tests`.
# Sourced after needs.sh, not run. CANDLEWICK_BINARY and CANDLEWICK_TEST_BINARY name ones that are built.

binary=${CANDLEWICK_BINARY:-}
tests=${CANDLEWICK_TEST_BINARY:-}
if [ -z "$binary" ]; then
    cargo build --release --locked --quiet
    binary=$CARGO_TARGET_DIR/release/candlewick
fi
if [ -z "$tests" ]; then
    tests=$(cargo test --release --locked --test integration --no-run 2>&1 |
        sed -n 's/.*Executable .*(\(.*\))$/\1/p')
fi
if [ ! -x "$binary" ] || [ ! -x "$tests" ]; then
    say "no program at '$binary' or no tests at '$tests'"
    exit 1
fi
