"""A case that waits in ``candidates.yaml``, and what a person said of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

import msgspec

from tachograph.app.cases.case_list import CaseList
from tachograph.errors import NotFound
from tachograph.report.sanitise import harmless

CANDIDATES = "candidates.yaml"
GROUND_TRUTH = "ground_truth.yaml"
STATUS, REVIEW = "status", "review"
"""Keys of a candidate that are about it and not a part of the case."""

CandidateStatus = Literal["candidate", "approved", "rejected", "edited"]
_SLUG_CHARS = 48
_HASH_DIGITS = 16


class Review(msgspec.Struct, frozen=True):
    """What a person decided."""

    by: str
    on: str
    """The day, ``2026-11-21``."""
    why: str


class Candidate(msgspec.Struct, frozen=True):
    """One candidate."""

    id: str
    status: CandidateStatus
    """edited: it was changed after its approval, and has to be reviewed again."""
    prompt: str
    """What the session was asked to do."""
    session: str | None
    """Id of the session it was made from, or of the MLflow trace, or the log's path."""
    agent: str | None
    created: str | None
    """The day it was made."""
    review: Review | None
    """Null: nobody has looked at it yet."""


class CandidateList(msgspec.Struct, frozen=True):
    """The candidates of a file, in its order."""

    file: str
    cases: tuple[Candidate, ...]


def list_candidates(path: Path) -> CandidateList:
    """The candidates in the file at ``path``. Raises NotFound when there is none, TachographError when it is wrong."""
    return CandidateList(str(path), tuple(read_candidate(case) for case in open_candidates(path).cases))


def open_candidates(path: Path) -> CaseList:
    """The file at ``path``, to be edited. Raises as :func:`list_candidates` does."""
    found = CaseList.open(path)
    if not found.exists:
        raise NotFound(
            f"There is no file {harmless(str(path))}.",
            slug="no_candidates",
            hint="tacho cases add --from SESSION makes a candidate.",
        )
    return found


def find_candidate(candidates: CaseList, id: str) -> int:
    """Where the candidate called ``id`` stands. Raises NotFound."""
    index = candidates.index(id)
    if index is None:
        ids = ", ".join(harmless(str(case.get("id", ""))) for case in candidates.cases[:20])
        raise NotFound(
            f"{harmless(str(candidates.path))} has no case {harmless(id)}.",
            slug="no_such_case",
            hint=f"Its cases: {ids}." if ids else "It has none.",
        )
    return index


def read_candidate(case: dict[str, Any]) -> Candidate:
    """A case of the file; what is not there, or of another kind, is null."""
    metadata = _mapping(case.get("metadata"))
    inputs = case.get("inputs")
    prompt = inputs.get("prompt") if isinstance(inputs, dict) else inputs
    names = (metadata.get(key) for key in ("session_id", "trace_id", "trace_path"))
    return Candidate(
        id=str(case.get("id", "")),
        status=_status_of(case),
        prompt=prompt if isinstance(prompt, str) else "",
        session=next((name for name in names if isinstance(name, str)), None),
        agent=_text(metadata.get("agent")),
        created=_text(metadata.get("created")),
        review=_review_of(case),
    )


def hash_content(case: dict[str, Any]) -> str:
    """A hash of all that an approval is about: the values, however they are written."""
    content = {key: value for key, value in case.items() if key not in (STATUS, REVIEW)}
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()[:_HASH_DIGITS]


def make_id(prompt: str, taken: Collection[str]) -> str:
    """An id from the first words of a prompt that none of ``taken`` has: ``fix-the-failing-test``."""
    words = re.findall(r"[a-z0-9]+", prompt[:1000].lower())
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > _SLUG_CHARS:
            break
        slug = f"{slug}-{word}" if slug else word
    slug = slug or "case"
    numbered = (slug if number == 1 else f"{slug}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbered if name not in taken)


def _status_of(case: dict[str, Any]) -> CandidateStatus:
    status, review = case.get(STATUS), _mapping(case.get(REVIEW))
    if status == "rejected":
        return "rejected"
    if status != "approved" or _review_of(case) is None:
        return "candidate"  # whoever writes `approved` by hand has not said who and why
    return "approved" if review.get("content") == hash_content(case) else "edited"


def _review_of(case: dict[str, Any]) -> Review | None:
    review = _mapping(case.get(REVIEW))
    by = _text(review.get("by"))
    return Review(by, _text(review.get("on")) or "", _text(review.get("why")) or "") if by else None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
