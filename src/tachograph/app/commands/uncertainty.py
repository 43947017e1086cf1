"""How sure the model in use is of the commands that no person has labelled."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from tachograph.app.workspace import Workspace
from tachograph.capture.store import CommandStore
from tachograph.errors import TachographError
from tachograph.model import CommandEvent, CommandScore

LATEST = 20_000
"""Only so many commands are scored, the latest ones: that takes less than a second."""
_OPEN = "NOT EXISTS (SELECT 1 FROM labels l WHERE l.target = events.id AND l.kind = 'human')"


class Ranking(msgspec.Struct, frozen=True):
    """Commands, those first of which the model is least sure."""

    model: str | None = None
    """Its name; None: none is in use, or it cannot be used."""
    why_not: str = ""
    """Why the model in use cannot be."""
    scores: tuple[CommandScore, ...] = ()
    """What it says of each, in that order."""


def rank_uncertain(workspace: Workspace, folder: Path | None, store: CommandStore, limit: int) -> Ranking:
    """The ``limit`` unlabelled commands of which the model in use is least sure, scored here and now; nothing is kept.

    Productivity: the widest interval first, then what is nearest to 50. A chance of success: what is nearest to an even
    one. Of commands of which it is equally sure (in whole points), each program in each repository comes in turn, the
    latest first. ``folder`` is the store's (None: the data folder). Raises TachographError as the store does.
    """
    from tachograph.app.ml.active import find_scoring_model

    place = find_scoring_model(workspace, folder)
    if place is None:
        return Ranking()
    events = store.events(_OPEN, (), f"executed_at DESC, id LIMIT {LATEST}")
    try:
        name, scores = _score(place, events)
    except TachographError as error:
        return Ranking(why_not=error.message)
    return Ranking(name, scores=tuple(_in_turn(events, scores)[:limit]))


def _score(place: Path, events: list[CommandEvent]) -> tuple[str, list[CommandScore]]:
    from tachograph.app.ml.examples import to_row
    from tachograph.app.ml.score import CommandModel
    from tachograph.learning.ml.table import Table

    model = CommandModel(place)
    table = Table(model.features, [to_row(event, None, "productivity") for event in events])
    return model.metadata.name, [score for score, _ in model.score(table)]


def _in_turn(events: list[CommandEvent], scores: list[CommandScore]) -> list[CommandScore]:
    turns: Counter[tuple[tuple[int, int], str, str | None]] = Counter()
    placed = []
    for event, score in zip(events, scores, strict=True):
        doubt = _doubt(score)
        kind = (doubt, event.program, event.repo)
        placed.append((doubt, turns[kind], -event.executed_at, event.id, score))
        turns[kind] += 1
    return [score for *_, score in sorted(placed, key=lambda one: one[:4])]


def _doubt(score: CommandScore) -> tuple[int, int]:
    """In whole points; the smaller, the less sure."""
    from_even = round(abs(score.score - 50))
    if score.kind == "chance":
        return from_even, 0
    width = 0 if score.low is None or score.high is None else round(score.high - score.low)
    return -width, from_even
