"""Golden numbers of the optimisers, gradient clipping and schedules from PyTorch, for tests/training/.

    python tests/reference/optimizer_golden.py > tests/golden/optimizer.json

AdamW: a matrix (decays) and a bias (does not) take 12 steps with given gradients, two of them long
enough to be clipped to norm 1. Lion: the same shapes, in NumPy after algorithm 2 of Chen et al. 2023,
in float64. Muon: a wide matrix, a tall kernel and a bias, `torch.optim.Muon` in float32 (it rounds to
bfloat16 for speed, which is taken out here) beside `torch.optim.AdamW`. Schedules: 60 steps each.
Needs torch >= 2.9 and numpy; written with torch 2.15.0 on the CPU.
"""

import json

import numpy as np
import torch

STEPS = 12
random = np.random.default_rng(7)


def flat(tensors):
    return [float(x) for tensor in tensors for x in tensor.detach().reshape(-1)]


def parameter(*shape):
    return torch.nn.Parameter(torch.tensor(random.normal(size=shape), dtype=torch.float32))


def rate_of(step):
    return 0.01 * (step + 1) / STEPS


def adamw():
    weight, bias = parameter(3, 4), parameter(4)
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
        rate = rate_of(step)
        for tensor in (weight, bias):
            gradient = random.normal(size=tensor.shape) * size
            tensor.grad = torch.tensor(gradient, dtype=torch.float32)
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
    return golden


def lion():
    beta1, beta2 = 0.9, 0.99
    weights = random.normal(size=16)
    momentum = np.zeros(16)
    decay = 0.1 * np.r_[np.ones(12), np.zeros(4)]
    golden = {"betas": [beta1, beta2], "weight_decay": 0.1, "start": weights.tolist(), "steps": []}
    for step in range(STEPS):
        rate, gradient = rate_of(step), random.normal(size=16)
        if step == 3:
            gradient[5] = 0.0
        direction = np.sign(beta1 * momentum + (1 - beta1) * gradient)
        weights = weights - rate * (direction + decay * weights)
        momentum = beta2 * momentum + (1 - beta2) * gradient
        golden["steps"].append(
            {"gradient": gradient.tolist(), "learning_rate": rate, "weights": weights.tolist()}
        )
    return golden


def newton_schulz_in_float32(gradient, coefficients, steps, eps):
    """torch.optim._muon's own function with bfloat16 replaced by float32."""
    rounded, torch.bfloat16 = torch.bfloat16, torch.float32
    try:
        return ORIGINAL(gradient, coefficients, steps, eps)
    finally:
        torch.bfloat16 = rounded


ORIGINAL = torch.optim._muon._zeropower_via_newtonschulz


def muon(nesterov):
    torch.optim._muon._zeropower_via_newtonschulz = newton_schulz_in_float32
    wide, kernel, bias, head = parameter(3, 5), parameter(7, 2, 2), parameter(4), parameter(3, 2)
    # A kernel [O, I, K] is the matrix [O, I K].
    matrix = torch.nn.Parameter(kernel.detach().reshape(7, 4).clone())
    golden = {
        "momentum": 0.95,
        "nesterov": nesterov,
        "betas": [0.9, 0.99],
        "epsilon": 1e-8,
        "weight_decay": 0.1,
        "start": flat([wide, matrix, bias, head]),
        "steps": [],
    }
    hidden = torch.optim.Muon(
        [wide, matrix],
        momentum=golden["momentum"],
        nesterov=nesterov,
        weight_decay=golden["weight_decay"],
        adjust_lr_fn="match_rms_adamw",
    )
    rest = torch.optim.AdamW(
        [
            {"params": [bias], "weight_decay": 0.0},
            {"params": [head], "weight_decay": golden["weight_decay"]},
        ],
        betas=tuple(golden["betas"]),
        eps=golden["epsilon"],
    )
    for step in range(STEPS):
        rate = rate_of(step)
        for tensor in (wide, matrix, bias, head):
            tensor.grad = torch.tensor(random.normal(size=tensor.shape), dtype=torch.float32)
        gradient = flat([t.grad for t in (wide, matrix, bias, head)])
        for optimizer in (hidden, rest):
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
        golden["steps"].append(
            {
                "gradient": gradient,
                "learning_rate": rate,
                "weights": flat([wide, matrix, bias, head]),
            }
        )
    return golden


def schedule(make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = make(optimizer)
    rates = []
    for step in range(60):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        # One cycle refuses a step after its last.
        if step < 59:
            scheduler.step()
    return rates


def one_cycle(optimizer, **knobs):
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, cycle_momentum=False, **knobs)


# 60 steps are 12 epochs of 5; the highest learning rate is 0.01, the floor 0.001.
restarts = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts
golden = adamw()
golden["lion"] = lion()
golden["muon"] = [muon(True), muon(False)]
golden["schedules"] = {
    "one_cycle": schedule(lambda o: one_cycle(o, total_steps=60, pct_start=0.3)),
    "one_cycle_early": schedule(
        lambda o: one_cycle(o, total_steps=60, pct_start=0.11, div_factor=10, final_div_factor=100)
    ),
    "restarts_1": schedule(lambda o: restarts(o, 10, 1, eta_min=0.001)),
    "restarts_2": schedule(lambda o: restarts(o, 5, 2, eta_min=0.001)),
}
print(json.dumps(golden, indent=1))
