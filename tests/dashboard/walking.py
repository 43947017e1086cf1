"""Going through a page's blocks, whatever they lie in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tachograph.report.view import Beside, Block, Section


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, those within others included, from top to bottom."""
    for block in blocks:
        yield block
        if isinstance(block, Section):
            yield from walk(block.blocks)
        elif isinstance(block, Beside):
            for part in block.parts:
                yield from walk(part)
