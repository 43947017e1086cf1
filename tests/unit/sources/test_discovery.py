from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.app.reading import read_log
from tachograph.model import Problem
from tachograph.sources import LogFile, load_sources
from tachograph.sources._source import _is_new
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.unit.sources.parsing import CLEAN

CLAUDE, CODEX = load_sources()["claude_code"], load_sources()["codex"]


def found(source, folder: Path) -> tuple[list[str], list[str]]:
    """Paths of the logs and slugs of the problems under ``folder``."""
    items = list(source.discover(folder))
    logs = [Path(item.path).relative_to(folder).as_posix() for item in items if isinstance(item, LogFile)]
    return logs, [item.slug for item in items if isinstance(item, Problem)]


@pytest.fixture
def claude(tmp_path) -> ClaudeHome:
    return ClaudeHome(tmp_path / "claude")


@pytest.fixture
def codex(tmp_path) -> CodexHome:
    return CodexHome(tmp_path / "codex")


SESSION = "00000001-0304-4000-8000-000003040001"
PROJECT = "projects/-home-ada-site"


def test_every_layout_of_claude_code_is_found(claude):
    log = claude.project().session().prompt().response()
    log.subagent().user("a", 0)
    log.subagent(workflow="wf_1").user("b", 0)
    log.subagent(sibling=True).user("c", 0)
    claude.extra[log.path.parent / SESSION / "subagents" / "workflows" / "wf_1" / "journal.jsonl"] = b"{}\n"
    claude.extra[log.path.parent / SESSION / "tool-results" / "toolu_1.jsonl"] = b"{}\n"
    claude.extra[log.path.parent / "sessions-index.json"] = b"{}"
    claude.extra[log.path.parent / "notes.txt"] = b"x"
    claude.extra[claude.folder / "history.jsonl"] = b"{}\n"
    assert found(CLAUDE, claude.write()) == (
        [
            f"{PROJECT}/{SESSION}.jsonl",
            f"{PROJECT}/agent-a000003.jsonl",
            f"{PROJECT}/{SESSION}/subagents/agent-a000001.jsonl",
            f"{PROJECT}/{SESSION}/subagents/workflows/wf_1/agent-a000002.jsonl",
        ],
        [],
    )


def test_a_companion_file_is_known_by_its_time(claude):
    agent = claude.project().session().prompt().subagent().user("a", 0)
    claude.write()
    sidecar = agent.path.with_name("agent-a000001.meta.json")
    os.utime(sidecar, ns=(5, 7_000_000_000))
    logs = {Path(log.path).name: log for log in CLAUDE.discover(claude.folder)}
    assert logs["agent-a000001.jsonl"].sidecar_mtime_ns == 7_000_000_000
    assert CLAUDE.sidecar_path(logs["agent-a000001.jsonl"]) == str(sidecar)
    assert logs[f"{SESSION}.jsonl"].sidecar_mtime_ns == 0
    assert CLAUDE.sidecar_path(logs[f"{SESSION}.jsonl"]) is None


def test_any_folder_may_be_named_instead_of_a_home(claude):
    claude.project().session().prompt()
    claude.write()
    assert found(CLAUDE, claude.folder / "projects" / "-home-ada-site")[0] == [f"{SESSION}.jsonl"]


def test_rollouts_are_none_of_claude_codes(codex):
    codex.session()
    assert found(CLAUDE, codex.write()) == ([], [])


def test_every_layout_of_codex_is_found(codex):
    codex.session()
    codex.session(archived=True)
    codex.session("2026-05-21T10:00:00Z").compressed()
    both = codex.session("2026-05-22T10:00:00Z").compressed(beside=True)
    codex.write()
    (codex.folder / "history.jsonl").write_bytes(b"{}\n")
    (both.path.parent / "notes.jsonl").write_bytes(b"{}\n")
    logs, problems = found(CODEX, codex.folder)
    name = "rollout-2026-05-{day}T10-00-00-0000000{n}-0278-4000-8000-00000278000{n}.jsonl"
    assert logs == [
        "sessions/2026/05/20/" + name.format(day=20, n=1),
        "sessions/2026/05/21/" + name.format(day=21, n=3) + ".zst",
        "sessions/2026/05/22/" + name.format(day=22, n=4),
        "archived_sessions/" + name.format(day=20, n=2),
    ]
    assert problems == []
    assert found(CODEX, both.path.parent)[0] == [name.format(day=22, n=4)]


def test_a_missing_folder_holds_nothing(tmp_path):
    assert found(CLAUDE, tmp_path / "none") == ([], [])
    assert found(CODEX, tmp_path / "none") == ([], [])


def test_a_fifo_is_reported_and_not_waited_for(claude):
    log = claude.project().session().prompt()
    claude.write()
    os.mkfifo(log.path.with_name("00000002-0304-4000-8000-000003040002.jsonl"))
    assert found(CLAUDE, claude.folder) == ([f"{PROJECT}/{SESSION}.jsonl"], ["not_a_file"])


