"""The overview: what the agents did and cost, at a glance, and where to look next."""

from tachograph.app.overview.gather import report_overview
from tachograph.app.overview.record import NextCommand, Overview, Week

__all__ = ["NextCommand", "Overview", "Week", "report_overview"]
