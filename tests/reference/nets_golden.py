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

# Levels of the quantiles.
LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]


class Net(nn.Module):
    def __init__(self, body, heads, classes, horizons):
        super().__init__()
        self.body, self.config, self.horizons = body, heads, horizons
        learned = heads["return"].get("degrees_of_freedom") is None
        outputs = {"direction": classes, "volatility": 1}
        outputs["return"] = {
            "huber": 1, "gaussian": 2, "student_t": 3 if learned else 2, "quantiles": len(LEVELS),
        }[heads["return"]["loss"]]
        self.ordinal = heads["direction"].get("ordinal", False)
        if self.ordinal:
            outputs["direction"] = 1
        self.heads = nn.ModuleDict(
            {
                name: nn.Linear(
                    body.width, horizons * n, bias=not (self.ordinal and name == "direction")
                )
                for name, n in outputs.items()
            }
        )
        if self.ordinal:
            thresholds = nn.Parameter(torch.empty(horizons * (classes - 1)).uniform_(-1.0, 1.0))
            self.heads.register_parameter("direction_thresholds", thresholds)
        if heads["task_weights"]["kind"] == "uncertainty":
            self.task_log_variance = nn.Parameter(torch.empty(3).uniform_(-0.5, 0.5))
        if heads["task_weights"]["kind"] == "grad_norm":
            self.grad_norm = nn.Module()
            self.grad_norm.register_buffer("weight", torch.tensor([0.7, 1.5, 0.8]))
            self.grad_norm.register_buffer("first_loss", torch.tensor([0.6, 0.0, 2.5]))

    def forward(self, *views):
        self.z = z = self.body(*views)
        outputs = {name: head(z) for name, head in self.heads.items()}
        # A horizon's outputs stand beside each other.
        of = lambda name: outputs[name].chunk(self.horizons, 1)
        if self.ordinal:
            thresholds = self.heads.direction_thresholds.chunk(self.horizons)
            pairs = zip(of("direction"), thresholds)
            outputs["direction"] = torch.cat([class_log_probabilities(*pair) for pair in pairs], 1)
        outputs["return"] = torch.cat([self.return_output(raw) for raw in of("return")], 1)
        return outputs

    def return_output(self, raw):
        head = self.config["return"]
        if head["loss"] == "student_t":
            fixed = head.get("degrees_of_freedom")
            degrees = 2 + F.softplus(raw[:, 2]) if fixed is None else torch.full_like(raw[:, 0], fixed)
            return torch.stack([raw[:, 0], raw[:, 1], degrees], 1)
        if head["loss"] == "quantiles":
            median, up = raw[:, 2:3], F.softplus(raw[:, 3:]).cumsum(1)
            down = F.softplus(raw[:, :2]).flip(1).cumsum(1).flip(1)
            return torch.cat([median - down, median, median + up], 1)
        return raw


def class_log_probabilities(score, thresholds):
    bounds = thresholds[0] + F.pad(F.softplus(thresholds[1:]).cumsum(0), (1, 0))
    below = F.pad(F.pad(torch.sigmoid(bounds - score), (1, 0)), (0, 1), value=1.0)
    return below.diff(dim=1).log()


def own(name):
    return name.removeprefix("body.")


def losses(model, outputs, targets, class_weights, log_volatility_scale):
    """Every task's loss is the mean over the horizons."""
    chunks = {name: output.chunk(len(targets), 1) for name, output in outputs.items()}
    by_horizon = [
        horizon_losses(model, {k: v[at] for k, v in chunks.items()}, of, class_weights, log_volatility_scale)
        for at, of in enumerate(targets)
    ]
    direction, return_, volatility = torch.stack(by_horizon).mean(0)
    return weighed(model, direction, return_, volatility)


