"""Files that were written and read."""

from __future__ import annotations

import pytest

from tachograph.model import FileTouch
from tests.builders.recording import check, proof, record, recording_of
from tests.builders.session import SessionScript, play

HOME = "/home/ada/site"


def _touched(*touches: tuple[str, str, str]) -> SessionScript:
    script = SessionScript()
    for op, path, status in touches:
        script.touch(op, path, status)
    return script


@pytest.mark.parametrize(
    ("op", "status", "written"),
    [
        ("create", "ok", True),
        ("modify", "ok", True),
        ("read", "ok", False),
        ("none", "ok", False),
        ("create", "error", False),
        ("modify", "denied", False),
        ("create", "cancelled", False),
        ("modify", "missing", False),
    ],
)
def test_a_file_counts_when_a_tool_says_that_it_was_written(op: str, status: str, written: bool) -> None:
    recording = recording_of(_touched((op, "/p/db/a.sql", status)).done())
    expected, forbidden = check("expected_files", ["*.sql"], recording), check("forbidden_files", ["*.sql"], recording)
    assert (expected.status, forbidden.status) == (("pass", "fail") if written else ("fail", "pass"))
    assert proof(expected) == proof(forbidden) == (["c0"] if written else [])


def test_rationales_count_files() -> None:
    recording = record("edit db/a.sql,db/b.sql", "edit src/c.py", "edit db/a.sql")
    found = check("expected_files", ["*.sql", "c.py"], recording)
    assert found.rationale == (
        f"*.sql: 2 files ({HOME}/db/a.sql …) written; c.py: 1 file ({HOME}/src/c.py) written (session)"
    )
    assert proof(found) == ["3", "2"]
    missing = check("expected_files", ["*.md", "*.sql", "d.py"], recording)
    assert (missing.status, missing.rationale) == (
        "fail",
        "*.md: none of the 3 files written (db/a.sql, db/b.sql, src/c.py); "
        "d.py: none of the 3 files written (db/a.sql, db/b.sql, src/c.py) (session)",
    )  # fmt: skip
    banned = check("forbidden_files", ["*.md", "*.sql"], recording)
    assert (banned.status, banned.rationale, proof(banned)) == (
        "fail", f"*.sql: 2 files ({HOME}/db/a.sql …) written (session)", ["3", "1"],
    )  # fmt: skip
    assert check("forbidden_files", ["*.md"], recording).rationale == (
        "*.md: none of the 3 files written (db/a.sql, db/b.sql, src/c.py) (session)"
    )
    for key in ("expected_files", "forbidden_files", "read_files"):
        assert check(key, [], recording).status == "skip"


@pytest.mark.parametrize(
    ("key", "steps", "told"),
    [
        ("expected_files", ["$ ls"], "no file was written"),
        ("expected_files", ["edit a.py"], "not the one file written (a.py)"),
        ("expected_files", ["edit a.py", "edit /srv/b.py"], "none of the 2 files written (a.py, /srv/b.py)"),
        ("expected_files", ["edit a.py,b.py,c.py,d.py"], "none of the 4 files written (a.py, b.py, c.py …)"),
        ("forbidden_files", ["$ ls"], "no file was written"),
        ("read_files", ["edit a.py"], "no file was read"),
        ("read_files", ["read a.py", "read b.py"], "none of the 2 files read (a.py, b.py)"),
    ],
)
def test_the_other_files_are_named(key: str, steps: list[str], told: str) -> None:
    assert check(key, ["x.sql"], record(*steps)).rationale == f"x.sql: {told} (session)"


def test_a_file_is_named_without_its_secrets() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    told = check("expected_files", ["x.sql"], record(f"edit {secret}.py")).rationale
    assert told.startswith("x.sql: not the one file written (")
    assert secret not in told


@pytest.mark.parametrize(
    ("steps", "there", "ever"),
    [
        (["$ echo x > a.sql"], True, True),
        (["$ cat > a.sql <<'EOF'\nselect 1;\nEOF"], True, True),
        (["cd /srv/db", "$ touch /srv/db/a.sql"], True, True),
        (["$ echo x > a.sql !boom"], False, False),
        (["$ echo x > a.sql ?denied"], False, False),
        (["$ test -f b || echo x > a.sql"], False, False),
        (["$ python make.py a.sql"], False, False),  # nobody knows what it wrote
        (["edit a.sql", "$ rm a.sql"], False, True),
        (["edit a.sql", "$ rm -f /home/ada/site/a.sql"], False, True),
        (["edit a.sql", "$ rm a.sql !boom"], True, True),
        (["edit db/a.sql", "$ rm -r db"], False, True),
        (["edit dbx/a.sql", "$ rm -r db"], True, True),
        (["edit a.sql", "$ rm a.sql", "edit a.sql"], True, True),
        (["$ rm -f a.sql; echo x > a.sql"], True, True),
        (["$ echo x > a.sql; rm a.sql"], False, True),
        (["edit a.sql", "$ mv a.sql b.txt"], False, True),
        (["cd /srv", "$ echo x > a.sql", "cd /tmp", "$ rm a.sql"], True, True),
    ],
)
def test_commands_write_and_remove_files(steps: list[str], there: bool, ever: bool) -> None:
    recording = record(*steps)
    assert check("expected_files", ["a.sql"], recording).status == ("pass" if there else "fail")
    assert check("forbidden_files", ["a.sql"], recording).status == ("fail" if ever else "pass")


