"""What is offered: ids and names that begin as typed, the likeliest first, harmless."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from tachograph.analysis.detectors import load_detectors
from tachograph.analysis.kpis import load_kpis
from tachograph.analysis.metrics import load_metrics
from tachograph.app import offers
from tachograph.app.find_session import find_session
from tachograph.app.goals.book import Author, Book
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.mechanisms import load_mechanisms
from tachograph.app.offers import MOST, Offer, find_offers
from tachograph.errors import TachographError
from tachograph.learning.suggestions import load_catalogue
from tachograph.sources import load_sources
from tachograph.warehouse.store import open_reader, warehouse_file
from tests.completion.conftest import HARSH, IDS, SPACED

START = 1_777_600_000_000
"""2026-05-01, ms UTC."""


def values(kind, beginning: str, folder: Path) -> list[str]:
    return [one.value for one in find_offers(kind, beginning, folder)]


@pytest.mark.parametrize(
    ("beginning", "expected"),
    [
        ("", ["fifth", "fourth", "third", "second", "first"]),
        ("a", ["second", "first"]),
        ("aaaaaaaa-1", ["first"]),
        ("x", []),
        ("%", []),
        ("_", []),
    ],
)
def test_sessions_are_offered_by_native_id_the_latest_first(folder: Path, beginning, expected):
    assert values("session", beginning, folder) == [IDS[name] for name in expected]


def test_a_session_is_named_whole_once_its_agent_is(folder: Path):
    assert values("session", "claude_code:b", folder) == [f"claude_code:{IDS['third']}"]
    assert values("session", "codex:", folder) == []


def test_subagents_are_offered_below_their_session(folder: Path):
    [value] = values("session", f"{IDS['third']}/", folder)
    assert value.startswith(f"{IDS['third']}/")
    with closing(open_reader(folder)) as connection:
        assert find_session(connection, value) == f"claude_code:{value}"


def test_a_session_is_told_by_its_day_and_title_made_harmless(folder: Path):
    told = {one.value: one.about for one in find_offers("session", "", folder)}
    assert told[IDS["first"]] == "2026-05-01 Title of first"
    assert told[IDS["fourth"]] == "2026-05-04 Say: it's $(touch pwned), �]0;owned� %F{red}`id`"
    assert all(len(about) <= 60 for about in told.values())


@pytest.mark.parametrize(
    ("beginning", "expected"),
    [
        ("", [HARSH.rpartition("/")[2], "two words", "site", "orchard"]),
        ("or", ["orchard"]),
        ("/home/ada/t", [SPACED]),
        ("/home/ada/o", ["/home/ada/orchard"]),
        ("/home/", [HARSH, SPACED, "/home/sam/site", "/home/ada/orchard", "/home/ada/site"]),
        ("orchards", []),
    ],
)
def test_projects_are_offered_by_name_where_that_says_enough(folder: Path, beginning, expected):
    assert values("project", beginning, folder) == expected


def test_a_project_is_told_by_its_path(folder: Path):
    assert find_offers("project", "or", folder) == [Offer("orchard", "/home/ada/orchard")]
    assert find_offers("project", "si", folder) == [Offer("site", "2 projects of this name")]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("agent", load_sources),
        ("detector", load_detectors),
        ("kpi", load_kpis),
        ("mechanism", load_mechanisms),
        ("metric", lambda: ["usd", *load_kpis(), *load_metrics()]),
        ("suggestion", load_catalogue),
    ],
)
def test_what_the_code_holds_is_offered_without_a_warehouse(kind, names, tmp_path: Path):
    assert values(kind, "", tmp_path) == list(names())[:MOST]
    beginning = sorted(names())[0][:3]
    assert values(kind, beginning, tmp_path) == [name for name in names() if name.startswith(beginning)]


def test_goals_are_those_of_the_repository_one_stands_in(home: Path, monkeypatch: pytest.MonkeyPatch):
    repository = home / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "inside").mkdir()
    monkeypatch.chdir(repository / "inside")
    assert find_offers("goal", "", home) == []
    book = Book(LedgerPlace(repository, repository / "metrics" / "events.ndjson"), Author(), UTC, now_ms=START)
    first = book.start("Prune the orchard", "product")
    second = book.start("Say: \x1b[31mno $(touch pwned)", "meta", started_at=START + 1000)
    assert find_offers("goal", "2026-", home) == [
        Offer(second.id, "in progress Say: \ufffd[31mno $(touch pwned)"),
        Offer(first.id, "in progress Prune the orchard"),
    ]
    assert values("goal", first.id, home) == [first.id]
    with (repository / "metrics" / "events.ndjson").open("ab") as ledger:
        ledger.write(b'{"torn')
    assert values("goal", "", home) == [second.id, first.id]
    monkeypatch.setattr(offers, "_LONGEST_LEDGER", 10)
    assert values("goal", "", home) == []


def test_agent_types_begin_with_the_main_one(folder: Path):
    found = values("agent_type", "", folder)
    assert found[0] == "main"
    assert len(found) == len(set(found)) > 1
    assert values("agent_type", "ma", folder) == ["main"]


def test_alerts_and_trials_are_offered(folder: Path):
    assert values("alert", "", folder) == []
    assert values("trial", "", folder) == []
    with closing(sqlite3.connect(warehouse_file(folder))) as connection, connection:
        connection.executemany(
            "INSERT INTO alerts VALUES (?, '', 'cost_per_turn', 'z_score', 'critical', ?, '{}')",
            [("k3f", 1_777_000_000_000), ("k9x", 1_778_000_000_000), ("m1", 1)],
        )
        connection.executemany(
            "INSERT INTO decisions (at, suggestion, agent_type, action, by, reason, numbers, agent)"
            " VALUES (?, ?, ?, 'activate', 'user', '', '{}', '')",
            [(1, "narrow_results", "main"), (2, "batch_reads", "main")],
        )
    assert find_offers("alert", "k", folder) == [
        Offer("k9x", "critical 2026-05-05 z_score cost_per_turn"),
        Offer("k3f", "critical 2026-04-24 z_score cost_per_turn"),
    ]
    assert [one.about for one in find_offers("trial", "", folder)] == ["batch_reads main", "narrow_results main"]


def test_what_a_terminal_cannot_show_as_it_is_is_not_offered(folder: Path):
    with closing(sqlite3.connect(warehouse_file(folder))) as connection, connection:
        connection.execute("UPDATE sessions SET project = '/home/ada/\x1b[31mred' WHERE project = '/home/ada/orchard'")
        connection.execute("UPDATE sessions SET id = 'claude_code:a\x07' WHERE id LIKE '%2222%'")
    assert not [value for value in values("project", "", folder) if "red" in value]
    assert values("session", "a", folder) == [IDS["first"]]


def test_no_more_are_offered_than_a_person_reads(folder: Path):
    with closing(sqlite3.connect(warehouse_file(folder))) as connection, connection:
        columns = [
            row[1] for row in connection.execute("PRAGMA table_info(sessions)") if row[1] not in ("session", "id")
        ]
        connection.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
            f" INSERT INTO sessions (id, {', '.join(columns)})"
            f" SELECT 'claude_code:e' || i, {', '.join(columns)} FROM n, sessions WHERE sessions.id LIKE '%0001'"
        )
    assert len(values("session", "", folder)) == MOST


def test_a_question_that_takes_too_long_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(offers, "_SECONDS", -1.0)
    monkeypatch.setattr(
        offers, "_ABOUT", "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n)"
    )
    assert find_offers("session", "", folder) == []


def test_without_a_warehouse_there_is_an_error(tmp_path: Path):
    with pytest.raises(TachographError):
        find_offers("session", "", tmp_path)
    assert list(tmp_path.iterdir()) == []
