"""Required and banned tools."""

from __future__ import annotations

import pytest

from tachograph.analysis.expectations import Recording, read_expectations, wanted_texts
from tests.builders.recording import check, proof, record, recording_of
from tests.builders.session import play

WRITTEN = {
    "1": {"file_path": "/p/old.sql", "content": "drop   database\n  ada;"},
    "2": {"statement": "DELETE FROM t"},
    "3": {"prompt": "Please run rm -rf build"},
}


def _banned(entry: str, *steps: str, **options: object) -> tuple[str, list[str | None]]:
    result = check("banned_tools", [entry], record(*steps, **options))
    return result.status, proof(result)


@pytest.mark.parametrize(
    ("entry", "steps", "status", "calls"),
    [
        # names and globs
        ("Write", ["read a.py"], "pass", []),
        ("Read", ["$ ls", "read a.py", "read b.py"], "fail", ["2", "3"]),
        ("read", ["read a.py"], "pass", []),
        ("mcp__db__*", ["tool mcp__db__drop mcp:db"], "fail", ["1"]),
        ("mcp__db__*", ["tool mcp__dbx__drop mcp:dbx"], "pass", []),
        ("*Edit", ["tool MultiEdit edit", "tool NotebookEdit edit"], "fail", ["1", "2"]),
        ("future_tool", ["tool future_tool other"], "fail", ["1"]),
        # pieces of commands, word by word
        ("rm -rf", ["$ rm -rf build"], "fail", ["1"]),
        ("rm -rf", ["$ rm -fr build", "$ rm -r -f x", "$ sudo rm --recursive --force y"], "fail", ["1", "2", "3"]),
        ("rm -rf", ["$ bash -c 'rm -rf x'", "$ ls | xargs rm -rf", "$ cd /tmp && (rm -fr y)"], "fail", ["1", "2", "3"]),
        ("rm -rf", ['$ echo "rm -rf"', "$ grep 'rm -rf' notes", "$ rm -r x", "$ git commit -m 'rm -rf'"], "pass", []),
        ("git push --force", ["$ git push -f", "$ git push origin main"], "fail", ["1"]),
        # a word alone is a program too
        ("curl", ["$ ls", "$ curl -s http://localhost"], "fail", ["2"]),
        ("curl", ["$ echo curl", "tool mcp__web__curl mcp:web"], "pass", []),
        ("Rscript", ["$ Rscript a.R"], "fail", ["1"]),
        ("Write", ["$ Write a"], "pass", []),  # an agent's tool: no program has its name
        # attempts count
        ("rm -rf", ["$ rm -rf x ?denied"], "fail", ["1"]),
        ("Read", ["read a.py ?cancelled"], "fail", ["1"]),
        ("rm -rf", ["$ rm -rf x ?missing"], "fail", ["1"]),
        # SQL in commands
        ("DROP DATABASE", ['$ psql -c "drop database ada"'], "fail", ["1"]),
        ("drop database", ["$ psql <<'EOF'\nDROP\n  DATABASE ada;\nEOF"], "fail", ["1"]),
        ("DROP DATABASE", ["$ echo 'drop database x' | psql"], "fail", ["1"]),
        ("DROP DATABASE", ["$ grep -ri 'drop database' db", "$ rg 'DROP DATABASE'"], "pass", []),
        ("DROP DATABASE", ["$ git log --grep 'drop database'"], "pass", []),
        ("DROP DATABASE", ["$ grep 'drop database' f; psql -c 'drop database x'"], "fail", ["1"]),
        ("DROP DATABASE", ["$ psql -c 'drop databases_seen'", "$ psql -c 'raindrop database'"], "pass", []),
        ("TRUNCATE", ["$ psql -c 'truncate t'"], "fail", ["1"]),
        ("truncate -s 0", ["$ truncate -s 0 log", "$ psql -c 'truncate t'"], "fail", ["1"]),  # the program
        ("DELETE FROM users WHERE name = 'b", ["$ ls"], "pass", []),  # an open quote is fine in SQL
    ],
)  # fmt: skip
def test_banned_is_what_is_named_and_nothing_else(entry: str, steps: list[str], status: str, calls: list[str]) -> None:
    assert _banned(entry, *steps) == (status, calls)


