"""The analysis of one log for programs: read it, measure it, score it, without a warehouse."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.analysis.axes.token_economy import References
from tachograph.analysis.axes.trajectory import TrajectoryScore
from tachograph.analysis.detectors import Scene, WasteOptions, find_waste, load_detectors
from tachograph.analysis.metrics import measure
from tachograph.analysis.summary import summarise
from tachograph.app.findings import check_detector, record_finding
from tachograph.app.history import load_history
from tachograph.app.judging import score_trajectory
from tachograph.app.open_history import History
from tachograph.app.reading import read_log
from tachograph.app.score import Score, load_subagents, score_sessions, waste_score
from tachograph.app.token_facts import copied_until, load_facts, session_facts
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.judge import JudgeConfig
from tachograph.model import Finding, Problem, Response, Session, TokenPrices
from tachograph.sources import LogFile, load_sources

if TYPE_CHECKING:
    from tachograph.pricing import PriceBook

_ONE_LOG = (
    "Read from one log, without a history that knows this session: responses that the log copies from other sessions"
    " are counted, except where it marks them as copied."
)
_FORK = "This session is a fork: it begins with such copies."
_OTHER_STATE = (
    "The history holds another state of this session: counted are the records given, without responses that it knows"
    " another session to own."
)


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
    """Metrics and waste of ``session``.

    Prices and thresholds are those of config.toml, which is read at each call, else list prices. Nothing is stored.
    What the log copies from other sessions counts, except where the log itself marks it.
    """
    return Analysis(measure(session), tuple(find_waste(_scene(session, copied_until(session)))))


def detect(session: Session, detector: str) -> tuple[Finding, ...]:
    """What one detector finds in ``session``, see :func:`analyse`. Raises UsageError for a name that is none."""
    check_detector(detector)
    return tuple(load_detectors()[detector](_scene(session, copied_until(session))))


def score(session: Session, history: History | None = None, judge: JudgeConfig | None = None) -> Score:
    """``session`` on the three axes, as ``tacho score`` gives them when ``history`` holds it.

    Then all its logs count, and nothing of other sessions. When ``history`` knows another state of it, the records of
    ``session`` count, without what ``history`` knows to be copied; when it does not know it, or there is no
    ``history``, copies count that the log does not mark. The domains of validity say so.

    Tokens are compared with the sessions of ``history``, without one with the reference that comes along. ``judge``
    is asked for the trajectory; without one, or when it cannot be asked, that axis is UNAVAILABLE and says why.
    """
    if history is None:
        return _score_records(session, None, judge)
    told = load_history(history.connection, session.id)
    if told is None or not history.holds(session):
        return _score_records(session, history, judge)
    trajectory = _score_trajectory(told.session, history, judge)
    return score_sessions(history.connection, [session.id], lambda _: trajectory, history.references())[0]


def _score_records(session: Session, history: History | None, judge: JudgeConfig | None) -> Score:
    """The score of these records, which are not what ``history`` holds."""
    connection = history.connection if history else None
    copied = copied_until(session, connection)
    facts = session_facts(session, copied)
    references = history.references() if history else References([])
    found = [record_finding(finding, session.id) for finding in find_waste(_scene(session, copied))]
    token, waste = references.score(facts), waste_score(found)
    limits = _limits(session, known=bool(connection and load_facts(connection, [session.id])))
    return Score(
        id=session.id,
        name=session.id,
        kind=session.kind,
        project=session.project,
        title=session.title or summarise(session, copied).opening or "",
        task_type=facts.task_type,
        token=msgspec.structs.replace(token, domain_of_validity=f"{token.domain_of_validity} {limits}"),
        trajectory=_score_trajectory(session, history, judge),
        waste=msgspec.structs.replace(waste, domain_of_validity=f"{waste.domain_of_validity} {limits}"),
        subagents=load_subagents(connection, session.id) if connection else [],
    )


def _score_trajectory(session: Session, history: History | None, judge: JudgeConfig | None) -> TrajectoryScore:
    connection = history.connection if history else None
    return score_trajectory(connection, session, judge or JudgeConfig(), ask_now=judge is not None, store=None)


def _limits(session: Session, *, known: bool) -> str:
    """What to know of numbers that come from one log's records."""
    if known:
        return _OTHER_STATE
    return _ONE_LOG if session.forked_from is None else f"{_ONE_LOG} {_FORK}"


def _as_logs(file: Path) -> list[LogFile]:
    """``file`` as a log of each source, of those that know such names first."""
    named = [one for source in load_sources().values() for one in source.discover(file) if isinstance(one, LogFile)]
    status = file.stat()
    place = (str(file.absolute()), status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)
    known = {log.agent for log in named}
    return [*named, *(LogFile(agent, *place) for agent in load_sources() if agent not in known)]


def _scene(session: Session, copied: int) -> Scene:
    settings = Workspace().settings
    book = _book(msgspec.json.encode(settings.prices))

    def price_tokens(response: Response) -> TokenPrices | None:
        return book.token_prices(
            response.provider, response.model, response.started_at, response.speed, response.usage.prompt_size
        )

    return Scene(session, price_tokens, WasteOptions(heavy_result_usd=settings.waste_heavy_result_usd), copied)


@lru_cache(maxsize=1)  # a book remembers what it has looked up
def _book(overrides: bytes) -> PriceBook:
    """The price book with these prices of one's own: ``settings.prices`` as JSON."""
    from tachograph.pricing import PriceBook, read_overrides

    return PriceBook(read_overrides(msgspec.json.decode(overrides)))
