"""Golden classes for labels of two, three and five classes, made with NumPy alone.

Writes tests/golden/label_classes.json: scores of 300 rows, the first 200 of which are training rows,
and the class of each under a fixed threshold, one in multiples of a unit and quantiles.

    python tests/reference/label_classes_golden.py
"""

import json
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "label_classes.json"
ROWS, TRAIN = 300, 200


def around(score, middle, lower, upper, classes):
    """Number of bounds that a score lies beyond, from the strongest fall on; on one is inside."""
    if classes == 2:
        return (score > middle).astype(int)
    return (score[:, None] >= lower).sum(1) + (score[:, None] > upper).sum(1)


def main():
    rng = np.random.default_rng(77)
    score = np.round(0.01 * rng.standard_t(4, size=ROWS) + 0.002, 4).astype(np.float32)
    score[5], score[6], score[7] = 0.0, 0.006, -0.012
    wide, unit = score.astype(np.float64), 0.005 + 0.01 * rng.random(ROWS)
    train, strong, cases = wide[:TRAIN], 2.5, []
    for classes in [2, 3, 5]:
        outer = [strong] if classes == 5 else []
        lower = np.array([-0.006 * m for m in outer] + [-0.006])
        upper = -lower[::-1]
        cases.append({
            "rule": {"rule": "fixed", "threshold": 0.006},
            "classes": classes,
            "class": around(wide, 0.0, lower, upper, classes).tolist(),
        })
        lower = np.array([-0.7 * m for m in outer] + [-0.7])
        upper = -lower[::-1]
        cases.append({
            "rule": {"rule": "volatility_scaled", "multiple": 0.7},
            "classes": classes,
            "class": around(wide / unit, 0.0, lower, upper, classes).tolist(),
        })
        low, high = 0.3, 0.65
        levels = ([low / strong] if outer else []) + [low]
        lower = np.quantile(train, levels)
        levels = [high] + ([1 - (1 - high) / strong] if outer else [])
        upper = np.quantile(train, levels)
        cases.append({
            "rule": {"rule": "quantile", "lower": low, "upper": high},
            "classes": classes,
            "class": around(wide, np.quantile(train, (low + high) / 2), lower, upper, classes).tolist(),
        })
    golden = {"score": wide.tolist(), "unit": unit.tolist(), "train": TRAIN, "strong": strong}
    GOLDEN.write_text(json.dumps(golden | {"cases": cases}) + "\n")
    for case in cases:
        print(case["rule"]["rule"], case["classes"], np.bincount(case["class"]).tolist())


if __name__ == "__main__":
    main()
