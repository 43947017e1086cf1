"""What holds for every recording and every text."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.analysis.expectations import Recording, load_expectations, read_expectations, run_checks
from tests.builders.recording import check, recording_of
from tests.builders.session import SessionScript

COMMANDS = ["ls", "rm -rf x", "sudo rm -fr y", "rm $A", "git push -f", "echo 'drop table t'", "psql -c 'DROP TABLE t'",
            "pytest -q", "echo x > a.sql", "rm a.sql", "cat b.py", "for f in *; do", "$CMD -rf"]  # fmt: skip
NAMES = [("Bash", "shell"), ("Read", "read"), ("Edit", "edit"), ("mcp__db__run", "mcp:db"), ("write_stdin", "shell")]
STATUSES = ["ok", "error", "denied", "cancelled", "missing"]
PATHS = ["a.sql", "/home/ada/src/b.py", "C:\\x\\c.md", "../d", ""]
STEPS: list[Any] = [
    "Read",
    "Bash",
    "shell",
    "*",
    {"command": "rm -rf"},
    {"path": "*.py"},
    {"tool": "Bash", "status": "error"},
]
ENTRIES = ["Read", "mcp__*", "rm -rf", "DROP TABLE", "pytest", "Write", "git push --force"]

ALL_KEYS: dict[str, Any] = {
    "tool_limits": {"Bash": 1, "mcp__*": 0}, "category_limits": {"shell": 2, "file_ops": 1},
    "token_budget": {"max_input": 10, "max_total_all": 50}, "cost_budget": {"max_usd": 1},
    "duration": {"max_seconds": 5, "max_active_seconds": 2}, "max_turns": 1, "required_tools": ENTRIES,
    "banned_tools": ENTRIES, "required_commands": ["rm -rf", "/rm/", "drop table"],
    "banned_commands": ["rm -rf", "/rm/", "drop table"], "expected_files": ["*.sql", "/home/**"],
    "forbidden_files": ["*.sql", "./x"], "read_files": ["b.py"], "tool_sequence": {"mode": "any_order", "steps": STEPS},
    "max_error_rate": "5%", "no_findings": True, "max_findings": 1,
    "final_text": {"contains": "done", "matches": "[a-z]+"},
}  # fmt: skip


@st.composite
def recordings(draw: st.DrawFn, texts: st.SearchStrategy[str] | None = None, tree: bool = True) -> Recording:
    """A session of up to eight calls, and perhaps subagents; logs may be gone."""
    inputs: dict[str, object] = {}

    def session(mark: str) -> Any:
        script = SessionScript().prompt()
        for _ in range(draw(st.integers(0, 8))):
            name, category = draw(st.sampled_from(NAMES))
            text = draw(texts if texts is not None else st.sampled_from(COMMANDS))
            inputs[f"{mark}c{script.position}"] = {"chars": text, "text": [text]}
            op = draw(st.sampled_from(["none", "create", "modify", "read", "delete"]))
            script.call(
                name, category, draw(st.sampled_from(STATUSES)), path=draw(st.sampled_from(PATHS)), file_op=op,
                command=text if category == "shell" else None, exit_code=draw(st.sampled_from([0, 0, 1])),
            )  # fmt: skip
            script.at(script.seconds + 1)
        return script.response(input=7, output=9).done(cwds=("/home/ada",))

    subagents = [session(f"a{number}-") for number in range(1, 1 + (draw(st.integers(0, 2)) if tree else 0))]
    return recording_of(
        session(""), *subagents, inputs=inputs, gone=draw(st.booleans()), said=draw(st.text(max_size=20))
    )


@settings(max_examples=60, deadline=None)
@given(recordings(), st.data())
def test_the_order_of_entries_changes_no_status(recording: Recording, data: st.DataObject) -> None:
    keys = {
        "required_tools": ENTRIES, "banned_tools": ENTRIES, "banned_commands": ENTRIES[2:],
        "required_commands": ENTRIES[2:], "expected_files": ["*.sql", "b.py"], "forbidden_files": ["*.md", "*.sql"],
    }  # fmt: skip
    for key, entries in keys.items():
        some = data.draw(st.lists(st.sampled_from(entries), max_size=4, unique=True))
        mixed = data.draw(st.permutations(some))
        assert check(key, mixed, recording).status == check(key, some, recording).status
    steps = data.draw(st.lists(st.sampled_from(STEPS), max_size=4))
    first, second = (
        check("tool_sequence", {"mode": "any_order", "steps": list(one)}, recording)
        for one in (steps, data.draw(st.permutations(steps)))
    )
    assert first.status == second.status


@settings(max_examples=60, deadline=None)
@given(recordings(), st.integers(0, 5))
def test_what_the_whole_keeps_the_session_keeps(recording: Recording, limit: int) -> None:
    for key, value in (
        ("tool_limits", {"Bash": limit}), ("category_limits", {"shell": limit}),
        ("token_budget", {"max_total": 16 * limit}),
        ("banned_tools", ["rm -rf"]), ("banned_commands", ["/rm/"]), ("forbidden_files", ["*.sql"]),
    ):  # fmt: skip
        if check(key, value, recording).status == "pass":
            assert check(key, value, recording, "session").status == "pass", key


@settings(max_examples=60, deadline=None)
@given(recordings(tree=False), st.lists(st.sampled_from(STEPS), min_size=1, max_size=4))
def test_stricter_modes_pass_less(recording: Recording, steps: list[Any]) -> None:
    status = {
        mode: check("tool_sequence", {"mode": mode, "steps": steps}, recording).status
        for mode in ("exact", "subsequence", "any_order")
    }
    if status["exact"] == "pass":
        assert status["subsequence"] == "pass"
    if status["subsequence"] == "pass":
        assert status["any_order"] == "pass"
    if status["any_order"] == "fail":
        assert status["subsequence"] == status["exact"] == "fail"


@settings(max_examples=60, deadline=None)
@given(recordings(), st.sampled_from(ENTRIES))
def test_required_and_banned_never_both_pass(recording: Recording, entry: str) -> None:
    required, banned = (check(key, [entry], recording).status for key in ("required_tools", "banned_tools"))
    assert (required, banned) != ("pass", "pass")
    if required == "pass":
        assert banned == "fail"
    if banned == "pass":
        assert required == "fail"


@settings(max_examples=60, deadline=None)
@given(recordings(st.text(max_size=60)))
def test_no_text_of_a_log_stops_a_check(recording: Recording) -> None:
    results = run_checks(read_expectations(ALL_KEYS), recording)
    assert [one.key for one in results] == list(ALL_KEYS)
    for one in results:
        assert "\n" not in one.rationale
        assert len(one.evidence) <= 50
        assert one.status in ("pass", "fail", "skip", "unknown")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(load_expectations())), st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=6) | st.sampled_from(ENTRIES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.sampled_from(
        ["max_input", "max_usd", "steps", "mode", "tool", "contains", "shell", "Bash"]), inner, max_size=3),
    max_leaves=5,
))  # fmt: skip
def test_any_value_is_taken_or_refused(key: str, value: object) -> None:
    from tachograph.analysis.expectations import Misread

    recording = recording_of(SessionScript().call(command="ls").done())
    try:
        results = run_checks(read_expectations({key: value}), recording)
    except Misread as wrong:
        assert wrong.path[0] == key
        assert wrong.message
    else:
        assert json.dumps([one.rationale for one in results])
