"""How the dashboard's numbers come about, in plain words: from the code where it says so itself, else from a table."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import msgspec

from tachograph.analysis.axes import token_economy, trajectory
from tachograph.analysis.detectors import load_detectors
from tachograph.analysis.kpis import Kpi, load_kpis
from tachograph.learning import budgets
from tachograph.learning.alerts import load_rules
from tachograph.learning.alerts.judge import BEYOND, LEAST_SESSIONS
from tachograph.learning.alerts.rules import Rule
from tachograph.learning.baselines import ema
from tachograph.learning.trials import ALPHA
from tachograph.learning.trials.decide import LONGEST, PATIENCE


class CountingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one kind of number says, and what it does not."""

    id: str
    """Anchor on the page."""
    title: str
    text: list[str]
    """Paragraphs."""
    docs: str = ""
    """The page of the documentation that tells all of it."""


class DetectorRule(msgspec.Struct, frozen=True):
    """What one detector counts as waste."""

    name: str
    title: str
    text: list[str]
    """Paragraphs."""


class KpiRule(msgspec.Struct, frozen=True):
    """One KPI."""

    name: str
    title: str
    unit: str
    better: str
    """up or down."""
    formula: str
    domain_of_validity: str
    """What it says and does not say, and when it is absent."""
    target: float | None
    """Null, so the next two: there is no bound for everybody, only the baseline."""
    warning: float | None
    critical: float | None


class AlertRule(msgspec.Struct, frozen=True):
    """One rule of alerts."""

    id: str
    when: str
    severity: str
    action: str


def counting_rules(zone_name: str) -> list[CountingRule]:
    """All rules in the order of the page; ``zone_name`` is the zone that days are counted in."""
    words = _thresholds() | {"zone": zone_name}
    return [
        msgspec.structs.replace(rule, text=[paragraph.format_map(words) for paragraph in rule.text])
        for rule in _load_table()
    ]


@cache
def _load_table() -> list[CountingRule]:
    text = resources.files(__package__).joinpath("counting_rules.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["rule"], list[CountingRule])


def _thresholds() -> dict[str, str]:
    return {
        "needed": str(token_economy.NEEDED),
        "trajectory": ", ".join(name.lower().replace("_", " ") for name in trajectory.VALUES),
        "weight": f"{ema.ALPHA:g}",
        "bootstrap": str(ema.BOOTSTRAP),
        "beyond": f"{BEYOND:g}",
        "least": str(LEAST_SESSIONS),
        "evidence": f"{1 / ALPHA:g}",
        "alpha": f"{100 * ALPHA:g}",
        "patience": str(PATIENCE),
        "longest": str(LONGEST),
        "near": f"{100 * budgets.NEAR:g}",
    }


def detector_rules() -> list[DetectorRule]:
    """Every detector, by name, in its own words."""
    return [DetectorRule(one.name, one.title, _paragraphs(one.doc)) for one in load_detectors().values()]


def kpi_rules() -> list[KpiRule]:
    """Every KPI, by name, in its own words."""
    return [_kpi_rule(one) for one in load_kpis().values()]


def alert_rules() -> list[AlertRule]:
    """The rules that come with the program, those looked at first first."""
    rules = sorted(load_rules().rules, key=lambda one: (one.priority, one.id))
    return [AlertRule(one.id, _when(one), one.severity, one.action) for one in rules]


def _kpi_rule(one: Kpi) -> KpiRule:
    return KpiRule(
        one.name, one.title, one.unit, one.better, _plain(one.formula), _plain(one.domain_of_validity), one.target,
        one.warning, one.critical,
    )  # fmt: skip


def _when(rule: Rule) -> str:
    kpi = rule.kpi or "any KPI"
    if rule.kind == "deviation":
        return f"{kpi}: more than {rule.beyond:g} standard deviations on the bad side of its baseline"
    if rule.kind == "bound":
        bound = f"its {rule.at} bound" if isinstance(rule.at, str) else f"{rule.at:g}"
        return f"{kpi}: worse than {bound}"
    if rule.kind == "streak":
        return f"{kpi}: {rule.sessions} sessions in a row, all more than {rule.beyond:g} standard deviations off"
    share = 100 * (rule.beyond or 0.0)
    return f"of an agent's last {rule.sessions} sessions, more than {share:g} % lack data of a KPI that applies"


def _paragraphs(doc: str) -> list[str]:
    """A docstring's paragraphs, each on one line; items of its lists are kept apart."""
    found: list[str] = []
    for block in doc.split("\n\n"):
        lines: list[str] = []
        for line in block.splitlines():
            if line.startswith("- ") or not lines:
                lines.append(line.strip())
            else:
                lines[-1] += f" {line.strip()}"
        found += [_plain(line) for line in lines]
    return found


def _plain(text: str) -> str:
    return text.replace("``", "").replace("`", "")
