"""Round numbers for an axis, and labels that are short enough for it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date

from tachograph.report.html.values import write_number
from tachograph.report.view import Chart, Kind

_STEPS = (1.0, 2.0, 5.0)
_TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Seconds that people count in."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_MONTH = re.compile(r"\d{4}-\d{2}\Z")
_ZEROS = re.compile(r"\.(\d*?)0+(?=[a-zA-Z %]|\Z)")


def ticks(low: float, high: float, unit: Kind, most: int = 5) -> list[float]:
    """Round numbers from one at or below ``low`` to one at or above ``high``, in equal steps, at most ``most`` + 2."""
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # the same but for rounding
        high = low + (abs(low) or 1)
    step = _step((high - low) / (most - 1), unit)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def _step(least: float, unit: Kind) -> float:
    if unit == "seconds" and 1 <= least <= _TIME_STEPS[-1]:
        return next(step for step in _TIME_STEPS if step >= least * 0.999)
    power = 10.0 ** math.floor(math.log10(least))
    step = next((one * power for one in _STEPS if one * power >= least * 0.999), 10 * power)
    return max(1.0, step) if unit in ("count", "tokens") else step


def tick_label(value: float, unit: Kind) -> str:
    """A round number, without zeros at its end: ``10k``, ``$5``, ``25 %``, ``2h``."""
    if unit == "usd" and abs(value) >= 1000:
        return ("−" if value < 0 else "") + "$" + tick_label(abs(value), "tokens")
    if unit == "seconds":
        return re.sub(r"(?<=[mhd]) 0+[smh]\Z", "", write_number(value, unit)).replace(".0s", "s")
    if unit == "count" and abs(value) >= 10_000:
        unit = "tokens"
    text = write_number(value, unit)
    return _ZEROS.sub(lambda found: f".{found[1]}" if found[1] else "", text) if unit != "count" else text


def bounds(values: Sequence[float], unit: Kind, from_zero: bool) -> list[float]:
    """The ticks of an axis that holds all ``values``.

    It begins at zero, unless the lines would lie in its top third alone: then differences could not be seen. One value
    has none.
    """
    low, high = min(values, default=0.0), max(values, default=0.0)
    if from_zero or low <= high * 2 / 3 or low == high:
        low = min(0.0, low)
    return ticks(low, max(high, 0.0), unit)


def short_label(text: str, limit: int = 14) -> str:
    """``1 Nov`` of a day, ``Nov 2026`` of a month; other labels are cut."""
    try:
        if _DAY.match(text):
            found = date.fromisoformat(text)
            return f"{found.day} {found:%b}"
        if _MONTH.match(text):
            return f"{date.fromisoformat(text + '-01'):%b %Y}"
    except ValueError:
        pass
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def places(chart: Chart) -> list[float]:
    """Where each label of a chart of lines lies across, in percent of the width."""
    count = len(chart.axis)
    if len(chart.moments) == count and count > 1 and chart.moments[-1] > chart.moments[0]:
        first, span = chart.moments[0], chart.moments[-1] - chart.moments[0]
        return [100 * (moment - first) / span for moment in chart.moments]
    return [50.0] if count == 1 else [100 * place / (count - 1) for place in range(count)]


def labelled(across: Sequence[float], longest: int = 0) -> list[int]:
    """Which labels are written: as many as have room where the longest one has so many characters."""
    gap = max(10.0, 1.2 * longest)  # in percent of the width; narrow charts leave out every second one
    found: list[int] = []
    for index, place in enumerate(across):
        if not found or place - across[found[-1]] >= gap:
            found.append(index)
    return found
