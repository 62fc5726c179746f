"""`inception_time`: one net of Ismail Fawaz et al. 2020, with the sizes of the authors' code."""

import torch
from torch import nn
from torch.nn import functional as F


def conv(inputs, outputs, kernel):
    return nn.Conv1d(inputs, outputs, kernel, padding="same", bias=False)


class Inception(nn.Module):
    def __init__(self, inputs, net):
        super().__init__()
        filters, narrow = net["filters"], inputs
        if inputs > 1:
            narrow = net["bottleneck"]
            self.bottleneck = conv(inputs, narrow, 1)
        self.convs = nn.ModuleList(conv(narrow, filters, net["kernel"] // 2**i) for i in range(3))
        self.pool_conv = conv(inputs, filters, 1)
        self.bn = nn.BatchNorm1d(4 * filters)

    def forward(self, x):
        narrow = self.bottleneck(x) if hasattr(self, "bottleneck") else x
        branches = [branch(narrow) for branch in self.convs]
        branches.append(self.pool_conv(F.max_pool1d(x, 3, stride=1, padding=1)))
        return torch.relu(self.bn(torch.cat(branches, 1)))


class Shortcut(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = conv(inputs, outputs, 1)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return self.bn(self.conv(x))


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        self.width = 4 * net["filters"]
        inputs = [features] + [self.width] * net["depth"]
        self.inception = nn.ModuleList(Inception(inputs[i], net) for i in range(net["depth"]))
        self.shortcut = nn.ModuleList(
            Shortcut(inputs[i], self.width) for i in range(net["depth"] // 3))

    def forward(self, x):
        h = bridged = x.transpose(1, 2)
        for i, inception in enumerate(self.inception):
            h = inception(h)
            if i % 3 == 2:
                h = bridged = torch.relu(h + self.shortcut[i // 3](bridged))
        return h.mean(2)


NET = {"kind": "inception_time", "filters": 3, "bottleneck": 4, "depth": 6, "kernel": 10}
CASES = [
    dict(name="inception_time", net=NET, heads="mixed", features=4, batch=6, window=12,
         class_weights=[0.8, 0.4, 1.9], seed=51),
    # No bottleneck at first, an odd length, and a module that no residual connection bridges.
    dict(name="inception_time_one_feature", net=NET | {"depth": 4, "kernel": 13}, heads="learned",
         features=1, batch=6, window=9, class_weights=[1.0, 1.0, 1.0], seed=52),
]
