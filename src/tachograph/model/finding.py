"""Waste that a detector has proved."""

from __future__ import annotations

import msgspec

FactValue = str | int | float | bool | None


class Finding(msgspec.Struct, frozen=True):
    """One case of waste in one session, with the records that prove it."""

    position: int
    """Of the first record of the proof."""
    at: int
    """When that was; ms UTC."""
    calls: tuple[str, ...] = ()
    """Ids of the tool calls that prove it, in order."""
    responses: tuple[str, ...] = ()
    """Ids of the responses that prove it, in order."""
    turns: tuple[int, ...] = ()
    """Numbers of the turns that these lie in."""
    count: int = 1
    """How many times something was done that need not have been."""
    tokens: int | None = None
    """What the needless part weighed, once. None: the log does not say enough."""
    carried_tokens: int = 0
    """The same tokens as often as later responses read them again."""
    cost_pico: int | None = None
    """Picodollars. None: a price or a size is not known."""
    is_estimate: bool = True
    """False where the numbers are the responses' own."""
    facts: dict[str, FactValue] = {}
    """What else belongs to the evidence, by the detector's own names; texts are redacted."""
    detector: str = ""
    """Name of the detector that found it."""
