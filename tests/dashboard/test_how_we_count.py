"""How we count: every rule has an address, and every address that a page links to is there."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from tachograph.analysis.detectors import load_detectors
from tachograph.analysis.kpis import load_kpis
from tachograph.app.cost import query_totals
from tachograph.app.dashboard.counting_rules import alert_rules, counting_rules, detector_rules, kpi_rules
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.page import Page, load_pages
from tachograph.app.dashboard.pages.how_we_count import PAGE
from tachograph.app.scope import Scope
from tachograph.learning.alerts import load_rules
from tachograph.report.view import Block, Cards, Chart, Code, Facts, Grid, Note, Section, View
from tests.dashboard.walking import walk

ROOT = Path(__file__).parent.parent.parent
AGREED = {
    "spend", "tokens", "cache", "sessions", "active-time", "retries", "waste", "verdicts", "tools", "kpis", "baselines",
    "alerts", "trials", "budgets", "unpriced", "lower-bounds", "what-if", "savings", "trajectory",
}  # fmt: skip
"""Anchors that the other pages were promised."""


def view_of(desk: Desk, scope: Scope) -> View:
    view: View = PAGE.show(PAGE.gather(desk, scope, {}), scope, {})
    return view


def anchors(view: View) -> list[str]:
    return [block.id for block in walk(view.blocks) if isinstance(block, Section | Grid | Chart) and block.id]


def hows(blocks: list[Block]) -> Iterator[str]:
    for block in walk(blocks):
        if isinstance(block, Cards):
            yield from (card.how for card in block.items if card.how)
        elif isinstance(block, Grid | Chart | Section) and block.how:
            yield block.how


def made(page: Page, desk: Desk, scope: Scope) -> View:
    """A page as it first opens; those of one session or turn are about the dearest one."""
    own = {param.name: param.default for param in page.params if param.default}
    if any(param.name == "id" for param in page.params):
        [(id,)] = desk.connection.execute("SELECT id FROM roll.roots ORDER BY micro DESC LIMIT 1")
        own["id"] = id
    if any(param.name == "n" for param in page.params):
        own["n"] = "1"
    view: View = page.show(page.gather(desk, scope, own), scope, own)
    return view


@pytest.mark.parametrize("slug", sorted(load_pages()))
def test_every_anchor_that_a_page_links_to_is_there(desk: Desk, scope: Scope, slug: str) -> None:
    view = made(load_pages()[slug], desk, scope)
    assert set(hows(view.blocks)) <= set(anchors(view_of(desk, scope)))


@pytest.mark.parametrize("slug", sorted(load_pages()))
def test_every_id_is_there_once(desk: Desk, scope: Scope, slug: str) -> None:
    found = Counter(anchors(made(load_pages()[slug], desk, scope)))
    assert [name for name, number in found.items() if number > 1] == []


def test_the_anchors_that_were_promised(desk: Desk, scope: Scope) -> None:
    found = anchors(view_of(desk, scope))
    assert set(found) >= AGREED | {f"kpi-{name}" for name in load_kpis()} | {
        f"detector-{name}" for name in load_detectors()
    }


def test_every_detector_kpi_and_rule_is_told_in_its_own_words(desk: Desk, scope: Scope) -> None:
    data = PAGE.gather(desk, scope, {})
    assert [(one.name, one.title) for one in data.detectors] == [
        (one.name, one.title) for one in load_detectors().values()
    ]
    for one in data.detectors:
        told = " ".join(" ".join(one.text).split())
        assert told == " ".join(load_detectors()[one.name].doc.replace("`", "").split())
    for kpi in data.kpis:
        assert kpi.formula == load_kpis()[kpi.name].formula.replace("`", "")
        assert (kpi.target, kpi.warning, kpi.critical) == (
            load_kpis()[kpi.name].target, load_kpis()[kpi.name].warning, load_kpis()[kpi.name].critical,
        )  # fmt: skip
    assert {one.id for one in data.alert_rules} == {one.id for one in load_rules().rules}


def test_alert_rules_in_words() -> None:
    told = {one.id: one.when for one in alert_rules()}
    assert told["error_rate_high"] == "error_rate: worse than its critical bound"
    assert told["much_worse"] == "any KPI: more than 2 standard deviations on the bad side of its baseline"
    assert told["three_in_a_row"] == "any KPI: 3 sessions in a row, all more than 1 standard deviations off"
    assert told["incomplete_data"] == "of an agent's last 30 sessions, more than 20 % lack data of a KPI that applies"


def test_thresholds_stand_in_the_texts() -> None:
    texts = {one.id: " ".join(one.text) for one in counting_rules("Europe/Berlin")}
    assert "Europe/Berlin" in texts["zones"]
    assert "It takes 10 other sessions" in texts["verdicts"]
    assert "Evidence of 20" in texts["trials"]
    assert "from 80 % on" in texts["budgets"]
    assert "newest session weighs 0.2, from 5 sessions on" in texts["baselines"]
    assert not [text for text in texts.values() if "{" in text or "}" in text]


def test_every_page_of_the_documentation_is_there() -> None:
    assert [one.docs for one in counting_rules("UTC") if not (ROOT / one.docs).is_file()] == []


def test_each_rule_has_one_row() -> None:
    text = resources.files("tachograph.app.dashboard").joinpath("counting_rules.toml").read_text("utf-8")
    ids = [row["id"] for row in tomllib.loads(text)["rule"]]
    assert len(ids) == len(set(ids)) >= len(AGREED)


def test_lists_in_docstrings_are_kept_apart() -> None:
    [one] = [one for one in detector_rules() if one.name == "cache_rebuild"]
    causes = [text for text in one.text if text.startswith("- ")]
    assert [text.split(":")[0] for text in causes] == [
        "- compaction", "- model_switch", "- idle", "- setup_change", "- unexplained",
    ]  # fmt: skip
    assert not [kpi for kpi in kpi_rules() if "`" in kpi.formula + kpi.domain_of_validity]


def test_what_the_rules_were_applied_to(desk: Desk, scope: Scope) -> None:
    data = PAGE.gather(desk, scope, {})
    totals = query_totals(desk.connection, scope.filter)
    assert (data.responses, data.unpriced_responses, data.unreliable_responses) == (
        totals.responses, totals.unpriced_responses, totals.output_unreliable_responses,
    )  # fmt: skip
    assert data.price_data.startswith("genai-prices-")
    blocks = list(walk(view_of(desk, scope).blocks))
    assert [block.text for block in blocks if isinstance(block, Code)] == ["tacho cost --reconcile"]
    assert all(block.text for block in blocks if isinstance(block, Note))
    assert all(
        cell.value not in ("", None) for block in blocks if isinstance(block, Facts) for _, cell, _ in block.items
    )


def test_an_empty_history_has_rules_too(empty_desk: Desk, scope: Scope) -> None:
    assert set(anchors(view_of(empty_desk, scope))) >= AGREED


def test_each_detector_and_kpi_is_folded_under_its_rule(desk: Desk, scope: Scope) -> None:
    rules = [block for block in view_of(desk, scope).blocks if isinstance(block, Section)]
    folded = {one.id for rule in rules for one in rule.blocks if isinstance(one, Section) and one.folded}
    assert folded == {f"detector-{name}" for name in load_detectors()} | {f"kpi-{name}" for name in load_kpis()}
    assert not [rule.id for rule in rules if rule.folded]
