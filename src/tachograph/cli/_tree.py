"""A session's subagents as a tree."""

from __future__ import annotations

from tachograph.app.show import SessionStory, SubagentRecord
from tachograph.report.document import Block, Column, Heading, Table
from tachograph.report.units import UNKNOWN, count, seconds, tokens, usd


def describe_subagents(story: SessionStory, limit: int | None) -> list[Block]:
    columns = [
        Column("kind", "left", flexible=True),
        Column("id", "left", style="accent"),
        Column("turn", rank=3),
        Column("active"),
        Column("calls", rank=2),
        Column("errors", rank=4),
        Column("tokens", rank=1),
        Column("cost", style="strong"),
        Column("model", "left", rank=5),
    ]
    shown = story.subagents[:limit]
    branches = draw_branches([below.depth for below in story.subagents])
    rows = [_subagent_row(below, branch) for below, branch in zip(shown, branches, strict=False)]
    hidden = story.subagents[len(shown) :]
    if hidden:
        rows.append(_hidden_subagents(hidden))
    return [Heading("Subagents", count(len(story.subagents))), Table(columns, rows)]


def _subagent_row(below: SubagentRecord, branch: str) -> list[str]:
    row = below.session
    return [
        f"{branch} {row.agent_type or '(unknown)'}".replace(" ", "\xa0"),
        row.name,
        count(below.turn),
        seconds(row.active_seconds),
        count(row.tool_calls),
        count(row.tool_errors),
        tokens(row.tokens),
        usd(row.usd, lower_bound=row.unpriced_responses > 0) if row.responses else UNKNOWN,
        ", ".join(row.models),
    ]


def _hidden_subagents(below: list[SubagentRecord]) -> list[str]:
    rows = [one.session for one in below]
    priced = [row.usd for row in rows if row.usd is not None]
    return [
        f"… ({len(rows)} more: --all)",
        "",
        "",
        seconds(sum(row.active_seconds or 0 for row in rows)),
        count(sum(row.tool_calls for row in rows)),
        count(sum(row.tool_errors for row in rows)),
        tokens(sum(row.tokens for row in rows)),
        usd(sum(priced), lower_bound=any(row.unpriced_responses for row in rows)) if priced else UNKNOWN,
        "",
    ]


def draw_branches(depths: list[int]) -> list[str]:
    """Lines that show a tree, for nodes in order (parents first) with their depths from 1: ``│  └─``."""
    branches = []
    for number, depth in enumerate(depths):
        later = depths[number + 1 :]
        lines = ["│  " if _goes_on(later, level) else "   " for level in range(1, depth)]
        branches.append("".join(lines) + ("├─" if _goes_on(later, depth) else "└─"))
    return branches


def _goes_on(later: list[int], level: int) -> bool:
    """Whether a further node of this level hangs on the same parent."""
    return next((depth == level for depth in later if depth <= level), False)
