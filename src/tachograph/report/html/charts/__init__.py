"""Charts as SVG: geometry in units of one pixel upwards and in percent of the width across, colours by class."""

from __future__ import annotations

import math

import msgspec
from markupsafe import Markup

from tachograph.report.html.charts.bars import draw_bars
from tachograph.report.html.charts.legend import Entry, list_entries
from tachograph.report.html.charts.lines import draw_lines
from tachograph.report.html.charts.stacked import draw_stacked
from tachograph.report.view import Chart, Series

__all__ = ["Entry", "draw_chart", "has_values", "list_entries"]


def draw_chart(chart: Chart) -> Markup:
    """The chart as one ``<svg>``, named and described by its own title and description."""
    chart = msgspec.structs.replace(chart, series=[Series(one.name, _finite(one.values)) for one in chart.series])
    if chart.kind == "stacked":
        return draw_stacked(chart)
    return draw_bars(chart) if chart.kind == "bars" else draw_lines(chart)


def has_values(chart: Chart) -> bool:
    """Whether there is anything to draw."""
    return any(value is not None for one in chart.series for value in _finite(one.values))


def _finite(values: list[float | None]) -> list[float | None]:
    return [value if value is not None and math.isfinite(value) else None for value in values]
