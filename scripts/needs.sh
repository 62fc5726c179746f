# What the other scripts need on a fresh Debian or Ubuntu machine; sourced, not run.
# Nothing is installed that is there already.

cache_folder="${XDG_CACHE_HOME:-$HOME/.cache}/candlewick"
# Outside the checkout, so that a fresh clone reuses what was compiled before.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache_folder/target}"
mkdir -p "$cache_folder"

say() { printf '%s\n' "== $*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else say "cannot run '$*': not root and no sudo"; return 1
    fi
}

# need_packages PACKAGE...: Debian packages.
need_packages() {
    local missing=()
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return 0
    if ! command -v apt-get >/dev/null; then
        say "not a Debian or Ubuntu machine: please install what these packages bring: ${missing[*]}"
        return 0
    fi
    say "installing packages: ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# need_rust: cargo of at least the version that Cargo.toml names.
need_rust() {
    export PATH="$HOME/.cargo/bin:$PATH"
    local wanted
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    if command -v cargo >/dev/null; then
        local have
        have=$(cargo --version | cut -d' ' -f2)
        [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ] && return 0
        say "cargo $have is older than $wanted"
    fi
    if ! command -v rustup >/dev/null; then
        need_packages rustup 2>/dev/null || need_packages curl ca-certificates
        command -v rustup >/dev/null || curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain none
    fi
    say "installing Rust $wanted"
    rustup toolchain install "$wanted" --profile minimal --component clippy,rustfmt
    rustup default "$wanted"
}

# need_python: prints a python of at least 3.10 that can make virtual environments.
need_python() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            command -v "$python"
            return 0
        fi
    done
    need_packages python3 python3-venv
    command -v /usr/bin/python3
}

# need_venv NAME REQUIREMENT...: prints the python of a virtual environment with exactly these.
need_venv() {
    local name=$1 folder="$cache_folder/venv-$1"
    shift
    local wanted="$*"
    if [ "$(cat "$folder/.complete" 2>/dev/null)" != "$wanted" ]; then
        say "making the Python environment $name: $wanted"
        rm -rf "$folder"
        "$(need_python)" -m venv "$folder" >&2
        "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
        printf '%s' "$wanted" > "$folder/.complete"
    fi
    printf '%s\n' "$folder/bin/python"
}

# program_commit: prints the commit that last changed the program, marked where files differ from it.
program_commit() {
    local commit
    commit=$(git log -1 --format=%h -- src Cargo.toml Cargo.lock)
    [ -z "$(git status --porcelain -- src Cargo.toml Cargo.lock)" ] || commit=$commit-changed
    printf '%s\n' "$commit"
}
