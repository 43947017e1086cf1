"""Values as markup: a page has hundreds, and written here they take a fifth of the time that a macro takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from markupsafe import Markup, escape

from tachograph.report.html.values import Shown, write_cell
from tachograph.report.sanitise import harmless_lines
from tachograph.report.view import Cell, Kind


def clean(value: object) -> object:
    """Every text that a page holds: what could mislead a reader's eye is made visible; markup of ours stays."""
    return harmless_lines(value.replace("\r\n", "\n")) if type(value) is str else value


def cell_markup(cell: Cell, kind: Kind, href: str, zone: tzinfo) -> Markup:
    """A value with what goes with it; ``kind`` says how it is written, ``href`` is where it leads, if anywhere."""
    shown = write_cell(cell, kind, zone)
    note = f" <small>{escape(clean(cell.note))}</small>" if cell.note else ""
    # every text in it is escaped in the lines around this one
    return Markup(_element(cell, shown, href) + note)  # noqa: S704


def row_markup(cells: Iterable[Markup], classes: Sequence[str]) -> Markup:
    """The cells of a row of a table, each with the class of its column; the first one is the row's head."""
    parts = []
    for place, (inside, name) in enumerate(zip(cells, classes, strict=True)):
        tag, scope = ("td", "") if place else ("th", ' scope="row"')
        parts.append(f"<{tag}{scope}{_attribute('class', name)}>{escape(inside)}</{tag}>")
    return Markup("".join(parts))  # noqa: S704 (escaped in the line above, unless it is markup already)


def _element(cell: Cell, shown: Shown, href: str) -> str:
    text, name = str(escape(clean(shown.text))), _attribute("class", shown.classes)
    if href:
        return f"<a{_attribute('href', href)}{name}{_attribute('title', shown.title)}>{text}</a>"
    if shown.iso:
        title = _attribute("title", cell.title or shown.title)
        return f"<time{_attribute('datetime', shown.iso)}{name}{title}>{text}</time>"
    title = _attribute("title", shown.title)
    return f"<span{name}{title}>{text}</span>" if name or title else text


def _attribute(name: str, value: str) -> str:
    """With the space before it; nothing when there is no value."""
    return f' {name}="{escape(clean(value))}"' if value else ""
