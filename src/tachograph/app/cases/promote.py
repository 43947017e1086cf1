"""``tacho cases promote``: what a person has approved becomes part of the ground truth."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tachograph.app.cases.candidate import REVIEW, STATUS, find_candidate, open_candidates, read_candidate
from tachograph.app.cases.case_list import CaseList
from tachograph.app.cases.review import check_expectations, write_flow
from tachograph.app.expect.yaml_text import write_scalar
from tachograph.errors import NotFound, TachographError
from tachograph.report.sanitise import harmless

_NOT_YET = {
    "candidate": "nobody has reviewed it",
    "edited": "it was changed after its approval",
    "rejected": "it was rejected",
}


class Waiting(msgspec.Struct, frozen=True):
    """A candidate that stays where it is."""

    id: str
    reason: str


class Promotion(msgspec.Struct, frozen=True):
    """What was moved."""

    candidates: str
    ground_truth: str
    """The files."""
    promoted: tuple[str, ...]
    """Ids, in order."""
    waiting: tuple[Waiting, ...]
    """With ``--all``: those that were not approved."""


def promote(source: Path, into: Path, ids: Sequence[str] | None) -> Promotion:
    """Move approved candidates from ``source`` behind the cases of ``into``; ``ids`` None: all that are approved.

    Either all that were named are moved or none. Raises TachographError with exit code 1 when one is not approved or
    nothing is, when an id is taken there; NotFound for a file or a case that is not there; ExpectationError when a file
    is wrong.
    """
    candidates = open_candidates(source)
    check_expectations(source)
    named = [str(case.get("id", "")) for case in candidates.cases] if ids is None else list(dict.fromkeys(ids))
    if not named:
        raise NotFound(f"{harmless(str(source))} has no candidate.", slug="no_candidates")
    waiting = [_waiting(candidates, name) for name in named]
    held_back = tuple(one for one in waiting if one is not None)
    chosen = [name for name, one in zip(named, waiting, strict=True) if one is None]
    if held_back and (ids is not None or not chosen):
        told = "; ".join(f"{harmless(one.id)}: {one.reason}" for one in held_back[:5])
        raise TachographError(
            f"Nothing was promoted: {told}.",
            slug="not_reviewed",
            exit_code=1,
            hint="Look at it first: tacho cases review ID.",
        )
    if chosen:
        _move(candidates, CaseList.open(into), chosen)
    return Promotion(str(source), str(into), tuple(chosen), held_back)


def _waiting(candidates: CaseList, id: str) -> Waiting | None:
    status = read_candidate(candidates.cases[find_candidate(candidates, id)]).status
    return None if status == "approved" else Waiting(id, _NOT_YET[status])


def _move(candidates: CaseList, truth: CaseList, ids: Sequence[str]) -> None:
    """The ground truth is written first: should the second write fail, a case is in both files and none is lost."""
    left = candidates
    for name in ids:
        lines, case = _as_case(candidates, find_candidate(candidates, name), truth.path)
        there = truth.index(name)
        if there is not None and truth.cases[there] != case:
            raise TachographError(
                f"{harmless(str(truth.path))} has a case {harmless(name)} already; nothing was promoted.",
                slug="id_taken",
                exit_code=1,
                hint="Give the candidate another id.",
            )
        truth = truth if there is not None else truth.append(lines, case)
        left = left.remove(find_candidate(left, name))
    truth.save()
    left.save()


def _as_case(candidates: CaseList, index: int, into: Path) -> tuple[list[str], dict[str, Any]]:
    """A candidate as a case of ``into``: its lines and its value, without what is only about candidates."""
    review = {key: one for key, one in candidates.cases[index][REVIEW].items() if key in ("by", "on", "why")}
    edited = candidates.drop_key(index, STATUS).set_value(index, (REVIEW,), review, write_flow(review))
    path = _moved_path(edited.cases[index], candidates.path, into)
    if path is not None:
        edited = edited.set_value(index, ("metadata", "trace_path"), path, write_scalar(path))
    return edited.lines_of(index), edited.cases[index]


def _moved_path(case: dict[str, Any], source: Path, into: Path) -> str | None:
    """The path of the case's log as seen from another folder; None when it stays as it is."""
    metadata = case.get("metadata")
    path = metadata.get("trace_path") if isinstance(metadata, dict) else None
    here, there = (os.path.realpath(one.parent) for one in (source, into))
    if not isinstance(path, str) or here == there or os.path.isabs(os.path.expanduser(path)):
        return None
    return os.path.relpath(os.path.join(here, path), there).replace(os.sep, "/")
