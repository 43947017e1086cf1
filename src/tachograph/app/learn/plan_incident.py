"""An incident as a page: what happened, in which sessions, the probable causes by evidence, and what to do."""

from __future__ import annotations

import re

from tachograph.analysis.kpis import Kpi
from tachograph.app.learn.plan_shapes import moment, plan_id
from tachograph.learning.alerts import Incident
from tachograph.report.sanitise import harmless

_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@:])")


def incident_page(incident: Incident, kpi: Kpi | None) -> str:
    """Markdown; whatever came from a log is made harmless in it."""
    group, title = incident.group, incident.kpi if kpi is None else kpi.title
    unit = "" if kpi is None else f" ({kpi.unit})"
    rows = [
        f"| {_plain(plan_id(row.session))} | {moment(row.at)} | {row.value:.4g} | {row.mean:.4g} |"
        f" {row.value - row.mean:+.4g} ({row.deviations:.1f} sd worse) |"
        for row in incident.sessions
    ]
    return "\n".join(
        [
            f"# Incident: {title} of {_plain(group.agent_type)}",
            "",
            f"- Detected: {moment(incident.at)}",
            f"- Pattern: {len(incident.sessions)} sessions in a row on the bad side of {_plain(incident.kpi)}{unit}",
            f"- Agent and models: {_plain(group.agent)}, {_plain(group.family)}",
            "",
            "## Sessions",
            "",
            "| Session | Date | Actual | Baseline | Delta |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "## Probable causes, by evidence",
            "",
            *(f"- {_line(cause)}" for cause in incident.causes or ("Nothing stands out among what these share.",)),
            "",
            "## What to do",
            "",
            *(f"{number}. {_line(action)}" for number, action in enumerate(incident.actions, 1)),
            "",
        ]
    )


def _plain(text: str) -> str:
    """Text from a log: on one line, without a meaning in Markdown."""
    return _MARKS.sub(r"\\\1", harmless(text))


def _line(text: str) -> str:
    """A sentence of ours: names from logs may stand in it, so that neither tags nor lines get through."""
    return harmless(text).replace("<", "&lt;").replace("|", "\\|")
