"""The page of one turn."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tachograph.app.dashboard.cells import cost_cell
from tachograph.app.dashboard.desk import Params
from tachograph.app.dashboard.links import link, session_link
from tachograph.app.dashboard.session_calls import STEPS
from tachograph.app.dashboard.session_steps import CallDetail, ResponseDetail, TurnData, TurnStep
from tachograph.app.dashboard.session_story import TURNS, Piece
from tachograph.app.dashboard.session_words import (
    MARKERS,
    STATUSES,
    detector_title,
    marker_value,
    proof_link,
    shorten,
)
from tachograph.app.scope import Scope
from tachograph.report.units import counted, percent
from tachograph.report.view import Block, Card, Cards, Cell, Code, Column, Grid, Note, Paging, Section, Special, View

_SHORT = 140


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """One row as the list shows it."""

    number: int
    kind: str
    at: Cell
    name: str
    target: str
    """Cut to one line."""
    title: str
    """The whole path, where the target is a part of it."""
    whole: str
    """All that is stored of the target; empty where ``target`` is all."""
    error: str
    tags: list[Cell]
    """Status, exit code, lines changed."""
    took: Cell
    result: Cell
    """Characters."""
    context: Cell
    output: Cell
    usd: Cell | None
    """Of the response that made the call, on the first of its calls; None on the others."""
    subagent: str
    """Address of the subagent that it started; empty: it started none."""
    findings: list[Cell]
    sought: bool


class StepList(msgspec.Struct, frozen=True):
    """What the template of the calls is given."""

    title: str
    lines: list[StepLine]
    paging: Paging | None
    href: str
    """The turn's own page."""


def show_turn(data: TurnData, scope: Scope, params: Params) -> View:  # noqa: ARG001
    """The page."""
    turn = data.turn
    title = f"Turn {turn.number} of {data.last_turn}" if turn.number else "Before the first prompt"
    blocks: list[Block] = [_ways(data), _cards(data)]
    if turn.text:
        kind = f" ({turn.kind})" if turn.kind not in (None, "human") else ""
        blocks.append(Code(turn.text, f"Prompt{kind}"))
    blocks += [*_findings(data), Special("session_calls", _list(data, scope)), _table(data, scope)]
    began = "" if turn.started_at is None else f" · {turn.started_at.astimezone(scope.zone):%Y-%m-%d %H:%M:%S}"
    return View(title, blocks, shorten(data.label, 120) + began)


def _ways(data: TurnData) -> Special:
    """To the session, and to the turns before and after."""
    number = data.turn.number
    part = max(number - data.first_turn, 0) // TURNS + 1
    ways = [("← Whole session", link("session", anchor=f"turn-{number}", id=data.id, part=part))]
    if number > data.first_turn:
        ways.append(("← Previous turn", link("turn", id=data.id, n=number - 1)))
    if number < data.last_turn:
        ways.append(("Next turn →", link("turn", id=data.id, n=number + 1)))
    return Special("session_ways", Ways(ways))


class Ways(msgspec.Struct, frozen=True):
    """Links, each with its words."""

    links: list[tuple[str, str]]
    label: str = "Around this turn"


def _cards(data: TurnData) -> Cards:
    one = data.turn
    used = one.tokens - one.output
    failed = counted(one.tool_errors, "failed call") if one.tool_errors else ""
    read = f"{percent(one.cache_read, used)} of input cached" if used else ""
    return Cards([
        Card("Cost", cost_cell(one.usd, one.unpriced_responses, one.tokens), "usd", how="spend"),
        Card("Tokens", Cell(one.tokens, note=read), "tokens", how="tokens"),
        Card("Responses", Cell(one.responses)),
        Card("Tool calls", Cell(one.tool_calls, note=failed), how="tools"),
        Card("Active time", Cell(one.active_seconds), "seconds", how="active-time"),
    ])  # fmt: skip


def _findings(data: TurnData) -> list[Block]:
    if not data.findings:
        return []
    columns = [
        Column("finding", "Finding"), Column("kind", "Kind", wide=True), Column("times", "Times", "count"),
        Column("tokens", "Tokens", "tokens"), Column("usd", "Cost", "usd"),
    ]  # fmt: skip
    rows = [
        [
            Cell(one.id, href=proof_link(data.id, one), title="Show its first proof"),
            Cell(detector_title(one.detector)), Cell(one.count), Cell(one.wasted_tokens, about=one.is_estimate),
            Cell(one.wasted_usd, about=one.is_estimate),
        ]
        for one in data.findings
    ]  # fmt: skip
    grid = Grid("turn_findings", "Waste that this turn proves", columns, rows, how="waste")
    return [Section("", [grid, Note("The calls below that prove it are marked with its id.", "dim")], "findings")]


def _list(data: TurnData, scope: Scope) -> StepList:
    lines = [_line(step, data.project, scope) for step in data.steps]
    return StepList("What happened", lines, _paging(data), link("turn", id=data.id, n=data.turn.number))


