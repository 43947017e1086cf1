"""What is summed: one record per table of the rollups, with its own part of the key."""

from __future__ import annotations

from typing import ClassVar

import msgspec

PICO_PER_MICRO = 10**6


class Sums(msgspec.Struct):
    """Sums of one table. The fields are its columns, in their order."""

    table: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    """Columns of the key after grain, span, project and agent; all of them are names."""


class Priced(Sums):
    """Sums with a cost."""

    @property
    def pico(self) -> int | None:
        """Picodollars of what is priced; None when nothing is."""
        return self.micro * PICO_PER_MICRO + self.rest if self.priced else None  # type: ignore[attr-defined]

    @property
    def usd(self) -> float | None:
        """The same in dollars. A lower bound where ``unpriced`` > 0."""
        return None if self.pico is None else self.pico / 10**12


class UsageSums(Priced):
    """Usage by the day of the response."""

    table = "usage_cells"
    keys = ("model", "kind")

    responses: int = 0
    """Counted responses."""
    input: int = 0
    """Tokens: uncached input; so the next four."""
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    """Tokens: output, reasoning included."""
    reasoning: int = 0
    """Tokens: hidden reasoning, a part of ``output``."""
    web_searches: int = 0
    priced: int = 0
    """Rows of usage with a cost."""
    unpriced: int = 0
    """Responses without a known price."""
    unreliable: int = 0
    """Responses whose output is a lower bound."""
    micro: int = 0
    rest: int = 0

    @property
    def tokens(self) -> int:
        """All tokens, each once."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h + self.output

    @property
    def cache_share(self) -> float | None:
        """Share of the prompts' tokens that came from the cache; None without any."""
        prompts = self.tokens - self.output
        return self.cache_read / prompts if prompts else None


class SessionSums(Sums):
    """Sessions at the top, by the day they began. See schema.sql for each field."""

    table = "session_cells"
    keys = ("task_type",)

    sessions: int = 0
    logs_missing: int = 0
    subagents: int = 0
    active_ms: int = 0
    turns: int = 0
    prompts: int = 0
    compactions: int = 0
    api_errors: int = 0
    tool_calls: int = 0
    tool_errors: int = 0
    tool_denied: int = 0
    lines_added: int = 0
    lines_removed: int = 0
    with_logs: int = 0
    prompted: int = 0
    follow_ups: int = 0
    followed_up: int = 0
    interruptions: int = 0
    interrupted: int = 0
    comparable: int = 0
    retried: int = 0
    spawns: int = 0
    spawning: int = 0
    wasteful: int = 0


class FindingSums(Sums):
    """The part of the sums over sessions that tells of waste alone: in many groups that is much quicker to add up."""

    table = "session_cells"
    keys = ("task_type",)

    sessions: int = 0
    wasteful: int = 0


class CostSums(Sums):
    """What sessions at the top cost, subagents folded in, by the day they began and the model they used most."""

    table = "cost_cells"
    keys = ("model",)

    sessions: int = 0
    logs_missing: int = 0
    """Of which only subagents have left logs."""
    priced: int = 0
    """Sessions with a known cost."""
    unpriced: int = 0
    """Sessions with an unpriced response."""
    micro: int = 0
    """Microdollars, each session's rounded."""

    @property
    def mean(self) -> float | None:
        """Mean USD of those with a known cost; None without one."""
        return self.micro / PICO_PER_MICRO / self.priced if self.priced else None


class VerdictSums(Sums):
    """Verdicts of the token axis by the day the session began."""

    table = "verdict_cells"
    keys = ("task_type", "verdict")

    sessions: int = 0


class WasteSums(Priced):
    """Findings by the day on which the session at the top began. Detectors overlap: never add over them."""

    table = "waste_cells"
    keys: ClassVar[tuple[str, ...]] = ("detector",)

    sessions: int = 0
    """Sessions with such a finding."""
    findings: int = 0
    times: int = 0
    """How many times something was done that need not have been."""
    tokens: int = 0
    """Of the findings whose size is known."""
    carried_tokens: int = 0
    priced: int = 0
    unpriced: int = 0
    """Findings without a known cost."""
    unweighed: int = 0
    """Findings without a known size."""
    micro: int = 0
    rest: int = 0


class WasteTypeSums(WasteSums):
    """The same by kind of agent, each session by itself."""

    table = "waste_type_cells"
    keys = ("agent_type", "detector")


class ToolSums(Priced):
    """Tool calls by the day of the call."""

    table = "tool_cells"
    keys = ("tool", "category")

    calls: int = 0
    ok: int = 0
    errors: int = 0
    denied: int = 0
    cancelled: int = 0
    missing: int = 0
    results: int = 0
    """Calls of which the result's length is known."""
    result_chars: int = 0
    priced: int = 0
    """Calls with a cost."""
    unpriced: int = 0
    """Calls whose response is unpriced, in whole or in part."""
    unattributed: int = 0
    """Calls of which the log does not say which response made them."""
    micro: int = 0
    rest: int = 0
    t0: int = 0
    t1: int = 0
    t2: int = 0
    t3: int = 0
    t4: int = 0
    t5: int = 0
    t6: int = 0
    t7: int = 0
    t8: int = 0
    t9: int = 0
    t10: int = 0
    t11: int = 0
    t12: int = 0
    t13: int = 0
    t14: int = 0

    @property
    def times(self) -> list[int]:
        """Calls that ran to their end by duration: entry n counts those of [0.0625 s · 2^n, 0.125 s · 2^n).

        The first one begins at 0, the last one has no end.
        """
        return [getattr(self, f"t{n}") for n in range(15)]


class KpiSums(Sums):
    """KPIs by the day the session ended."""

    table = "kpi_cells"
    keys = ("agent_type", "kpi")

    sessions: int = 0
    """Sessions with a value."""
    millionths: int = 0

    @property
    def mean(self) -> float | None:
        """Mean over the sessions; None without one."""
        return self.millionths / 1e6 / self.sessions if self.sessions else None


CUBES: tuple[type[Sums], ...] = (
    UsageSums, SessionSums, CostSums, VerdictSums, WasteSums, WasteTypeSums, ToolSums, KpiSums,
)  # fmt: skip
