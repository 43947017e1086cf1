"""From blocks to rows of styled text: all that renderers have in common. Text from logs is made harmless here."""

from __future__ import annotations

from collections.abc import Sequence

from tachograph.report.charts import lay_chart, lay_trend
from tachograph.report.document import Beside, Block, Chart, Facts, Heading, Line, Table, Trend
from tachograph.report.sanitise import harmless
from tachograph.report.tables import lay_table
from tachograph.report.width import Row, row_width, text_width, wrap

_GAP = 4
_NARROWEST = 44
"""Columns that each of two parts side by side needs."""


def lay_blocks(blocks: Sequence[Block], width: int, *, breaks: bool = False) -> list[Row]:
    """The rows of ``blocks`` in ``width`` columns, an empty row before each heading or caption but the first.

    With ``breaks`` a word that is too wide for the second column of facts is broken.
    """
    rows: list[Row] = []
    for block in blocks:
        laid = _lay(block, width, breaks)
        if rows and _begins_part(block):
            rows.append([])
        rows.extend(laid)
    return rows


def _begins_part(block: Block) -> bool:
    if isinstance(block, Beside):
        return any(part and _begins_part(part[0]) for part in (block.left, block.right))
    return isinstance(block, Heading) or (isinstance(block, Table) and bool(block.caption))


def _lay(block: Block, width: int, breaks: bool) -> list[Row]:
    match block:
        case Heading():
            return _heading(block, width)
        case Line():
            return [[(text, block.style)] for text in wrap(harmless(block.text), width, block.indent)]
        case Facts():
            return _facts(block, width, breaks)
        case Table():
            return lay_table(block, width)
        case Chart():
            return lay_chart(block, width)
        case Trend():
            return lay_trend(block, width)
        case Beside():
            return _beside(block, width, breaks)


def _heading(block: Heading, width: int) -> list[Row]:
    rows: list[Row] = [[(text, "strong")] for text in wrap(harmless(block.text), width)]
    remark = harmless(block.remark)
    if remark and row_width(rows[-1]) + 2 + text_width(remark) <= width:
        rows[-1].append(("  " + remark, "dim"))
    elif remark:
        rows.extend([(text, "dim")] for text in wrap(remark, width))
    return rows


def _facts(block: Facts, width: int, breaks: bool) -> list[Row]:
    names = [harmless(name) for name, _ in block.items]
    indent = max(map(text_width, names), default=0) + 2
    rows: list[Row] = []
    for name, (_, text) in zip(names, block.items, strict=True):
        lines = [line[indent:] for line in wrap(harmless(text), width, indent, breaks=breaks)]
        rows.append([(name + " " * (indent - text_width(name)), block.style), (lines[0], "")])
        rows.extend([(" " * indent, ""), (line, "")] for line in lines[1:])
    return rows


def _beside(block: Beside, width: int, breaks: bool) -> list[Row]:
    half = (width - _GAP) // 2
    if half < _NARROWEST:
        return lay_blocks([*block.left, *block.right], width, breaks=breaks)
    left, right = (lay_blocks(part, half, breaks=breaks) for part in (block.left, block.right))
    size = max(len(left), len(right))
    left += [[] for _ in range(size - len(left))]
    right += [[] for _ in range(size - len(right))]
    return [[*one, (" " * (half + _GAP - row_width(one)), ""), *other] for one, other in zip(left, right, strict=True)]
