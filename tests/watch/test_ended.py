"""Reading what SessionEnd hooks write down."""

from __future__ import annotations

import os

import pytest

from tachograph.app.watch.ended import EndedSessions
from tachograph.hooks.places import ENDED, ENDED_BEFORE


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hooks").mkdir()
    return tmp_path / "hooks"


def line(session: str, at: int) -> str:
    return f'{{"v":1,"session":"{session}","at":{at}}}\n'


def test_each_line_is_told_once(folder):
    ended = EndedSessions(folder.parent)
    assert ended.read_new() == []
    (folder / ENDED).write_text(line("a", 1) + line("b", 2))
    assert ended.read_new() == [("a", 1), ("b", 2)]
    (folder / ENDED).write_text(line("a", 1) + line("b", 2) + line("a", 3))
    assert ended.read_new() == [("a", 3)]
    assert ended.read_new() == []


def test_lines_that_were_put_aside_are_told_too_and_not_again(folder):
    ended = EndedSessions(folder.parent)
    (folder / ENDED).write_text(line("a", 1))
    assert ended.read_new() == [("a", 1)]
    (folder / ENDED_BEFORE).write_text(line("a", 1) + line("b", 2))
    (folder / ENDED).write_text(line("c", 3))
    assert ended.read_new() == [("b", 2), ("c", 3)]


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n\n", b"{", b"[1]\n", b"\xff\xfe\n", b'{"session": 1, "at": 2}\n', b"[" * 9_000, b'{"session":"x"}\n'],
)
def test_what_makes_no_sense_hides_no_neighbour(folder, raw):
    (folder / ENDED).write_bytes(line("a", 1).encode() + raw + b"\n" + line("b", 2).encode())
    assert EndedSessions(folder.parent).read_new() == [("a", 1), ("b", 2)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_what_is_no_file_is_left_alone(folder):
    os.mkfifo(folder / ENDED)
    (folder / ENDED_BEFORE).mkdir()
    assert EndedSessions(folder.parent).read_new() == []


def test_its_own_file_is_known(folder):
    ended = EndedSessions(folder.parent)
    assert ended.owns(str(folder / ENDED))
    assert not ended.owns(str(folder / "assignments.ndjson"))
