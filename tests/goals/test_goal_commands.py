"""``tacho goal start``, ``continue``, ``finish``, ``update``, ``merge``: what they write, say and refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.cli._frame import run
from tests.goals.commands import Goals, git, goals

__all__ = ["goals"]

GOAL = "2026-05-04-001"


def test_a_goal_from_its_start_to_its_end(goals: Goals) -> None:
    told = goals("start", "--title", "Fix the login", "--type", "product", "--started-at", "2026-05-04T09:00")
    assert told == f"{GOAL} · Fix the login\nin progress · attempt 1 · since 2026-05-04 09:00\n"
    told = goals("continue", GOAL, "--failure-reason", "model_mistake", "--started-at", "2026-05-04T10:00Z")
    assert told.splitlines()[1] == "in progress · attempt 2 · since 2026-05-04 10:00"
    told = goals(
        "finish", GOAL, "--status", "success", "--result-fit", "partial_fit", "--finished-at", "2026-05-04T11:30Z"
    )
    assert told.splitlines()[1] == "success · 2 attempts · partial fit"
    answer = goals.json("show", GOAL)
    goal = answer["goal"]
    assert (goal["goal_id"], goal["status"], goal["result_fit"], goal["failure_reason"], goal["attempts"]) == (
        GOAL, "success", "partial_fit", None, 2,
    )  # fmt: skip
    assert [
        (one["entry_id"], one["status"], one["failure_reason"], one["started_at"], one["finished_at"])
        for one in answer["attempts"]
    ] == [
        (f"{GOAL}-attempt-001", "fail", "model_mistake", "2026-05-04T09:00:00Z", "2026-05-04T10:00:00Z"),
        (f"{GOAL}-attempt-002", "success", None, "2026-05-04T10:00:00Z", "2026-05-04T11:30:00Z"),
    ]
    assert [line["event_type"] for line in goals.lines()] == ["goal_started", "goal_continued", "goal_finished"]


def test_a_failed_goal_has_its_reason(goals: Goals) -> None:
    goals.start()
    answer = goals.json("finish", GOAL, "--status", "fail", "--failure-reason", "unclear_task", "--result-fit", "miss")
    assert (answer["goal"]["failure_reason"], answer["goal"]["result_fit"]) == ("unclear_task", "miss")
    assert answer["attempts"][0]["failure_reason"] == "unclear_task"


def test_a_time_without_a_zone_is_the_persons(goals: Goals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    goal = goals.json("start", "--title", "Early", "--type", "meta", "--started-at", "2026-05-05T08:00")["goal"]
    assert (goal["goal_id"], goal["started_at"]) == ("2026-05-05-001", "2026-05-04T23:00:00Z")


def test_goals_of_a_day_are_numbered(goals: Goals) -> None:
    given = [goals.start("One"), goals.start("Two"), goals.start("Other day", at="2026-05-05"), goals.start("Three")]
    assert given == [GOAL, "2026-05-04-002", "2026-05-05-001", "2026-05-04-003"]


REFUSALS = [
    (["finish", GOAL, "--status", "fail"],
     "A goal that fails has a failure reason.\n--failure-reason unclear_task, missing_context,"),
    (["finish", GOAL, "--status", "success", "--failure-reason", "other"],
     "A goal that succeeds has no failure reason; those of its attempts stay with them."),
    (["finish", GOAL, "--status", "success", "--result-fit", "miss"],
     "A goal that succeeds fits exactly or in part; a miss is a failure.\nIt is in progress: it can be continued,"),
    (["finish", GOAL, "--status", "success", "--finished-at", "2026-05-04T08:00Z"],
     "The attempt under way began later, at 2026-05-04 09:00."),
    (["finish", GOAL, "--status", "success", "--finished-at", "2226-01-01"], "2226-01-01 00:00 UTC has not come yet."),
    (["start", "--title", "x", "--type", "meta", "--started-at", "2226-01-01"], "2226-01-01 00:00 UTC has not come"),
    (["start", "--title", " \n ", "--type", "meta"], "A goal has a title."),
    (["start", "--title", "x", "--type", "meta", "--started-at", "soon"], "'soon' is no date."),
    (["update", GOAL], "Nothing to change was given."),
    (["update", GOAL, "--reopen"], f"{GOAL} is open."),
    (["update", GOAL, "--attempt", "3", "--failure-reason", "other"], f"{GOAL} has attempts 1 to 1."),
    (["update", GOAL, "--add-usd", "much"], "'much' is no amount in USD."),
    (["update", GOAL, "--add-usd", "nan"], "'nan' is no amount in USD."),
    (["merge", GOAL, GOAL], "A goal cannot be merged with itself."),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), REFUSALS, ids=[" ".join(one[0][::2]) for one in REFUSALS])
def test_what_is_not_possible_is_refused_with_what_is(goals: Goals, arguments: list[str], said: str) -> None:
    goals.start()
    before = goals.ledger.read_bytes()
    assert said in goals(*arguments, code=2)
    assert goals.ledger.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["start", "--title", " ", "--type", "meta"], 2), (["finish", GOAL, "--status", "success"], 3),
        (["continue", GOAL, "--failure-reason", "other"], 3), (["update", GOAL, "--title", "x"], 3),
        (["merge", GOAL, GOAL], 3), (["sync", "--no-ingest"], 4), (["fsck", "--repair"], 0),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else "",
)  # fmt: skip
def test_what_does_nothing_makes_no_ledger(goals: Goals, arguments: list[str], code: int) -> None:
    goals(*arguments, code=code)
    assert not goals.ledger.parent.exists()


def test_a_closed_goal_says_what_can_be_done_with_it(goals: Goals) -> None:
    goals.start()
    goals("finish", GOAL, "--status", "success")
    assert goals("finish", GOAL, "--status", "success", code=2) == (
        f"tacho: {GOAL} is closed already (success); it can be updated, or opened again.\n"
        "It has succeeded: it can be updated, opened again (update --reopen), merged or superseded.\n"
    )
    assert goals.json("update", GOAL, "--reopen")["goal"]["status"] == "in_progress"


@pytest.mark.parametrize(
    "arguments",
    [
        ["continue", "nope", "--failure-reason", "other"], ["finish", "nope", "--status", "success"],
        ["update", "nope", "--title", "x"], ["show", "nope"], ["merge", "nope", GOAL], ["merge", GOAL, "nope"],
        ["start", "--title", "x", "--type", "meta", "--supersedes", "nope"],
    ],
    ids=lambda one: " ".join(one[:2]),
)  # fmt: skip
def test_an_unknown_goal_is_said_to_be_none(goals: Goals, arguments: list[str]) -> None:
    goals.start()
    assert goals(*arguments, code=3) == "tacho: No goal is called nope.\ntacho goal list shows them.\n"


def test_a_goal_is_named_by_a_beginning_that_no_other_has(goals: Goals) -> None:
    goals.start()
    goals.start("Next", at="2026-05-05")
    assert goals.json("show", "2026-05-05")["goal"]["title"] == "Next"
    assert goals("show", "2026-05", code=3).startswith("tacho: 2 goals begin with 2026-05.\nAmong them: 2026-05-04-001")


def test_update_corrects_what_is_said(goals: Goals) -> None:
    goals.start()
    goals("continue", GOAL, "--failure-reason", "other")
    changed = goals.json(
        "update", GOAL, "--title", "Fix the log-in", "--type", "meta", "--notes", "two forms", "--agent", "codex",
        "--model", "m-1", "--started-at", "2026-05-03T09:00Z",
    )["goal"]  # fmt: skip
    assert {name: changed[name] for name in ("goal_id", "title", "goal_type", "notes", "agent", "model")} == {
        "goal_id": GOAL, "title": "Fix the log-in", "goal_type": "meta", "notes": "two forms", "agent": "codex",
        "model": "m-1",
    }  # fmt: skip
    assert changed["started_at"] == "2026-05-03T09:00:00Z"
    told = goals.json("update", GOAL, "--attempt", "1", "--failure-reason", "tooling_issue", "--model", "none")
    assert [one["failure_reason"] for one in told["attempts"]] == ["tooling_issue", None]
    assert (told["attempts"][0]["model"], told["goal"]["model"]) == (None, "m-1")


def test_cost_that_no_log_shows_is_marked_as_typed_in(goals: Goals) -> None:
    goals.start()
    goals("update", GOAL, "--add-usd", "$1.5", "--add-tokens", "1200", "--usage-note", "invoice 7")
    goals("update", GOAL, "--add-usd", "-0.125", "--title", "Other")
    answer = goals.json("show", GOAL)
    assert [(one["usd"], one["tokens"], one["note"]) for one in answer["goal"]["manual"]] == [
        ("1.50", 1200, "invoice 7"), ("-0.125", None, ""),
    ]  # fmt: skip
    assert (answer["cost"], answer["goal"]["title"]) == (None, "Other")
    assert goals("update", GOAL, "--add-tokens", "5").splitlines()[2] == "typed in: 5 tokens"
    assert "typed in  $1.50 · 1,200 tokens · invoice 7\n" in goals("show", GOAL)


def test_merged_goals_are_one(goals: Goals) -> None:
    goals.start()
    other = goals.start("Fix log-in", at="2026-05-04T10:00Z")
    goals("finish", other, "--status", "fail", "--failure-reason", "scope_too_large")
    answer = goals.json("merge", GOAL, other)
    assert [one["failure_reason"] for one in answer["attempts"]] == ["scope_too_large", None]
    assert goals.json("list", schema="goals")["known"] == 1


def test_supersedes_is_told_by_id(goals: Goals) -> None:
    goals.start()
    goals("finish", GOAL, "--status", "fail", "--failure-reason", "other")
    again = goals.start("Again", "product", "--supersedes", GOAL)
    assert goals.json("show", again)["goal"]["supersedes"] == GOAL
    assert goals.json("update", again, "--supersedes", "none")["goal"]["supersedes"] is None


AGENTS = [
    ({"CLAUDE_CODE_SESSION_ID": "11111111-0000-4000-8000-000000000000", "CLAUDECODE": "1"},
     "claude_code:11111111-0000-4000-8000-000000000000"),
    ({"CODEX_THREAD_ID": "0199a213-81c0-7800-8aa1-bbab2a035a53"}, "codex:0199a213-81c0-7800-8aa1-bbab2a035a53"),
]  # fmt: skip


@pytest.mark.parametrize(("environment", "session"), AGENTS)
def test_an_agents_session_is_linked_with_what_it_starts_and_finishes(
    goals: Goals, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], session: str
) -> None:
    goals.start()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told = goals("finish", GOAL, "--status", "success")
    assert told.splitlines()[2] == f"linked with the session {session}"
    begun = goals.json("start", "--title", "Next", "--type", "meta")["goal"]
    assert (begun["agent"], begun["sessions"]) == (session.partition(":")[0], [session])
    assert goals.json("show", GOAL)["goal"]["sessions"] == [session]
    told = goals("update", GOAL, "--title", "Corrected by hand")
    assert "linked" not in told


def test_sessions_are_linked_by_hand(goals: Goals) -> None:
    goals.start()
    linked = goals.json("update", GOAL, "--link", "claude_code:a-1", "--link", "codex:b-2")["goal"]["sessions"]
    assert linked == ["claude_code:a-1", "codex:b-2"]
    told = goals("update", GOAL, "--link", "codex:c-3")
    assert told.splitlines()[2] == "sessions: claude_code:a-1, codex:b-2, codex:c-3"
    goals("update", GOAL, "--unlink", "codex:c-3")
    assert goals.json("update", GOAL, "--unlink", "claude_code:a-1")["goal"]["sessions"] == ["codex:b-2"]
    assert "'a b'" in goals("update", GOAL, "--link", "a b", code=3)


def test_secrets_do_not_get_into_the_ledger(goals: Goals) -> None:
    key = "AKIA" + "Q3EGRZTXCN5MWLD2"
    goals.start(key, "product", "--notes", f"with {key}", "--agent", key)
    assert key not in goals.ledger.read_text()
    assert goals.lines()[0]["title"] == "[redacted:aws-access-key-id]"


def test_hostile_texts_are_harmless_in_the_ledger_itself(goals: Goals) -> None:
    name = goals.start("a\x1b[31mb\u202ec\nd\x9b", "product", "--notes", "one\ntwo\x07", "--model", "m\x1b\n")
    line = goals.lines()[0]
    assert (line["title"], line["notes"], line["model"]) == ("a\ufffd[31mb\ufffdc d\ufffd", "one\ntwo\ufffd", "m\ufffd")
    goals("update", name, "--title", "x\x1by")
    assert goals.lines()[1]["changes"] == {"title": "x\ufffdy"}


def test_ten_megabytes_of_title_are_cut(goals: Goals) -> None:
    goals.start("word " * 2_000_000, "product", "--notes", "n" * 10_000_000)
    line = goals.lines()[0]
    assert (len(line["title"]) <= 201, len(line["notes"]) <= 2001) == (True, True)


def test_bytes_that_are_no_text_do_not_break_it(goals: Goals) -> None:
    assert run(["goal", "start", "--title", "a\udcffb", "--type", "meta"]) == 0
    assert goals.lines()[0]["title"] == "a?b"


def test_without_a_time_it_is_now(goals: Goals) -> None:
    before = datetime.now(UTC)
    goal = goals.json("start", "--title", "Now", "--type", "meta")["goal"]
    started = datetime.fromisoformat(goal["started_at"])
    assert abs((started - before).total_seconds()) < 30
    assert goal["goal_id"] == f"{started:%Y-%m-%d}-001"


def test_the_first_goal_says_where_the_ledger_is(goals: Goals) -> None:
    goals.start()
    assert goals.tacho.err == f"tacho: this is the first goal in {goals.ledger}.\n"
    goals.start()
    assert goals.tacho.err == ""


def test_what_is_taken_back_is_told_as_money_is(goals: Goals) -> None:
    goals.start()
    assert goals("update", GOAL, "--add-usd", "-9").splitlines()[2] == "typed in: -$9.00"


@pytest.mark.parametrize("folder", ["", "hooks"])
def test_a_bare_repository_gets_no_ledger(goals: Goals, tmp_path: Path, folder: str) -> None:
    bare = tmp_path / "site.git"
    bare.mkdir()
    git(bare, "init", "-q", "--bare")
    (bare / "hooks").mkdir(exist_ok=True)
    asked = ("start", "--title", "x", "--type", "meta", "--repo", str(bare / folder))
    assert "is in a bare repository, which has no files of its own" in goals(*asked, code=2)
    assert not (bare / folder / "metrics").exists()