@pytest.mark.parametrize(
    ("entry", "calls"),
    [
        ("DROP DATABASE", ["1"]),
        ("delete from", ["2"]),
        ("DELETE", ["2"]),
        ("rm -rf", ["3"]),
        ("RM  -RF", ["3"]),
        ("rm", []),  # a word alone is not looked for in texts
        ("database", []),
        ("old.sql content", []),  # names of fields and what is in different fields do not join
    ],
)
def test_what_other_tools_were_given_matches_on_text(entry: str, calls: list[str]) -> None:
    steps = ("tool Write edit", "tool mcp__db__run mcp:db", "tool Task subagent")
    assert _banned(entry, *steps, inputs=WRITTEN) == ("fail" if calls else "pass", calls)


@pytest.mark.parametrize(
    ("entry", "steps", "status", "rationale", "calls"),
    [
        ("Read", ["read a.py", "read b.py"], "pass", "Read: 2 calls, first call 1: a.py (session)", ["1"]),
        ("Write", ["read a.py"], "fail", "Write: 0 of 1 call (session)", []),
        ("pytest", ["$ make", "$ uv run pytest -q"], "pass",
         "pytest: 1 call, call 2: uv run pytest -q (session)", ["2"]),
        ("pytest", ["$ pytest !boom"], "pass", "pytest: 1 call, call 1: pytest (session)", ["1"]),  # it was run
        ("pytest", ["$ pytest ?denied"], "fail", "pytest: 0 of 1 call, 1 not carried out (session)", ["1"]),
        ("Read", ["read a.py ?missing"], "fail", "Read: 0 of 1 call, 1 not carried out (session)", ["1"]),
        ("mcp__db__*", ["tool mcp__db__get mcp:db"], "pass",
         "mcp__db__*: 1 call, call 1: mcp__db__get (session)", ["1"]),
        ("INSERT INTO", ["$ psql -c 'insert into t'"], "pass",
         "INSERT INTO: 1 call, call 1: psql -c 'insert into t' (session)", ["1"]),
    ],
)  # fmt: skip
def test_required_is_a_call_that_was_carried_out(
    entry: str, steps: list[str], status: str, rationale: str, calls: list[str]
) -> None:
    result = check("required_tools", [entry], record(*steps))
    assert (result.status, result.rationale, proof(result)) == (status, rationale, calls)


def test_several_entries_are_told_apart() -> None:
    recording = record("read a.py", "$ rm -rf x", "$ rm -rf y ?denied")
    banned = check("banned_tools", ["Write", "rm -rf", "Read"], recording)
    assert banned.rationale == (
        "rm -rf: 2 calls (1 not carried out), first call 2: rm -rf x; Read: 1 call, call 1: a.py (session)"
    )
    assert proof(banned) == ["2", "3", "1"]
    assert check("banned_tools", ["Write", "Edit"], recording).rationale == (
        "Write: 0 of 3 calls; Edit: 0 of 3 calls (session)"
    )
    assert check("required_tools", ["Read", "Write", "Edit"], recording).rationale == (
        "Write: 0 of 3 calls; Edit: 0 of 3 calls (session)"
    )
    for key in ("required_tools", "banned_tools"):
        assert check(key, [], recording).status == "skip"


