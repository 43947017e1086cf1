"""``tacho cases review``: a person looks at a candidate, and says yes or no, and why."""

from __future__ import annotations

import os
import subprocess
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.cases.candidate import (
    REVIEW,
    STATUS,
    Candidate,
    find_candidate,
    hash_content,
    open_candidates,
    read_candidate,
)
from tachograph.app.cases.case_list import CaseList
from tachograph.app.expect.errors import first_of
from tachograph.app.expect.explain import ExplainedCase, explain_case
from tachograph.app.expect.forms import examine_file
from tachograph.app.expect.yaml_text import write_scalar
from tachograph.errors import UsageError

Verdict = Literal["approved", "rejected"]
_GIT_SECONDS = 5


class ReviewedCase(msgspec.Struct, frozen=True):
    """A candidate and what it asks."""

    candidate: Candidate
    asks: ExplainedCase
    """With what the manifest beside the file asks of every case."""


class CandidateReview(msgspec.Struct, frozen=True):
    """What is shown of a file of candidates."""

    file: str
    cases: tuple[ReviewedCase, ...]


class Decision(msgspec.Struct, frozen=True):
    """What a person says of a candidate."""

    verdict: Verdict
    by: str
    why: str
    on: date


def show_candidates(path: Path, id: str | None = None) -> CandidateReview:
    """What the candidates ask: the one called ``id``, else all that nobody has decided on since they were edited.

    Raises NotFound for a file or a case that is not there, ExpectationError when the file is wrong.
    """
    candidates = open_candidates(path)
    check_expectations(path)
    explained = _explain(path)
    if id is not None:
        chosen = [find_candidate(candidates, id)]
    else:
        chosen = [at for at, case in enumerate(candidates.cases) if _is_open(read_candidate(case))]
    return CandidateReview(
        str(path), tuple(ReviewedCase(read_candidate(candidates.cases[at]), explained[at]) for at in chosen)
    )


def decide(path: Path, id: str, decision: Decision) -> CandidateReview:
    """Record what a person says of the candidate ``id``; the candidate as it is then.

    Raises as :func:`show_candidates` does, UsageError without a name or a reason, TachographError when the file cannot
    be edited.
    """
    if not decision.by.strip():
        raise UsageError("Nobody is named who decides.", slug="no_reviewer", hint="Give --by NAME.")
    if not decision.why.strip():
        raise UsageError("A decision needs a reason.", slug="no_reason", hint="Give --why TEXT.")
    candidates = open_candidates(path)
    check_expectations(path)
    index = find_candidate(candidates, id)
    review = {
        "by": _as_text(decision.by),
        "on": decision.on.isoformat(),
        "why": _as_text(decision.why),
        "content": hash_content(candidates.cases[index]),
    }
    write_review(candidates, index, decision.verdict, review).save()
    return show_candidates(path, id)


def write_review(candidates: CaseList, index: int, verdict: Verdict, review: dict[str, str]) -> CaseList:
    """The list with the review of a case, on one line each."""
    decided = candidates.set_value(index, (STATUS,), verdict, verdict)
    return decided.set_value(index, (REVIEW,), review, write_flow(review), after=STATUS)


def write_flow(values: dict[str, str]) -> str:
    """A mapping of texts on one line."""
    return "{" + ", ".join(f"{key}: {write_scalar(value)}" for key, value in values.items()) + "}"


def check_expectations(path: Path) -> None:
    """Raise the first ExpectationError of the file: nobody can approve of what makes no sense."""
    errors = examine_file(path).errors
    if errors:
        raise first_of(errors)


def default_reviewer() -> str:
    """The name that git knows; empty when there is none."""
    try:
        found = subprocess.run(
            ["git", "config", "user.name"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.decode("utf-8", "replace").strip()


def _as_text(given: str) -> str:
    """What was typed, as a file can hold it: an argument may be any bytes."""
    return given.encode("utf-8", "replace").decode()


def _explain(path: Path) -> list[ExplainedCase]:
    file = examine_file(path).file
    return [] if file is None else [explain_case(case) for case in file.cases]


def _is_open(candidate: Candidate) -> bool:
    return candidate.status in ("candidate", "edited")
