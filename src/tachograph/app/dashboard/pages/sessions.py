"""The page with all sessions: to be sorted, filtered, searched and paged."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tachograph.app.dashboard.cells import (
    TRAJECTORIES,
    VERDICTS,
    cost_cell,
    project_cell,
    session_label,
    trajectory_cell,
    verdict_cell,
)
from tachograph.app.dashboard.desk import Params
from tachograph.app.dashboard.links import change, link, session_link
from tachograph.app.dashboard.page import Page, Param
from tachograph.app.dashboard.projects import name_projects
from tachograph.app.dashboard.root_rows import ANY, SORTS, ListedSession, Sort
from tachograph.app.dashboard.session_list import SIZE, SessionPage, gather_sessions
from tachograph.app.scope import Scope
from tachograph.report.units import counted
from tachograph.report.view import (
    Block,
    Cell,
    Choice,
    Column,
    Empty,
    Field,
    Filters,
    Grid,
    Paging,
    Value,
    View,
)

_SORT_WORDS: dict[Sort, str] = {
    "recent": "most recent",
    "cost": "cost",
    "own-cost": "cost without subagents",
    "duration": "duration",
    "active": "active time",
    "tokens": "tokens",
    "turns": "turns",
    "prompts": "prompts",
    "tool-calls": "tool calls",
    "errors": "failed tool calls",
    "subagents": "subagents",
    "findings": "findings",
    "waste": "waste",
}


class _Part(msgspec.Struct, frozen=True):
    """A column and what it shows of a session."""

    column: Column
    cell: Callable[[ListedSession], Cell]
    always: bool = True
    """False: only when it is sorted by."""


def show(data: SessionPage, scope: Scope, params: Params) -> View:
    """The form of choices and the list."""
    lead = "Main sessions that began in the range, with all that their subagents did and cost."
    if not data.matching and not data.filtered:
        everything = link("sessions", msgspec.structs.replace(scope, range="all", first=None, last=None))
        return View("Sessions", [Empty("No sessions in this range.", "tacho doctor", everything, "All sessions")], lead)
    blocks: list[Block] = [_form(data, scope, params)]
    if data.matching:
        blocks.append(_grid(data, scope, params))
    else:
        blocks.append(Empty("No session fits these choices.", href=link("sessions", scope), link="Take them away"))
    return View("Sessions", blocks, lead)


def _form(data: SessionPage, scope: Scope, params: Params) -> Filters:
    choices = data.choices
    verdicts = [Choice(one, VERDICTS[one][0]) for one in choices.verdicts]
    trajectories = [Choice(one, TRAJECTORIES[one][0]) for one in choices.trajectories]
    detectors = [Choice(ANY, "any"), *(Choice(one, one.replace("_", " ")) for one in choices.detectors)]
    fields = [
        Field("q", "Search", params.get("q", ""), search=True),
        Field("sort", "Sort by", data.sort, [Choice(one, _SORT_WORDS[one]) for one in SORTS]),
        _field("task", "Task type", params, [Choice(one, one) for one in choices.task_types]),
        _field("model", "Model", params, [Choice(one, one) for one in choices.models]),
        _field("verdict", "Token use", params, verdicts),
        _field("trajectory", "Trajectory", params, trajectories),
        _field("detector", "With a finding", params, detectors),
        *([_field("live", "State", params, [Choice("1", "live")])] if data.watching else []),
        Field("min_cost", "At least USD", params.get("min_cost", "")),
        Field("min_minutes", "At least minutes", params.get("min_minutes", "")),
    ]
    keep = scope.query | ({"size": str(data.size)} if data.size != SIZE else {})
    return Filters(fields, "/sessions", keep)


def _field(name: str, label: str, params: Params, choices: list[Choice]) -> Field:
    return Field(name, label, params.get(name, ""), [Choice("", "all"), *choices])


def _grid(data: SessionPage, scope: Scope, params: Params) -> Grid:
    parts = [part for part in _parts(data, scope) if part.always or part.column.sort == data.sort]
    columns = [
        msgspec.structs.replace(part.column, low=part.column.low and part.column.sort != data.sort) for part in parts
    ]
    first = (data.page - 1) * data.size + 1
    paging = Paging(
        first,
        data.size,
        data.matching,
        change("sessions", scope, params, page=data.page - 1 if data.page > 2 else None) if data.page > 1 else "",
        change("sessions", scope, params, page=data.page + 1) if first + data.size <= data.matching else "",
    )
    return Grid(
        "sessions", counted(data.matching, "session"), columns,
        [[part.cell(session) for part in parts] for session in data.sessions], _order_words(data),
        sorted_by=data.sort, paging=paging, how="sessions",
    )  # fmt: skip


def _order_words(data: SessionPage) -> str:
    order = "The most recent first" if data.sort == "recent" else f"By {_SORT_WORDS[data.sort]}, the highest first"
    return f"{order}. Times in {data.timezone}."


def _parts(data: SessionPage, scope: Scope) -> list[_Part]:
    names = name_projects({one.project for one in data.sessions if one.project})
    judged = any(one.trajectory for one in data.sessions)
    return [
        _Part(Column("session", "Session", wide=True), _session),
        _Part(
            Column("project", "Project", hint="Below it the model with the most tokens.", low=True),
            lambda one: msgspec.structs.replace(project_cell(one.project, names, scope), note=one.model or ""),
        ),
        _Part(Column("token_use", "Token use", hint=_BAND, low=True), lambda one: verdict_cell(one.verdict)),
        _Part(
            Column("trajectory", "Trajectory", hint=_JUDGED, low=True),
            lambda one: trajectory_cell(one.trajectory),
            judged,
        ),
        _Part(Column("findings", "Findings", "count", sort="findings", low=True), _findings),
        _Part(Column("waste", "Waste", "usd", _WASTE, "waste", low=True), _waste),
        _Part(Column("cost", "Cost", "usd", "Subagents included.", "cost"), _cost),
        _Part(Column("own_cost", "Own cost", "usd", "Without subagents.", "own-cost"), _own_cost, False),
        _Part(Column("tokens", "Tokens", "tokens", sort="tokens"), _tokens, False),
        _numbers("turns", "Turns", lambda one: one.turns),
        _numbers("prompts", "Prompts", lambda one: one.prompts),
        _numbers("tool-calls", "Tool calls", lambda one: one.tool_calls),
        _numbers("errors", "Failed calls", lambda one: one.tool_errors),
        _numbers("subagents", "Subagents", lambda one: one.subagents),
        _Part(
            Column("active", "Active", "seconds", "Time at work.", "active", low=True),
            lambda one: Cell(one.active_seconds),
        ),
        _Part(
            Column("duration", "Duration", "seconds", "From its beginning to its end.", "duration"),
            lambda one: Cell(one.duration_seconds),
            False,
        ),
        _Part(Column("ended", "Ended", "moment", "Its last record, subagents' included.", "recent", low=True), _ended),
    ]


_BAND = "Real tokens against sessions of the same kind of work: above, within or below their usual band."
_JUDGED = "What a judge model said last, an opinion."
_WASTE = "Estimate, of the detector whose findings cost most; detectors overlap."


def _numbers(sort: Sort, title: str, read: Callable[[ListedSession], Value]) -> _Part:
    column = Column(sort.replace("-", "_"), title, "count", sort=sort)
    return _Part(column, lambda one: Cell(read(one)), always=False)


def _session(one: ListedSession) -> Cell:
    open_end = "" if one.complete or one.live else "ends within a turn"
    about = [part for part in (one.name, one.agent, one.task_type, open_end) if part]
    return Cell(session_label(one), session_link(one.id), " · ".join(about))


def _findings(one: ListedSession) -> Cell:
    if not one.findings:
        return Cell(0, tone="dim")
    return Cell(one.findings, session_link(one.id, "findings"))


def _waste(one: ListedSession) -> Cell:
    if not one.findings:
        return Cell("")
    return Cell(one.waste_usd, about=one.waste_usd is not None)


def _cost(one: ListedSession) -> Cell:
    return cost_cell(one.usd, one.unpriced_responses, one.tokens, at_least=one.log_missing)


def _tokens(one: ListedSession) -> Cell:
    return Cell(one.tokens, at_least=one.output_unreliable_responses > 0 or one.log_missing)


def _own_cost(one: ListedSession) -> Cell:
    return cost_cell(one.own_usd, one.own_unpriced_responses, one.tokens)


def _ended(one: ListedSession) -> Cell:
    return Cell(one.ended_at, note="live" if one.live else "", tone="good" if one.live else "")


PAGE = Page(
    "sessions",
    "Sessions",
    gather_sessions,
    show,
    "Main sessions that began in the range, subagents folded in: sorted, filtered, searched, in parts.",
    order=2,
    params=(
        Param("q", "Words that all occur in the title, the beginning, the project, the branch or the id."),
        Param("sort", "What comes first; the highest first.", SORTS, "recent"),
        Param("task", "Only sessions with this kind of work."),
        Param("model", "Only sessions whose most used model is this one."),
        Param("verdict", "Only sessions with this verdict of the token axis.", tuple(VERDICTS)),
        Param("trajectory", "Only sessions of which a judge said this last.", tuple(TRAJECTORIES)),
        Param("detector", "Only sessions with a finding of this detector; any: of whichever."),
        Param("live", "1: only sessions that are going on.", ("1",)),
        Param("min_cost", "Only sessions that cost at least so many US dollars."),
        Param("min_minutes", "Only sessions that lasted at least so many minutes."),
        Param("page", "Which part of the list, from 1.", default="1"),
        Param("size", "Sessions of a part, at most 500.", default=str(SIZE)),
    ),
    live=True,
)
