"""`two_branch`: an LSTM for candles, convolutions and an LSTM for the book."""

import torch
from torch import nn
from torch.nn import functional as F


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        channels, levels = net["channels"], features[1] // 4
        self.width, self.kernel = net["hidden"] + net["book_hidden"], net["kernel"]
        self.candles = nn.LSTM(features[0], net["hidden"], batch_first=True)
        self.side = nn.Linear(2, channels)
        self.level = nn.Linear(2 * channels, channels)
        self.time = nn.Conv1d(channels, channels, net["kernel"])
        self.book = nn.LSTM(channels * levels, net["book_hidden"], batch_first=True)

    def forward(self, candles, book):
        # The same as convolutions over the columns: two by two, then two by two again.
        channels = self.side.out_features
        side = self.side.weight.reshape(channels, 1, 1, 2)
        level = self.level.weight.reshape(channels, 2, channels).permute(0, 2, 1).unsqueeze(2)
        y = F.conv2d(book.unsqueeze(1), side, self.side.bias, stride=(1, 2))
        y = F.conv2d(F.leaky_relu(y, 0.01), level, self.level.bias, stride=(1, 2))
        y = F.leaky_relu(y, 0.01)
        y = F.pad(y, (0, 0, self.kernel - 1, 0))
        y = F.leaky_relu(F.conv2d(y, self.time.weight.unsqueeze(-1), self.time.bias), 0.01)
        y = y.permute(0, 2, 3, 1).flatten(2)
        return torch.cat([self.candles(candles)[0][:, -1], self.book(y)[0][:, -1]], 1)


CASES = [
    dict(name="two_branch",
         net={"kind": "two_branch", "hidden": 5, "book_hidden": 4, "channels": 3, "kernel": 3,
              "dropout": 0.0},
         heads="mixed", features=[4, 12], batch=4, window=[6, 7], class_weights=[0.8, 0.4, 1.9],
         seed=33),
]
