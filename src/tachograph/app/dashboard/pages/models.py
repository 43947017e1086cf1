"""Models and cost: who used what, what the cache saved, and the same tokens at another price."""

from __future__ import annotations

import msgspec

from tachograph.app.dashboard.desk import Params
from tachograph.app.dashboard.links import change, link
from tachograph.app.dashboard.list_prices import KIND_TITLES
from tachograph.app.dashboard.model_report import ModelsData, gather_models
from tachograph.app.dashboard.model_sums import ModelUse
from tachograph.app.dashboard.page import Page, Param
from tachograph.app.dashboard.spend_chart import chart_spend
from tachograph.app.dashboard.what_if import WhatIf
from tachograph.app.scope import Scope
from tachograph.report.units import counted, tokens
from tachograph.report.view import (
    Block,
    Card,
    Cards,
    Cell,
    Choice,
    Code,
    Column,
    Empty,
    Field,
    Filters,
    Grid,
    Note,
    Section,
    View,
)  # fmt: skip

_NOT_KNOWN = "(not known)"


def show(data: ModelsData, scope: Scope, params: Params) -> View:
    """The page."""
    lead = "API-equivalent list prices in US dollars, dated by response."
    if not data.models:
        return View("Models and cost", [_nothing(scope)], lead)
    blocks: list[Block] = [
        _cards(data), chart_spend(data.over_time), *_show_models(data, scope), _show_kinds(data), _show_savings(data),
        _show_what_if(data, scope, params), *_show_unpriced(data), _show_prices(data),
    ]  # fmt: skip
    return View("Models and cost", blocks, lead)


def _nothing(scope: Scope) -> Empty:
    if scope.range == "all" and scope.project is None and scope.agent is None:
        return Empty("No model has answered yet.", "tacho ingest")
    return Empty("No model answered in this range.", href=link("models", range="all"), link="The whole history")


def _cards(data: ModelsData) -> Cards:
    least = bool(data.unpriced_responses)
    dearest = data.models[0]
    return Cards(
        [
            Card("Spend", Cell(data.usd, at_least=least), "usd", how="spend"),
            Card("Models", Cell(len(data.models)), "count"),
            Card("Largest share", Cell(dearest.share, note=_name(dearest.model)), "percent", how="spend"),
            Card("Saved by caching", Cell(data.saved_usd, about=True), "usd", how="savings"),
            Card(
                "Unpriced responses", Cell(data.unpriced_responses, tone="warn" if least else ""), "count",
                how="unpriced",
            ),
        ]
    )  # fmt: skip


def _name(model: str) -> str:
    return model or _NOT_KNOWN


def _show_models(data: ModelsData, scope: Scope) -> list[Block]:
    columns = [
        Column("model", "Model", wide=True),
        Column("usd", "Spend", "usd"),
        Column("share", "Share", "percent"),
        Column("usd_per_session", "Cost per session", "usd", "Mean of the sessions of which it used most tokens"),
        Column("sessions", "Sessions", "count", "Sessions of which it used most tokens", low=True),
        Column("responses", "Responses", "count", low=True),
        Column("tokens", "Tokens", "tokens", low=True),
        Column("subagent_usd", "By subagents", "usd", "The part of the spend that subagents caused", low=True),
    ]
    remark = "A session belongs to the model that used most of its tokens; its cost is that of all its models."
    models = Grid("models", "Models", columns, [_model_row(one, scope) for one in data.models], remark, how="spend")
    return [models, _show_tokens(data)]


def _model_row(one: ModelUse, scope: Scope) -> list[Cell]:
    part = bool(one.unpriced_sessions or one.logs_missing)
    mean = Cell(one.usd_per_session, at_least=part and one.usd_per_session is not None)
    below = Cell(one.subagent_usd, at_least=bool(one.subagent_unpriced_responses) and one.subagent_usd is not None)
    return [
        Cell(_name(one.model), href=link("sessions", scope, model=one.model) if one.model else ""),
        Cell(one.usd, at_least=bool(one.unpriced_responses) and one.usd is not None),
        Cell(one.share),
        mean if one.sessions else Cell(""),
        Cell(one.sessions),
        Cell(one.responses),
        Cell(one.tokens.total, at_least=bool(one.unreliable_responses)),
        below if one.subagent_tokens else Cell(0.0),
    ]


