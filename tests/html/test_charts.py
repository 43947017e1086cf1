"""Charts: geometry to the unit, names, patterns, gaps."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest

from tachograph.report.html.charts import draw_chart, has_values, list_entries
from tachograph.report.html.charts.legend import dash
from tachograph.report.html.charts.markup import HEIGHT, hatch
from tachograph.report.html.charts.scale import bounds, labelled, places, short_label, tick_label, ticks
from tachograph.report.view import Chart, Mark, Series

from .tree import Node, parse

DAYS = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]


def chart(kind="stacked", series=None, axis=None, **more) -> Chart:
    axis = DAYS if axis is None else axis
    series = [Series("a", [1.0, 2.0, 3.0, 4.0])] if series is None else series
    return Chart("spend", "Spend per day", "US dollars.", kind, axis, series, more.pop("unit", "usd"), **more)


def draw(one: Chart) -> Node:
    return parse(draw_chart(one)).one("svg", "chart")


def heights(svg: Node) -> list[float]:
    return [float(piece["height"]) for piece in svg.all("rect", "piece")]


# ------------------------------------------------------------------------------------------------------- axis


@pytest.mark.parametrize(
    ("low", "high", "unit", "expected"),
    [
        (0, 10, "usd", [0, 5, 10]),
        (0, 17.3, "usd", [0, 5, 10, 15, 20]),
        (0, 0.42, "usd", [0, 0.2, 0.4, 0.6]),
        (0, 1, "percent", [0, 0.5, 1]),
        (0, 0.8, "percent", [0, 0.2, 0.4, 0.6, 0.8]),
        (0, 3, "count", [0, 1, 2, 3]),
        (0, 1, "count", [0, 1]),
        (0, 48_300, "tokens", [0, 20_000, 40_000, 60_000]),
        (0, 200, "seconds", [0, 60, 120, 180, 240]),
        (0, 9000, "seconds", [0, 3600, 7200, 10_800]),
        (-3, 5, "number", [-4, -2, 0, 2, 4, 6]),
        (0, 0, "usd", [0, 0.5, 1]),
        (7, 7, "count", [6, 8, 10, 12, 14]),
    ],
)
def test_ticks_are_round_and_hold_all_values(low, high, unit, expected):
    assert ticks(low, high, unit) == expected


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "usd", "$0"),
        (5, "usd", "$5"),
        (0.5, "usd", "$0.5"),
        (0.002, "usd", "$0.002"),
        (2000, "usd", "$2k"),
        (-5, "usd", "−$5"),
        (0.25, "percent", "25 %"),
        (0.125, "percent", "12.5 %"),
        (0, "tokens", "0"),
        (10_000, "tokens", "10k"),
        (1_500_000, "tokens", "1.5M"),
        (100, "count", "100"),
        (2000, "count", "2,000"),
        (20_000, "count", "20k"),
        (120, "seconds", "2m"),
        (90, "seconds", "1m 30s"),
        (7200, "seconds", "2h"),
        (5, "seconds", "5s"),
        (0.5, "seconds", "0.5s"),
        (172_800, "seconds", "2d"),
        (0.2, "number", "0.2"),
    ],
)
def test_numbers_on_an_axis_are_short(value, unit, text):
    assert tick_label(value, unit) == text


def test_lines_near_each_other_far_from_zero_get_an_axis_of_their_own():
    assert bounds([0.92, 0.97], "percent", from_zero=False) == [0.92, 0.94, 0.96, 0.98]
    assert bounds([0.5, 0.97], "percent", from_zero=False)[0] == 0
    assert bounds([0.92, 0.97], "percent", from_zero=True)[0] == 0
    assert (bounds([0.95], "percent", from_zero=False)[0], bounds([0.95], "percent", from_zero=False)[-1]) == (0, 1)


@pytest.mark.parametrize(
    ("label", "short"),
    [
        ("2026-11-01", "1 Nov"),
        ("2026-11", "Nov 2026"),
        ("2026-13-45", "2026-13-45"),
        ("reviewer", "reviewer"),
        ("a label that is too long", "a label that…"),
    ],
)
def test_labels_are_short(label, short):
    assert short_label(label) == short


def test_labels_keep_their_distance():
    assert labelled([0, 5, 9, 10, 19, 20, 100]) == [0, 3, 5, 6]
    assert labelled([0, 10, 20, 30], longest=12) == [0, 2]


# ------------------------------------------------------------------------------------------------------ stacked


def test_bars_are_as_high_as_their_values():
    svg = draw(chart())
    # the axis ends at 4: one dollar is a quarter of the height
    assert heights(svg) == [HEIGHT / 4, HEIGHT / 2, HEIGHT * 3 / 4, HEIGHT]
    assert [float(piece["y"]) for piece in svg.all("rect", "piece")] == [165, 110, 55, 0]
    assert [text.text for text in svg.all("text", "y")] == ["$0", "$1", "$2", "$3", "$4"]


def test_parts_stand_on_each_other():
    svg = draw(
        chart(series=[Series("a", [1.0, 0.0]), Series("b", [2.0, None]), Series("c", [1.0, 3.0])], axis=DAYS[:2])
    )
    pieces = [(float(one["y"]), float(one["height"])) for one in svg.all("rect", "piece")]
    assert pieces == [(165, 55), (55, 110), (0, 55), (55, 165)]
    assert svg.texts("title")[1:] == [
        "2026-11-01: a $1.00, b $2.00, c $1.00; together $4.00",
        "2026-11-02: c $3.00",
    ]


def test_bars_share_the_width_and_few_of_them_stay_slender():
    many = draw(chart(axis=[str(place) for place in range(10)], series=[Series("a", [1.0] * 10)]))
    assert [one["x"] for one in many.all("rect", "piece")][:2] == ["1%", "11%"]
    assert many.all("rect", "piece")[0]["width"] == "8%"
    single = draw(chart(axis=DAYS[:1], series=[Series("a", [1.0])]))
    assert single.one("rect", "piece")["width"] == "10%"


def test_every_part_has_a_pattern_of_its_own():
    svg = draw(chart(series=[Series(str(place), [1.0] * 4) for place in range(12)]))
    fills = [one["fill"] for one in svg.all("rect", "piece")[:12]]
    assert fills == [f"url(#spend-p{place})" for place in range(12)]
    assert [one["id"] for one in svg.all("pattern")] == [f"spend-p{place}" for place in range(12)]
    paths = ["".join(path["d"] for path in one.all("path")) for one in svg.all("pattern")]
    assert len(set(paths)) == 12
    assert paths == [hatch(place) for place in range(12)]
    assert len({one.all("rect")[0]["class"] for one in svg.all("pattern")}) == 12


def test_what_is_not_known_has_no_height_and_says_so():
    svg = draw(chart(series=[Series("a", [None, 2.0, math.nan, -1.0])]))
    assert heights(svg) == [HEIGHT]
    assert svg.texts("title")[1:] == [
        "2026-11-01: not known",
        "2026-11-02: a $2.00",
        "2026-11-03: not known",
        "2026-11-04: a −$1.00",
    ]


def test_bars_lead_to_their_days():
    svg = draw(chart(hrefs=["/sessions?from=1", "", "javascript:alert(1)", "/sessions?from=4"]))
    assert [one["href"] for one in svg.all("a")] == ["/sessions?from=1", "/sessions?from=4"]


# --------------------------------------------------------------------------------------------------- level bars


def test_level_bars_are_as_wide_as_their_share_of_the_largest():
    svg = draw(
        chart("bars", [Series("USD", [8.0, 2.0, 0.0, None])], ["w", "x", "y", "z"], hrefs=["/w", "/x", "/y", ""])
    )
    assert [one["width"] for one in svg.all("rect", "level")] == ["100%", "25%"]
    assert svg.texts("text", "value") == ["$8.00", "$2.00", "$0.00", "unpriced"]
    assert svg.texts("text", "name") == ["w", "x", "y", "z"]
    assert [one["href"] for one in svg.all("a")] == ["/w", "/x", "/y"]
    assert [one["y"] for one in svg.all("rect", "level")] == ["18", "56"]
    assert svg["height"] == "152"


def test_long_names_are_cut_and_told_at_pointing():
    svg = draw(chart("bars", [Series("USD", [8.0])], ["a_detector_with_" + 40 * "x"]))
    assert svg.texts("text", "name") == ["a_detector_with_" + 29 * "x" + "…"]
    assert svg.texts("title")[1] == f"a_detector_with_{40 * 'x'}: $8.00"


def test_level_bars_of_nothing_but_zero():
    svg = draw(chart("bars", [Series("USD", [0.0, 0.0])], ["x", "y"]))
    assert svg.all("rect", "level") == []
    assert svg.texts("text", "value") == ["$0.00", "$0.00"]


# -------------------------------------------------------------------------------------------------------- lines


def lines(values, **more) -> Node:
    axis = more.pop("axis", [str(place) for place in range(len(values))])
    return draw(chart("lines", [Series("a", values)], axis, unit="number", **more))


def test_a_line_goes_through_its_values():
    svg = lines([0.0, 2.0, 4.0])
    assert svg.one("path", "line")["d"] == "M0.0 220.0L500.0 110.0L1000.0 0.0"
    assert [(one["cx"], one["cy"]) for one in svg.all("circle")] == [("0%", "220"), ("50%", "110"), ("100%", "0")]


def test_a_value_that_is_not_known_is_a_gap():
    assert lines([0.0, 4.0, None, 4.0, 0.0]).one("path", "line")["d"] == ("M0.0 220.0L250.0 0.0M750.0 0.0L1000.0 220.0")


def test_steps_of_time_that_differ_lie_apart_as_they_are():
    one = chart("lines", [Series("a", [1.0, 2.0, 3.0])], ["x", "y", "z"], moments=[1000, 2000, 5000])
    assert places(one) == [0, 25, 100]
    assert places(chart("lines", [Series("a", [1.0] * 3)], ["x", "y", "z"])) == [0, 50, 100]
    assert places(chart("lines", [Series("a", [1.0])], ["x"])) == [50]
    assert places(chart("lines", [Series("a", [1.0, 2.0])], ["x", "y"], moments=[5, 5])) == [0, 100]


def test_a_single_value_is_a_point():
    svg = lines([3.0])
    assert [one["cx"] for one in svg.all("circle")] == ["50%"]


def test_of_many_values_only_those_without_neighbours_are_points():
    values = [1.0] * 30 + [None, 5.0, None] + [1.0] * 30
    assert len(lines(values).all("circle")) == 1
    assert len(lines([1.0] * 20).all("circle")) == 20


def test_lines_differ_in_dashes_and_bear_their_names():
    series = [Series(f"line {place}", [float(place), float(place)]) for place in range(3)]
    svg = draw(chart("lines", series, ["x", "y"]))
    paths = svg.all("path", "line")
    assert [one.get("stroke-dasharray") for one in paths] == ["", "7 4", "2 3"]
    assert [one["class"] for one in paths] == ["line s0", "line s1", "line s2"]
    assert svg.texts("text", "direct") == ["line 2", "line 1", "line 0"]
    assert len({(dash(place), place % 12) for place in range(12)}) == 12


def test_names_at_the_ends_never_cover_each_other():
    series = [Series(f"line {place}", [0.0, 1.0 + place / 1000]) for place in range(12)]
    svg = draw(chart("lines", series, ["x", "y"]))
    ends = [float(one["y"]) for one in svg.all("text", "direct")]
    assert all(lower - upper >= 14 for upper, lower in pairwise(ends))
    assert ends[-1] <= HEIGHT
    assert draw(chart("lines")).all("text", "direct") == []


def test_the_band_lies_behind_and_is_within_the_axis():
    svg = lines([1.0, 2.0], band=(2.0, 4.0))
    band = svg.one("rect", "band")
    assert (float(band["y"]), float(band["height"])) == (0, 110)
    order = [node.get("class") for node in svg.walk()]
    assert order.index("band") < order.index("line s0")


def test_marks_stand_at_their_place_and_labels_where_there_is_room():
    marks = [Mark(5, "alert", "/suggestions", "bad"), Mark(6, "near"), Mark(20, "trial"), Mark(99, "outside")]
    svg = lines([1.0] * 41, marks=marks)
    uprights = [one for group in svg.all("g", "mark") for one in group.all("line")]
    assert [one["x1"] for one in uprights] == ["12.5%", "15%", "50%"]
    assert svg.texts("text", "label") == ["alert", "trial"]
    assert {one["href"] for one in svg.all("a")} == {"/suggestions"}
    assert "5: alert" in svg.texts("title")
    assert "6: near" in svg.texts("title")


# ----------------------------------------------------------------------------------------------------- all kinds


@pytest.mark.parametrize("kind", ["stacked", "bars", "lines"])
def test_a_chart_is_a_picture_with_a_name_and_a_description(kind):
    svg = draw(chart(kind))
    assert svg["role"] == "img"
    assert svg["aria-labelledby"] == "spend-t spend-d"
    assert svg.one("title", id="spend-t").text == "Spend per day"
    assert svg.one("desc", id="spend-d").text == "US dollars."


@pytest.mark.parametrize("kind", ["stacked", "bars", "lines"])
@pytest.mark.parametrize(
    "series", [[], [Series("a", [])], [Series("a", [None, None])], [Series("a", [math.nan, math.inf])]]
)
def test_a_chart_of_nothing_is_drawn_without_failing(kind, series):
    one = chart(kind, series, ["x", "y"] if series and series[0].values else [])
    assert not has_values(one)
    text = draw_chart(one)
    assert "nan" not in text
    assert "inf" not in text


@pytest.mark.parametrize("kind", ["stacked", "bars", "lines"])
def test_colours_are_classes_and_never_written_down(kind):
    text = draw_chart(chart(kind, marks=[Mark(1, "x")], band=(1.0, 2.0)))
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb|style=", text)


@pytest.mark.parametrize(("kind", "tabs"), [("stacked", ["-1"]), ("lines", ["-1"]), ("bars", [""])])
def test_a_chart_with_links_is_no_picture_and_the_keyboard_need_not_go_from_bar_to_bar(kind, tabs):
    svg = draw(chart(kind, [Series("a", [1.0])], ["x"], hrefs=["/x"]))
    assert svg["role"] == "group"
    assert [one.get("tabindex") for one in svg.all("a")] == tabs
    marked = draw(chart("lines", marks=[Mark(1, "trial", "/suggestions")]))
    assert marked["role"] == "group"


def test_legends_name_what_colours_mean():
    two = [Series("first", [1.0]), Series("second", [2.0])]
    assert [entry.name for entry in list_entries(chart("stacked", two))] == ["first", "second"]
    assert list_entries(chart("stacked")) == []
    assert list_entries(chart("bars", two)) == []
    banded = list_entries(chart("lines", two[:1], band=(1.0, 2.0), band_name="usual"))
    assert [entry.name for entry in banded] == ["first", "usual"]
    swatches = [parse(entry.swatch) for entry in list_entries(chart("stacked", two))]
    assert [one.one("rect")["fill"] for one in swatches] == ["url(#spend-p0)", "url(#spend-p1)"]
    dashes = [parse(entry.swatch).one("line").get("stroke-dasharray") for entry in list_entries(chart("lines", two))]
    assert dashes == ["", "7 4"]
