"""The page on proven waste: by detector, project and kind of agent, over time, and the dearest findings."""

from __future__ import annotations

import msgspec

from tachograph.app.dashboard.cells import (
    chart_waste,
    detector_cell,
    finding_target,
    project_cell,
    waste_cost_cell,
    waste_tokens_cell,
)
from tachograph.app.dashboard.desk import Params
from tachograph.app.dashboard.links import link, session_link
from tachograph.app.dashboard.page import Page, Param
from tachograph.app.dashboard.projects import name_projects
from tachograph.app.dashboard.session_words import proof_link
from tachograph.app.dashboard.waste_sums import (
    DetectorWaste,
    PlaceWaste,
    WasteAmounts,
    WastePage,
    gather_waste,
)
from tachograph.app.findings import FindingRecord
from tachograph.app.scope import Scope
from tachograph.report.units import count, counted, percent
from tachograph.report.view import (
    Beside,
    Block,
    Card,
    Cards,
    Cell,
    Chart,
    Choice,
    Column,
    Empty,
    Facts,
    Field,
    Filters,
    Grid,
    Kind,
    Note,
    Series,
    View,
)

_SHOWN = 50
"""Projects and kinds of agents that are shown."""
_AMOUNTS = [
    Column("tokens", "Tokens", "tokens", "What the needless part weighed, once.", low=True),
    Column("carried", "Carried", "tokens", "The same tokens as often as later responses read them again.", low=True),
    Column("usd", "Cost", "usd", "Estimate: what both cost at the sessions' own prices."),
]
_CAVEAT = (
    "Amounts are estimates; only those of abandoned branches are the responses' own. Detectors overlap: their amounts"
    " must not be added up. Nothing found does not mean that nothing was wasted: a detector that is in doubt is silent."
)
_OLD_LOGS = (
    "Shares are of all sessions in the range, also of those that an older version of tacho has read last, in which some"
    " detectors see less; tacho waste leaves these out of its shares and says how many there are."
)


def show(data: WastePage, scope: Scope, _params: Params) -> View:
    """From what was wasted to the proof of it."""
    lead = "What the logs prove to have been done for nothing, in the sessions that began in the range."
    if not data.sessions:
        everything = link("waste", msgspec.structs.replace(scope, range="all", first=None, last=None))
        return View("Waste", [Empty("No sessions in this range.", "tacho doctor", everything, "All sessions")], lead)
    blocks: list[Block] = [_cards(data), Note(_CAVEAT, "dim")]
    if not data.sessions_with_findings:
        blocks.append(Note("No detector has found anything in these sessions."))
        return View("Waste", [*blocks, _detectors(data, scope), _meanings(data), Note(_OLD_LOGS, "dim")], lead)
    blocks += [
        _detectors(data, scope),
        Beside([[chart_waste(data.detectors, scope)], [_over_time(data)]]),
        _form(data, scope),
        _findings(data),
        _projects(data, scope),
        _agent_types(data),
        _meanings(data),
        Note(_OLD_LOGS, "dim"),
    ]
    return View("Waste", blocks, lead)


def _cards(data: WastePage) -> Cards:
    dearest = data.detectors[0]
    share = data.sessions_with_findings / data.sessions
    found = counted(data.sessions_with_findings, "session")
    cards = [Card("Sessions with a finding", Cell(share, note=f"{found} of {count(data.sessions)}"), "percent")]
    if dearest.amounts.findings:
        cell = msgspec.structs.replace(waste_cost_cell(dearest.amounts), note=dearest.title)
        cards.append(Card("Most expensive kind", cell, "usd"))
    return Cards([msgspec.structs.replace(card, how="waste") for card in cards])


def _detectors(data: WastePage, scope: Scope) -> Grid:
    columns = [
        Column("detector", "What", wide=True),
        Column("findings", "Findings", "count", low=True),
        Column("sessions", "Sessions", "count", low=True),
        Column("share", "Share", "percent", "Sessions with such a finding, of all in the range."),
        *_AMOUNTS,
    ]
    rows = [_detector_row(one, scope) for one in data.detectors]
    return Grid("detectors", "By detector", columns, rows, "The dearest first; no sum, as they overlap.", how="waste")


def _detector_row(one: DetectorWaste, scope: Scope) -> list[Cell]:
    name = detector_cell(one, scope)
    if not one.amounts.findings:
        return [name, Cell(0, tone="dim"), Cell(0, tone="dim"), Cell(one.rate, tone="dim"), *[Cell("")] * 3]
    sessions = Cell(one.sessions, link("sessions", scope, detector=one.detector))
    return [name, Cell(one.amounts.findings), sessions, Cell(one.rate), *_amounts(one.amounts)]


def _amounts(one: WasteAmounts) -> list[Cell]:
    tokens = waste_tokens_cell(one)
    carried = msgspec.structs.replace(tokens, value=one.carried_tokens if one.tokens is not None else None)
    return [tokens, carried, waste_cost_cell(one)]


