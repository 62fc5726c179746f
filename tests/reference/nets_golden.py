"""Golden numbers for tests/nets.rs: nets, losses and gradients as PyTorch computes them.

Run with PyTorch and safetensors installed:  python tests/reference/nets_golden.py [KIND...]
It writes tests/golden/nets_<case>.safetensors for the cases of `nets/<kind>.py`, of every kind or of
the named ones. Each such file has a class `Body` and a list `CASES`. Weights and inputs are f32
numbers, everything computed from them is computed in f64 and rounded once at the end. Tensor names
are PyTorch's own (`state_dict`), so the files also hold candlewick to PyTorch's names, shapes and
gate order.

A body with batch normalisation runs in training mode for outputs, losses and gradients
(`statistic.*` are its running statistics afterwards), and in evaluation mode for `evaluated.*`.
"""

import importlib
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "golden"


class Net(nn.Module):
    def __init__(self, body, heads):
        super().__init__()
        self.body, self.config = body, heads
        outputs = {"direction": 3, "volatility": 1}
        outputs["return"] = 2 if heads["return"]["loss"] == "gaussian" else 1
        self.heads = nn.ModuleDict({name: nn.Linear(body.width, n) for name, n in outputs.items()})
        if heads["task_weights"]["kind"] == "uncertainty":
            self.task_log_variance = nn.Parameter(torch.empty(3).uniform_(-0.5, 0.5))

    def forward(self, *views):
        z = self.body(*views)
        return {name: head(z) for name, head in self.heads.items()}


def own(name):
    return name.removeprefix("body.")


def losses(model, outputs, targets, class_weights):
    heads, weight = model.config, targets["weight"]

    def mean(loss):
        return (loss * weight).sum() / weight.sum()

    # Row weights with PyTorch's own cross-entropy: each row's loss by itself, then the mean over
    # rows, both weighted by the class weight of the label as `reduction="mean"` does.
    per_row = F.cross_entropy(
        outputs["direction"],
        targets["class"],
        weight=class_weights,
        label_smoothing=heads["direction"]["label_smoothing"],
        reduction="none",
    )
    label_weight = class_weights[targets["class"]]
    direction = (per_row * weight).sum() / (label_weight * weight).sum()
    if heads["return"]["loss"] == "huber":
        return_ = mean(
            F.huber_loss(
                outputs["return"][:, 0],
                targets["forward_return"],
                delta=heads["return"]["delta"],
                reduction="none",
            )
        )
    else:
        return_ = mean(
            F.gaussian_nll_loss(
                outputs["return"][:, 0],
                targets["forward_return"],
                outputs["return"][:, 1].exp(),
                reduction="none",
            )
        )
    if heads["volatility"]["loss"] == "squared":
        volatility = mean(
            F.mse_loss(outputs["volatility"][:, 0], targets["log_volatility"], reduction="none")
        )
    else:
        volatility = mean(
            F.huber_loss(
                outputs["volatility"][:, 0],
                targets["log_volatility"],
                delta=heads["volatility"]["delta"],
                reduction="none",
            )
        )
    shares = heads["task_weights"]
    if shares["kind"] == "fixed":
        total = (
            shares["direction"] * direction
            + shares["return"] * return_
            + shares["volatility"] * volatility
        )
    else:
        s = model.task_log_variance
        half = 0.5 if heads["volatility"]["loss"] == "squared" else 1.0
        total = (-s[0]).exp() * direction + s[0] / 2
        if heads["return"]["loss"] == "huber":
            total = total + (-s[1]).exp() * return_ + s[1] / 2
        else:
            total = total + return_
        total = total + half * (-s[2]).exp() * volatility + s[2] / 2
    return {"total": total, "direction": direction, "return": return_, "volatility": volatility}


def is_statistic(name):
    return name.endswith(("running_mean", "running_var"))


def case(body_class, name, net, heads, batch, window, features, class_weights, seed):
    torch.manual_seed(seed)
    heads = HEADS[heads]
    # A net that reads several windows has a list of their lengths and one of their columns.
    sizes = list(zip(window, features)) if isinstance(window, list) else [(window, features)]
    model = Net(body_class(net, window, features), heads)
    has_statistics = any(is_statistic(key) for key in model.state_dict())
    for key, value in model.state_dict().items():
        if key.endswith("running_mean"):
            value.normal_(0.0, 0.3)
        if key.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    views = [torch.randn(batch, *size) for size in sizes]
    targets = {
        "class": torch.randint(0, 3, (batch,)),
        "forward_return": 1.5 * torch.randn(batch),
        "log_volatility": 1.5 * torch.randn(batch),
        "weight": torch.rand(batch),
    }
    targets["weight"][0] = 0.0
    state = {key: value for key, value in model.state_dict().items() if value.is_floating_point()}
    tensors = {f"weight.{own(key)}": value.clone() for key, value in state.items()}
    tensors |= {f"x.{index}": view for index, view in enumerate(views)}
    tensors |= {f"target.{key}": value.float() for key, value in targets.items()}
    model.double()
    exact_views = [view.double() for view in views]
    exact = {key: value if key == "class" else value.double() for key, value in targets.items()}
    model.eval()
    with torch.no_grad():
        for key, value in model(*exact_views).items():
            tensors[f"evaluated.{key}"] = value.float()
    # Without batch normalisation both modes are one: no case has dropout.
    model.train(has_statistics)
    outputs = model(*exact_views)
    loss = losses(model, outputs, exact, torch.tensor(class_weights).double())
    loss["total"].backward()
    tensors |= {f"output.{key}": value.float() for key, value in outputs.items()}
    tensors |= {f"loss.{key}": value.reshape(1).float() for key, value in loss.items()}
    for key, parameter in model.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        tensors[f"gradient.{own(key)}"] = gradient.float()
    for key, value in model.state_dict().items():
        if is_statistic(key):
            tensors[f"statistic.{own(key)}"] = value.float()
    tensors = {key: value.detach().contiguous() for key, value in tensors.items()}
    metadata = {
        "net": json.dumps(net),
        "heads": json.dumps(heads),
        "class_weights": json.dumps(class_weights),
        "parameters": str(sum(p.numel() for p in model.parameters())),
        "torch": torch.__version__,
    }
    save_file(tensors, FOLDER / f"nets_{name}.safetensors", metadata=metadata)


HEADS = {
    "fixed": {
        "direction": {"label_smoothing": 0.1},
        "return": {"loss": "huber", "delta": 0.7},
        "volatility": {"loss": "squared"},
        "task_weights": {"kind": "fixed", "direction": 1.0, "return": 0.5, "volatility": 2.0},
    },
    "learned": {
        "direction": {"label_smoothing": 0.0},
        "return": {"loss": "gaussian"},
        "volatility": {"loss": "huber", "delta": 0.8},
        "task_weights": {"kind": "uncertainty"},
    },
    "mixed": {
        "direction": {"label_smoothing": 0.05},
        "return": {"loss": "huber", "delta": 1.2},
        "volatility": {"loss": "squared"},
        "task_weights": {"kind": "uncertainty"},
    },
}

FOLDER.mkdir(exist_ok=True)
kinds = sys.argv[1:] or sorted(path.stem for path in (HERE / "nets").glob("[a-z]*.py"))
for kind in kinds:
    module = importlib.import_module(f"nets.{kind}")
    for arguments in module.CASES:
        case(module.Body, **arguments)
