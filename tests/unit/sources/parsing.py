"""Short ways for the tests of this folder to read what a builder made."""

from __future__ import annotations

import io
from pathlib import Path

from tachograph.model import ParsedLog, Problem, Session, ToolCall
from tachograph.redaction import default_cleaner
from tachograph.sources import CannotResume, LogFile, Resume, load_sources
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome, CodexLog
from tests.builders.log import LogBuilder

CLEAN = default_cleaner()
NOWHERE = Path("/home/ada")


def new_claude(**options) -> ClaudeLog:
    """An empty transcript that is never written to disk."""
    return ClaudeHome(NOWHERE / ".claude").project("/home/ada/site").session(**options)


def new_codex(**options) -> CodexLog:
    """A rollout with its meta line that is never written to disk."""
    return CodexHome(NOWHERE / ".codex").session(**options)


def agent_of(log: LogBuilder) -> str:
    """Whose log it is."""
    return "codex" if isinstance(log, CodexLog) else "claude_code"


def parse_bytes(
    agent: str, path: Path, content: bytes, resume: Resume | None = None, sidecar: bytes = b""
) -> ParsedLog:
    """Read ``content`` as the file ``path``, from where ``resume`` says."""
    stream = io.BytesIO(content)
    stream.seek(resume.offset if resume else 0)
    file = LogFile(agent, str(path), len(content), 1, 1, 1, 1 if sidecar else 0)
    return load_sources()[agent].parse(file, stream, CLEAN, resume, sidecar)


def parse(log: LogBuilder, sidecar: bytes = b"") -> ParsedLog:
    """Read the whole log."""
    return parse_bytes(agent_of(log), log.path, log.content(), sidecar=sidecar)


def read(log: LogBuilder, sidecar: bytes = b"") -> Session:
    """The log's own session."""
    return parse(log, sidecar).sessions[0]


def only_call(log: LogBuilder) -> ToolCall:
    """The one tool call of the log."""
    (call,) = read(log).tool_calls
    return call


def problems_of(log: LogBuilder) -> list[tuple[str, int]]:
    """Slug and line of every problem."""
    return [(problem.slug, problem.line) for problem in parse(log).problems]


def continue_from(parsed: ParsedLog) -> Resume | None:
    """What the warehouse would hand in to read on; None when the log has to be read whole."""
    if not parsed.carry:
        return None
    known: tuple[Problem, ...] = tuple(problem for problem in parsed.problems if problem.offset < parsed.offset)
    return Resume(parsed.sessions, parsed.carry, parsed.offset, parsed.lines, known, parsed.unknown_types)


def parse_growing(agent: str, path: Path, content: bytes, cuts: list[int]) -> tuple[ParsedLog, int]:
    """Read the file each time it has grown to one of ``cuts`` and at its end; also how often it could be read on."""
    resume = None
    resumed = 0
    for cut in [*sorted(cuts), len(content)]:
        try:
            parsed = parse_bytes(agent, path, content[:cut], resume)
            resumed += resume is not None
        except CannotResume:
            parsed = parse_bytes(agent, path, content[:cut])
        resume = continue_from(parsed)
    return parsed, resumed
