"""All that the page of models tells."""

from __future__ import annotations

from math import fsum

import msgspec

from tachograph.app.dashboard.desk import Desk, Params
from tachograph.app.dashboard.list_prices import ListPrice, ListPrices
from tachograph.app.dashboard.model_sums import AgentUse, ModelUse, total_kinds, total_models
from tachograph.app.dashboard.spend_chart import SpendOverTime, spend_over_time
from tachograph.app.dashboard.time_axis import history_begin, make_axis
from tachograph.app.dashboard.what_if import CacheSaving, WhatIf, compare_price, find_savings
from tachograph.app.rollups.cubes import UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope
from tachograph.errors import UsageError
from tachograph.report.sanitise import harmless


class ModelsData(msgspec.Struct, frozen=True):
    """Spend is dated by response. USD are API-equivalent list prices; estimates are called so."""

    usd: float | None
    """All models together; null: nothing is priced."""
    unpriced_responses: int
    """Above 0: ``usd`` is a lower bound."""
    unreliable_responses: int
    """Responses whose output is a lower bound."""
    models: list[ModelUse]
    """The dearest first."""
    kinds: list[AgentUse]
    """Main sessions, subagents."""
    over_time: SpendOverTime
    savings: list[CacheSaving]
    """Estimates, one for each model that used a cache."""
    saved_usd: float | None
    """Estimate: sum over the models whose price is known; null: there is none."""
    prices: list[ListPrice]
    """What the models cost at the end of the range."""
    choices: list[str]
    """Models that ``at`` may name: used ones and some current ones."""
    what_if: WhatIf | None
    """Null without ``at``."""


def gather_models(desk: Desk, scope: Scope, params: Params) -> ModelsData:
    """See :class:`ModelsData`. Raises UsageError when ``at`` is no model with a known price."""
    models = total_models(desk, scope)
    until = scope.filter.until
    settings = desk.workspace.settings
    held = ListPrices(desk.connection, settings, min(desk.now_ms, until - 1) if until is not None else desk.now_ms)
    prices = [held.find(one.model) for one in models]
    savings = find_savings(held, models)
    saved = [one.saved_usd for one in savings if one.saved_usd is not None]
    connection = desk.connection
    [(_, total)] = add_up(connection, UsageSums, scope)
    return ModelsData(
        usd=total.usd,
        unpriced_responses=total.unpriced,
        unreliable_responses=total.unreliable,
        models=models,
        kinds=total_kinds(desk, scope),
        over_time=spend_over_time(connection, scope, make_axis(scope, history_begin(connection))),
        savings=savings,
        saved_usd=fsum(saved) if saved else None,
        prices=[one for one in prices if one is not None],
        choices=held.choices,
        what_if=_what_if(desk, params.get("at", ""), models),
    )


def _what_if(desk: Desk, at: str, models: list[ModelUse]) -> WhatIf | None:
    if not at:
        return None
    prices = ListPrices(desk.connection, desk.workspace.settings, desk.now_ms)
    price = prices.find(at) if at in prices.choices else None
    if price is None:
        raise UsageError(
            f"{harmless(at)!r} is none of the models that can be compared with.", slug="unknown_model",
            hint="The page /models lists them by their full names; docs/prices.md says how to price one.",
        )  # fmt: skip
    return compare_price(price, models)
