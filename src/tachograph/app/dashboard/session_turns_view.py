"""The turns of a session, its subagents, and what else happened in it."""

from __future__ import annotations

import msgspec

from tachograph.app.dashboard.cells import VERDICTS, cost_cell
from tachograph.app.dashboard.links import link, session_link
from tachograph.app.dashboard.session_paging import page_through, part_link
from tachograph.app.dashboard.session_story import Below, SessionData, ToldTurn
from tachograph.app.dashboard.session_words import MARKERS, marker_value, proof_link, shorten
from tachograph.app.scope import Scope
from tachograph.app.show import TurnRecord
from tachograph.report.units import counted
from tachograph.report.view import Block, Cell, Column, Grid, Kind, Note, Paging, Section, Special

_SHORT, _TOOLS, _MOST, _MOST_FINDINGS = 160, 8, 12, 4


class TurnLine(msgspec.Struct, frozen=True, kw_only=True):
    """One turn as the list shows it."""

    number: int
    title: str
    kind: str
    """Of a prompt that is not a person's text: slash, task; empty otherwise."""
    at: Cell
    short: str
    """The prompt, cut to one line."""
    whole: str
    """All that is stored of it; empty where ``short`` is all."""
    facts: list[tuple[str, Cell, Kind]]
    tools: str
    """The calls by name."""
    calls: int
    errors: int
    tags: list[Cell]
    """What stands out: errors, interruptions, compactions, commits …"""
    subagents: list[Cell]
    findings: list[Cell]
    more_findings: int
    href: str
    """The turn's own page."""


class TurnList(msgspec.Struct, frozen=True):
    """What the template of the turns is given."""

    lines: list[TurnLine]
    paging: Paging | None
    parts: list[tuple[str, str]]
    """Words and address of the first and the last part, where they are further away than a step."""


def show_turns(data: SessionData, scope: Scope) -> list[Block]:
    """The turns of this part, and the same as a table."""
    if not data.turns:
        return []
    piece = data.turns_piece
    paging = page_through(data.session.id, scope, "part", piece, "turns")
    ends = [("First turns", 1)] if piece.part > 2 else []
    ends += [("Last turns", piece.parts)] if piece.part < piece.parts - 1 else []
    links = [(words, part_link(data.session.id, scope, "part", part, "turns")) for words, part in ends]
    known = {one.session.id: one for one in data.below}
    proofs = {one.id: proof_link(data.session.id, one) for one in data.axes.waste.findings} if data.axes else {}
    lines = [_line(data, told, known, proofs) for told in data.turns]
    blocks: list[Block] = [Special("session_turns", TurnList(lines, paging, links)), _table(data, paging)]
    remark = "A turn is a prompt and all that followed up to the next one, without what subagents did."
    return [Section("Turns", blocks, "turns", remark)]


def _line(data: SessionData, told: ToldTurn, known: dict[str, Below], proofs: dict[str, str]) -> TurnLine:
    turn = told.turn
    short = shorten(turn.text, _SHORT)
    tools = list(turn.tool_calls_by_name.items())
    named = " · ".join(f"{shorten(name, 40)} {number:,}" for name, number in tools[:_TOOLS])
    return TurnLine(
        number=turn.number, title=f"Turn {turn.number}" if turn.number else "Before the first prompt",
        kind=turn.kind if turn.kind in ("slash", "task") else "", at=Cell(turn.started_at), short=short,
        whole=turn.text if turn.text.strip() != short else "", facts=_facts(turn),
        tools=named + (f" · {len(tools) - _TOOLS} other tools" if len(tools) > _TOOLS else ""), calls=turn.tool_calls,
        errors=turn.tool_errors, tags=_tags(turn), subagents=_name_subagents(turn, known),
        findings=[Cell(one, href=proofs.get(one, "")) for one in told.findings[:_MOST_FINDINGS]],
        more_findings=max(len(told.findings) - _MOST_FINDINGS, 0),
        href=link("turn", id=data.session.id, n=turn.number),
    )  # fmt: skip


def _facts(turn: TurnRecord) -> list[tuple[str, Cell, Kind]]:
    return [
        ("cost", cost_cell(turn.usd, turn.unpriced_responses, turn.tokens), "usd"),
        ("tokens", Cell(turn.tokens), "tokens"),
        ("output", Cell(turn.output), "tokens"),
        ("active", Cell(turn.active_seconds), "seconds"),
    ]


def _tags(turn: TurnRecord) -> list[Cell]:
    counts = (
        (turn.tool_errors, "failed call", "bad"), (turn.tool_denied, "refused call", "warn"),
        (turn.interruptions, "interruption", "warn"), (turn.compactions, "compaction", "warn"),
        (turn.api_errors, "API error", "bad"),
    )  # fmt: skip
    tags = [Cell(counted(number, noun), tag=True, tone=tone) for number, noun, tone in counts if number]  # type: ignore[arg-type]
    if turn.lines_added or turn.lines_removed:
        tags.append(Cell(f"+{turn.lines_added:,} −{turn.lines_removed:,} lines", tag=True))
    for hashes, noun in ((turn.commits, "commit"), (turn.pr_links, "pull request")):
        if hashes:
            named = ", ".join(shorten(one, 60) for one in hashes[:3] if one)
            more = "…" if len(hashes) > 3 else ""
            tags.append(Cell(f"{counted(len(hashes), noun)} {named}{more}".strip(), tag=True, tone="good"))
    return tags


