"""What is known of a session after its first turns, and of sessions before it, as the numbers that a model looks at."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import msgspec

from tachograph.analysis.task_type import TASK_TYPES
from tachograph.learning.ml.session_cut import Cut
from tachograph.learning.ml.table import Feature, Goal

What = Literal["cost", "success", "waste"]
"""What a model of sessions predicts."""
WHATS: tuple[What, ...] = get_args(What)
GOALS: Mapping[What, Goal] = {"cost": "number", "success": "probability", "waste": "number"}
LEAST_LABEL: Mapping[What, float | None] = {"cost": 0.0, "success": None, "waste": None}
"""No label is below; None: there is no such bound. A session costs at least what it has cost so far."""

LEAST_USD = 1e-4
"""A session that cost less is taken to have cost so much: logarithms have no 0."""
_CENTS = 100.0
_SHRINK = 3.0
"""How many sessions like all others are thought to stand before a project's own ones: the mean of one session says
little of the next. Three is a convention, not fitted."""


# ------------------------------------------------------------------------------------------------------- the label


def to_scale(what: What, value: float) -> float:
    """``value`` (USD; of success 0 or 1) on the scale on which means are taken and distances measured.

    Costs spread over orders of magnitude, so they are seen as natural logarithms; waste is often 0, so it is the
    logarithm of 1 and the cents.
    """
    if what == "cost":
        return math.log(max(value, LEAST_USD))
    return math.log1p(_CENTS * max(value, 0.0)) if what == "waste" else value


def from_scale(what: What, scaled: float) -> float:
    """What :func:`to_scale` was given: USD, or a probability from 0 to 1."""
    if what == "cost":
        return math.exp(min(scaled, 50.0))
    return math.expm1(min(max(scaled, 0.0), 50.0)) / _CENTS if what == "waste" else min(max(scaled, 0.0), 1.0)


def reference_of(what: What, usd: float | None) -> float | None:
    """What a label is counted from when a session has cost ``usd`` so far; None: that is not known, so nothing can be
    said of cost and waste.

    A model of the cost learns how many times as much the session will have cost in the end, one of the waste how much
    of it is wasted: what was spent so far tells more than anything else, and trees need many sessions to find that out.
    """
    if what == "success":
        return 0.0
    return None if usd is None else to_scale(what, usd)


# -------------------------------------------------------------------------------------------- what was known before


class Outcome(msgspec.Struct, frozen=True):
    """A session that is over and what came of it."""

    session: str
    ended_at: int
    value: float
    """On the scale of :func:`to_scale`."""
    project: str | None
    family: str | None
    task_type: str | None


class Past(msgspec.Struct, frozen=True):
    """Means over the sessions that were over before one began, on the scale of :func:`to_scale`.

    How many there were is not told: that number grows with time, so that trees know sessions by it.

    A project is seen by its own history alone, never by its name: so a model says something of a project that it was
    not trained on. Means of few sessions are drawn towards that of all; None: nothing was over by then.
    """

    project: float | None = None
    family: float | None = None
    task_type: float | None = None


class History:
    """The past of each moment; moments are asked for in order of time."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self._waiting = [(one.ended_at, one.session, one) for one in outcomes]
        heapq.heapify(self._waiting)
        self._sums: dict[tuple[str, str | None], tuple[float, int]] = {}

    def past(self, at: int, project: str | None, family: str | None, task_type: str | None) -> Past:
        """What was known at ``at`` (ms UTC) of such sessions; not earlier than the moment asked for before."""
        while self._waiting and self._waiting[0][0] < at:  # a session without length is not its own past
            self._take(heapq.heappop(self._waiting)[2])
        total, number = self._sums.get(("", None), (0.0, 0))
        if not number:
            return Past()
        mean = total / number
        return Past(
            self._mean("project", project, mean), self._mean("family", family, mean),
            self._mean("task_type", task_type, mean),
        )  # fmt: skip

    def _take(self, one: Outcome) -> None:
        keys = (("", None), ("project", one.project), ("family", one.family), ("task_type", one.task_type))
        for key in keys:
            total, number = self._sums.get(key, (0.0, 0))
            if key[1] is not None or not key[0]:
                self._sums[key] = total + one.value, number + 1

    def _mean(self, kind: str, name: str | None, everything: float) -> float | None:
        if name is None:
            return None
        total, number = self._sums.get((kind, name), (0.0, 0))
        return (total + _SHRINK * everything) / (number + _SHRINK)


