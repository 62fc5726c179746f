"""Golden numbers for the scores and the backtest, made without Candlewick.

Writes tests/golden/scores_measures.json, scores_measures_2.json and scores_measures_5.json for so
many classes (scikit-learn, SciPy, NumPy) and tests/golden/scores_backtest.json (a transcription in
NumPy).

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    python tests/reference/scores_golden.py
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn import metrics

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def rounded(values):
    """As 32-bit floats, so that both sides read the same numbers."""
    return np.round(values, 4).astype(np.float32)


def measures(columns, count):
    """Every measure when row i stands there count[i] times."""
    repeated = {name: np.repeat(column, count, axis=0) for name, column in columns.items()}
    outcome, probability = repeated["outcome"], repeated["probability"]
    forecast, classes = probability.argmax(axis=1), probability.shape[1]
    areas = [metrics.roc_auc_score(outcome == c, probability[:, c]) for c in range(classes)]
    wide = {name: column.astype(np.float64) for name, column in repeated.items()}
    one_hot = np.eye(classes)[outcome]
    ratio = wide["realised"] ** 2 / wide["volatility"] ** 2
    return {
        "accuracy": metrics.accuracy_score(outcome, forecast),
        "macro_f1": metrics.f1_score(outcome, forecast, average="macro", zero_division=0),
        "weighted_f1": metrics.f1_score(outcome, forecast, average="weighted", zero_division=0),
        "mcc": metrics.matthews_corrcoef(outcome, forecast),
        "log_loss": -np.log(wide["probability"][np.arange(len(outcome)), outcome]).mean(),
        "brier": ((wide["probability"] - one_hot) ** 2).sum(axis=1).mean(),
        "auc": np.mean(areas),
        "ic": stats.pearsonr(wide["return_forecast"], wide["forward_return"]).statistic,
        "rank_ic": stats.spearmanr(wide["return_forecast"], wide["forward_return"]).statistic,
        "rmse": metrics.root_mean_squared_error(wide["forward_return"], wide["return_forecast"]),
        "qlike": (ratio - np.log(ratio) - 1).mean(),
        "confusion": metrics.confusion_matrix(outcome, forecast, labels=range(classes)).tolist(),
    }


def write_measures(name, seed, shares):
    rng = np.random.default_rng(seed)
    rows, classes = 240, len(shares)
    outcome = rng.choice(classes, size=rows, p=shares)
    # Few distinct values, so that there are ties to share.
    logits = np.round(rng.normal(size=(rows, classes)) + 0.7 * np.eye(classes)[outcome], 1)
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    forward_return = rng.standard_t(4, size=rows) * 0.01
    columns = {
        "outcome": outcome,
        "probability": rounded(probability),
        "return_forecast": rounded(0.2 * forward_return + rng.normal(size=rows) * 0.004),
        "forward_return": rounded(forward_return),
        "volatility": rounded(0.01 + 0.02 * rng.random(rows)),
        "realised": rounded(0.01 + 0.02 * rng.random(rows)),
    }
    count = rng.poisson(1.0, size=rows)
    golden = {name: column.tolist() for name, column in columns.items()}
    golden["count"] = count.tolist()
    golden["plain"] = measures(columns, np.ones(rows, dtype=int))
    golden["counted"] = measures(columns, count)
    (GOLDEN / name).write_text(json.dumps(golden) + "\n")


def backtest(times, opens, last_close, decisions, untils, classes, fee, half_spread, short):
    """Target position at every open, then returns and costs as columns."""
    target = np.zeros(len(times))
    for i, time in enumerate(times):
        known = np.flatnonzero(decisions <= time)
        if len(known) and time < untils[known[-1]]:
            target[i] = {0: -1.0 if short else 0.0, 1: 0.0, 2: 1.0}[classes[known[-1]]]
    exits = np.append(opens[1:], last_close)
    gross = target * (exits / opens - 1)
    opened = np.abs(np.diff(target, prepend=0.0))
    closed = np.zeros(len(times))
    closed[-1] = abs(target[-1])
    rate = fee + half_spread
    net = (1 - rate * opened) * (1 + gross) * (1 - rate * closed) - 1
    equity = np.cumprod(1 + net)
    peak = np.maximum.accumulate(np.append(1.0, equity))
    held = target != 0
    per_year = 365 * 24
    return {
        "position": target.tolist(),
        "turnover": (opened + closed).tolist(),
        "net": net.tolist(),
        "equity": equity.tolist(),
        "net_return": equity[-1] - 1,
        "sharpe": net.mean() / net.std(ddof=1) * np.sqrt(per_year),
        "max_drawdown": (1 - np.append(1.0, equity) / peak).max(),
        "hit_rate": (gross[held] > 0).mean(),
        "turnover_per_year": (opened + closed).mean() * per_year,
        "trades": int((held & (opened > 0)).sum()),
    }


def write_backtest():
    rng = np.random.default_rng(7)
    hours = np.delete(np.arange(120), [40, 41, 90])  # a gap of two candles and one of one
    log_open = np.cumsum(rng.normal(size=len(hours)) * 0.01)
    opens = np.round(100 * np.exp(log_open), 2)
    last_close = round(float(opens[-1] * 1.003), 2)
    # Decisions at every hour up to 60, then a pause longer than the horizon, then every third.
    decisions = np.concatenate([np.arange(5, 60), np.arange(75, 119, 3)])
    horizon = 4
    classes = rng.choice(3, size=len(decisions))
    used = hours[(hours >= decisions[0]) & (hours < decisions[-1] + horizon)]
    first = int(np.flatnonzero(hours == used[0])[0])
    golden = {
        "hours": hours.tolist(),
        "opens": opens.tolist(),
        "last_close": last_close,
        "decisions": decisions.tolist(),
        "horizon": horizon,
        "classes": classes.tolist(),
        "fee": 0.001,
        "half_spread": 0.0002,
        "first": first,
    }
    for name, short in [("long_short", True), ("long_only", False)]:
        golden[name] = backtest(
            used,
            opens[first : first + len(used)],
            last_close,
            decisions,
            decisions + horizon,
            classes,
            golden["fee"],
            golden["half_spread"],
            short,
        )
    (GOLDEN / "scores_backtest.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    write_measures("scores_measures.json", 20240601, [0.3, 0.45, 0.25])
    write_measures("scores_measures_2.json", 20240602, [0.45, 0.55])
    write_measures("scores_measures_5.json", 20240603, [0.1, 0.2, 0.35, 0.25, 0.1])
    write_backtest()
