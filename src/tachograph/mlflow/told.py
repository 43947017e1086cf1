"""What traces tell of a session, and the recording that expectations are checked on."""

from __future__ import annotations

from collections import Counter

import msgspec

from tachograph.analysis.expectations import Part, Recording
from tachograph.app.analysis import analyse
from tachograph.app.workspace import Workspace
from tachograph.model import Cost, Response, Session, TextKind, Texts
from tachograph.pricing import PriceBook, read_overrides

ALL_TEXTS: frozenset[TextKind] = frozenset(("commands", "inputs", "prompts", "said"))
"""What traces may tell at full length."""


class Told(msgspec.Struct, frozen=True):
    """A session as traces tell it."""

    sessions: tuple[Session, ...]
    """The main one first, then its subagents."""
    texts: Texts
    """Full texts, as far as they are told."""
    whole: frozenset[str] = frozenset()
    """Sessions of which no text is missing."""
    notes: tuple[str, ...] = ()
    """What the traces do not tell, a sentence each."""


def make_recording(told: Told, workspace: Workspace) -> Recording:
    """The recording of what was told: priced as any session is, with what the detectors find."""
    prices = Pricing(workspace)
    parts = [_part(session, session.id in told.whole, prices) for session in told.sessions]
    return Recording(parts, told.texts, workspace.clean)


class Pricing:
    """List prices, and those of the settings."""

    def __init__(self, workspace: Workspace) -> None:
        self._book = PriceBook(read_overrides(workspace.settings.prices))

    def __call__(self, response: Response) -> Cost | None:
        """What an answer cost; None when no price is known for one of the models in it."""
        passes = [(one.model, one.usage) for one in response.passes] or [(response.model, response.usage)]
        costs = [
            self._book.price(response.provider, model, response.started_at, response.speed, usage)
            for model, usage in passes
        ]
        known = [msgspec.structs.astuple(cost) for cost in costs if cost is not None]
        return Cost(*map(sum, zip(*known, strict=True))) if len(known) == len(costs) else None


def _part(session: Session, is_whole: bool, prices: Pricing) -> Part:
    costs = [(response.model, prices(response)) for response in session.responses]
    priced = [cost.total for _, cost in costs if cost is not None]
    unpriced = Counter(model for model, cost in costs if cost is None)
    findings = analyse(session).findings
    return Part(session, sum(priced) if priced else None, tuple(sorted(unpriced.items())), findings, is_whole)
