"""One line below the prompt: what this session cost so far, what today did, the budget, the last alert."""

import time

from tachograph.hooks.records import number_of, table_of, text_of

_LONGEST = 80
"""Characters of a text from the briefing."""

Record = dict[str, object]


def status_line(briefing: Record, event: Record, at: int) -> str:
    """The line, without its end; empty when nothing is known.

    Today's cost is what was known when the briefing was made, so its time stands beside it; yesterday's is left out.
    ``at`` is in ms.
    """
    status = table_of(briefing, "status")
    live = number_of(table_of(event, "cost"), "total_cost_usd")
    today, made_at = number_of(status, "usd_today"), number_of(briefing, "made_at")
    parts = [] if live is None else [f"session ${live:,.2f}"]
    if today is not None and made_at is not None and text_of(status, "day") == _local(status, at, "%Y-%m-%d"):
        parts.append(f"today ${today:,.2f} at {_local(status, int(made_at), '%H:%M')}")
        parts.append(_plain(text_of(status, "budget")))
    parts.append(_plain(text_of(status, "alert")))
    return " · ".join(part for part in parts if part)


def _local(status: Record, at: int, form: str) -> str:
    return time.strftime(form, time.gmtime(at // 1000 + int(number_of(status, "zone_offset_s") or 0)))


def _plain(text: str) -> str:
    """``text`` on one line, without what a terminal would obey."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST]
