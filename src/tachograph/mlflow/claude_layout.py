"""Traces of MLflow's own Claude Code integration, read as the transcript that they were made from.

A trace is one turn: an agent's span ``claude_code_conversation`` with the spans ``llm`` and ``tool_<Name>`` below, and
``subagent_<type>`` below the tool that started it. They are written as lines of a transcript again, which the source
of Claude Code reads: so calls, files and errors mean what they mean anywhere else.

What the versions of that integration differ in (MLflow 3.4 to 3.18, Python and TypeScript):

- ``input_tokens`` holds what was written to the cache and says nothing of what was read from it (the first versions, no
  cache keys), or neither of both (later ones), or all of it (the newest, as MLflow's other integrations do). The last
  two are told apart by a span that states more of the cache than of the input: only the second kind can have one.
- Answers that call tools have no span before the newest versions, so their tokens are not told.
- The Python versions mark no tool's span as failed. Results that begin with Claude Code's own words for a failure are
  taken for failed ones.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from tachograph.mlflow.records import MODEL, USAGE, SpanRecord, TraceRecord
from tachograph.mlflow.told import ALL_TEXTS, Told
from tachograph.model import Clean, Response, Session, Texts, Usage, to_datetime
from tachograph.sources import LogFile, load_sources

ROOT = "claude_code_conversation"
AGENT_ID = "mlflow.claude_code.agent_id"
"""Tag of a trace that is the work of a subagent in the background."""

_NO_RESULT = "No result found"
_FAILED = re.compile(
    r"<tool_use_error>|Exit code [1-9]"
    r"|The user doesn't want to proceed with this tool use|\[Request interrupted by user"
)
_ODD = re.compile(r"[^\w-]+")
_NO_TOKENS = "The trace does not tell the tokens of every answer: token counts and costs are lower bounds."


def is_claude(trace: TraceRecord) -> bool:
    """Whether MLflow's Claude Code integration wrote it."""
    return trace.root.type == "AGENT" and (trace.root.name == ROOT or AGENT_ID in trace.tags)


def read_claude(traces: Sequence[TraceRecord], clean: Clean) -> Told:
    """The session that ``traces`` tell, one or several turns of it; a turn that was traced twice counts once."""
    turns = _without_copies(traces)
    writer = _Scribe(turns)
    logs = writer.write()
    texts = Texts(ALL_TEXTS)
    sessions: dict[str, Session] = {}
    for path, lines, sidecar in logs:
        for session in _parse(path, lines, sidecar, clean, texts):
            lacking = path in writer.lacking
            sessions.setdefault(session.id, _with_gap(session) if lacking else session)
    notes = (_NO_TOKENS,) if writer.lacking else ()
    return Told(tuple(sessions.values()), texts, frozenset(sessions), notes)


def _without_copies(traces: Sequence[TraceRecord]) -> list[TraceRecord]:
    """One trace for each turn: that with most spans, of equal ones the first. By their start."""
    kept: dict[tuple[int, str], TraceRecord] = {}
    for trace in sorted(traces, key=lambda one: (one.root.started_ns, one.id)):
        key = trace.root.started_ns, trace.tags.get(AGENT_ID, "")
        if key not in kept or len(trace.spans) > len(kept[key].spans):
            kept[key] = trace
    return list(kept.values())


def _parse(path: str, lines: list[dict[str, Any]], sidecar: bytes, clean: Clean, texts: Texts) -> tuple[Session, ...]:
    raw = b"\n".join(msgspec.json.encode(line) for line in lines) + b"\n"
    log = LogFile("claude_code", path, len(raw), 0, 0, 0)
    return load_sources()["claude_code"].parse(log, io.BytesIO(raw), clean, None, sidecar, texts).sessions


def _with_gap(session: Session) -> Session:
    """Token counts as the lower bounds that they are; an answer without any where no answer is told."""
    told = [msgspec.structs.replace(one, output_reliable=False) for one in session.responses]
    at = session.started_at or 0
    unknown = Response(
        1 + max((one.position for kind in (session.tool_calls, session.prompts, told) for one in kind), default=0),
        f"{session.id}:untold", "unknown", "unknown", at, at, Usage(), output_reliable=False, final=False,
    )  # fmt: skip
    return msgspec.structs.replace(session, responses=(*told, unknown))


