"""Raw values as people read them in HTML. What comes out is text, not markup: templates escape it."""

from __future__ import annotations

import math
from datetime import date, datetime, tzinfo

import msgspec

from tachograph.report.units import UNKNOWN, count, minute, percent, seconds, tokens, usd
from tachograph.report.view import Cell, Change, Kind, Value

UNPRICED = "unpriced"

_TITLES = {UNKNOWN: "not known", UNPRICED: "no price is known"}


class Shown(msgspec.Struct, frozen=True):
    """A value in words."""

    text: str
    title: str = ""
    """What pointing at it tells; empty: nothing more."""
    iso: str = ""
    """Of a moment: for programs."""
    missing: bool = False
    """There is no value; the text stands for that."""
    classes: str = ""
    """Of the element that holds it; empty: none."""


def write_value(value: Value, kind: Kind, zone: tzinfo) -> Shown:
    """``value`` in the way of its kind; None, and numbers that are none, as not known."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        text = UNPRICED if kind == "usd" else UNKNOWN
        return Shown(text, _TITLES[text], missing=True)
    if isinstance(value, str):
        return Shown(value)
    if isinstance(value, date):
        return _write_time(value, kind, zone)
    if isinstance(value, bool):
        return Shown("yes" if value else "no")
    exact = f"{value:,.0f} tokens" if kind == "tokens" and abs(value) >= 1000 else ""
    return Shown(write_number(value, kind), exact)


def write_cell(cell: Cell, kind: Kind, zone: tzinfo) -> Shown:
    """The cell's value; a lower bound and an estimate are marked, and said to be so."""
    shown = write_value(cell.value, kind, zone)
    tone = f"tone-{cell.tone}" if cell.tone else ""
    if shown.missing:
        return Shown(shown.text, cell.title or shown.title, missing=True, classes=f"{tone} missing".lstrip())
    marks = ("≥" if cell.at_least else "") + ("≈" if cell.about else "")
    said = [cell.title or shown.title, "at least this" if cell.at_least else "", "an estimate" if cell.about else ""]
    classes = f"{tone} tag".lstrip() if cell.tag else tone
    return Shown(marks + shown.text, "; ".join(filter(None, said)), shown.iso, classes=classes)


def write_number(value: float, kind: Kind) -> str:
    """A finite number: ``12.3k`` tokens, ``$0.42``, ``12.3 %`` (of a share), ``3m 20s``, ``1,234``."""
    if value < 0:
        return "−" + write_number(-value, kind)
    if kind == "tokens":
        return tokens(round(value))
    if kind == "usd":
        return "<$0.0001" if 0 < value < 0.00005 else usd(value)
    if kind == "percent":
        return percent(value, 1)
    if kind == "seconds":
        return seconds(value)
    if value == int(value):
        return count(int(value))
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.3g}"


def _write_time(value: date, kind: Kind, zone: tzinfo) -> Shown:
    if not isinstance(value, datetime):
        return Shown(value.isoformat(), iso=value.isoformat())
    local = value.astimezone(zone)
    iso = local.isoformat(timespec="seconds")
    return Shown(f"{local:%Y-%m-%d}" if kind == "day" else minute(value, zone), f"{local:%Y-%m-%d %H:%M:%S %Z}", iso)


class Moved(msgspec.Struct, frozen=True):
    """A number beside the one of the range before."""

    arrow: str
    text: str
    """``up 12 %``; of shares in points; ``no change``."""
    before: str
    """The number that it is compared with."""
    tone: str
    """``good``, ``bad`` or empty."""


def compare(cell: Cell, kind: Kind, change: Change | None, zone: tzinfo) -> Moved | None:
    """How the value moved; None where one of the two is not known."""
    now, before = cell.value, None if change is None else change.before
    if change is None or before is None or not isinstance(now, int | float):
        return None
    if not (math.isfinite(now) and math.isfinite(before)):
        return None
    was = write_value(before, kind, zone).text
    text = _distance(now, before, kind)
    if text is None:
        return Moved("→", "no change", was, "")
    up = now > before
    tone = "" if not change.better else "good" if up == (change.better == "up") else "bad"
    return Moved("↑" if up else "↓", f"{'up' if up else 'down'}{text}", was, tone)


def _distance(now: float, before: float, kind: Kind) -> str | None:
    """What follows `up` or `down`, with a space before it; None when nobody would see the difference."""
    if kind == "percent":
        points = round(abs(now - before) * 100, 1)
        return f" {points:g} points" if points else None
    if not before:
        return "" if now else None
    share = abs(now - before) / abs(before)
    if share < 0.0005:
        return None
    if share >= 9.995:
        return f" to {now / before:,.0f} times"
    return f" {share * 100:.0f} %" if share >= 0.1 else f" {share * 100:.1f} %"
