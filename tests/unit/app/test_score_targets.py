"""Scoring what a person names: files, folders, sessions; stored, or with the warehouse left as it is."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tachograph.app import reading
from tachograph.app.ingest import Progress, ingest
from tachograph.app.score_targets import Unreadable
from tachograph.errors import NotFound
from tachograph.warehouse.store import open_reader
from tests.builders.scoring import ids, named, score
from tests.builders.wasteful import Wasteful, make_workspace, purge_session, wasteful

__all__ = ["wasteful"]


# ------------------------------------------------------------------------------------------------------ targets


def test_a_log_is_scored_and_stored(wasteful: Wasteful) -> None:
    workspace = make_workspace(wasteful.home)
    report = score(workspace, wasteful.loops.path)
    assert (ids(report), report.unreadable) == (named(wasteful.loops), [])
    assert report.sessions[0].waste.value == 3
    with closing(open_reader(workspace.folder)) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM findings").fetchone() == (3,)


def test_a_folder_is_searched_recursively_in_order_of_paths(wasteful: Wasteful) -> None:
    report = score(make_workspace(wasteful.home), wasteful.home)
    mains = [*wasteful.claude.logs, wasteful.thread]
    mains = [log for log in mains if not getattr(log, "agent_id", None)]
    paths = {
        str(log.path): f"codex:{log.id}" if log is wasteful.thread else named(log)[0]  # type: ignore[arg-type]
        for log in mains
    }
    assert ids(report) == [paths[path] for path in sorted(paths)]
    assert report.unreadable == []


def test_reading_tells_how_far_it_has_come(wasteful: Wasteful) -> None:
    told: list[Progress] = []
    score(make_workspace(wasteful.home), wasteful.codex.folder, progress=told.append)
    assert [(one.done_logs, one.all_logs) for one in told] == [(1, 3), (2, 3), (3, 3)]


def test_sessions_are_found_by_name(wasteful: Wasteful) -> None:
    workspace = make_workspace(wasteful.home)
    report = score(workspace, wasteful.thread.id, wasteful.clean.session_id[:8], *named(wasteful.heavy))
    assert ids(report) == [f"codex:{wasteful.thread.id}", *named(wasteful.clean, wasteful.heavy)]


def test_paths_come_first_then_names_then_the_last_one(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    report = score(workspace, wasteful.clean.session_id, wasteful.rewound.path, wasteful.heavy.path, last=True)
    assert ids(report) == named(wasteful.rewound, wasteful.heavy, wasteful.clean)


@pytest.mark.parametrize("store", [True, False])
def test_what_is_named_twice_is_scored_once(wasteful: Wasteful, store: bool) -> None:
    workspace = wasteful.ingest()
    log = wasteful.loops
    twice = (log.path, log.path, log.path.parent, log.session_id, f"claude_code:{log.session_id}")
    found = ids(score(workspace, *twice, store=store))
    assert found[0] == named(log)[0]
    assert len(found) == len(set(found)) == 4


def test_a_subagents_log_by_itself_is_scored(wasteful: Wasteful) -> None:
    agent = wasteful.agents[0]
    (found,) = score(make_workspace(wasteful.home), agent.path).sessions
    assert (found.id, found.kind) == (f"claude_code:{wasteful.parent.session_id}/{agent.agent_id}", "subagent")


@pytest.mark.parametrize("store", [True, False])
def test_a_logs_subagents_are_beside_it(wasteful: Wasteful, store: bool) -> None:
    (found,) = score(make_workspace(wasteful.home), wasteful.parent.path, store=store).sessions
    assert [(one.agent_type, one.findings) for one in found.subagents] == [("Explore", 0), ("Explore", 1)]


def test_a_log_outside_of_every_home_is_scored(wasteful: Wasteful, tmp_path: Path) -> None:
    place = tmp_path / "kept.jsonl"
    place.write_bytes(wasteful.loops.content())
    workspace = make_workspace(wasteful.home)
    (found,) = score(workspace, place).sessions
    assert (found.id, found.waste.value) == (named(wasteful.loops)[0], 3)


def test_a_compressed_log_is_scored(wasteful: Wasteful) -> None:
    wasteful.thread.path.unlink()
    packed = wasteful.thread.compressed().write()
    (found,) = score(make_workspace(wasteful.home), packed.with_name(packed.name + ".zst")).sessions
    assert (found.id, found.waste.value) == (f"codex:{wasteful.thread.id}", 6)


def test_a_session_whose_log_is_gone_is_scored_from_the_store(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    wasteful.loops.path.unlink()
    (found,) = score(workspace, wasteful.loops.session_id).sessions
    assert found.waste.value == 3


# --------------------------------------------------------------------------------------------------- what fails


def write_bad(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    bad = folder / "bad.jsonl"
    bad.write_text("neither\n")
    return bad


@pytest.mark.parametrize("store", [True, False])
def test_what_cannot_be_read_is_listed_and_the_others_are_scored(wasteful: Wasteful, store: bool) -> None:
    folder = wasteful.rewound.path.parent
    bad = write_bad(folder)
    (folder / "empty.jsonl").touch()
    report = score(make_workspace(wasteful.home), folder, store=store)
    assert ids(report) == named(wasteful.loops, wasteful.heavy, wasteful.rebuilt, wasteful.rewound)
    assert report.unreadable == [
        Unreadable(str(bad), "no line belongs to a session"),
        Unreadable(str(folder / "empty.jsonl"), "it holds no session"),
    ]


def test_what_cannot_be_read_is_listed_once(home: Path) -> None:
    bad = write_bad(home / "logs")
    assert len(score(make_workspace(home), bad, bad, bad.parent).unreadable) == 1


@pytest.mark.parametrize(
    ("name", "reason"), [("", "no agent's log is in it"), ("notes.txt", "no agent writes logs of this name")]
)
def test_what_holds_no_log_is_listed(home: Path, name: str, reason: str) -> None:
    place = home / "logs"
    place.mkdir()
    (place / "notes.txt").write_text("x")
    report = score(make_workspace(home), place / name)
    assert (report.sessions, report.unreadable) == ([], [Unreadable(str(place / name), reason)])


def test_a_log_that_is_closed_to_us_is_listed(wasteful: Wasteful, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = wasteful.ingest()
    wasteful.loops.prompt("More.").write()
    opens = reading._open

    def refuse(path: str) -> Any:
        if path == str(wasteful.loops.path):
            raise PermissionError(13, "Permission denied")
        return opens(path)

    monkeypatch.setattr(reading, "_open", refuse)
    report = score(make_workspace(wasteful.home / "new"), wasteful.loops.path, wasteful.heavy.path)
    assert (ids(report), [one.reason for one in report.unreadable]) == (named(wasteful.heavy), ["Permission denied"])
    assert ids(score(workspace, wasteful.loops.path)) == named(wasteful.loops), "scored as it was read before"


def test_a_secret_in_a_path_is_not_repeated(home: Path) -> None:
    secret = "ghp_" + "a1B2" * 9
    report = score(make_workspace(home), write_bad(home / secret))
    assert secret not in report.unreadable[0].target


def test_a_purged_session_is_not_read_again(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    purge_session(workspace, wasteful.loops.session_id)
    report = score(workspace, wasteful.loops.path, wasteful.heavy.path)
    assert ids(report) == named(wasteful.heavy)
    assert report.unreadable == [Unreadable(str(wasteful.loops.path), "its session was purged")]
    with pytest.raises(NotFound):
        score(workspace, wasteful.loops.session_id)


def test_a_session_of_which_only_subagents_are_left_is_listed(wasteful: Wasteful) -> None:
    wasteful.parent.path.unlink()
    report = score(wasteful.ingest(), wasteful.parent.session_id, wasteful.clean.session_id)
    assert ids(report) == named(wasteful.clean)
    assert report.unreadable == [Unreadable(*named(wasteful.parent), "only its subagents' logs are known")]


@pytest.mark.parametrize(
    "target",
    ["nothing", "x" * 5000, "", "/nowhere/at/all", "./nowhere", "gone.jsonl", "gone.jsonl.zst", "~x", "\udcff"],
)
def test_a_name_that_is_none_is_not_found(wasteful: Wasteful, target: str) -> None:
    with pytest.raises(NotFound):
        score(wasteful.ingest(), target)


def test_a_wrong_name_is_known_before_anything_is_read(wasteful: Wasteful) -> None:
    workspace = make_workspace(wasteful.home)
    ingest(workspace, agent="codex")
    with pytest.raises(NotFound):
        score(workspace, wasteful.loops.path, "nothing", update=False)
    with closing(open_reader(workspace.folder)) as connection:
        assert connection.execute("SELECT count(*) FROM sessions WHERE agent = 'claude_code'").fetchone() == (0,)
