"""`bin_ctabl`: bilinear normalisation (Tran et al. 2020), then C(TABL)."""

from ._bilinear import CTABL, SMALL, BiN


class Body(CTABL):
    def __init__(self, net, window, features):
        super().__init__(net, window, features)
        self.BiN = BiN(window, features)

    def forward(self, x):
        return super().forward(self.BiN(x))


CASES = [
    dict(name="bin_ctabl", net={"kind": "bin_ctabl"} | SMALL | {"outputs": 5}, heads="learned",
         features=8, batch=5, window=6, class_weights=[1.0, 1.0, 1.0], seed=22),
]
