"""Claude Code: transcripts under ``projects/``, one JSON object a line, subagents in files of their own or inlined."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from tachograph.model import Clean, ParsedLog, Problem, Texts
from tachograph.sources._builder import TITLE_CHARS, SessionBuilder
from tachograph.sources._claude_lines import (
    CompactMetadata,
    InnerLine,
    Line,
    LooseLine,
    Message,
    Sidecar,
    decode_api_error,
    decode_line,
    decode_loosely,
    decode_sidecar,
)
from tachograph.sources._claude_places import homes, places, retention_days, roots
from tachograph.sources._claude_prompts import INTERRUPTED, classify_prompt
from tachograph.sources._claude_tools import read_call, settle_call
from tachograph.sources._claude_usage import merge_usage
from tachograph.sources._clock import parse_timestamp
from tachograph.sources._decode import decode_part, decode_string
from tachograph.sources._ids import clean_id
from tachograph.sources._models import provider_of
from tachograph.sources._reader import LogReader
from tachograph.sources._source import CannotResume, LogFile, Resume, mentions, walk

AGENT = "claude_code"
VERSION = 3
NEWEST_KNOWN = "2.1.219"
SUFFIXES = (".jsonl",)

__all__ = [
    "AGENT", "NEWEST_KNOWN", "SUFFIXES", "VERSION", "companions", "discover", "homes", "parse", "places",
    "retention_days", "roots", "sidecar_path",
]  # fmt: skip

_TOOL_OUTPUT = f"{os.sep}tool-results{os.sep}"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAMED_AGENT = re.compile(r"a([a-z]+(?:_[a-z]+)*)-[0-9a-f]+")
_SILENT = frozenset({
    "file-history-snapshot", "last-prompt", "mode", "permission-mode", "queue-operation", "tag", "agent-name",
    "content-replacement", "frame-link", "agent_metadata", "attribution-snapshot", "started", "result",
})  # fmt: skip


def discover(folder: Path) -> Iterator[LogFile | Problem]:
    """Every transcript under ``folder`` (under its ``projects/`` when it has one), at any depth."""
    home = folder / "projects"
    files = []
    sidecars = {}
    for found in walk(home if home.is_dir() else folder, (".jsonl", ".meta.json")):
        if isinstance(found, Problem):
            yield found
        elif found[0].name.endswith(".meta.json"):
            sidecars[found[0].path] = found[1].st_mtime_ns
        else:
            files.append(found)
    for entry, stat in files:
        if entry.name == "journal.jsonl" or entry.name.startswith("rollout-") or _TOOL_OUTPUT in entry.path:
            continue
        path = os.path.abspath(entry.path)
        beside = sidecars.get(entry.path.removesuffix(".jsonl") + ".meta.json", 0)
        yield LogFile(AGENT, path, stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_dev, beside)


def sidecar_path(log: LogFile) -> str | None:
    """The companion file that :func:`parse` wants the content of; None when the log has none."""
    return log.path.removesuffix(".jsonl") + ".meta.json" if log.sidecar_mtime_ns else None


def companions(log: LogFile) -> Iterator[Path]:
    """The folder of a session's subagents and workflows, and what older versions wrote beside the transcript."""
    path = Path(log.path)
    if path.with_suffix("").is_dir():
        yield path.with_suffix("")
    for beside in sorted(path.parent.glob("agent-*.jsonl")):
        if beside != path and mentions(beside, path.stem):
            yield beside


def parse(
    log: LogFile,
    stream: BinaryIO,
    clean: Clean,
    resume: Resume | None = None,
    sidecar: bytes = b"",
    texts: Texts | None = None,
) -> ParsedLog:
    """Read one transcript; see :class:`tachograph.sources._source.Source`."""
    reader = LogReader(stream, decode_line, Line, clean, resume, loosely=(decode_loosely, LooseLine))
    transcript = _Transcript(log, clean, reader, sidecar, resume, texts)
    for line in reader.records():
        transcript.take(line)
    return transcript.finish()


class _Carry(msgspec.Struct, array_like=True):
    """What a resumed reading needs beyond the stored records."""

    own_title: bool = False
    foreign_start: bool = False


