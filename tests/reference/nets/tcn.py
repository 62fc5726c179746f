"""`tcn`: the temporal convolutional network of Bai et al. 2018, with torch's own weight norm."""

import warnings

import torch
from torch import nn
from torch.nn.utils import weight_norm

from ._pooling import pool, pooling_module

# The old form of weight norm gives the names `weight_g` and `weight_v`.
warnings.filterwarnings("ignore", category=FutureWarning)


class Chomp(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        return x[:, :, : x.shape[2] - self.size]


class Block(nn.Module):
    def __init__(self, inputs, channels, kernel, dilation):
        super().__init__()
        past = (kernel - 1) * dilation
        self.conv1 = weight_norm(
            nn.Conv1d(inputs, channels, kernel, padding=past, dilation=dilation))
        self.conv2 = weight_norm(
            nn.Conv1d(channels, channels, kernel, padding=past, dilation=dilation))
        self.chomp = Chomp(past)
        if inputs != channels:
            self.downsample = nn.Conv1d(inputs, channels, 1)
            self.downsample.weight.data.normal_(0.0, 0.01)

    def forward(self, x):
        y = torch.relu(self.chomp(self.conv1(x)))
        y = torch.relu(self.chomp(self.conv2(y)))
        skip = self.downsample(x) if hasattr(self, "downsample") else x
        return torch.relu(y + skip)


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        self.width, self.net = net["channels"], net
        self.network = nn.ModuleList(
            Block(features if i == 0 else self.width, self.width, net["kernel"], 2**i)
            for i in range(net["layers"])
        )
        for name, parameter in self.named_parameters():
            if name.endswith("weight_g"):
                # Lengths of their own, so that the test sees them at work.
                parameter.data.mul_(torch.empty_like(parameter).uniform_(0.5, 1.5))
        self.pooling = pooling_module(net["pooling"], self.width)

    def forward(self, x):
        h = x.transpose(1, 2)
        for block in self.network:
            h = block(h)
        return pool(self.net["pooling"], self.pooling, h.transpose(1, 2))


TCN = {"kind": "tcn", "channels": 6, "layers": 3, "kernel": 3, "dropout": 0.0, "pooling": "last"}
CASES = [
    dict(name="tcn", net=TCN, heads="mixed", features=4, batch=4, window=12,
         class_weights=[0.8, 0.4, 1.9], seed=31),
    dict(name="tcn_attention", net=TCN | {"pooling": "attention", "kernel": 2}, heads="learned",
         features=6, batch=4, window=10, class_weights=[1.0, 1.0, 1.0], seed=32),
]