def _show_tokens(data: ModelsData) -> Grid:
    columns = [Column("model", "Model", wide=True)]
    columns += [
        Column(kind, title.capitalize(), "tokens", low=kind.startswith("cache_write"))
        for kind, title in KIND_TITLES.items()
    ]
    rows = [
        [
            Cell(_name(one.model)), *(Cell(getattr(one.tokens, kind)) for kind in list(KIND_TITLES)[:-1]),
            Cell(one.tokens.output, at_least=bool(one.unreliable_responses)),
        ]
        for one in data.models
    ]  # fmt: skip
    about = "Input is what no cache had."
    if data.unreliable_responses:
        few = counted(data.unreliable_responses, "response")
        about += f" The output of {few} is a lower bound: the log never got the final count."
    return Grid("tokens", "Tokens by kind", columns, rows, about, how="tokens")


def _show_kinds(data: ModelsData) -> Grid:
    titles = {"main": "main sessions", "subagent": "subagents"}
    columns = [
        Column("kind", "Who"), Column("usd", "Spend", "usd"), Column("share", "Share", "percent"),
        Column("responses", "Responses", "count", low=True), Column("tokens", "Tokens", "tokens"),
        Column("output", "Output", "tokens", low=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(titles.get(one.kind, one.kind)),
            Cell(one.usd, at_least=bool(one.unpriced_responses) and one.usd is not None), Cell(one.share),
            Cell(one.responses), Cell(one.tokens.total, at_least=bool(one.unreliable_responses)),
            Cell(one.tokens.output, at_least=bool(one.unreliable_responses)),
        ]
        for one in data.kinds
    ]  # fmt: skip
    return Grid("kinds", "Main sessions and subagents", columns, rows, how="spend")


def _show_savings(data: ModelsData) -> Block:
    columns = [
        Column("model", "Model", wide=True),
        Column("saved_usd", "Saved", "usd", "Spared by reads, less the premium of writes"),
        Column("spared_usd", "Spared by reads", "usd", "Cache reads at the price of input, less what they cost"),
        Column(
            "premium_usd", "Premium of writes", "usd", "Cache writes, less what they would have cost as input", low=True
        ),
        Column("read_tokens", "Read", "tokens", low=True),
        Column("written_tokens", "Written", "tokens", low=True),
    ]
    rows = [
        [
            Cell(_name(one.model)),
            Cell(one.saved_usd, about=True, tone="bad" if (one.saved_usd or 0.0) < 0 else ""),
            Cell(one.spared_usd, about=True), Cell(one.premium_usd, about=True),
            Cell(one.read_tokens), Cell(one.written_tokens),
        ]
        for one in data.savings
    ]  # fmt: skip
    about = (
        "Estimates: what all cached tokens would have cost as plain input, at the list price of the range's last day,"
        " standard speed. Prices of long prompts are left out: they cannot be told from sums."
    )
    empty = "No model read or wrote a cache."
    return Grid("savings", "What the cache saved", columns, rows, about, empty=empty, how="savings")


def _show_what_if(data: ModelsData, scope: Scope, params: Params) -> Section:
    chosen = params.get("at", "")
    choices = [Choice("", "choose a model"), *(Choice(name, name) for name in data.choices)]
    form = Filters([Field("at", "Price of", chosen, choices)], link("models"), dict(scope.query))
    blocks: list[Block] = [form]
    if data.what_if is None:
        blocks.append(Note("Choose a model to see what the same tokens would cost at its list price of today.", "dim"))
    else:
        blocks += _compare(data.what_if)
        blocks.append(Note("", href=change("models", scope, params, at=None), link="Without comparison"))
    return Section("The same tokens at another price", blocks, "what-if", how="what-if")


def _compare(found: WhatIf) -> list[Block]:
    name = found.price.model
    difference = None if found.usd is None or found.other_usd is None else found.other_usd - found.usd
    was = Cell(found.usd, at_least=found.is_lower_bound and found.usd is not None)
    cards = Cards(
        [
            Card("As it was", was, "usd", how="spend"),
            Card(f"At {name}", Cell(found.other_usd, about=True), "usd", how="what-if"),
            Card(
                "Difference",
                Cell(difference, about=True),
                "usd", how="what-if",
            ),
        ]
    )  # fmt: skip
    kinds = Grid(
        "what-if-kinds", f"By kind of token, at {name}",
        [Column("kind", "Kind"), Column("tokens", "Tokens", "tokens"),
         Column("usd_per_million", "Per million", "usd"), Column("usd", "Cost", "usd")],
        [[Cell(KIND_TITLES[one.kind]), Cell(one.tokens), Cell(one.usd_per_million), Cell(one.usd, about=True)]
         for one in found.kinds],
    )  # fmt: skip
    models = Grid(
        "what-if-models", f"By model, at {name}",
        [Column("model", "Model", wide=True), Column("tokens", "Tokens", "tokens"),
         Column("usd", "As it was", "usd"), Column("other_usd", f"At {name}", "usd")],
        [[Cell(_name(one.model)), Cell(one.tokens),
          Cell(one.usd, at_least=one.is_lower_bound and one.usd is not None), Cell(one.other_usd, about=True)]
         for one in found.models],
    )  # fmt: skip
    return [cards, Note(" ".join(_caveats(found))), kinds, models]


