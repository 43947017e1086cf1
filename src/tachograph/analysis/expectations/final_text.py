"""What the assistant said last."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from tachograph.analysis.expectations._answers import Doubt
from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._patterns import Expression
from tachograph.analysis.expectations._recording import Recording
from tachograph.analysis.expectations._registry import expectation
from tachograph.analysis.expectations._tally import Tally
from tachograph.analysis.expectations._values import read_one_or_list, read_options, read_text
from tachograph.model import Evidence


class FinalText(Struct, frozen=True):
    """What has to be in the last message."""

    contains: tuple[str, ...] = ()
    matches: tuple[Expression, ...] = ()

    @classmethod
    def read(cls, value: object) -> Self:
        """The options that a file gives. Raises Misread."""
        given = read_options(value, _READERS)
        return cls(**given)  # type: ignore[arg-type]  # each reader gives what its field holds


_READERS = {
    "contains": lambda value: read_one_or_list(value, read_text),
    "matches": lambda value: read_one_or_list(value, Expression.read, "regular expressions"),
}


@expectation("said")
def final_text(asked: FinalText, recording: Recording) -> Outcome:
    """The assistant's last message is so.

    That of the session that is checked, not a subagent's. contains: texts, all of which are in it, capitals count;
    matches: regular expressions, all of which are found in it.
    """
    tally = Tally(recording)
    said = recording.said
    if not asked.contains and not asked.matches:
        return tally.outcome()
    if said is None:
        return Outcome("unknown", "the last message of the main session is not known: its log is gone")
    if not said:
        return Outcome("fail", "there is no message in the main session")
    proof = [Evidence(recording.main.session.id, text=recording.show(said))]
    where = f"in the last message ({len(said):,} characters)"
    for text in asked.contains:
        name = recording.name(text)
        if text in said:
            tally.passed(f"contains “{name}” {where}")
        else:
            tally.failed(f"“{name}” is not {where}", proof=proof)
    for expression in asked.matches:
        name = recording.name(expression.text)
        found = expression.found_in(said)
        if isinstance(found, Doubt):
            tally.unknown(f"/{name}/ {where}: {found.why}")
        elif found:
            tally.passed(f"/{name}/ is found {where}")
        else:
            tally.failed(f"/{name}/ is not found {where}", proof=proof)
    return tally.outcome()