class _Scribe:
    """Writes the lines of one session's logs."""

    def __init__(self, turns: Sequence[TraceRecord]) -> None:
        self._turns = turns
        self._children = {turn.id: turn.children() for turn in turns}
        self._session = next((turn.session for turn in turns if turn.session), None) or turns[0].id
        self._counts_cached = not any(map(_counts_uncached, _usages(turns)))
        self._logs: dict[str, list[dict[str, Any]]] = {}
        self._sidecars: dict[str, dict[str, str]] = {}
        self.lacking: set[str] = set()
        """Paths of logs in which tokens are missing."""

    def write(self) -> list[tuple[str, list[dict[str, Any]], bytes]]:
        """(path, lines, content of the file beside it) of each log, the main session's first."""
        self._logs["trace.jsonl"] = []
        for turn in self._turns:
            agent = turn.tags.get(AGENT_ID)
            path = "trace.jsonl"
            if agent is not None:
                path = self._open_agent(agent, turn.tags.get("mlflow.claude_code.agent_type", ""), None)
            self._turn(turn, turn.root, path)
        in_order = {path: sorted(lines, key=lambda line: line["timestamp"]) for path, lines in self._logs.items()}
        return [
            (path, lines, msgspec.json.encode(self._sidecars.get(path, {})))
            for path, lines in in_order.items()
            if lines
        ]

    def _open_agent(self, agent: str, kind: str, parent: str | None) -> str:
        safe = _ODD.sub("_", agent) or "unknown"
        path = f"session/subagents/agent-{safe}.jsonl"
        self._logs.setdefault(path, [])
        self._sidecars[path] = {"agentType": kind} if kind else {}
        if parent is not None:
            self._sidecars[path]["parentAgentId"] = parent
        return path

    def _turn(self, turn: TraceRecord, agent: SpanRecord, path: str, *, usage_above: bool = False) -> None:
        """The lines of one agent in one turn, those of its subagents into their own logs."""
        prompt = agent.inputs.get("prompt") if isinstance(agent.inputs, dict) else None
        if prompt:
            self._add(
                turn, path, agent.started_ns, "user", f"{turn.id}:{agent.id}", {"role": "user", "content": str(prompt)}
            )
        below = self._children[turn.id].get(agent.id, [])
        answers = [span for span in below if span.type in ("LLM", "CHAT_MODEL")]
        tools = [span for span in below if span.type == "TOOL"]
        at_root = isinstance(agent.attributes.get(USAGE), dict)
        counted_above = usage_above or at_root
        if at_root and not usage_above:
            models = {_model(span) for span in answers}
            self._answer(turn, path, agent, models.pop() if len(models) == 1 else "unknown", agent.attributes[USAGE])
        owners = {call: span for span in answers for call in _calls_in(span)}
        for span in answers:
            self._answer(turn, path, span, _model(span), None if counted_above else span.attributes.get(USAGE))
        for span in tools:
            self._tool(turn, path, span, owners, usage_above=counted_above)
        if not counted_above and (
            any(not isinstance(span.attributes.get(USAGE), dict) for span in answers)
            or any(_tool_id(span) not in owners for span in tools)
            or any("cache_read_input_tokens" not in span.attributes.get(USAGE, {}) for span in answers)
        ):
            self.lacking.add(path)
        self._last_words(turn, path, agent, answers)

    def _answer(self, turn: TraceRecord, path: str, span: SpanRecord, model: str, usage: Any) -> None:
        message: dict[str, Any] = {"id": f"{turn.id}:{span.id}", "role": "assistant", "model": model, "content": []}
        message["stop_reason"] = "end_turn"
        if span.type != "AGENT":
            message["content"] = [{"type": "text", "text": text} for text in _texts_in(span.outputs)]
        if isinstance(usage, dict):
            message["usage"] = self._usage(usage)
        self._add(turn, path, span.started_ns, "assistant", f"{turn.id}:{span.id}", message)

    def _usage(self, told: dict[str, Any]) -> dict[str, Any]:
        """Tokens as Claude Code counts them: ``input_tokens`` without what was read from or written to the cache."""
        read, written = _count(told, "cache_read_input_tokens"), _count(told, "cache_creation_input_tokens")
        given = _count(told, "input_tokens")
        return {
            "input_tokens": max(0, given - read - written) if self._counts_cached else given,
            "output_tokens": _count(told, "output_tokens"),
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
            "cache_creation": {"ephemeral_1h_input_tokens": _count(told, "cache_creation_input_tokens_above_1hr")},
        }

    def _tool(
        self, turn: TraceRecord, path: str, span: SpanRecord, owners: dict[str, SpanRecord], *, usage_above: bool
    ) -> None:
        call = _tool_id(span)
        owner = owners.get(call, span)
        name = str(span.attributes.get("tool_name") or span.name.removeprefix("tool_"))
        given = span.inputs if isinstance(span.inputs, dict) else {}
        block = {"type": "tool_use", "id": call, "name": name, "input": given}
        message = {"id": f"{turn.id}:{owner.id}", "role": "assistant", "content": [block]}
        self._add(turn, path, span.started_ns, "assistant", f"{turn.id}:{span.id}", message)
        for inner in self._children[turn.id].get(span.id, ()):
            if inner.type == "AGENT":
                parent = path.rpartition("/agent-")[2].removesuffix(".jsonl") if "/agent-" in path else None
                kind = str(inner.attributes.get("subagent_type") or inner.name.removeprefix("subagent").lstrip("_"))
                self._turn(turn, inner, self._open_agent(call, kind, parent), usage_above=usage_above)
        result = span.outputs.get("result") if isinstance(span.outputs, dict) else span.outputs
        if result is None or result == _NO_RESULT:
            return
        text = _as_text(result)
        failed = span.status == "ERROR" or _FAILED.match(text) is not None
        answer = {"type": "tool_result", "tool_use_id": call, "content": text, "is_error": failed}
        ended = max(span.ended_ns or 0, span.started_ns)
        self._add(turn, path, ended, "user", f"{turn.id}:{span.id}:result", {"role": "user", "content": [answer]})

    def _last_words(self, turn: TraceRecord, path: str, agent: SpanRecord, answers: list[SpanRecord]) -> None:
        """The agent's last message, where none of its answers has it: those that call tools have no span."""
        said = agent.outputs.get("response") if isinstance(agent.outputs, dict) else None
        if not isinstance(said, str) or not said or any("\n".join(_texts_in(span.outputs)) == said for span in answers):
            return
        message = {"id": f"{turn.id}:{agent.id}:said", "role": "assistant", "content": [{"type": "text", "text": said}]}
        ended = max(agent.ended_ns or 0, agent.started_ns)
        self._add(turn, path, ended, "assistant", f"{turn.id}:{agent.id}:said", message)

    def _add(self, turn: TraceRecord, path: str, at_ns: int, kind: str, id: str, message: dict[str, Any]) -> None:
        metadata = turn.metadata
        self._logs[path].append(
            {
                "type": kind,
                "uuid": id,
                "sessionId": self._session,
                "timestamp": to_datetime(at_ns // 1_000_000).isoformat(timespec="milliseconds"),
                "cwd": metadata.get("mlflow.trace.working_directory"),
                "version": metadata.get("mlflow.claude_code_version"),
                "message": message,
            }
        )


def _usages(turns: Iterable[TraceRecord]) -> Iterator[dict[str, Any]]:
    for turn in turns:
        for span in turn.spans:
            told = span.attributes.get(USAGE)
            if isinstance(told, dict):
                yield told


def _counts_uncached(told: dict[str, Any]) -> bool:
    """Whether ``input_tokens`` cannot hold what went through the cache."""
    cached = _count(told, "cache_read_input_tokens") + _count(told, "cache_creation_input_tokens")
    return cached > _count(told, "input_tokens")


def _count(told: dict[str, Any], key: str) -> int:
    value = told.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _model(span: SpanRecord) -> str:
    inner = span.inputs.get("model") if isinstance(span.inputs, dict) else None
    return str(span.attributes.get(MODEL) or span.attributes.get("model") or inner or "unknown")


def _tool_id(span: SpanRecord) -> str:
    return str(span.attributes.get("tool_id") or span.id)


def _blocks(outputs: Any) -> list[Any]:
    content = outputs.get("content") if isinstance(outputs, dict) else outputs
    return content if isinstance(content, list) else [content]


def _texts_in(outputs: Any) -> list[str]:
    """The texts of an answer."""
    texts = [block.get("text") if isinstance(block, dict) else block for block in _blocks(outputs)]
    return [text for text in texts if isinstance(text, str) and text]


def _calls_in(span: SpanRecord) -> list[str]:
    """Ids of the calls that an answer's span tells of."""
    blocks = [block for block in _blocks(span.outputs) if isinstance(block, dict)]
    return [str(block.get("id")) for block in blocks if block.get("type") == "tool_use"]


def _as_text(result: Any) -> str:
    """A tool's result as text: a string, or the texts of its parts."""
    if isinstance(result, str):
        return result
    if isinstance(result, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in result]
        return "\n".join(part for part in parts if isinstance(part, str))
    return msgspec.json.encode(result).decode()
