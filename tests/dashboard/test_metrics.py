"""The page with every metric of one session."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.analysis.metrics import load_metrics, measure
from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.pages import metrics
from tachograph.app.dashboard.pages.metrics import MetricValue, SessionMetrics
from tachograph.app.history import load_history
from tachograph.app.scope import Scope
from tachograph.errors import NotFound, UsageError
from tachograph.report.view import Empty, View, find_grid


def ask(desk: Desk, scope: Scope, id: str) -> SessionMetrics:
    found: SessionMetrics = metrics.PAGE.gather(desk, scope, {"id": id})
    return found


@pytest.fixture
def told(desk: Desk, scope: Scope) -> SessionMetrics:
    """The main session with the most files read."""
    query = """SELECT g.session FROM tool_calls c JOIN segments g USING (segment) JOIN sessions s ON s.id = g.session
        WHERE c.file_op = 'read' AND s.kind = 'main' GROUP BY 1 ORDER BY count(DISTINCT c.path) DESC, 1 LIMIT 1"""
    return ask(desk, scope, desk.connection.execute(query).fetchone()[0])


def by_name(told: SessionMetrics) -> dict[str, MetricValue]:
    return {one.metric: one for one in told.metrics}


def test_every_metric_that_the_session_has_is_there_with_its_value(desk: Desk, told: SessionMetrics) -> None:
    history = load_history(desk.connection, told.session)
    assert history is not None
    measured: dict[str, Any] = measure(history.session)
    shown = by_name(told)
    assert list(shown) == list(measured)
    assert (shown["turns"].value, shown["turns"].unit, shown["turns"].by_kind) == (measured["turns"], "turns", {})
    assert shown["tokens"].by_kind == measured["tokens"]
    assert shown["tokens"].value is None, "reasoning lies within output: there is no sum"
    assert (shown["models"].value, shown["models"].names) == (len(measured["models"]), measured["models"])
    assert shown["files_read"].value == measured["files_read"].count
    assert shown["files_read"].names == measured["files_read"].paths[:50]
    assert (shown["tool_calls"].value, shown["tool_calls"].names) == (len(measured["tool_calls"]), [])
    assert all(one.about and one.title and one.unit for one in told.metrics)
    assert "``" not in "".join(one.about for one in told.metrics)


def test_the_page_is_a_table_of_them(told: SessionMetrics, scope: Scope) -> None:
    view: View = metrics.PAGE.show(told, scope, {})
    grid = find_grid(view.blocks, "metrics")
    assert grid is not None
    assert [column.key for column in grid.columns] == ["metric", "value", "unit", "details"]
    rows = {row[0].value: row for row in grid.rows}
    assert list(rows) == [load_metrics()[one.metric].title for one in told.metrics]
    assert (rows["Turns"][1].value, rows["Turns"][2].value) == (by_name(told)["turns"].value, "turns")
    assert rows["Tokens by kind"][1].value == "by kind"
    tokens = by_name(told)["tokens"].by_kind
    assert rows["Tokens by kind"][3].value.startswith(f"input {tokens['input']:,}, cache_read ")
    active = rows["Active time"][1]
    assert (active.value, active.note.endswith("s")) == (by_name(told)["active_seconds"].value, True)


def test_a_long_list_says_how_much_it_leaves_out(scope: Scope) -> None:
    names = [f"/home/ada/{number}.py" for number in range(11)]
    one = MetricValue("files_read", "Files read", "files", "Files.", 11, {}, names)
    view = metrics.PAGE.show(SessionMetrics("claude_code:a", "a  Invoices", False, [one]), scope, {})
    grid = find_grid(view.blocks, "metrics")
    assert grid is not None
    assert grid.rows[0][3].value == ", ".join(names[:8]) + " … 3 more"
    assert view.title == "Metrics of a Invoices"


def test_a_word_is_a_metric_too(
    desk: Desk, scope: Scope, told: SessionMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "measure", lambda _: {"models": "evening", "turns": 3, "tokens": {"input": 1}})
    found = by_name(ask(desk, scope, told.session))
    assert [(one.value, one.names, one.by_kind) for one in found.values()] == [
        (None, ["evening"], {}), (3, [], {}), (None, [], {"input": 1}),
    ]  # fmt: skip


def test_a_session_whose_log_is_missing_has_none(scope: Scope) -> None:
    view = metrics.PAGE.show(SessionMetrics("claude_code:a", "a", True, []), scope, {})
    (block,) = view.blocks
    assert isinstance(block, Empty)
    assert (block.href, block.link) == ("/session?id=claude_code%3Aa", "The session")


def test_a_session_that_is_not_there_is_said_so(desk: Desk, scope: Scope) -> None:
    with pytest.raises(NotFound):
        ask(desk, scope, "nobody")
    with pytest.raises(UsageError, match="No session is named"):
        metrics.PAGE.gather(desk, scope, {})
