"""SVG elements. Every text and every attribute goes through the escaping of markupsafe."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from tachograph.report.html.addresses import anchor, local_href
from tachograph.report.html.charts.scale import labelled, short_label, tick_label
from tachograph.report.sanitise import harmless
from tachograph.report.view import Chart

HEIGHT = 220.0
"""Of the room for values, in pixels."""
_HATCHES = (
    "",
    "M0 6L6 0M-1.5 1.5L1.5 -1.5M4.5 7.5L7.5 4.5",  # slanting
    "M0 3H6",  # level
    "M0 0L6 6M-1.5 4.5L1.5 7.5M4.5 -1.5L7.5 1.5",  # slanting the other way
    "M3 0V6",  # upright
    "M1 1h2v2h-2z",  # squares
    "M0 0L6 6M0 6L6 0",  # crossing
    "M0 1.5H6M0 4.5H6",  # level, close
    "M0 4L3 1L6 4",  # waves
    "M1.5 0V6M4.5 0V6",  # upright, close
    "M3 1.6a1.4 1.4 0 1 0 .01 0z",  # rings
    "M0 3H6M3 0V6",  # a grid
)
COLOURS = 12


def element(name: str, attributes: dict[str, str | float] | None = None, *children: Markup | str) -> Markup:
    """``<name …>…</name>``; ``_`` in names of attributes stands for ``-``; numbers have at most two decimals."""
    written = [f' {key.replace("_", "-")}="{escape(_plain(value))}"' for key, value in (attributes or {}).items()]
    inside = [child if isinstance(child, Markup) else escape(harmless(child)) for child in children]
    # names are written in this package; all else has been escaped in the two lines above
    return Markup(f"<{name}{''.join(written)}>{''.join(inside)}</{name}>")  # noqa: S704


def linked(href: str, inside: Markup, by_key: bool = False) -> Markup:
    """``inside`` as a link where the address may be one.

    The keyboard finds the same links in the chart's table, and need not go from bar to bar, unless ``by_key``.
    """
    way: dict[str, str | float] = {"href": href} if by_key else {"href": href, "tabindex": -1}
    return element("a", way, inside) if local_href(href) else inside


def frame(chart: Chart, height: float, *inside: Iterable[Markup]) -> Markup:
    """The chart's ``<svg>`` around its parts."""
    name = anchor(chart.id)
    attributes: dict[str, str | float] = {
        "class": f"chart {chart.kind}",
        "height": height,
        # a picture, unless there are links in it
        "role": "group" if chart.hrefs or any(mark.href for mark in chart.marks) else "img",
        "aria_labelledby": f"{name}-t {name}-d",
    }
    heads = [
        element("title", {"id": f"{name}-t"}, chart.title),
        element("desc", {"id": f"{name}-d"}, chart.description),
    ]
    return element("svg", attributes, *heads, *(part for parts in inside for part in parts))


def grid_lines(ticks: list[float], chart: Chart) -> list[Markup]:
    """A level line and a number at each tick; the lowest is the axis."""
    found = []
    for tick in ticks:
        y = height_of(tick, ticks)
        found.append(
            element(
                "line", {"class": "axis" if tick == ticks[0] else "rule", "x1": "0", "x2": "100%", "y1": y, "y2": y}
            )
        )
        found.append(
            element("text", {"class": "tick y", "x": -8, "y": y, "dy": "0.32em"}, tick_label(tick, chart.unit))
        )
    return found


def axis_labels(chart: Chart, across: list[float]) -> list[Markup]:
    """Labels below the chart; on narrow screens every second one of them is left out."""
    texts = [short_label(harmless(label)) for label in chart.axis]
    found = []
    for order, index in enumerate(labelled(across, max(map(len, texts), default=0))):
        name = "tick x minor" if order % 2 else "tick x"
        found.append(element("text", {"class": name, "x": f"{_plain(across[index])}%", "y": HEIGHT + 20}, texts[index]))
    return found


def height_of(value: float, ticks: list[float]) -> float:
    """How far below the upper edge the value lies, in pixels."""
    return HEIGHT * (1 - (value - ticks[0]) / (ticks[-1] - ticks[0]))


def patterns(chart: Chart, count: int) -> Markup:
    """One fill for each series: its colour, and lines or dots over it, so that no one needs to tell colours apart."""
    return element("defs", {}, *(_pattern(fill_id(chart, index), index) for index in range(count)))


def fill_id(chart: Chart, index: int) -> str:
    """Id of the fill of a series."""
    return f"{anchor(chart.id)}-p{index}"


def _pattern(id: str, index: int) -> Markup:
    size: dict[str, str | float] = {"id": id, "patternUnits": "userSpaceOnUse", "width": 6, "height": 6}
    colour = element("rect", {"class": f"fill s{index % COLOURS}", "width": 6, "height": 6})
    lines = [element("path", {"class": "hatch", "d": hatch(index)})] if hatch(index) else []
    return element("pattern", size, colour, *lines)


def hatch(index: int) -> str:
    """The path drawn over a series' colour, in a tile of 6 by 6; empty: none."""
    return _HATCHES[index % len(_HATCHES)]


def _plain(value: str | float) -> str:
    if isinstance(value, str):
        return harmless(value)
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def percent(value: float) -> str:
    """``12.5%``: a place across the chart."""
    return _plain(value) + "%"
