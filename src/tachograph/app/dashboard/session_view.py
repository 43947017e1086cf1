"""The page of one session, from top to bottom."""

from __future__ import annotations

from tachograph.app.dashboard.cells import cost_cell
from tachograph.app.dashboard.desk import Params
from tachograph.app.dashboard.links import link, session_link
from tachograph.app.dashboard.session_axes_view import show_axes, show_findings
from tachograph.app.dashboard.session_calls_view import Ways
from tachograph.app.dashboard.session_charts import show_timeline
from tachograph.app.dashboard.session_proofs_view import show_loop, show_origin
from tachograph.app.dashboard.session_story import SessionData
from tachograph.app.dashboard.session_turns_view import show_below, show_markers, show_turns
from tachograph.app.dashboard.session_words import offer_copies, shorten
from tachograph.app.scope import Scope
from tachograph.app.session_rows import SessionRow
from tachograph.report.units import counted, minute, percent, seconds, usd
from tachograph.report.view import Banner, Beside, Block, Card, Cards, Cell, Facts, Kind, Note, Section, Special, View

_TITLE = 90
_MOST_LOGS = 3


def show_session(data: SessionData, scope: Scope, params: Params) -> View:  # noqa: ARG001
    """The page: what happened first, what it is made of last."""
    sections: list[Block] = [
        *show_axes(data), *show_findings(data, scope), *show_timeline(data, scope), *show_turns(data, scope),
        *show_below(data, scope), *show_markers(data), *show_loop(data),
        Section("About this session", [_facts(data), *_copies(data)], "about"), *show_origin(data),
    ]  # fmt: skip
    return View(
        _title(data),
        [
            *_banners(data), _cards(data), Special("session_ways", Ways(_ways(sections), "On this page")), *sections,
        ],
        _lead(data, scope),
    )  # fmt: skip


def _ways(sections: list[Block]) -> list[tuple[str, str]]:
    """Links to the sections: the page is long."""
    return [(one.title, f"#{one.id}") for one in sections if isinstance(one, Section) and one.id]


def _title(data: SessionData) -> str:
    """What the session is about, in the words there are."""
    row = data.session
    first = row.label or next((told.turn.text for told in data.turns if told.turn.text), "")
    if first:
        return shorten(first, _TITLE)
    return "A session whose own log is missing" if row.log_missing else "A session without a prompt"


def _lead(data: SessionData, scope: Scope) -> str:
    row = data.session
    kind = f"subagent ({row.agent_type or 'of unknown kind'})" if row.kind == "subagent" else "main session"
    state = "live: it is going on" if data.live else "finished" if row.complete else "ends within a turn"
    state = "its own log is missing" if row.log_missing else state
    parts = [f"{row.agent} {kind}", row.project or "no project known", data.task_type or "", _when(row, scope), state]
    return " · ".join(part for part in parts if part)


def _when(row: SessionRow, scope: Scope) -> str:
    """``2026-05-20 14:30 to 15:10``; with the day of its end where that is another one."""
    if row.started_at is None or row.ended_at is None:
        return ""
    begin, end = minute(row.started_at, scope.zone), minute(row.ended_at, scope.zone)
    return f"{begin} to {end.removeprefix(begin[:11])}"


def _banners(data: SessionData) -> list[Block]:
    row, found = data.session, list[Block]()
    if row.log_missing:
        text = "Its own log is missing: only its subagents have left any. What it did by itself is in no number here."
        found.append(Banner(text, "warn"))
    elif not row.complete and not data.live:
        text = "Its log ends within a turn: a call has no result, or an answer no end. What followed, if anything, is"
        found.append(Banner(f"{text} in no log that tacho knows.", "warn"))
    if row.forked_from is not None:
        known = row.forked_from in data.labels
        text = "It began as a copy of another session. The copied part belongs to that one, and counts there alone."
        found.append(
            Banner(text, "", session_link(row.forked_from) if known else "", data.labels.get(row.forked_from, ""))
        )
    return found


