"""The charts of a session: its context over its responses, tokens and cost of its turns."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime

from tachograph.app.dashboard.links import link
from tachograph.app.dashboard.session_story import SessionData
from tachograph.app.dashboard.session_timeline import DRAWN, MarkerPoint, Timeline, TurnBar
from tachograph.app.scope import Scope
from tachograph.report.units import counted
from tachograph.report.view import Beside, Block, Chart, Mark, Section, Series, Tone

MOST_MARKS = 60
"""Lines that can still be told apart; the table of events has the others."""
_TONES: dict[str, Tone] = {"compaction": "warn", "api_error": "bad", "interruption": "", "model_fallback": "warn"}


def show_timeline(data: SessionData, scope: Scope) -> list[Block]:
    """The charts; nothing of a session without responses of its own."""
    time = data.timeline
    if not time.contexts:
        return []
    days = {point.at.astimezone(scope.zone).date() for point in (time.contexts[0], time.contexts[-1])}
    form = "%H:%M:%S" if len(days) == 1 else "%m-%d %H:%M"
    blocks: list[Block] = [_context(data, scope, form)]
    if len(time.bars) > 1:
        labels = [_bar_label(bar) for bar in time.bars]
        hrefs = [link("turn", id=data.session.id, n=bar.first) for bar in time.bars]
        charts: list[list[Block]] = [[_tokens(time, labels, hrefs)]]
        if any(bar.usd is not None for bar in time.bars):
            charts.append([_cost(time, labels, hrefs)])
        blocks.append(Beside(charts))
    return [Section("Timeline", blocks, "timeline", "Its own responses; subagents have pages of their own.")]


def _context(data: SessionData, scope: Scope, form: str) -> Chart:
    time = data.timeline
    numbers = [point.number for point in time.contexts]
    marks, more = _marks(data.session.id, time, numbers)
    told = "Tokens that the model read for each response: input, cache reads and cache writes."
    if time.step > 1:
        told += (
            f" Of each {time.step} of the {time.responses:,} responses in a row the smallest and the largest are drawn."
        )
    if marks:
        told += " Lines mark compactions, API errors, interruptions and changes of model."
    if more:
        told += f" {counted(more, 'mark')} more {'is' if more == 1 else 'are'} in the table of events alone."
    return Chart(
        "context", "Context size", told, "lines",
        [_label(point.at, scope, form) for point in time.contexts],
        [Series("Context", [point.tokens for point in time.contexts])], "tokens", marks=marks, live=True, how="tokens",
    )  # fmt: skip


def _label(at: datetime, scope: Scope, form: str) -> str:
    return f"{at.astimezone(scope.zone):{form}}"


def _marks(session: str, time: Timeline, numbers: list[int]) -> tuple[list[Mark], int]:
    """The first marks, compactions before the others, and how many are left out."""
    wanted = [one for one in time.markers if one.marker.kind in DRAWN]
    dearest = sorted(wanted, key=lambda one: DRAWN.index(one.marker.kind))[:MOST_MARKS]
    kept = sorted(dearest, key=lambda one: one.before)
    return [_mark(session, one, numbers) for one in kept], len(wanted) - len(kept) + time.markers_left_out


def _mark(session: str, one: MarkerPoint, numbers: list[int]) -> Mark:
    at = min(bisect_left(numbers, one.before), len(numbers) - 1)
    kind = one.marker.kind
    words = "API error" if kind == "api_error" else kind.replace("_", " ")
    status = f" {one.marker.value}" if kind == "api_error" and one.marker.value else ""
    return Mark(at, words + status, link("turn", id=session, n=one.marker.turn), _TONES[kind])


def _tokens(time: Timeline, labels: list[str], hrefs: list[str]) -> Chart:
    parts = [
        Series("Cache read", [bar.cache_read for bar in time.bars]),
        Series("Cache write", [bar.cache_write for bar in time.bars]),
        Series("Input", [bar.input for bar in time.bars]),
        Series("Output", [bar.output for bar in time.bars]),
    ]
    told = f"Tokens {_by(time)}, each counted once for every response that read or wrote it."
    return Chart(
        "turn_tokens", "Tokens by turn", told, "stacked", labels, parts, "tokens", hrefs=hrefs, live=True, how="tokens"
    )


def _cost(time: Timeline, labels: list[str], hrefs: list[str]) -> Chart:
    told = f"API-equivalent cost in USD {_by(time)}, without subagents."
    if any(bar.unpriced_responses for bar in time.bars):
        told += " Some responses have no known price: bars are lower bounds, or missing."
    series = [Series("Cost", [bar.usd for bar in time.bars])]
    return Chart(
        "turn_cost", "Cost by turn", told, "stacked", labels, series, "usd", hrefs=hrefs, live=True, how="spend"
    )


def _by(time: Timeline) -> str:
    return "of each turn" if time.turns_per_bar == 1 else f"of each {time.turns_per_bar} turns in a row, added up"


def _bar_label(bar: TurnBar) -> str:
    return f"{bar.first}" if bar.first == bar.last else f"{bar.first}–{bar.last}"
