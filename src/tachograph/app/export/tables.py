"""Which tables can be exported, and what their columns mean. Names and order are stable: columns are only added."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["text", "count", "time", "usd", "flag"]
"""text · whole number · ISO-8601 moment in UTC · decimal dollars · true or false."""


class Column(msgspec.Struct, frozen=True):
    """One column of an export."""

    name: str
    kind: Kind
    doc: str


class Table(msgspec.Struct, frozen=True):
    """One table that can be exported."""

    name: str
    doc: str
    """What a row is, and which moment --since and --until are about."""
    columns: tuple[Column, ...]


def _columns(*rows: tuple[str, Kind, str]) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


_WHOSE = _columns(
    ("session", "text", "Session it belongs to"),
    ("agent", "text", "claude_code, codex"),
    ("project", "text", "Root of the session's first working directory, worktrees folded in"),
)
_TOKENS = _columns(
    ("input", "count", "Tokens: uncached input"),
    ("cache_read", "count", "Tokens read from the cache"),
    ("cache_write_5m", "count", "Tokens written to the 5-minute cache"),
    ("cache_write_1h", "count", "Tokens written to the 1-hour cache"),
    ("output", "count", "Output tokens, reasoning included; a lower bound where the log has only a placeholder"),
    ("reasoning", "count", "Hidden reasoning tokens, a part of `output`"),
    ("web_searches", "count", "Billed web searches"),
)
_DOUBTS = _columns(
    ("unpriced_responses", "count", "Responses without a known price: above 0, the dollars are a lower bound"),
    ("output_unreliable_responses", "count", "Responses whose output is a lower bound"),
)

SESSIONS = Table(
    "sessions",
    "One row per session, subagents included: sums over all rows are totals. By the session's start.",
    _columns(
        ("id", "text", "Session id"),
        ("agent", "text", "claude_code, codex"),
        ("kind", "text", "main or subagent"),
        ("parent_id", "text", "Session that started this one"),
        ("root_id", "text", "Session at the top (itself for a main session)"),
        (
            "forked_from",
            "text",
            "Session whose history was copied into this one; empty text when it is not known which",
        ),
        ("agent_type", "text", "Kind of subagent"),
        ("project", "text", "Root of the first working directory, worktrees folded in"),
        ("git_branch", "text", "Last branch named"),
        ("agent_version", "text", "Last agent version"),
        ("title", "text", "Title given by the user or the agent"),
        ("opening", "text", "First 200 characters of the first prompt a person typed"),
        ("entrypoint", "text", "How the agent was started"),
        ("started_at", "time", "Earliest timestamp"),
        ("ended_at", "time", "Latest timestamp"),
        ("complete", "flag", "False when its log ends within a turn"),
        ("active_ms", "count", "Milliseconds at work"),
        ("turns", "count", "Turns; copies of another session's records are in none of these numbers"),
        ("prompts", "count", "Prompts a person typed"),
        ("interruptions", "count", "Times a person stopped the agent"),
        ("compactions", "count", "Times the context was summarised"),
        ("api_errors", "count", "API errors and retries"),
        ("tool_calls", "count", "Tool calls"),
        ("tool_errors", "count", "Tool calls that failed by themselves"),
        ("tool_denied", "count", "Tool calls that a person refused"),
        ("subagents", "count", "Tool calls that started a subagent"),
        ("lines_added", "count", "Lines added by edits"),
        ("lines_removed", "count", "Lines removed by edits"),
        ("shared_responses", "count", "Responses in its logs that another session owns; in no other number"),
        ("responses", "count", "Responses that count"),
    )
    + _TOKENS
    + _columns(("own_usd", "usd", "API-equivalent cost without subagents; empty when nothing is priced"))
    + _DOUBTS,
)
RESPONSES = Table(
    "responses",
    "One row per response that counts, under the session that owns it: copies in forked or resumed logs are left out."
    " A response with further server-side passes at other models has a row for each. By the response's start.",
    _WHOSE
    + _columns(
        ("position", "count", "Place in the order of the session's records in one log"),
        ("part", "count", "0: the response; above: its further passes (count rows with 0 to count responses)"),
        ("id", "text", "Message or response id"),
        ("model", "text", "Model that answered"),
        ("provider", "text", "Whose price list it is on"),
        ("speed", "text", "standard or fast"),
        ("git_branch", "text", "Branch at that moment"),
        ("started_at", "time", "First line"),
        ("ended_at", "time", "Last line"),
        ("stop_reason", "text", "Why the model stopped"),
    )
    + _TOKENS
    + _columns(
        ("output_reliable", "flag", "False: `output` is a placeholder, a lower bound"),
        ("usd", "usd", "API-equivalent cost; empty when no price is known"),
    ),
)
TOOL_CALLS = Table(
    "tool_calls",
    "One row per tool call that is no copy. By the call's moment.",
    _WHOSE
    + _columns(
        ("position", "count", "Place in the order of the session's records in one log"),
        ("id", "text", "Call id"),
        ("response_position", "count", "`position` of the response that made it; empty when it is not known"),
        ("tool", "text", "Tool's name"),
        ("category", "text", "shell, read, edit, search, web, task, subagent, mcp:<server>, other"),
        ("started_at", "time", "When the call was made"),
        ("ended_at", "time", "When the result was there"),
        ("duration_ms", "count", "As the tool reports it; empty when it does not"),
        ("status", "text", "ok, error, denied, cancelled, missing"),
        ("exit_code", "count", "Of a command"),
        ("command", "text", "Shell command: first 500 characters, redacted"),
        ("path", "text", "File or folder worked on, redacted"),
        ("read_offset", "count", "First line asked for (reads)"),
        ("read_limit", "count", "Number of lines asked for (reads)"),
        ("file_op", "text", "none, create, modify, read, delete"),
        ("result_chars", "count", "Length of the result, characters"),
        ("error_signature", "text", "First telling line of the error, numbers as #"),
        ("lines_added", "count", "Empty when the log does not say"),
        ("lines_removed", "count", "Empty when the log does not say"),
        ("agent_type", "text", "Kind of subagent asked for"),
        ("spawned", "text", "Native id of the subagent started"),
    ),
)
PROMPTS = Table(
    "prompts",
    "One row per prompt that is no copy. By the prompt's moment.",
    _WHOSE
    + _columns(
        ("position", "count", "Place in the order of the session's records in one log"),
        ("id", "text", "Prompt id"),
        ("kind", "text", "human, slash, shell, notification, meta, compact_summary, task"),
        ("at", "time", "When it was given"),
        ("chars", "count", "Length of the whole text, characters"),
        ("text", "text", "First 2,000 characters, redacted; empty when no text is stored"),
    ),
)
FINDINGS = Table(
    "findings",
    "One row per finding of a detector. By the moment of its first proof. Detectors overlap: their sums do not add up.",
    _WHOSE
    + _columns(
        ("id", "text", "By which `tacho waste --explain` finds it"),
        ("detector", "text", "Detector that found it"),
        ("at", "time", "Moment of its first proof"),
        ("count", "count", "How many times something was done that need not have been"),
        ("wasted_tokens", "count", "What the needless part weighed, once; empty when not known"),
        ("carried_tokens", "count", "The same tokens as often as later responses read them again"),
        ("wasted_usd", "usd", "What both cost; empty when a price or size is not known"),
        ("is_estimate", "flag", "False: the numbers are the responses' own"),
        ("evidence", "text", "Ids of calls and responses, turns and facts that prove it, as JSON"),
    ),
)
DAILY = Table(
    "daily",
    "One row per day (in the time zone chosen), project, agent and model. By the response's start.",
    _columns(
        ("day", "text", "2026-05-20"),
        ("project", "text", "Root of the session's first working directory, worktrees folded in"),
        ("agent", "text", "claude_code, codex"),
        ("model", "text", "Model that answered"),
        ("sessions", "count", "Sessions with a response that day, subagents folded into theirs"),
        ("responses", "count", "Responses that count"),
    )
    + _TOKENS
    + _columns(("usd", "usd", "API-equivalent cost; empty when nothing is priced"))
    + _DOUBTS,
)

TABLES: dict[str, Table] = {t.name: t for t in (SESSIONS, RESPONSES, TOOL_CALLS, PROMPTS, FINDINGS, DAILY)}
