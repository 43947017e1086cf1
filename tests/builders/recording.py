"""Recordings as checks see them: sessions of the other builders, with the texts that their logs would have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tachograph.analysis.expectations import Part, Recording, Scope, read_expectations, run_checks
from tachograph.model import CheckResult, Finding, Said, Session, Texts, ToolCall
from tachograph.redaction import default_cleaner
from tests.builders.session import START, play

ALL_TEXTS = frozenset({"commands", "inputs", "prompts", "said"})


def record(*steps: str, said: str = "All done.", **options: Any) -> Recording:
    """The recording of one session told in the short language of :func:`play`; ids of calls are numbers of steps."""
    return recording_of(play(*steps), said=said, **options)


def recording_of(
    session: Session,
    *subagents: Session,
    inputs: Mapping[str, object] | None = None,
    said: str = "All done.",
    gone: bool = False,
    scope: Scope = "tree",
) -> Recording:
    """The session and its subagents, whose ids get the prefix ``a1-``, ``a2-`` …

    ``inputs``: what a call was given, by its id; else its command, path or nothing. ``gone``: the logs are no more.
    """
    sessions = [session, *(_as_subagent(one, number) for number, one in enumerate(subagents, start=1))]
    parts = [Part(one, has_texts=not gone) for one in sessions]
    texts = Texts(ALL_TEXTS) if gone else _texts(sessions, inputs or {})
    if said and not gone:
        texts.said[session.id] = Said("r", START, said)
    return Recording(parts, texts, default_cleaner(), scope)


def with_parts(recording: Recording, *changes: Mapping[str, Any]) -> Recording:
    """The same with other fields of its parts, in their order."""
    padded = [*changes, *({} for _ in recording.parts[len(changes) :])]
    parts = [msgspec.structs.replace(part, **change) for part, change in zip(recording.parts, padded, strict=True)]
    return Recording(parts, recording._texts, default_cleaner(), recording.scope)


def found(detector: str, *calls: str) -> Finding:
    """A finding that these calls prove."""
    return Finding(0, START, calls=calls, detector=detector)


def check(key: str, value: object, recording: Recording, scope: str = "tree") -> CheckResult:
    """What one expectation comes to."""
    (result,) = run_checks(read_expectations({key: value, "scope": scope}), recording)
    return result


def proof(result: CheckResult) -> list[str | None]:
    """The ids of the calls that prove a result."""
    return [evidence.call for evidence in result.evidence]


def _as_subagent(session: Session, number: int) -> Session:
    mark = f"a{number}-"
    calls = tuple(msgspec.structs.replace(call, id=mark + call.id) for call in session.tool_calls)
    return msgspec.structs.replace(
        session, id=f"{session.id}/{mark}", kind="subagent", parent_id=session.id, tool_calls=calls
    )


def _texts(sessions: Sequence[Session], inputs: Mapping[str, object]) -> Texts:
    texts = Texts(ALL_TEXTS)
    for call in (call for session in sessions for call in session.tool_calls):
        given = inputs.get(call.id, _given(call))
        texts.keep_call(call.id, call.command, json.dumps(given).encode())
    return texts


def _given(call: ToolCall) -> dict[str, str]:
    named = {"command": call.command, "file_path": call.path}
    return {name: value for name, value in named.items() if value}
