"""The short way to a session's records leads to the same sums as the long one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.analysis.metrics import load_metrics
from tachograph.app.dashboard.session_records import load_parts, load_sheet, name_responses
from tachograph.app.history import History, load_history
from tachograph.app.ingest import ingest
from tachograph.model import Usage
from tests.builders.history import write_hard_history
from tests.builders.small import make_workspace
from tests.builders.wasteful import Wasteful
from tests.dashboard.session_pages import Opened, opened

KEPT = (
    "active_seconds", "api_errors", "compactions", "human_prompts", "interruptions", "lines_added", "lines_removed",
    "models", "output_unreliable_responses", "responses", "tokens", "tool_calls_by_category", "tool_calls_by_name",
    "tool_calls_by_status", "turns", "web_searches",
)  # fmt: skip
"""Metrics that need nothing of what is left out."""


@pytest.fixture(params=["hard", "wasteful"])
def told(home: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    if request.param == "hard":
        write_hard_history(home / "logs")
        (home / "logs" / "claude").rename(home / ".claude")
        (home / "logs" / "codex").rename(home / ".codex")
        workspace = make_workspace(home)
        ingest(workspace)
    else:
        workspace = Wasteful(home).ingest()
    with opened(workspace) as found:
        yield found


def histories(told: Opened) -> list[tuple[str, History]]:
    """Every session that has left a log."""
    ids = [id for (id,) in told.connection.execute("SELECT id FROM sessions ORDER BY id")]
    found = [(id, load_history(told.connection, id)) for id in ids]
    return [(id, history) for id, history in found if history is not None]


def test_metrics_costs_and_contexts_are_those_of_the_whole_history(told: Opened) -> None:
    pairs = histories(told)
    assert len(pairs) >= 8
    for id, history in pairs:
        sheet = load_sheet(told.connection, id, load_parts(told.connection, id))
        for name in KEPT:
            metric = load_metrics()[name]
            assert metric(sheet.session) == metric(history.session), (id, name)
        assert list(sheet.costs.values()) == [history.costs[one.position] for one in history.session.responses]
        sizes = [
            max(part.usage.prompt_size for part in one.passes) if one.passes else one.usage.prompt_size
            for one in history.session.responses
        ]
        assert list(sheet.contexts.values()) == sizes


def test_prompts_and_markers_are_whole_and_in_order(told: Opened) -> None:
    for id, history in histories(told):
        sheet = load_sheet(told.connection, id, load_parts(told.connection, id))
        texts = [(one.id, one.kind, one.at, one.text) for one in history.session.prompts]
        assert [(one.id, one.kind, one.at, one.text) for one in sheet.session.prompts] == texts
        kinds = [(one.kind, one.at, one.value) for one in history.session.markers]
        assert [(one.kind, one.at, one.value) for one in sheet.session.markers] == kinds
        positions = [one.position for one in sheet.session.responses]
        assert positions == sorted(set(positions)), "no two logs of a session share a place"


def test_a_session_loaded_in_pieces_adds_up_to_the_whole(told: Opened) -> None:
    for id, _ in histories(told):
        parts = load_parts(told.connection, id)
        whole = load_sheet(told.connection, id, parts)
        places = sorted(one.position for one in (*whole.session.responses, *whole.session.tool_calls))
        if len(places) < 2:
            continue
        cut = places[len(places) // 2]
        pieces = [load_sheet(told.connection, id, parts, 0, cut - 1), load_sheet(told.connection, id, parts, cut)]
        calls = [call.position for piece in pieces for call in piece.session.tool_calls]
        assert calls == [call.position for call in whole.session.tool_calls]
        usage = sum((one.usage for piece in pieces for one in piece.session.responses), Usage())
        assert usage == sum((one.usage for one in whole.session.responses), Usage())
        assert {**pieces[0].costs, **pieces[1].costs} == whole.costs


def test_responses_get_their_names_back(told: Opened) -> None:
    for id, history in histories(told):
        parts = load_parts(told.connection, id)
        session = name_responses(told.connection, parts, load_sheet(told.connection, id, parts).session)
        assert [one.id for one in session.responses] == [one.id for one in history.session.responses]


def test_a_session_that_is_not_there_has_no_parts(told: Opened) -> None:
    assert load_parts(told.connection, "claude_code:nobody") == []
    assert load_sheet(told.connection, "claude_code:nobody", []).session.responses == ()
