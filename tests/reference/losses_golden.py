"""Golden losses for tests/training/golden_losses.rs: twenty steps of training every net in PyTorch.

    python tests/reference/losses_golden.py [KIND...]

It writes tests/golden/losses_<kind>.json for the cases of `nets/<kind>.py`, of every kind or of the
named ones. A case starts from the weights of tests/golden/nets_<case>.safetensors and makes every step
on one batch, which is made of that file's windows and targets: all of them four times, the r-th time
(r = 0, 1, 2, 3) with each window's rows moved on by r, the last coming first, and the targets moved on
by r samples. The step is that of the defaults of `training`: torch.optim.AdamW with betas 0.9 and 0.999,
epsilon 1e-8 and weight decay 0.01 on tensors of two axes and more, gradients clipped to norm 1, a
learning rate that ends its warm-up (5 steps here) at 0.001 and falls by half a cosine to 0.05 of it.

`train` has a line a step: the loss that is minimised, those of direction, return and volatility, and
the gradient's norm before it is clipped, in training mode; `valid` has the four losses of the same
batch after the step, in evaluation mode. Computed in float64. `float32` is how far the very same steps
in PyTorch's own float32 end up from them, with the samples in eight orders: the greatest difference in
the losses of `train`, in its norms and in `valid`, relative to the largest number of the column. Where
a loss is further than 1e-4, AdamW's epsilon is 1e-5: a bias in front of a batch normalisation has a
gradient of 0, and what rounding leaves of it is divided by its own size, so that with 1e-8 such biases
take steps of full length.
"""

import importlib
import json
import math
import sys

import torch
from safetensors import safe_open
from torch import nn

from nets._bilinear import BL, TABL, BiN
from nets_golden import FOLDER, Net, all_kinds, balance, losses, own

# oneDNN's gradients of strided convolutions write beyond their memory in torch 2.15.0.
torch.backends.mkldnn.enabled = False

STEPS, WARM_UP, PEAK, FLOOR = 20, 5, 0.001, 0.05
COPIES = 4
EPSILONS, STEADY, ORDERS = (1e-8, 1e-5), 1e-4, 8
# C(TABL)'s limit of a matrix's norm: LOBCAST's, and the default of ours.
MAX_NORM = 10.0
TASKS = ("total", "direction", "return", "volatility")


def learning_rate(step):
    if step < WARM_UP:
        return PEAK * (step + 1) / WARM_UP
    progress = (step - WARM_UP) / (STEPS - WARM_UP - 1)
    return PEAK * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * progress)))


def restore_bounds(model):
    """What Tran et al. ask of the weights, as LOBCAST does it."""
    for module in model.modules():
        if isinstance(module, BL | TABL):
            for name in ("W1", "W", "W2"):
                matrix = getattr(module, name, None)
                if matrix is not None and (norm := torch.linalg.matrix_norm(matrix)) > MAX_NORM:
                    matrix.mul_(MAX_NORM / norm)
        if isinstance(module, TABL):
            module.l.clamp_(0.0, 1.0)
        if isinstance(module, BiN):
            for share in (module.y1, module.y2):
                share[share < 0] = 0.01


def in_precision(module, dtype):
    """The module with every tensor of floats in `dtype`, constants that are no buffers too."""
    module.to(dtype)
    for part in module.modules():
        for name, value in vars(part).items():
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                setattr(part, name, value.to(dtype))
    return module


