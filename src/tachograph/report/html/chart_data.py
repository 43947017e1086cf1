"""A chart's numbers for the script that lets one look closer."""

from __future__ import annotations

import math

import msgspec
from markupsafe import Markup

from tachograph.report.html.charts.legend import dash
from tachograph.report.html.charts.lines import END
from tachograph.report.html.charts.markup import hatch
from tachograph.report.html.charts.scale import short_label
from tachograph.report.sanitise import harmless
from tachograph.report.view import Chart

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class _Line(msgspec.Struct, frozen=True):
    name: str
    end: str
    values: list[float | None]
    dash: list[float]
    hatch: str


class _Mark(msgspec.Struct, frozen=True):
    at: int
    label: str
    tone: str


class _Numbers(msgspec.Struct, frozen=True):
    kind: str
    unit: str
    labels: list[str]
    short: list[str]
    moments: list[int]
    series: list[_Line]
    band: tuple[float, float] | None
    marks: list[_Mark]
    hrefs: list[str]


def chart_json(chart: Chart) -> Markup:
    """JSON that may stand inside of a ``<script type="application/json">``: nothing in it can end the element."""
    marks = sorted((mark for mark in chart.marks if 0 <= mark.at < len(chart.axis)), key=lambda mark: mark.at)
    numbers = _Numbers(
        chart.kind,
        chart.unit,
        [harmless(label) for label in chart.axis],
        [short_label(harmless(label)) for label in chart.axis],
        chart.moments if len(chart.moments) == len(chart.axis) else [],
        [_line(one.name, one.values, index) for index, one in enumerate(chart.series)],
        chart.band,
        [_Mark(mark.at, short_label(harmless(mark.label), 16), mark.tone) for mark in marks],
        chart.hrefs,
    )
    text = msgspec.json.encode(numbers).decode()
    for sign, written in _ESCAPES.items():
        text = text.replace(sign, written)
    return Markup(text)  # noqa: S704 (escaped just above)


def _line(name: str, values: list[float | None], index: int) -> _Line:
    known = [value if value is not None and math.isfinite(value) else None for value in values]
    return _Line(
        harmless(name),
        short_label(harmless(name), END),
        known,
        [float(part) for part in dash(index).split()],
        hatch(index),
    )
