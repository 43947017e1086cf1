"""Suggestions: the catalogue, which of them fit, what they may save, and their place in an agent's file."""

from tachograph.learning.suggestions.catalogue import (
    PRIORITIES,
    ComparisonCondition,
    Priority,
    Suggestion,
    load_catalogue,
    render,
)
from tachograph.learning.suggestions.offers import (
    MOST_SESSIONS,
    RECENT_WEEKS,
    Offer,
    WasteSum,
    find_offers,
    find_session_offers,
    rank_offers,
)

__all__ = [
    "MOST_SESSIONS",
    "PRIORITIES",
    "RECENT_WEEKS",
    "ComparisonCondition",
    "Offer",
    "Priority",
    "Suggestion",
    "WasteSum",
    "find_offers",
    "find_session_offers",
    "load_catalogue",
    "rank_offers",
    "render",
]
