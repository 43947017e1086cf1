"""Upright bars over an axis, one part for each series."""

from __future__ import annotations

from markupsafe import Markup

from tachograph.report.html.charts.markup import (
    HEIGHT,
    axis_labels,
    element,
    fill_id,
    frame,
    grid_lines,
    height_of,
    linked,
    patterns,
    percent,
)
from tachograph.report.html.charts.scale import bounds
from tachograph.report.html.values import write_number
from tachograph.report.view import Chart

_LEAST_SLOTS = 8
"""Fewer bars would be as wide as a house."""
_FILLED = 0.8
"""Share of its slot that a bar takes."""


def draw_stacked(chart: Chart) -> Markup:
    """Bars whose parts add up; what is not known, and what is below zero, has no height."""
    sums = [sum(max(0.0, one.values[place] or 0.0) for one in chart.series) for place in range(len(chart.axis))]
    scale = bounds(sums, chart.unit, from_zero=True)
    slot = 100 / max(_LEAST_SLOTS, len(chart.axis))
    across = [slot * (place + 0.5) for place in range(len(chart.axis))]
    bars = [_bar(chart, place, slot, scale) for place in range(len(chart.axis))]
    labels = axis_labels(chart, across)
    return frame(chart, HEIGHT, [patterns(chart, len(chart.series))], grid_lines(scale, chart), bars, labels)


def _bar(chart: Chart, place: int, slot: float, scale: list[float]) -> Markup:
    parts = [element("title", {}, _words(chart, place))]
    # reaches the whole slot, so that a pointer finds the words of a low bar
    parts.append(
        element(
            "rect", {"class": "catch", "x": percent(slot * place), "y": 0, "width": percent(slot), "height": HEIGHT}
        )
    )
    below = 0.0
    for index, one in enumerate(chart.series):
        value = max(0.0, one.values[place] or 0.0)
        if not value:
            continue
        top, foot = height_of(below + value, scale), height_of(below, scale)
        below += value
        sizes: dict[str, str | float] = {
            "class": "piece",
            "x": percent(slot * (place + (1 - _FILLED) / 2)),
            "y": top,
            "width": percent(slot * _FILLED),
            "height": foot - top,
            "fill": f"url(#{fill_id(chart, index)})",
        }
        parts.append(element("rect", sizes))
    href = chart.hrefs[place] if chart.hrefs else ""
    return linked(href, element("g", {"class": "bar"}, *parts))


def _words(chart: Chart, place: int) -> str:
    known = [(one.name, one.values[place]) for one in chart.series]
    said = [f"{name} {write_number(value, chart.unit)}" for name, value in known if value]
    total = write_number(sum(value or 0 for _, value in known), chart.unit)
    if not said:
        return f"{chart.axis[place]}: {'not known' if all(value is None for _, value in known) else total}"
    return f"{chart.axis[place]}: {', '.join(said)}" + (f"; together {total}" if len(said) > 1 else "")
