"""The tables of the HTML report."""

from __future__ import annotations

from collections.abc import Sequence

from tachograph.analysis.detectors import load_detectors
from tachograph.app.dashboard.cells import cost_cell
from tachograph.app.dashboard.root_rows import ListedSession
from tachograph.app.reports.html_figures import Figures
from tachograph.app.reports.html_findings import ReportedFinding
from tachograph.app.reports.html_names import Names
from tachograph.app.rollups.cubes import ToolSums, UsageSums, WasteSums
from tachograph.report.view import Cell, Column, Grid, Tone

MOST_ROWS = 50
"""Of projects, models and tools; what is left out is counted below the table."""
_VERDICTS: dict[str, tuple[str, Tone]] = {
    "above_p75": ("dear", "warn"), "within_band": ("usual", ""), "below_p25": ("cheap", "good"),
}  # fmt: skip
"""Words for the verdicts of the token axis; without one of them it says nothing."""


def list_projects(told: Figures, names: Names) -> Grid:
    """Projects, the dearest first."""
    columns = [
        Column("project", "Project", wide=True), Column("sessions", "Sessions", "count"),
        Column("tokens", "Tokens", "tokens", low=True), Column("usd", "Cost", "usd"),
        Column("share", "Share of cost", "percent", low=True),
        Column("wasteful", "With a finding", "percent", "Share of its sessions with a finding of waste.", low=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(names.project(path), note=names.place(path)), Cell(held.sessions),
            Cell(usage.tokens, at_least=usage.unreliable > 0), _usd(usage),
            Cell(_share(usage, told.usage)), Cell(held.wasteful / held.sessions if held.sessions else None),
        ]
        for path, usage, held in told.projects[:MOST_ROWS]
    ]  # fmt: skip
    return Grid("projects", "Projects", columns, rows, _cut(told.projects, "projects"))


def list_models(told: Figures, names: Names) -> Grid:
    """Models, the dearest first."""
    columns = [
        Column("model", "Model"), Column("responses", "Responses", "count", low=True),
        Column("input", "Input", "tokens", "Tokens that were in no cache.", low=True),
        Column("cache_read", "From the cache", "tokens", low=True),
        Column("cache_write", "Into the cache", "tokens", low=True), Column("output", "Output", "tokens"),
        Column("usd", "Cost", "usd"), Column("share", "Share of cost", "percent"),
    ]  # fmt: skip
    rows = [
        [
            Cell(names.model(model)), Cell(sums.responses), Cell(sums.input), Cell(sums.cache_read),
            Cell(sums.cache_write_5m + sums.cache_write_1h), Cell(sums.output, at_least=sums.unreliable > 0),
            _usd(sums), Cell(_share(sums, told.usage)),
        ]
        for model, sums in told.models[:MOST_ROWS]
    ]  # fmt: skip
    return Grid("models", "Models", columns, rows, _cut(told.models, "models"))


def list_sessions(told: Figures, names: Names) -> Grid:
    """The sessions that cost most."""
    columns = [
        Column("session", "Session", wide=True), Column("usd", "Cost", "usd"), Column("started_at", "Began", "moment"),
        Column("task_type", "Kind of work", low=True), Column("model", "Model", low=True),
        Column("active", "Time at work", "seconds", low=True), Column("tokens", "Tokens", "tokens", low=True),
        Column("verdict", "For its kind", "text", "Tokens against its kind: beyond p25 or p75.", low=True),
        Column("findings", "Findings", "count", "Findings of waste.", low=True),
    ]  # fmt: skip
    about = _cut(range(told.dearest.matching), "sessions", len(told.dearest.sessions), "that cost most")
    return Grid("sessions", "Sessions", columns, [_session(one, names) for one in told.dearest.sessions], about)


def _session(one: ListedSession, names: Names) -> list[Cell]:
    word, tone = _VERDICTS.get(one.verdict or "", ("", ""))
    return [
        Cell(names.session(one.id, one.label or one.name), note=names.project(one.project or "")),
        cost_cell(one.usd, one.unpriced_responses, one.tokens, at_least=one.log_missing), Cell(one.started_at),
        Cell(one.task_type), Cell(names.model(one.model or "")), Cell(one.active_seconds),
        Cell(one.tokens, at_least=one.output_unreliable_responses > 0 or one.log_missing),
        Cell(word or None, tone=tone, tag=bool(word)), Cell(one.findings),
    ]  # fmt: skip


