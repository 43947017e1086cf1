"""Adding up the rollups over a range of days."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

import msgspec

from tachograph.app.rollups.cubes import Sums
from tachograph.app.scope import Scope

S = TypeVar("S", bound=Sums)
Key = tuple[str | int, ...]

EPOCH = date(1970, 1, 1)
_DAY, _MONTH = 0, 1
_TIMES = {"day": "span", "week": "(span + 3) / 7", "month": "span"}
"""1970-01-01 was a Thursday: weeks that begin on Monday are counted from three days before."""


class _Piece(msgspec.Struct, frozen=True):
    """Cells of one grain between two spans, both included."""

    grain: int
    first: int
    last: int


def add_up(
    connection: sqlite3.Connection,
    sums: type[S],
    scope: Scope,
    by: Sequence[str] = (),
    only: Mapping[str, str] | None = None,
) -> list[tuple[Key, S]]:
    """Sums within ``scope`` by ``by``: of ``day``, ``week`` or ``month``, ``project``, ``agent`` and ``sums.keys``.

    Names are texts; a day is its number since 1970-01-01, a week that of its Monday, a month that since January 1970
    (see :func:`day_of` and :func:`month_of`). Groups come in no particular order; without ``by`` there is exactly one.
    ``only`` are ``sums.keys`` of which just this one is wanted. ``connection`` has the rollups attached as ``roll``.
    """
    grouped: dict[Key, list[int]] = {}
    fine = "day" in by or "week" in by
    for piece in _pieces(scope, fine=fine, limits=lambda: _limits(connection, sums)):
        for key, found in _read_piece(connection, sums, scope, by, only or {}, piece):
            held = grouped.get(key)
            grouped[key] = found if held is None else [a + b for a, b in zip(held, found, strict=True)]
    names = _names(connection, by, grouped)
    result = [
        (tuple(v if n in _TIMES else names[int(v)] for n, v in zip(by, key, strict=True)), sums(*values))
        for key, values in grouped.items()
    ]
    return result or ([] if by else [((), sums())])


def _read_piece(
    connection: sqlite3.Connection,
    sums: type[S],
    scope: Scope,
    by: Sequence[str],
    only: Mapping[str, str],
    piece: _Piece,
) -> Iterator[tuple[Key, list[int]]]:
    each = "project" in by and scope.project is None
    where, values = _where(connection, scope, piece, each_project=each, only=only)
    if where is None:
        return
    keys = [_column(name) for name in by]
    columns = ", ".join([*keys, *(f"sum({name})" for name in sums.__struct_fields__)])
    group = f" GROUP BY {', '.join(map(str, range(1, len(keys) + 1)))}" if keys else ""
    for row in connection.execute(f"SELECT {columns} FROM {_source(sums, piece, each)} WHERE {where}{group}", values):
        if row[len(keys)] is not None:  # without a group there is one row, whatever it is made of
            yield tuple(_time(name, value, piece) for name, value in zip(by, row, strict=False)), row[len(keys) :]


def day_of(number: int) -> date:
    """The day with this number, or the Monday of the week with this number."""
    return EPOCH + timedelta(days=number)


def month_of(number: int) -> date:
    """The first day of the month with this number."""
    return date(1970 + number // 12, number % 12 + 1, 1)


def month_number(day: date) -> int:
    """Number of the month since January 1970."""
    return (day.year - 1970) * 12 + day.month - 1


def _source(sums: type[Sums], piece: _Piece, each_project: bool) -> str:
    """The table; for ``each_project`` beside all projects in it, so that its index is sought for each of them."""
    if not each_project:
        return f"roll.{sums.table}"
    least = f"SELECT min(project) FROM roll.{sums.table} WHERE grain = {piece.grain} AND project >"
    known = f"known(x) AS ({least} 0 UNION ALL SELECT ({least} x) FROM known WHERE x IS NOT NULL)"
    return f"(WITH RECURSIVE {known} SELECT x FROM known WHERE x IS NOT NULL) CROSS JOIN roll.{sums.table}"


def _column(name: str) -> str:
    return _TIMES.get(name, name)


def _time(name: str, value: int, piece: _Piece) -> int:
    if name == "week":
        return value * 7 - 3
    if name == "month" and piece.grain == _DAY:
        return month_number(day_of(value))
    return value


def _pieces(scope: Scope, fine: bool, limits: object) -> Iterator[_Piece]:
    """Whole months, and the days before and after them; days alone when ``fine``."""
    found = limits()  # type: ignore[operator]
    if found is None:
        return
    first, last = max(scope.first or found[0], found[0]), min(scope.last or found[1], found[1])
    if first > last:
        return
    after = last + timedelta(days=1)
    whole = date(first.year, first.month, 1) if first.day == 1 else month_of(month_number(first) + 1)
    end = date(after.year, after.month, 1)
    if scope.first is None or scope.first <= found[0]:
        whole = date(first.year, first.month, 1)
    if scope.last is None or scope.last >= found[1]:
        end = month_of(month_number(last) + 1)
    if fine or whole >= end:
        yield _Piece(_DAY, _number(first), _number(last))
        return
    if first < whole:
        yield _Piece(_DAY, _number(first), _number(whole) - 1)
    yield _Piece(_MONTH, month_number(whole), month_number(end) - 1)
    if end <= last:
        yield _Piece(_DAY, _number(end), _number(last))


def _number(day: date) -> int:
    return (day - EPOCH).days


def _limits(connection: sqlite3.Connection, sums: type[Sums]) -> tuple[date, date] | None:
    """The first and the last day with a cell."""
    query = f"SELECT {{}}(span) FROM roll.{sums.table} WHERE grain = {_DAY} AND project = 0"
    first = connection.execute(query.format("min")).fetchone()[0]
    last = connection.execute(query.format("max")).fetchone()[0]
    return None if first is None else (day_of(first), day_of(last))


def _where(
    connection: sqlite3.Connection, scope: Scope, piece: _Piece, each_project: bool, only: Mapping[str, str]
) -> tuple[str | None, list[object]]:
    parts = ["grain = ? AND span BETWEEN ? AND ?"]
    values: list[object] = [piece.grain, piece.first, piece.last]
    for column, text in (("project", scope.project), ("agent", scope.agent), *only.items()):
        if text is not None:
            number = find_name(connection, text)
            if number is None:
                return None, []
            parts.append(f"{column} = ?")
            values.append(number)
        elif column == "project":
            parts.append("project = x" if each_project else "project = 0")
    return " AND ".join(parts), values


def find_name(connection: sqlite3.Connection, text: str) -> int | None:
    """The number of a text; None when nothing is called so."""
    row = connection.execute("SELECT name FROM roll.names WHERE text = ?", (text,)).fetchone()
    return None if row is None else int(row[0])


def _names(connection: sqlite3.Connection, by: Sequence[str], grouped: dict[Key, list[int]]) -> dict[int, str]:
    places = [place for place, name in enumerate(by) if name not in _TIMES]
    wanted = {int(key[place]) for key in grouped for place in places}
    found: dict[int, str] = {}
    ordered = sorted(wanted)
    for start in range(0, len(ordered), 500):
        part = ordered[start : start + 500]
        marks = ", ".join("?" * len(part))
        found.update(connection.execute(f"SELECT name, text FROM roll.names WHERE name IN ({marks})", part).fetchall())
    return found
