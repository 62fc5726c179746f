#!/usr/bin/env bash
# Makes the pinned MLflow server environment that the tracking tests talk to, unless it is there,
# and prints the path of its python. Log goes to stderr.
set -euo pipefail

version=3.17.2
home="${XDG_CACHE_HOME:-$HOME/.cache}/candlewick/venv-mlflow-$version"
python="$home/bin/python"
# Written last, so that an interrupted installation is started again.
complete="$home/complete"

if [ -e "$complete" ] && [ -x "$python" ]; then
    echo "$python"
    exit 0
fi

mkdir -p "$(dirname "$home")"
if command -v flock >/dev/null; then
    exec 9>"$home.lock"
    flock 9
fi

if [ ! -e "$complete" ]; then
    echo "making the MLflow $version environment in $home" >&2
    rm -rf "$home"
    python3 -m venv "$home" >&2
    # The server alone: mlflow's full dependencies are twice as large and bring nothing it needs.
    # pip names the left-out dependencies as conflicts, so its words are shown on failure only.
    log="$home/pip.log"
    pip() {
        "$python" -m pip install --quiet --disable-pip-version-check "$@" >"$log" 2>&1 ||
            { cat "$log" >&2; return 1; }
    }
    pip --no-deps "mlflow==$version"
    pip "mlflow-skinny==$version" "mlflow-tracing==$version" "Flask<4" "Flask-CORS<7" \
        "sqlalchemy<3" alembic "graphene<4" "huey<4" aiohttp cryptography numpy pandas
    "$python" -c "import mlflow.server; assert mlflow.__version__ == '$version'" >&2
    touch "$complete"
fi
echo "$python"
