"""Token economy: whether a session used more or fewer tokens than others of its task type.

What depends on other sessions is computed on reading, never stored: a late, old session changes every verdict rightly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from tachograph.analysis.axes.quantiles import Sample
from tachograph.analysis.axes.reference import Band, BundledBand, bundled_bands, make_band

NEEDED = 10
"""Other sessions from which on a reference is used; with fewer, its quartiles are two or three sessions each."""

Verdict = Literal["above_p75", "within_band", "below_p25", "unavailable"]
Unit = Literal["real_tokens", "input_side_tokens"]
Reason = Literal["no_responses", "no_task", "no_reference", "out_of_scope"]


class TokenFacts(msgspec.Struct, frozen=True):
    """What a session says of itself; its subagents are sessions of their own."""

    session: str
    """Its id."""
    kind: str
    """main or subagent."""
    task_type: str | None
    """None: it has no task text."""
    family: str | None
    """Model family that did most of the work; None: not known."""
    turns: int
    real_tokens: int
    """Input, cache writes and output of its own responses, each once; cache reads are left out."""
    input_tokens: int
    """Input and cache writes alone."""
    reliable: bool
    """False: some output counts are placeholders, so that ``real_tokens`` is a lower bound."""


class Reference(msgspec.Struct, frozen=True):
    """What a session was compared with."""

    kind: Literal["own", "bundled"]
    """The user's own other sessions, or the public ones that come with the program."""
    task_type: str
    family: str | None
    """None: all model families."""
    n: int
    """Sessions."""


class TokenScore(msgspec.Struct, frozen=True):
    """The verdict on one session."""

    verdict: Verdict
    value: int | None
    """Tokens, in ``unit``; None without responses."""
    unit: Unit
    task_type: str | None
    band: Band | None
    percentile: float | None
    """Mid-rank among the user's own other sessions, 0 to 100; None for the bundled reference, which has no ranks."""
    reference: Reference | None
    reason: Reason | None
    """Why the verdict is unavailable."""
    hint: str | None
    """What would make it available, or why it cannot be; one sentence."""
    domain_of_validity: str
    """What the verdict says and does not say; never empty."""
    session: str = ""
    """The session it is about."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """What was counted; empty where nothing could be."""
        return (f"{self.value} {self.unit} in session {self.session}",) if self.value is not None else ()


ReferenceKey = tuple[str, str, str | None, Unit]
"""Kind of session, task type, model family (None: all), and what is counted."""


class _Comparison(msgspec.Struct, frozen=True):
    """A reference that may be used."""

    reference: Reference
    band: Band
    sample: Sample | None = None
    """The tokens behind the band; None for a bundled one."""
    repositories: int = 0
    """Those that a bundled band is from."""


class References:
    """The sessions to compare with, grouped once, so that scoring each of n sessions takes O(log n)."""

    def __init__(self, others: Iterable[TokenFacts], bundled: Mapping[str, BundledBand] | None = None) -> None:
        """``others`` may hold the sessions to be scored (each is left out of its own reference), each session once.

        ``bundled`` are bands by task type, by default those that come with the program.
        """
        self._stored = {facts.session: facts for facts in others}
        self._bundled = bundled_bands() if bundled is None else bundled
        self._groups: dict[tuple[str, str, str | None], list[TokenFacts]] = defaultdict(list)
        self._sorted: dict[ReferenceKey, tuple[list[int], list[int]]] = {}
        for facts in self._stored.values():
            if facts.real_tokens and facts.task_type is not None:
                for family in {facts.family, None}:
                    self._groups[facts.kind, facts.task_type, family].append(facts)

    def score(self, own: TokenFacts) -> TokenScore:
        """The verdict on ``own``; the boundaries of the band and of the gate lie inside."""
        unit: Unit = "real_tokens" if own.reliable else "input_side_tokens"
        if own.real_tokens == 0:
            return _unavailable(own, unit, "no_responses", "The session has no responses of its own that used tokens.")
        if own.task_type is None:
            return _unavailable(own, unit, "no_task", "The session has no prompt from which its task could be told.")
        found = self._find_own(own, own.task_type, unit) or self._find_bundled(own, own.task_type, unit)
        if found is None:
            return _unavailable(own, unit, "no_reference", self._missing(own, own.task_type, unit))
        if own.turns < found.band.p10_turns:
            hint = (
                f"The session's turns ({own.turns}) are fewer than the 10th percentile of the sessions it would be"
                f" compared with ({found.band.p10_turns:g})."
            )
            return _unavailable(own, unit, "out_of_scope", hint, found)
        return _judge(own, unit, found)

    def _find_own(self, own: TokenFacts, task_type: str, unit: Unit) -> _Comparison | None:
        """The user's other sessions of the type: of the same family when these are enough, else of all."""
        for family in dict.fromkeys((own.family, None)):
            key = (own.kind, task_type, family, unit)
            tokens, turns = self._others(own, key)
            if len(tokens) >= NEEDED:
                reference = Reference("own", task_type, family, len(tokens))
                return _Comparison(reference, make_band(tokens, turns), tokens)
        return None

    def _find_bundled(self, own: TokenFacts, task_type: str, unit: Unit) -> _Comparison | None:
        bands = self._bundled.get(task_type)
        if bands is None or own.kind != "main":
            return None
        public = bands.real_tokens if unit == "real_tokens" else bands.input_side_tokens
        if public is None:
            return None
        reference = Reference("bundled", task_type, None, public.band.n)
        return _Comparison(reference, public.band, repositories=public.repositories)

    def _others(self, own: TokenFacts, key: ReferenceKey) -> tuple[Sample, Sample]:
        """Tokens and turns of the sessions under ``key``, without ``own`` as it was stored."""
        tokens, turns = self.columns(key)
        stored = self._stored.get(own.session)
        if stored is None or not _counts(stored, key):
            return Sample(tokens), Sample(turns)
        return Sample(tokens, _value(stored, key[3])), Sample(turns, stored.turns)

    def columns(self, key: ReferenceKey) -> tuple[list[int], list[int]]:
        """Tokens and turns of the sessions under ``key``, sorted when they are first asked for."""
        if key not in self._sorted:
            found = [facts for facts in self._groups.get(key[:3], ()) if _counts(facts, key)]
            self._sorted[key] = sorted(_value(one, key[3]) for one in found), sorted(one.turns for one in found)
        return self._sorted[key]

    def _missing(self, own: TokenFacts, task_type: str, unit: Unit) -> str:
        count = len(self._others(own, (own.kind, task_type, None, unit))[0])
        counts = " whose output counts are reliable" if unit == "real_tokens" else ""
        bundled = "holds main sessions only" if own.kind != "main" else "has too few sessions of this type"
        return (
            f"There are {count} of the {NEEDED} other {own.kind} sessions of type {task_type}{counts} that are needed"
            f" ({NEEDED - count} missing), and the bundled reference {bundled}."
        )


