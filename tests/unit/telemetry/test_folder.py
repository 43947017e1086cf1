"""The folder and its files: hostile lines, hostile texts, bounded memory."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from tachograph.redaction import Cleaner, default_cleaner
from tachograph.telemetry import FileProblem, Telemetry, fingerprint, read_telemetry
from tachograph.telemetry._lines import MAX_PROBLEMS, LineFile
from tests.unit.telemetry.spans import SESSION, Folder

TRACES = "traces-2026-05-28.jsonl"
SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2


def test_a_folder_that_is_not_there_tells_nothing(tmp_path: Path) -> None:
    assert read_telemetry(tmp_path / "none", default_cleaner()) == Telemetry()


def test_other_files_are_left_alone(folder: Folder) -> None:
    for name in ("traces.jsonl", "traces-1.json", "other.jsonl", "baselines/traces-1.jsonl"):
        (folder.write() / name).parent.mkdir(exist_ok=True)
        (folder.place / name).write_text("nonsense\n")
    assert folder.read() == Telemetry()


@pytest.mark.parametrize(
    ("line", "slug"),
    [
        ("{", "invalid_json"),
        ("nonsense", "invalid_json"),
        ("[1]", "unexpected_shape"),
        ('"text"', "unexpected_shape"),
        ('{"name": "hook:builtin-post-tool"}', "unexpected_shape"),
        ('{"startTime": [1, 2]}', "unexpected_shape"),
        ('{"startTime": ["a", null]}', "unexpected_shape"),
        ('{"startTime": [1e400, 0]}', "unexpected_shape"),
        ('{"name": "hook:builtin-post-tool", "startTime": [1780000000, 0], "attributes": 5}', "unexpected_shape"),
        ("[" * 200_000, "too_deep"),
    ],
)
def test_a_bad_line_is_a_problem_and_hides_no_neighbour(folder: Folder, line: str, slug: str) -> None:
    folder.tool("Bash").line(TRACES, line).tool("Read")
    assert [call.name for call in folder.only().session.tool_calls] == ["Bash", "Read"]
    assert folder.problems() == [(TRACES, slug, 2)]


def test_a_problem_names_the_place_of_its_line(folder: Folder) -> None:
    folder.line(TRACES, "{}").line(TRACES, "[]")
    assert [found.problem.offset for found in folder.read().problems] == [0, 3]


def test_empty_lines_and_marks_are_no_problem(folder: Folder) -> None:
    folder.line(TRACES, "").line(TRACES, "  \r").tool("Bash")
    folder.lines[TRACES].insert(0, "\ufeff")
    assert folder.problems() == []


def test_a_line_that_is_still_being_written_is_told_apart(folder: Folder) -> None:
    with (folder.tool("Bash").write() / TRACES).open("ab") as stream:
        stream.write(b'{"name": "hook')
    told = read_telemetry(folder.place, default_cleaner())
    assert [found.problem.slug for found in told.problems] == ["unfinished_line"]
    assert len(told.sessions) == 1


def test_half_a_character_and_bytes_that_are_no_text_cost_nothing_else(folder: Folder) -> None:
    folder.prompt("a\ud83d")
    path = folder.write() / TRACES
    other = path.read_bytes().replace(b"a\\ud83d", b"b\xff").replace(b'"spanId": "0', b'"spanId": "f')
    path.write_bytes(path.read_bytes() + other)
    told = read_telemetry(folder.place, default_cleaner())
    assert sorted(prompt.text for prompt in told.sessions[0].session.prompts) == ["a\ufffd", "b\ufffd"]
    assert told.problems == ()


def test_a_line_that_is_too_long_is_skipped_with_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "traces-1.jsonl"
    path.write_bytes(b'{"a": "' + b"x" * 5000 + b'"}\n{"b": 1}\n' + b"y" * 3000)
    file = LineFile(path, default_cleaner(), limit=1000)
    assert list(file.records()) == [{"b": 1}]
    found = [(one.problem.slug, one.problem.line, one.problem.offset) for one in file.problems()]
    assert found == [("line_too_long", 1, 0), ("line_too_long", 3, 5019)]


def test_problems_are_bounded(folder: Folder) -> None:
    for _ in range(MAX_PROBLEMS + 7):
        folder.line(TRACES, "{")
    problems = folder.read().problems
    assert len(problems) == MAX_PROBLEMS + 1
    assert (problems[-1].problem.slug, problems[-1].problem.detail) == ("more_problems", "7 more problems in this file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_what_never_ends_is_not_read(folder: Folder) -> None:
    os.mkfifo(folder.write() / "traces-1.jsonl")
    (folder.place / "traces-2.jsonl").mkdir()
    (folder.place / "traces-3.jsonl").symlink_to("gone")
    assert folder.tool("Bash").problems() == [
        ("traces-1.jsonl", "unreadable_file", 0), ("traces-2.jsonl", "unreadable_file", 0),
        ("traces-3.jsonl", "unreadable_file", 0),
    ]  # fmt: skip
    assert len(folder.read().sessions) == 1


def test_a_folder_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (problem,) = read_telemetry(tmp_path / "file", default_cleaner()).problems
    assert isinstance(problem, FileProblem)
    assert problem.problem.slug == "unreadable_folder"


def test_every_text_is_redacted_before_it_is_kept(folder: Folder) -> None:
    place = {"working.directory": f"/home/ada/{SECRET}", "git.branch": SECRET, "agent.type": SECRET}
    folder.span("hook:session-start", SECRET, attributes=place)
    folder.prompt(f"use {SECRET}", SECRET).tokens(1, 2, model=SECRET, session=SECRET)
    folder.tool(SECRET, SECRET, file_path=SECRET, error_type=SECRET, code=2, task_id=SECRET, task_status="pending")
    folder.span("hook:mcp-post-tool", SECRET, attributes={"mcp.server": SECRET, "mcp.tool": SECRET})
    folder.span("chat", SECRET, spanId=SECRET, attributes={
        "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 1,
        "gen_ai.response.id": SECRET, "gen_ai.response.finish_reasons": [SECRET], "gen_ai.provider.name": SECRET,
    })  # fmt: skip
    folder.score(SECRET, 0.5, SECRET, gen_ai__evaluation__evaluator=SECRET)
    folder.line(f"traces-{SECRET}.jsonl", "{")
    told = folder.read()
    assert (len(told.sessions), len(told.evaluations), len(told.problems)) == (1, 1, 1)
    stored = msgspec.json.encode(told).decode()
    assert SECRET not in stored
    assert SECRET.lower() not in stored


def test_no_text_is_kept_where_none_is_wanted(folder: Folder) -> None:
    folder.prompt("something private").tool("Bash", code=2, error_type="private too")
    told = read_telemetry(folder.write(), default_cleaner(False))
    assert isinstance(default_cleaner(False), Cleaner)
    assert "private" not in msgspec.json.encode(told).decode()


def test_ids_that_differ_stay_different_when_they_are_cut(folder: Folder) -> None:
    folder.tool("Bash", "x" * 3000 + "1").tool("Bash", "x" * 3000 + "2").tool("Bash", f"{SECRET}1").tool(
        "Bash", SESSION
    )
    ids = [session.session.id for session in folder.read().sessions]
    assert len(set(ids)) == 4
    assert max(map(len, ids)) < 100


def test_the_fingerprint_tells_whether_there_is_anything_new(folder: Folder, tmp_path: Path) -> None:
    assert fingerprint(tmp_path / "none") == ""
    assert fingerprint(folder.write()) == ""
    first = fingerprint(folder.tool("Bash").write())
    (folder.place / "other.txt").write_text("x")
    assert fingerprint(folder.place) == first
    assert fingerprint(folder.tool("Bash").write()) != first
