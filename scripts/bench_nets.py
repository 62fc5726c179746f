"""The measurements of scripts/bench_nets.sh; the standard library alone."""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

# Small sizes: the planted signal is in the last few candles.
NETS = {
    "lstm": "{ kind: lstm, hidden: 24, dropout: 0.1 }",
    "gru": "{ kind: gru, hidden: 24, dropout: 0.1 }",
    "tcn": "{ kind: tcn, channels: 16, layers: 2, kernel: 3, dropout: 0.1 }",
    "cnn": "{ kind: cnn, channels: 16, layers: 2, kernel: 3, dropout: 0.1 }",
    "cnn_lstm": "{ kind: cnn_lstm, channels: 16, hidden: 24, layers: 1, dropout: 0.1 }",
    "patch_tst": "{ kind: patch_tst, patch: 2, stride: 1 }",
    "tsmixer": "{ kind: tsmixer }",
    "inception_time": "{ kind: inception_time, depth: 3, filters: 8 }",
    "image_cnn": "{ kind: image_cnn, channels: 8, stages: 2, dropout: 0.1 }",
    "fusion": "{ kind: fusion, hidden: 24, context_windows: [6], dropout: 0.1 }",
}
CONFIG = """
name: bench-nets
data: {{ venue: simulated, symbols: [{symbol}], interval: 15m, context: [{context}] }}
features:
  include: [log_return_1, close_volatility_24, range_1, relative_volume_24, taker_imbalance_1]
  {in_context}
labels: {{ horizon: 1, direction: {{ rule: fixed, threshold: 0.001 }} }}
folds: {{ scheme: walk_forward, min_train: {train}, valid: 10d, test: {test}, max_folds: 1 }}
window: 6
net: {net}
training:
  batch_size: 128
  epochs: {epochs}
  learning_rate: 0.004
  warmup_steps: 20
  early_stopping: {{ monitor: valid_log_loss, patience: 3 }}
scores: {{ resamples: 100 }}
"""


class OutOfTime(Exception):
    pass


def run(binary, deadline, folder, *words):
    left = deadline - time.monotonic()
    if left <= 0:
        raise OutOfTime
    try:
        done = subprocess.run(
            [binary, *words], cwd=folder, capture_output=True, text=True, timeout=left, check=False
        )
    except subprocess.TimeoutExpired:
        raise OutOfTime from None
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def score(binary, deadline, name, net, symbol, seed, epochs, train, test, ingest):
    """The net's own accuracy and MCC over the test rows, seconds, and what ingest told."""
    context = "1h" if name == "fusion" else ""
    in_context = "context: [log_return_1, close_volatility_24]" if context else ""
    with tempfile.TemporaryDirectory() as folder:
        told = run(binary, deadline, folder, "ingest", "simulate", "--store", "store", "--json", *ingest)
        text = CONFIG.format(symbol=symbol, context=context, in_context=in_context, net=net,
                             epochs=epochs, train=train, test=test)
        Path(folder, "config.yaml").write_text(text)
        began = time.monotonic()
        run(binary, deadline, folder, "train", "--config", "config.yaml", "--seed", str(seed),
            "--device", "cpu", "--run-dir", "run", "--quiet")
        seconds = time.monotonic() - began
        card = json.loads(Path(folder, "run", "metrics.json").read_text())
    own = {s["name"]: s["value"] for s in card["scores"] if not s["baseline"] and s["fold"] == "all"}
    return own, seconds, json.loads(told.splitlines()[-1])


def planted(binary, deadline, name, net):
    own, seconds, told = score(binary, deadline, name, net, "SIMBTC", 1, 10, "90d", "100d", [])
    best = told["best_reachable"]
    prior = best["prior_accuracy"]
    share = (own["accuracy"] - prior) / (best["accuracy"] - prior)
    return {"edge": share, "accuracy": own["accuracy"], "seconds": seconds}


def noise(binary, deadline, name, net, seed):
    ingest = ["--no-signal", "--candles", "5000", "--seed", str(seed)]
    own, _, _ = score(binary, deadline, name, net, "NOISE", seed, 2, "25d", "15d", ingest)
    # A net that always says one class has no correlation with anything.
    return own["mcc"] or 0.0


def line(name, found):
    edge = found.get("planted")
    text = f"{name:20}"
    text += f" edge {edge['edge']:6.3f} in {edge['seconds']:5.1f} s" if edge else " edge    out of time"
    values = list(found.get("noise", {}).values())
    if len(values) < 2:
        return text + "   noise out of time"
    error = statistics.stdev(values) / len(values) ** 0.5
    return text + f"   noise: mean MCC {statistics.fmean(values):+.4f} ± {error:.4f} ({len(values)} seeds)"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("results", type=Path)
    parser.add_argument("--nets")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    binary = str(Path(asked.binary).resolve())
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(asked.results.read_text()) if asked.results.exists() else {}
    kinds = subprocess.run([binary, "nets", "list"], capture_output=True, text=True, check=True)
    for name in asked.nets.split(",") if asked.nets else kinds.stdout.split():
        if name not in NETS:
            print(f"{name:20} not measured: it reads an order book, and none is planted")
            continue
        found = kept.setdefault(name, {})
        deadline = time.monotonic() + (0 if asked.table else asked.seconds)
        try:
            if "planted" not in found:
                found["planted"] = planted(binary, deadline, name, NETS[name])
            for seed in range(1, asked.seeds + 1):
                values = found.setdefault("noise", {})
                if str(seed) not in values:
                    values[str(seed)] = noise(binary, deadline, name, NETS[name], seed)
                asked.results.write_text(json.dumps(kept))
        except OutOfTime:
            pass
        asked.results.write_text(json.dumps(kept))
        print(line(name, found), flush=True)


main()
