"""Asking one model about one session after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

from tachograph.analysis.axes.digest import session_hash
from tachograph.app.calibrate.record import GivenVerdict
from tachograph.app.calibrate.storing import now_ms, write
from tachograph.app.calibrate.targets import Target, Targets, load_target
from tachograph.app.judging import Judge, store_judgement, stored_score
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.warehouse.store import open_reader

OnJudged = Callable[[int, int, Target, GivenVerdict], None]
"""(done, all, session, what was said of it)."""


def ask_model(workspace: Workspace, targets: Targets, config: JudgeConfig) -> Iterator[GivenVerdict]:
    """What the model says of each session, in order; never raises for what the server does.

    A stored answer on the session as it is now is used as it is; a new one is stored at once, so that an interrupted
    run goes on where it ended. No connection is open while the model thinks.
    """
    judge = Judge(config)
    return (_ask(workspace, target, config, judge) for target in targets.found)


def _ask(workspace: Workspace, target: Target, config: JudgeConfig, judge: Judge) -> GivenVerdict:
    with closing(open_reader(workspace.folder)) as connection:
        try:
            session = load_target(connection, target)
        except TachographError as error:
            return GivenVerdict(config.model, None, error.message)
        known = stored_score(connection, session, config)
    if known.state == "CURRENT":
        return GivenVerdict(config.model, known.verdict, cached=True)
    try:
        judgement, digest = judge.judge(session)
    except JudgeUnavailable as obstacle:
        return GivenVerdict(config.model, None, obstacle.reason)
    seen, words = session_hash(session), workspace.settings.store_text == "full"
    write(
        workspace,
        lambda connection: store_judgement(
            connection, session.id, config, judgement, digest, seen, now_ms(), store_text=words
        ),
    )
    return GivenVerdict(config.model, judgement.verdict)
