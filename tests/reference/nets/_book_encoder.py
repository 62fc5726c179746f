"""The convolutions of DeepLOB (Zhang et al. 2019, their PyTorch notebook) and of its successor."""

import torch
from torch import nn


def block(inputs, channels, kernels, activation, *, normalised, strides=None, padded=()):
    layers = []
    for i, kernel in enumerate(kernels):
        layers += [
            nn.Conv2d(
                inputs if i == 0 else channels,
                channels,
                kernel,
                stride=strides if i == 0 and strides else 1,
                padding="same" if i in padded else 0,
            ),
            activation(),
            nn.BatchNorm2d(channels) if normalised else nn.Identity(),
        ]
    return nn.Sequential(*layers)


def leaky():
    return nn.LeakyReLU(0.01)


class Encoder(nn.Module):
    """`normalised`: DeepLOB itself; else padded, without batch normalisation and tanh."""

    def __init__(self, net, features, normalised):
        super().__init__()
        c, i = net["channels"], net["inception"]
        steps = [(4, 1), (4, 1)]
        with_all = dict(normalised=normalised, padded=() if normalised else (1, 2))
        second = nn.Tanh if normalised else leaky
        self.conv1 = block(1, c, [(1, 2), *steps], leaky, strides=(1, 2), **with_all)
        self.conv2 = block(c, c, [(1, 2), *steps], second, strides=(1, 2), **with_all)
        self.conv3 = block(c, c, [(1, features // 4), *steps], leaky, **with_all)
        same = dict(normalised=normalised, padded=(0, 1))
        self.inp1 = block(c, i, [(1, 1), (3, 1)], leaky, **same)
        self.inp2 = block(c, i, [(1, 1), (5, 1)], leaky, **same)
        pool = nn.MaxPool2d((3, 1), stride=1, padding=(1, 0))
        self.inp3 = nn.Sequential(pool, *block(c, i, [(1, 1)], leaky, **same))

    def encode(self, x):
        x = self.conv3(self.conv2(self.conv1(x[:, None])))
        x = torch.cat([self.inp1(x), self.inp2(x), self.inp3(x)], 1)
        return x.squeeze(3).transpose(1, 2)
