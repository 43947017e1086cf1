"""Lines over an axis, with the usual range behind them and marks at moments."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tachograph.report.html.charts.legend import dash
from tachograph.report.html.charts.markup import (
    COLOURS,
    HEIGHT,
    axis_labels,
    element,
    frame,
    grid_lines,
    height_of,
    linked,
    percent,
)
from tachograph.report.html.charts.scale import bounds, places, short_label
from tachograph.report.html.values import write_number
from tachograph.report.sanitise import harmless
from tachograph.report.view import Chart, Mark, Series

_WIDTH = 1000
"""Of the room in which paths are drawn; it is stretched to the chart's width, strokes are not."""
END = 17
"""Characters of a name behind its line."""
_MOST_POINTS = 20
"""With more values than that, points would hide how a line is broken."""
_APART = 14.0
"""Least distance of two names at the lines' ends, in pixels."""


def draw_lines(chart: Chart) -> Markup:
    """One line for each series; a gap where a value is not known."""
    known = [value for one in chart.series for value in one.values if value is not None]
    scale = bounds([*known, *(chart.band or ())], chart.unit, from_zero=False)
    across = places(chart)
    drawn = [_line(one, index, across, scale) for index, one in enumerate(chart.series)]
    parts = [
        _band(chart, scale),
        grid_lines(scale, chart),
        _marks(chart, across),
        [_stretched(drawn)],
        _points(chart, across, scale),
        _names(chart, scale),
        axis_labels(chart, across),
    ]
    return frame(chart, HEIGHT, *parts)


def _band(chart: Chart, scale: list[float]) -> list[Markup]:
    if chart.band is None:
        return []
    top, foot = height_of(max(chart.band), scale), height_of(min(chart.band), scale)
    return [element("rect", {"class": "band", "x": 0, "y": top, "width": "100%", "height": foot - top})]


def _stretched(inside: Sequence[Markup]) -> Markup:
    box = f"0 0 {_WIDTH} {HEIGHT:.0f}"
    size: dict[str, str | float] = {"viewBox": box, "preserveAspectRatio": "none", "width": "100%", "height": HEIGHT}
    return element("svg", size, *inside)


def _line(one: Series, index: int, across: list[float], scale: list[float]) -> Markup:
    steps, begun = [], False
    for place, value in zip(across, one.values, strict=True):
        if value is not None:
            steps.append(f"{'L' if begun else 'M'}{place * _WIDTH / 100:.1f} {height_of(value, scale):.1f}")
        begun = value is not None
    path: dict[str, str | float] = {"class": f"line s{index % COLOURS}", "d": "".join(steps)}
    if dash(index):
        path["stroke_dasharray"] = dash(index)
    return element("path", path)


def _points(chart: Chart, across: list[float], scale: list[float]) -> list[Markup]:
    found = []
    for index, one in enumerate(chart.series):
        for place, value in enumerate(one.values):
            if value is None or (len(one.values) > _MOST_POINTS and not _alone(one.values, place)):
                continue
            words = f"{chart.axis[place]}: {one.name} {write_number(value, chart.unit)}"
            spot: dict[str, str | float] = {"class": f"point s{index % COLOURS}", "cx": percent(across[place])}
            dot = element("circle", spot | {"cy": height_of(value, scale), "r": 2.5}, element("title", {}, words))
            found.append(linked(chart.hrefs[place] if chart.hrefs else "", dot))
    return found


def _alone(values: Sequence[float | None], place: int) -> bool:
    """Whether the value has no neighbour that a line could lead to."""
    before = values[place - 1] if place else None
    after = values[place + 1] if place + 1 < len(values) else None
    return before is None and after is None


def _names(chart: Chart, scale: list[float]) -> list[Markup]:
    """The lines' names behind their last values, moved apart where they would cover each other."""
    if len(chart.series) < 2:
        return []
    ends = []
    for index, one in enumerate(chart.series):
        last = next((value for value in reversed(one.values) if value is not None), None)
        if last is not None:
            ends.append((height_of(last, scale), index, one.name))
    found, above = [], -_APART
    room = HEIGHT - _APART * len(ends)
    for order, (y, index, name) in enumerate(sorted(ends)):
        # so far down as its value, yet not into the name above, nor so far that those below find no room
        y = max(min(y, room + _APART * (order + 1)), above + _APART)
        above = y
        text = short_label(harmless(name), END)
        found.append(
            element("text", {"class": f"direct s{index % COLOURS}", "x": "100%", "dx": 8, "y": y, "dy": "0.32em"}, text)
        )
    return found


def _marks(chart: Chart, across: list[float]) -> list[Markup]:
    """Upright lines, and on top of all of them as many of their labels as have room."""
    marks = sorted((mark for mark in chart.marks if 0 <= mark.at < len(across)), key=lambda mark: mark.at)
    found = [_mark(mark, chart, _upright(across[mark.at])) for mark in marks]
    free = -100.0
    for mark in marks:
        place = across[mark.at]
        if place - free >= 9 and place <= 92:  # in percent: about as wide as a label
            free = place
            text = short_label(harmless(mark.label), 16)
            at: dict[str, str | float] = {"class": "label", "x": percent(place), "dx": 4, "y": 9}
            found.append(_mark(mark, chart, element("text", at, text)))
    return found


def _mark(mark: Mark, chart: Chart, inside: Markup) -> Markup:
    words = element("title", {}, f"{chart.axis[mark.at]}: {mark.label}")
    return linked(mark.href, element("g", {"class": f"mark {mark.tone}".strip()}, words, inside))


def _upright(place: float) -> Markup:
    return element("line", {"x1": percent(place), "x2": percent(place), "y1": 0, "y2": HEIGHT})
