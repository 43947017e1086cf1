"""Which name belongs to which colour, pattern and dash."""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from tachograph.report.html.charts.markup import COLOURS, element, fill_id
from tachograph.report.view import Chart

DASHES = ("", "7 4", "2 3", "10 4 2 4", "12 3", "1 4")
"""Of lines, in their order; with the colours they repeat after twelve."""


class Entry(msgspec.Struct, frozen=True):
    """One line of a legend."""

    name: str
    swatch: Markup


def list_entries(chart: Chart) -> list[Entry]:
    """The legend; empty where the title says all: one series without a band."""
    if chart.kind == "bars":
        return []
    entries = [Entry(one.name, _swatch(chart, index)) for index, one in enumerate(chart.series)]
    if chart.band is not None:
        drawn = element("rect", {"class": "band", "width": 16, "height": 10})
        entries.append(Entry(chart.band_name or "usual range", _svg(drawn)))
    return entries if len(entries) > 1 else []


def dash(index: int) -> str:
    """``stroke-dasharray`` of a line; empty: it is unbroken."""
    return DASHES[(index + index // len(DASHES)) % len(DASHES)]


def _swatch(chart: Chart, index: int) -> Markup:
    if chart.kind == "stacked":
        size: dict[str, str | float] = {
            "class": "piece",
            "width": 16,
            "height": 10,
            "fill": f"url(#{fill_id(chart, index)})",
        }
        return _svg(element("rect", size))
    line: dict[str, str | float] = {"class": f"line s{index % COLOURS}", "x1": 0, "x2": 22, "y1": 5, "y2": 5}
    if dash(index):
        line["stroke_dasharray"] = dash(index)
    return _svg(element("line", line), 22)


def _svg(inside: Markup, width: int = 16) -> Markup:
    return element("svg", {"class": "swatch", "width": width, "height": 10, "aria_hidden": "true"}, inside)
