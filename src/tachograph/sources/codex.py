"""Codex CLI: rollouts under ``sessions/`` and ``archived_sessions/``, plain or zstd-compressed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import xxhash
from msgspec import Raw

from tachograph.model import Clean, ParsedLog, Problem, Texts, Usage
from tachograph.sources._builder import SessionBuilder
from tachograph.sources._clock import parse_timestamp
from tachograph.sources._codex_lines import (
    Item,
    Line,
    Payload,
    Spawn,
    TokenInfo,
    TokenUsage,
    decode_item,
    decode_line,
    decode_source,
)
from tachograph.sources._codex_tools import apply_changes, read_call, settle_call, settle_from_item, settle_mcp
from tachograph.sources._decode import decode_part, decode_string
from tachograph.sources._ids import clean_id
from tachograph.sources._models import provider_of
from tachograph.sources._reader import LogReader
from tachograph.sources._source import CannotResume, LogFile, Resume, mentions, walk

AGENT = "codex"
VERSION = 4
NEWEST_KNOWN = "0.169.0"
SUFFIXES = (".jsonl", ".jsonl.zst")

_HOMES = ("sessions", "archived_sessions")
_REPLAY_MS = 1000
_NOTHING = (0, 0, 0, 0, 0, 0)
_THREAD = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_Numbers = tuple[int, int, int, int, int, int]
_ITEM_CALLS = {
    "function_call": None, "custom_tool_call": None, "local_shell_call": "local_shell", "web_search_call": "web_search",
    "tool_search_call": "tool_search", "image_generation_call": "image_generation",
}  # fmt: skip
_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output", "tool_search_output"})
_KNOWN = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted", "world_state",
                    "token_usage_record", "inter_agent_communication", "message", "reasoning"})  # fmt: skip


def places() -> list[Path]:
    """``CODEX_HOME``, else ``~/.codex``."""
    named = os.environ.get("CODEX_HOME")
    return [Path(named).expanduser() if named else Path.home() / ".codex"]


def roots() -> list[Path]:
    """Those of :func:`places` that hold sessions."""
    return [place for place in places() if any((place / name).is_dir() for name in _HOMES)]


def homes(root: Path) -> list[Path]:
    """Where Codex keeps sessions, and those that were put away."""
    return [root / name for name in _HOMES]


def retention_days(place: Path) -> int | None:
    """Codex deletes no sessions."""
    return None


def discover(folder: Path) -> Iterator[LogFile | Problem]:
    """Every rollout under ``folder``; of a plain file and its compressed copy, the plain one."""
    homes = [folder / name for name in _HOMES if (folder / name).is_dir()]
    logs: dict[str, LogFile] = {}
    for home in homes or [folder]:
        for found in walk(home, SUFFIXES):
            if isinstance(found, Problem):
                yield found
                continue
            entry, stat = found
            if not entry.name.startswith("rollout-"):
                continue
            path = os.path.abspath(entry.path)
            log = LogFile(AGENT, path, stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_dev)
            plain = path.removesuffix(".zst")
            if path == plain or plain not in logs:
                logs[plain] = log
    yield from logs.values()


def sidecar_path(log: LogFile) -> str | None:
    """Rollouts have no companion files."""
    return None


def companions(log: LogFile) -> Iterator[Path]:
    """Rollouts that name this one's thread and were begun while it was written: its subagents, its continuation.

    They are looked for where Codex keeps them: below the same ``sessions`` or ``archived_sessions``, else beside it.
    """
    path = Path(log.path)
    named = _THREAD.search(path.name)
    if named is None:
        return
    home = next((folder for folder in path.parents if folder.name in _HOMES), path.parent)
    until = datetime.fromtimestamp(log.mtime_ns / 1e9, UTC) + timedelta(days=1)  # names give the local time
    last = f"rollout-{until:%Y-%m-%dT%H-%M-%S}"
    for beside in sorted(home.rglob("rollout-*")):
        while_written = path.name[: len(last)] <= beside.name[: len(last)] <= last
        if while_written and beside != path and beside.name.endswith(SUFFIXES) and mentions(beside, named[0]):
            yield beside


def parse(
    log: LogFile,
    stream: BinaryIO,
    clean: Clean,
    resume: Resume | None = None,
    sidecar: bytes = b"",
    texts: Texts | None = None,
) -> ParsedLog:
    """Read one rollout; see :class:`tachograph.sources._source.Source`."""
    reader = LogReader(stream, decode_line, Line, clean, resume)
    rollout = _Rollout(log, clean, reader, resume, texts)
    for line in reader.records():
        rollout.take(line)
    return rollout.finish()


class _Carry(msgspec.Struct, array_like=True):
    """What reading needs to know of all earlier lines."""

    model: str = "unknown"
    provider: str = "openai"
    previous: _Numbers | None = None
    chain: int = 0
    by_record: bool = False
    """Usage comes from token_usage_record lines: token_count lines only repeat it."""
    turn_open: bool = False
    started_at: int | None = None
    """When the response now being made began."""
    meta_at: int | None = None
    replaying: bool = False
    met: bool = False
    """Whether a meta line has told what the session is."""
    unclaimed: list[str] = []
    """Calls whose response is not known yet."""
    cwd: str | None = None
    """The folder now worked in, redacted."""


class _Rollout:
    """One rollout being read."""

    def __init__(
        self, log: LogFile, clean: Clean, reader: LogReader[Line], resume: Resume | None, texts: Texts | None
    ) -> None:
        self.texts = texts
        self.clean = clean
        self.reader = reader
        self.stem = os.path.basename(log.path).removesuffix(".zst").removesuffix(".jsonl")
        self.compressed = log.path.endswith(".zst")
        self.session: SessionBuilder | None = None
        self.resumed = resume is not None
        self.carry = _Carry()
        self.events = {
            "token_count": self._token_count, "user_message": self._user_message, "turn_aborted": self._aborted,
            "task_started": self._turn_started, "task_complete": self._turn_ended, "context_compacted": self._compacted,
            "item_completed": self._item_completed, "patch_apply_end": self._patch_applied,
            "mcp_tool_call_end": self._mcp_ended, "thread_rolled_back": self._rolled_back,
            "agent_message": self._said,
        }  # fmt: skip
        if resume is not None:
            self.carry = msgspec.msgpack.decode(resume.carry, type=_Carry)
            self.session = SessionBuilder.resume(resume.sessions[0], clean)
            self.session.cwd = self.carry.cwd

    def take(self, line: Line) -> None:
        """Read one line."""
        payload = line.payload
        at = parse_timestamp(line.timestamp)
        if line.type == "session_meta" and payload is not None:
            self._meet(payload, at)
        if payload is None:
            payload = Payload()
            if line.type not in _KNOWN and self.session is None:
                return
        self._clean_ids(payload)
        session = self.session
        if session is None:
            session = self._start(Payload(), at)
        session.lines += 1
        if at is not None:
            session.see_time(at)
        else:
            at = session.ended_at or 0
        if line.type == "response_item":
            self._item(payload, session, at)
        elif line.type == "event_msg":
            handler = self.events.get(payload.type or "")
            if handler is not None:
                handler(payload, session, at)
        elif line.type == "turn_context":
            self._turn_context(payload, session)
        elif line.type == "token_usage_record":
            self._usage_record(payload, session, at)
        elif line.type not in _KNOWN:
            self.reader.report_unknown(line.type)

    def _clean_ids(self, payload: Payload) -> None:
        """Before anything is known by them."""
        if payload.call_id:
            payload.call_id = clean_id(payload.call_id, self.clean)
        if payload.id:
            payload.id = clean_id(payload.id, self.clean)
        if payload.turn_id:
            payload.turn_id = clean_id(payload.turn_id, self.clean)

    def _meet(self, meta: Payload, at: int | None) -> None:
        """Take what the first meta line says, also where it comes late; later ones repeat it, or are a parent's."""
        if self.session is None:
            self._start(meta, at)
        elif not self.carry.met and meta.id is not None and self.clean.name(meta.id) == self.session.native_id:
            self._describe(self.session, meta, at)

    def _start(self, meta: Payload, at: int | None) -> SessionBuilder:
        """Begin the session; the file's name gives its id where no meta line has done so."""
        named = _THREAD.search(self.stem)
        native = self.clean.name(meta.id or (named[0] if named else self.stem.removeprefix("rollout-")))
        session = self.session = SessionBuilder(AGENT, native, "main", self.clean, self.texts)
        if meta.id is not None:
            self._describe(session, meta, at)
        return session

    def _describe(self, session: SessionBuilder, meta: Payload, at: int | None) -> None:
        self.carry.met = True
        spawn = _spawned_by(meta)
        session.kind = "subagent" if spawn else "main"
        parent = meta.parent_thread_id or (spawn.parent_thread_id if spawn else None)
        if spawn is not None:
            session.parent_id = f"{AGENT}:{self.clean.name(parent)}" if parent else None
            role = spawn.agent_role or meta.agent_role or meta.agent_nickname
            session.agent_type = self.clean.name(role) if role else None
        origin = meta.forked_from_id or parent
        if origin and origin != meta.id:
            session.forked_from = f"{AGENT}:{self.clean.name(origin)}"
            self.carry.replaying = True
            self.carry.meta_at = at
        session.see_place(meta.cwd, meta.git.branch if meta.git else None, meta.cli_version)
        session.entrypoint = self.clean.name(meta.originator) if meta.originator else None
        self.carry.provider = self.clean.name(meta.model_provider or "openai")

    def _turn_context(self, payload: Payload, session: SessionBuilder) -> None:
        if payload.model:
            self.carry.model = self.clean.name(payload.model)
        session.see_place(payload.cwd, None, None)

    def _item(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        kind = payload.type or ""
        if kind in _OUTPUTS:
            if not settle_call(payload, at, session):
                self.reader.report("orphan_result", "a tool result without its call")
            return
        if kind == "message" or kind == "reasoning" or kind in _ITEM_CALLS:
            self.carry.started_at = self.carry.started_at or at
        if kind == "message" and payload.role == "assistant" and self.texts is not None:
            session.say("", at, _text_in(payload.content))
        if kind in _ITEM_CALLS:
            name = _ITEM_CALLS[kind] or payload.name or kind
            known = len(session.calls)
            identity = payload.call_id or payload.id or f"{kind}:{session.position}"  # searches come without
            read_call(payload, identity, name, at, session)
            if len(session.calls) > known:
                self.carry.unclaimed.append(identity)
                if kind == "web_search_call":
                    session.settle(identity, "ok", at)

    def _usage_record(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        usage = payload.usage
        if usage is None:
            return
        session.usage_lines += 1
        if not self.carry.by_record:
            self._begin_records(payload, usage, session)
        self._add_response(payload.response_id or f"{session.native_id}:{self.reader.lines}", usage, session, at, 0)

    def _begin_records(self, payload: Payload, usage: TokenUsage, session: SessionBuilder) -> None:
        """From the first record on, records count; earlier counts do if they add up to what it says was before."""
        self.carry.by_record = True
        so_far = payload.thread_token_usage
        before = (so_far.total_tokens or 0) - (usage.total_tokens or 0) if so_far else 0
        counted = self.carry.previous[-1] if self.carry.previous else 0
        if self.resumed and session.responses:
            raise CannotResume
        if session.responses and (session.forked_from is not None or counted != before):
            session.skipped["repeat"] += sum(held.lines for held in session.responses.values())
            session.responses.clear()

    def _token_count(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        session.usage_lines += 1
        info = payload.info or TokenInfo()
        total, last = _numbers(info.total_token_usage), _numbers(info.last_token_usage)
        if not any(total):
            session.skipped["null_info"] += 1
            return
        carry = self.carry
        carry.chain = _extend(carry.chain, total, last)
        previous = carry.previous
        if carry.by_record or total == previous:
            session.skipped["repeat"] += 1
            if carry.by_record and session.responses:  # by it a fork's copy of this count is known
                next(reversed(session.responses.values())).chain = _signed(carry.chain)
            return
        carry.previous = total
        if previous is None or total[-1] < previous[-1]:
            delta = last
        else:
            delta = cast("_Numbers", tuple(now - then for now, then in zip(total, previous, strict=True)))
        if not any(delta):  # a fork by reference begins by telling its parent's total
            session.skipped["repeat"] += 1
            return
        identity = f"{session.native_id}:{carry.chain:016x}"
        self._add_response(identity, TokenUsage(*delta), session, at, carry.chain)

    def _add_response(self, identity: str, usage: TokenUsage, session: SessionBuilder, at: int, chain: int) -> None:
        carry = self.carry
        if carry.replaying and carry.meta_at is not None and at - carry.meta_at > _REPLAY_MS:
            carry.replaying = False
        provider = provider_of(carry.model, carry.provider)
        started = min(carry.started_at or at, at)
        held = session.open_response(self.clean.name(identity), provider, started)
        held.lines += 1
        held.ended_at = at
        held.model = carry.model
        held.reliable = True
        held.chain = _signed(chain)
        held.replayed = carry.replaying
        held.usage = _usage(usage)
        held.rank = (held.usage.output, True)
        for call_id in carry.unclaimed:
            if call_id in session.calls:
                session.calls[call_id] = msgspec.structs.replace(session.calls[call_id], response=held.id)
        carry.unclaimed = []
        carry.started_at = None

    def _user_message(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        if payload.message:
            self._add_prompt(payload.message, session, at)

    def _said(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        if payload.message:
            session.say("", at, payload.message)

    def _add_prompt(self, text: str, session: SessionBuilder, at: int) -> None:
        nth = len(session.prompts)
        session.add_prompt(f"{session.native_id}:{nth}", "task" if session.kind == "subagent" else "human", at, text)

    def _item_completed(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        item = decode_part(decode_item, bytes(payload.item))
        if item is None:
            return
        item.id = clean_id(item.id, self.clean) if item.id else None
        if item.type == "UserMessage":
            text = _text_of(item)
            if text:
                self._add_prompt(text, session, at)
        elif item.type == "CollabAgentToolCall" and item.tool == "spawn_agent" and item.receiver_thread_ids:
            call = session.calls.get(item.id or "")
            if call is not None:
                spawned = self.clean.name(item.receiver_thread_ids[0])
                session.calls[call.id] = msgspec.structs.replace(call, spawned=spawned)
        else:
            settle_from_item(item, at, session)

    def _turn_started(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        self.carry.turn_open = True
        if self.carry.meta_at is not None and at - self.carry.meta_at > _REPLAY_MS:
            self.carry.replaying = False

    def _turn_ended(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        self.carry.turn_open = False
        if payload.duration_ms is not None:
            session.add_marker(payload.turn_id or str(at), "turn_duration", at, "", round(payload.duration_ms))

    def _aborted(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        self._turn_ended(payload, session, at)
        session.add_marker(payload.turn_id or str(at), "interruption", at, payload.reason or "")

    def _compacted(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        before = self.carry.previous
        session.add_marker(str(at), "compaction", at, "auto" if before else "")

    def _rolled_back(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        session.add_marker(str(at), "rollback", at, "", payload.num_turns)

    def _patch_applied(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        apply_changes(payload, at, session)

    def _mcp_ended(self, payload: Payload, session: SessionBuilder, at: int) -> None:
        settle_mcp(payload, at, session)

    def finish(self) -> ParsedLog:
        """The rollout's session."""
        self.events.clear()  # they hold this rollout, which holds them: nothing is to wait for the collector
        if self.session is None:
            if self.reader.lines:
                self.reader.report_file("not_a_transcript", "no line belongs to a session")
            return self.reader.finish([], b"")
        record = self.session.finish()
        if self.carry.turn_open:
            record = msgspec.structs.replace(record, complete=False)
        self.carry.cwd = self.clean.name(self.session.cwd) if self.session.cwd else None
        carry = b"" if self.compressed else msgspec.msgpack.encode(self.carry)
        return self.reader.finish([record], carry)


def _spawned_by(meta: Payload) -> Spawn | None:
    """Who started this thread, when it is a subagent's."""
    raw = bytes(meta.source)
    if raw.startswith(b"{"):
        source = decode_part(decode_source, raw)
        inner = getattr(source, "subagent", None)
        if inner is not None:
            return getattr(inner, "thread_spawn", None) or Spawn()
    return Spawn() if meta.thread_source == "subagent" else None


def _numbers(usage: TokenUsage | None) -> _Numbers:
    if usage is None:
        return _NOTHING
    return (
        usage.input_tokens or 0, usage.cached_input_tokens or 0, usage.cache_write_input_tokens or 0,
        usage.output_tokens or 0, usage.reasoning_output_tokens or 0, usage.total_tokens or 0,
    )  # fmt: skip


def _usage(usage: TokenUsage) -> Usage:
    """Codex's inclusive counts as exclusive ones."""
    whole, cached, written, output, reasoning, _ = _numbers(usage)
    return Usage(whole - cached - written, cached, written, 0, output, reasoning)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _extend(chain: int, total: tuple[int, ...], last: tuple[int, ...]) -> int:
    return xxhash.xxh3_64_intdigest(repr((chain, total, last)).encode())


def _text_of(item: Item) -> str:
    return item.content if isinstance(item.content, str) else _joined(item.content or ()) or item.text or ""


def _text_in(raw: Raw) -> str:
    """The text of a message's content: a string, or a list of parts."""
    if bytes(raw).startswith(b'"'):
        return decode_part(decode_string, bytes(raw)) or ""
    return _joined(decode_part(msgspec.json.Decoder(list[Raw]).decode, bytes(raw)) or ())


def _joined(parts: Iterable[Raw]) -> str:
    found = []
    for raw in parts:
        part = decode_part(msgspec.json.decode, bytes(raw))
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            found.append(part["text"])
    return "\n".join(found)
