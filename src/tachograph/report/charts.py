"""Laying out charts made of block characters."""

from __future__ import annotations

from tachograph.report.document import Bar, Chart, Trend
from tachograph.report.sanitise import harmless
from tachograph.report.width import Row, cut, text_width

_LEVELS = " ▁▂▃▄▅▆▇█"
_CELL = 8
_BAR = 6
_THIN = 2
"""Columns of a bar of a trend and the gap before it."""


def lay_chart(chart: Chart, width: int) -> list[Row]:
    """Rows of the chart: the bars from top to bottom, the values, the labels."""
    bars = chart.bars[-max(1, width // _CELL) :]
    highest = max((bar.size for bar in bars), default=0)
    levels = [_level(bar, highest, chart.height) for bar in bars]
    rows: list[Row] = []
    for floor in range(8 * (chart.height - 1), -1, -8):
        cells = [_LEVELS[max(0, min(8, level - floor))] * _BAR for level in levels]
        rows.append([("".join(" " * (_CELL - _BAR) + cell for cell in cells), "accent")])
    while rows and not rows[0][0][0].strip():
        del rows[0]
    rows.append([("".join(_right(bar.value) for bar in bars), "")])
    rows.append([("".join(_right(bar.label) for bar in bars), "dim")])
    return rows


def lay_trend(trend: Trend, width: int) -> list[Row]:
    """Rows of the trend: its title, the bars beside the highest and the lowest value, the first and the last label.

    Where all values are the same, one line of bars says so.
    """
    lowest, highest = harmless(trend.lowest), harmless(trend.highest)
    margin = max(text_width(lowest), text_width(highest)) + 1
    values = trend.values[-max(1, (width - margin) // _THIN) :]
    foot, span = min(values, default=0.0), max(values, default=0.0) - min(values, default=0.0)
    height = trend.height if span else 1
    # a level of 1 is the lowest value: it is seen, too
    levels = [1 + round((value - foot) / span * (8 * height - 1)) if span else 4 for value in values]
    rows: list[Row] = [[(harmless(trend.title), "")]]
    for line in range(height - 1, -1, -1):
        label = highest if line == height - 1 else lowest if line == 0 else ""
        bars = "".join(" " + _LEVELS[max(0, min(8, level - 8 * line))] for level in levels)
        rows.append([(" " * (margin - 1 - text_width(label)) + label, "dim"), (bars, "accent")])
    first, last = harmless(trend.first), harmless(trend.last)
    gap = max(1, _THIN * len(values) - 1 - text_width(first) - text_width(last))
    rows.append([(" " * margin + first + " " * gap + last, "dim")])
    return rows


def _level(bar: Bar, highest: float, height: int) -> int:
    """Eighths of a line; whatever is above zero is seen."""
    return max(1, round(bar.size / highest * height * 8)) if bar.size > 0 else 0


def _right(text: str) -> str:
    text = cut(harmless(text), _CELL - 1)
    return " " * (_CELL - text_width(text)) + text
