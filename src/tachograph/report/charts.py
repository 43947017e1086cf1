"""Laying out bars made of block characters."""

from __future__ import annotations

from tachograph.report.document import Bar, Chart
from tachograph.report.sanitise import harmless
from tachograph.report.width import Row, cut, text_width

_LEVELS = " ▁▂▃▄▅▆▇█"
_CELL = 8
_BAR = 6


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


def _level(bar: Bar, highest: float, height: int) -> int:
    """Eighths of a line; whatever is above zero is seen."""
    return max(1, round(bar.size / highest * height * 8)) if bar.size > 0 else 0


def _right(text: str) -> str:
    text = cut(harmless(text), _CELL - 1)
    return " " * (_CELL - text_width(text)) + text
