"""`cnn`: the temporal convolutional net of Bai et al. 2018 without weight norm."""

import torch
from torch import nn
from torch.nn import functional as F

from ._pooling import pool, pooling_module


class Block(nn.Module):
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


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        self.width, self.net = net["channels"], net
        self.blocks = nn.ModuleList(
            Block(features if i == 0 else self.width, self.width, net["kernel"], 2**i)
            for i in range(net["layers"])
        )
        self.pooling = pooling_module(net["pooling"], self.width)

    def forward(self, x):
        h = x.transpose(1, 2)
        for block in self.blocks:
            h = block(h)
        return pool(self.net["pooling"], self.pooling, h.transpose(1, 2))


CNN = {"kind": "cnn", "channels": 6, "layers": 3, "kernel": 3, "dropout": 0.0, "pooling": "last"}
CASES = [
    dict(name="cnn", net=CNN, heads="mixed", features=4, batch=4, window=12,
         class_weights=[0.8, 0.4, 1.9], seed=4),
    dict(name="cnn_attention", net=CNN | {"pooling": "attention"}, heads="learned", features=6,
         batch=4, window=12, class_weights=[1.0, 1.0, 1.0], seed=5),
]
