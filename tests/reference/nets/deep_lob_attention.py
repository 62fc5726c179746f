"""`deep_lob_attention`: Zhang and Zohren 2021, their TensorFlow notebook in PyTorch."""

import torch
from torch import nn

from ._book_encoder import Encoder


class Body(Encoder):
    classes = 3

    def __init__(self, net, window, features):
        super().__init__(net, features, normalised=False)
        hidden, self.steps = net["hidden"], net["steps"]
        self.width = 2 * hidden
        self.lstm = nn.LSTM(3 * net["inception"], hidden, 1, batch_first=True)
        self.decoder = nn.LSTMCell(self.classes + hidden, hidden)
        # Keras's momentum of 0.6 and its epsilon.
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(hidden, momentum=0.4, eps=1e-3) for _ in range(self.steps)
        )
        if self.steps > 1:
            self.fc1 = nn.Linear(2 * hidden, self.classes)

    def forward(self, x):
        states, (h, c) = self.lstm(self.encode(x))
        h, c = h[0], c[0]
        start = torch.eye(self.classes, dtype=x.dtype)[:1].expand(len(x), -1)
        read = torch.cat([start, h], 1)
        for step in range(self.steps):
            h, c = self.decoder(read, (h, c))
            share = torch.softmax(torch.einsum("bh,bth->bt", h, states), 1)
            context = self.norms[step](torch.einsum("bt,bth->bh", share, states))
            said = torch.cat([context, h], 1)
            if step + 1 < self.steps:
                read = torch.cat([torch.softmax(self.fc1(said), 1), context], 1)
        return said


NET = {"kind": "deep_lob_attention", "channels": 3, "inception": 4, "hidden": 5, "steps": 1}
CASES = [
    dict(name="deep_lob_attention", net=NET, heads="mixed", features=8, batch=6, window=7,
         class_weights=[0.7, 1.0, 1.6], seed=32),
    dict(name="deep_lob_attention_steps", net=NET | {"steps": 3}, heads="learned", features=8,
         batch=6, window=7, class_weights=[1.0, 1.0, 1.0], seed=33),
    dict(name="deep_lob_attention_five_classes", net=NET | {"steps": 2}, heads="mixed", features=8,
         batch=6, window=7, class_weights=[1.2, 0.8, 0.6, 1.0, 1.4], seed=64),
]
