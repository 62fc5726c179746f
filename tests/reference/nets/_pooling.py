"""How the states of a window's steps become one vector."""

import torch
from torch import nn


class StepScore(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.score = nn.Linear(width, 1, bias=False)


def pooling_module(kind, width):
    """`pooling` of a body: has tensors for attention alone."""
    return StepScore(width) if kind == "attention" else nn.Module()


def pool(kind, module, h):
    """`[B, T, H]` to `[B, H]`."""
    if kind == "last":
        return h[:, -1]
    if kind == "mean":
        return h.mean(1)
    share = torch.softmax(module.score(h).squeeze(-1), 1)
    return (h * share.unsqueeze(-1)).sum(1)