def _name_subagents(turn: TurnRecord, known: dict[str, Below]) -> list[Cell]:
    """Links to the subagents that the turn started."""
    found = []
    for one in turn.subagents[:_MOST]:
        below = known.get(one)
        name = (below.session.agent_type if below else None) or one.rpartition("/")[2][:8]
        found.append(Cell(shorten(name, 40), href=session_link(one)))
    more = len(turn.subagents) - len(found)
    return [*found, Cell(f"{more:,} more", href="#subagents")] if more else found


def _table(data: SessionData, paging: Paging | None) -> Grid:
    columns = [
        Column("turn", "Turn", "count"), Column("started_at", "Started", "moment"),
        Column("prompt", "Prompt", wide=True),
        Column("usd", "Cost", "usd"), Column("tokens", "Tokens", "tokens"),
        Column("input", "Input", "tokens", low=True),
        Column("cache_read", "Cache read", "tokens", low=True),
        Column("cache_write", "Cache write", "tokens", low=True),
        Column("output", "Output", "tokens", low=True), Column("active", "Active", "seconds"),
        Column("calls", "Calls", "count"), Column("errors", "Failed", "count"),
    ]  # fmt: skip
    rows = []
    for told in data.turns:
        one = told.turn
        rows.append([
            Cell(one.number, href=link("turn", id=data.session.id, n=one.number)), Cell(one.started_at),
            Cell(shorten(one.text, _SHORT)), cost_cell(one.usd, one.unpriced_responses, one.tokens), Cell(one.tokens),
            Cell(one.input), Cell(one.cache_read), Cell(one.cache_write_5m + one.cache_write_1h), Cell(one.output),
            Cell(one.active_seconds), Cell(one.tool_calls), Cell(one.tool_errors),
        ])  # fmt: skip
    return Grid("turn_list", "The same turns as a table", columns, rows, paging=paging, folded=True)


# -------------------------------------------------------------------------------------------------- subagents


def show_below(data: SessionData, scope: Scope) -> list[Block]:
    """The subagents as a tree, each with what it alone cost."""
    if not data.below:
        return []
    columns = [
        Column("subagent", "Subagent", wide=True), Column("depth", "Depth", "count", low=True),
        Column("turn", "Turn", "count", "The session's turn in which it was started"),
        Column("started_at", "Started", "moment", low=True), Column("duration", "Duration", "seconds"),
        Column("own_usd", "Own cost", "usd", "Without what is below it"),
        Column("tokens", "Tokens", "tokens", low=True),
        Column("calls", "Calls", "count", low=True), Column("errors", "Failed", "count", low=True),
        Column(
            "verdict", "Token use", "text", "Real tokens against other subagents with the same kind of work", low=True
        ),
        Column("findings", "Findings", "count", low=True),
    ]  # fmt: skip
    rows = [_below(data.session.id, one) for one in data.below]
    paging = page_through(data.session.id, scope, "below", data.below_piece, "subagents")
    remark = "Each by itself: a subagent's cost is without that of the subagents below it."
    grid = Grid("subagent_tree", "Subagents", columns, rows, paging=paging)
    return [Section("Subagents", [grid], "subagents", remark, "spend")]


def _below(session: str, one: Below) -> list[Cell]:
    row = one.session
    words, tone = VERDICTS.get(one.verdict, (one.verdict, ""))
    turn = Cell(one.turn, href=link("turn", id=session, n=one.turn)) if one.turn is not None else Cell(None)
    name = "↳ " * (one.depth - 1) + (row.agent_type or "subagent")
    return [
        Cell(name, href=session_link(row.id), note=shorten(row.title or one.task, 120)), Cell(one.depth), turn,
        Cell(row.started_at), Cell(row.duration_seconds),
        cost_cell(row.own_usd, row.unpriced_responses, row.tokens), Cell(row.tokens), Cell(row.tool_calls),
        Cell(row.tool_errors), Cell(words, tone=tone, tag=one.verdict != "unavailable"),
        Cell(one.findings, href=session_link(row.id, "findings") if one.findings else ""),
    ]  # fmt: skip


# ----------------------------------------------------------------------------------------------------- events


def show_markers(data: SessionData) -> list[Block]:
    """Compactions, errors, commits and the like, in their order."""
    time = data.timeline
    if not time.markers:
        return []
    columns = [
        Column("at", "When", "moment", low=True), Column("turn", "Turn", "count"), Column("kind", "What"),
        Column("detail", "Detail", wide=True), Column("value", "Number", low=True),
    ]  # fmt: skip
    rows = []
    for point in time.markers:
        one = point.marker
        words, tone = MARKERS[one.kind]
        where = Cell(one.turn, href=link("turn", id=data.session.id, n=one.turn))
        rows.append([
            Cell(one.at), where, Cell(words, tone=tone, tag=True), Cell(shorten(one.detail, 400)),
            Cell(marker_value(one)),
        ])  # fmt: skip
    blocks: list[Block] = [Grid("events", "Events", columns, rows, folded=len(rows) > 12)]
    if time.markers_left_out:
        blocks.append(Note(f"{counted(time.markers_left_out, 'event')} more: the pages of their turns have them."))
    return [Section("Events", blocks, "event_list", "Compactions, API errors, interruptions, commits, pull requests.")]