def _paging(data: TurnData) -> Paging | None:
    piece = data.piece
    if piece.parts == 1:
        return None
    first = piece.span.start + 1
    size = min(STEPS, piece.matching - piece.span.start)
    return Paging(first, size, piece.matching, _part(data, piece, -1), _part(data, piece, 1))


def _part(data: TurnData, piece: Piece, step: int) -> str:
    part = piece.part + step
    return (
        link("turn", anchor="turn-calls", id=data.id, n=data.turn.number, part=part) if 0 < part <= piece.parts else ""
    )


def _line(step: TurnStep, project: str | None, scope: Scope) -> StepLine:
    call, answer = step.call, step.response
    name, target = _name(step)
    inside = _within(target, project)
    short = shorten(inside, _SHORT)
    return StepLine(
        number=step.number, kind=step.kind, at=_clock(_moment(step), scope), name=name, target=short,
        title="" if inside == target else target,
        whole=target if inside != short else "", error=(call.error or "") if call else "", tags=_tags(step),
        took=Cell(call.seconds if call else None), result=Cell(call.result_chars if call else None),
        context=Cell(answer.context if answer else None), output=_output(answer),
        usd=_usd(answer) if answer else None, subagent=session_link(call.subagent) if call and call.subagent else "",
        findings=[Cell(one, href="#findings") for one in step.findings], sought=step.sought,
    )  # fmt: skip


def _moment(step: TurnStep) -> datetime | None:
    if step.call:
        return step.call.started_at
    return step.marker.at if step.marker else step.response.started_at if step.response else None


def _name(step: TurnStep) -> tuple[str, str]:
    """What it is called, and what it was about."""
    if step.call:
        return shorten(step.call.name, 60), step.call.target
    if step.marker:
        return MARKERS[step.marker.kind][0], " · ".join(p for p in (step.marker.detail, marker_value(step.marker)) if p)
    return "answer", "without a tool call"


def _within(target: str, project: str | None) -> str:
    """A path below the project's folder, from there on; all else as it is."""
    inside = project is not None and target.startswith((f"{project}/", f"{project}\\"))
    return target[len(project) + 1 :] if project is not None and inside else target


def _clock(at: datetime | None, scope: Scope) -> Cell:
    if at is None:
        return Cell(None)
    local = at.astimezone(scope.zone)
    return Cell(f"{local:%H:%M:%S}", title=f"{local:%Y-%m-%d %H:%M:%S}")


def _output(answer: ResponseDetail | None) -> Cell:
    return Cell(answer.output, at_least=not answer.reliable, title=answer.model) if answer else Cell(None)


def _usd(answer: ResponseDetail) -> Cell:
    return Cell(answer.usd, at_least=answer.usd is not None and not answer.priced)


def _tags(step: TurnStep) -> list[Cell]:
    if step.marker:
        return [Cell("event", tag=True, tone=MARKERS[step.marker.kind][1])]
    return _call_tags(step.call) if step.call else []


def _call_tags(call: CallDetail) -> list[Cell]:
    status = call.status if call.exit_code in (None, 0) else f"{call.status}, exit {call.exit_code}"
    tags = [Cell(status, tag=status != "ok", tone=STATUSES[call.status] if status != "ok" else "dim")]
    if call.lines_added or call.lines_removed:
        tags.append(Cell(f"+{call.lines_added or 0:,} −{call.lines_removed or 0:,}", tag=True))
    return tags


def _table(data: TurnData, scope: Scope) -> Grid:
    columns = [
        Column("number", "#", "count"), Column("at", "When", "moment"), Column("call", "Call"),
        Column("target", "Command or path", wide=True), Column("status", "Status"), Column("exit_code", "Exit code"),
        Column("seconds", "Duration", "seconds"), Column("result_chars", "Result", "count", "Characters"),
        Column("error", "Error", low=True), Column("model", "Model", low=True), Column("context", "Context", "tokens"),
        Column("output", "Output", "tokens"), Column("usd", "Cost", "usd"), Column("findings", "Findings", low=True),
    ]  # fmt: skip
    rows = [_row(step, line) for step, line in zip(data.steps, _list(data, scope).lines, strict=True)]
    return Grid("calls", "The same calls as a table", columns, rows, paging=_paging(data), folded=True)


def _row(step: TurnStep, line: StepLine) -> list[Cell]:
    call, answer = step.call, step.response
    exit_code = call.exit_code if call else None
    at = _moment(step)
    return [
        Cell(step.number), Cell(at), Cell(line.name), Cell(_name(step)[1]),
        Cell(call.status if call else step.kind), Cell("" if exit_code is None else str(exit_code)), line.took,
        line.result, Cell(line.error), Cell(answer.model if answer else ""), line.context, line.output,
        line.usd or Cell(""), Cell(", ".join(step.findings)),
    ]  # fmt: skip
