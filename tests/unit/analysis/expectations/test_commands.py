"""Required and banned commands."""

from __future__ import annotations

import time

import pytest

from tachograph.analysis.expectations import Misread
from tachograph.analysis.expectations._answers import limit_time
from tests.builders.recording import check, proof, record


@pytest.mark.parametrize(
    ("pattern", "command", "found"),
    [
        ("pytest", "pytest -q", True),
        ("pytest", "python -m pytest tests", True),
        ("pytest", "cd site && uv run pytest", True),
        ("pytest", "echo pytest", False),
        ("pytest", "pip install pytest", False),
        ("git push --force", "git -C /p push origin main --force", True),
        ("git push --force", "git push --force-with-lease", False),
        ("/git push.*--force/", "git push origin --force-with-lease", True),
        ("/git push.*--force/", "git push\necho --force", False),
        ("/(?s)git push.*--force/", "git push\necho --force", True),
        ("/^make/", "cd a && make", False),
        ("/(?i)DEPLOY/", "./deploy.sh", True),
        ("/rm -rf/", 'echo "rm -rf"', True),  # an expression is looked for in the text as it is
        ("/bin/rm", "rm x", True),  # no expression: a program by its place
        ("drop table", "sqlite3 a.db 'DROP TABLE t'", True),
        ("drop table", "grep -n 'drop table' a.sql", False),
        ("create react-app", "create react-app x", True),  # begins like SQL, and is none
        ("UPDATE", "psql -c 'update t set a = 1'", True),
        ("update", "psql -c 'update t set a = 1'", False),  # a program's name
    ],
)
def test_a_piece_an_expression_or_sql(pattern: str, command: str, found: bool) -> None:
    recording = record(f"$ {command}")
    banned, required = check("banned_commands", [pattern], recording), check("required_commands", [pattern], recording)
    assert (banned.status, required.status) == (("fail", "pass") if found else ("pass", "fail"))
    assert proof(banned if found else required) == (["1"] if found else [])


@pytest.mark.parametrize("piece", ["rm -rf", "DROP DATABASE", "pytest"])
def test_what_other_tools_were_given_is_no_command(piece: str) -> None:
    given = {"1": {"content": piece}, "2": {"command": piece}}
    recording = record("tool Write edit", "tool Skill other", inputs=given)
    assert check("banned_commands", [piece], recording).status == "pass"


def test_a_server_that_runs_commands_is_a_shell() -> None:
    recording = record("tool mcp__box__run mcp:box")
    call = recording.main.session.tool_calls[0]
    recording._texts.commands[call.id] = "rm -rf x"
    assert check("banned_commands", ["rm -rf"], recording).status == "fail"


def test_attempts_are_banned_and_do_not_fulfil() -> None:
    recording = record("$ pytest ?denied", "$ pytest ?cancelled", "$ pytest ?missing")
    banned = check("banned_commands", ["pytest"], recording)
    assert banned.rationale == "pytest: 3 calls (3 not carried out), first call 1: pytest (session)"
    required = check("required_commands", ["pytest"], recording)
    assert (required.status, required.rationale) == ("fail", "pytest: 0 of 3 calls, 3 not carried out (session)")
    assert check("required_commands", ["pytest"], record("$ pytest !boom")).status == "pass"


@pytest.mark.parametrize("key", ["required_commands", "banned_commands"])
@pytest.mark.parametrize("pattern", ["pytest", "/pytest/", "DROP TABLE"])
def test_the_stored_copy_of_a_command_decides_nothing(key: str, pattern: str) -> None:
    for command in ("ls", "pytest 'drop table'"):
        result = check(key, [pattern], record(f"$ {command}", "read a.py", gone=True))
        assert result.status == "unknown"
        assert f"1 call not known at full length, call 1: {command} (session)" in result.rationale
    assert check("banned_commands", [pattern], record("read a.py", gone=True)).status == "pass"


