"""`cnn_lstm`: causal convolutions, pairs' maxima counted from the newest step, then torch.nn.LSTM."""

import torch
from torch import nn
from torch.nn import functional as F

from ._pooling import pool, pooling_module


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        self.width, self.net = net["hidden"], net
        channels = net["channels"]
        self.convs = nn.ModuleList(
            nn.Conv1d(features if i == 0 else channels, channels, net["kernel"])
            for i in range(net["convolutions"])
        )
        self.lstm = nn.LSTM(channels, net["hidden"], net["layers"], batch_first=True)
        self.pooling = pooling_module(net["pooling"], self.width)

    def forward(self, x):
        h = x.transpose(1, 2)
        for conv in self.convs:
            h = torch.relu(conv(F.pad(h, (self.net["kernel"] - 1, 0))))
            if self.net["max_pool"]:
                h = F.max_pool1d(h.flip(2), 2, ceil_mode=True).flip(2)
        states, _ = self.lstm(h.transpose(1, 2))
        return pool(self.net["pooling"], self.pooling, states)


NET = {"kind": "cnn_lstm", "channels": 6, "convolutions": 2, "kernel": 3, "max_pool": False,
       "hidden": 5, "layers": 1, "dropout": 0.0, "pooling": "last"}
CASES = [
    dict(name="cnn_lstm", net=NET, heads="mixed", features=4, batch=4, window=8,
         class_weights=[0.8, 0.4, 1.9], seed=41),
    dict(name="cnn_lstm_max_pool", net=NET | {"max_pool": True, "layers": 2, "pooling": "mean"},
         heads="learned", features=5, batch=4, window=13, class_weights=[1.0, 1.0, 1.0], seed=42),
]
