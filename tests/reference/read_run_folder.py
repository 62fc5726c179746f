"""Reads a run folder's Parquet files with pyarrow and pandas and compares them with expected.json.

usage: read_run_folder.py FOLDER   (needs pyarrow and pandas)

FOLDER holds forecasts.parquet, chart.parquet and expected.json, which names the rows of both as lists
of [column, value]; a float that JSON lacks is written "NaN", "inf" or "-inf".
"""

import hashlib
import json
import math
import pathlib
import sys

import pandas
import pyarrow
import pyarrow.parquet

FORECAST_TYPES = {
    "decision_time": pyarrow.timestamp("ms", tz="UTC"),
    "label_end": pyarrow.timestamp("ms", tz="UTC"),
    "instrument": pyarrow.string(),
    "horizon": pyarrow.uint32(),
    "p_up": pyarrow.float32(),
    "set_down": pyarrow.bool_(),
    "outcome_class": pyarrow.uint32(),
}


def same(value, expected) -> bool:
    if expected is None or value is None:
        return value is expected
    if isinstance(expected, str) and isinstance(value, float):
        return math.isnan(value) if expected == "NaN" else value == float(expected)
    if isinstance(value, float):
        return value == expected or abs(value - expected) <= 1e-6 * abs(expected)
    if hasattr(value, "timestamp"):
        return round(value.timestamp() * 1000) == expected
    return value == expected


def compare(table, rows) -> None:
    assert table.num_rows == len(rows), (table.num_rows, len(rows))
    for number, (found, expected) in enumerate(zip(table.to_pylist(), rows)):
        names = [name for name, _ in expected]
        assert list(found) == names, (list(found), names)
        for name, value in expected:
            assert same(found[name], value), (number, name, found[name], value)


folder = pathlib.Path(sys.argv[1])
expected = json.loads((folder / "expected.json").read_text())
for name in ("forecasts", "chart"):
    file = pyarrow.parquet.ParquetFile(folder / f"{name}.parquet")
    table = file.read()
    compare(table, expected[name])
    metadata = file.metadata.metadata
    assert metadata[b"candlewick.kind"] == name.encode(), metadata
    version = {"forecasts": b"2", "chart": b"1"}[name]
    assert metadata[b"candlewick.schema_version"] == version, metadata
    if name == "forecasts":
        assert json.loads(metadata[b"candlewick.classes"]) == ["down", "neutral", "up"], metadata
    digest = metadata[b"candlewick.sha256"]
    content = (folder / f"{name}.parquet").read_bytes().replace(digest, b"0" * 64)
    assert hashlib.sha256(content).hexdigest().encode() == digest, digest
    if name == "forecasts":
        assert json.loads(metadata[b"candlewick.quantile_levels"]) == expected["levels"], metadata
        for column, kind in FORECAST_TYPES.items():
            assert table.schema.field(column).type == kind, (column, table.schema.field(column))
    frame = pandas.read_parquet(folder / f"{name}.parquet")
    assert len(frame) == len(expected[name])
    print(name, frame.shape, *sorted({str(kind) for kind in frame.dtypes}))