def horizon_losses(model, outputs, targets, class_weights, log_volatility_scale):
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
    if heads["direction"].get("loss") == "focal":
        # Lin et al. (2017) of a smoothed label: each class's part of the cross-entropy by its own
        # (1 - p)^gamma.
        p, smoothing = F.softmax(outputs["direction"], 1), heads["direction"]["label_smoothing"]
        label = F.one_hot(targets["class"], len(class_weights))
        label = label * (1 - smoothing) + smoothing / len(class_weights)
        per_class = label * class_weights * (1 - p) ** heads["direction"]["gamma"] * p.log()
        per_row = -per_class.sum(1)
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
    elif heads["return"]["loss"] == "student_t":
        mean_, log_scale, degrees = outputs["return"].unbind(1)
        distribution = torch.distributions.StudentT(degrees, mean_, log_scale.exp())
        return_ = mean(-distribution.log_prob(targets["forward_return"]))
    elif heads["return"]["loss"] == "quantiles":
        error = targets["forward_return"][:, None] - outputs["return"]
        level = torch.tensor(LEVELS).double()
        return_ = mean(torch.maximum(level * error, (level - 1) * error).mean(1))
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
    elif heads["volatility"]["loss"] == "qlike":
        error = targets["log_volatility"] - outputs["volatility"][:, 0]
        ratio = (error * log_volatility_scale).exp() ** 2
        volatility = mean(ratio - ratio.log() - 1)
    else:
        volatility = mean(
            F.huber_loss(
                outputs["volatility"][:, 0],
                targets["log_volatility"],
                delta=heads["volatility"]["delta"],
                reduction="none",
            )
        )
    return torch.stack([direction, return_, volatility])


def weighed(model, direction, return_, volatility):
    heads, shares = model.config, model.config["task_weights"]
    if shares["kind"] == "fixed":
        total = (
            shares["direction"] * direction
            + shares["return"] * return_
            + shares["volatility"] * volatility
        )
    elif shares["kind"] == "grad_norm":
        total = (model.grad_norm.weight * torch.stack([direction, return_, volatility])).sum()
    else:
        s = model.task_log_variance
        half = 0.5 if heads["volatility"]["loss"] == "squared" else 1.0
        total = (-s[0]).exp() * direction + s[0] / 2
        if heads["return"]["loss"] in ("huber", "quantiles"):
            total = total + (-s[1]).exp() * return_ + s[1] / 2
        else:
            total = total + return_
        total = total + half * (-s[2]).exp() * volatility + s[2] / 2
    return {"total": total, "direction": direction, "return": return_, "volatility": volatility}


def balance(model, loss):
    """One step of GradNorm (Chen et al. 2018, algorithm 1) with the body's output as shared layer."""
    state, config = model.grad_norm, model.config["task_weights"]
    tasks = [loss[name] for name in ("direction", "return", "volatility")]
    length = torch.stack(
        [torch.autograd.grad(task, model.z, retain_graph=True)[0].norm() for task in tasks]
    )
    now = torch.stack(tasks).detach()
    # A first loss of 0 is one that was not seen yet.
    state.first_loss = torch.where(state.first_loss == 0, now, state.first_loss)
    pace = now / state.first_loss
    pace = pace / pace.mean()
    weight = state.weight.clone().requires_grad_()
    aim = ((weight * length).mean() * pace ** config["alpha"]).detach()
    (gradient,) = torch.autograd.grad((weight * length - aim).abs().sum(), weight)
    moved = weight.detach() - config["learning_rate"] * gradient
    state.weight = moved / moved.sum() * 3


def is_statistic(name):
    return name.endswith(("running_mean", "running_var")) or name.startswith("grad_norm.")


