"""Step times of the PyTorch references, for scripts/gpu_check.sh.

It reads lines of a shape (48x20,100x40), a tab and the JSON of `candlewick nets describe --json`, and
writes lines of net, `torch` and the median ms of a step: forward, losses, backward and a plain gradient
step on all parameters, as candlewick measures its own. Eager, with PyTorch's defaults, dropout left out.
"""

import argparse
import importlib
import json
import statistics
import sys
import time
from pathlib import Path

import torch

from nets_golden import HEADS, Net, losses

WARM_UP, STEPS = 3, 20
parser = argparse.ArgumentParser()
parser.add_argument("--batch", type=int, default=256)
parser.add_argument("--told", type=Path, help="file for PyTorch's version and its device")
asked = parser.parse_args()
device = "cuda" if torch.cuda.is_available() else "cpu"
asked.told.write_text(f"{torch.__version__} on {device}\n")
torch.set_default_device(device)
# Constants of some references are float64 and would carry a float32 window with them.
torch.set_default_dtype(torch.float32)


def to_float32(model):
    for part in model.modules():
        for name, value in vars(part).items():
            if isinstance(value, torch.Tensor) and value.dtype == torch.float64:
                setattr(part, name, value.float())


def measure(net, sizes):
    window, features = sizes[0] if len(sizes) == 1 else map(list, zip(*sizes))
    module = importlib.import_module(f"nets.{net['kind']}")
    model = Net(module.Body(net, window, features), HEADS["fixed"])
    to_float32(model)
    views = [torch.randn(asked.batch, *size) for size in sizes]
    targets = {
        "class": torch.randint(0, 3, (asked.batch,)),
        "forward_return": torch.randn(asked.batch),
        "log_volatility": torch.randn(asked.batch),
        "weight": torch.ones(asked.batch),
    }
    seconds = []
    for step in range(WARM_UP + STEPS):
        start = time.perf_counter()
        model.zero_grad()
        losses(model, model(*views), targets, torch.ones(3), None)["total"].backward()
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter -= 1e-6 * parameter.grad
        # A device works behind the program's back until something is read.
        next(model.parameters()).flatten()[0].item()
        if step >= WARM_UP:
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


for line in sys.stdin:
    shape, described = line.split("\t", 1)
    net = json.loads(described)["net"]
    sizes = [tuple(map(int, part.split("x"))) for part in shape.split(",")]
    try:
        print(f"{net['kind']}\ttorch\t{1000 * measure(net, sizes):.3f}", flush=True)
    except (RuntimeError, TypeError, KeyError, ValueError) as error:
        print(f"{net['kind']} in PyTorch: {error!r}", file=sys.stderr)
