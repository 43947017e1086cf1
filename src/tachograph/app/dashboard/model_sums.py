"""What each model used and cost."""

from __future__ import annotations

import msgspec

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.list_prices import TokenKinds
from tachograph.app.rollups.cubes import CostSums, UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import Scope


class ModelUse(msgspec.Struct, frozen=True):
    """What one model used and cost, dated by response."""

    model: str
    responses: int
    tokens: TokenKinds
    web_searches: int
    usd: float | None
    """API-equivalent cost; null: nothing of it is priced."""
    unpriced_responses: int
    """Above 0: ``usd`` is a lower bound."""
    unreliable_responses: int
    """Responses whose output is a lower bound."""
    share: float | None
    """Of all that was spent, 0 to 1."""
    subagent_tokens: int
    """The part that subagents used."""
    subagent_usd: float | None
    """Null: nothing of it is priced, or subagents did not use it."""
    subagent_unpriced_responses: int
    """Above 0: ``subagent_usd`` is a lower bound."""
    sessions: int
    """Sessions that began within the range and in which it used most of the tokens, subagents folded in."""
    usd_per_session: float | None
    """What those sessions cost in the mean, their other models included; null: none of them is priced."""
    unpriced_sessions: int
    """Those among them with an unpriced response: above 0, the mean is a lower bound."""
    logs_missing: int
    """Those among them of which only subagents have left logs: above 0, the mean is a lower bound."""


class AgentUse(msgspec.Struct, frozen=True):
    """What main sessions, or subagents, used and cost, dated by response."""

    kind: str
    """main or subagent."""
    responses: int
    tokens: TokenKinds
    usd: float | None
    unpriced_responses: int
    unreliable_responses: int
    """Responses whose output is a lower bound."""
    share: float | None
    """Of all that was spent, 0 to 1."""


def total_kinds(desk: Desk, scope: Scope) -> list[AgentUse]:
    """Main sessions, then subagents; what did nothing is not there."""
    held = {str(kind): sums for (kind,), sums in add_up(desk.connection, UsageSums, scope, by=("kind",))}
    spent = sum(one.pico or 0 for one in held.values())
    return [
        AgentUse(
            kind, one.responses, TokenKinds.of(one), one.usd, one.unpriced, one.unreliable, _share(one.pico, spent)
        )
        for kind, one in sorted(held.items())
    ]


def total_models(desk: Desk, scope: Scope) -> list[ModelUse]:
    """Every model of ``scope``, the dearest first."""
    held: dict[str, dict[str, UsageSums]] = {}
    for (model, kind), sums in add_up(desk.connection, UsageSums, scope, by=("model", "kind")):
        held.setdefault(str(model), {})[str(kind)] = sums
    spent = sum(one.pico or 0 for kinds in held.values() for one in kinds.values())
    leading = {str(model): sums for (model,), sums in add_up(desk.connection, CostSums, scope, by=("model",))}
    found = [_use(model, kinds, spent, leading.get(model, CostSums())) for model, kinds in held.items()]
    return sorted(found, key=lambda one: (-(one.usd or 0.0), -one.tokens.total, one.model))


def _use(model: str, kinds: dict[str, UsageSums], spent: int, leading: CostSums) -> ModelUse:
    total = UsageSums(*map(sum, zip(*(msgspec.structs.astuple(one) for one in kinds.values()), strict=True)))
    below = kinds.get("subagent", UsageSums())
    return ModelUse(
        model=model, responses=total.responses, tokens=TokenKinds.of(total), web_searches=total.web_searches,
        usd=total.usd, unpriced_responses=total.unpriced, unreliable_responses=total.unreliable,
        share=_share(total.pico, spent),
        subagent_tokens=below.tokens, subagent_usd=below.usd,
        subagent_unpriced_responses=below.unpriced, sessions=leading.sessions,
        usd_per_session=leading.mean, unpriced_sessions=leading.unpriced, logs_missing=leading.logs_missing,
    )  # fmt: skip


def _share(part: int | None, whole: int) -> float | None:
    return part / whole if part is not None and whole else None
