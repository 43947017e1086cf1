from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.analysis.expectations import Recording, read_expectations, run_checks
from tachograph.app.expect.document import read_document
from tachograph.app.expect.learn import learn, read_margin, report_learnt, write_learnt
from tachograph.errors import NotFound, UsageError
from tests.builders.recording import recording_of, with_parts
from tests.builders.session import SessionScript, play


def recordings(*plays: list[str]) -> list[Recording]:
    sessions = (play(*steps) for steps in plays)
    named = (msgspec.structs.replace(one, id=f"claude_code:s{number}") for number, one in enumerate(sessions))
    return [with_parts(recording_of(one), {"cost_pico": 10**10}) for one in named]


GOOD = recordings(
    ["> go", "read a.py", "edit src/x.sql", "$ make test"],
    ["> go", "read a.py", "read b.py", "edit src/y.sql", "$ make test !boom", "$ make test"],
)


def written(found: list[Recording], margin: str = "20%") -> str:
    return "\n".join(write_learnt(learn(lambda: found, read_margin(margin))))


def test_a_file_says_beside_each_key_what_was_observed() -> None:
    assert (
        written(GOOD)
        == """\
# Learnt from 2 sessions by tacho expect learn; limits are what was observed and 20 % more.
required_tools: # observed: carried out in all 2 sessions
  - Bash
  - Edit
  - Read
tool_sequence: # observed: first used in this order in all 2 sessions
  - Read
  - Edit
  - Bash
expected_files: # observed: created or changed in all 2 sessions
  - "src/*.sql"
tool_limits: # observed in 2 sessions: calls of each tool
  Bash: 3 # observed: 1, 2 calls
  Edit: 2 # observed: 1, 1 calls
  Read: 3 # observed: 1, 2 calls
category_limits: # observed in 2 sessions: calls of each category
  edit: 2 # observed: 1, 1 calls
  read: 3 # observed: 1, 2 calls
  shell: 3 # observed: 1, 2 calls
token_budget: # observed in 2 sessions
  max_output: 60 # observed: 30, 50 tokens
  max_total: 120 # observed: 60, 100 tokens
cost_budget: # observed in 2 sessions
  max_usd: 0.012 # observed: 0.0100, 0.0100 USD
duration: # observed in 2 sessions
  max_active_seconds: 7 # observed: 4, 6 seconds
max_turns: 2 # observed: 1, 1 turns in 2 sessions
max_error_rate: 0.25 # observed: 0 of 3, 1 of 5 calls failed in 2 sessions
no_findings: # observed: none in 2 sessions
  - failed_edit_loop
  - repeated_failed_retry

# not learnt, a suggestion: none of these ran in 2 sessions
# banned_commands:
#   - rm -rf
#   - git push --force
#   - git reset --hard
#   - git clean -fd
#   - chmod -R 777
#   - mkfs
#   - shutdown
#   - reboot
#   - kubectl delete
#   - terraform destroy"""
    )


def test_what_could_not_be_learnt_is_told_with_the_reason() -> None:
    text = written([with_parts(one, {"unpriced": (("house-model", 3),)}) for one in GOOD[:1]])

    assert "\n\n# left out: tool_sequence: one session does not show which order matters\n" in text
    assert text.endswith("\n# left out: cost_budget: responses without a known price in 1 session")


def test_sessions_without_anything_in_common_make_a_file_that_says_so() -> None:
    text = written([recording_of(SessionScript().done())])

    assert read_document(text, "t.yaml").value == {
        "token_budget": {"max_output": 0, "max_total": 0},
        "no_findings": ["failed_edit_loop", "repeated_failed_retry"],
    }


def test_learning_without_sessions_is_refused() -> None:
    with pytest.raises(NotFound) as raised:
        learn(list, Decimal(0))

    assert (raised.value.slug, raised.value.exit_code) == ("nothing_to_learn", 3)


@pytest.mark.parametrize(
    ("text", "share"), [("20%", "0.2"), ("0", "0"), ("0.5", "0.5"), (" 7.5% ", "0.075"), ("1000%", "10"), ("10", "10")]
)
def test_margins_are_shares(text: str, share: str) -> None:
    assert read_margin(text) == Decimal(share)


@pytest.mark.parametrize("text", ["", "%", "x", "-1%", "20 percent", "1001%", "nan", "inf", "1e9"])
def test_a_margin_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_margin(text)

    assert raised.value.slug == "wrong_margin"


@pytest.mark.parametrize(("margin", "told"), [("20%", "20 % more"), ("0", "0 % more"), ("7.5%", "7.5 % more")])
def test_the_margin_is_told(margin: str, told: str) -> None:
    assert written(GOOD[:1], margin).splitlines()[0].endswith(f"what was observed and {told}.")


def test_programs_get_the_same() -> None:
    report = report_learnt(learn(lambda: GOOD, read_margin("20%")))

    assert (report.sessions, report.margin) == (2, 0.2)
    assert report.expectations["tool_limits"] == {"Bash": 3, "Edit": 2, "Read": 3}
    assert report.observed["max_turns"] == "observed: 1, 1 turns in 2 sessions"
    assert list(report.suggestions) == ["banned_commands"]
    assert report.left_out == ()


_hostile = st.text("aB*[? :#'\"\n\t\\-|>&{}é\x1b\u202e\u2028", min_size=1, max_size=8)


@settings(max_examples=60)
@given(st.lists(st.tuples(_hostile, _hostile, _hostile), max_size=4))
def test_hostile_names_make_a_file_that_is_read_back_and_passes(steps: list[tuple[str, str, str]]) -> None:
    script = SessionScript()
    for name, command, path in steps:
        script.call(name, "mcp:" + name, command=command)
        script.call("Write", "edit", path=f"/home/ada/site/{path}", file_op="create")
    recording = recording_of(script.done(project="/home/ada/site"))
    text = written([recording])

    block: dict[str, Any] = read_document(text, "t.yaml").value
    assert {one.status for one in run_checks(read_expectations(block), recording)} == {"pass"}
    assert block == learn(lambda: [recording], Decimal("0.2")).block
    assert not set(text) & set("\x1b\u202e\u2028\t")
