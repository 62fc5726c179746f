"""`tsmixer`: the mixer of Chen et al. 2023, written for this purpose."""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        self.time_norm = nn.BatchNorm1d(window * features)
        self.time = nn.Linear(window, window)
        self.feature_norm = nn.BatchNorm1d(window * features)
        self.feature1 = nn.Linear(features, net["feed_forward"])
        self.feature2 = nn.Linear(net["feed_forward"], features)

    def forward(self, x):
        y = self.time_norm(x.flatten(1)).view_as(x)
        x = x + torch.relu(self.time(y.transpose(1, 2))).transpose(1, 2)
        y = self.feature_norm(x.flatten(1)).view_as(x)
        return x + self.feature2(torch.relu(self.feature1(y)))


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        self.width = features * net["summary"]
        self.blocks = nn.ModuleList(Block(net, window, features) for _ in range(net["blocks"]))
        self.summary = nn.Linear(window, net["summary"])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.summary(x.transpose(1, 2)).flatten(1)


NET = {"kind": "tsmixer", "blocks": 1, "feed_forward": 7, "summary": 1, "dropout": 0.0}
CASES = [
    dict(name="tsmixer_1_block", net=NET, heads="fixed", features=5, batch=5, window=6,
         class_weights=[0.5, 1.0, 2.0], seed=23),
    dict(name="tsmixer_2_blocks", net=NET | {"blocks": 2, "summary": 3}, heads="learned",
         features=4, batch=6, window=9, class_weights=[1.0, 1.0, 1.0], seed=24),
]
