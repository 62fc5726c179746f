"""Golden numbers of AdamW and gradient clipping from PyTorch, for tests/training.rs.

    python tests/reference/optimizer_golden.py > tests/golden/optimizer.json

A matrix (decays) and a bias (does not) take 12 steps with given gradients, two of them long enough
to be clipped to norm 1. Needs torch and numpy; written with torch 2.15.0 on the CPU.
"""

import json

import numpy as np
import torch

STEPS = 12
random = np.random.default_rng(7)
weight = torch.nn.Parameter(torch.tensor(random.normal(size=(3, 4)), dtype=torch.float32))
bias = torch.nn.Parameter(torch.tensor(random.normal(size=4), dtype=torch.float32))


def flat(tensors):
    return [float(x) for tensor in tensors for x in tensor.detach().reshape(-1)]


golden = {
    "torch": torch.__version__,
    "betas": [0.9, 0.99],
    "epsilon": 1e-8,
    "weight_decay": 0.1,
    "clip": 1.0,
    "start": flat([weight, bias]),
    "steps": [],
}
optimizer = torch.optim.AdamW(
    [
        {"params": [weight], "weight_decay": golden["weight_decay"]},
        {"params": [bias], "weight_decay": 0.0},
    ],
    betas=tuple(golden["betas"]),
    eps=golden["epsilon"],
)
for step in range(STEPS):
    size = 3.0 if step in (4, 9) else 0.1
    rate = 0.01 * (step + 1) / STEPS
    for parameter in (weight, bias):
        gradient = random.normal(size=parameter.shape) * size
        parameter.grad = torch.tensor(gradient, dtype=torch.float32)
    gradient = flat([weight.grad, bias.grad])
    norm = torch.nn.utils.clip_grad_norm_([weight, bias], golden["clip"])
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    golden["steps"].append(
        {
            "gradient": gradient,
            "learning_rate": rate,
            "norm": float(norm),
            "weights": flat([weight, bias]),
        }
    )
print(json.dumps(golden, indent=1))
