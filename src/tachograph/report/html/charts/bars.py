"""Level bars, one for each label."""

from __future__ import annotations

from datetime import UTC

from markupsafe import Markup

from tachograph.report.html.charts.markup import element, frame, linked, percent
from tachograph.report.html.charts.scale import short_label
from tachograph.report.html.values import write_value
from tachograph.report.sanitise import harmless
from tachograph.report.view import Chart

ROW = 38.0
"""Pixels from label to label: the label, its bar below."""
_THICK = 10.0
_LABEL = 46


def draw_bars(chart: Chart) -> Markup:
    """The first series, its largest value as wide as the chart; the values stand in a column behind the bars."""
    values = chart.series[0].values if chart.series else []
    largest = max((value for value in values if value is not None), default=0.0)
    rows = [_row(chart, place, value, largest) for place, value in enumerate(values)]
    return frame(chart, ROW * len(rows), rows)


def _row(chart: Chart, place: int, value: float | None, largest: float) -> Markup:
    top = ROW * place
    middle = top + 23
    wide = percent(100 * max(0.0, value or 0.0) / largest if largest > 0 else 0.0)
    label, written = chart.axis[place], _write(value, chart)
    name = element("text", {"class": "name", "x": 0, "y": top + 12}, short_label(harmless(label), _LABEL))
    size: dict[str, str | float] = {
        "class": "level",
        "y": middle - _THICK / 2,
        "width": wide,
        "height": _THICK,
        "rx": 2,
    }
    track: dict[str, str | float] = size | {"class": "track", "width": "100%"}
    parts = [
        element("title", {}, f"{label}: {written}"),
        linked(chart.hrefs[place] if chart.hrefs else "", name, by_key=True),
        element("rect", track),
        *([element("rect", size)] if value else []),
        element("text", {"class": "value", "x": "100%", "dx": 10, "y": middle, "dy": "0.32em"}, written),
    ]
    return element("g", {"class": "row"}, *parts)


def _write(value: float | None, chart: Chart) -> str:
    return write_value(value, chart.unit, UTC).text