def list_waste(told: Figures) -> Grid:
    """Detectors, the dearest first."""
    columns = [
        Column("detector", "Detector", wide=True), Column("sessions", "Sessions", "count"),
        Column("rate", "Of all", "percent", "Share of the range's sessions."),
        Column("findings", "Findings", "count", low=True),
        Column("tokens", "Tokens", "tokens", "What was not needed, once.", low=True),
        Column("usd", "Cost", "usd", "What was not needed, and carrying it."),
    ]  # fmt: skip
    whole = told.sessions.sessions
    rows = [
        [
            Cell(_title(name)), Cell(sums.sessions), Cell(sums.sessions / whole if whole else None),
            Cell(sums.findings), _weight(sums), _usd(sums),
        ]
        for name, sums in told.waste
    ]  # fmt: skip
    return Grid("detectors", "By detector", columns, rows, empty="No finding in these days.")


def list_findings(told: Figures, names: Names) -> Grid:
    """The dearest findings; what they are about only where names are told."""
    columns = [
        Column("detector", "Finding", wide=True), Column("session", "Session", wide=True),
        Column("at", "When", "day", low=True),
        Column("times", "Times", "count", low=True), Column("tokens", "Tokens", "tokens", low=True),
        Column("usd", "Cost", "usd"),
    ]  # fmt: skip
    rows = [_finding(one, names) for one in told.findings]
    about = "The dearest ones." if names.is_safe else "The dearest ones. Which calls prove one: tacho waste --explain."
    return Grid("findings", "Findings", columns, rows, about, empty="No finding in these days.")


def _finding(one: ReportedFinding, names: Names) -> list[Cell]:
    return [
        Cell(_title(one.detector), note=names.text(one.about)), Cell(names.session(one.session, one.label)),
        Cell(one.at), Cell(one.times), Cell(one.tokens), Cell(one.usd, about=one.is_estimate and one.usd is not None),
    ]  # fmt: skip


def list_tools(told: Figures, names: Names) -> Grid:
    """Tools, those called most often first."""
    columns = [
        Column("tool", "Tool", wide=True), Column("category", "Category", low=True), Column("calls", "Calls", "count"),
        Column("errors", "Failed", "count"),
        Column("rate", "Error rate", "percent", "Failed calls among those that ran to their end."),
        Column("denied", "Denied", "count", "Refused by a person.", low=True),
        Column("usd", "Cost carried", "usd", "A response's cost, split evenly among its calls.", low=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(names.tool(tool)), Cell(names.category(category)), Cell(sums.calls), Cell(sums.errors),
            Cell(sums.errors / (sums.ok + sums.errors) if sums.ok + sums.errors else None), Cell(sums.denied),
            _usd(sums),
        ]
        for tool, category, sums in told.tools[:MOST_ROWS]
    ]  # fmt: skip
    return Grid("tools", "Tools", columns, rows, _cut(told.tools, "tools"))


def _usd(sums: UsageSums | WasteSums | ToolSums) -> Cell:
    return Cell(sums.usd, at_least=sums.unpriced > 0 and sums.usd is not None, about=isinstance(sums, WasteSums))


def _weight(sums: WasteSums) -> Cell:
    known = sums.findings > sums.unweighed
    return Cell(sums.tokens if known else None, at_least=known and sums.unweighed > 0)


def _share(part: UsageSums, whole: UsageSums) -> float | None:
    return part.pico / whole.pico if part.pico is not None and whole.pico else None


def _cut(rows: Sequence[object], noun: str, shown: int = MOST_ROWS, which: str = "at the top") -> str:
    return f"The {shown} {which}, of {len(rows):,} {noun}." if len(rows) > shown else ""


def _title(detector: str) -> str:
    found = load_detectors().get(detector)
    return found.title if found else detector
