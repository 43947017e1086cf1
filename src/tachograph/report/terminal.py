"""Documents on a terminal: the text layout, in colours."""

from __future__ import annotations

from tachograph.report.document import Document, Style
from tachograph.report.text import render

_STYLES: dict[Style, str] = {
    "strong": "bold", "dim": "dim", "good": "green", "bad": "red", "warn": "yellow", "accent": "cyan",
}  # fmt: skip
_WIDEST = 140


def show(document: Document) -> None:
    """Print the document on stdout, as wide as the terminal is (140 columns at most)."""
    from rich.console import Console
    from rich.style import Style as RichStyle

    console = Console(highlight=False)
    system = console._color_system

    def paint(text: str, style: Style) -> str:
        return RichStyle.parse(_STYLES[style]).render(text, color_system=system) if style and system else text

    console.file.write(render(document, min(console.width, _WIDEST), paint, breaks=True))
