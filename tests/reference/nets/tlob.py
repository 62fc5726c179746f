"""`tlob`: TLOB of Berti and Kasneci 2025, written for this purpose on torch.nn.MultiheadAttention."""

import torch
from torch import nn

from ._bilinear import BiN
from .mlp_lob import Mlp, Shrink


class Projections(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))


class TransformerLayer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm = nn.LayerNorm(inputs)
        self.qkv = Projections(inputs)
        self.attention = nn.MultiheadAttention(inputs, 1, batch_first=True)
        self.w0 = nn.Linear(inputs, inputs)
        self.mlp = Mlp(inputs, 4 * inputs, outputs)
        # PyTorch starts these at 0, which would leave them untested.
        nn.init.normal_(self.attention.in_proj_bias, std=0.1)
        nn.init.normal_(self.attention.out_proj.bias, std=0.1)
        nn.init.normal_(self.norm.bias, std=0.1)

    def forward(self, x):
        parts = self.qkv.q(x), self.qkv.k(x), self.qkv.v(x)
        y = self.mlp(self.norm(self.w0(self.attention(*parts)[0]) + x))
        return x + y if y.shape == x.shape else y


def sinusoids(steps, hidden):
    frequency = 10_000.0 ** (-2 * torch.arange(hidden // 2, dtype=torch.float64) / hidden)
    angle = torch.arange(steps, dtype=torch.float64).unsqueeze(1) * frequency
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        hidden = net["hidden"]
        self.norm_layer = BiN(window, features)
        self.emb_layer = nn.Linear(features, hidden)
        self.positions = sinusoids(window, hidden)
        self.layers = nn.ModuleList()
        for _ in range(net["layers"] - 1):
            self.layers.append(TransformerLayer(hidden, hidden))
            self.layers.append(TransformerLayer(window, window))
        self.layers.append(TransformerLayer(hidden, hidden // 4))
        self.layers.append(TransformerLayer(window, window // 4))
        self.final_layers = Shrink((hidden // 4) * (window // 4))
        self.width = self.final_layers.width

    def forward(self, x):
        x = self.emb_layer(self.norm_layer(x)) + self.positions
        for layer in self.layers:
            x = layer(x).transpose(1, 2)
        # Feature after feature.
        return self.final_layers(x.transpose(1, 2).flatten(1))


NET = {"kind": "tlob", "hidden": 12, "layers": 2, "dropout": 0.0}
CASES = [
    dict(name="tlob", net=NET, heads="mixed", features=4, batch=4, window=12,
         class_weights=[0.8, 0.4, 1.9], seed=27),
    # Neither hidden units nor steps are a multiple of 4.
    dict(name="tlob_1_layer", net=NET | {"layers": 1, "hidden": 14}, heads="learned", features=3,
         batch=4, window=13, class_weights=[1.0, 1.0, 1.0], seed=28),
]
