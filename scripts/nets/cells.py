"""Trainings measured one by one: each a process of its own on one thread, within a budget of CPU
seconds, its scores kept by commit as soon as it ends."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

OUT_OF_TIME = "out of time"
# A process that waits and computes nothing would never spend its CPU seconds.
WALL_PER_CPU = 20


@dataclass
class Cell:
    """One training: a config, its seed, and the words that make the store it reads."""

    name: str
    config: str
    ingest: tuple
    seed: int = 1
    # What is taken from the run folder before it is removed, kept under the result's `read`.
    read: object = field(default=None, compare=False)

    def digest(self):
        text = json.dumps([self.config, self.ingest, self.seed])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Bench:
    """The program, the results kept so far (in no file: for this call), and this call's stores."""

    def __init__(self, binary, results):
        self.binary = str(Path(binary).resolve())
        self.scratch = tempfile.TemporaryDirectory(prefix="candlewick-nets-")
        self.results = results or Path(self.scratch.name, "results.jsonl")
        self.kept = read_results(self.results)
        self.stores = {}
        self.lock = threading.Lock()
        self.store_lock = threading.Lock()

    def found(self, cell):
        """The kept result of just this training, or nothing."""
        result = self.kept.get(cell.name)
        return result if result and result["digest"] == cell.digest() else None

    def scores(self, cell):
        """The scores of a finished training, or nothing."""
        result = self.found(cell)
        return result if result and "scores" in result else None

    def keep(self, cell, result):
        """Appends a line to the file, whole, so that several calls may keep results at once."""
        line = {"name": cell.name, "digest": cell.digest(), **result}
        with self.lock:
            self.kept[cell.name] = line
            self.results.parent.mkdir(parents=True, exist_ok=True)
            with self.results.open("ab", buffering=0) as file:
                file.write(json.dumps(line).encode() + b"\n")

    def store(self, ingest):
        """Folder of the store that these commands fill, and what the last of them told."""
        with self.store_lock:
            if ingest not in self.stores:
                folder = Path(self.scratch.name, f"store-{len(self.stores)}")
                for words in ingest:
                    done = subprocess.run(
                        [self.binary, "ingest", *words, "--store", str(folder), "--json"],
                        capture_output=True, text=True, check=False,
                    )
                    if done.returncode != 0:
                        raise SystemExit(f"ingest {' '.join(words)}: {done.stderr[-2000:]}")
                lines = done.stdout.splitlines()
                self.stores[ingest] = folder, json.loads(lines[-1])
            return self.stores[ingest]

    def run(self, cells, budget):
        """Trains what is not kept yet of `cells`, in order, until `budget` CPU seconds are spent; says
        how many were."""
        spent = 0.0
        for cell in cells:
            if self.scores(cell):
                continue
            result = {"outcome": OUT_OF_TIME}
            if spent < budget:
                result = self.train(cell, budget - spent)
                spent += result["cpu"]
            self.keep(cell, result)
        return spent

    def train(self, cell, budget):
        """One training within `budget` CPU seconds, user and system."""
        store, told = self.store(cell.ingest)
        with tempfile.TemporaryDirectory(dir=self.scratch.name) as folder:
            Path(folder, "config.yaml").write_text(cell.config)
            errors = Path(folder, "errors")
            # One thread a training, so that trainings beside each other share nothing; no server.
            alone = {**os.environ, "RAYON_NUM_THREADS": "1"}
            alone.pop("MLFLOW_TRACKING_URI", None)
            began = time.monotonic()
            with errors.open("wb") as stderr:
                child = subprocess.Popen(
                    [self.binary, "train", "--config", "config.yaml", "--store", str(store),
                     "--seed", str(cell.seed), "--device", "cpu", "--run-dir", "run", "--quiet"],
                    cwd=folder, stdout=subprocess.DEVNULL, stderr=stderr,
                    env=alone,
                )
            seconds = max(1, round(budget))
            resource.prlimit(child.pid, resource.RLIMIT_CPU, (seconds, seconds + 5))
            watch = threading.Timer(WALL_PER_CPU * seconds, child.kill)
            watch.start()
            _, status, usage = os.wait4(child.pid, 0)
            watch.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
            spent = {
                "cpu": usage.ru_utime + usage.ru_stime,
                "wall": time.monotonic() - began,
                "budget": budget,
            }
            if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
                return {"outcome": OUT_OF_TIME, **spent}
            if child.returncode != 0:
                text = errors.read_text(errors="replace").strip()
                return {"outcome": f"failed: {text[-400:] or child.returncode}", **spent}
            run = Path(folder, "run")
            card = json.loads((run / "metrics.json").read_text())
            over_all = [s for s in card["scores"] if s["fold"] == "all" and s["instrument"] == "all"]
            manifest = json.loads((run / "manifest.json").read_text())
            return {
                "scores": over_all,
                "forecasts": card["forecasts"],
                "told": told,
                "folds": len([f for f in manifest["folds"] if f["test_rows"]]),
                "read": cell.read(run) if cell.read else None,
                **spent,
            }


def read_results(path):
    """The last result of each cell; a line that was cut off is none."""
    kept = {}
    for text in path.read_text().splitlines() if path.exists() else []:
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        kept[line["name"]] = line
    return kept


def side_by_side(jobs, tasks):
    """Runs the functions `tasks`, so many at once; the first error ends it all."""
    with ThreadPoolExecutor(jobs) as pool:
        for done in [pool.submit(task) for task in tasks]:
            done.result()


def own(result, name):
    """The net's own score of that name."""
    return next(s for s in result["scores"] if s["name"] == name and not s["baseline"])
