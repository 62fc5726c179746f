"""`deep_lob`: Zhang, Zohren and Roberts 2019."""

from torch import nn

from ._book_encoder import Encoder


class Body(Encoder):
    def __init__(self, net, window, features):
        super().__init__(net, features, normalised=True)
        self.width = net["hidden"]
        self.lstm = nn.LSTM(3 * net["inception"], self.width, 1, batch_first=True)

    def forward(self, x):
        return self.lstm(self.encode(x))[0][:, -1]


NET = {"kind": "deep_lob", "channels": 4, "inception": 5, "hidden": 6}
CASES = [
    dict(name="deep_lob", net=NET, heads="learned", features=12, batch=5, window=23,
         class_weights=[0.7, 1.0, 1.6], seed=31),
]
