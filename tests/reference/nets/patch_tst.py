"""`patch_tst`: the patch transformer of Nie et al. 2023, written for this purpose.

Residual attention adds scores from layer to layer, which torch.nn.MultiheadAttention does not hand
out: it serves as the holder of its tensors, and as the check of the first layer.
"""

import torch
from torch import nn
from torch.nn import functional as F


class EncoderLayer(nn.Module):
    def __init__(self, net):
        super().__init__()
        width = net["width"]
        self.self_attn = nn.MultiheadAttention(width, net["heads"], batch_first=True)
        self.norm1 = nn.BatchNorm1d(width)
        self.linear1 = nn.Linear(width, net["feed_forward"])
        self.linear2 = nn.Linear(net["feed_forward"], width)
        self.norm2 = nn.BatchNorm1d(width)
        # PyTorch starts it at zero, which would leave the bias untested.
        nn.init.normal_(self.self_attn.in_proj_bias, std=0.1)
        nn.init.normal_(self.self_attn.out_proj.bias, std=0.1)

    def attend(self, x, carried):
        n, steps, width = x.shape
        heads = self.self_attn.num_heads
        parts = F.linear(x, self.self_attn.in_proj_weight, self.self_attn.in_proj_bias)
        q, k, v = (p.view(n, steps, heads, -1).transpose(1, 2) for p in parts.chunk(3, -1))
        scores = q @ k.transpose(2, 3) / (width // heads) ** 0.5
        scores = scores if carried is None else scores + carried
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, steps, width)
        y = self.self_attn.out_proj(mixed)
        if carried is None:
            torch.testing.assert_close(y, self.self_attn(x, x, x)[0])
        return y, scores

    def forward(self, x, carried):
        y, scores = self.attend(x, carried)
        x = self.norm1((x + y).transpose(1, 2)).transpose(1, 2)
        x = x + self.linear2(F.gelu(self.linear1(x)))
        return self.norm2(x.transpose(1, 2)).transpose(1, 2), scores


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        self.width, self.net = net["hidden"], net
        patches = (window - net["patch"]) // net["stride"] + 2
        self.embedding = nn.Linear(net["patch"], net["width"])
        self.position = nn.Parameter(torch.empty(patches, net["width"]).uniform_(-0.5, 0.5))
        self.layers = nn.ModuleList(EncoderLayer(net) for _ in range(net["layers"]))
        self.summary = nn.Linear(patches * net["width"], net["summary"])
        self.mix = nn.Linear(features * net["summary"], net["hidden"])

    def forward(self, x):
        x = x.transpose(1, 2)
        if self.net["normalise_window"]:
            variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
            x = (x - mean) / (variance + 1e-5).sqrt()
        x = F.pad(x, (0, self.net["stride"]), mode="replicate")
        x = x.unfold(-1, self.net["patch"], self.net["stride"]).flatten(0, 1)
        h, scores = self.embedding(x) + self.position, None
        for layer in self.layers:
            h, scores = layer(h, scores)
        summary = self.summary(h.flatten(1)).view(-1, self.mix.in_features)
        return F.gelu(self.mix(summary))


NET = {"kind": "patch_tst", "patch": 4, "stride": 2, "width": 6, "heads": 2, "layers": 2,
       "feed_forward": 8, "summary": 2, "hidden": 7, "normalise_window": False, "dropout": 0.0}
CASES = [
    dict(name="patch_tst", net=NET, heads="mixed", features=3, batch=4, window=10,
         class_weights=[0.8, 0.4, 1.9], seed=34),
    # A row is left over at the end, and the patches do not overlap.
    dict(name="patch_tst_normalised", net=NET | {"stride": 4, "layers": 3, "heads": 3,
                                                 "normalise_window": True},
         heads="learned", features=4, batch=5, window=13, class_weights=[1.0, 1.0, 1.0], seed=22),
]
