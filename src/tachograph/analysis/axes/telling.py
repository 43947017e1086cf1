"""One event of a session as one line for a judge, and how many tokens a line has at most.

The texts come from logs and may try to pass for instructions: each stands in quotes, on one line, with the marks
broken up that chat templates use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tachograph.model import Marker, MarkerKind, Prompt, Response, Session, ToolCall

Event = Prompt | Response | ToolCall | Marker

SHOWN_MARKERS: tuple[MarkerKind, ...] = (
    "compaction", "interruption", "api_error", "model_fallback", "rollback", "commit",
)  # fmt: skip
"""Kinds of markers that a judge is told of."""

PROMPT_TOKENS = 600
"""Tokens of a prompt's text that are shown at most."""
FOLD_TOKENS = 110
"""Tokens of the line that stands for folded events, at most."""
_COMMAND_TOKENS = 120
_NAME_TOKENS = 60
_SHORT_TOKENS = 20
_TEXT_KINDS = ("human", "slash", "shell", "task")
_USUAL_STOPS = (None, "end_turn", "tool_use", "stop", "completed")

_CODES = re.compile(r"(?<![A-Za-z0-9])(?:(?=[A-Za-z]*[0-9])[A-Za-z0-9]{6,}|[A-Za-z]{25,})")
"""Hashes, ids, keys: a tokeniser knows no piece of them."""
_SMALL = re.compile(r"[a-z ]+")
_CAPITAL = re.compile(r"[A-Z]+")
_MARKS = re.compile(r"<(?=[|/\w｜])|\[(?=/?[A-Z_]{3,}\])")
_LEFT = "…"