class _Transcript:
    """One log being read: its own session, and the subagents inlined into it."""

    def __init__(
        self,
        log: LogFile,
        clean: Clean,
        reader: LogReader[Line],
        sidecar: bytes,
        resume: Resume | None,
        texts: Texts | None,
    ) -> None:
        self.texts = texts
        self.clean = clean
        self.reader = reader
        self.stem = os.path.basename(log.path).removesuffix(".jsonl")
        self.folder = _owner_folder(log.path)
        self.is_agent = self.stem.startswith("agent-")
        self.sidecar = _read_sidecar(sidecar)
        self.main: SessionBuilder | None = None
        self.inlined: dict[str, SessionBuilder] = {}
        self.sidechains: dict[str, str] = {}
        self.summaries: dict[str, str] = {}
        self.uuids: set[str] = set()
        self.resumed = resume is not None
        self.carry = _Carry()
        self.handlers = {
            "assistant": self._assistant, "user": self._user, "progress": self._progress, "system": self._system,
            "attachment": self._attachment, "summary": self._summary, "custom-title": self._title,
            "ai-title": self._title, "pr-link": self._pull_request,
        }  # fmt: skip
        if resume is not None:
            self._resume(resume)

    def _resume(self, resume: Resume) -> None:
        self.carry = msgspec.msgpack.decode(resume.carry, type=_Carry)
        if any(not call.response for session in resume.sessions for call in session.tool_calls):
            raise CannotResume  # their response's usage may yet come
        builders = [SessionBuilder.resume(session, self.clean) for session in resume.sessions]
        self.main = builders[0] if builders else None
        for builder in builders[1:]:
            self.inlined[builder.native_id.removeprefix(f"{builders[0].native_id}/")] = builder

    def take(self, line: Line) -> None:
        """Read one line."""
        handler = self.handlers.get(line.type)
        session = self.main
        if session is None:
            session = self._start(line)
            if session is None:
                return
        session.lines += 1
        if line.uuid is not None:
            self.uuids.add(line.uuid)
        if line.cwd is not None:
            session.see_place(line.cwd, line.gitBranch, line.version)
        if handler is None:
            if line.type not in _SILENT:
                self.reader.report_unknown(line.type)
            return
        at = parse_timestamp(line.timestamp)
        if at is not None:
            session.see_time(at)
        else:
            at = session.ended_at or 0
        if line.forkedFrom is not None and session.forked_from is None:
            session.forked_from = f"{AGENT}:{self.clean.name(line.forkedFrom.sessionId or '')}"
        if line.isSidechain and not self.is_agent:
            session = self._sidechain(line, session, at)
        handler(line, session, at)

    def _start(self, line: Line) -> SessionBuilder | None:
        """Begin the log's own session at the first line that is a transcript's; None for lines before it."""
        if line.type == "summary":
            self._summary(line, None, 0)
        if line.sessionId is None and line.uuid is None and (line.message is None or line.message.usage is None):
            return None
        inner = self.clean.name(line.sessionId) if line.sessionId else None
        if self.is_agent:
            folder = self.clean.name(self.folder) if self.folder else None
            owner = folder if folder and _UUID.fullmatch(folder) else inner or folder or "unknown"
            agent_id = self.clean.name(self.stem.removeprefix("agent-"))
            self.main = self._subagent(owner, agent_id, line)
            if self.sidecar.parentAgentId:
                self.main.parent_id = f"{AGENT}:{owner}/{self.clean.name(self.sidecar.parentAgentId)}"
            return self.main
        native = self.stem if _UUID.fullmatch(self.stem) or inner is None else inner
        self.main = SessionBuilder(AGENT, self.clean.name(native), "main", self.clean, self.texts)
        if inner is not None and inner != native:
            self.main.forked_from = f"{AGENT}:{inner}"
        if line.entrypoint:
            self.main.entrypoint = self.clean.name(line.entrypoint)
        return self.main

    def _subagent(self, owner: str, agent_id: str, line: Line) -> SessionBuilder:
        session = SessionBuilder(AGENT, f"{owner}/{agent_id}", "subagent", self.clean, self.texts)
        session.parent_id = f"{AGENT}:{owner}"
        named = _NAMED_AGENT.fullmatch(agent_id)
        if self.sidecar.agentType:
            session.agent_type = self.clean.name(self.sidecar.agentType)
        elif named:
            session.agent_type = named[1]
        return session

    def _inline(self, agent_id: str, line: Line, at: int) -> SessionBuilder:
        """The builder of a subagent whose messages lie in its parent's log."""
        parent = self.main
        assert parent is not None
        key = self.clean.name(agent_id)
        session = self.inlined.get(key)
        if session is None:
            session = self.inlined[key] = self._subagent(parent.native_id, key, line)
            if line.forkedFrom is not None or (line.sessionId and line.sessionId != parent.native_id):
                session.forked_from = f"{parent.forked_from or ''}/{key}"
            call = parent.calls.get(line.parentToolUseID or "")
            if call is not None:
                session.agent_type = call.agent_type
        session.lines += 1
        session.see_time(at)
        session.see_place(line.cwd, line.gitBranch, line.version)
        return session

    def _sidechain(self, line: Line, parent: SessionBuilder, at: int) -> SessionBuilder:
        """Very old versions wrote a subagent's lines between its parent's, linked only by uuid."""
        root = self.sidechains.get(line.parentUuid or "") or f"sidechain-{line.uuid}"
        if line.uuid:
            self.sidechains[line.uuid] = root
        parent.lines -= 1
        return self._inline(root, line, at)

    def _assistant(self, line: InnerLine, session: SessionBuilder, at: int) -> None:
        message = line.message
        if message is None:
            return
        if message.model == "<synthetic>" or line.isApiErrorMessage:
            self._synthetic(line, message, session, at)
            return
        key = message.id or line.requestId or line.uuid
        if key is None:
            return
        if key not in session.responses:  # else it is clean already
            key = clean_id(key, self.clean)
        usage = message.usage
        if usage is not None:
            session.usage_lines += 1
            held = session.responses.get(key)
            model = self.clean.name(message.model or "unknown")
            if held is None:
                held = session.open_response(key, provider_of(model, "anthropic"), at)
            merge_usage(held, message, usage, model, at)
        if isinstance(message.content, list):
            for block in message.content:
                if block.type.endswith("tool_use"):
                    read_call(block, key, at, session)
                elif block.type == "text" and block.text and session.texts is not None:
                    session.say(key, at, block.text)
        elif message.content:
            session.say(key, at, message.content)

    def _synthetic(self, line: InnerLine, message: Message, session: SessionBuilder, at: int) -> None:
        if message.usage is not None:
            session.usage_lines += 1
            session.skipped["api_error" if line.isApiErrorMessage else "synthetic"] += 1
        if line.isApiErrorMessage:
            texts = [block.text for block in message.content or () if isinstance(block, msgspec.Struct) and block.text]
            session.add_marker(line.uuid or str(at), "api_error", at, texts[0] if texts else "")

    def _user(self, line: InnerLine, session: SessionBuilder, at: int) -> None:
        message = line.message
        if message is None:
            return
        if isinstance(message.content, list):
            texts = []
            has_result = False
            for block in message.content:
                if block.type == "tool_result":
                    has_result = True
                    if not settle_call(block, line.toolUseResult, line.toolDenialKind, at, session):
                        self.reader.report("orphan_result", "a tool result without its call")
                elif block.text:
                    texts.append(block.text)
            if has_result:
                texts = [text for text in texts if text.startswith(INTERRUPTED)]
            if not texts and (has_result or not message.content):
                return
            text = "\n".join(texts)
        else:
            text = message.content or ""
        self._prompt(line, text, session, at)

    def _prompt(self, line: InnerLine, text: str, session: SessionBuilder, at: int) -> None:
        identity = line.uuid or str(at)
        if text.startswith(INTERRUPTED):
            session.add_marker(clean_id(identity, self.clean), "interruption", at)
            return
        if line.forkedFrom is not None and line.forkedFrom.messageUuid:
            identity = line.forkedFrom.messageUuid
        origin = line.origin.kind if line.origin else None
        kind, typed = classify_prompt(text, origin, bool(line.isMeta), bool(line.isCompactSummary))
        if session.kind == "subagent" and kind == "human":
            kind = "task"
        session.add_prompt(clean_id(identity, self.clean), kind, at, typed, line.parentUuid)

    def _progress(self, line: Line, session: SessionBuilder, at: int) -> None:
        data = line.data
        if data is None or data.type != "agent_progress" or not isinstance(data.message, InnerLine):
            return
        inner = data.message
        session.lines -= 1
        moment = parse_timestamp(inner.timestamp)
        agent = self._inline(data.agentId or line.parentToolUseID or "unknown", line, at if moment is None else moment)
        if inner.type == "assistant":
            self._assistant(inner, agent, at if moment is None else moment)
        elif inner.type == "user":
            self._user(inner, agent, at if moment is None else moment)

    def _attachment(self, line: Line, session: SessionBuilder, at: int) -> None:
        """A prompt typed while the agent was busy arrives as an attachment in newer versions."""
        given = line.attachment
        if given is None or given.type != "queued_command" or given.commandMode not in (None, "prompt"):
            return
        if given.origin is not None and given.origin.kind not in (None, "human"):
            return
        text = given.prompt
        if isinstance(text, list):
            text = "\n".join(block.text for block in text if block.text)
        if text:
            self._prompt(line, text, session, at)

    def _system(self, line: Line, session: SessionBuilder, at: int) -> None:
        identity = clean_id(line.uuid or str(at), self.clean)
        if line.subtype == "compact_boundary":
            detail = line.compactMetadata or CompactMetadata()
            session.add_marker(identity, "compaction", at, detail.trigger or "", detail.preTokens)
        elif line.subtype == "microcompact_boundary":
            detail = line.microcompactMetadata or CompactMetadata()
            session.add_marker(identity, "compaction", at, "micro", detail.preTokens)
        elif line.subtype == "turn_duration" and line.durationMs is not None:
            session.add_marker(identity, "turn_duration", at, "", round(line.durationMs))
        elif line.subtype == "model_refusal_fallback":
            session.add_marker(identity, "model_fallback", at, f"{line.originalModel} -> {line.fallbackModel}")
        elif line.subtype == "api_error":
            status, kind = _describe_api_error(bytes(line.error))
            session.add_marker(
                identity, "api_error", at, f"{kind} (try {line.retryAttempt} of {line.maxRetries})", status
            )
        elif line.subtype == "local_command":
            text = decode_part(decode_string, bytes(line.content))
            if text and "<command-name>" in text:
                self._prompt(line, text, session, at)

    def _summary(self, line: Line, session: SessionBuilder | None, at: int) -> None:
        """Old title lines, which may be about another session: only one whose leaf is here counts (see finish)."""
        if self.resumed:
            raise CannotResume
        if line.summary and line.leafUuid and len(self.summaries) < 10000:
            self.summaries[line.leafUuid] = line.summary

    def _title(self, line: Line, session: SessionBuilder, at: int) -> None:
        if line.customTitle:
            session.title = self.clean.text(line.customTitle, TITLE_CHARS) or None
            self.carry.own_title = True
        elif line.aiTitle and not self.carry.own_title:
            session.title = self.clean.text(line.aiTitle, TITLE_CHARS) or None

    def _pull_request(self, line: Line, session: SessionBuilder, at: int) -> None:
        session.add_marker(self.clean.name(line.prUrl or str(at)), "pr_link", at, line.prUrl or "", line.prNumber)

    def finish(self) -> ParsedLog:
        """All sessions of the log, its own first."""
        if self.main is not None and self.main.title is None:
            self.main.title = self._summed_up()
        builders = [*([self.main] if self.main else []), *self.inlined.values()]
        resumable = self.main is not None and not self.sidechains and not self.summaries
        carry = msgspec.msgpack.encode(self.carry) if resumable else b""
        if self.main is None and self.reader.lines:
            self.reader.report_file("not_a_transcript", "no line belongs to a session")
        self.handlers.clear()  # they hold this transcript, which holds them: nothing is to wait for the collector
        return self.reader.finish([builder.finish() for builder in builders], carry)

    def _summed_up(self) -> str | None:
        """The last summary of this log's own conversation."""
        own = [text for leaf, text in self.summaries.items() if leaf in self.uuids]
        return self.clean.text(own[-1], TITLE_CHARS) or None if own else None


def _owner_folder(path: str) -> str | None:
    """Name of the folder that holds ``subagents/``: the session that the subagents belong to."""
    parts = path.replace("\\", "/").split("/")
    if "subagents" not in parts:
        return None
    at = len(parts) - 1 - parts[::-1].index("subagents")
    return parts[at - 1] if at > 0 else None


def _read_sidecar(raw: bytes) -> Sidecar:
    return decode_part(decode_sidecar, raw) or Sidecar()


def _describe_api_error(raw: bytes) -> tuple[int | None, str]:
    """HTTP status and kind of an API error; its headers (which name an organisation) are not read."""
    error = decode_part(decode_api_error, raw)
    if error is None:
        return None, "unknown"
    inner = decode_part(decode_api_error, bytes(error.error.error)) if error.error and error.error.error else None
    kind = (inner and inner.type) or (error.error and error.error.type) or error.type
    return error.status, kind or "unknown"
