"""The report on an incident."""

from __future__ import annotations

import pytest

from tachograph.app.learn.fold import load_incidents
from tachograph.app.reports.incident import find_incident, report_incident
from tachograph.app.reports.markdown import incident_markdown
from tachograph.errors import NotFound
from tachograph.learning.alerts import Incident, IncidentRow
from tachograph.learning.records import Group
from tests.builders.looped import Looped, looped
from tests.golden import check_golden
from tests.unit.report.test_markdown import assert_harmless

__all__ = ["looped"]


def test_sessions_causes_and_actions(looped: Looped) -> None:
    with looped.read() as connection:
        [incident] = [one for one in load_incidents(connection) if one.kpi == "error_rate"]
        report = report_incident(connection, incident)
    assert [one.session for one in report.sessions] == [f"claude_code:{one.session_id}" for one in looped.bad[:3]]
    assert [one.value for one in report.sessions] == [0.7] * 3
    assert report.sessions[0].delta == pytest.approx(0.7 - report.sessions[0].mean)
    assert all(one.deviations > 1 for one in report.sessions)
    assert report.detected_at == report.sessions[-1].ended_at
    assert report.causes[0].startswith("2 other KPIs were worse than usual in the same sessions")
    assert len(report.actions) == 4


def test_as_markdown(looped: Looped) -> None:
    with looped.read() as connection:
        [incident] = [one for one in load_incidents(connection) if one.kpi == "error_rate"]
        text = incident_markdown(connection, looped.workspace, incident)
    check_golden("reports/incident.md", text)
    assert_harmless(text)


def test_names_of_a_log_stay_text_also_of_a_kpi_that_is_gone(looped: Looped) -> None:
    row = IncidentRow("claude_code:<b>|x", 0, 1.0, 2.0, 1.5)
    incident = Incident(
        "1", Group("@ada **x**", "a_b", "[x](y)"), "gone", 0, (row,), ("It was `so`.",), ("Do *this*.",)
    )
    with looped.read() as connection:
        assert_harmless(incident_markdown(connection, looped.workspace, incident))


def test_an_incident_is_found_by_a_beginning_of_its_id(looped: Looped) -> None:
    with looped.read() as connection:
        for one in load_incidents(connection):
            assert find_incident(connection, one.id).id == one.id
            assert find_incident(connection, one.id[:8]).kpi == one.kpi


@pytest.mark.parametrize("name", ["", "zzz", "\udcff", "\x1b[31m"])
def test_an_incident_that_is_none(looped: Looped, name: str) -> None:
    with looped.read() as connection, pytest.raises(NotFound, match="No incident"):
        find_incident(connection, name)