# --------------------------------------------------------------------------------------------------------- the row

FEATURES: tuple[Feature, ...] = (
    Feature("turns", "turns so far"),
    Feature("is_codex", "it is a session of Codex"),
    Feature("is_fork", "it goes on from another session"),
    *(Feature(f"is_{kind.replace('-', '_')}", f"its prompts ask for {kind}") for kind in TASK_TYPES),
    Feature("project_past", "what the project's earlier sessions came to"),
    Feature("family_past", "what the model family's earlier sessions came to"),
    Feature("task_type_past", "what earlier sessions with such work came to"),
    Feature("first_prompt_chars_log", "characters of the first prompt (logarithm)"),
    Feature("prompt_chars_log", "characters of all prompts so far (logarithm)"),
    Feature("prompts", "prompts so far"),
    Feature("seconds_log", "seconds so far (logarithm)"),
    Feature("responses_log", "responses so far (logarithm)"),
    Feature("input_log", "tokens of input and cache writes so far (logarithm)"),
    Feature("cache_read_log", "tokens read from the cache so far (logarithm)"),
    Feature("output_log", "tokens of output so far (logarithm)"),
    Feature("first_context_log", "tokens that the first response read (logarithm)"),
    Feature("last_context_log", "tokens that the last response read (logarithm)"),
    Feature("usd_log", "USD so far (logarithm)"),
    Feature("calls_log", "tool calls so far (logarithm)"),
    Feature("errors", "tool calls that failed so far"),
    Feature("error_share", "share of tool calls that failed so far"),
    Feature("denied", "tool calls refused so far"),
    Feature("reads_log", "reads and searches so far (logarithm)"),
    Feature("edits_log", "edits so far (logarithm)"),
    Feature("shell_log", "commands so far (logarithm)"),
    Feature("subagents", "subagents started so far"),
    Feature("lines_log", "lines changed so far (logarithm)"),
    Feature("interruptions", "interruptions so far"),
    Feature("compactions", "compactions so far"),
    Feature("api_errors", "API errors so far"),
)
"""Of a cut and its past, in the order of :func:`read_cut`. None is monotone: of nothing of this is it known that more
of it makes the rest of a session dearer."""


def read_cut(cut: Cut, past: Past, reference: float) -> tuple[float | None, ...]:
    """The values of :data:`FEATURES`; None: not known. The past is told from ``reference`` on, as labels are."""
    means = (past.project, past.family, past.task_type)
    return (
        cut.turns, float(cut.agent == "codex"), float(cut.is_fork),
        *(None if cut.task_type is None else float(cut.task_type == kind) for kind in TASK_TYPES),
        *(None if mean is None else mean - reference for mean in means),
        math.log1p(cut.first_prompt_chars), math.log1p(cut.prompt_chars), cut.prompts, math.log1p(cut.seconds),
        math.log1p(cut.responses), math.log1p(cut.input), math.log1p(cut.cache_read), math.log1p(cut.output),
        _log(cut.first_context), _log(cut.last_context), None if cut.usd is None else to_scale("cost", cut.usd),
        math.log1p(cut.calls), cut.errors, cut.errors / cut.calls if cut.calls else None, cut.denied,
        math.log1p(cut.reads), math.log1p(cut.edits), math.log1p(cut.shell), cut.subagents, math.log1p(cut.lines),
        cut.interruptions, cut.compactions, cut.api_errors,
    )  # fmt: skip


def _log(number: int | None) -> float | None:
    return None if number is None else math.log1p(number)
