"""Best reachable accuracy of the simulated order book, by a simulation of its own in NumPy.

    python3 tests/reference/planted_book.py

The process is written down again from the documentation of `ingest::simulated`; 2,000,000 snapshots.
The numbers in tests/simulated_books.rs come from it.
"""

from math import erf, sqrt

import numpy as np

COUNT, THRESHOLD = 2_000_000, 0.0001
rng = np.random.default_rng(7)


def autoregression(stays, deviation):
    shocks = deviation * sqrt(1 - stays**2) * rng.normal(size=COUNT)
    values = np.empty(COUNT)
    values[0] = deviation * rng.normal()
    for row in range(1, COUNT):
        values[row] = stays * values[row - 1] + shocks[row]
    return values


imbalance = np.tanh(autoregression(0.9, 0.6))
volatility = 0.00025 * np.exp(autoregression(0.98, 0.15))
recent = np.convolve(imbalance, np.ones(3) / 3)[:COUNT]
mean, deviation = volatility * np.tanh(2 * recent / 0.45), 0.7 * volatility

below = np.vectorize(lambda x: 0.5 * (1 + erf(x / sqrt(2))))
down = below((-THRESHOLD - mean) / deviation)
up = 1 - below((THRESHOLD - mean) / deviation)
classes = np.stack([down, 1 - down - up, up])
share = classes.mean(axis=1)
print(f"best {classes.max(axis=0).mean():.4f} prior {share.max():.4f} shares {share.round(4)}")
