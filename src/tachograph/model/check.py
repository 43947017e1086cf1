"""What checking a session against expectations gave."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

CheckStatus = Literal["pass", "fail", "skip", "unknown"]


class Evidence(msgspec.Struct, frozen=True):
    """A record that proves a check's result."""

    session: str
    """Id of the session it lies in: the one checked, or a subagent of it."""
    call: str | None = None
    """Id of the tool call; None: the whole session is meant."""
    tool: str | None = None
    """Name of the tool."""
    at: datetime | None = None
    """When; UTC."""
    text: str = ""
    """What it was about: a command, a path, a piece of text. Redacted, then cut."""


class CheckResult(msgspec.Struct, frozen=True):
    """One expectation, checked."""

    key: str
    """As the expectations name it."""
    status: CheckStatus
    """unknown: what the check has to look at is gone, or cannot be understood. It counts as failed."""
    rationale: str
    """Why, with numbers; one or several sentences, redacted."""
    evidence: tuple[Evidence, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it counts as failed."""
        return self.status in ("fail", "unknown")


class CheckedSession(msgspec.Struct, frozen=True):
    """A session, or the case it is an answer to, with the result of every check."""

    session: str | None
    """Id; None: the case names no session that is known, see ``fault``."""
    name: str
    """A short name of the session, or what the case calls it."""
    title: str = ""
    """What it was about, redacted."""
    case: str | None = None
    """Id of the test case."""
    source: str = ""
    """The target that led to it, redacted."""
    complete: bool = True
    """False: its log ends within a turn. It was checked as far as it goes."""
    notes: tuple[str, ...] = ()
    """What else to know of it, a sentence each: what was counted that may be another session's."""
    results: tuple[CheckResult, ...] = ()
    fault: str = ""
    """Why it could not be checked; it counts as failed then."""

    @property
    def failed(self) -> bool:
        """Whether a check of it failed, or none could be made."""
        return bool(self.fault) or any(result.failed for result in self.results)

    @property
    def skipped(self) -> bool:
        """Whether a check of it was skipped, or there was none."""
        return not self.results or any(result.status == "skip" for result in self.results)


class CheckReport(msgspec.Struct, frozen=True):
    """All sessions of one call of ``tacho check``."""

    expectations: str
    """The file that holds them, redacted."""
    sessions: tuple[CheckedSession, ...]
    not_ours: tuple[str, ...] = ()
    """Keys of the file that are other tools' and were left alone, as paths: ``scorers.enabled.python_syntax``."""
    not_chosen: tuple[str, ...] = ()
    """Keys of the file that were not checked, because the scorers that it names do not include theirs."""
    unreadable: tuple[str, ...] = ()
    """Logs that could not be read, each with its reason; redacted."""
    fail_on: Literal["fail", "skip"] = "fail"

    passed: bool = False
    """Whether every session did as expected and every log could be read; set by itself."""

    def __post_init__(self) -> None:
        strict = self.fail_on == "skip"
        bad = bool(self.unreadable) or any(one.failed or (strict and one.skipped) for one in self.sessions)
        msgspec.structs.force_setattr(self, "passed", not bad)