def _over_time(data: WastePage) -> Chart:
    return Chart(
        "over-time", "Sessions with a finding",
        f"Share of the sessions begun in each {data.step} in which any detector found something.", "lines",
        [step.start for step in data.steps], [Series("with a finding", [step.share for step in data.steps])],
        "percent", how="waste",
    )  # fmt: skip


def _form(data: WastePage, scope: Scope) -> Filters:
    choices = [Choice("", "all"), *(Choice(one.detector, one.title) for one in data.detectors)]
    return Filters([Field("detector", "Detector", data.detector or "", choices)], "/waste", scope.query)


def _findings(data: WastePage) -> Grid:
    columns = [
        Column("what", "About", wide=True),
        Column("detector", "Detector", low=True),
        Column("session", "Session", low=True),
        Column("at", "When", "moment", low=True),
        Column("times", "Times", "count", "How many times it was done that need not have been.", low=True),
        Column("tokens", "Tokens", "tokens", "What the needless part weighed, once.", low=True),
        Column("usd", "Cost", "usd", "Estimate."),
    ]
    rows = [_finding_row(one) for one in data.dearest.findings]
    only = f" Only of {data.detector.replace('_', ' ')}." if data.detector else ""
    among = "" if data.dearest.complete else " Of the sessions with the most waste: others may hold dearer ones."
    return Grid(
        "findings", "The most expensive findings", columns, rows, f"Each leads to its proof.{only}{among}",
        empty="No finding with a known cost.", how="waste",
    )  # fmt: skip


def _meanings(data: WastePage) -> Facts:
    """What each detector looks for, in a sentence; the whole rule is on the page "How we count"."""
    items: list[tuple[str, Cell, Kind]] = [(one.title, Cell(one.about), "text") for one in data.detectors]
    return Facts(items, "What the detectors look for")


def _finding_row(one: FindingRecord) -> list[Cell]:
    proof = proof_link(one.session, one) or session_link(one.session, "findings")
    return [
        Cell(finding_target(one) or "(the log does not say)", proof, one.agent_type or "", one.id),
        Cell(one.detector.replace("_", " ")),
        Cell(one.session_name, session_link(one.session)),
        Cell(one.at),
        Cell(one.count),
        Cell(one.wasted_tokens, about=one.is_estimate and one.wasted_tokens is not None),
        Cell(one.wasted_usd, about=one.is_estimate and one.wasted_usd is not None),
    ]


def _projects(data: WastePage, scope: Scope) -> Grid:
    names = name_projects(one.key for one in data.projects)
    shown = data.projects[:_SHOWN]
    rows = [[project_cell(one.key, names, scope, "waste"), *_place_row(one)] for one in shown]
    return Grid(
        "projects", "By project", [Column("project", "Project", wide=True), *_PLACE_COLUMNS], rows,
        _dearest_words(len(data.projects), "with the most waste"), how="waste",
    )  # fmt: skip


def _agent_types(data: WastePage) -> Grid:
    rows = [[Cell(one.key or "(not known)"), *_place_row(one)] for one in data.agent_types[:_SHOWN]]
    columns = [Column("agent_type", "Kind of agent", wide=True), *_PLACE_COLUMNS]
    description = _dearest_words(len(data.agent_types), "with the most waste") + " Each subagent by itself."
    return Grid("agent-types", "By kind of agent", columns, rows, description, how="waste")


_PLACE_COLUMNS = [
    Column("findings", "Findings", "count", "Of all detectors."),
    Column(
        "sessions",
        "Sessions",
        "count",
        "Sessions with a finding; of a kind of agent with one of the dearest.",
        low=True,
    ),
    Column("dearest", "Dearest", "text", "The detector that the amounts are of.", low=True),
    Column("tokens", "Tokens", "tokens", low=True),
    Column("usd", "Cost", "usd", "Estimate."),
]


def _place_row(one: PlaceWaste) -> list[Cell]:
    share = f"{percent(one.sessions, one.of)} of {count(one.of)}" if one.of else ""
    tokens, _, usd = _amounts(one.amounts)
    sessions = Cell(one.sessions, note=share)
    return [Cell(one.all_findings), sessions, Cell(one.detector.replace("_", " ")), tokens, usd]


def _dearest_words(number: int, most: str) -> str:
    cut = f" The {_SHOWN} of {count(number)} {most}." if number > _SHOWN else ""
    return f"Amounts are those of its dearest detector alone.{cut}"


PAGE = Page(
    "waste",
    "Waste",
    gather_waste,
    show,
    "Proven waste of the sessions that began in the range: by detector, project, kind of agent, week; findings.",
    order=4,
    params=(Param("detector", "Projects, kinds of agents and findings of this detector alone."),),
)
