"""Parquet files of commands: the one module that knows pyarrow (extra ``parquet``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from tachograph.app.commands.cells import Kind
from tachograph.app.commands.dataset import DatasetRow
from tachograph.errors import TachographError

_ROWS = 10_000
"""Rows of one group: what is held in memory at a time."""


def write_parquet(rows: Iterable[DatasetRow], columns: dict[str, Kind], out: BinaryIO) -> int:
    """Write the columns of ``rows`` and return how many rows there were. Times are timestamps in UTC.

    Raises TachographError (``parquet_missing``) where the library is not installed.
    """
    pa, parquet = _load()
    types: dict[Kind, Any] = {
        "text": pa.string(), "count": pa.int64(), "number": pa.float64(), "flag": pa.bool_(),
        "time": pa.timestamp("ms", tz="UTC"),
    }  # fmt: skip
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    source = iter(rows)
    count = 0
    with parquet.ParquetWriter(out, schema) as writer:
        while batch := list(islice(source, _ROWS)):
            arrays = [pa.array([getattr(row, name) for row in batch], type=schema.field(name).type) for name in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(batch)
    return count


def read_parquet(stream: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    """Each row's values by column, of the file called ``name``.

    Raises TachographError (``parquet_missing``, ``bad_dataset``).
    """
    pa, parquet = _load()
    try:
        for batch in parquet.ParquetFile(stream).iter_batches(batch_size=_ROWS):
            yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise TachographError(f"{name}: this Parquet file cannot be read: {error}.", slug="bad_dataset") from error


def _load() -> tuple[Any, Any]:
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError as error:
        raise TachographError(
            "Parquet files need pyarrow, which is not installed.",
            slug="parquet_missing",
            hint="pip install 'tachograph[parquet]'; csv and jsonl need nothing.",
        ) from error
    return pyarrow, parquet
