"""The analysis of one log for programs: read it, measure it, score it, without a warehouse."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tachograph.analysis.axes.token_economy import References
from tachograph.analysis.detectors import Scene, WasteOptions, find_waste, load_detectors
from tachograph.analysis.metrics import measure
from tachograph.app.findings import check_detector, record_finding
from tachograph.app.judging import score_trajectory
from tachograph.app.open_history import History
from tachograph.app.reading import read_log
from tachograph.app.score import Score, waste_score
from tachograph.app.token_facts import copied_until, session_facts
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.judge import JudgeConfig
from tachograph.model import Finding, Problem, Response, Session, TokenPrices
from tachograph.sources import LogFile, load_sources


class Analysis(msgspec.Struct, frozen=True):
    """What the records of one session tell."""

    metrics: dict[str, Any]
    """By name, see docs/metrics.md; what the session cannot tell is left out."""
    findings: tuple[Finding, ...]
    """Waste, in order of detectors."""


def read_session(path: str | Path) -> Session:
    """The session that the log at ``path`` is about: redacted records, as the log tells them.

    Raises NotFound when there is no such file, TachographError (slug ``unreadable_log``) when no session can be read
    from it. Subagents that lie in the same log are left out; other logs are not looked at.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFound(f"{file} does not exist.", slug="no_such_path")
    problems: list[Problem] = []
    for log in _as_logs(file):
        found, _ = read_log(log, Workspace().clean)
        if found.parsed.sessions:
            return found.parsed.sessions[0]
        problems += found.parsed.problems
    reason = problems[0].detail if problems else "no agent writes logs of this name"
    raise TachographError(
        f"{file} cannot be read as a session: {reason}.",
        slug="unreadable_log",
        hint="tacho reads the logs of Claude Code and Codex.",
    )


def analyse(session: Session) -> Analysis:
    """Metrics and waste of ``session``, at list prices or those of config.toml. A pure function of both."""
    return Analysis(measure(session), tuple(find_waste(_scene(session))))


def detect(session: Session, detector: str) -> tuple[Finding, ...]:
    """What one detector finds in ``session``. Raises UsageError for a name that is none."""
    check_detector(detector)
    return tuple(load_detectors()[detector](_scene(session)))


def score(session: Session, history: History | None = None, judge: JudgeConfig | None = None) -> Score:
    """``session`` on the three axes.

    Its tokens are compared with the sessions of ``history``, without one with the reference that comes along. ``judge``
    is asked for the trajectory; without one, or when it cannot be asked, that axis is UNAVAILABLE and says why.
    """
    facts = session_facts(session)
    references = history.references() if history else References([])
    findings = [record_finding(finding, session.id) for finding in find_waste(_scene(session))]
    connection = history.connection if history else None
    return Score(
        id=session.id,
        name=session.id,
        kind=session.kind,
        project=session.project,
        title=session.title or "",
        task_type=facts.task_type,
        token=references.score(facts),
        trajectory=score_trajectory(connection, session, judge or JudgeConfig(), ask_now=judge is not None, store=None),
        waste=waste_score(findings),
    )


def _as_logs(file: Path) -> list[LogFile]:
    """``file`` as a log of each source, of those that know such names first."""
    named = [one for source in load_sources().values() for one in source.discover(file) if isinstance(one, LogFile)]
    status = file.stat()
    place = (str(file.absolute()), status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)
    known = {log.agent for log in named}
    return [*named, *(LogFile(agent, *place) for agent in load_sources() if agent not in known)]


def _scene(session: Session) -> Scene:
    options = WasteOptions(heavy_result_usd=Workspace().settings.waste_heavy_result_usd)
    return Scene(session, _price_tokens, options, copied_until(session))


@cache
def _book() -> Any:
    from tachograph.pricing import PriceBook, read_overrides

    return PriceBook(read_overrides(Workspace().settings.prices))


def _price_tokens(response: Response) -> TokenPrices | None:
    prices: TokenPrices | None = _book().token_prices(
        response.provider, response.model, response.started_at, response.speed, response.usage.prompt_size
    )
    return prices
