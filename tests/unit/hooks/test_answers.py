"""What each hook says, given a briefing and an event."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from tachograph.hooks.assign import is_treated
from tachograph.hooks.run import answer
from tests.builders.briefing import KEY, NOW, entry, gate, status, suggestion, write_briefing

IDS = [f"0000000{number}-0000-4000-8000-000000000000" for number in range(10)]
TRIAL = "batch_tasks:main:1780000000000"


def say(word: str, data: Path, agent: str = "claude_code", at: int = NOW, **event: Any) -> dict[str, Any]:
    said = answer(word, agent, event, str(data), at)
    return json.loads(said) if said else {}


def start(data: Path, id: str = IDS[0], agent: str = "claude_code", **event: Any) -> dict[str, Any]:
    return say("session-start", data, agent, **{"session_id": id, "source": "startup", "cwd": "/srv/app"} | event)


def context(said: dict[str, Any]) -> str:
    return said.get("hookSpecificOutput", {}).get("additionalContext", "")


def written(data: Path) -> list[dict[str, Any]]:
    path = data / "hooks" / "assignments.ndjson"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def arms(data: Path) -> dict[str, str]:
    return {line["session"]: line["arm"] for line in written(data) if "arm" in line}


# --------------------------------------------------------------------------------------------------- assignment


def test_the_arm_is_that_of_the_keyed_hash():
    for id in IDS:
        digest = hmac.new(bytes.fromhex(KEY), f"{TRIAL}\0claude_code:{id}".encode(), hashlib.sha256).hexdigest()
        place = int(digest[:13], 16) / 16**13
        assert is_treated(KEY, TRIAL, f"claude_code:{id}", place + 1e-9)
        assert not is_treated(KEY, TRIAL, f"claude_code:{id}", place)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_of_treated_sessions_is_as_asked(share):
    treated = sum(is_treated(KEY, TRIAL, f"claude_code:{number}", share) for number in range(4000))
    assert abs(treated / 4000 - share) < 0.03


def test_two_trials_treat_a_session_independently():
    pairs = [
        (is_treated(KEY, "one:main:1", f"codex:{number}", 0.5), is_treated(KEY, "two:main:1", f"codex:{number}", 0.5))
        for number in range(4000)
    ]
    assert all(abs(pairs.count((one, two)) / 4000 - 0.25) < 0.03 for one in (True, False) for two in (True, False))


def test_only_treated_sessions_get_the_text_and_all_are_written_down(tmp_path):
    data = write_briefing(tmp_path)
    given = {f"claude_code:{id}": context(start(data, id)) for id in IDS}
    assert arms(data) == {
        session: "treatment" if is_treated(KEY, TRIAL, session, 0.5) else "control" for session in given
    }
    assert set(arms(data).values()) == {"treatment", "control"}
    for session, text in given.items():
        offer = "\n\nText of batch_tasks." if arms(data)[session] == "treatment" else ""
        assert text == f"Baselines of 12 sessions.{offer}"
    assert written(data)[0] == {
        "v": 1, "trial": TRIAL, "suggestion": "batch_tasks", "session": f"claude_code:{IDS[0]}", "agent_type": "main",
        "arm": arms(data)[f"claude_code:{IDS[0]}"], "share": 0.5, "at": NOW,
    }  # fmt: skip
    assert (data / "hooks" / "assignments.ndjson").stat().st_mode & 0o777 == 0o600


def test_what_is_given_to_all_is_no_trial(tmp_path):
    data = write_briefing(tmp_path, types={"claude_code": {"main": entry(suggestion(share=1.0))}})
    assert context(start(data)) == "Baselines of 12 sessions.\n\nText of batch_tasks."
    assert context(start(data, IDS[1], source="resume")).endswith("Text of batch_tasks.")
    assert written(data) == [{"v": 1, "start": f"claude_code:{IDS[0]}", "agent_type": "main", "at": NOW}]


def treated_id(share: float = 0.5) -> str:
    return next(id for id in IDS if is_treated(KEY, TRIAL, f"claude_code:{id}", share))


def test_a_session_keeps_its_arm_when_it_goes_on(tmp_path):
    data = write_briefing(tmp_path)
    id = treated_id()
    start(data, id)
    for source in ("resume", "compact", "startup"):
        assert "Text of batch_tasks." in context(start(data, id, source=source))
    assert len(written(data)) == 1


def test_the_first_arm_stays_when_the_share_changes(tmp_path):
    data = write_briefing(tmp_path)
    id = next(id for id in IDS if not is_treated(KEY, TRIAL, f"claude_code:{id}", 0.5))
    start(data, id)
    write_briefing(tmp_path, types={"claude_code": {"main": entry(suggestion(share=0.99999))}})
    assert context(start(data, id)) == "Baselines of 12 sessions."
    assert len(written(data)) == 1


def test_a_session_of_the_control_group_stays_without_the_text_when_it_is_proven_meanwhile(tmp_path):
    data = write_briefing(tmp_path)
    for id in IDS:
        start(data, id)
    write_briefing(tmp_path, types={"claude_code": {"main": entry(suggestion(share=1.0))}})
    for id in IDS:
        is_told = "Text of batch_tasks." in context(start(data, id, source="resume"))
        assert is_told == (arms(data)[f"claude_code:{id}"] == "treatment")


def test_a_subagent_that_is_started_again_takes_part_in_no_later_trial(tmp_path):
    def begin(number: int) -> str:
        event = {"session_id": IDS[0], "agent_id": f"a{number}", "agent_type": "reviewer"}
        return context(say("subagent-start", data, **event))

    data = write_briefing(tmp_path, types={"claude_code": {"reviewer": entry()}})
    for number in range(10):
        begin(number)
    write_briefing(tmp_path, types={"claude_code": {"reviewer": entry(suggestion())}})
    assert {begin(number) for number in range(10)} == {"Baselines of 12 sessions."}
    assert arms(data) == {}
    begin(10)
    assert len(arms(data)) == 1


@pytest.mark.parametrize("source", ["resume", "compact", "fork", "some new way"])
def test_a_session_that_was_there_before_a_trial_takes_no_part(tmp_path, source):
    data = write_briefing(tmp_path)
    for id in IDS:
        assert context(start(data, id, source=source)) == "Baselines of 12 sessions."
    assert written(data) == []


def test_nobody_is_treated_when_it_cannot_be_written_down(tmp_path):
    data = write_briefing(tmp_path)
    (data / "hooks" / "assignments.ndjson").mkdir()
    assert {context(start(data, id)) for id in IDS} == {"Baselines of 12 sessions."}


@pytest.mark.parametrize("key", ["", "5f", "x" * 64, None, 7])
def test_without_a_good_key_nobody_is_assigned(tmp_path, key):
    data = write_briefing(tmp_path, key=key)
    assert {context(start(data, id)) for id in IDS} == {"Baselines of 12 sessions."}
    assert arms(data) == {}


@pytest.mark.parametrize("id", ["", "../../etc", 'a","session":"b', "x" * 200, "ü", 7, None])
def test_a_session_without_a_proper_id_is_not_assigned(tmp_path, id):
    data = write_briefing(tmp_path, types={"claude_code": {"main": entry(suggestion(share=0.99999))}})
    assert context(start(data, id)) == "Baselines of 12 sessions."
    assert written(data) == []


def test_a_session_without_a_trial_is_counted(tmp_path):
    data = write_briefing(tmp_path, types={})
    assert start(data) == {}
    assert start(data) == {}
    assert written(data) == [{"v": 1, "start": f"claude_code:{IDS[0]}", "agent_type": "main", "at": NOW}]


# --------------------------------------------------------------------------------------------------------- text


def test_the_text_keeps_to_its_length_and_offers_go_before_facts(tmp_path):
    facts = "\n".join(f"line {number:03} of the table" for number in range(200))
    offers = [suggestion("one", 1.0, "a" * 600), suggestion("two", 1.0, "b" * 600)]
    data = write_briefing(tmp_path, types={"claude_code": {"main": entry(*offers, facts=facts)}})
    text = context(start(data))
    assert 1900 < len(text) <= 2000
    first, one, two = text.split("\n\n")
    assert (one, two) == ("a" * 600, "b" * 600)
    assert first.splitlines() == facts.splitlines()[: len(first.splitlines())]


def test_room_is_kept_for_every_offer_whoever_gets_it(tmp_path):
    offers = [suggestion("one", 0.5, "a" * 1500), suggestion("two", 0.5, "b" * 1500), suggestion("three", 0.5)]
    data = write_briefing(tmp_path, types={"claude_code": {"main": entry(*offers)}})
    for id in IDS:
        assert len(context(start(data, id))) <= 2000
    assert {line["suggestion"] for line in written(data)} == {"one", "three"}


def test_at_most_three_are_on_trial_and_what_is_proven_comes_besides(tmp_path):
    """What is proven has made room for another trial: that must have its sessions too."""
    offers = [suggestion("proven", 1.0), *(suggestion(name, 0.5) for name in ("one", "two", "three", "four"))]
    data = write_briefing(tmp_path, types={"claude_code": {"main": entry(*offers)}})
    for id in IDS:
        assert "Text of proven." in context(start(data, id))
    assert {line["suggestion"] for line in written(data)} == {"one", "two", "three"}


def test_the_user_gets_the_notice_and_the_model_does_not(tmp_path):
    data = write_briefing(tmp_path, types={"claude_code": {"main": entry(notice="Two alerts are new: tacho alerts")}})
    said = start(data)
    assert said["systemMessage"] == "Two alerts are new: tacho alerts"
    assert context(said) == "Baselines of 12 sessions."


# ------------------------------------------------------------------------------------------------- agent types


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({}, "main"),
        ({"agent_type": "reviewer"}, "reviewer"),
        ({"agent_type": "unheard"}, "main"),
        ({"agent_type": "bad name\n"}, "main"),
        ({"cwd": "/srv/Jobs/Docs/de"}, "translation"),
        ({"cwd": "/srv/jobs/docs", "agent_type": "reviewer"}, "reviewer"),
        ({"cwd": 7}, "main"),
    ],
)
def test_the_type_of_a_main_session(tmp_path, event, told):
    types = {name: entry(facts=f"Facts of {name}.") for name in ("main", "reviewer", "translation")}
    data = write_briefing(tmp_path, types={"claude_code": types}, projects=[["jobs/docs", "translation"]])
    assert context(start(data, **event)) == f"Facts of {told}."


def test_a_project_is_its_repository(tmp_path):
    types = {name: entry(facts=f"Facts of {name}.") for name in ("main", "translation")}
    data = write_briefing(tmp_path, types={"claude_code": types}, projects=[["inner", "translation"]])
    (tmp_path / "app" / ".git").mkdir(parents=True)
    inside = tmp_path / "app" / "inner"
    inside.mkdir()
    assert context(start(data, cwd=str(inside))) == "Facts of main."
    assert context(start(data, cwd="/elsewhere/inner")) == "Facts of translation."


@pytest.mark.parametrize(
    ("agent", "agent_id", "session"),
    [
        ("claude_code", "a1b2c3d", f"claude_code:{IDS[0]}/a1b2c3d"),
        ("claude_code", "agent-a1b2c3d", f"claude_code:{IDS[0]}/a1b2c3d"),
        ("codex", IDS[1], f"codex:{IDS[1]}"),
    ],
)
def test_a_subagent_has_the_id_that_the_warehouse_gives_it(tmp_path, agent, agent_id, session):
    types = {agent: {"Explore": entry(suggestion(agent_type="Explore"), facts="Facts of Explore.")}}
    data = write_briefing(tmp_path, types=types)
    said = say("subagent-start", data, agent, session_id=IDS[0], agent_id=agent_id, agent_type="Explore")
    assert said["hookSpecificOutput"]["hookEventName"] == "SubagentStart"
    assert context(said).startswith("Facts of Explore.")
    assert [(line["session"], line["agent_type"]) for line in written(data)] == [(session, "Explore")]


@pytest.mark.parametrize("agent_type", ["Explore and more", "", "x" * 41, None, "\x1b[31m"])
def test_a_subagent_of_a_strange_type_is_told_nothing(tmp_path, agent_type):
    data = write_briefing(tmp_path, types={"claude_code": {agent_type: entry(suggestion())}})
    assert say("subagent-start", data, session_id=IDS[0], agent_id="a1", agent_type=agent_type) == {}


# --------------------------------------------------------------------------------------------------------- gate


def prompt(data: Path, text: str = "Fix the login.", id: str = IDS[0], **event: Any) -> dict[str, Any]:
    return say("user-prompt-submit", data, session_id=id, prompt=text, **event)


def test_a_prompt_is_held_back_until_the_phrase_and_then_no_more(tmp_path):
    data = write_briefing(tmp_path, gate=gate())
    held = {"decision": "block", "reason": gate()["reason"]}
    assert prompt(data) == held
    assert prompt(data, "What does !go do?") == held
    assert prompt(data, " !go Fix the login.") == {}
    assert prompt(data) == {}
    assert prompt(data, id=IDS[1]) == {}
    write_briefing(tmp_path, gate=gate(alert="another"))
    assert prompt(data) == held


@pytest.mark.parametrize(
    "closed",
    [None, gate(until=NOW), gate(until=None), gate(phrase=""), gate(reason=""), gate(alert=""), gate(alert="a b"), [1]],
)
def test_no_prompt_is_held_back_without_a_whole_gate(tmp_path, closed):
    assert prompt(write_briefing(tmp_path, gate=closed)) == {}


@pytest.mark.parametrize("source", ["resume", "compact"])
def test_a_session_that_goes_on_is_never_held_back(tmp_path, source):
    data = write_briefing(tmp_path, gate=gate())
    start(data, source=source)
    assert prompt(data) == {}
    assert prompt(data, id=IDS[1]) != {}
    assert start(data, agent="codex", source=source) == {}


def test_a_subagents_prompt_is_not_held_back(tmp_path):
    assert prompt(write_briefing(tmp_path, gate=gate()), agent_id="a1") == {}


def test_codex_is_held_back_at_one_start(tmp_path):
    data = write_briefing(tmp_path, gate=gate(), types={"codex": {"main": entry(suggestion())}})
    said = start(data, agent="codex")
    assert said == {"continue": False, "stopReason": f"{gate()['reason']} Start again to go on: this is said once."}
    assert written(data) == []
    assert "Baselines" in context(start(data, agent="codex"))


def test_codex_starts_when_the_alert_cannot_be_remembered(tmp_path):
    data = write_briefing(tmp_path, gate=gate())
    (data / "hooks" / "let-through").mkdir()
    assert start(data, agent="codex") == {}


def test_claude_code_is_not_stopped_at_its_start(tmp_path):
    assert "continue" not in start(write_briefing(tmp_path, gate=gate()))


# -------------------------------------------------------------------------------------------------- status line


@pytest.mark.parametrize(
    ("changes", "event", "line"),
    [
        ({}, {}, "today $3.20 at 11:50"),
        ({}, {"cost": {"total_cost_usd": 0.4567}}, "session $0.46 · today $3.20 at 11:50"),
        ({"usd_today": None}, {}, ""),
        ({"day": "2026-11-19", "budget": "week 90 %"}, {"cost": {"total_cost_usd": 1234}}, "session $1,234.00"),
        ({"budget": "week 90 %", "alert": "1 alert"}, {}, "today $3.20 at 11:50 · week 90 % · 1 alert"),
        ({"day": "2026-11-21", "zone_offset_s": 43_200}, {}, "today $3.20 at 23:50"),
        ({"alert": "a\x1b[31mb\nc"}, {}, "today $3.20 at 11:50 · a [31mb c"),
        ({"usd_today": "3", "day": 7}, {"cost": {"total_cost_usd": True}}, ""),
        ({}, {"cost": [1]}, "today $3.20 at 11:50"),
    ],
)
def test_the_status_line(tmp_path, changes, event, line):
    data = write_briefing(tmp_path, status=status(**changes))
    assert answer("statusline", "claude_code", event, str(data), NOW).decode() == line


def test_the_status_line_shows_the_session_without_a_briefing(tmp_path):
    assert answer("statusline", "claude_code", {"cost": {"total_cost_usd": 2}}, str(tmp_path), NOW) == b"session $2.00"


# ------------------------------------------------------------------------------------------------ what agents take

CODEX_OUTPUT = {"continue", "stopReason", "suppressOutput", "systemMessage", "hookSpecificOutput"}


def test_codex_is_told_nothing_but_what_its_schema_has(tmp_path):
    types = {"codex": {"main": entry(suggestion(share=1), notice="Look."), "worker": entry(suggestion(share=1))}}
    data = write_briefing(tmp_path, types=types)
    for said in (
        start(data, agent="codex"),
        say("subagent-start", data, "codex", session_id=IDS[0], agent_id=IDS[1], agent_type="worker"),
    ):
        assert set(said) <= CODEX_OUTPUT
        assert set(said["hookSpecificOutput"]) == {"hookEventName", "additionalContext"}


# ------------------------------------------------------------------------------------------------------- faults

BROKEN = [
    b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"version": 2}', b'{"version": 1, "types": []}',
    b'{"version": 1, "types": {"claude_code": {"main": 7}}}', b"[" * 100_000,
    b'{"version": 1, "types": {"claude_code": {"main": {"facts": 7, "notice": [], "suggestions": [7, {}, null]}}}}',
    b'{"version": 1, "types": {"claude_code": {"main": {"suggestions": {"a": 1}}}}, "gate": "shut", "status": []}',
    b'{"version": 1, "projects": [7, ["a"], ["a", 7], [7, "b"], ["", "main"]], "key": 7}',
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("word", ["session-start", "subagent-start", "user-prompt-submit", "statusline", "", "dance"])
def test_a_broken_briefing_says_nothing(tmp_path, broken, word):
    data = write_briefing(tmp_path)
    (data / "hooks" / "briefing.json").write_bytes(broken)
    assert say(word, data, session_id=IDS[0], prompt="Go.", agent_id="a1", agent_type="Plan") == {}


def test_a_briefing_that_is_too_long_is_not_read(tmp_path):
    data = write_briefing(tmp_path)
    path = data / "hooks" / "briefing.json"
    path.write_bytes(path.read_bytes() + b" " * 1024 * 1024)
    assert start(data) == {}
