"""Collecting a session's records while its lines go by, and taking up again where an earlier reading ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

import msgspec

from tachograph.model import (
    Clean,
    Marker,
    MarkerKind,
    Pass,
    Prompt,
    PromptKind,
    Response,
    Session,
    Texts,
    ToolCall,
    ToolStatus,
    Usage,
)
from tachograph.sources._hashing import hash_text
from tachograph.sources._projects import project_of

PROMPT_CHARS = 2000
COMMAND_CHARS = 500
TITLE_CHARS = 200
SIGNATURE_CHARS = 200
DETAIL_CHARS = 200


class OpenResponse:
    """A response of which more lines may come."""

    __slots__ = (
        "branch", "chain", "ended_at", "final", "id", "lines", "model", "passes", "position",
        "provider", "rank", "reliable", "replayed", "speed", "started_at", "stop_reason", "usage",
    )  # fmt: skip

    def __init__(self, position: int, id: str, provider: str, started_at: int, branch: str | None) -> None:
        self.position = position
        self.id = id
        self.provider = provider
        self.started_at = started_at
        self.ended_at = started_at
        self.branch = branch
        self.rank = (-1, False)
        self.model = ""
        self.usage = Usage()
        self.passes: tuple[Pass, ...] = ()
        self.stop_reason: str | None = None
        self.reliable = False
        self.speed = "standard"
        self.chain = 0
        self.replayed = False
        self.lines = 0

    def close(self, clean: Callable[[str], str]) -> Response:
        """The finished record, its names cleaned (model, provider, branch and id are so already)."""
        stop = clean(self.stop_reason) if self.stop_reason else None
        speed = self.speed if self.speed == "standard" else clean(self.speed)
        passes = tuple(Pass(clean(part.model), part.usage) for part in self.passes)
        return Response(
            self.position, self.id, self.model, self.provider, self.started_at, self.ended_at, self.usage, stop,
            self.reliable, speed, self.branch, passes, self.chain, self.replayed, self.lines, *self.rank,
        )  # fmt: skip

    @classmethod
    def reopen(cls, record: Response) -> OpenResponse:
        """The response as it was when ``record`` was made."""
        self = cls(record.position, record.id, record.provider, record.started_at, record.branch)
        self.ended_at = record.ended_at
        self.rank = (record.stated_output, record.final)
        self.model, self.usage, self.passes = record.model, record.usage, record.passes
        self.stop_reason, self.reliable, self.speed = record.stop_reason, record.output_reliable, record.speed
        self.chain, self.replayed, self.lines = record.chain, record.replayed, record.lines
        return self


class SessionBuilder:
    """Takes records in the order of the log and joins what belongs together."""

    def __init__(
        self, agent: str, native_id: str, kind: Literal["main", "subagent"], clean: Clean, texts: Texts | None = None
    ) -> None:
        self.texts = texts
        self.agent = agent
        self.native_id = native_id
        self.kind = kind
        self.clean = clean
        self.parent_id: str | None = None
        self.forked_from: str | None = None
        self.agent_type: str | None = None
        self.project: str | None = None
        self.title: str | None = None
        self.entrypoint: str | None = None
        self.branch: str | None = None
        self.started_at: int | None = None
        self.ended_at: int | None = None
        self.lines = 0
        self.usage_lines = 0
        self.position = 0
        self.cwd: str | None = None
        self.cwds: dict[str, None] = {}
        self.versions: dict[str, None] = {}
        self.skipped: Counter[str] = Counter()
        self.responses: dict[str, OpenResponse] = {}
        self.calls: dict[str, ToolCall] = {}
        self.prompts: dict[str, Prompt] = {}
        self.markers: dict[str, Marker] = {}

    @classmethod
    def resume(cls, session: Session, clean: Clean) -> SessionBuilder:
        """The builder that ``session`` came from, as it was at its end."""
        self = cls(session.agent, session.native_id, session.kind, clean)
        self.parent_id, self.forked_from, self.agent_type = session.parent_id, session.forked_from, session.agent_type
        self.project, self.title, self.entrypoint = session.project, session.title, session.entrypoint
        self.branch, self.started_at, self.ended_at = session.git_branch, session.started_at, session.ended_at
        self.lines, self.usage_lines = session.lines, session.usage_lines
        self.cwds = dict.fromkeys(session.cwds)
        self.versions = dict.fromkeys(session.versions)
        self.skipped = Counter(dict(session.skipped_usage))
        self.responses = {record.id: OpenResponse.reopen(record) for record in session.responses}
        self.calls = {record.id: record for record in session.tool_calls}
        self.prompts = {record.id: record for record in session.prompts}
        self.markers = {record.id: record for record in session.markers}
        kinds = (session.responses, session.tool_calls, session.prompts, session.markers)
        self.position = max((max(r.position for r in records) + 1 for records in kinds if records), default=0)
        return self

    def next_position(self) -> int:
        """The place of the next record in the session's order."""
        self.position += 1
        return self.position - 1

    def see_time(self, at: int) -> None:
        """Note that something happened at ``at`` (ms UTC)."""
        if self.started_at is None:
            self.started_at = self.ended_at = at
        elif at < self.started_at:
            self.started_at = at
        elif at > (self.ended_at or 0):
            self.ended_at = at

    def see_place(self, cwd: str | None, branch: str | None, version: str | None, at: int | None = None) -> None:
        """Note where the session is at work; each may be None when the line does not say."""
        if cwd:
            self.cwd = cwd
        if cwd and cwd not in self.cwds:
            clean = self.clean.name(cwd)
            if self.project is None:
                self.project = project_of(clean)
            self.cwds[clean] = None
            self.cwds[cwd] = None
        if branch:
            self.branch = branch
        if version and version not in self.versions:
            self._see_version(self.clean.name(version), at)
            self.versions[version] = None

    def _see_version(self, version: str, at: int | None) -> None:
        """Note another version of the agent than before; ``version`` is cleaned."""
        if self.versions and version not in self.versions:
            now = at or self.ended_at or 0
            self.add_marker(f"version-{version}", "setup_change", now, f"agent version {version}")
        self.versions[version] = None

    @property
    def place(self) -> str | None:
        """The folder now worked in, cleaned; None when it is the session's first."""
        if self.cwd is None or self.cwd == next(iter(self.cwds), None):
            return None
        clean = self.clean.name(self.cwd)
        return None if clean == next(iter(self.cwds), None) else clean

    def open_response(self, id: str, provider: str, at: int) -> OpenResponse:
        """The response ``id``, made when it is new."""
        held = self.responses.get(id)
        if held is None:
            branch = self.clean.name(self.branch) if self.branch else None
            held = self.responses[id] = OpenResponse(self.next_position(), id, provider, at, branch)
        return held

    def add_call(self, call: ToolCall) -> None:
        """Add a call whose result is still to come; a repetition of a known one changes nothing."""
        self.calls.setdefault(call.id, call)

    def add_prompt(self, id: str, kind: PromptKind, at: int, text: str, parent: str | None = None) -> None:
        """Add a prompt; a repetition changes nothing."""
        if id not in self.prompts:
            if self.texts is not None:
                self.texts.keep_prompt(id, text)
            stored = self.clean.text(text, PROMPT_CHARS)
            above = hash_text(parent) if parent else None
            self.prompts[id] = Prompt(self.next_position(), id, kind, at, stored, len(text), hash_text(text), above)

    def say(self, response: str, at: int, text: str) -> None:
        """Note what the assistant said in ``response``, where somebody wants to know it."""
        if self.texts is not None:
            self.texts.keep_message(f"{self.agent}:{self.native_id}", response, at, text)

    def add_marker(self, id: str, kind: MarkerKind, at: int, detail: str = "", value: int | None = None) -> None:
        """Add a marker; a repetition changes nothing."""
        key = f"{kind}:{id}"
        if key not in self.markers:
            detail = self.clean.text(detail, DETAIL_CHARS) if detail else ""
            self.markers[key] = Marker(self.next_position(), key, kind, at, detail, value)

    def settle(self, call_id: str, status: ToolStatus, at: int, **changes: object) -> None:
        """Give the call ``call_id`` its result (it must be known and still open).

        What it asked for of tasks stands unless it came to nothing.
        """
        if status not in ("ok", "missing"):
            changes["tasks"] = ()
        self.calls[call_id] = msgspec.structs.replace(self.calls[call_id], status=status, ended_at=at, **changes)

    def finish(self) -> Session:
        """All that was collected, as one record."""
        clean = self.clean.name
        return Session(
            id=f"{self.agent}:{self.native_id}",
            agent=self.agent,
            kind=self.kind,
            parent_id=self.parent_id,
            forked_from=self.forked_from,
            agent_type=self.agent_type,
            project=self.project,
            cwds=tuple(dict.fromkeys(clean(cwd) for cwd in self.cwds)),
            git_branch=clean(self.branch) if self.branch else None,
            versions=tuple(clean(version) for version in self.versions),
            title=self.title,
            entrypoint=self.entrypoint,
            started_at=self.started_at,
            ended_at=self.ended_at,
            complete=self._is_complete(),
            lines=self.lines,
            usage_lines=self.usage_lines,
            skipped_usage=tuple(sorted(self.skipped.items())),
            responses=tuple(held.close(clean) for held in self.responses.values()),
            tool_calls=tuple(self.calls.values()),
            prompts=tuple(self.prompts.values()),
            markers=tuple(self.markers.values()),
        )

    def _is_complete(self) -> bool:
        last_prompt = max((p.position for p in self.prompts.values() if p.kind in ("human", "task")), default=-1)
        last_response = max((r.position for r in self.responses.values()), default=-1)
        last_stop = max((m.position for m in self.markers.values() if m.kind == "interruption"), default=-1)
        if last_prompt > max(last_response, last_stop):
            return False
        return all(call.status != "missing" for call in self.calls.values() if call.position > last_response)