def test_a_file_that_is_no_more_is_named() -> None:
    result = check("expected_files", ["*.sql"], record("edit db/a.sql", "$ rm db/a.sql"))
    assert (result.status, result.rationale, proof(result)) == (
        "fail", f"*.sql: {HOME}/db/a.sql was written and is no more (session)", ["1"],
    )  # fmt: skip


def test_a_patch_names_several_files_and_deletes_too() -> None:
    more = (FileTouch("b.sql", "create"), FileTouch("c.sql", "delete"))
    script = SessionScript().touch("create", "c.sql").touch("modify", "a.sql", more=more)
    recording = recording_of(script.done(cwds=(HOME,)))
    assert check("expected_files", ["a.sql", "./b.sql"], recording).status == "pass"
    assert check("expected_files", ["c.sql"], recording).rationale == (
        f"c.sql: {HOME}/c.sql was written and is no more (session)"
    )


@pytest.mark.parametrize(
    ("step", "read"),
    [
        ("read docs/a.md", True),
        ("read docs/a.md =unchanged", True),
        ("read docs/a.md !boom", False),
        ("read docs/a.md ?denied", False),
        ("edit docs/a.md", False),
        ("$ cat docs/a.md", True),
        ("$ cd docs && sed -n 1,20p a.md", True),
        ("$ cat docs/a.md !boom", False),
        ("$ ls docs/a.md", False),
        ("$ echo docs/a.md", False),
        ("$ head -5 docs/b.md docs/a.md", True),
        ("$ cat docs/a.md | wc -l", False),  # counted, not shown
    ],
)
def test_files_are_read_by_tools_and_commands(step: str, read: bool) -> None:
    result = check("read_files", ["docs/a.md"], record("$ ls", step))
    assert result.status == ("pass" if read else "fail")
    if read:
        assert result.rationale == f"docs/a.md: 1 file ({HOME}/docs/a.md) read (session)"
        assert proof(result) == ["2"]


@pytest.mark.parametrize(
    ("key", "steps", "status"),
    [
        ("expected_files", ["edit a.sql", "$ ls"], "pass"),
        ("expected_files", ["$ echo x > a.sql"], "unknown"),
        ("expected_files", ["edit b.sql"], "fail"),
        ("expected_files", ["edit b.sql", "$ ls ?denied"], "fail"),  # what was not run wrote nothing
        ("forbidden_files", ["edit a.sql", "$ ls"], "fail"),
        ("forbidden_files", ["$ ls"], "unknown"),
        ("forbidden_files", ["edit b.sql"], "pass"),
        ("read_files", ["read a.sql", "$ ls"], "pass"),
        ("read_files", ["$ cat a.sql"], "unknown"),
        ("read_files", ["edit a.sql"], "fail"),
    ],
)
def test_when_the_log_is_gone_commands_may_have_done_anything(key: str, steps: list[str], status: str) -> None:
    result = check(key, ["a.sql"], record(*steps, gone=True))
    assert result.status == status
    if status == "unknown":
        assert result.rationale == "a.sql: 0 files, 1 call not known at full length (session)"


def test_subagents_write_files_too() -> None:
    recording = recording_of(play("$ ls"), play("edit a.sql"))
    result = check("expected_files", ["a.sql"], recording)
    assert (result.status, proof(result)) == ("pass", ["a1-1"])
    alone = check("expected_files", ["a.sql"], recording, "session")
    assert alone.rationale == "a.sql: no file was written (session alone, 1 subagent left out)"


@pytest.mark.parametrize("key", ["expected_files", "forbidden_files", "read_files"])
def test_without_a_folder_nothing_is_seen_from_it(key: str) -> None:
    recording = recording_of(_touched(("create", "/p/a.sql", "ok"), ("read", "/p/a.sql", "ok")).done())
    result = check(key, ["./a.sql"], recording)
    assert (result.status, result.rationale) == (
        "unknown", "./a.sql: the log does not say in which folder the session began (session)",
    )  # fmt: skip
