"""`c_tabl`: C(TABL) of Tran et al. 2019."""

from ._bilinear import CTABL as Body
from ._bilinear import SMALL

CASES = [
    dict(name="c_tabl", net={"kind": "c_tabl"} | SMALL, heads="fixed", features=8, batch=5, window=6,
         class_weights=[0.7, 1.0, 1.6], seed=21),
]
