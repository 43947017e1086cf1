"""What the prompt's hook says when work begins that usually goes worse: prepared, so that it need not be computed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from tachograph.analysis.task_type import TASK_TYPES, THRESHOLD, bundled_table
from tachograph.app.learn.briefing import is_safe_type, write_prepared
from tachograph.app.ml.usual import LEAST, Happened, Kind, find_usual, load_happened
from tachograph.app.ml.worse import find_worse
from tachograph.hooks.expect import VERSION
from tachograph.hooks.places import EXPECTATIONS, FOLDER

Texts = dict[str, dict[str, dict[str, str]]]
"""By agent, agent type and task type."""


class Expectations(msgspec.Struct, frozen=True):
    """The whole file."""

    version: int
    made_at: int
    texts: Texts
    """Sentences of ours; never text from a log."""
    cues: dict[str, tuple[str, float, float]]
    """Phrase -> task type, points anywhere, points at the head of a clause; an empty type: it says nothing."""
    fillers: tuple[str, ...]
    least: float
    default: str


def prepare_expectations(connection: sqlite3.Connection, folder: Path, now_ms: int, *, wanted: bool) -> None:
    """Write the file for the hooks, or take it away when it is not ``wanted`` or there is nothing to say."""
    texts = tell_expectations(load_happened(connection, now_ms)) if wanted else {}
    if not texts:
        with suppress(FileNotFoundError):
            (folder / FOLDER / EXPECTATIONS).unlink()
        return
    table = bundled_table()
    cues: dict[str, tuple[str, float, float]] = {
        phrase: ("" if cue.type == "none" else cue.type, cue.weight, cue.lead)
        for cue in table.cue
        for phrase in cue.words
    }
    made = Expectations(VERSION, now_ms, texts, cues, table.fillers, THRESHOLD, "feature-build")
    write_prepared(folder, EXPECTATIONS, msgspec.json.encode(made))


def tell_expectations(happened: Sequence[Happened]) -> Texts:
    """A sentence for each agent type's kind of work whose median is beyond the band of all its sessions.

    Only where at least ten sessions of that kind are over: main sessions alone, for only they have a first prompt.
    """
    texts: Texts = {}
    groups = sorted(
        {(one.point.group.agent, one.point.group.agent_type) for one in happened if one.point.kind == "main"}
    )
    for agent, agent_type in groups:
        if not is_safe_type(agent_type):
            continue
        everything = find_usual(happened, Kind(agent, agent_type))
        for task_type in TASK_TYPES:
            asked = Kind(agent, agent_type, task_type)
            members = [one for one in happened if asked.holds(one.point)]
            if len(members) < LEAST:
                continue
            usual = find_usual(happened, asked)
            worse = find_worse({one.name: one.median for one in usual.figures if one.n >= LEAST}, everything)
            if worse:
                texts.setdefault(agent, {}).setdefault(agent_type, {})[task_type] = (
                    f"Tachograph: {task_type} sessions ({len(members)} so far) usually go worse than others here:"
                    f" {'; '.join(worse)}. tacho predict --task-type {task_type} tells more."
                )
    return texts
