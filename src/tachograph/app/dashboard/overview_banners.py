"""What is to be seen first on the overview: alerts, budgets that run out, models without a price."""

from __future__ import annotations

from tachograph.app.dashboard.links import link
from tachograph.app.dashboard.overview_facts import Overview, UnpricedModel
from tachograph.app.dashboard.unseen_alerts import AlertCount
from tachograph.app.scope import Scope
from tachograph.report.units import count, counted
from tachograph.report.view import Banner, Block

_NAMED = 3
"""Models that a banner names."""


def list_banners(data: Overview, scope: Scope) -> list[Block]:
    """The gravest first."""
    found: list[Block] = []
    if data.alerts.critical or data.alerts.warning:
        found.append(_alert_banner(data.alerts, scope))
    found += [Banner(one.warning, "bad" if one.level == "over" else "warn") for one in data.budgets if one.warning]
    if data.budget_problem:
        found.append(Banner(data.budget_problem, "warn"))
    if data.unpriced:
        found.append(_unpriced_banner(data.unpriced, scope))
    return found


def _alert_banner(alerts: AlertCount, scope: Scope) -> Banner:
    parts = [f"{alerts.critical:,} critical"] if alerts.critical else []
    parts += [counted(alerts.warning, "warning")] if alerts.warning else []
    bound = "at least " if alerts.at_least else ""
    whole = f"Alerts of this range that nobody has looked at: {bound}{' and '.join(parts)}."
    return Banner(whole, "bad" if alerts.critical else "warn", link("suggestions", scope, "alerts"), "Look at them")


def _unpriced_banner(models: list[UnpricedModel], scope: Scope) -> Banner:
    named = ", ".join(f"{one.model or '(not known)'} ({count(one.responses)})" for one in models[:_NAMED])
    more = f" and {counted(len(models) - _NAMED, 'more model')}" if len(models) > _NAMED else ""
    responses = counted(sum(one.responses for one in models), "response")
    text = f"{responses} without a known price: costs are lower bounds. By model: {named}{more}."
    return Banner(text, "warn", link("models", scope, "unpriced"), "What they used")
