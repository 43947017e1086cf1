"""The page on commands: what was run under ``tacho run``, by a shell's hook or by agents, and what is said of it."""

from __future__ import annotations

import msgspec

from tachograph.app.dashboard.command_sums import CommandPage, CommandRow, CommandUse, gather_commands, has_commands
from tachograph.app.dashboard.desk import Params
from tachograph.app.dashboard.links import change, link, session_link
from tachograph.app.dashboard.page import Page, Param
from tachograph.app.scope import Scope
from tachograph.learning.ml.command_features import feature_title
from tachograph.model import CommandScore, ScoreKind
from tachograph.report.units import count, counted
from tachograph.report.view import (
    Block,
    Card,
    Cards,
    Cell,
    Chart,
    Code,
    Column,
    Empty,
    Grid,
    Note,
    Paging,
    Series,
    Tone,
    View,
)

_LEAD = "Commands that were noted: run with tacho run, by a shell with the hook, or found in agents' logs."
_ABOUT = (
    "Changes are those of the command itself in its repository; – is what could not be told. A label is how it turned"
    " out, 0 to 100. A score says what it is: the label that a model expects, with an interval meant to hold it in 9 of"
    " 10 cases, or a chance of success in per cent, with the share that succeeded of commands with such a chance (9 of"
    " 10 such intervals hold it; none where the chance itself lies outside). What moved it most is in points of it."
)


def show(data: CommandPage, scope: Scope, params: Params) -> View:
    """Cards, the course of time, programs, the commands one by one."""
    if not data.total.commands:
        everything = link("commands", msgspec.structs.replace(scope, range="all", first=None, last=None))
        empty = Empty("No command in this range.", "tacho run -- make test", everything, "All commands")
        return View("Commands", [empty], _LEAD)
    blocks: list[Block] = [_cards(data), _over_time(data), _programs(data), _list(data, scope, params), Note(_ABOUT)]
    if not data.scored:
        steps = "tacho label review\ntacho ml train --from-warehouse"
        blocks.append(Code(steps, "Scores need a model, and a model needs labels"))
    return View("Commands", blocks, _LEAD)


def _cards(data: CommandPage) -> Cards:
    total = data.total
    ended = total.ok + total.failed
    told = f"{count(total.failed)} of {counted(ended, 'command')} whose end is known"
    lines = f"{_lines(total)} lines"
    labels = ", ".join(f"{count(number)} {kind}" for kind, number in data.labels.items())
    cards = [
        Card("Commands", Cell(total.commands)),
        Card("Failed", Cell(total.failed / ended if ended else None, note=told), "percent"),
        Card("Changed files", Cell(total.changing, note=lines)),
        Card("Time", Cell(total.seconds, note=f"of {counted(total.timed, 'timed command')}"), "seconds"),
        Card("Labelled", Cell(sum(data.labels.values()), note=labels)),
        Card("Scored", Cell(data.scored)),
    ]
    return Cards([msgspec.structs.replace(card, how="commands") for card in cards])


def _over_time(data: CommandPage) -> Chart:
    series = [
        Series("ended well", [one.ok for one in data.steps]),
        Series("failed", [one.failed for one in data.steps]),
        Series("not known", [one.commands - one.ok - one.failed for one in data.steps]),
    ]
    return Chart(
        "commands-by-step", f"Commands by {data.step}", "How they ended, by the day they were run.", "stacked",
        [one.key for one in data.steps], series, "count", how="commands",
    )  # fmt: skip


def _programs(data: CommandPage) -> Grid:
    columns = [
        Column("program", "Program", wide=True), Column("commands", "Commands", "count"),
        Column("failed", "Failed", "percent", "Among those whose end is known."),
        Column("mean", "Mean time", "seconds", low=True), Column("changing", "Changed files", "count", low=True),
        Column("lines", "Lines", "text", "Added and deleted.", low=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(one.key or "(unnamed)"), Cell(one.commands),
            Cell(one.failed / (one.ok + one.failed) if one.ok + one.failed else None),
            Cell(None if one.seconds is None or not one.timed else one.seconds / one.timed),
            Cell(one.changing), Cell(_lines(one)),
        ]
        for one in data.programs
    ]  # fmt: skip
    return Grid("programs", "By program", columns, rows, "The most frequent ones.", how="commands")


def _list(data: CommandPage, scope: Scope, params: Params) -> Grid:
    columns = [
        Column("program", "Command", wide=True), Column("at", "When", "moment"), Column("exit", "Exit", "text"),
        Column("took", "Took", "seconds", low=True), Column("files", "Files", "count", low=True),
        Column("lines", "Lines", "text", low=True), Column("score", "Score", "number"),
        Column("interval", "Interval", "text", low=True),
        Column("why", "Moved most by", "text", "In points of the score.", low=True),
        Column("label", "Label", "number", low=True),
    ]  # fmt: skip
    first = (data.page - 1) * data.size + 1
    last = first + data.size > data.total.commands
    before = change("commands", scope, params, page=data.page - 1 if data.page > 2 else None) if data.page > 1 else ""
    after = "" if last else change("commands", scope, params, page=data.page + 1)
    paging = Paging(first, data.size, data.total.commands, before, after)
    return Grid("commands", "Commands", columns, [_row(one) for one in data.rows], paging=paging, how="commands")


def _row(one: CommandRow) -> list[Cell]:
    who = " · ".join(filter(None, (one.id[:12], one.agent or one.origin, one.repo and one.repo.rpartition("/")[2])))
    score, label = one.score, one.label
    return [
        Cell(one.program or "(unnamed)", href=session_link(one.session) if one.session else "", note=who),
        Cell(one.at), _exit(one), Cell(one.duration_seconds), Cell(one.files_touched), Cell(_lines(one)),
        Cell() if score is None else Cell(round(score.score), note=_UNITS[score.kind]),
        Cell("" if score is None else _interval(score)),
        Cell(_moved_by(score)),
        Cell("" if label is None else label.score, note="" if label is None else label.kind),
    ]  # fmt: skip


_UNITS: dict[ScoreKind, str] = {"productivity": "of 100", "chance": "% chance of success"}


def _moved_by(score: CommandScore | None) -> str:
    if score is None or not score.top_feature:
        return ""
    return f"{feature_title(score.top_feature)} {score.top_value:+.1f}"


def _interval(score: CommandScore) -> str:
    if score.low is None or score.high is None:
        return ""
    ends = f"{score.low:.0f}–{score.high:.0f}"
    return f"of such {ends} %" if score.kind == "chance" else ends


def _exit(one: CommandRow) -> Cell:
    tone: Tone = "bad" if one.exit_code else ""
    return Cell(one.exit_code, tone=tone, note="time-out" if one.timed_out else "")


def _lines(one: CommandUse | CommandRow) -> str | None:
    """``+12 −3``; None when neither is known."""
    if one.lines_added is None and one.lines_deleted is None:
        return None
    return f"+{count(one.lines_added or 0)} −{count(one.lines_deleted or 0)}"


PAGE = Page(
    "commands", "Commands", gather_commands, show, "Commands that were run, what they changed and how they turned out.",
    order=9, params=(Param("page", "Which part of the list, from 1.", default="1"),), needs=has_commands,
)  # fmt: skip
