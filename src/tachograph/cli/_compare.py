"""How a comparison looks."""

from __future__ import annotations

from datetime import tzinfo

from tachograph.analysis.comparison import Difference
from tachograph.app.compare.report import ComparedSide, ComparisonReport, MetricComparison, Shift
from tachograph.app.learn.figures import show_change, show_value
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted, minute, percent

_LEGEND = (
    "difference: after less before, of sessions of the same task type and about as many turns (1, 2–3, 4–7 …), in"
    " brackets its 95 % bootstrap interval; unclear: that holds 0, so it may be chance. naive: the same of all sessions"
    " as they are. n: sessions before·after that have their like, of all that have the metric."
)
_BY_TYPE = "* matched by task type alone: it says itself how many turns a session has."
_LOG = "Means of costs and of other values that spread over orders of magnitude are geometric."


def describe_comparison(report: ComparisonReport, zone: tzinfo) -> Document:
    """The comparison as people read it."""
    sides = [("before", _describe_side(report.before, zone)), ("after", _describe_side(report.after, zone))]
    if report.straddling:
        sides.append(("left out", f"{counted(report.straddling, 'session')} from before that went on after"))
    heading = Heading("Before and after", f"main sessions by their start; time zone {report.timezone}")
    blocks: list[Block] = [heading, Facts(sides)]
    if not report.before.sessions and not report.after.sessions:
        hint = Line("Sessions are known here once the loop has taken them: tacho learn, or without --no-ingest.", "dim")
        return Document([*blocks, Line(), Line("No sessions on either side."), hint])
    known = [one for one in report.metrics if one.compared.matched is not None]
    if known:
        blocks += [Line(), _table(known), *_notes(known)]
    blocks += _describe_too_few([one for one in report.metrics if one.compared.matched is None], report.least_pairs)
    if report.shifts:
        remark = "shares of the sessions; what is not matched is part of every difference"
        blocks += [Heading("What else is different", remark), _table_of_shifts(report.shifts)]
    return Document([*blocks, Line(), Line(report.not_proven, "warn")])


def _describe_side(side: ComparedSide, zone: tzinfo) -> str:
    since, until = minute(side.since, zone), minute(side.until, zone)
    if side.since and side.until:
        span = f"{since} to {until}"
    else:
        span = f"from {since} on" if side.since else f"up to {until}"
    given = [f"{one.given} is commit {one.commit[:7]}" for one in side.moments if one.commit]
    return f"{counted(side.sessions, 'session')}, {span}" + "".join(f"; {one}" for one in given)


def _table(metrics: list[MetricComparison]) -> Table:
    columns = [
        Column("metric", "left", flexible=True, least=16),
        Column("before → after", rank=2),
        Column("difference", "left", style="strong"),
        Column("reads", "left"),
        Column("naive", rank=1),
        Column("n", "left"),
    ]
    return Table(columns, [_row(one) for one in metrics])


def _row(one: MetricComparison) -> list[str]:
    numbers, matched, naive = one.compared, one.compared.matched, one.compared.naive
    if matched is None or naive is None:
        return [one.title, *[""] * 5]
    mark = "" if len(one.matched_by) > 1 else "* "
    return [
        mark + one.title, f"{show_value(one, matched.before)} → {show_value(one, matched.after)}",
        _difference(one, matched), one.reading, show_change(one, naive.difference),
        f"{_both(numbers.before_matched, numbers.after_matched)} of {_both(numbers.before, numbers.after)}",
    ]  # fmt: skip


def _both(before: int, after: int) -> str:
    return f"{count(before)}·{count(after)}"


def _difference(one: MetricComparison, found: Difference) -> str:
    told = show_change(one, found.difference)
    if found.low is None:
        return told
    return f"{told} [{show_change(one, found.low)}, {show_change(one, found.high)}]"


def _notes(known: list[MetricComparison]) -> list[Block]:
    notes: list[Block] = [Line(_LEGEND, "dim")]
    if any(len(one.matched_by) == 1 for one in known):
        notes.append(Line(_BY_TYPE, "dim"))
    if any(one.scale == "log" for one in known):
        notes.append(Line(_LOG, "dim"))
    if len(known) > 1:
        notes.append(Line(f"Of {len(known)} intervals about one in twenty misses by chance alone.", "dim"))
    return notes


def _describe_too_few(metrics: list[MetricComparison], least: int) -> list[Block]:
    """What is there of each, and what is needed."""
    columns = [Column("metric", "left", flexible=True), Column("pairs"), Column("sessions that have it", "left")]
    rows = [
        [one.title, f"{one.compared.pairs} of {least}", _both(one.compared.before, one.compared.after)]
        for one in metrics
        if one.compared.before or one.compared.after
    ]
    nowhere = [one.title for one in metrics if not (one.compared.before or one.compared.after)]
    blocks: list[Block] = [Heading("Too few", f"{least} pairs of like sessions are needed: no number is given")]
    if rows:
        blocks.append(Table(columns, rows))
    if nowhere:
        blocks.append(Line(f"No session has: {', '.join(nowhere)}.", "dim"))
    return blocks if metrics else []


def _table_of_shifts(shifts: list[Shift]) -> Table:
    columns = [
        Column("", "left"), Column("", "left", flexible=True, keep_end=True), Column("before"), Column("after"),
        Column("matched", "left", rank=1),
    ]  # fmt: skip
    rows = [
        [
            one.kind, one.name or UNKNOWN, percent(one.before_share, 1), percent(one.after_share, 1),
            "yes" if one.is_matched else "no",
        ]
        for one in shifts
    ]  # fmt: skip
    return Table(columns, rows)
