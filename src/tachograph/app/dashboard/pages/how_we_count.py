"""How we count: the rules behind every number, each at an address of its own."""

from __future__ import annotations

import msgspec

from tachograph import __version__
from tachograph.analysis.kpis import load_kpis
from tachograph.app.dashboard.counting_rules import (
    AlertRule,
    CountingRule,
    DetectorRule,
    KpiRule,
    alert_rules,
    counting_rules,
    detector_rules,
    kpi_rules,
)
from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.page import Page
from tachograph.app.learn.figures import show_value
from tachograph.app.rollups.cubes import UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope
from tachograph.pricing import snapshot_version
from tachograph.report.view import (
    Block,
    Cell,
    Code,
    Column,
    Facts,
    Grid,
    Kind,
    Note,
    Section,
    View,
)  # fmt: skip


class HowWeCount(msgspec.Struct, frozen=True):
    """The rules, and what they were applied to."""

    version: str
    """Of tacho."""
    price_data: str
    """Name of the price data."""
    timezone: str
    responses: int
    """Counted ones of the whole history."""
    unpriced_responses: int
    unreliable_responses: int
    """Whose output is a lower bound."""
    rules: list[CountingRule]
    detectors: list[DetectorRule]
    kpis: list[KpiRule]
    alert_rules: list[AlertRule]


def gather(desk: Desk, scope: Scope, params: Params) -> HowWeCount:  # noqa: ARG001 (the signature of every page)
    """See :class:`HowWeCount`."""
    [(_, used)] = add_up(desk.connection, UsageSums, Scope(scope.today, "all", zone=scope.zone))
    return HowWeCount(
        version=__version__, price_data=snapshot_version(), timezone=desk.zone_name, responses=used.responses,
        unpriced_responses=used.unpriced, unreliable_responses=used.unreliable, rules=counting_rules(desk.zone_name),
        detectors=detector_rules(), kpis=kpi_rules(), alert_rules=alert_rules(),
    )  # fmt: skip


def show(data: HowWeCount, scope: Scope, params: Params) -> View:  # noqa: ARG001
    """The page."""
    facts: list[tuple[str, Cell, Kind]] = [
        ("tacho", Cell(data.version), "text"),
        ("price data", Cell(data.price_data), "text"),
        ("days and times in", Cell(data.timezone), "text"),
        ("responses counted", Cell(data.responses), "count"),
        ("of these unpriced", Cell(data.unpriced_responses), "count"),
        ("of these with a lower bound of output", Cell(data.unreliable_responses), "count"),
    ]
    contents = Grid(
        "rules", "Contents", [Column("rule", "Rule", wide=True), Column("docs", "All of it", low=True)],
        [[Cell(one.title, href=f"#{one.id}"), Cell(one.docs)] for one in data.rules],
    )  # fmt: skip
    lead = "A number is right, or is shown as unknown with the reason. Estimates are called so."
    return View("How we count", [Facts(facts), contents, *(_show_rule(one, data) for one in data.rules)], lead)


def _show_rule(rule: CountingRule, data: HowWeCount) -> Section:
    blocks: list[Block] = [Note(paragraph) for paragraph in rule.text]
    if rule.id == "waste":
        blocks += [_show_detector(one) for one in data.detectors]
    elif rule.id == "kpis":
        blocks += [_show_kpi(one) for one in data.kpis]
    elif rule.id == "alerts":
        blocks += _show_alert_rules(data.alert_rules)
    elif rule.id == "reconciliation":
        blocks.append(Code("tacho cost --reconcile"))
    if rule.docs:
        blocks.append(Note(f"All of it: {rule.docs}", "dim"))
    return Section(rule.title, blocks, rule.id)


def _show_detector(one: DetectorRule) -> Section:
    return Section(f"{one.title} ({one.name})", [Note(text) for text in one.text], f"detector-{one.name}", folded=True)


def _show_kpi(one: KpiRule) -> Section:
    kpi = load_kpis()[one.name]
    facts: list[tuple[str, Cell, Kind]] = [
        ("formula", Cell(one.formula), "text"),
        ("unit", Cell(one.unit), "text"),
        ("better", Cell("more" if one.better == "up" else "less"), "text"),
    ]
    if one.target is not None:
        bounds = [show_value(kpi, bound) for bound in (one.target, one.warning, one.critical)]
        facts.append(("target, warning, critical", Cell(" · ".join(bounds)), "text"))
    blocks: list[Block] = [Facts(facts)]
    blocks += [Note(one.domain_of_validity, "dim")] if one.domain_of_validity else []
    return Section(one.title, blocks, f"kpi-{one.name}", folded=True)


def _show_alert_rules(rules: list[AlertRule]) -> list[Block]:
    facts: list[tuple[str, Cell, Kind]] = [
        (one.id, Cell(one.when, note=f"{one.severity.capitalize()}. {one.action}"), "text") for one in rules
    ]
    about = Note("A rule that is critical gives a warning as long as the conditions above do not hold.")
    return [about, Facts(facts, "Rules")]


PAGE = Page(
    "how-we-count", "How we count", gather, show, "The rules behind every number of the dashboard.", order=11,
    scoped=False,
)  # fmt: skip
