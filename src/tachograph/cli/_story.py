"""A session's story as a document."""

from __future__ import annotations

from datetime import tzinfo
from typing import TypeVar

from tachograph.app.score import Score
from tachograph.app.session_rows import SessionRow
from tachograph.app.show import MarkerRecord, SessionStory, TurnRecord
from tachograph.cli._scores import token_words, trajectory_words, waste_words
from tachograph.cli._tree import describe_subagents
from tachograph.cli._usage import token_line
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import (
    UNKNOWN,
    clock,
    count,
    counted,
    day,
    minute,
    month_minute,
    percent,
    seconds,
    tokens,
    usd,
)
from tachograph.report.width import cut

T = TypeVar("T")

_TOOLS = 6
_TITLE = 200


def describe_story(story: SessionStory, zone: tzinfo, limit: int | None) -> Document:
    """The story with at most ``limit`` turns and subagents (None: all)."""
    blocks: list[Block] = [
        Heading(_title(story)),
        Facts([(name, text) for name, text in _facts(story, zone) if text]),
    ]
    if story.turns:
        blocks += _describe_turns(story, zone, limit)
    if story.subagents:
        blocks += describe_subagents(story, limit)
    return Document(blocks)


# ------------------------------------------------------------------------------------------------------- head


def _title(story: SessionStory) -> str:
    """What the session is about, in the words there are."""
    row = story.session
    if row.label or row.log_missing:
        return row.label or "A session whose own log is missing"
    first = next((turn.text for turn in story.turns if turn.text), "")
    return cut(first, _TITLE) if first else "A session without a prompt"


def _facts(story: SessionStory, zone: tzinfo) -> list[tuple[str, str]]:
    row = story.session
    return [
        ("session", row.id),
        ("project", _join(row.project or "(unknown)", f"branch {row.git_branch}" if row.git_branch else "")),
        ("agent", _join(_agent(row), ", ".join(row.models))),
        ("parent", row.parent_id or ""),
        ("time", _time(story, zone)),
        ("cost", _cost(row)),
        ("tokens", token_line(row)),
        ("work", _work(row)),
        ("files", _files(story)),
        ("tools", _tools(story)),
        *_axes(story),
        ("shared", _shared(story)),
        ("note", _remarks(story)),
    ]


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _agent(row: SessionRow) -> str:
    name = f"{row.agent} {row.agent_version}" if row.agent_version else row.agent
    return _join(name, f"subagent {row.agent_type or '(unknown kind)'}") if row.kind == "subagent" else name


def _time(story: SessionStory, zone: tzinfo) -> str:
    row = story.session
    same_day = day(row.started_at, zone) == day(row.ended_at, zone)
    end = clock(row.ended_at, zone) if same_day else minute(row.ended_at, zone)
    active = f", {seconds(row.active_seconds)} active" if row.active_seconds is not None else ""
    return f"{minute(row.started_at, zone)} – {end} ({seconds(row.duration_seconds)}{active})"


def _cost(row: SessionRow) -> str:
    if not row.responses:
        return "no responses of its own"
    bound = row.unpriced_responses > 0
    parts = [usd(row.usd, lower_bound=bound or row.log_missing)]
    if row.log_missing:
        parts.append(f"all of it by {counted(row.subagents, 'subagent')}; its own is not known")
    elif row.kind == "main" and row.subagents:
        parts.append(_shares(row))
    if bound:
        parts.append(f"{counted(row.unpriced_responses, 'response')} unpriced ({', '.join(row.unpriced_models)})")
    return _join(*parts)


def _shares(row: SessionRow) -> str:
    """Its own cost and that of its subagents. Nothing of its own is $0.00 only where nothing is unpriced."""
    own = 0.0 if row.own_usd is None and not row.unpriced_responses else row.own_usd
    below = "the rest" if own is None or row.usd is None else usd(row.usd - own)
    return f"{usd(own)} its own, {below} by {counted(row.subagents, 'subagent')}"


def _work(row: SessionRow) -> str:
    failed = (
        f" ({count(row.tool_errors)} failed, {percent(row.tool_errors, row.tool_calls)})" if row.tool_errors else ""
    )
    return _join(
        counted(row.turns, "turn") if row.turns is not None else "",
        counted(row.responses, "response"),
        counted(row.tool_calls, "tool call") + failed,
        f"+{count(row.lines_added)} −{count(row.lines_removed)} lines" if row.lines_added or row.lines_removed else "",
    )


def _files(story: SessionStory) -> str:
    parts = []
    for name in ("created", "modified", "read", "deleted"):
        number = story.metrics.get(f"files_{name}", {}).get("count", 0)
        if number:
            parts.append(f"{count(number)} {name}")
    return _join(*parts)


def _tools(story: SessionStory) -> str:
    named = list(story.metrics.get("tool_calls_by_name", {}).items())
    rest = sum(number for _, number in named[_TOOLS:])
    shown = [f"{name} {count(number)}" for name, number in named[:_TOOLS]]
    return _join(*shown, f"others {count(rest)}" if rest else "")


