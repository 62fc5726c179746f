"""`lstm`: torch.nn.LSTM itself."""

from torch import nn

from ._recurrent import Recurrent


class Body(Recurrent):
    def __init__(self, net, window, features):
        super().__init__("lstm", nn.LSTM, net, features)


ONE = {"kind": "lstm", "hidden": 7, "layers": 1, "dropout": 0.0, "pooling": "last"}
BOTH = ONE | {"layers": 2, "bidirectional": True}
CASES = [
    dict(name="lstm_1_layer", net=ONE, heads="fixed", features=5, batch=4, window=6,
         class_weights=[0.5, 1.0, 2.0], seed=1),
    dict(name="lstm_mean", net=ONE | {"pooling": "mean"}, heads="mixed", features=5, batch=4,
         window=6, class_weights=[1.0, 1.0, 1.0], seed=2),
    dict(name="lstm_2_layers", net=ONE | {"layers": 2, "pooling": "attention"}, heads="learned",
         features=5, batch=4, window=9, class_weights=[1.0, 1.0, 1.0], seed=3),
    dict(name="lstm_both_directions", net=BOTH, heads="mixed", features=4, batch=4, window=7,
         class_weights=[1.0, 0.7, 1.0], seed=24),
    dict(name="lstm_both_directions_mean", net=BOTH | {"pooling": "mean"}, heads="fixed",
         features=4, batch=4, window=5, class_weights=[1.0, 1.0, 1.0], seed=25),
    # One small body under every other loss and sum of losses.
    *(
        dict(name=f"lstm_{heads}", net=ONE | {"hidden": 5}, heads=heads, features=4, batch=6,
             window=5, class_weights=[1.6, 0.6, 0.8], seed=seed, log_volatility_scale=0.45)
        for seed, heads in enumerate(
            ["focal", "student_t", "quantiles", "ordinal", "qlike", "grad_norm"], 40
        )
    ),
    # Other numbers of classes, and several horizons.
    *(
        dict(name=f"lstm_{name}", net=ONE | {"hidden": 5}, heads=heads, features=4, batch=7,
             window=5, class_weights=class_weights, seed=seed, log_volatility_scale=0.45,
             horizons=horizons)
        for seed, (name, heads, horizons, class_weights) in enumerate([
            ("two_classes", "focal", 1, [1.6, 0.6]),
            ("two_ordinal_classes", "ordinal", 1, [0.8, 1.1]),
            ("five_classes", "fixed", 1, [1.6, 0.6, 0.8, 1.2, 0.9]),
            ("five_focal_classes", "focal", 1, [0.5, 1.0, 0.8, 1.2, 2.0]),
            ("five_ordinal_classes", "ordinal", 1, [1.6, 0.6, 0.8, 1.2, 0.9]),
        ], 50)
    ),
]