def test_a_file_that_became_a_fifo_or_went_away_is_unreadable(claude, tmp_path):
    log = claude.project().session().prompt()
    claude.write()
    (file,) = CLAUDE.discover(claude.folder)
    log.path.unlink()
    gone, _ = read_log(file, CLEAN)
    assert (gone.readable, [p.slug for p in gone.parsed.problems]) == (False, ["unreadable_file"])
    os.mkfifo(log.path)
    fifo, _ = read_log(file, CLEAN)
    assert (fifo.readable, [p.detail for p in fifo.parsed.problems]) == (False, ["not a regular file"])


def test_a_symlink_to_nowhere_is_reported(claude):
    log = claude.project().session().prompt()
    claude.write()
    log.path.with_name("zz.jsonl").symlink_to("/nonexistent/zz.jsonl")
    logs, problems = found(CLAUDE, claude.folder)
    assert (logs, problems) == ([f"{PROJECT}/{SESSION}.jsonl"], ["not_a_file"])


def test_symlink_loops_end(claude):
    log = claude.project().session().prompt()
    claude.write()
    folder = log.path.parent
    (folder / "self").symlink_to(folder)
    (folder / "up").symlink_to(claude.folder)
    (folder / "round").symlink_to(folder / "round")
    other = claude.folder / "projects" / "other"
    other.mkdir()
    (other / "there").symlink_to(folder)
    (folder / "back").symlink_to(other)
    logs, _ = found(CLAUDE, claude.folder)
    assert logs[0] == f"{PROJECT}/{SESSION}.jsonl"
    assert {Path(path).name for path in logs} == {f"{SESSION}.jsonl"}
    assert len(logs) <= 3


def test_a_symlinked_folder_is_searched_once(claude, tmp_path):
    elsewhere = ClaudeHome(tmp_path / "elsewhere")
    log = elsewhere.project().session().prompt()
    elsewhere.write()
    (claude.folder / "projects").mkdir(parents=True)
    for name in ("one", "two"):
        (claude.folder / "projects" / name).symlink_to(log.path.parent)
    assert found(CLAUDE, claude.folder)[0] == [f"projects/one/{SESSION}.jsonl"]


def test_a_symlink_to_the_root_of_the_file_system_leads_back(tmp_path):
    (tmp_path / "root").symlink_to("/")
    (entry,) = os.scandir(tmp_path)
    assert not _is_new(entry, set())


@pytest.fixture
def closed_folder(claude) -> Iterator[Path]:
    log = claude.project().session().prompt()
    claude.write()
    folder = log.path.parent / "closed"
    folder.mkdir()
    folder.chmod(0)
    yield folder
    folder.chmod(stat.S_IRWXU)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_an_unreadable_folder_is_reported_and_the_rest_found(claude, closed_folder):
    assert found(CLAUDE, claude.folder) == ([f"{PROJECT}/{SESSION}.jsonl"], ["unreadable_folder"])


def test_a_file_in_place_of_a_folder_is_reported(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert found(CLAUDE, tmp_path / "file") == ([], ["unreadable_folder"])


# --------------------------------------------------------------------------------------------------- roots


def make(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(parents=True)


def test_claude_code_is_looked_for_where_the_variable_says(tmp_path, monkeypatch):
    one, two = tmp_path / "one", tmp_path / "two"
    make(one / "projects", two / "projects")
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", f"{one}, {two},{tmp_path / 'none'},")
    assert CLAUDE.roots() == [one, two]


def test_claude_code_is_looked_for_in_both_usual_places(home, monkeypatch):
    monkeypatch.delenv("CLAUDE_CONFIG_DIR")
    assert CLAUDE.roots() == []
    make(home / ".claude" / "projects", home / ".config" / "claude" / "projects")
    assert CLAUDE.roots() == [home / ".config" / "claude", home / ".claude"]


def test_codex_is_looked_for_where_the_variable_says(home, tmp_path, monkeypatch):
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "codex"))
    assert CODEX.roots() == []
    make(tmp_path / "codex" / "archived_sessions")
    assert CODEX.roots() == [tmp_path / "codex"]
    monkeypatch.delenv("CODEX_HOME")
    make(home / ".codex" / "sessions")
    assert CODEX.roots() == [home / ".codex"]


# ------------------------------------------------------------------------------------------- compressed files


def test_a_compressed_rollout_is_read_like_the_plain_one(codex):
    log = codex.session().turn().prompt().shell("ls", "a").tokens(input=9, output=3).compressed(beside=True)
    codex.write()
    files = [LogFile("codex", path, 1, 1, 1, 1) for path in (str(log.path), f"{log.path}.zst")]
    plain, packed = (read_log(file, CLEAN)[0] for file in files)
    assert packed.parsed.sessions == plain.parsed.sessions
    assert packed.parsed.carry == b""
    assert plain.parsed.carry != b""


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[: len(raw) // 2], lambda raw: b"rubbish", lambda raw: raw[:-9] + b"x" * 9]
)
def test_a_damaged_compressed_rollout_is_a_problem(codex, damage):
    log = codex.session().turn().prompt("x" * 3000).compressed()
    codex.write()
    packed = Path(f"{log.path}.zst")
    packed.write_bytes(damage(packed.read_bytes()))
    (file,) = CODEX.discover(codex.folder)
    result, _ = read_log(file, CLEAN)
    assert not result.readable or result.parsed.problems or not result.parsed.sessions
