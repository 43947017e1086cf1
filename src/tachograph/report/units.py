"""Numbers for people: never more digits than one can use, never a number where none is known."""

from __future__ import annotations

from datetime import datetime, tzinfo

UNKNOWN = "–"


def count(value: int | None) -> str:
    """``1,234,567``; a dash when unknown."""
    return UNKNOWN if value is None else f"{value:,}"


def tokens(value: int | None) -> str:
    """``812``, ``12.3k``, ``4.56M``, ``7.89G``."""
    if value is None:
        return UNKNOWN
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if abs(value) >= limit:
            scaled = value / limit
            return (
                f"{scaled:.0f}{unit}"
                if scaled >= 100
                else f"{scaled:.1f}{unit}"
                if scaled >= 10
                else f"{scaled:.2f}{unit}"
            )
    return str(value)


def usd(value: float | None, lower_bound: bool = False) -> str:
    """``$12.34``, ``$0.0042``; ``unpriced`` when unknown; ``≥`` before a lower bound."""
    if value is None:
        return "unpriced"
    text = f"${value:,.2f}" if value >= 0.01 or value == 0 else f"${value:.4f}"
    return f"≥{text}" if lower_bound else text


def usd_short(value: float | None, lower_bound: bool = False) -> str:
    """``$3.05``, ``$38``, ``$1.2k``: where room is short; a dash when unknown."""
    if value is None:
        return UNKNOWN
    text = f"${value:.2f}" if value < 9.995 else f"${value:.0f}" if value < 999.5 else f"${value / 1000:.1f}k"
    return f"≥{text}" if lower_bound else text


def size(value: int) -> str:
    """``812 B``, ``12.3 kB``, ``4.6 MB``, ``7.9 GB``."""
    for limit, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if value >= limit:
            return f"{value / limit:.1f} {unit}"
    return f"{value} B"


def duration(milliseconds: int | None) -> str:
    """``0s``, ``0.4s``, ``12s``, ``3m 20s``, ``2h 05m``, ``3d 4h``."""
    if milliseconds is None:
        return UNKNOWN
    seconds = milliseconds / 1000
    if milliseconds == 0:
        return "0s"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest}s"
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m" if hours < 48 else f"{hours // 24}d {hours % 24}h"


def percent(part: float, whole: float) -> str:
    """``12.3 %``; a dash when there is no whole."""
    return f"{100 * part / whole:.1f} %" if whole else UNKNOWN


def day(moment: datetime | None, zone: tzinfo) -> str:
    """``2026-05-20`` in ``zone``; a dash when unknown."""
    return UNKNOWN if moment is None else f"{moment.astimezone(zone):%Y-%m-%d}"


def minute(moment: datetime | None, zone: tzinfo) -> str:
    """``2026-05-20 14:30`` in ``zone``; a dash when unknown."""
    return UNKNOWN if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def month_minute(moment: datetime | None, zone: tzinfo) -> str:
    """``05-20 14:30`` in ``zone``, where the year is known; a dash when unknown."""
    return UNKNOWN if moment is None else f"{moment.astimezone(zone):%m-%d %H:%M}"


def clock(moment: datetime | None, zone: tzinfo) -> str:
    """``14:30`` in ``zone``; a dash when unknown."""
    return UNKNOWN if moment is None else f"{moment.astimezone(zone):%H:%M}"


def seconds(value: float | None) -> str:
    """:func:`duration` of seconds."""
    return duration(None if value is None else round(value * 1000))


def counted(number: int, noun: str) -> str:
    """``1 session``, ``2 sessions``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