def _cards(data: SessionData) -> Cards:
    row = data.session
    used = row.input + row.cache_read + row.cache_write_5m + row.cache_write_1h
    cost = cost_cell(row.usd, row.unpriced_responses, row.tokens, at_least=row.log_missing)
    peak = max((point.tokens for point in data.timeline.contexts), default=None)
    failed = f"{row.tool_errors:,} failed" if row.tool_errors else "none failed" if row.tool_calls else ""
    cached = f"{percent(row.cache_read, used)} of input cached" if used else ""
    lower = row.output_unreliable_responses > 0
    cards = [
        Card("Cost", _noted(cost, _shares(data)), "usd", how="spend"),
        Card("Tokens", Cell(row.tokens, at_least=lower, note=cached), "tokens", how="tokens"),
        Card("Turns", Cell(row.turns, note="" if row.prompts is None else counted(row.prompts, "prompt") + " typed")),
        Card("Tool calls", Cell(row.tool_calls, note=failed), how="tools"),
        Card("Active time", Cell(row.active_seconds, note=_elapsed(row)), "seconds", how="active-time"),
        Card("Largest context", Cell(peak, note="in one response"), "tokens"),
    ]  # fmt: skip
    return Cards(cards)


def _noted(cell: Cell, note: str) -> Cell:
    return Cell(cell.value, note=note, at_least=cell.at_least)


def _shares(data: SessionData) -> str:
    """Its own cost and that of its subagents."""
    row = data.session
    if row.kind == "main" and row.subagents:
        less, lacking = data.subagents_unpriced_responses, row.unpriced_responses - data.subagents_unpriced_responses
        below = _at_least(data.subagents_usd, less)
        own = (
            "not known what is its"
            if row.log_missing
            else _at_least(row.own_usd if row.own_usd is not None or lacking else 0.0, lacking)
        )
        return f"{own} own, {below} by {counted(row.subagents, 'subagent')}"
    unpriced = row.unpriced_responses
    return f"{counted(unpriced, 'response')} unpriced ({', '.join(row.unpriced_models)})" if unpriced else ""


def _at_least(amount: float | None, unpriced: int) -> str:
    """An amount in words, marked where it is a lower bound."""
    return ("≥" if unpriced and amount is not None else "") + usd(amount)


def _elapsed(row: SessionRow) -> str:
    if row.active_seconds is None or not row.duration_seconds:
        return ""
    return f"{percent(row.active_seconds, row.duration_seconds)} of {seconds(row.duration_seconds)}"


def _facts(data: SessionData) -> Beside:
    row, origin = data.session, data.origin
    version = ", ".join(origin.agent_versions[-3:])
    entries: list[tuple[str, Cell, Kind]] = [
        ("Session", Cell(row.id), "text"),
        ("Started", Cell(row.started_at), "moment"),
        ("Last seen" if data.live else "Ended", Cell(row.ended_at), "moment"),
        ("State", _state(data), "text"),
        ("Task type", Cell(data.task_type, title="Of its first prompt"), "text"),
        ("Models", Cell(", ".join(row.models) or None), "text"),
        ("Project", _project(row.project), "text"),
        ("Branch", Cell(row.git_branch), "text"),
        ("Agent", Cell(f"{row.agent} {version}".strip(), note=origin.entrypoint or ""), "text"),
        ("Lines changed", Cell(f"+{row.lines_added:,} −{row.lines_removed:,}" if _edited(row) else None), "text"),
    ]
    if row.parent_id is not None:
        parent = Cell(shorten(data.parent or row.parent_id, _TITLE), href=session_link(row.parent_id))
        entries.insert(1, ("Started by", parent, "text"))
    half = -(-len(entries) // 2)
    return Beside([[Facts(entries[:half])], [Facts(entries[half:])]])


def _copies(data: SessionData) -> list[Block]:
    paths = [("Its log file", one.path) for one in data.origin.logs[:_MOST_LOGS]]
    blocks: list[Block] = [offer_copies(("In a terminal", data.command), *paths)]
    if paths:
        blocks.append(Note("A web page cannot open a file: copy its path. Secrets in it are redacted.", "dim"))
    return blocks


def _edited(row: SessionRow) -> bool:
    return bool(row.lines_added or row.lines_removed)


def _project(project: str | None) -> Cell:
    return Cell(project, href=link("sessions", project=project) if project else "")


def _state(data: SessionData) -> Cell:
    if data.live:
        return Cell("live", tag=True, tone="good")
    if data.session.log_missing:
        return Cell("log missing", tag=True, tone="warn")
    return Cell("finished", tag=True) if data.session.complete else Cell("ends within a turn", tag=True, tone="warn")