def case(
    body_class, name, net, heads, batch, window, features, class_weights, seed,
    log_volatility_scale=None, horizons=1,
):
    torch.manual_seed(seed)
    classes = body_class.classes = len(class_weights)
    heads = HEADS[heads]
    # A net that reads several windows has a list of their lengths and one of their columns.
    sizes = list(zip(window, features)) if isinstance(window, list) else [(window, features)]
    model = Net(body_class(net, window, features), heads, classes, horizons)
    has_statistics = any(key.endswith("running_mean") for key in model.state_dict())
    for key, value in model.state_dict().items():
        if key.endswith("running_mean"):
            value.normal_(0.0, 0.3)
        if key.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    views = [torch.randn(batch, *size) for size in sizes]
    targets = []
    for at in range(horizons):
        targets.append({
            "class": torch.randint(0, classes, (batch,)),
            "forward_return": 1.5 * torch.randn(batch),
            "log_volatility": 1.5 * torch.randn(batch),
            "weight": torch.rand(batch),
        })
        targets[at]["weight"][at] = 0.0
    state = {key: value for key, value in model.state_dict().items() if value.is_floating_point()}
    tensors = {f"weight.{own(key)}": value.clone() for key, value in state.items()}
    tensors |= {f"x.{index}": view for index, view in enumerate(views)}
    for at, of in enumerate(targets):
        # Those of the first horizon have no number.
        prefix = f"target.{at}." if at else "target."
        tensors |= {f"{prefix}{key}": value.float() for key, value in of.items()}
    model.double()
    exact_views = [view.double() for view in views]
    exact = [
        {key: value if key == "class" else value.double() for key, value in of.items()}
        for of in targets
    ]
    model.eval()
    with torch.no_grad():
        for key, value in model(*exact_views).items():
            tensors[f"evaluated.{key}"] = value.float()
    # Without batch normalisation both modes are one: no case has dropout.
    model.train(has_statistics)
    outputs = model(*exact_views)
    loss = losses(
        model, outputs, exact, torch.tensor(class_weights).double(), log_volatility_scale
    )
    loss["total"].backward(retain_graph=True)
    if heads["task_weights"]["kind"] == "grad_norm":
        balance(model, loss)
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
    if horizons > 1:
        metadata["horizons"] = str(horizons)
    if log_volatility_scale is not None:
        metadata["log_volatility_scale"] = str(log_volatility_scale)
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
    "focal": {
        "direction": {"label_smoothing": 0.1, "loss": "focal", "gamma": 1.5},
        "return": {"loss": "student_t", "degrees_of_freedom": 4.5},
        "volatility": {"loss": "squared"},
        "task_weights": {"kind": "fixed", "direction": 1.0, "return": 0.7, "volatility": 1.5},
    },
    "student_t": {
        "direction": {"label_smoothing": 0.0},
        "return": {"loss": "student_t"},
        "volatility": {"loss": "qlike"},
        "task_weights": {"kind": "uncertainty"},
    },
    "quantiles": {
        "direction": {"label_smoothing": 0.0, "loss": "focal", "gamma": 2.0},
        "return": {"loss": "quantiles"},
        "volatility": {"loss": "squared"},
        "task_weights": {"kind": "uncertainty"},
    },
    "ordinal": {
        "direction": {"label_smoothing": 0.1, "ordinal": True},
        "return": {"loss": "huber", "delta": 1.0},
        "volatility": {"loss": "squared"},
        "task_weights": {"kind": "fixed", "direction": 1.0, "return": 1.0, "volatility": 1.0},
    },
    "qlike": {
        "direction": {"label_smoothing": 0.0},
        "return": {"loss": "huber", "delta": 1.0},
        "volatility": {"loss": "qlike"},
        "task_weights": {"kind": "fixed", "direction": 1.0, "return": 1.0, "volatility": 0.6},
    },
    "grad_norm": {
        "direction": {"label_smoothing": 0.0, "ordinal": True, "loss": "focal", "gamma": 2.0},
        "return": {"loss": "quantiles"},
        "volatility": {"loss": "qlike"},
        "task_weights": {"kind": "grad_norm", "alpha": 1.2, "learning_rate": 0.02},
    },
}


def all_kinds():
    return sorted(path.stem for path in (HERE / "nets").glob("[a-z]*.py"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for kind in sys.argv[1:] or all_kinds():
        module = importlib.import_module(f"nets.{kind}")
        for arguments in module.CASES:
            case(module.Body, **arguments)