def estimate_tokens(text: str) -> int:
    """Tokens that ``text`` has at most, within the limits that docs/judge.md states.

    Outside of hashes and the like a small letter or blank counts 0.4 and a capital 0.7. Any other ASCII character
    counts 1, and anything else as many as it has bytes in UTF-8: a tokeniser that falls back to bytes needs no more.
    """
    words = _CODES.sub("", text)
    small, capital = (sum(map(len, letters.findall(words))) for letters in (_SMALL, _CAPITAL))
    return -(-(4 * small + 7 * capital) // 10) + len(text.encode("utf-8", "replace")) - small - capital


def line_tokens(text: str) -> int:
    """Tokens of a line with its end."""
    return estimate_tokens(text) + 1


def cut(text: str, tokens: int) -> str:
    """The beginning of ``text`` that has at most ``tokens`` (4 or more) tokens, ``…`` included where it is cut."""
    if estimate_tokens(text) <= tokens:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate_tokens(text[:middle] + _LEFT) <= tokens else (low, middle - 1)
    return text[:low] + _LEFT


def quote(text: str, tokens: int) -> str:
    """``text`` in quotes, on one line, harmless, within them at most ``tokens`` tokens."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    plain = " ".join(text.replace('"', "'").split())
    return f'"{cut(_MARKS.sub(lambda mark: mark[0] + " ", plain), tokens)}"'


def tell_session(session: Session, turns: int) -> list[str]:
    """What stands above the turns."""
    models = Counter(response.model for response in session.responses)
    failed = sum(call.status == "error" for call in session.tool_calls)
    minutes = "unknown"
    if session.started_at is not None and session.ended_at is not None:
        minutes = str(round((session.ended_at - session.started_at) / 60_000))
    return [
        f"agent {quote(session.agent, _SHORT_TOKENS)}, {_subject(session)}, minutes {minutes}",
        "models: " + (", ".join(quote(name, _SHORT_TOKENS) for name, _ in models.most_common(3)) or "none"),
        f"turns {turns}, answers {len(session.responses)}, tool calls {len(session.tool_calls)}, failed {failed}",
        "the log ends " + ("with a finished turn" if session.complete else "within a turn"),
    ]


def _subject(session: Session) -> str:
    if session.kind == "main":
        return "a session led by a person"
    return f"a subagent {quote(session.agent_type, _SHORT_TOKENS)}" if session.agent_type else "a subagent"


def tell_opening(number: int, opening: Prompt | None, tokens: int = PROMPT_TOKENS) -> str:
    """The line that begins a turn; at most 30 tokens more than ``tokens``."""
    if opening is None:
        return f"turn {number}: before the first prompt"
    return f"turn {number}: {tell_prompt(opening, tokens)}"


def tell_prompt(prompt: Prompt, tokens: int = _COMMAND_TOKENS) -> str:
    """A prompt; the text of what no person and no parent agent wrote is left out."""
    if prompt.kind not in _TEXT_KINDS:
        return f"{prompt.kind}, {prompt.chars} characters"
    text = quote(prompt.text, tokens) if prompt.text else "(text not kept)"
    return f"{prompt.kind} prompt, {prompt.chars} characters: {text}"


def tell_event(event: Event, root: str = "") -> str:
    """One event within a turn; paths below ``root`` are told relative to it."""
    if isinstance(event, ToolCall):
        return f"  {_tell_call(event, root)}"
    if isinstance(event, Response):
        return f"  {_tell_response(event)}"
    if isinstance(event, Prompt):
        return f"  {tell_prompt(event)}"
    value = "" if event.value is None else f" {event.value}"
    detail = f" {quote(event.detail, _SHORT_TOKENS)}" if event.detail else ""
    return f"  {event.kind.replace('_', ' ')}{value}{detail}"


def _tell_response(response: Response) -> str:
    usage = response.usage
    wrote = f"wrote {usage.output}" if response.output_reliable else f"wrote {usage.output} or more"
    stop = "" if response.stop_reason in _USUAL_STOPS else f", stopped: {quote(response.stop_reason, _SHORT_TOKENS)}"
    return f"answer: read {usage.prompt_size} ({usage.cache_read} cached), {wrote}{stop}"


def _tell_call(call: ToolCall, root: str) -> str:
    parts = [quote(call.name, _SHORT_TOKENS)]
    if call.command:
        parts.append(quote(_below(call.command, root), _COMMAND_TOKENS))
    elif call.path:
        parts.append(quote(_below(call.path, root), _NAME_TOKENS))
    elif call.agent_type:
        parts.append(quote(call.agent_type, _SHORT_TOKENS))
    if call.offset is not None or call.limit is not None:
        parts.append(f"lines {call.offset or 0}+{'' if call.limit is None else call.limit}")
    if call.more_files:
        parts.append(f"and {len(call.more_files)} more files")
    outcome: list[str] = ["no result" if call.status == "missing" else call.status]
    if call.exit_code:
        outcome.append(f"exit {call.exit_code}")
    if call.error_signature:
        outcome.append(quote(call.error_signature, _NAME_TOKENS))
    if call.result_chars is not None:
        outcome.append(f"{call.result_chars} characters")
    return f"{' '.join(parts)} -> {', '.join(outcome)}"


def _below(text: str, root: str) -> str:
    """``text`` with the paths in it that lie below ``root`` made relative."""
    return text.replace(f"{root}/", "") if len(root) > 1 else text


def tell_folded(events: Iterable[Event]) -> str:
    """Events that are only counted, in one line of at most 110 tokens."""
    events = list(events)
    calls = [event for event in events if isinstance(event, ToolCall)]
    answers = [event for event in events if isinstance(event, Response)]
    failed = sum(call.status == "error" for call in calls)
    wrote = sum(answer.usage.output for answer in answers)
    line = (
        f"  ({len(events)} events folded: {len(answers)} answers that wrote {wrote}, {len(calls)} calls,"
        f" {failed} of them failed"
    )
    rest = Counter(type(event).__name__.lower() for event in events if isinstance(event, Prompt | Marker))
    counts = [f"{quote(name, _SHORT_TOKENS)} {n}" for name, n in Counter(call.name for call in calls).most_common()]
    counts[:0] = [f"{kind}s {n}" for kind, n in sorted(rest.items())]
    for at, count in enumerate(counts):
        longer = f"{line}; {count}"
        if line_tokens(longer) + 4 > FOLD_TOKENS:
            return f"{line}; {_LEFT})" if at else f"{line})"
        line = longer
    return f"{line})"


def tell_cut(first: int, last: int, total: int) -> str:
    """That turns are left out."""
    which = f"turn {first}" if first == last else f"turns {first}-{last}"
    return f"({which} of {total} left out for want of room)"
