"""Tachograph: flight recorder and coach for coding agents.

The public interface for programs: the names in ``__all__``, loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tachograph.analysis.detectors import load_detectors
    from tachograph.analysis.expectations import Recording
    from tachograph.analysis.kpis import load_kpis
    from tachograph.app.analysis import Analysis, analyse, detect, read_session, score
    from tachograph.app.check.direct import check, open_recording
    from tachograph.app.cost import report_cost
    from tachograph.app.filters import Filter, make_filter
    from tachograph.app.findings import FindingFilter, FindingRecord
    from tachograph.app.ingest import ingest
    from tachograph.app.kpis import report_kpis
    from tachograph.app.learn.run import LearnReport, learn
    from tachograph.app.open_history import History
    from tachograph.app.reporting import open_report
    from tachograph.app.score import Score
    from tachograph.app.workspace import Workspace
    from tachograph.errors import TachographError
    from tachograph.judge import JudgeConfig
    from tachograph.model import CheckResult, Finding, Session

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "CheckResult",
    "Filter",
    "Finding",
    "FindingFilter",
    "FindingRecord",
    "History",
    "JudgeConfig",
    "LearnReport",
    "Recording",
    "Score",
    "Session",
    "TachographError",
    "Workspace",
    "analyse",
    "check",
    "detect",
    "ingest",
    "learn",
    "load_detectors",
    "load_kpis",
    "make_filter",
    "open_recording",
    "open_report",
    "read_session",
    "report_cost",
    "report_kpis",
    "score",
]

_HOMES = {
    "Analysis": "app.analysis",
    "CheckResult": "model",
    "Filter": "app.filters",
    "Finding": "model",
    "FindingFilter": "app.findings",
    "FindingRecord": "app.findings",
    "History": "app.open_history",
    "JudgeConfig": "judge",
    "LearnReport": "app.learn.run",
    "Recording": "analysis.expectations",
    "Score": "app.score",
    "Session": "model",
    "TachographError": "errors",
    "Workspace": "app.workspace",
    "analyse": "app.analysis",
    "check": "app.check.direct",
    "detect": "app.analysis",
    "ingest": "app.ingest",
    "learn": "app.learn.run",
    "load_detectors": "analysis.detectors",
    "load_kpis": "analysis.kpis",
    "make_filter": "app.filters",
    "open_recording": "app.check.direct",
    "open_report": "app.reporting",
    "read_session": "app.analysis",
    "report_cost": "app.cost",
    "report_kpis": "app.kpis",
    "score": "app.analysis",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tachograph' has no attribute {name!r}")
    return getattr(importlib.import_module(f"tachograph.{_HOMES[name]}"), name)
