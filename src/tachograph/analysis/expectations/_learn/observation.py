"""What one session did, as far as expectations are learnt from it: small, so that many sessions fit in memory."""

from __future__ import annotations

from collections import Counter

import msgspec

from tachograph.analysis.expectations._files import written_files
from tachograph.analysis.expectations._recording import Recording
from tachograph.analysis.summary import active_ms, summarise
from tachograph.model import Session

_DONE = ("ok", "error")
"""Statuses of calls that were carried out."""


class Observation(msgspec.Struct, frozen=True):
    """One recording in numbers and names; subagents count."""

    session: str
    """Its id."""
    calls: dict[str, int] = {}
    """Calls of each tool, whatever came of them."""
    categories: dict[str, int] = {}
    """Calls of each category of tools."""
    order: tuple[str, ...] = ()
    """Tools with a call that was carried out, in the order of the first such call."""
    responses: int = 0
    output: int = 0
    """Tokens."""
    total: int = 0
    """Tokens of uncached input and of output."""
    reliable: bool = True
    """False: ``output`` is a lower bound."""
    cost_pico: int | None = None
    """Picodollars; None: some response has no known price."""
    active_ms: int = 0
    """Milliseconds in which the main session was at work."""
    turns: int = 0
    errors: int = 0
    """Calls that failed by the tool's own flag."""
    finished: int = 0
    """Calls that worked or failed."""
    detectors: frozenset[str] = frozenset()
    """Names of the detectors that found waste."""
    made: frozenset[str] = frozenset()
    """Files that were created or changed and are still there, as paths below the project's folder."""


def observe(recording: Recording) -> Observation:
    """What ``recording`` did."""
    calls = recording.calls
    done = [call for call in calls if call.tool.status in _DONE]
    answers = [one for part in recording.parts for one in part.session.responses]
    usage = recording.usage
    main = recording.main.session
    return Observation(
        session=main.id,
        calls=dict(Counter(call.tool.name for call in calls)),
        categories=dict(Counter(call.tool.category for call in calls)),
        order=tuple(dict.fromkeys(call.tool.name for call in done)),
        responses=len(answers),
        output=usage.output,
        total=usage.input + usage.output,
        reliable=all(one.output_reliable for one in answers),
        cost_pico=_cost(recording),
        active_ms=active_ms(main),
        turns=summarise(main).turns,
        errors=sum(call.tool.status == "error" for call in done),
        finished=len(done),
        detectors=frozenset(finding.detector for part in recording.parts for finding in part.findings),
        made=frozenset(below for path in written_files(recording).there if (below := _below(path, main)) is not None),
    )


def _cost(recording: Recording) -> int | None:
    if any(part.unpriced for part in recording.parts):
        return None
    return sum(part.cost_pico or 0 for part in recording.parts)


def _below(path: str, main: Session) -> str | None:
    """``path`` as seen from the project's folder; None when it lies elsewhere."""
    for folder in (main.project, *main.cwds):
        root = (folder or "").replace("\\", "/").rstrip("/")
        if root and path.startswith(f"{root}/"):
            return path[len(root) + 1 :]
    is_relative = not path.startswith(("/", "~", "../")) and path[1:2] != ":"
    return path if is_relative else None
