"""Best reachable accuracy of the simulated market, by a simulation of its own in NumPy.

    python3 tests/reference/planted_signal.py

The process is written down again from the documentation of `ingest::simulated`; 2,000,000 candles.
The numbers in tests/ingest.rs come from it.
"""

from math import erf, sqrt

import numpy as np

CANDLES, THRESHOLD = 2_000_000, 0.001
rng = np.random.default_rng(7)
normal = lambda: rng.normal(size=CANDLES)  # noqa: E731

log_volatility = np.empty(CANDLES)
log_volatility[0] = 0.15 * rng.normal()
shocks = 0.15 * sqrt(1 - 0.98**2) * normal()
for row in range(1, CANDLES):
    log_volatility[row] = 0.98 * log_volatility[row - 1] + shocks[row]
season = 0.25 * np.sin(2 * np.pi * (np.arange(CANDLES) % 96) / 96)
before = np.r_[log_volatility[0], log_volatility[:-1]]
volume = 80 * np.exp(season + 0.8 * before + 0.15 * normal())
imbalance = np.clip(0.5 * np.sign(normal()) + 0.1 * normal(), -0.98, 0.98)
bought = volume * (1 + imbalance) / 2
last_three = lambda x: np.convolve(x, np.ones(3))[:CANDLES]  # noqa: E731
flow = 2 * last_three(bought) / last_three(volume) - 1
volatility = 0.0025 * np.exp(log_volatility)
mean, deviation = volatility * np.tanh(2 * flow / 0.29), 0.7 * volatility

below = np.vectorize(lambda x: 0.5 * (1 + erf(x / sqrt(2))))
down = below((-THRESHOLD - mean) / deviation)
up = 1 - below((THRESHOLD - mean) / deviation)
classes = np.stack([down, 1 - down - up, up])
share = classes.mean(axis=1)
print(f"best {classes.max(axis=0).mean():.4f} prior {share.max():.4f} shares {share.round(4)}")
