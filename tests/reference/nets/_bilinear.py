"""Bilinear normalisation and C(TABL) (Tran et al. 2019 and 2020), named as LOBCAST names them."""

import torch
from torch import nn


class BiN(nn.Module):
    """`[B, T, F]` to the same shape."""

    def __init__(self, window, features):
        super().__init__()
        self.B1 = nn.Parameter(0.3 * torch.randn(window, 1))
        self.l1 = nn.Parameter(nn.init.xavier_normal_(torch.empty(window, 1)))
        self.B2 = nn.Parameter(0.3 * torch.randn(features, 1))
        self.l2 = nn.Parameter(nn.init.xavier_normal_(torch.empty(features, 1)))
        self.y1 = nn.Parameter(torch.tensor([0.6]))
        self.y2 = nn.Parameter(torch.tensor([0.3]))

    def forward(self, x):
        over_time, over_features = (
            (x - x.mean(axis, keepdim=True)) / x.std(axis, keepdim=True) for axis in (1, 2)
        )
        over_features = self.l1 * over_features + self.B1
        over_time = self.l2.T * over_time + self.B2.T
        return self.y1 * over_features + self.y2 * over_time


class BL(nn.Module):
    """`[B, d1, t1]` to `[B, d2, t2]`."""

    def __init__(self, d1, t1, d2, t2):
        super().__init__()
        self.W1 = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(d2, d1), nonlinearity="relu"))
        self.W2 = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(t1, t2), nonlinearity="relu"))
        self.B = nn.Parameter(0.2 * torch.randn(d2, t2))

    def forward(self, x):
        return torch.relu(self.W1 @ x @ self.W2 + self.B)


class TABL(nn.Module):
    def __init__(self, d1, t1, d2, t2):
        super().__init__()
        self.W1 = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(d2, d1), nonlinearity="relu"))
        self.W = nn.Parameter(torch.randn(t1, t1))
        self.W2 = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(t1, t2), nonlinearity="relu"))
        self.B = nn.Parameter(0.2 * torch.randn(d2, t2))
        self.l = nn.Parameter(torch.tensor([0.4]))

    def forward(self, x):
        x = self.W1 @ x
        eye = torch.eye(len(self.W), dtype=x.dtype)
        weight = self.W - self.W * eye + eye / len(self.W)
        mask = torch.softmax(x @ weight, -1)
        x = self.l * x + (1.0 - self.l) * x * mask
        return x @ self.W2 + self.B


class CTABL(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        first = (net["features_1"], net["steps_1"])
        second = (net["features_2"], net["steps_2"])
        self.BL = BL(features, window, *first)
        self.BL2 = BL(*first, *second)
        self.TABL = TABL(*second, net["outputs"], 1)
        self.width = net["outputs"]

    def forward(self, x):
        return self.TABL(self.BL2(self.BL(x.transpose(1, 2)))).squeeze(2)


SMALL = {"features_1": 7, "steps_1": 5, "features_2": 9, "steps_2": 4, "outputs": 3, "dropout": 0.0}
