"""The measurements of scripts/bench_bf16.sh; the standard library alone."""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Small sizes: the planted signal is in the last few candles.
NETS = {
    "lstm": "{ kind: lstm, hidden: 24, layers: 2, dropout: 0.1 }",
    "gru": "{ kind: gru, hidden: 24, dropout: 0.1 }",
    "tcn": "{ kind: tcn, channels: 16, layers: 2, kernel: 3, dropout: 0.1 }",
    "cnn": "{ kind: cnn, channels: 16, layers: 2, kernel: 3, dropout: 0.1 }",
    "patch_tst": "{ kind: patch_tst, patch: 2, stride: 1 }",
    "tsmixer": "{ kind: tsmixer }",
}
CONFIG = """
name: bench-bf16
data: {{ venue: simulated, symbols: [SIMBTC], interval: 15m }}
features:
  include: [log_return_1, close_volatility_24, range_1, relative_volume_24, taker_imbalance_1]
labels: {{ horizon: 1, direction: {{ rule: fixed, threshold: 0.001 }} }}
folds: {{ scheme: walk_forward, min_train: 90d, valid: 10d, test: 100d, max_folds: 1 }}
window: 6
net: {net}
training:
  batch_size: 128
  epochs: {epochs}
  learning_rate: 0.004
  warmup_steps: 20
  precision: {precision}
  early_stopping: {{ patience: null }}
scores: {{ resamples: 100 }}
"""


def train(asked, folder, net, precision, seed, epochs):
    """Validation losses of the fold by epoch, its steps, seconds, and names of non-finite metrics."""
    Path(folder, "config.yaml").write_text(
        CONFIG.format(net=NETS[net], precision=precision, epochs=epochs)
    )
    run = f"{net}_{precision}_{seed}_{epochs}"
    words = ["train", "--config", "config.yaml", "--seed", str(seed), "--device", asked.device,
             "--run-dir", run, "--quiet"]
    began = time.monotonic()
    done = subprocess.run([asked.binary, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    seconds = time.monotonic() - began
    with Path(folder, run, "journal.jsonl").open() as journal:
        events = [json.loads(line) for line in journal]
    metrics = [event for event in events if event["event"] == "metric"]
    training = [m for m in metrics if m["key"].startswith(("train/", "valid/"))]
    broken = sorted({m["key"] for m in training if not isinstance(m["value"], int | float)})
    curve = [m["value"] for m in metrics if m["key"] == "valid/fold_0/loss"]
    steps = max(m["step"] for m in metrics if m["key"] == "valid/fold_0/loss")
    return {"curve": curve, "steps": steps, "seconds": seconds, "not_finite": broken}


def compare(name, found, seeds):
    """Prints a line an epoch; whether every epoch is within noise."""
    good = True
    curves = {p: [found[f"{p} {seed}"]["curve"] for seed in seeds] for p in ("f32", "bf16")}
    for epoch, (full, half) in enumerate(zip(zip(*curves["f32"]), zip(*curves["bf16"])), 1):
        differences = [h - f for f, h in zip(full, half)]
        mean, spread = statistics.fmean(differences), statistics.stdev(full)
        error = statistics.stdev(differences) / math.sqrt(len(seeds))
        within = abs(mean) <= max(2 * error, spread / 4)
        good &= within
        print(
            f"{name:10} epoch {epoch:3}: f32 {statistics.fmean(full):.5f} ± {spread:.5f} over seeds, "
            f"bf16 - f32 {mean:+.6f} ± {error:.6f}{'' if within else '  NOT WITHIN NOISE'}"
        )
    seconds = {p: statistics.fmean(found[f"{p} {seed}"]["seconds"] for seed in seeds) for p in curves}
    print(f"{name:10} a run: f32 {seconds['f32']:.1f} s, bf16 {seconds['bf16']:.1f} s", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("results", type=Path)
    parser.add_argument("--nets", default="lstm,cnn")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    asked.binary = str(Path(asked.binary).resolve())
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(asked.results.read_text()) if asked.results.exists() else {}
    seeds, good = range(1, asked.seeds + 1), True
    with tempfile.TemporaryDirectory() as folder:
        ingest = [asked.binary, "ingest", "simulate", "--store", "store"]
        subprocess.run(ingest, cwd=folder, capture_output=True, check=True)

        def once(found, key, *arguments):
            if key not in found:
                found[key] = train(asked, folder, *arguments)
                asked.results.write_text(json.dumps(kept))
            return found[key]

        for net in asked.nets.split(","):
            found = kept.setdefault(f"{net} {asked.device} {asked.epochs}", {})
            for seed in seeds:
                for precision in ("f32", "bf16"):
                    once(found, f"{precision} {seed}", net, precision, seed, asked.epochs)
            good &= compare(net, found, seeds)
            if asked.steps == 0:
                continue
            steps_per_epoch = found["bf16 1"]["steps"] // asked.epochs
            epochs = math.ceil(asked.steps / steps_per_epoch)
            long = once(found, f"long {asked.steps}", net, "bf16", 1, epochs)
            good &= not long["not_finite"]
            told = ", ".join(long["not_finite"]) or "none"
            print(
                f"{net:10} {long['steps']} steps in bf16: not finite: {told}; validation loss "
                f"{long['curve'][0]:.5f} at first, {min(long['curve']):.5f} at best, "
                f"{long['curve'][-1]:.5f} at last ({long['seconds']:.0f} s)",
                flush=True,
            )
    sys.exit(0 if good else 1)


main()
