"""Golden numbers for tests/nets.rs: nets, losses and gradients as PyTorch computes them.

Run with PyTorch and safetensors installed:  python tests/reference/nets_golden.py
It writes tests/golden/nets_<case>.safetensors. Weights and inputs are f32 numbers, everything
computed from them is computed in f64 and rounded once at the end. Tensor names are PyTorch's own
(`state_dict`), so the files also hold candlewick to PyTorch's names, shapes and gate order.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

FOLDER = Path(__file__).resolve().parent.parent / "golden"


class StepScore(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.score = nn.Linear(width, 1, bias=False)


class Block(nn.Module):
    """Residual block of Bai et al. 2018 without weight norm."""

    def __init__(self, inputs, channels, kernel, dilation):
        super().__init__()
        self.conv1 = nn.Conv1d(inputs, channels, kernel, dilation=dilation)
        self.conv2 = nn.Conv1d(channels, channels, kernel, dilation=dilation)
        if inputs != channels:
            self.downsample = nn.Conv1d(inputs, channels, 1)
        self.past = (kernel - 1) * dilation

    def forward(self, x):
        y = torch.relu(self.conv1(F.pad(x, (self.past, 0))))
        y = torch.relu(self.conv2(F.pad(y, (self.past, 0))))
        skip = self.downsample(x) if hasattr(self, "downsample") else x
        return torch.relu(y + skip)


class Net(nn.Module):
    def __init__(self, net, heads, inputs):
        super().__init__()
        self.net, self.config = net, heads
        if net["kind"] == "lstm":
            width = net["hidden"]
            self.lstm = nn.LSTM(inputs, width, net["layers"], batch_first=True)
        else:
            width = net["channels"]
            self.blocks = nn.ModuleList(
                Block(inputs if i == 0 else width, width, net["kernel"], 2**i)
                for i in range(net["layers"])
            )
        if net["pooling"] == "attention":
            self.pooling = StepScore(width)
        outputs = {"direction": 3, "volatility": 1}
        outputs["return"] = 2 if heads["return"]["loss"] == "gaussian" else 1
        self.heads = nn.ModuleDict({name: nn.Linear(width, n) for name, n in outputs.items()})
        if heads["task_weights"]["kind"] == "uncertainty":
            self.task_log_variance = nn.Parameter(torch.empty(3).uniform_(-0.5, 0.5))

    def forward(self, x):
        if self.net["kind"] == "lstm":
            h, _ = self.lstm(x)
        else:
            h = x.transpose(1, 2)
            for block in self.blocks:
                h = block(h)
            h = h.transpose(1, 2)
        if self.net["pooling"] == "last":
            z = h[:, -1]
        elif self.net["pooling"] == "mean":
            z = h.mean(1)
        else:
            share = torch.softmax(self.pooling.score(h).squeeze(-1), 1)
            z = (h * share.unsqueeze(-1)).sum(1)
        return {name: head(z) for name, head in self.heads.items()}


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


def case(name, net, heads, inputs, batch, window, class_weights, seed):
    torch.manual_seed(seed)
    model = Net(net, heads, inputs)
    x = torch.randn(batch, window, inputs)
    targets = {
        "class": torch.randint(0, 3, (batch,)),
        "forward_return": 1.5 * torch.randn(batch),
        "log_volatility": 1.5 * torch.randn(batch),
        "weight": torch.rand(batch),
    }
    targets["weight"][0] = 0.0
    tensors = {f"weight.{key}": value.clone() for key, value in model.state_dict().items()}
    tensors["x"] = x
    tensors |= {f"target.{key}": value.float() for key, value in targets.items()}
    model.double()
    exact = {key: value if key == "class" else value.double() for key, value in targets.items()}
    outputs = model(x.double())
    loss = losses(model, outputs, exact, torch.tensor(class_weights).double())
    loss["total"].backward()
    tensors |= {f"output.{key}": value.float() for key, value in outputs.items()}
    tensors |= {f"loss.{key}": value.reshape(1).float() for key, value in loss.items()}
    for key, parameter in model.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        tensors[f"gradient.{key}"] = gradient.float()
    tensors = {key: value.detach().contiguous() for key, value in tensors.items()}
    metadata = {
        "net": json.dumps(net),
        "heads": json.dumps(heads),
        "class_weights": json.dumps(class_weights),
        "torch": torch.__version__,
    }
    save_file(tensors, FOLDER / f"nets_{name}.safetensors", metadata=metadata)


FIXED = {
    "direction": {"label_smoothing": 0.1},
    "return": {"loss": "huber", "delta": 0.7},
    "volatility": {"loss": "squared"},
    "task_weights": {"kind": "fixed", "direction": 1.0, "return": 0.5, "volatility": 2.0},
}
LEARNED = {
    "direction": {"label_smoothing": 0.0},
    "return": {"loss": "gaussian"},
    "volatility": {"loss": "huber", "delta": 0.8},
    "task_weights": {"kind": "uncertainty"},
}
MIXED = {
    "direction": {"label_smoothing": 0.05},
    "return": {"loss": "huber", "delta": 1.2},
    "volatility": {"loss": "squared"},
    "task_weights": {"kind": "uncertainty"},
}

FOLDER.mkdir(exist_ok=True)
lstm = {"kind": "lstm", "hidden": 7, "layers": 1, "pooling": "last"}
case("lstm_1_layer", lstm, FIXED, 5, 4, 6, [0.5, 1.0, 2.0], 1)
case("lstm_mean", lstm | {"pooling": "mean"}, MIXED, 5, 4, 6, [1.0, 1.0, 1.0], 2)
lstm = lstm | {"layers": 2, "pooling": "attention"}
case("lstm_2_layers", lstm, LEARNED, 5, 4, 9, [1.0, 1.0, 1.0], 3)
cnn = {"kind": "cnn", "channels": 6, "layers": 3, "kernel": 3, "pooling": "last"}
case("cnn", cnn, MIXED, 4, 4, 12, [0.8, 0.4, 1.9], 4)
case("cnn_attention", cnn | {"pooling": "attention"}, LEARNED, 6, 4, 12, [1.0, 1.0, 1.0], 5)
