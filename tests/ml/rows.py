"""Commands to learn from, in files and in stores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from tachograph.app.ml.generate import generate_dataset
from tachograph.capture.store import open_commands
from tachograph.learning.ml.synthetic import generate
from tachograph.model import CommandEvent, CommandLabel, LabelKind

ROWS = 300
DAY = 24 * 60 * 60 * 1000
LAST = 1_767_225_600_000 + 180 * DAY
"""After all made-up commands."""


def commands(rows: int = ROWS, seed: int = 1, kind: LabelKind = "outcome") -> list[tuple[CommandEvent, CommandLabel]]:
    """Commands with labels that a formula gives, passed off as labels of ``kind``."""
    source = {"human": "person", "outcome": "seen"}.get(kind, "formula")
    replace = msgspec.structs.replace
    return [(event, replace(label, kind=kind, source=source)) for event, label in generate(rows, seed)]


def later(examples: Sequence[tuple[CommandEvent, CommandLabel]], days: int) -> list[tuple[CommandEvent, CommandLabel]]:
    """The same so many days later, in other repositories."""
    replace = msgspec.structs.replace
    return [
        (replace(event, executed_at=event.executed_at + days * DAY, repo=f"{event.repo}-later"), label)
        for event, label in examples
    ]


def store(folder: Path, examples: Sequence[tuple[CommandEvent, CommandLabel]]) -> None:
    """Keep commands and their labels in the store of ``folder``."""
    with open_commands(folder) as opened:
        opened.note_all((event, ()) for event, _ in examples)
        opened.put_labels(label for _, label in examples)


def dataset(path: Path, rows: int = ROWS, seed: int = 1) -> Path:
    """A file of made-up rows."""
    generate_dataset(path, rows, seed)
    return path
