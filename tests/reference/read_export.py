"""Reads an exported store with pyarrow and pandas and prints what it found, one JSON object.

usage: read_export.py FOLDER   (needs pyarrow and pandas)

Checks every file of manifest.json: digest, size, rows, time bounds, columns and their types; that no
file is missing from it; and that each kind reads as one hive data set. Prints of each kind the number
of rows, the sum of the ids or values and the partition columns.
"""

import hashlib
import json
import pathlib
import sys

import pandas
import pyarrow.dataset
import pyarrow.parquet

folder = pathlib.Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
assert manifest["schema_version"] == 1
TIMES = {"candles": "open_time", "quotes": "received"}
named = set()
for entry in manifest["files"]:
    path = folder / entry["path"]
    named.add(entry["path"])
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"], entry["path"]
    assert len(data) == entry["bytes"]
    table = pyarrow.parquet.ParquetFile(path).read()
    assert table.num_rows == entry["rows"]
    schema = [(c["name"], c["type"].replace(", UTC", ", tz=UTC"), c["nullable"]) for c in entry["schema"]]
    written = [(f.name, str(f.type).replace("bool", "boolean"), f.nullable) for f in table.schema]
    assert schema == written, (schema, written)
    times = table.column(TIMES.get(entry["path"].split("/")[0], "time")).to_pandas()
    bounds = [pandas.Timestamp(entry[key]).tz_localize(None) if pandas.Timestamp(entry[key]).tz is None
              else pandas.Timestamp(entry[key]).tz_convert(None) for key in ("min_time", "max_time")]
    assert [times.min().tz_convert(None), times.max().tz_convert(None)] == bounds, entry["path"]
    assert {time.strftime("%Y-%m") for time in times} == {path.stem[:7]}
on_disk = {str(p.relative_to(folder)) for p in folder.rglob("*.parquet")}
assert on_disk == named, on_disk ^ named

found = {}
for kind in sorted({name.split("/")[0] for name in named}):
    frame = pyarrow.dataset.dataset(folder / kind, partitioning="hive").to_table().to_pandas()
    column = next(c for c in ("id", "update_id", "value", "volume") if c in frame)
    partitions = [c for c in frame if c in ("venue", "market", "symbol", "channel", "interval", "name")]
    found[kind] = {
        "rows": len(frame),
        "sum": float(frame[column].sum()),
        "of": sorted({"/".join(map(str, row)) for row in frame[partitions].itertuples(index=False)}),
    }
    if kind == "trades":
        found[kind]["prices"] = sorted(frame["price"])[:3]
    if kind == "books":
        found[kind]["columns"] = [c for c in frame if c.startswith(("bid", "ask"))]
print(json.dumps(found))
