"""Naming a session: by id, by its beginning, or as the last one of the project one stands in."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.find_session import current_folder, find_last, find_session, lies_in, short_names
from tachograph.app.ingest import ingest
from tachograph.errors import NotFound
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.small import make_workspace

IDS = {
    "one": "aaaaaaaa-1111-4000-8000-000000000001",
    "two": "aaaaaaaa-2222-4000-8000-000000000002",
    "three": "bbbbbbbb-1111-4000-8000-000000000003",
    "four": "cccccccc-1111-4000-8000-000000000004",
}
PLACES = {"one": "/home/ada/site", "two": "/home/ada/site/web", "three": "/home/ada/tools", "four": "C:\\code\\App"}


@pytest.fixture
def connection(home: Path) -> Iterator[sqlite3.Connection]:
    """Four sessions, each ending later than the one before; ``three`` has a subagent that ends last of all."""
    claude = ClaudeHome(home / ".claude")
    logs: dict[str, ClaudeLog] = {}
    for day, (name, id) in enumerate(IDS.items(), 1):
        logs[name] = claude.project(PLACES[name]).session(f"2026-05-{day:02}T09:00:00Z", id=id)
        logs[name].custom_title(f"Title of {name}").prompt("Go.").response(output=1)
    logs["three"].at("2026-05-30T09:00:00Z").subagent("abc1234").prompt("Look.").response(output=1)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"claude_code:{IDS['one']}", "one"),
        (IDS["one"], "one"),
        ("aaaaaaaa-1", "one"),
        ("claude_code:aaaaaaaa-2", "two"),
        ("bbb", "three"),
        ("c", "four"),
    ],
)
def test_an_id_or_its_beginning_is_enough(connection: sqlite3.Connection, text: str, found: str) -> None:
    assert find_session(connection, text) == f"claude_code:{IDS[found]}"


@pytest.mark.parametrize(
    "text",
    [
        "abc1234",
        "abc",
        f"{IDS['three']}/",
        f"{IDS['three']}/abc",
        "claude_code:bbbbbbbb-1111-4000-8000-000000000003/abc1234",
    ],
)
def test_a_subagent_is_named_by_its_own_part_or_behind_its_parent_s(connection: sqlite3.Connection, text: str) -> None:
    assert find_session(connection, text) == f"claude_code:{IDS['three']}/abc1234"


def test_a_beginning_that_several_have_is_no_name(connection: sqlite3.Connection) -> None:
    with pytest.raises(NotFound, match="2 sessions begin with aaaaaaaa") as caught:
        find_session(connection, "aaaaaaaa")
    assert caught.value.exit_code == 3
    assert caught.value.slug == "ambiguous_session"
    assert caught.value.hint.splitlines() == [
        "Give more of the id:",
        f"  claude_code:{IDS['one']}  2026-05-01  Title of one",
        f"  claude_code:{IDS['two']}  2026-05-02  Title of two",
    ]


def test_an_unknown_name_brings_the_most_recent_ones_to_mind(connection: sqlite3.Connection) -> None:
    with pytest.raises(NotFound, match="No session is called zzz, or begins so") as caught:
        find_session(connection, "zzz")
    assert caught.value.exit_code == 3
    assert [line.split()[-1] for line in caught.value.hint.splitlines()[1:]] == ["four", "three", "two", "one"]


@pytest.mark.parametrize("text", ["", "  ", "\t\n"])
def test_an_empty_name_is_no_beginning_of_every_one(connection: sqlite3.Connection, text: str) -> None:
    with pytest.raises(NotFound, match="An empty name names no session") as caught:
        find_session(connection, text)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("text", ["%", "_", "a%", "'", "\x1b[31m", "claude_code"])
def test_nothing_in_a_name_is_a_pattern(connection: sqlite3.Connection, text: str) -> None:
    with pytest.raises(NotFound) as caught:
        find_session(connection, text)
    assert "\x1b" not in caught.value.message + caught.value.hint


def test_five_candidates_are_enough(connection: sqlite3.Connection, home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for number in range(7):
        claude.project().session(id=f"dddddddd-{number}000-4000-8000-000000000000").prompt("\x1b[2JGo.").response()
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as opened, pytest.raises(NotFound) as caught:
        find_session(opened, "d")
    lines = caught.value.hint.splitlines()
    assert (len(lines), lines[-1]) == (7, "  … and 2 more")
    assert "\x1b" not in caught.value.hint


def test_a_session_whose_log_is_missing_can_be_named(connection: sqlite3.Connection, home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    gone = claude.project().session(id="eeeeeeee-0000-4000-8000-000000000000").prompt("Gone.")
    gone.subagent("aaa").prompt("Look.").response()
    gone.subagent("aab").prompt("Look.").response()
    claude.write()
    gone.path.unlink()
    workspace = make_workspace(home)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as opened:
        assert find_session(opened, "eeee") == "claude_code:eeeeeeee-0000-4000-8000-000000000000"


# ------------------------------------------------------------------------------------------------- the last one


@pytest.mark.parametrize(
    ("here", "found"),
    [
        ("/home/ada/site", "one"),
        ("/home/ada/site/", "one"),
        ("/home/ada/site/src/deep", "one"),
        ("/home/ada/site/.claude/worktrees/calm-otter", "one"),
        ("/home/ada/site/web", "two"),
        ("/home/ada/site/web/css", "two"),
        ("/home/ada/tools", "three"),
        ("/home/ada/site-two", "four"),
        ("/home/ada", "four"),
        ("/", "four"),
        ("c:\\code\\app\\src", "four"),
    ],
)
def test_the_last_one_is_that_of_the_innermost_project(connection: sqlite3.Connection, here: str, found: str) -> None:
    assert find_last(connection, here) == f"claude_code:{IDS[found]}"


def test_without_any_session_there_is_no_last_one(home: Path) -> None:
    workspace = make_workspace(home)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as opened, pytest.raises(NotFound, match="no session yet"):
        find_last(opened, "/home/ada/site")


@pytest.mark.parametrize(
    ("here", "project", "inside"),
    [
        ("/a/b/c", "/a/b", True),
        ("/a/bc", "/a/b", False),
        ("/a", "/a/b", False),
        ("/a/B", "/a/b", False),
        ("C:\\Code\\App\\x", "c:\\code\\app", True),
        ("C:/code/app", "C:\\code\\app", True),
        ("/a/b/.worktrees/x/src", "/a/b", True),
        ("/a/b", "/", True),
    ],
)
def test_a_folder_lies_in_a_project_by_its_text(here: str, project: str, inside: bool) -> None:
    assert lies_in(here, project) == inside


def test_one_stands_where_one_came_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    monkeypatch.chdir(link)
    monkeypatch.setenv("PWD", str(link))
    assert current_folder() == str(link)
    monkeypatch.setenv("PWD", str(tmp_path))
    assert current_folder() == os.path.realpath(real)
    monkeypatch.delenv("PWD")
    assert current_folder() == os.path.realpath(real)


@pytest.mark.parametrize(("named", "told"), [("/home/ada/gone", "/home/ada/gone"), ("gone", ""), ("", "")])
def test_one_stands_where_a_deleted_folder_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, told: str
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PWD", named)
    folder.rmdir()
    assert current_folder() == told


# -------------------------------------------------------------------------------------------------- short names


def test_short_names_find_their_session(connection: sqlite3.Connection) -> None:
    ids = [row[0] for row in connection.execute("SELECT id FROM sessions")]
    names = short_names(connection, ids)
    assert sorted(names.values()) == ["aaaaaaaa-1111", "aaaaaaaa-2222", "abc1234", "bbbbbbbb", "cccccccc"]
    assert [find_session(connection, name) for name in names.values()] == ids
