"""Waste of a range in sums: by detector, project and kind of agent, and over time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from tachograph.analysis.detectors import detector_names, load_detectors
from tachograph.app.dashboard.dearest_findings import DearestFindings, look_for_dearest
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.time_axis import history_begin, make_axis
from tachograph.app.findings import check_detector
from tachograph.app.rollups.cubes import FindingSums, SessionSums, WasteSums, WasteTypeSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope

FINDINGS = 30
"""Findings that are shown."""


class WasteAmounts(msgspec.Struct, frozen=True):
    """What the findings of one detector come to."""

    findings: int = 0
    times: int = 0
    """How many times something was done that need not have been."""
    tokens: int | None = None
    """What the needless part weighed, once; null when that is not known of any."""
    carried_tokens: int = 0
    """The same tokens as often as later responses read them again."""
    usd: float | None = None
    """What both cost, an estimate; null when nothing is priced."""
    unpriced_findings: int = 0
    """Above 0, ``usd`` is a lower bound."""
    unweighed_findings: int = 0
    """Above 0, tokens are lower bounds."""


class DetectorWaste(msgspec.Struct, frozen=True, kw_only=True):
    """One detector."""

    detector: str
    title: str
    about: str
    """What counts, in a sentence."""
    sessions: int
    """Sessions with such a finding, subagents folded into theirs."""
    of: int
    """All sessions of the range."""
    rate: float | None
    """``sessions / of``; null without sessions."""
    amounts: WasteAmounts


class PlaceWaste(msgspec.Struct, frozen=True, kw_only=True):
    """One project or kind of agent. Detectors overlap, so the amounts are those of its dearest detector alone."""

    key: str
    """Empty where it is not known."""
    detector: str
    """Which the amounts are of."""
    all_findings: int
    """Of every detector asked for."""
    sessions: int
    """Sessions with a finding, of a kind of agent those with one of ``detector``, each subagent by itself."""
    of: int | None
    """All its sessions; null: not counted."""
    amounts: WasteAmounts


class WasteStep(msgspec.Struct, frozen=True):
    """One week or month."""

    start: str
    sessions: int
    with_finding: int
    share: float | None
    """``with_finding / sessions``; null without sessions."""


class WastePage(msgspec.Struct, frozen=True):
    """Waste of the sessions that began in the range. Detectors overlap: there is no sum over them."""

    timezone: str
    detector: str | None
    """The one asked for: projects, kinds of agents and findings are of it alone."""
    sessions: int
    sessions_with_findings: int
    detectors: list[DetectorWaste]
    """Every one, also without a finding; the dearest first, so below."""
    projects: list[PlaceWaste]
    agent_types: list[PlaceWaste]
    step: str
    """week or month."""
    steps: list[WasteStep]
    dearest: DearestFindings
    """At most 30."""


def gather_waste(desk: Desk, scope: Scope, params: Params) -> WastePage:
    """Everything on the page. Raises UsageError for a detector that there is not."""
    chosen = params.get("detector") or None
    check_detector(chosen)
    totals = _only(add_up(desk.connection, SessionSums, scope))
    step, steps = _over_time(desk.connection, scope)
    return WastePage(
        scope.zone_name, chosen, totals.sessions, totals.wasteful,
        waste_by_detector(desk.connection, scope, totals.sessions), _by_project(desk.connection, scope, chosen),
        _by_agent_type(desk.connection, scope, chosen), step, steps, look_for_dearest(desk, scope, chosen, FINDINGS),
    )  # fmt: skip


def waste_by_detector(connection: sqlite3.Connection, scope: Scope, of: int) -> list[DetectorWaste]:
    """Every detector, also without a finding, the dearest first; ``of`` is the number of sessions in ``scope``."""
    sums = {str(name): one for (name,), one in add_up(connection, WasteSums, scope, ("detector",)) if one.findings}
    about = load_detectors()
    found = [
        DetectorWaste(
            detector=name,
            title=about[name].title if name in about else name,
            about=_first_sentence(about[name].doc) if name in about else "",
            sessions=(one := sums.get(name) or WasteSums()).sessions,
            of=of,
            rate=one.sessions / of if of else None,
            amounts=_amounts(one),
        )
        for name in dict.fromkeys([*detector_names(), *sums])
    ]
    return sorted(found, key=lambda one: (*_rank(one.amounts), one.detector))


def _first_sentence(doc: str) -> str:
    text = " ".join(doc.partition("\n\n")[0].replace("``", "").split())
    sentence, stop, _ = text.partition(". ")
    return sentence + stop.strip()


def _by_project(connection: sqlite3.Connection, scope: Scope, detector: str | None) -> list[PlaceWaste]:
    sessions = {str(key): one for (key,), one in add_up(connection, FindingSums, scope, ("project",))}
    cells = add_up(connection, WasteSums, scope, ("project", "detector"))
    found = []
    for key, dearest, findings in _dearest(((str(a), str(b), sums) for (a, b), sums in cells), detector):
        of = sessions.get(key) or FindingSums()
        held = of.wasteful if detector is None else dearest[1].sessions
        found.append(_place(key, dearest, findings, held, of.sessions))
    return sorted(found, key=lambda one: (*_rank(one.amounts), one.key))


def _by_agent_type(connection: sqlite3.Connection, scope: Scope, detector: str | None) -> list[PlaceWaste]:
    cells = add_up(connection, WasteTypeSums, scope, ("agent_type", "detector"))
    places = _dearest(((str(a), str(b), sums) for (a, b), sums in cells), detector)
    found = [_place(key, dearest, findings, dearest[1].sessions, None) for key, dearest, findings in places]
    return sorted(found, key=lambda one: (*_rank(one.amounts), one.key))


def _dearest(
    cells: Iterable[tuple[str, str, WasteSums]], detector: str | None
) -> list[tuple[str, tuple[str, WasteSums], int]]:
    """For each key its dearest detector with its sums, and the findings of all its detectors."""
    by_key: dict[str, list[tuple[str, WasteSums]]] = {}
    for key, name, sums in cells:
        if sums.findings and detector in (None, name):
            by_key.setdefault(key, []).append((name, sums))
    return [
        (key, min(parts, key=lambda part: (*_rank_sums(part[1]), part[0])), sum(sums.findings for _, sums in parts))
        for key, parts in by_key.items()
    ]


def _place(key: str, dearest: tuple[str, WasteSums], findings: int, sessions: int, of: int | None) -> PlaceWaste:
    name, sums = dearest
    return PlaceWaste(key=key, detector=name, all_findings=findings, sessions=sessions, of=of, amounts=_amounts(sums))


def _amounts(sums: WasteSums) -> WasteAmounts:
    tokens = sums.tokens if sums.findings > sums.unweighed else None
    return WasteAmounts(sums.findings, sums.times, tokens, sums.carried_tokens, sums.usd, sums.unpriced, sums.unweighed)


def _rank(one: WasteAmounts) -> tuple[float, int, int]:
    """The dearest first, then the heaviest, then the most."""
    return -(one.usd or 0.0), -(one.tokens or 0), -one.findings


def _rank_sums(sums: WasteSums) -> tuple[int, int, int]:
    return -(sums.pico or 0), -sums.tokens, -sums.findings


def _over_time(connection: sqlite3.Connection, scope: Scope) -> tuple[str, list[WasteStep]]:
    axis = make_axis(scope, history_begin(connection), most_days=0)
    sums = {int(number): one for (number,), one in add_up(connection, FindingSums, scope, (axis.step,))}
    none = FindingSums()
    return axis.step, [
        WasteStep(label, one.sessions, one.wasteful, one.wasteful / one.sessions if one.sessions else None)
        for label, one in zip(axis.labels, (sums.get(number, none) for number in axis.numbers), strict=True)
    ]


def _only(found: Sequence[tuple[tuple[str | int, ...], SessionSums]]) -> SessionSums:
    return found[0][1] if found else SessionSums()
