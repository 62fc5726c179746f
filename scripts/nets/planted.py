"""Cells where the truth is known: the share of the planted edge that a net finds, and its mean Matthews
correlation over seeds where there is nothing to find."""

import statistics

from nets.cells import OUT_OF_TIME, Cell, own
from nets.sizes import CANNOT, PLANTED, PLANTED_BOOKS

EDGE_ASKED = 0.9
# So many times as many further seeds for a net that is outside of two standard errors on noise.
FURTHER = 4
# A seed of the simulator on which nothing was tried before.
REPORTED_SEED = 2026
# Epochs and learning rate of the nets that are not trained as the others are, 6 and 0.004.
TRAINED = {
    "lstm": (8, 0.004),
    "gru": (8, 0.004),
    "image_cnn": (10, 0.008),
    "axial_lob": (4, 0.006),
    "tlob": (6, 0.001),
}
CONFIG = """
name: bench-nets
data: {{ venue: simulated, symbols: [{symbol}], interval: 15m, context: [{context}] }}
features:
  include: [log_return_1, close_volatility_24, range_1, relative_volume_24, taker_imbalance_1]
  {in_context}
labels: {{ horizon: 1, direction: {{ rule: fixed, threshold: 0.001 }} }}
folds:
  {{ scheme: walk_forward, min_train: {train}, train: {{ kind: sliding, length: {train} }},
    valid: 10d, test: {test}, max_folds: 1 }}
window: 6
net: {net}
training:
  batch_size: 128
  epochs: {epochs}
  learning_rate: {rate}
  warmup_steps: 20
  early_stopping: {{ monitor: valid_log_loss, patience: 3 }}
scores: {{ resamples: 200 }}
"""
BOOK_CONFIG = """
name: bench-nets
data: {{ venue: simulated, symbols: [{symbol}], interval: 1s }}
features: {{ include: [log_return_1], book_levels: 10 }}
labels: {{ horizon: 1, direction: {{ rule: fixed, threshold: 0.0001 }} }}
folds:
  {{ scheme: walk_forward, min_train: {train}, train: {{ kind: sliding, length: {train} }},
    valid: {valid}, test: {test}, max_folds: 1 }}
window: {window}
net: {net}
training:
  batch_size: 64
  epochs: {epochs}
  learning_rate: {rate}
  warmup_steps: 20
  early_stopping: {{ monitor: valid_log_loss, patience: 3 }}
backtest: {{ costs: {{ fee: 0.001, half_spread: 0.0000001 }} }}
scores: {{ resamples: 200 }}
"""


def names():
    """Every net measured, and what stands beside them."""
    return [*PLANTED, *PLANTED_BOOKS, *CANNOT]


def is_book(name):
    return name in PLANTED_BOOKS


def config(name, epochs, signal):
    """The config of a training with the signal or without."""
    rate = TRAINED.get(name, (6, 0.004))[1]
    if is_book(name):
        window, net = PLANTED_BOOKS[name]
        spans = ("8000s", "1000s", "10900s") if signal else ("2500s", "500s", "1900s")
        return BOOK_CONFIG.format(
            symbol="SIMBOOK" if signal else "NOISEBOOK", net=net, window=window, epochs=epochs, rate=rate,
            train=spans[0], valid=spans[1], test=spans[2],
        )
    context = "1h" if name == "fusion" else ""
    return CONFIG.format(
        symbol="SIMBTC" if signal else "NOISE", net=PLANTED.get(name) or CANNOT[name][0], context=context,
        in_context="context: [log_return_1, close_volatility_24]" if context else "", epochs=epochs,
        rate=rate, train="90d" if signal else "25d", test="100d" if signal else "15d",
    )


def simulate(name, *words):
    return ("simulate", *(["--books"] if is_book(name) else []), *words)


def planted_cell(name, seed=REPORTED_SEED):
    text = config(name, TRAINED.get(name, (6, 0.004))[0], True)
    return Cell(f"planted/{name}", text, (simulate(name, "--candles", "20000", "--seed", str(seed)),))


def noise_cells(name, seeds):
    """A market without a signal and a training for each of these seeds."""
    text = config(name, 2, False)
    words = simulate(name, "--no-signal", "--candles", "5000", "--seed")
    return [Cell(f"noise/{name}/{seed}", text, ((*words, str(seed)),), seed) for seed in seeds]


def first_seeds(seeds):
    return range(1, seeds + 1)


def further_seeds(seeds):
    """What tells luck from a leak where a net lies outside of two standard errors on the first seeds."""
    return range(seeds + 1, (1 + FURTHER) * seeds + 1)


