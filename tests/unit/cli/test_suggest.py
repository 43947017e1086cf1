from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.ingest import ingest
from tachograph.learning.records import Group
from tachograph.learning.suggestions import load_catalogue
from tests.builders.pointed import FITTING, Loop, loop
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["loop", "tacho"]

READER = Group("reader", "claude_code", "claude-opus")


@pytest.fixture
def fitting(loop: Loop) -> Loop:
    """Sessions that six suggestions fit; no hooks."""
    loop.bad_days()
    loop.learn()
    return loop


def read(tacho: Tacho, *arguments: str, schema: str) -> dict[str, Any]:
    assert tacho("suggest", *arguments, "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    assert_valid(schema, answer)
    return answer


def states(tacho: Tacho, *arguments: str) -> dict[str, str]:
    """State by suggestion."""
    rows = read(tacho, "list", "--no-ingest", *arguments, schema="suggestions")["suggestions"]
    return {one["id"]: one["state"] for one in rows}


def test_what_fits_is_offered(tacho: Tacho, fitting: Loop) -> None:
    assert states(tacho) == dict.fromkeys(FITTING, "offered")
    answer = read(tacho, "list", "--no-ingest", schema="suggestions")
    assert (answer["activation"], answer["hooks"]) == ("manual", [])
    (row,) = [one for one in answer["suggestions"] if one["id"] == "batch_tasks"]
    assert (row["agent_type"], row["kpi"], row["direction"], row["trial"]) == (
        "main", "tool_overhead_ratio", "decrease", None,
    )  # fmt: skip
    assert row["text"].startswith("Recent sessions here (n = 5) made 3 task or plan calls for each productive one;")
    assert row["evidence"]
    assert tacho("suggest", "list", "--no-ingest") == 0
    assert "No hooks are installed, so no session is told anything: tacho hooks install." in tacho.out


def test_from_an_offer_to_its_end(tacho: Tacho, fitting: Loop) -> None:
    begun = read(tacho, "activate", "batch_tasks", schema="suggestion_activated")
    assert (begun["id"], begun["agent_type"]) == ("batch_tasks", "main")
    assert begun["trial"] == f"batch_tasks:main:{fitting.now}"
    assert states(tacho)["batch_tasks"] == "active"
    assert fitting.offered() == ["batch_tasks"]
    fitting.now += 1000
    ended = read(tacho, "disable", "batch_tasks", "--reason", "Not for us.", schema="suggestion_disabled")
    assert ended["trial"] == begun["trial"]
    assert states(tacho)["batch_tasks"] == "retired"
    assert fitting.offered() == []
    decisions = read(tacho, "history", "--no-ingest", schema="suggestion_history")["decisions"]
    assert [(one["action"], one["by"], one["reason"]) for one in decisions] == [
        ("disable", "user", "Not for us."), ("activate", "user", ""),
    ]  # fmt: skip
    assert tacho("suggest", "history", "--no-ingest") == 0
    assert "Not for us." in tacho.out


def test_one_suggestion_whole(tacho: Tacho, fitting: Loop) -> None:
    details = read(tacho, "show", "batch_tasks", "--no-ingest", schema="suggestion")
    one = load_catalogue()["batch_tasks"]
    assert (details["title"], details["guidance"], details["implementation"]) == (
        one.title, one.guidance, one.implementation,
    )  # fmt: skip
    assert [row["agent_type"] for row in details["rows"]] == ["main"]
    unfit = read(tacho, "show", "keep_cache_alive", "--no-ingest", schema="suggestion")
    assert unfit["rows"] == []


def test_suggestions_of_one_agent_type(tacho: Tacho, fitting: Loop) -> None:
    fitting.bad_days(group=READER)
    fitting.learn()
    assert len(read(tacho, "list", "--no-ingest", schema="suggestions")["suggestions"]) == 12
    rows = read(tacho, "list", "--no-ingest", "--agent-type", "reader", schema="suggestions")["suggestions"]
    assert {one["agent_type"] for one in rows} == {"reader"}
    assert len(rows) == 6


def test_active_ones_come_first(tacho: Tacho, fitting: Loop) -> None:
    assert tacho("suggest", "activate", "cacheable_prompts") == 0
    assert "No hooks are installed" in tacho.err
    assert tacho.out == "Under test from now on: cacheable_prompts for main; tacho trials shows how.\n"
    assert next(iter(states(tacho))) == "cacheable_prompts"


def test_promotion_shows_the_change_and_writes_it_when_told_to(tacho: Tacho, fitting: Loop) -> None:
    file = fitting.home / ".claude" / "CLAUDE.md"
    file.write_text("# House rules\n\nBe kind.\n")
    assert tacho("suggest", "activate", "batch_tasks") == 0
    planned = read(tacho, "promote", "batch_tasks", schema="promotion")
    assert (planned["applied"], planned["backup"], planned["path"]) == (False, None, str(file))
    assert "+" in planned["diff"]
    assert file.read_text() == "# House rules\n\nBe kind.\n"
    assert states(tacho)["batch_tasks"] == "active"
    fitting.now += 1000
    done = read(tacho, "promote", "batch_tasks", "--apply", schema="promotion")
    assert done["applied"]
    assert Path(done["backup"]).read_text() == "# House rules\n\nBe kind.\n"
    assert file.read_text().startswith("# House rules\n\nBe kind.\n")
    assert "made 3 task or plan calls" in file.read_text()
    assert states(tacho)["batch_tasks"] == "promoted"
    assert fitting.offered() == []
    fitting.now += 1000
    assert tacho("suggest", "promote", "batch_tasks", "--remove", "--apply") == 0
    assert file.read_text() == "# House rules\n\nBe kind.\n"
    assert states(tacho)["batch_tasks"] == "retired"
    fitting.now += 1000
    assert tacho("suggest", "promote", "batch_tasks", "--apply") == 0
    assert states(tacho)["batch_tasks"] == "promoted"


def test_a_promotion_goes_into_the_file_of_the_agent_that_the_trial_was_about(tacho: Tacho, loop: Loop) -> None:
    loop.bad_days(group=Group("main", "codex", "gpt"))
    loop.install("claude_code")
    (loop.home / ".codex").mkdir()
    loop.learn()
    assert tacho("suggest", "activate", "batch_tasks") == 0
    assert "It is about sessions of codex, which has no hooks: tacho hooks install --agent codex." in tacho.err
    assert read(tacho, "promote", "batch_tasks", schema="promotion")["path"].endswith("/.codex/AGENTS.md")
    chosen = read(tacho, "promote", "batch_tasks", "--agent", "claude_code", schema="promotion")
    assert chosen["path"].endswith("/.claude/CLAUDE.md")


def test_what_was_disabled_can_be_promoted(tacho: Tacho, fitting: Loop) -> None:
    assert tacho("suggest", "activate", "batch_tasks") == 0
    fitting.now += 1000
    assert tacho("suggest", "disable", "batch_tasks") == 0
    fitting.now += 1000
    assert tacho("suggest", "promote", "batch_tasks", "--apply") == 0, tacho.err
    assert states(tacho)["batch_tasks"] == "promoted"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "no_such"], 3, "There is no suggestion 'no_such'."),
        (["activate", "no_such"], 3, "There is no suggestion 'no_such'."),
        (["disable", "no_such"], 3, "There is no suggestion 'no_such'."),
        (["promote", "no_such"], 3, "There is no suggestion 'no_such'."),
        (["list", "--agent-type", "nobody"], 3, "No session is of the agent type 'nobody'."),
        (["disable", "batch_tasks"], 2, "batch_tasks is not active."),
        (["promote", "batch_tasks"], 2, "batch_tasks was never put to the test."),
        (["activate", "keep_cache_alive"], 2, "keep_cache_alive does not fit the last weeks' sessions"),
        (["activate"], 2, "Missing argument 'ID'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    tacho: Tacho, fitting: Loop, arguments: list[str], code: int, said: str
) -> None:
    assert tacho("suggest", *arguments) == code
    assert said in tacho.err
    assert "Traceback" not in tacho.err
    assert tacho.out == ""
    assert fitting.decided() == []


