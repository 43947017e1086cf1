"""All mechanisms, or those that are asked for, in one history."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from tachograph.app.filters import Filter
from tachograph.app.find_session import short_names
from tachograph.app.mechanisms._records import FindingsReport, MechanismReport
from tachograph.app.mechanisms._registry import Mechanism, load_mechanisms
from tachograph.app.mechanisms._scene import Scene
from tachograph.errors import UsageError
from tachograph.model import Clean
from tachograph.report.sanitise import harmless


def report_findings(
    connection: sqlite3.Connection, chosen: Filter, clean: Clean, names: Sequence[str] = (), now: int | None = None
) -> FindingsReport:
    """The mechanisms called ``names`` (none: all), over the main sessions that began within ``chosen``.

    ``now`` is in ms UTC. Raises UsageError for a name that no mechanism has, TachographError for a table of the user's
    that is wrong.
    """
    wanted = _choose(names)
    scene = Scene(connection, chosen, clean, time.time_ns() // 1_000_000 if now is None else now)
    mechanisms = [_describe(one, scene) for one in wanted]
    named = {session for one in mechanisms for figure in one.figures for session in figure.evidence}
    short = short_names(connection, sorted(named))
    return FindingsReport(chosen.zone_name, len(scene.sessions), mechanisms, short)


def _choose(names: Sequence[str]) -> list[Mechanism]:
    known = load_mechanisms()
    for name in names:
        if name not in known:
            raise UsageError(
                f"There is no mechanism {harmless(name)!r}.",
                slug="unknown_mechanism",
                hint=f"Known ones: {', '.join(known)}.",
            )
    return [one for name, one in known.items() if not names or name in names]


def _describe(one: Mechanism, scene: Scene) -> MechanismReport:
    account = one(scene)
    return MechanismReport(one.name, one.title, one.method, one.not_proved, account.figures, account.notes)