def score_tokens(
    own: TokenFacts, others: Iterable[TokenFacts], bundled: Mapping[str, BundledBand] | None = None
) -> TokenScore:
    """The verdict on one session; for many of them make :class:`References` once."""
    return References(others, bundled).score(own)


def _counts(facts: TokenFacts, key: ReferenceKey) -> bool:
    """Whether a session is one to compare with under ``key``.

    Its input side is always exact; its real tokens are not when an output count is a placeholder.
    """
    kind, task_type, family, unit = key
    return (
        facts.real_tokens > 0
        and (facts.kind, facts.task_type) == (kind, task_type)
        and family in (facts.family, None)
        and (facts.reliable or unit == "input_side_tokens")
    )


def _value(facts: TokenFacts, unit: Unit) -> int:
    return facts.real_tokens if unit == "real_tokens" else facts.input_tokens


def _judge(own: TokenFacts, unit: Unit, found: _Comparison) -> TokenScore:
    value, band = _value(own, unit), found.band
    verdict: Verdict = "above_p75" if value > band.p75 else "below_p25" if value < band.p25 else "within_band"
    return TokenScore(
        verdict=verdict,
        value=value,
        unit=unit,
        task_type=own.task_type,
        band=band,
        percentile=None if found.sample is None else found.sample.percentile(value),
        reference=found.reference,
        reason=None,
        hint=None,
        domain_of_validity=_domain(own, unit, found),
        session=own.session,
    )


def _unavailable(
    own: TokenFacts, unit: Unit, reason: Reason, hint: str, found: _Comparison | None = None
) -> TokenScore:
    return TokenScore(
        verdict="unavailable",
        value=None if reason == "no_responses" else _value(own, unit),
        unit=unit,
        task_type=own.task_type,
        band=found.band if found else None,
        percentile=None,
        reference=found.reference if found else None,
        reason=reason,
        hint=hint,
        domain_of_validity=_domain(own, unit, found),
        session=own.session,
    )


def _domain(own: TokenFacts, unit: Unit, found: _Comparison | None) -> str:
    """What a verdict says and does not say, in a few sentences."""
    if found is None:
        compared = "Nothing was compared."
    elif found.reference.kind == "own":
        family = f"model family {found.reference.family}" if found.reference.family else "all model families"
        compared = f"Compared with {found.reference.n} other {own.kind} sessions of your own, of type {own.task_type},"
        compared += f" {family}."
    else:
        compared = (
            f"Compared with {found.reference.n} public sessions of type {own.task_type} from {found.repositories}"
            " repositories whose owners chose to publish them: not with your work."
        )
    return f"{compared} {_COUNTED[unit]} It says how many tokens were used, not how well."


_COUNTED: dict[Unit, str] = {
    "real_tokens": (
        "Counted are input, cache writes and output of the session's own responses; not cache reads and subagents."
    ),
    "input_side_tokens": (
        "Counted are only input and cache writes of the session's own responses, because some of its output counts are"
        " placeholders."
    ),
}