def _axes(story: SessionStory) -> list[tuple[str, str]]:
    """The verdicts in a line each; tacho score tells more."""
    if story.score is None:
        return []
    judged = story.score.trajectory.verdict is not None
    return [
        ("token use", token_words(story.score.token)),
        ("trajectory", trajectory_words(story.score.trajectory) if judged else ""),
        ("waste", _waste(story.score)),
    ]


def _waste(score: Score) -> str:
    words = waste_words(score.waste)
    return words.partition(": ")[2] + f" (tacho score {score.name})" if score.waste.findings else words


def _shared(story: SessionStory) -> str:
    parts = [f"{counted(part.responses, 'response')} of {part.name or 'an unknown session'}" for part in story.shared]
    return f"its log begins with copies: {', '.join(parts)}; counted there, not here" if parts else ""


def _remarks(story: SessionStory) -> str:
    row = story.session
    return _join(
        "its own log is missing: this is what its subagents left" if row.log_missing else "",
        "the log ends within a turn" if not row.complete else "",
        "part of the output counts are lower bounds" if row.output_unreliable_responses else "",
        f"{counted(story.problems, 'line')} could not be read as they should (tacho doctor)" if story.problems else "",
    )


# ------------------------------------------------------------------------------------------------------ turns


def _describe_turns(story: SessionStory, zone: tzinfo, limit: int | None) -> list[Block]:
    columns = [
        Column("#"),
        Column("at", "left"),
        Column("prompt", "left", flexible=True),
        Column("active"),
        Column("cost", style="strong"),
        Column("tokens", rank=2),
        Column("output", rank=1),
        Column("calls"),
    ]
    first, last = story.turns[0].started_at, story.turns[-1].ended_at
    at = clock if day(first, zone) == day(last, zone) else month_minute
    rows: list[list[str]] = []
    notes: dict[int, Line] = {}
    head, hidden, tail = fold(story.turns, limit)
    for turn in [*head, *([None] if hidden else []), *tail]:
        if turn is None:
            rows.append(_hidden_row(hidden))
            continue
        note = _note(turn, [marker for marker in story.markers if marker.turn == turn.number])
        if note:
            notes[len(rows)] = Line(note, "dim", 4)
        rows.append(_turn_row(turn, at(turn.started_at, zone)))
    return [
        Heading("Turns", "own cost and tokens, subagents left out" if story.subagents else ""),
        Table(columns, rows, notes=notes),
    ]


def fold(items: list[T], limit: int | None) -> tuple[list[T], list[T], list[T]]:
    """The first third and the last two thirds of ``limit`` items, and between them those to be left out."""
    if limit is None or len(items) <= limit:
        return items, [], []
    head = limit // 3
    return items[:head], items[head : len(items) - (limit - head)], items[len(items) - (limit - head) :]


def _turn_row(turn: TurnRecord, at: str) -> list[str]:
    return [
        str(turn.number),
        at,
        turn.text or ("(before the first prompt)" if turn.number == 0 else "(no text stored)"),
        seconds(turn.active_seconds),
        usd(turn.usd, lower_bound=turn.unpriced_responses > 0) if turn.responses else UNKNOWN,
        tokens(turn.tokens),
        tokens(turn.output),
        count(turn.tool_calls),
    ]


def _hidden_row(turns: list[TurnRecord]) -> list[str]:
    priced = [turn.usd for turn in turns if turn.usd is not None]
    return [
        "…",
        "",
        f"({counted(len(turns), 'turn')} more: --all)",
        seconds(sum(turn.active_seconds for turn in turns)),
        usd(sum(priced), lower_bound=any(turn.unpriced_responses for turn in turns)) if priced else UNKNOWN,
        tokens(sum(turn.tokens for turn in turns)),
        tokens(sum(turn.output for turn in turns)),
        count(sum(turn.tool_calls for turn in turns)),
    ]


def _note(turn: TurnRecord, markers: list[MarkerRecord]) -> str:
    """What happened in a turn beside its answers."""
    compactions = [marker.value for marker in markers if marker.kind == "compaction"]
    return _join(
        counted(turn.tool_errors, "failed call") if turn.tool_errors else "",
        counted(turn.tool_denied, "refused call") if turn.tool_denied else "",
        counted(len(turn.subagents), "subagent") if turn.subagents else "",
        *(f"compacted at {tokens(value)}" if value else "compacted" for value in compactions),
        counted(turn.api_errors, "API error") if turn.api_errors else "",
        *(f"model fallback {marker.detail}" for marker in markers if marker.kind == "model_fallback"),
        *(f"rolled back {marker.detail}".rstrip() for marker in markers if marker.kind == "rollback"),
        *(f"commit {detail}".rstrip() for detail in turn.commits),
        *(f"pull request {detail}" for detail in turn.pr_links),
        "interrupted" if turn.interruptions else "",
    )
