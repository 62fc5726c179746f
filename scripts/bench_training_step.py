"""PyTorch's side of scripts/bench_training_step.sh: the same nets, loss and optimiser.

Prints the samples a second of each step: python bench_training_step.py lstm|cnn STEPS
"""

import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH, WINDOW, FEATURES = 256, 64, 64


class Block(nn.Module):
    def __init__(self, channels, kernel, dilation):
        super().__init__()
        self.conv1 = nn.Conv1d(channels, channels, kernel, dilation=dilation)
        self.conv2 = nn.Conv1d(channels, channels, kernel, dilation=dilation)
        self.past = (kernel - 1) * dilation

    def forward(self, x):
        y = torch.relu(self.conv1(F.pad(x, (self.past, 0))))
        y = torch.relu(self.conv2(F.pad(y, (self.past, 0))))
        return torch.relu(x + y)


class Net(nn.Module):
    def __init__(self, kind):
        super().__init__()
        if kind == "lstm":
            self.lstm, width = nn.LSTM(FEATURES, 128, 2, batch_first=True), 128
        else:
            self.blocks, width = nn.Sequential(*(Block(64, 3, 2**i) for i in range(4))), 64
        self.direction = nn.Linear(width, 3)
        self.return_ = nn.Linear(width, 1)
        self.volatility = nn.Linear(width, 1)

    def forward(self, x):
        if hasattr(self, "lstm"):
            z = self.lstm(x)[0][:, -1]
        else:
            z = self.blocks(x.transpose(1, 2))[:, :, -1]
        return self.direction(z), self.return_(z)[:, 0], self.volatility(z)[:, 0]


torch.set_num_threads(int(os.environ.get("THREADS", "2")))
kind, steps = sys.argv[1], int(sys.argv[2])
torch.manual_seed(1)
net = Net(kind)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
x = torch.randn(BATCH, WINDOW, FEATURES)
label, move, volatility = torch.arange(BATCH) % 3, torch.randn(BATCH), torch.randn(BATCH)
for step in range(steps + 2):
    start = time.perf_counter()
    optimizer.zero_grad()
    outputs = net(x)
    loss = F.cross_entropy(outputs[0], label) + F.huber_loss(outputs[1], move)
    loss = loss + F.mse_loss(outputs[2], volatility)
    loss.backward()
    optimizer.step()
    loss.item()
    # The first steps fill caches and start threads.
    if step >= 2:
        print(f"{BATCH / (time.perf_counter() - start):.1f}")