def measure(bench, name, seeds, budget):
    """Trains what is not kept yet within `budget` CPU seconds."""
    cells = [planted_cell(name), *([] if name in CANNOT else noise_cells(name, first_seeds(seeds)))]
    spent = bench.run(cells, budget)
    if name not in CANNOT and (first := mean_mcc(bench, name, first_seeds(seeds))) and not first["ok"]:
        bench.run(noise_cells(name, further_seeds(seeds)), budget - spent)


def edge(bench, name):
    """What the net found of the planted edge, and whether that is enough and not too much."""
    cell = planted_cell(name)
    result = bench.scores(cell)
    if not result:
        return None
    score = own(result, "accuracy")
    accuracy = score["value"]
    best = result["told"]["best_reachable"]
    reach, prior = best["accuracy"], best["prior_accuracy"]
    # Neighbouring rows are alike: the block bootstrap's 95% interval is 3.92 standard errors.
    error = (score["upper"] - score["lower"]) / 3.92
    share = (accuracy - prior) / (reach - prior)
    verdict = "reached" if share >= EDGE_ASKED else "NOT reached"
    if accuracy > reach + 4 * error:
        verdict = "MORE than anybody can: a leak"
    if name in CANNOT:
        verdict = f"cannot: {CANNOT[name][1]}"
    return {
        "share": share, "error": error / (reach - prior), "accuracy": accuracy, "best": reach,
        "prior": prior, "mcc": own(result, "mcc")["value"], "log_loss": own(result, "log_loss")["value"],
        "cpu": result["cpu"], "wall": result["wall"], "verdict": verdict,
        "ok": verdict == "reached" or name in CANNOT,
    }


def mean_mcc(bench, name, seeds):
    """Mean MCC over the seeds and its standard error; nothing before all of them are there."""
    results = [bench.scores(cell) for cell in noise_cells(name, seeds)]
    if len(results) < 2 or not all(results):
        return None
    # A net that always says one class has no correlation with anything: 0, as in scikit-learn.
    values = [own(result, "mcc")["value"] or 0.0 for result in results]
    mean, error = statistics.fmean(values), statistics.stdev(values) / len(values) ** 0.5
    return {
        "mean": mean, "error": error, "seeds": len(values), "ok": 0 < error and abs(mean) <= 2 * error,
        "cpu": sum(result["cpu"] for result in results),
        "text": f"{mean:+.4f} ± {error:.4f} ({len(values)} seeds)",
    }


def noise(bench, name, seeds):
    """What the net says where there is nothing, with a verdict; nothing before it is there."""
    first = mean_mcc(bench, name, first_seeds(seeds))
    if not first or first["ok"]:
        return first and {**first, "verdict": "within two standard errors of 0"}
    if first["error"] == 0:
        return {**first, "verdict": "NO answer but one, whatever the seed"}
    again = mean_mcc(bench, name, further_seeds(seeds))
    if not again:
        return {**first, "verdict": "NOT within two standard errors of 0, no further seeds yet"}
    verdict = "outside of two standard errors, but not on further seeds: " if again["ok"] else \
        "NOT within two standard errors of 0, nor on further seeds: "
    return {**first, "cpu": first["cpu"] + again["cpu"], "verdict": verdict + again["text"]}


def outcome(bench, cells):
    """Why not all of these cells have scores: the first failure, else that the time ran out."""
    found = [bench.found(cell) or {"outcome": "not measured"} for cell in cells]
    said = [result["outcome"] for result in found if "outcome" in result]
    failed = [text for text in said if text.startswith("failed")]
    return (failed or [OUT_OF_TIME if OUT_OF_TIME in said else said[0]])[0]


def report(bench, name, seeds):
    """One line on the net, and whether each of its two measurements holds (nothing: not measured)."""
    found, quiet = edge(bench, name), noise(bench, name, seeds)
    text = f"{name:24} "
    text += (
        f"edge {found['share']:6.3f} ({found['verdict']}) in {found['cpu']:.1f} CPU s"
        if found else f"edge {outcome(bench, [planted_cell(name)])}"
    )
    checks = [found and found["ok"]]
    if name not in CANNOT:
        text += (
            f"; noise: mean MCC {quiet['text']} {quiet['verdict']}, in {quiet['cpu']:.0f} CPU s"
            if quiet else f"; noise {outcome(bench, noise_cells(name, first_seeds(seeds)))}"
        )
        checks.append(quiet and quiet["ok"])
    return text, checks
