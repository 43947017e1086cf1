"""What a session or a selection used, in one line."""

from __future__ import annotations

from tachograph.app.session_rows import SessionRow
from tachograph.app.totals import Totals
from tachograph.report.units import tokens


def token_line(used: Totals | SessionRow) -> str:
    """Tokens by kind, web searches when there were any; ``≥`` before an output that is a lower bound."""
    bound = "≥" if used.output_unreliable_responses else ""
    reasoning = f" ({tokens(used.reasoning)} reasoning)" if used.reasoning else ""
    parts = [
        f"{tokens(used.input)} input",
        f"{tokens(used.cache_read)} cache read",
        f"{tokens(used.cache_write_5m + used.cache_write_1h)} cache write",
        f"{bound}{tokens(used.output)} output{reasoning}",
    ]
    if used.web_searches:
        parts.append(f"{used.web_searches:,} web search" + ("" if used.web_searches == 1 else "es"))
    return " · ".join(parts)
