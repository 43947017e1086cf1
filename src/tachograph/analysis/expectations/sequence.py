"""Calls that have to happen in an order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self, get_args

from msgspec import Struct

from tachograph.analysis.expectations._answers import count_calls, search
from tachograph.analysis.expectations._matching import Matched, match_exactly, match_in_any_order, match_in_order
from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._reading import Misread, suggest
from tachograph.analysis.expectations._recording import Call, Recording
from tachograph.analysis.expectations._registry import expectation
from tachograph.analysis.expectations._steps import Asker, Step
from tachograph.analysis.expectations._tally import Tally
from tachograph.analysis.expectations._values import read_list, read_options, read_text
from tachograph.model import TextKind

Mode = Literal["exact", "subsequence", "any_order"]

MAX_STEPS = 200
"""Most steps of one sequence: to give each a call of its own takes time with their cube."""

_MATCHERS: dict[Mode, Callable[..., Matched]] = {
    "exact": match_exactly, "subsequence": match_in_order, "any_order": match_in_any_order,
}  # fmt: skip
_WORDS: dict[Mode, str] = {"exact": "as the only calls", "subsequence": "in this order", "any_order": "in any order"}
_SHOWN = 8
"""Most steps that a rationale names."""


class ToolSequence(Struct, frozen=True):
    """Steps, and how they have to happen."""

    steps: tuple[Step, ...] = ()
    mode: Mode = "subsequence"

    @classmethod
    def read(cls, value: object) -> Self:
        """A list of steps, or a mapping that names the mode too. Raises Misread."""
        given: dict[str, Any] = read_options(value, _READERS) if isinstance(value, Mapping) else {}
        return cls(**given) if isinstance(value, Mapping) else cls(_read_steps(value))

    @property
    def needs(self) -> frozenset[TextKind]:
        """Texts only where a step names a command or an input."""
        return frozenset(kind for step in self.steps for kind in step.needs)


@expectation("commands", "inputs")
def tool_sequence(asked: ToolSequence, recording: Recording) -> Outcome:
    """These calls happen in this order, others between them or not.

    mode exact: these are all calls that were carried out, nothing between them; any_order: each step has a call of its
    own. A call that was denied, cancelled or has no result counts only for a step that asks for that status.
    """
    tally = Tally(recording)
    if not asked.steps:
        return tally.outcome()
    statuses = {step.status for step in asked.steps}
    calls = [call for call in recording.calls if call.carried_out or call.tool.status in statuses]
    asker = Asker(recording, asked.steps)
    matched = _match(asked, calls, lambda step, call: asker.ask(step, call) is True)
    told = _tell(asked, recording, calls, matched)
    if _is_done(asked, calls, matched):
        tally.passed(told, matched.values())
    elif _is_done(asked, calls, _match(asked, calls, lambda step, call: asker.ask(step, call) is not False)):
        doubts = search(calls, lambda call: next(asker.doubts(call), False))
        tally.unknown(f"{told}; {doubts.explain_doubts(recording)}", [call for call, _ in doubts.doubts])
    else:
        tally.failed(told, matched.values())
    return tally.outcome()


def _read_mode(value: object) -> str:
    mode = read_text(value, "a mode")
    if mode not in get_args(Mode):
        raise Misread(f"unknown mode {mode!r}", (), suggest(mode, get_args(Mode)))
    return mode


def _read_steps(value: object) -> tuple[Step, ...]:
    steps = read_list(value, Step.read, "steps")
    if len(steps) > MAX_STEPS:
        raise Misread(f"a sequence has at most {MAX_STEPS} steps, this one has {len(steps):,}")
    return steps


_READERS = {"mode": _read_mode, "steps": _read_steps}


def _match(asked: ToolSequence, calls: Sequence[Call], fits: Callable[[int, Call], bool]) -> Matched:
    return _MATCHERS[asked.mode](len(asked.steps), calls, fits)


def _is_done(asked: ToolSequence, calls: Sequence[Call], matched: Matched) -> bool:
    return len(matched) == len(asked.steps) and (asked.mode != "exact" or len(calls) == len(asked.steps))


def _tell(asked: ToolSequence, recording: Recording, calls: Sequence[Call], matched: Matched) -> str:
    """``2 of 3 steps in this order: Read at call 4, Edit at call 9, then no Bash(pytest)``."""
    names = [recording.name(str(step)) for step in asked.steps]
    found = [f"{names[step]} at call {call.number}" for step, call in matched.items()]
    shown = [*found[:2], "…", *found[-_SHOWN + 2 :]] if len(found) > _SHOWN else found
    missing = [name for number, name in enumerate(names) if number not in matched]
    then = "then " if found else ""
    if missing and asked.mode == "any_order":
        shown.append("no call left for " + ", ".join(missing[:_SHOWN]) + (" …" if len(missing) > _SHOWN else ""))
    elif asked.mode == "exact" and len(matched) < len(calls):
        other = calls[len(matched)]
        instead = f", not {missing[0]}" if missing else ""
        shown.append(f"{then}{recording.name(other.tool.name)} at call {other.number}{instead}")
    elif missing:
        shown.append(f"{then}no {missing[0]}")
    count = f"{len(matched):,} of {len(names):,} step{'' if len(names) == 1 else 's'}"
    more = f" of {count_calls(calls)}" if asked.mode == "exact" else ""
    return f"{count} {_WORDS[asked.mode]}{more}: {', '.join(shown)}"
