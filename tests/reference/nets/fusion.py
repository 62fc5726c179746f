"""`fusion`: an LSTM an interval, joined by attention or gating."""

import torch
from torch import nn


class Body(nn.Module):
    def __init__(self, net, window, features):
        super().__init__()
        hidden, count = net["hidden"], len(features)
        self.encoders = nn.ModuleList(
            nn.LSTM(columns, hidden, net["layers"], batch_first=True) for columns in features
        )
        if net["join"] == "attention":
            self.width = hidden
            self.project = nn.Linear(hidden, hidden)
            self.score = nn.Linear(hidden, 1, bias=False)
        else:
            self.width = hidden * count
            self.gates = nn.ModuleList(nn.Linear(count * hidden, hidden) for _ in features)

    def forward(self, *views):
        states = [encoder(x)[0][:, -1] for encoder, x in zip(self.encoders, views)]
        if hasattr(self, "score"):
            scores = torch.cat([self.score(torch.tanh(self.project(z))) for z in states], 1)
            share = torch.softmax(scores, 1)
            return (torch.stack(states, 1) * share.unsqueeze(-1)).sum(1)
        joined = torch.cat(states, 1)
        return torch.cat([torch.sigmoid(g(joined)) * z for g, z in zip(self.gates, states)], 1)


FUSION = {"kind": "fusion", "hidden": 5, "layers": 1, "dropout": 0.0, "join": "attention"}
CASES = [
    dict(name="fusion_attention", net=FUSION, heads="mixed", features=[4, 2, 3], batch=4,
         window=[6, 4, 3], class_weights=[0.8, 0.4, 1.9], seed=31),
    dict(name="fusion_gating", net=FUSION | {"join": "gating", "layers": 2}, heads="learned",
         features=[4, 2], batch=4, window=[6, 3], class_weights=[1.0, 1.0, 1.0], seed=32),
]
