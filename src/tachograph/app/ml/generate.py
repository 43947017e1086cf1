"""Made-up commands with made-up labels, as a file to learn from while nothing real is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tachograph.app.commands.dataset import DatasetRow, row_of, write_dataset
from tachograph.app.commands.formats import Format, choose_format


class GenerateReport(msgspec.Struct, frozen=True):
    """A file that was written."""

    out: str
    format: Format
    rows: int
    seed: int


def generate_dataset(out: Path, rows: int, seed: int, format: Format | None = None) -> GenerateReport:
    """Write ``rows`` commands to ``out``, for ``-`` to stdout; the same seed gives the same rows.

    Raises TachographError as writing does.
    """
    chosen = choose_format(out, format)
    written = write_dataset(_make_rows(rows, seed), chosen, out, labels=True)
    return GenerateReport(str(out), chosen, written, seed)


def _make_rows(rows: int, seed: int) -> Iterator[DatasetRow]:
    from tachograph.learning.ml.synthetic import generate

    for event, label in generate(rows, seed):
        yield msgspec.structs.replace(
            row_of(event), productivity_label=label.score, label_kind=label.kind, label_source=label.source
        )