def _caveats(found: WhatIf) -> list[str]:
    said = [
        "An estimate: another model would have used other numbers of tokens for the same work.",
        "List price of today, standard speed.",
    ]
    if found.price.as_input:
        kinds = ", ".join(KIND_TITLES[kind] for kind in found.price.as_input)
        said.append(f"Priced like input, for want of a price of their own: {kinds}.")
    if found.price.dearer_above is not None:
        said.append(f"Prompts above {tokens(found.price.dearer_above)} tokens cost more than is shown here.")
    if found.web_searches and not found.searches_priced:
        said.append(f"{counted(found.web_searches, 'web search')[:-1]}es are left out: it has no price for them.")
    if found.is_lower_bound:
        said.append("Some responses of the models marked ≥ are unpriced: their tokens are in the second amount alone.")
    if found.left_out:
        said.append(f"Unpriced, and in neither amount: {', '.join(map(_name, found.left_out))}.")
    return said


def _show_unpriced(data: ModelsData) -> list[Block]:
    found = [one for one in data.models if one.unpriced_responses]
    if not found:
        return []
    columns = [
        Column("model", "Model", wide=True), Column("unpriced", "Unpriced responses", "count"),
        Column("responses", "All responses", "count"), Column("tokens", "Tokens of all", "tokens", low=True),
    ]  # fmt: skip
    rows = [
        [Cell(_name(one.model)), Cell(one.unpriced_responses), Cell(one.responses), Cell(one.tokens.total)]
        for one in found
    ]
    text = (
        "No list price is known for these, so they are in no amount: sums are lower bounds. Fast mode of a model whose"
        " fast price is not known is unpriced, too. A section in config.toml gives a model its price, in US dollars per"
        " million tokens; docs/prices.md says more. The next tacho ingest prices what is stored."
    )
    name = next((one.model for one in found if one.model), "my-model")
    return [
        Section(
            "Unpriced",
            [
                Grid("unpriced-models", "Models without a price", columns, rows), Note(text),
                Code(_section(name), "In config.toml, with the real prices"),
            ],
            "unpriced", how="unpriced",
        )
    ]  # fmt: skip


def _section(model: str) -> str:
    quoted = msgspec.json.encode(model).decode()  # a basic string of TOML is written as one of JSON
    return (
        f"[prices.{quoted}]\ninput = 1.25\noutput = 10\ncache_read = 0.125\ncache_write_5m = 1.25\ncache_write_1h = 2.5"
    )


def _show_prices(data: ModelsData) -> Grid:
    columns = [
        Column("model", "Model", wide=True), Column("provider", "Price list", low=True),
        *(Column(kind, title.capitalize(), "usd") for kind, title in KIND_TITLES.items()),
        Column("dearer_above", "Dearer above", "tokens", "Prompts of more tokens have a higher price", low=True),
    ]  # fmt: skip
    rows = [
        [
            Cell(_name(one.model)), Cell(one.provider or "your own"),
            *(Cell(getattr(one, kind)) for kind in KIND_TITLES),
            Cell(one.dearer_above if one.dearer_above is not None else ""),
        ]
        for one in data.prices
    ]  # fmt: skip
    about = "US dollars per million tokens at the end of the range, standard speed. Fast mode has prices of its own."
    return Grid("prices", "List prices", columns, rows, about, empty="No price is known.", folded=True, how="spend")


PAGE = Page(
    "models", "Models and cost", gather_models, show,
    "Tokens and spend by model, what the cache saved, and the same tokens at another model's price.", order=6,
    params=(Param("at", "Model whose price the same tokens are to be given; empty: no comparison."),),
)  # fmt: skip
