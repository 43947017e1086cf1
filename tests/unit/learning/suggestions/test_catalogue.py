"""What a row of the catalogue must be, and what the rows that come with the program are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tachograph.analysis.detectors import load_detectors
from tachograph.analysis.kpis import load_kpis
from tachograph.learning.suggestions import WasteSum, find_offers, load_catalogue, render
from tachograph.learning.suggestions.catalogue import DetectorCondition, KpiCondition, parse_catalogue
from tachograph.learning.suggestions.guidance import MOST_CHARS
from tests.unit.learning.suggestions.building import NOW, row

ROW = """
[[suggestion]]
id = "fewer_calls"
title = "Fewer calls"
priority = "LOW"
category = "test"
kpi = "error_rate"
direction = "decrease"
when = { kpi = "error_rate", worse_than = 0.2 }
impact = "Less."
implementation = "Nothing."
guidance = "{value:percent} of calls failed (n = {sessions:int}); guide value {bound:percent}."
"""
SUGGESTIONS = load_catalogue()


def test_a_row_more_is_a_suggestion_more() -> None:
    catalogue = parse_catalogue(ROW)
    assert list(catalogue) == ["fewer_calls"]
    offers = find_offers(row([0.3, 0.5, 0.4], "error_rate"), [], catalogue, load_kpis(), NOW)
    assert [render(catalogue[offer.suggestion], offer.numbers) for offer in offers] == [
        "40 % of calls failed (n = 3); guide value 20 %."
    ]


def test_the_catalogue_of_another_package_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "other_catalogue"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "catalogue.toml").write_text(ROW)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert list(load_catalogue("other_catalogue")) == ["fewer_calls"]


BAD_ROWS: dict[str, tuple[str, str, str]] = {
    "an unknown slot": ("{value:percent}", "{share:percent}", "unknown slot 'share'"),
    "a slot of another condition": ("{value:percent}", "{findings:int}", "unknown slot 'findings'"),
    "a slot for text": ("{value:percent}", "{value:text}", "slot of the type 'text'"),
    "a slot without a type": ("{value:percent}", "{value}", "a brace that is no slot"),
    "a slot by number": ("{value:percent}", "{0:percent}", "a brace that is no slot"),
    "an attribute": ("{value:percent}", "{value.__class__:int}", "a brace that is no slot"),
    "an index": ("{value:percent}", "{value[0]:int}", "a brace that is no slot"),
    "a conversion": ("{value:percent}", "{value!r:int}", "a brace that is no slot"),
    "a slot within a slot": ("{value:percent}", "{value:{bound:int}}", "a brace that is no slot"),
    "doubled braces": ("{value:percent}", "{{value:percent}}", "a brace that is no slot"),
    "an open brace": ("{value:percent}", "{value:percent", "a brace that is no slot"),
    "no slot at all": (
        "{value:percent} of calls failed (n = {sessions:int}); guide value {bound:percent}.", "Hm.", "no slot",
    ),
    "a line feed": ("of calls", "of\\ncalls", "one line of plain ASCII"),
    "an escape sequence": ("of calls", "of\\u001b[31mcalls", "one line of plain ASCII"),
    "a mark of a comment": ("of calls", "of --> calls", "one line of plain ASCII"),
    "another script": ("of calls", "of \\u202ecalls", "one line of plain ASCII"),
    "too long a text": ("of calls", "of calls" + " and more" * 30, "characters: 300 are allowed"),
    "no condition": ('{ kpi = "error_rate", worse_than = 0.2 }', "{}", "its condition has one of"),
    "two conditions": ("worse_than = 0.2 }", 'worse_than = 0.2, detector = "heavy_result" }', "has one of"),
    "a condition of another kind": ("worse_than = 0.2 }", "min_findings = 2 }", "min_findings"),
    "a bound that is none": ("worse_than = 0.2 }", 'worse_than = "awful" }', "awful"),
    "a bound that is no number": ("worse_than = 0.2 }", "worse_than = nan }", "finite"),
    "a limit that is no number": (
        'kpi = "error_rate", worse_than = 0.2 }', 'detector = "heavy_result", min_usd_per_week = inf }', "finite",
    ),
    "a saving that cannot be told": ('category = "test"', 'category = "test"\nsaving = "findings"', "cannot be told"),
    "an unknown priority": ('"LOW"', '"URGENT"', "URGENT"),
    "an unknown field": ('category = "test"', 'category = "test"\nsound = "beep"', "sound"),
    "a missing field": ('impact = "Less."\n', "", "impact"),
    "an odd id": ('"fewer_calls"', '"../fewer"', "no id"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_wrong_row_is_refused_when_the_table_is_loaded(name: str) -> None:
    old, new, reason = BAD_ROWS[name]
    assert old in ROW
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse_catalogue(ROW.replace(old, new, 1))


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (ROW + ROW, "two suggestions 'fewer_calls'"),
        ("[[suggestion", "Expected"),
        ("[[hint]]\nid = 1", "unknown field `hint`"),
    ],
)
def test_a_wrong_table_is_refused(table: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse_catalogue(table)


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ({"value": 0.3, "sessions": 3.0}, "no number for 'bound'"),
        ({"value": float("nan"), "sessions": 3.0, "bound": 0.2}, "none to be told: nan"),
        ({"value": float("inf"), "sessions": 3.0, "bound": 0.2}, "none to be told: inf"),
        ({"value": -0.3, "sessions": 3.0, "bound": 0.2}, "none to be told: -0.3"),
        ({"value": 1e13, "sessions": 3.0, "bound": 0.2}, "none to be told: 1"),
        ({"value": "0.3", "sessions": 3.0, "bound": 0.2}, "no number"),
        ({"value": True, "sessions": 3.0, "bound": 0.2}, "no number"),
    ],
)
def test_what_is_no_number_is_not_told(numbers: dict[str, float], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        render(parse_catalogue(ROW)["fewer_calls"], numbers)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("int", 1234.4, "1,234"),
        ("number", 1.7333, "1.73"),
        ("number", 2.0, "2"),
        ("number", 1234.5, "1,234"),
        ("percent", 0.0, "0 %"),
        ("percent", 0.001, "0.1 %"),
        ("percent", 0.0467, "4.7 %"),
        ("percent", 0.333, "33 %"),
        ("percent", 1.0, "100 %"),
        ("usd", 0.0, "$0.00"),
        ("usd", 0.0042, "$0.0042"),
        ("usd", 12.345, "$12.35"),
        ("usd", 12345.6, "$12,346"),
        ("tokens", 812, "812"),
        ("tokens", 45_678, "45.7k"),
        ("tokens", 999_999, "1,000k"),
        ("tokens", 4_560_000, "4.56M"),
        ("tokens", 7.89e9, "7.89G"),
    ],
)
def test_numbers_are_written_by_their_type(kind: str, value: float, text: str) -> None:
    catalogue = parse_catalogue(re.sub(r"guidance = .*", f'guidance = "It was {{value:{kind}}} here."', ROW))
    assert render(catalogue["fewer_calls"], {"value": value}) == f"It was {text} here."


# --------------------------------------------------------------------------------- the rows that come with it


def test_there_are_the_plans_six_one_for_each_detector_and_model_choice() -> None:
    about = [one.when for one in SUGGESTIONS.values()]
    assert [when.kpi for when in about if isinstance(when, KpiCondition)] == [
        "token_efficiency", "tool_overhead_ratio", "document_coverage", "task_completion_rate", "active_time_ratio",
        "cache_efficiency",
    ]  # fmt: skip
    detectors = [when.detector for when in about if isinstance(when, DetectorCondition)]
    assert sorted(detectors) == sorted(load_detectors())
    assert len(SUGGESTIONS) == 6 + len(detectors) + 1
    assert "model_choice" in SUGGESTIONS


@pytest.mark.parametrize("name", SUGGESTIONS)
def test_a_row_names_kpis_and_thresholds_that_there_are(name: str) -> None:
    one, kpis = SUGGESTIONS[name], load_kpis()
    assert kpis[one.kpi].better == ("up" if one.direction == "increase" else "down")
    if isinstance(one.when, KpiCondition):
        assert one.when.kpi == one.kpi
        bound = one.when.worse_than
        assert isinstance(bound, float) or getattr(kpis[one.kpi], bound) is not None


ORDERS = re.compile(
    r"\b(must|should|always|never|ignore|do not|don't|you|your|please|make sure|ensure|stop)\b|(?:^|[.:;!] )"
    r"(Use|Run|Create|Read|Write|Call|Avoid|Keep|Mark|Close|End|Start|Check|Look|Ask|Try|Switch|Choose)\b(?! \w+s\b)"
)


@pytest.mark.parametrize("name", SUGGESTIONS)
def test_guidance_states_facts_and_offers_and_gives_no_orders(name: str) -> None:
    assert ORDERS.findall(SUGGESTIONS[name].guidance) == []


def test_orders_are_noticed() -> None:
    assert ORDERS.search("Tasks were many. Create them at once.")
    assert ORDERS.search("You should batch.")


@pytest.mark.parametrize("name", SUGGESTIONS)
def test_the_longest_text_is_short(name: str) -> None:
    slots = re.findall(r"\{(\w+):\w+\}", SUGGESTIONS[name].guidance)
    assert len(render(SUGGESTIONS[name], dict.fromkeys(slots, 123_456.7))) <= MOST_CHARS


def test_every_detectors_suggestion_is_offered_for_its_waste() -> None:
    waste = [WasteSum(name, "main", 40.0, 10, 6, 4.0) for name in load_detectors()]
    offers = find_offers([], waste, SUGGESTIONS, load_kpis(), NOW)
    assert sorted(SUGGESTIONS[offer.suggestion].when.detector for offer in offers) == sorted(load_detectors())  # type: ignore[union-attr]
    assert all("in 4 weeks" in render(SUGGESTIONS[o.suggestion], o.numbers).lower() for o in offers)