def test_a_fourth_finds_no_place(tacho: Tacho, fitting: Loop) -> None:
    for name in ("batch_tasks", "close_tasks", "idle_timeout"):
        assert tacho("suggest", "activate", name) == 0
    assert tacho("suggest", "activate", "cacheable_prompts") == 2
    assert "3 suggestions are under test for main already." in tacho.err


def test_a_hostile_agent_type_does_no_harm(tacho: Tacho, loop: Loop) -> None:
    for name in ("\x1b[31mred", "\x1b[32mgreen"):
        loop.bad_days(group=Group(name, "claude_code", "claude-opus"))
    loop.learn()
    assert tacho("suggest", "list", "--no-ingest") == 0
    assert "\x1b" not in tacho.out
    assert tacho("suggest", "activate", "batch_tasks") == 2
    assert "\x1b" not in tacho.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["list"], 0), (["history"], 0), (["show", "batch_tasks"], 0), (["disable", "batch_tasks"], 2),
        (["activate", "batch_tasks"], 2), (["promote", "batch_tasks"], 4),
    ],
)  # fmt: skip
def test_on_an_empty_machine(tacho: Tacho, arguments: list[str], code: int) -> None:
    assert tacho("suggest", *arguments) == code, tacho.err
    assert "Traceback" not in tacho.err


def test_a_reason_is_redacted_and_goes_with_all_other_text(tacho: Tacho, fitting: Loop) -> None:
    secret = "AKIA" + "IOSFODNN7TESTKEY"
    assert tacho("suggest", "activate", "batch_tasks") == 0
    assert tacho("suggest", "disable", "batch_tasks", "--reason", f"the key {secret} is gone") == 0
    (reason,) = [one for (one,) in fitting.rows("SELECT reason FROM decisions WHERE action = 'disable'")]
    assert secret not in reason
    assert reason.startswith("the key [redacted:")
    fitting.settings('[store]\ntext = "none"\n')
    ingest(fitting.workspace)
    assert fitting.rows("SELECT reason FROM decisions WHERE action = 'disable'") == [("",)]
