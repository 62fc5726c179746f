"""The tests' local exchange and the program's live ingest, run by the benchmark and the soak."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path


class Exchange:
    """The exchange of the test binary, which serves as `orders` say (see tests/exchange/serve.rs)."""

    def __init__(self, tests: str, folder: Path, **orders):
        self.config, self.told_file = folder / "exchange.yaml", folder / "told.json"
        orders |= {"config": str(self.config), "told": str(self.told_file)}
        self.log = open(folder / "exchange.log", "w")
        self.process = subprocess.Popen(
            [tests, "exchange::serve::serve_exchange", "--ignored", "--exact", "--nocapture"],
            env=os.environ | {"CANDLEWICK_EXCHANGE": json.dumps(orders)},
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=self.log,
        )
        self.wait(self.config, 60)

    def wait(self, path: Path, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not path.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the local exchange failed; see {self.log.name}")
            time.sleep(0.01)

    def has_told(self) -> bool:
        if self.process.poll() is not None:
            raise SystemExit(f"the local exchange failed; see {self.log.name}")
        return self.told_file.exists()

    def told(self, seconds: float) -> dict:
        """What it saw once everything was played and read."""
        self.wait(self.told_file, seconds)
        return json.loads(self.told_file.read_text())

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)


class Live:
    """`candlewick ingest live` on that exchange."""

    def __init__(self, binary: str, exchange: Exchange, folder: Path, *arguments: str):
        self.binary, self.store = binary, folder / "store"
        self.log = open(folder / "live.log", "w")
        command = [binary, "ingest", "live", "--symbols", "BTCUSDT", "--store", str(self.store)]
        command += ["--config", str(exchange.config), *arguments]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def memory_mb(self, what: str = "VmRSS") -> float:
        """Memory that it holds now, or at most held (`VmHWM`)."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) / 1024
        raise SystemExit(f"the live ingest has ended; see {self.log.name}")

    def end(self) -> None:
        """Ends it as a service would, with everything flushed."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise SystemExit(f"the live ingest failed; see {self.log.name}")

    def check(self) -> str:
        """What `store check` says; ends the program when the store is not sound."""
        command = [self.binary, "store", "check", "--store", str(self.store)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"store check: {done.stdout}{done.stderr}")
        return done.stdout
