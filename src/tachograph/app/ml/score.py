"""Scoring the commands of a file: a point, an interval, and what each feature contributed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from tachograph.app.commands.cells import Kind
from tachograph.app.commands.dataset import FACTS, LABELS, METRICS, SCORES, iso
from tachograph.app.commands.formats import Format, choose_format, open_output
from tachograph.app.export.write import defuse
from tachograph.app.ml.active import find_scoring_model
from tachograph.app.ml.engine import need_engine
from tachograph.app.ml.examples import LABELS as COMMAND_LABELS
from tachograph.app.ml.examples import read_rows, to_row
from tachograph.app.ml.models import load_model
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.learning.ml.metadata import Metadata
from tachograph.learning.ml.table import Table
from tachograph.model import CommandScore, ScoreKind

_BATCH = 10_000
"""Rows in memory at a time."""
_DIGITS = 6

Record = Sequence[object]


class ScoreReport(msgspec.Struct, frozen=True):
    """A file that was scored."""

    model: str
    kind: ScoreKind
    """What the scores are: ``productivity``, 0 to 100, or the ``chance`` of success in per cent."""
    out: str
    format: Format
    rows: int
    mean: float | None
    """Of the scores, 0 to 100; null without rows."""
    top_features: dict[str, int]
    """The features that were the top one, with the number of rows, the most frequent first."""


class CommandModel:
    """A model of commands, ready to score. Raises TachographError as loading does, UsageError for one of sessions."""

    def __init__(self, folder: Path) -> None:
        need_engine()
        from tachograph.learning.ml.command_features import FEATURES
        from tachograph.learning.ml.scoring import Scorer

        model, self.metadata = load_model(folder)
        check_target(self.metadata)
        self.features = FEATURES
        self._scorer = Scorer(model, self.metadata)
        self.kind: ScoreKind = "chance" if self.metadata.goal == "probability" else "productivity"
        self._factor = 100.0 if self.kind == "chance" else 1.0

    def score(self, table: Table) -> Iterator[tuple[CommandScore, Sequence[float]]]:
        """What is said of each row, and all contributions, the last one that of a row of which nothing is known.

        Contributions are in points of the score; those of a chance in log-odds, as only these add up.
        """
        for one in self._scorer.score(table):
            told = CommandScore(
                one.id, self.metadata.name, self._points(one.prediction), self._end(one.low), self._end(one.high),
                one.top_feature, self._points(one.top_value), self.kind,
            )  # fmt: skip
            yield told, [round(value, _DIGITS) for value in one.contributions]

    def _points(self, value: float) -> float:
        return round(self._factor * value, _DIGITS)

    def _end(self, value: float | None) -> float | None:
        return None if value is None else self._points(value)


def check_target(metadata: Metadata) -> None:
    """Raise UsageError unless the model predicts of commands."""
    if metadata.target not in COMMAND_LABELS:
        raise UsageError(
            f"The model {metadata.name} is one of sessions, not of commands.",
            slug="other_target",
            hint="tacho predict uses it.",
        )


def score_dataset(
    workspace: Workspace, model_dir: Path | None, dataset: Path, out: Path, format: Format | None = None
) -> ScoreReport:
    """Write the rows of ``dataset`` with their scores to ``out``, which appears when all is written.

    Raises NotFound (``no_model``), TachographError (``model_damaged``, ``bad_dataset``, ``cannot_write``).
    """
    folder = model_dir or find_scoring_model(workspace)
    if folder is None:
        raise NotFound(
            "No model of commands is in use.",
            slug="no_active_model",
            hint="Name one with --model-dir, or put one to use with tacho ml activate NAME.",
        )
    model = CommandModel(folder)
    chosen = choose_format(out, format)
    tally = _Tally()
    with open_output(out, chosen) as stream:
        _WRITERS[chosen](_scored(model, dataset, tally), columns_of(model.metadata), stream)
    tops = dict(sorted(tally.tops.items(), key=lambda item: (-item[1], item[0])))
    mean = round(tally.total / tally.rows, _DIGITS) if tally.rows else None
    return ScoreReport(model.metadata.name, model.kind, str(out), chosen, tally.rows, mean, tops)


def columns_of(metadata: Metadata) -> dict[str, Kind]:
    """The columns of a scored file: the command's, its label, the score, and a contribution for each feature.

    ``predicted_kind`` says what the score is and so what its interval says, see :class:`tachograph.model.CommandScore`.
    """
    names = [*(feature.name for feature in metadata.features), "bias"]
    return {**METRICS, **FACTS, **LABELS, **SCORES, **{f"contribution_{name}": "number" for name in names}}


class _Tally:
    def __init__(self) -> None:
        self.rows, self.total, self.tops = 0, 0.0, Counter[str]()

    def count(self, score: CommandScore) -> None:
        self.rows += 1
        self.total += score.score
        self.tops[score.top_feature] += 1


def _scored(model: CommandModel, dataset: Path, tally: _Tally) -> Iterator[Record]:
    """Each row's values in the order of the columns."""
    known = len(METRICS) + len(FACTS) + len(LABELS)
    source = read_rows(dataset)
    while batch := list(islice(source, _BATCH)):
        table = Table(model.features, [to_row(event, None, "productivity") for _, event in batch])
        for (row, _), (score, contributions) in zip(batch, model.score(table), strict=True):
            tally.count(score)
            yield (
                *msgspec.structs.astuple(row)[:known], score.score, score.low, score.high, score.top_feature,
                score.top_value, score.model, score.kind, *contributions,
            )  # fmt: skip


def _write_csv(records: Iterator[Record], columns: dict[str, Kind], out: BinaryIO) -> None:
    cells: dict[Kind, Callable[[object], object]] = {"text": lambda text: defuse(str(text)), "flag": int, "time": iso}  # type: ignore[dict-item]
    changed = [(number, cells[kind]) for number, kind in enumerate(columns.values()) if kind in cells]
    text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for record in records:
        values = list(record)
        for number, cell in changed:
            if values[number] is not None:
                values[number] = cell(values[number])
        writer.writerow(values)
    text.flush()
    text.detach()


def _write_jsonl(records: Iterator[Record], columns: dict[str, Kind], out: BinaryIO) -> None:
    encode = msgspec.json.Encoder().encode
    names = list(columns)
    at = names.index("executed_at")
    for record in records:
        values = dict(zip(names, record, strict=True))
        values["executed_at"] = None if record[at] is None else iso(record[at])  # type: ignore[arg-type]
        out.write(encode(values) + b"\n")


def _write_parquet(records: Iterator[Record], columns: dict[str, Kind], out: BinaryIO) -> None:
    from tachograph.app.commands.parquet import write_parquet

    shape = msgspec.defstruct("ScoredRow", list(columns))
    write_parquet((shape(*record) for record in records), columns, out)  # type: ignore[misc]


_WRITERS: dict[Format, Callable[[Iterator[Record], dict[str, Kind], BinaryIO], None]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}
