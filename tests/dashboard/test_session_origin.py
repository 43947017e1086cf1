"""From lines to responses: of every session each step is told, and they add up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.dashboard.session_origin import Origin
from tachograph.app.ingest import ingest
from tests.builders.claude import ClaudeHome
from tests.builders.history import write_hard_history
from tests.builders.small import HOUSE, SITE, make_workspace
from tests.builders.wasteful import Wasteful
from tests.dashboard.session_pages import opened, rows_of


def origins(home: Path, history: str) -> dict[str, tuple[Origin, int]]:
    """Of every session its origin and the responses that count."""
    if history == "hard":
        write_hard_history(home / "logs")
        (home / "logs" / "claude").rename(home / ".claude")
        (home / "logs" / "codex").rename(home / ".codex")
        workspace = make_workspace(home)
        ingest(workspace)
    else:
        workspace = Wasteful(home).ingest()
    with opened(workspace) as told:
        counted = dict(
            told.connection.execute(
                "SELECT s.session, count(*) FROM counted_responses r JOIN segments s USING (segment) "
                "WHERE r.pass = 0 GROUP BY s.session"
            ).fetchall()
        )
        ids = [id for (id,) in told.connection.execute("SELECT id FROM sessions ORDER BY id")]
        return {id: (told.session(id).origin, counted.get(id, 0)) for id in ids}


@pytest.mark.parametrize("history", ["hard", "wasteful"])
def test_the_steps_of_counting_add_up_for_every_session(home: Path, history: str) -> None:
    found = origins(home, history)
    assert len(found) >= 8
    for id, (origin, counted) in found.items():
        steps = origin.counting
        assert steps.responses == steps.raw_lines - sum(steps.skipped.values()) - steps.further_lines, id
        assert steps.counted == steps.responses - steps.copies, id
        assert steps.counted == counted, id
        assert min(steps.raw_lines, steps.further_lines, steps.responses, steps.copies, steps.counted) >= 0, id


@pytest.mark.parametrize("history", ["hard", "wasteful"])
def test_logs_are_told_once_with_their_size_as_it_is(home: Path, history: str) -> None:
    for id, (origin, _) in origins(home, history).items():
        paths = [log.path for log in origin.logs]
        assert len(paths) == len(set(paths)), id
        assert origin.problems == sum(log.problems for log in origin.logs), id
        for log in origin.logs:
            assert log.changed_at.tzinfo is not None
            if Path(log.path).is_file() and not log.path.endswith(".zst"):
                content = Path(log.path).read_bytes()
                assert log.size == len(content), (id, log.path)
                glued = content.count(b'}{"')
                assert 0 <= log.own_lines <= log.lines + glued, (id, log.path)


def test_a_line_that_could_not_be_read_is_counted_as_a_problem_and_leads_to_the_doctor(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session("2026-05-18T09:00:00Z", model=HOUSE).prompt("First.").response(output=1_000)
    claude.write()
    (path,) = (home / ".claude").rglob("*.jsonl")
    with path.open("a", encoding="utf-8") as out:
        out.write('{"type": "assistant", "mess\n')
    workspace = make_workspace(home)
    ingest(workspace)
    with opened(workspace) as told:
        data = told.session(f"claude_code:{log.session_id}")
        view = told.view(data)
    assert (data.origin.problems, data.origin.logs[0].problems) == (1, 1)
    (row,) = rows_of(view, "logs")
    assert row[5] == 1
    assert dict(map(tuple, rows_of(view, "counting")))["log lines with usage"] == 1  # type: ignore[arg-type]
