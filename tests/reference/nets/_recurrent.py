"""A body of torch's recurrent layers."""

import torch
from torch import nn

from ._pooling import pool, pooling_module


class Recurrent(nn.Module):
    def __init__(self, name, layer, net, features):
        super().__init__()
        self.name, self.net = name, net
        self.both = net.get("bidirectional", False)
        self.width = net["hidden"] * (2 if self.both else 1)
        setattr(self, name, layer(features, net["hidden"], net["layers"], batch_first=True,
                                  bidirectional=self.both))
        self.pooling = pooling_module(net["pooling"], self.width)

    def forward(self, x):
        states, last = getattr(self, self.name)(x)
        if self.net["pooling"] == "last" and self.both:
            # The last layer's final states: ahead, then reverse.
            h_n = last[0] if isinstance(last, tuple) else last
            return torch.cat([h_n[-2], h_n[-1]], 1)
        return pool(self.net["pooling"], self.pooling, states)
