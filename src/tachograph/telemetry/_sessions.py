"""From all spans of a session to the session's records, the same whatever the order in which they were read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec
import xxhash

from tachograph.model import (
    Clean,
    FileOp,
    Prompt,
    Response,
    Session,
    TaskChange,
    TaskState,
    ToolCall,
    Usage,
)
from tachograph.telemetry._spans import About, Answer, Ask, Call, Span, Totals
from tachograph.telemetry._tools import categorise
from tachograph.telemetry.records import TelemetrySession

_PROMPT_CHARS, _ERROR_CHARS, _ID_CHARS = 2000, 200, 64
_MOST_MODELS = 50
_STATES: dict[str, TaskState] = {
    "pending": "open", "in_progress": "started", "completed": "completed", "deleted": "dropped",
    "cancelled": "dropped",
}  # fmt: skip
_OPS: dict[str, FileOp] = {"read": "read", "edit": "modify"}


def build_session(id: str, spans: Iterable[Span], bounds: tuple[int, int], clean: Clean) -> TelemetrySession | None:
    """The session ``id`` (``<agent>:<native id>``, cleaned) of spans that say something; None when they say nothing.

    ``bounds`` are the earliest start and the latest end of any of its spans, ms UTC.
    """
    ordered = sorted(spans, key=lambda span: (span.at, span.id, span.trace))
    build = _Build(clean, has_hooks=any(isinstance(span.item, Call) and span.item.is_hook for span in ordered))
    responses, is_summed = _choose_responses(ordered)
    for position, span in enumerate(ordered):
        build.take(position, span, responses.get(position))
    context = max((span.context for span in ordered if span.context is not None), default=None)
    if not (build.calls or build.prompts or build.responses or context is not None):
        return None
    agent = id.partition(":")[0]
    session = Session(
        id=id,
        agent=agent,
        kind="main",
        agent_type=build.agent_type,
        project=build.cwds[0] if build.cwds else None,
        cwds=tuple(dict.fromkeys(build.cwds)),
        git_branch=build.branch,
        started_at=bounds[0],
        ended_at=bounds[1],
        lines=len(ordered),
        usage_lines=sum(isinstance(span.item, Answer | Totals) for span in ordered),
        responses=tuple(build.responses),
        tool_calls=tuple(build.settle_tasks()),
        prompts=tuple(build.prompts),
    )
    return TelemetrySession(session, context, is_summed)


class _Build:
    """Makes records of spans in their order."""

    def __init__(self, clean: Clean, *, has_hooks: bool) -> None:
        self._clean = clean
        self._has_hooks = has_hooks
        self.responses: list[Response] = []
        self.calls: list[tuple[ToolCall, Call]] = []
        self.prompts: list[Prompt] = []
        self.cwds: list[str] = []
        self.branch: str | None = None
        self.agent_type: str | None = None

    def take(self, position: int, span: Span, answer: Answer | None) -> None:
        """Add what ``span`` says; ``answer`` when it stands for a response."""
        if answer is not None:
            self.responses.append(self._response(position, span, answer))
        match span.item:
            case Call() as call if call.is_hook or not self._has_hooks:
                self.calls.append((self._call(position, span, call), call))
            case Ask(text, chars):
                whole = _hash(text) if chars == len(text) else 0
                kept = self._clean.text(text, _PROMPT_CHARS)
                self.prompts.append(Prompt(position, self._id(span), "human", span.at, kept, chars, whole))
            case About() as about:
                self._see(about)

    def _see(self, about: About) -> None:
        name = self._clean.name
        if about.cwd:
            self.cwds.append(name(about.cwd))
        self.branch = name(about.branch) if about.branch else self.branch
        self.agent_type = name(about.agent_type) if about.agent_type else self.agent_type

    def _id(self, span: Span) -> str:
        return clean_id(span.id, self._clean) or f"at-{span.at}"

    def _response(self, position: int, span: Span, answer: Answer) -> Response:
        name = self._clean.name
        model = name(answer.model)
        return Response(
            position,
            clean_id(answer.id, self._clean) or self._id(span),
            model,
            _provider(model) or name(answer.provider) or ("openai" if span.agent == "codex" else "anthropic"),
            span.at,
            span.ended_at,
            answer.usage,
            name(answer.stop) if answer.stop else None,
        )

    def _call(self, position: int, span: Span, call: Call) -> ToolCall:
        name = self._clean.name(call.name)
        category = categorise(name)
        return ToolCall(
            position,
            self._id(span),
            "",
            name,
            category,
            span.at,
            span.ended_at,
            call.status,
            path=self._clean.name(call.path) if call.path else None,
            file_op=_OPS.get(category, "none"),
            result_chars=call.chars,
            error_signature=self._clean.text(call.error, _ERROR_CHARS) or None if call.error else None,
        )

    def settle_tasks(self) -> Iterator[ToolCall]:
        """All calls, with the tasks that they made or changed.

        The span of a creation does not tell the new task's number. A number that is first heard of in a change is
        taken to be that of the earliest creation still without one: how many tasks there are is right either way.
        """
        keys: dict[int, list[TaskChange]] = {}
        nameless: deque[int] = deque()
        known: set[str] = set()
        for record, call in self.calls:
            state = _STATES.get(call.task_state)
            if record.category != "task" or record.status != "ok" or state is None:
                continue
            if not call.task and record.name == "TaskCreate":
                nameless.append(record.position)
            elif call.task:
                if call.task not in known and nameless:
                    keys[nameless.popleft()] = [TaskChange(_hash(call.task), "open")]
                known.add(call.task)
                keys[record.position] = [TaskChange(_hash(call.task), state)]
        for position in nameless:
            keys[position] = [TaskChange(_hash(f"created at {position}"), "open")]
        for record, _ in self.calls:
            changes = keys.get(record.position)
            yield msgspec.structs.replace(record, tasks=tuple(changes)) if changes else record


def _choose_responses(spans: list[Span]) -> tuple[dict[int, Answer], bool]:
    """Answers by their span's place, and whether they are totals: those count only where no single answer is told.

    Totals are what the hook added up so far, so that only the largest counts: never their sum.
    """
    single: dict[str, tuple[int, Answer]] = {}
    for place, span in enumerate(spans):
        if isinstance(span.item, Answer):
            held = single.get(span.item.id)
            if held is None or span.item.usage.output >= held[1].usage.output:
                single[span.item.id] = (place, span.item)
    if single:
        return dict(single.values()), False
    largest: dict[str, tuple[int, Totals]] = {}
    for place, span in enumerate(spans):
        if isinstance(span.item, Totals) and span.item.usage != Usage():
            held_totals = largest.get(span.item.model)
            if held_totals is None or _size(span.item.usage) >= _size(held_totals[1].usage):
                largest[span.item.model] = (place, span.item)
    chosen: list[tuple[int, Totals]] = []
    for place, one in sorted(largest.values(), key=lambda pair: pair[0], reverse=True)[:_MOST_MODELS]:
        if not any(_contains(later, one) for _, later in chosen):
            chosen.append((place, one))
    return {place: Answer("", one.model, "", one.usage) for place, one in chosen}, bool(chosen)


def _contains(later: Totals, earlier: Totals) -> bool:
    """Whether ``later`` has counted all that ``earlier`` did: the sum goes on under another model's name."""
    new, old = (msgspec.structs.astuple(totals.usage) for totals in (later, earlier))
    return all(a >= b for a, b in zip(new, old, strict=True))


def _size(usage: Usage) -> int:
    return usage.prompt_size + usage.output


def clean_id(value: str, clean: Clean) -> str:
    """``value`` as it may be stored: without secrets, at most 64 characters; ids that differ stay different."""
    cleaned = clean.name(value)
    if cleaned == value and len(value) <= 2 * _ID_CHARS:
        return value
    return f"{cleaned[:_ID_CHARS]}~{_hash(value) & 0xFFFFFFFFFFFF:012x}"


def _hash(text: str) -> int:
    """xxh3 of ``text`` as UTF-8, as a signed 64-bit integer."""
    value = xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
    return value - (1 << 64) if value >= 1 << 63 else value


def _provider(model: str) -> str:
    if "claude" in model:
        return "anthropic"
    return "openai" if model.startswith(("gpt-", "o1", "o3", "o4", "codex-")) else ""
