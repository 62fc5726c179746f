"""Images of candles by pyts and NumPy, for tests/images.rs.

    python -m venv venv && venv/bin/pip install numpy pandas pyts
    CANDLEWICK_DATA=... venv/bin/python tests/reference/images_golden.py

Reads the BTCUSDT 1h candles of January 2022 (binance/spot/monthly/klines in CANDLEWICK_DATA) and
writes images of some of their windows to tests/golden/images.json: for each the end of its window, its
config and its pixels, row after row. Fields are by pyts; the raster is drawn here pixel by pixel.
"""

import json
import math
import os
import pathlib

import numpy as np
import pandas as pd
from pyts.image import GramianAngularField, MarkovTransitionField

HERE = pathlib.Path(__file__).resolve().parent
COLUMNS = "open_time open high low close volume close_time quote trades taker taker_quote ignore".split()


def candles():
    root = pathlib.Path(os.environ["CANDLEWICK_DATA"])
    path = root / "binance/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2022-01.zip"
    return pd.read_csv(path, header=None, names=COLUMNS).astype(float)


def field(kind, d, end, n, size):
    x = d["close"].to_numpy()[end - n : end].reshape(1, -1).copy()
    if kind == "markov_transition":
        made = MarkovTransitionField(image_size=size, n_bins=8, strategy="quantile")
    else:
        method = "summation" if kind == "gramian_sum" else "difference"
        made = GramianAngularField(image_size=size, method=method)
    return made.fit_transform(x)[0]


def raster(d, end, n, height):
    mean = d["close"].rolling(n).mean().to_numpy()[end - n : end]
    o, h, l, c, v = (d[k].to_numpy()[end - n : end] for k in ["open", "high", "low", "close", "volume"])
    volumes = height // 5
    prices = height - volumes - 1
    # Pixels from the bottom, turned over at the end.
    image = np.zeros((height, 3 * n))
    pixel = lambda price: height - 1 - math.floor((h.max() - price) / (h.max() - l.min()) * (prices - 1) + 0.5)
    for i in range(n):
        image[pixel(o[i]), 3 * i] = 1
        image[pixel(l[i]) : pixel(h[i]) + 1, 3 * i + 1] = 1
        image[pixel(c[i]), 3 * i + 2] = 1
        image[: math.floor(v[i] / v.max() * volumes + 0.5), 3 * i + 1] = 1
    line = np.interp(np.arange(1, 3 * n - 1), 3 * np.arange(n) + 1, mean)
    for column, price in enumerate(line, 1):
        if l.min() <= price <= h.max():
            image[pixel(price), column] = 1
    return image[::-1]


if __name__ == "__main__":
    d = candles()
    cases = []
    for end in [64, 200, 333, 600]:
        for n, size in [(20, 20), (24, 8), (32, 16)]:
            for kind in ["gramian_sum", "gramian_difference", "markov_transition"]:
                cases.append((kind, end, n, size, field(kind, d, end, n, size)))
        for n, size in [(5, 32), (20, 64)]:
            cases.append(("raster", end, n, size, raster(d, end, n, size)))
    images = [
        {
            "kind": kind,
            "end": int(d["open_time"].iloc[end - 1]),
            "candles": n,
            "size": size,
            "height": len(image),
            "width": len(image[0]),
            "values": [float(f"{value:.8g}") for value in np.asarray(image).ravel()],
        }
        for kind, end, n, size, image in cases
    ]
    out = HERE.parent / "golden" / "images.json"
    out.write_text("[\n" + ",\n".join(json.dumps(image) for image in images) + "\n]\n")
    print(f"{out}: {len(images)} images")
