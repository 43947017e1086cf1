"""Tachograph: flight recorder and coach for coding agents.

The public interface for programs: the names in ``__all__``, loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tachograph.app.cost import report_cost
    from tachograph.app.filters import Filter, make_filter
    from tachograph.app.ingest import ingest
    from tachograph.app.reporting import open_report
    from tachograph.app.workspace import Workspace
    from tachograph.errors import TachographError

__version__ = "0.1.0"

__all__ = ["Filter", "TachographError", "Workspace", "ingest", "make_filter", "open_report", "report_cost"]

_HOMES = {
    "Filter": "app.filters",
    "TachographError": "errors",
    "Workspace": "app.workspace",
    "ingest": "app.ingest",
    "make_filter": "app.filters",
    "open_report": "app.reporting",
    "report_cost": "app.cost",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tachograph' has no attribute {name!r}")
    return getattr(importlib.import_module(f"tachograph.{_HOMES[name]}"), name)
