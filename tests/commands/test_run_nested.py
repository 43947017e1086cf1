"""``tacho run`` within ``tacho run``: each is kept, and what changed is counted once."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from tachograph.app.commands.nesting import VARIABLE, counting, find_counter
from tests.capture.repos import make_base
from tests.commands.captured import alone, kept, repo, tacho

__all__ = ["alone", "repo"]

RUN = f"{shlex.quote(sys.executable)} -m tachograph run"


def lines(folder: Path | None = None) -> list[tuple[str, int | None, str]]:
    """Program, lines added and note of each event, in the order in which they began."""
    found = sorted(kept(folder), key=lambda event: event.executed_at)
    return [(event.program, event.lines_added, event.delta_note) for event in found]


def test_inner_one_leaves_counting_to_the_outer_one(repo: Path):
    done = tacho("--", "sh", "-c", f"echo x >> a.txt; {RUN} -- sh -c 'echo y >> b.txt; exit 3'")
    assert (done.returncode, done.stderr) == (3, "")
    outer, inner = sorted(kept(), key=lambda event: event.executed_at)
    assert (outer.lines_added, outer.files_touched_count, outer.delta_note) == (2, 2, "")
    assert (inner.lines_added, inner.files_touched_count, inner.commits) == (None, None, None)
    assert inner.delta_note == f"counted in {outer.id}, the tacho run around this one"
    assert (inner.exit_code, inner.repo) == (3, str(repo))


def test_the_innermost_one_too(repo: Path):
    tacho("--", "sh", "-c", f"{RUN} -- {RUN} -- touch new")
    assert [added for _, added, _ in lines()] == [0, None, None]


def test_another_repository_and_another_store_count_by_themselves(repo: Path, tmp_path: Path):
    other = make_base(tmp_path / "other")
    tacho("--", "sh", "-c", f"cd {other} && {RUN} -- sh -c 'echo y >> b.txt'")
    assert [added for _, added, _ in lines()] == [0, 1]
    tacho("--", "sh", "-c", f"{RUN} --path .tacho -- sh -c 'echo y >> b.txt'")
    assert lines(repo / ".tacho") == [("echo", 1, "")]


def test_outer_one_outside_of_a_repository_counts_nothing(repo: Path, tmp_path: Path):
    tacho("--", "sh", "-c", f"cd {repo} && {RUN} -- sh -c 'echo y >> b.txt'", cwd=tmp_path)
    assert [added for _, added, _ in lines()] == [None, 1]


def test_who_outlives_the_outer_one_counts_by_itself(repo: Path):
    """A server that was started under ``tacho run`` keeps the environment of then."""
    tacho("--", "sh", "-c", "printenv TACHO_RUN > ../left")
    left = (repo.parent / "left").read_text()[:-1]
    tacho("--", "sh", "-c", "echo y >> b.txt", env={**os.environ, VARIABLE: left})
    assert [(added, note) for _, added, note in lines()] == [(0, ""), (1, "")]


def test_variable_of_nonsense_counts_nothing(tmp_path: Path, monkeypatch):
    for text in ("", "evt_1", "evt_1\nx\n/a\n/b", "evt_1\n\n/a\n/b", f"evt_1\n{2**70}\n/a", "\n1\n/a\n/b"):
        monkeypatch.setenv(VARIABLE, text)
        assert find_counter(Path("/a"), Path("/b")) == "", text


def test_variable_is_as_before_afterwards(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with counting("evt_1", Path("/a"), Path("/b")):
        assert find_counter(Path("/a"), Path("/b")) == "evt_1"
        assert find_counter(Path("/a"), Path("/c")) == ""
        with counting("evt_2", Path("/a"), Path("/c")):
            assert find_counter(Path("/a"), Path("/c")) == "evt_2"
        assert find_counter(Path("/a"), Path("/b")) == "evt_1"
    assert VARIABLE not in os.environ