def train(model, views, targets, class_weights, scale, epsilon, dtype):
    model = in_precision(model, dtype)
    views = [view.to(dtype) for view in views]
    targets = {k: v if k == "class" else v.to(dtype) for k, v in targets.items()}
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.01},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.999),
        eps=epsilon,
    )

    def loss_now():
        return losses(model, model(*views), [targets], class_weights.to(dtype), scale)

    trained, validated = [], []
    for step in range(STEPS):
        model.train()
        optimizer.zero_grad()
        loss = loss_now()
        loss["total"].backward(retain_graph=True)
        if model.config["task_weights"]["kind"] == "grad_norm":
            balance(model, loss)
        norm = nn.utils.clip_grad_norm_([p for p in parameters if p.grad is not None], 1.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step)
        optimizer.step()
        trained.append([loss[task].item() for task in TASKS] + [norm.item()])
        model.eval()
        with torch.no_grad():
            restore_bounds(model)
            loss = loss_now()
        validated.append([loss[task].item() for task in TASKS])
    return trained, validated


def in_order(seed, views, targets, class_weights, scale):
    """The same batch with its samples in a random order: losses differ by rounding alone."""
    order = torch.randperm(len(views[0]), generator=torch.Generator().manual_seed(seed))
    views = [view[order] for view in views]
    return views, {key: value[order] for key, value in targets.items()}, class_weights, scale


def greatest_difference(found, expected):
    """Relative to the largest number of its column: a loss may pass through 0."""
    found, expected = torch.tensor(found).double(), torch.tensor(expected).double()
    return ((found - expected).abs() / expected.abs().amax(0)).max().item()


def case(body_class, name):
    with safe_open(FOLDER / f"nets_{name}.safetensors", "pt") as file:
        metadata = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}
    net, heads = json.loads(metadata["net"]), json.loads(metadata["heads"])
    views = [tensors[f"x.{i}"] for i in range(sum(key.startswith("x.") for key in tensors))]
    sizes = [list(view.shape[1:]) for view in views]
    window, features = sizes[0] if len(views) == 1 else map(list, zip(*sizes))

    classes = body_class.classes = len(json.loads(metadata["class_weights"]))

    def model():
        made = Net(body_class(net, window, features), heads, classes, 1)
        state = made.state_dict()
        for key, value in state.items():
            if value.is_floating_point():
                value.copy_(tensors[f"weight.{own(key)}"])
        return made

    views = [torch.cat([view.roll(r, 1) for r in range(COPIES)]) for view in views]
    targets = {key: tensors[f"target.{key}"] for key in
               ("class", "forward_return", "log_volatility", "weight")}
    targets = {key: torch.cat([v.roll(r) for r in range(COPIES)]) for key, v in targets.items()}
    targets["class"] = targets["class"].long()
    class_weights = torch.tensor(json.loads(metadata["class_weights"]))
    scale = float(metadata.get("log_volatility_scale", 1.0))
    batch = (views, targets, class_weights, scale)
    for epsilon in EPSILONS:
        exact = train(model(), *batch, epsilon, torch.float64)
        drift = [0.0, 0.0, 0.0]
        for order in range(ORDERS):
            rounded = train(model(), *in_order(order, *batch), epsilon, torch.float32)
            apart = [
                greatest_difference(part(rounded), part(exact))
                for part in (lambda r: [line[:4] for line in r[0]],
                             lambda r: [line[4:] for line in r[0]], lambda r: r[1])
            ]
            drift = [max(pair) for pair in zip(drift, apart)]
        print(f"{name:28} {epsilon:.0e} {exact[0][0][0]:9.5f} {exact[0][-1][0]:9.5f} "
              + " ".join(f"{d:.1e}" for d in drift))
        if max(drift[0], drift[2]) < STEADY:
            break
    digits = [[[float(f"{x:.9g}") for x in line] for line in part] for part in exact]
    return {"case": name, "epsilon": epsilon, "float32": drift, "train": digits[0], "valid": digits[1]}


for kind in sys.argv[1:] or all_kinds():
    module = importlib.import_module(f"nets.{kind}")
    cases = [case(module.Body, arguments["name"]) for arguments in module.CASES]
    lines = ",\n".join(json.dumps(golden) for golden in cases)
    (FOLDER / f"losses_{kind}.json").write_text(f"[\n{lines}\n]\n")