@pytest.mark.parametrize(
    ("key", "entries", "steps", "status"),
    [
        ("banned_tools", ["Write"], ["$ ls", "read a.py"], "pass"),
        ("banned_tools", ["Read"], ["$ ls", "read a.py"], "fail"),
        ("required_tools", ["Read"], ["$ ls", "read a.py"], "pass"),
        ("required_tools", ["mcp__*"], ["$ ls"], "fail"),
        ("banned_tools", ["rm -rf"], ["$ ls"], "unknown"),
        ("banned_tools", ["rm -rf"], ["$ rm -rf x"], "unknown"),  # the stored copy may be cut, and proves nothing
        ("banned_tools", ["pytest"], ["$ ls"], "unknown"),  # may be a program
        ("banned_tools", ["pytest"], ["read a.py"], "pass"),  # and no program was run
        ("banned_tools", ["rm -rf"], ["read a.py"], "unknown"),  # it may be in the input of any tool
        ("banned_tools", ["rm -rf", "Read"], ["$ ls", "read a.py"], "fail"),
        ("required_tools", ["pytest"], ["$ pytest"], "unknown"),
        ("required_tools", ["pytest"], ["$ pytest ?denied"], "fail"),  # it was not carried out, whatever it was
        ("required_tools", ["pytest", "Write"], ["$ pytest"], "fail"),
    ],
)
def test_when_the_log_is_gone_only_names_decide(key: str, entries: list[str], steps: list[str], status: str) -> None:
    assert check(key, entries, record(*steps, gone=True)).status == status


def test_what_is_unknown_says_why() -> None:
    gone = check("banned_tools", ["rm -rf"], record("$ ls", "read a.py", gone=True))
    assert gone.rationale == "rm -rf: 0 calls, 2 calls not known at full length, first call 1: ls (session)"
    assert proof(gone) == ["1", "2"]
    unclear = check("banned_tools", ["rm -rf"], record("$ ls", "$ rm $FLAGS x"))
    assert (unclear.status, unclear.rationale, proof(unclear)) == (
        "unknown", "rm -rf: 0 calls, 1 call not understood, call 2: rm $FLAGS x (session)", ["2"],
    )  # fmt: skip
    required = check("required_tools", ["rm -rf"], record("$ rm $FLAGS x"))
    assert (required.status, proof(required)) == ("unknown", ["1"])
    assert check("required_tools", ["rm -rf"], record("$ rm $FLAGS x", "$ rm -rf y")).status == "pass"
    assert check("banned_tools", ["rm -rf"], record("$ rm $FLAGS x", "$ rm -rf y")).status == "fail"


def test_subagents_calls_are_in_scope_or_not() -> None:
    recording = recording_of(play("read a.py"), play("$ rm -rf x"))
    result = check("banned_tools", ["rm -rf"], recording)
    assert (result.rationale, proof(result)) == (
        "rm -rf: 1 call, call 2: rm -rf x (session and 1 subagent)", ["a1-1"],
    )  # fmt: skip
    assert result.evidence[0].session == "claude_code:s1/a1-"
    assert check("banned_tools", ["rm -rf"], recording, "session").rationale == (
        "rm -rf: 0 of 1 call (session alone, 1 subagent left out)"
    )
    assert check("required_tools", ["Bash"], recording).status == "pass"
    assert check("required_tools", ["Bash"], recording, "session").status == "fail"


def test_what_is_shown_of_a_command_is_redacted() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    result = check("banned_tools", ["curl"], record(f"$ curl -H 'Authorization: {secret}' x"))
    assert result.status == "fail"
    assert secret not in result.rationale + result.evidence[0].text


def test_only_what_may_be_a_command_needs_texts() -> None:
    def needs(*entries: str) -> set[str]:
        return set(wanted_texts(read_expectations({"banned_tools": list(entries)})))

    assert needs("Read", "mcp__db__*", "*Edit", "exec_command") == set()
    assert needs("Read", "pytest") == {"commands", "inputs"}
    assert needs("DROP DATABASE") == {"commands", "inputs"}


def test_typing_into_a_shell_is_a_command() -> None:
    def typed(characters: object) -> Recording:
        return record("tool write_stdin shell", inputs={"1": characters})

    assert check("banned_tools", ["rm -rf"], typed({"session_id": 3, "chars": "rm -fr x\n"})).status == "fail"
    assert check("banned_tools", ["rm -rf"], typed('{"session_id": 3, "chars": "rm -fr x\\n"}')).status == "fail"
    assert check("banned_tools", ["rm -rf"], typed({"session_id": 3, "chars": "y\n"})).status == "pass"
    assert check("banned_tools", ["rm -rf"], typed([1])).status == "pass"
    assert check("banned_tools", ["rm -rf"], record("tool write_stdin shell", gone=True)).status == "unknown"
