"""The demo's history: the same for everybody, and with everything in it that it promises."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from tachograph.analysis.detectors import load_detectors
from tachograph.app.demo import open_demo
from tachograph.app.demo.build import write_logs
from tachograph.app.demo.story import SECRET, Step, load_stories, parse_step
from tachograph.app.doctor import examine
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tachograph.errors import TachographError
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome
from tests.dump import assert_same, dump_warehouse

TODAY = date(2026, 11, 21)
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demo's folder; read only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACHO_DATA_DIR", str(tmp_path_factory.mktemp("demo")))
        yield open_demo(TODAY, settings=Settings()).folder


def ask(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "warehouse.sqlite")) as connection:
        return connection.execute(query).fetchall()


def one(folder: Path, query: str) -> object:
    return ask(folder, query)[0][0]


# ------------------------------------------------------------------------------------------- what it promises


def test_three_projects_and_two_agents(demo: Path) -> None:
    assert ask(
        demo, "SELECT project, agent, count(*) FROM sessions WHERE kind = 'main' GROUP BY 1, 2 ORDER BY 1, 2"
    ) == [
        ("/home/ada/orchard", "claude_code", 23),
        ("/home/ada/skylight", "claude_code", 6),
        ("/home/ada/skylight", "codex", 2),
        ("/home/ada/tidepool", "codex", 6),
    ]


def test_six_weeks_that_end_on_the_evening_before(demo: Path) -> None:
    first, last = ask(demo, "SELECT min(started_at), max(ended_at) FROM sessions")[0]
    today = 1_795_219_200_000  # 2026-11-21T00:00Z
    assert today - 42 * DAY_MS < first < today - 35 * DAY_MS
    assert today - DAY_MS < last < today


def test_subagents_of_several_kinds(demo: Path) -> None:
    rows = dict(ask(demo, "SELECT agent_type, count(*) FROM sessions WHERE kind = 'subagent' GROUP BY 1"))
    assert rows == {"Explore": 7, "code-reviewer": 12, "general-purpose": 2}
    assert (
        one(
            demo, "SELECT count(*) FROM sessions WHERE kind = 'subagent' AND parent_id NOT IN (SELECT id FROM sessions)"
        )
        == 0
    )


def test_failed_commands_that_are_repeated(demo: Path) -> None:
    repeated = ask(
        demo,
        "SELECT command, count(*) FROM counted_tool_calls WHERE status = 'error'"
        " GROUP BY segment, command, error_signature HAVING count(*) > 1 ORDER BY 2 DESC, 1",
    )
    assert repeated == [
        (None, 3),  # edits that did not match
        ("cargo build", 3),
        ("npm run typecheck", 3),
        ("npx playwright test e2e/login.spec.ts --repeat-each 20", 3),
        ("npx vitest run", 2),
        ("uv run pytest -q tests/store/test_stock_race.py", 2),
    ]


def test_something_for_every_detector(demo: Path) -> None:
    found = ask(demo, "SELECT detector, count(*) FROM findings GROUP BY detector")
    assert dict(found) == {
        "abandoned_branch": 1,
        "cache_rebuild": 3,
        "duplicate_subagent_work": 1,
        "failed_edit_loop": 1,
        "heavy_result": 1,
        "redundant_read": 5,
        "repeated_failed_retry": 2,
    }
    assert {name for name, _ in found} == set(load_detectors())
    causes = ask(demo, "SELECT json_extract(evidence, '$.facts.cause') FROM findings WHERE detector = 'cache_rebuild'")
    assert sorted(causes) == [("compaction",), ("compaction",), ("idle",)]


def test_one_structural_retry(demo: Path) -> None:
    pairs = ask(
        demo,
        "SELECT a.title, b.title FROM sessions a JOIN sessions b ON a.opening_hash = b.opening_hash"
        " AND a.project = b.project AND a.started_at < b.started_at WHERE a.kind = 'main' AND b.kind = 'main'"
        f" AND b.started_at - a.started_at < {DAY_MS}",
    )
    assert pairs == [("Flaky login test", "Lost redirect after login")]


def test_interruptions_a_refusal_and_api_errors(demo: Path) -> None:
    kinds = dict(ask(demo, "SELECT kind, count(*) FROM markers GROUP BY 1"))
    assert (kinds["interruption"], kinds["api_error"], kinds["compaction"]) == (3, 2, 2)
    assert kinds["commit"] >= 8
    assert ask(demo, "SELECT command FROM counted_tool_calls WHERE status = 'denied'") == [
        ("sudo apt-get install -y libpango-1.0-0",)
    ]


def test_a_fork_whose_copied_responses_count_once(demo: Path) -> None:
    forks = ask(demo, "SELECT title, copies FROM sessions WHERE forked_from IS NOT NULL")
    assert len(forks) == 1
    assert forks[0][0] == "Invoices as HTML instead"
    assert forks[0][1] > 5
    stored, keys = ask(demo, "SELECT count(*), count(DISTINCT key) FROM responses WHERE pass = 0")[0]
    assert stored - keys == forks[0][1]


def test_an_unknown_model_and_prices_for_all_others(demo: Path) -> None:
    rows = ask(demo, "SELECT model, sum(unpriced), sum(responses) FROM usage_quarters GROUP BY model")
    assert {model for model, unpriced, _ in rows if unpriced} == {"qwen3-coder-local"}
    assert all(unpriced in (0, count) for _, unpriced, count in rows)
    assert len(rows) == 6


def test_costs_of_some_dollars_a_week(demo: Path) -> None:
    rows = ask(demo, "SELECT sum(cost_pico) FROM usage_quarters GROUP BY (quarter * 900 - 345600) / 604800")
    weeks = [row[0] / 1e12 for row in rows]
    assert len(weeks) in (6, 7)
    assert min(weeks) > 0.2
    assert max(weeks) < 60
    assert 20 < sum(weeks) < 200


def test_tokens_grow_with_the_context(demo: Path) -> None:
    longest = ask(
        demo,
        "SELECT input + cache_read + cache_write_5m + cache_write_1h FROM responses WHERE segment ="
        " (SELECT segment FROM responses GROUP BY segment ORDER BY count(*) DESC LIMIT 1) ORDER BY position",
    )
    sizes = [row[0] for row in longest]
    drops = [later for earlier, later in pairwise(sizes) if later < earlier]
    assert len(sizes) > 60
    assert len(drops) == 1  # the compaction
    assert max(sizes) > 3 * sizes[0]
    cached = ask(
        demo, "SELECT sum(cache_read), sum(input + cache_read + cache_write_5m + cache_write_1h) FROM responses"
    )[0]
    assert 0.85 < cached[0] / cached[1] < 0.99


def test_nothing_in_it_is_odd_to_the_sources(demo: Path) -> None:
    assert ask(demo, "SELECT * FROM problems") == []
    assert ask(demo, "SELECT DISTINCT unknown_types FROM logs") == [("{}",)]
    assert one(demo, "SELECT count(*) FROM tool_calls WHERE status = 'missing'") == 0
    report = examine(demo)
    statuses = {check.name: check.status for check in report.checks}
    assert [statuses[name] for name in ("store", "permissions", "problems", "agent versions")] == ["ok"] * 4


def test_no_secret_is_stored_and_a_redacted_one_can_be_seen(demo: Path) -> None:
    assert SECRET.encode() in b"".join(path.read_bytes() for path in (demo / "logs").rglob("*.jsonl"))
    for name in ("warehouse.sqlite", "warehouse.sqlite-wal"):
        if (demo / name).exists():
            assert SECRET.encode() not in (demo / name).read_bytes()
    assert one(demo, "SELECT command FROM tool_calls WHERE command LIKE 'psql postgres:%'").startswith(  # type: ignore[attr-defined]
        "psql postgres://orchard:[redacted:"
    )


# ------------------------------------------------------------------------------------------------ the same again


def test_twice_the_same_logs_and_the_same_warehouse(demo: Path, home: Path) -> None:
    assert dict(write_logs(TODAY)) == dict(write_logs(TODAY))
    again = open_demo(TODAY, settings=Settings()).folder
    mine, theirs = dump_warehouse(again), dump_warehouse(demo)
    for dump in (mine, theirs):
        dump.pop("logs")  # paths and times of the files differ
        for name in ("segments", "responses", "tool_calls", "prompts", "markers", "findings"):
            dump[name] = sorted((row[1:] for row in dump[name]), key=repr)
    assert_same(mine, theirs)


def test_another_day_moves_the_times_and_nothing_else() -> None:
    one_day, other = dict(write_logs(TODAY)), dict(write_logs(date(2026, 11, 22)))
    assert len(one_day) == len(other)
    for (path, content), (_, moved) in zip(sorted(one_day.items()), sorted(other.items()), strict=True):
        if "projects" in path.parts and path.suffix == ".jsonl":
            first, second = (json.loads(text.splitlines()[0]) for text in (content, moved))
            assert first["timestamp"][10:] == second["timestamp"][10:]
            assert first["timestamp"] < second["timestamp"]
            assert content.count(b"\n") == moved.count(b"\n")


def test_it_is_made_once_a_day(home: Path) -> None:
    assert open_demo(TODAY).made
    assert not open_demo(TODAY).made
    assert open_demo(TODAY, reset=True).made
    assert open_demo(date(2026, 11, 22)).made


def test_an_interrupted_demo_is_made_anew(home: Path) -> None:
    folder = open_demo(TODAY).folder
    (folder / "demo.json").write_text('{"today": "", "version": ""}')
    (folder / "warehouse.sqlite").unlink()
    assert open_demo(TODAY).made
    assert one(folder, "SELECT count(*) FROM sessions") == 58


def test_a_folder_that_is_no_demo_is_left_alone(home: Path) -> None:
    (home / "tachograph" / "demo").mkdir(parents=True)
    (home / "tachograph" / "demo" / "thesis.txt").write_text("important")
    with pytest.raises(TachographError) as caught:
        open_demo(TODAY, reset=True)
    assert caught.value.slug == "not_a_demo"
    assert (home / "tachograph" / "demo" / "thesis.txt").read_text() == "important"


def test_it_keeps_apart_from_the_users_own_history(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project("/home/ada/own").session().prompt("Mine").response()
    claude.write()
    assert run(["demo", "--today", "2026-11-21"]) == 0
    assert not (home / "tachograph" / "warehouse.sqlite").exists()
    monkeypatch.setenv("TACHO_DATA_DIR", str(home / "tachograph" / "demo"))
    assert run(["sessions", "--json"]) == 0  # without --no-ingest: the demo takes nothing in
    out = capsys.readouterr().out
    assert "/home/ada/own" not in out


def test_text_is_stored_in_it_even_when_the_user_wants_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHO_STORE_TEXT", "none")
    folder = open_demo(TODAY).folder
    assert one(folder, "SELECT count(*) FROM prompts WHERE text <> ''") > 60  # type: ignore[operator]


# ------------------------------------------------------------------------------------------------- the command


def test_the_command_shows_the_overview(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--today", "2026-11-21"]) == 0
    captured = capsys.readouterr()
    assert "/home/ada/orchard" in captured.out
    assert "qwen3-coder-local" in captured.out
    folder = home / "tachograph" / "demo"
    assert f"TACHO_DATA_DIR={folder} tacho sessions" in captured.err
    assert run(["demo", "--today", "2026-11-21", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "tachograph.overview/1"


def test_without_a_day_it_ends_yesterday(home: Path) -> None:
    assert run(["demo"]) == 0
    note = json.loads((home / "tachograph" / "demo" / "demo.json").read_text())
    assert note["today"] == date.today().isoformat()  # noqa: DTZ011 (the test's zone is UTC)


# ------------------------------------------------------------------------------------------------- the stories


def test_every_line_of_every_story_makes_sense() -> None:
    stories = load_stories()
    assert len({story.id for story in stories}) == len(stories) == 21
    for story in stories:
        assert story.turns()
        assert min(story.days) >= 1
        verbs = {step.verb for turn in story.turns() for step in turn.steps}
        if story.agent == "codex":
            assert verbs <= {"run", "fail", "edit", "write", "web", "say", "stop"}, story.id


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("read a/b.py 12", Step("read", "a/b.py", added=12)),
        ("edit a.py +3 -2", Step("edit", "a.py", added=3, removed=2)),
        ("grep a => 4", Step("grep", "a", added=4)),
        ("fail make a => Error: b", Step("fail", "make a", "Error: b")),
        ("task Explore: Look: there", Step("task", "Look: there", "Explore")),
        ("mcp github get_x", Step("mcp", "github", "get_x")),
        ("task Explore in src/app: Look", Step("task", "Look", "Explore", folder="src/app")),
        ("pause 90", Step("pause", added=90)),
        ("miss a.py", Step("miss", "a.py")),
        ("stop", Step("stop")),
    ],
)
def test_steps_are_read(line: str, step: Step) -> None:
    assert parse_step(line) == step


@pytest.mark.parametrize("line", ["", "dance", "edit a.py", "read a.py x", "grep a", "pause for a while"])
def test_lines_that_make_no_sense_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match=f"{re.escape(line)}|invalid literal"):
        parse_step(line)


def test_the_demo_can_be_read_by_hand(demo: Path, home: Path) -> None:
    shutil.copytree(demo / "logs", home / "copy")
    report = ingest(Workspace(home / "data"), path=home / "copy")
    assert (report.sessions, report.problems, report.unreadable) == (58, 0, 0)
