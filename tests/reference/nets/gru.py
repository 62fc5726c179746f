"""`gru`: torch.nn.GRU itself."""

from torch import nn

from ._recurrent import Recurrent


class Body(Recurrent):
    def __init__(self, net, window, features):
        super().__init__("gru", nn.GRU, net, features)


ONE = {"kind": "gru", "hidden": 7, "layers": 1, "dropout": 0.0, "pooling": "last"}
CASES = [
    dict(name="gru_1_layer", net=ONE, heads="fixed", features=5, batch=4, window=6,
         class_weights=[0.5, 1.0, 2.0], seed=21),
    dict(name="gru_2_layers", net=ONE | {"layers": 2, "pooling": "attention"}, heads="learned",
         features=5, batch=4, window=9, class_weights=[1.0, 1.0, 1.0], seed=22),
    dict(name="gru_both_directions", net=ONE | {"layers": 2, "bidirectional": True}, heads="mixed",
         features=4, batch=4, window=7, class_weights=[1.0, 0.7, 1.0], seed=23),
]
