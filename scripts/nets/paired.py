"""Measures of forecasts as functions of means over their rows, and paired block-bootstrap intervals of
differences between runs that forecast the same rows. NumPy and pyarrow."""

import numpy as np
import pyarrow.parquet as parquet

# What the program's own scores are floored at.
PROBABILITY_FLOOR = float(np.finfo(np.float32).eps)
VOLATILITY_FLOOR = float(np.float32(1e-5))
COLUMNS = (
    "decision_time", "p_down", "p_neutral", "p_up", "return_mean", "volatility",
    "outcome_class", "outcome_return", "outcome_volatility",
)


def forecasts(run):
    """The run's own forecasts in order of time, as columns of float64; NaN where it does not say."""
    table = parquet.read_table(run / "forecasts.parquet", columns=list(COLUMNS))
    columns = {
        name: np.asarray(table[name].cast("int64") if name == "decision_time" else table[name].to_pandas(),
                         dtype=np.float64)
        for name in COLUMNS
    }
    order = np.argsort(columns["decision_time"], kind="stable")
    return {name: column[order] for name, column in columns.items()}


def log_loss_rows(rows):
    outcome = rows["outcome_class"].astype(int)
    p = np.stack([rows["p_down"], rows["p_neutral"], rows["p_up"]], axis=1)
    return -np.log(np.maximum(p[np.arange(len(p)), outcome], PROBABILITY_FLOOR))[:, None]


def confusion_rows(rows):
    """Nine columns, outcome after outcome: 1 where that outcome met that forecast."""
    p = np.stack([rows["p_down"], rows["p_neutral"], rows["p_up"]], axis=1)
    cell = 3 * rows["outcome_class"].astype(int) + p.argmax(axis=1)
    return np.eye(9)[cell]


def error_rows(rows):
    return ((rows["return_mean"] - rows["outcome_return"]) ** 2)[:, None]


def product_rows(rows):
    # In units that keep the squares away from rounding; a correlation knows no unit.
    x, y = rows["return_mean"], rows["outcome_return"]
    x, y = (x - x.mean()) / (x.std() or 1.0), (y - y.mean()) / (y.std() or 1.0)
    return np.stack([x, y, x * x, y * y, x * y], axis=1)


def qlike_rows(rows):
    forecast = np.maximum(rows["volatility"], VOLATILITY_FLOOR)
    ratio = (np.maximum(rows["outcome_volatility"], VOLATILITY_FLOOR) / forecast) ** 2
    return (ratio - np.log(ratio) - 1.0)[:, None]


def mean(means):
    return means[:, 0]


def root(means):
    return np.sqrt(means[:, 0])


def mcc(means):
    """Gorodkin's R_K of shares in nine cells."""
    cells = means.reshape(-1, 3, 3)
    right = np.trace(cells, axis1=1, axis2=2)
    outcome, forecast = cells.sum(axis=2), cells.sum(axis=1)
    above = right - (outcome * forecast).sum(axis=1)
    below = (1 - (outcome**2).sum(axis=1)) * (1 - (forecast**2).sum(axis=1))
    return np.divide(above, np.sqrt(below), out=np.full(len(means), np.nan), where=below > 1e-15)


def correlation(means):
    x, y, xx, yy, xy = means.T
    below = (xx - x * x) * (yy - y * y)
    return np.divide(xy - x * y, np.sqrt(np.maximum(below, 0)), out=np.full(len(x), np.nan), where=below > 1e-15)


# Task, name in metrics.json, name in a table, rows, function of their means, whether higher is better.
MEASURES = (
    ("direction", "log_loss", "log loss", log_loss_rows, mean, False),
    ("direction", "mcc", "MCC", confusion_rows, mcc, True),
    ("return", "rmse", "RMSE", error_rows, root, False),
    ("return", "ic", "IC", product_rows, correlation, True),
    ("volatility", "qlike", "QLIKE", qlike_rows, mean, False),
)


def weights(rows, block, resamples, seed=0):
    """Shares of the rows in circular block resamples `[resamples, rows]`."""
    block = min(block, rows)
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, rows, (resamples, -(-rows // block)))
    drawn = (starts[:, :, None] + np.arange(block)).reshape(resamples, -1)[:, :rows] % rows
    return np.stack([np.bincount(one, minlength=rows) for one in drawn]).astype(np.float64) / rows


def values(measure, rows):
    """The measure over all rows."""
    _, _, _, of_rows, of_means, _ = measure
    return float(of_means(of_rows(rows).mean(axis=0)[None])[0])


def draws(measure, rows, shares):
    """The measure in each resample."""
    _, _, _, of_rows, of_means, _ = measure
    return of_means(shares @ of_rows(rows))