def test_a_search_without_end_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.analysis.expectations._patterns.MAX_SECONDS", 0.02)
    endless = r"/^(\w|a|aa)+$(?<=c)/"
    text = "a" * 900
    recording = record(*[f"$ {text}"] * 500)
    for key in ("banned_commands", "required_commands"):
        result = check(key, [endless], recording)
        assert (result.status, proof(result)) == ("unknown", ["1"])  # and the other 499 are not tried
        assert "1 call searched for too long, call 1: aaa" in result.rationale


def test_long_commands_are_read_to_their_end() -> None:
    long = "cat > notes.txt <<'EOF'\n" + "line of text\n" * 10_000 + "EOF\nrm -rf build"
    assert check("banned_commands", ["rm -rf"], record(f"$ {long}")).status == "fail"
    assert check("banned_commands", ["/rm -rf build$/"], record(f"$ {long}")).status == "fail"
    inside = long.replace("line of text\n", "rm -rf build\n", 1).removesuffix("rm -rf build")
    assert check("banned_commands", ["rm -rf"], record(f"$ {inside}")).status == "pass"


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", True),
        (r"(?:\d{1,3}\.){3}\d{1,3}", True),
        ("(?:a{0,9999}){0,9999}b", True),  # only what is sure to repeat is written out
        ("(?x) a b", True),
        ("a{60000}", False),
        ("((((a{1000}){1000}){1000}){1000})", False),
        ("(?:(?:(?:ab){99}){99}){99}", False),
        ("(?:a{999})(?#){999}", False),
        ("(?x)(a{99 9}) #\n {9 99}", False),
        ("(?V1x)(a{999}) {9 99}", False),
    ],
)
def test_repetitions_that_fill_the_memory_are_refused(expression: str, holds: bool) -> None:
    recording = record("$ make")
    if holds:
        assert check("banned_commands", [f"/{expression}/"], recording).status == "pass"
        return
    with pytest.raises(Misread, match="repeats within repetitions too often"):
        check("banned_commands", [f"/{expression}/"], recording)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("(?R)?a", False),
        ("(?0)?a", False),
        ("(a)(?1)", False),
        ("(?+1)(a)", False),
        ("(a)(?-1)", False),
        ("(?<n>a)(?&n)", False),
        ("(?P<n>a)(?P>n)", False),
        ("(?P<n>a)(?P&n)", False),
        ("(?x)(?P<n>a)(?P >n)", False),
        ("(?x)(a)(?- 1)", False),
        (r"\\\\(?R)?", False),
        (r"(\(?R\))", True),  # a bracket as it stands
        ("(?-i:a)(?i:b)", True),
        (r"(?P<n>a)(?P=n)\1(?(n)b)", True),
    ],
)
def test_expressions_that_call_themselves_are_refused(expression: str, holds: bool) -> None:
    recording = record("$ make")
    if holds:
        assert check("banned_commands", [f"/{expression}/"], recording).status == "pass"
        return
    with pytest.raises(Misread, match="cannot call itself or its groups"):
        check("banned_commands", [f"/{expression}/"], recording)


def test_what_all_searches_take_together_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.analysis.expectations._registry.limit_time", lambda: limit_time(0.1))
    recording = record(*["$ make " + "a" * 900] * 50)
    endless = [rf"/^make (\w|a|aa)+$(?<=c{number})/" for number in range(100)]
    began = time.monotonic()
    result = check("banned_commands", [*endless, "make"], recording)
    assert time.monotonic() - began < 5, "ten seconds, if it were for each expression"
    assert result.status == "unknown"
    assert result.rationale.startswith(
        r"/^make (\w|a|aa)+$(?<=c0)/: 0 calls, 1 call searched for too long, call 1: make aaa"
    )
    assert "make: 0 calls, 1 call searched for too long" in result.rationale
    sequence = check("tool_sequence", [{"command": one} for one in endless[:2]], recording)
    assert sequence.status == "unknown"
    assert check("banned_commands", ["make"], recording).status == "fail"  # the next check begins anew
