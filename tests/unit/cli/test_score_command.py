"""``tacho score``: as a person and as a program sees it, and its exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tachograph.analysis.axes import token_economy
from tachograph.analysis.axes.trajectory import TrajectoryScore
from tachograph.app.score import score_sessions
from tachograph.cli._scores import describe_score, trajectory_words
from tachograph.report.document import Document
from tachograph.report.text import render
from tachograph.warehouse.store import open_reader
from tests.builders.judged import Bench, bench
from tests.builders.wasteful import HOUSE, SITE, Wasteful, purge_session, wasteful, write_config
from tests.dump import dump_warehouse
from tests.golden import check_golden
from tests.unit.cli.running import Tacho, tacho

__all__ = ["bench", "tacho", "wasteful"]
RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
HOSTILE = "\x1b[31mred\x1b]0;owned\x07 \u202eexe.txt \x9b1m\rgone \u200b[bold]x[/]"


@pytest.fixture(autouse=True)
def configured(home: Path) -> None:
    write_config(home)


def read(tacho: Tacho, *arguments: object, code: int = 0) -> dict[str, Any]:
    assert tacho("score", *map(str, arguments), "--json") == code, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    return answer


# --------------------------------------------------------------------------------------------------- as it looks


def test_as_a_person_sees_it(tacho: Tacho, wasteful: Wasteful, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_economy, "bundled_bands", dict)  # whatever comes along by now
    assert tacho("score", wasteful.loops.session_id, wasteful.parent.session_id, wasteful.thread.id) == 0
    check_golden("score.txt", tacho.out)


def test_as_a_narrow_terminal_shows_it(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    connection = open_reader(workspace.folder)
    none = TrajectoryScore(state="UNAVAILABLE", hint="Nobody asked.", domain_of_validity="None.")
    (score,) = score_sessions(connection, [f"codex:{wasteful.thread.id}"], lambda _: none)
    connection.close()
    text = render(Document(describe_score(score)), 80)
    assert max(map(len, text.splitlines())) <= 80


def test_every_axis_stands_with_its_domain_of_validity(tacho: Tacho, wasteful: Wasteful) -> None:
    score = read(tacho, wasteful.loops.path)["sessions"][0]
    assert tacho("score", str(wasteful.loops.path)) == 0
    shown = " ".join(tacho.out.split())
    for axis in ("token", "trajectory", "waste"):
        assert score[axis]["domain_of_validity"] in shown


# ------------------------------------------------------------------------------------------------------- as JSON


def test_json_has_what_was_agreed_on(tacho: Tacho, wasteful: Wasteful) -> None:
    answer = read(tacho, wasteful.loops.path)
    assert set(answer) == {"schema", "sessions", "unreadable"}
    assert (answer["schema"], answer["unreadable"]) == ("tachograph.score/1", [])
    (session,) = answer["sessions"]
    assert {"id", "task_type", "token", "trajectory", "waste"} <= set(session)
    assert {"verdict", "value", "band", "percentile", "reference", "domain_of_validity"} <= set(session["token"])
    assert {"state", "verdict", "domain_of_validity"} <= set(session["trajectory"])
    assert (session["task_type"], session["trajectory"]["state"]) == ("debug-fix", "UNAVAILABLE")
    assert [one["detector"] for one in session["waste"]["findings"]] == [
        "repeated_failed_retry", "redundant_read", "failed_edit_loop",
    ]  # fmt: skip
    for one in session["waste"]["findings"]:
        assert {"detector", "evidence", "wasted_tokens", "wasted_usd"} <= set(one)
        assert one["evidence"]["calls"]


def test_json_is_one_object_however_many_targets(tacho: Tacho, wasteful: Wasteful) -> None:
    answer = read(tacho, wasteful.loops.path, wasteful.home / ".codex", wasteful.clean.session_id, "--last")
    assert [one["id"].partition(":")[0] for one in answer["sessions"]] == ["claude_code", "codex", "claude_code"]
    assert [one["name"] for one in read(tacho, wasteful.home)["sessions"]][-1]


def test_a_subagents_waste_is_in_its_own_score(tacho: Tacho, wasteful: Wasteful) -> None:
    (session,) = read(tacho, wasteful.parent.session_id)["sessions"]
    assert session["waste"]["findings"] == []
    assert [set(one) for one in session["subagents"]] == [{"id", "agent_type", "real_tokens", "findings"}] * 2
    (agent,) = read(tacho, wasteful.agents[1].agent_id)["sessions"]
    assert [one["agent_type"] for one in agent["waste"]["findings"]] == ["Explore"]


# ---------------------------------------------------------------------------------------------------- exit codes


def test_the_last_session_is_meant(tacho: Tacho, wasteful: Wasteful) -> None:
    assert read(tacho, "--last")["sessions"][0]["id"] == f"claude_code:{wasteful.clean.session_id}"


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--nothing"], ["--explain", "x"]])
def test_no_target_is_a_mistake(tacho: Tacho, arguments: list[str]) -> None:
    assert tacho("score", *arguments) == 2
    assert tacho.out == ""


@pytest.mark.parametrize("target", ["nothing", "/nowhere", "gone.jsonl", "x" * 5000, ""])
def test_an_unknown_target_is_3(tacho: Tacho, wasteful: Wasteful, target: str) -> None:
    assert tacho("score", target) == 3
    assert tacho.out == ""
    assert tacho("score", str(wasteful.loops.path), target, "--json") == 3
    assert tacho.out == "", "no half an answer"


def test_the_last_session_of_an_empty_machine_is_3(tacho: Tacho) -> None:
    assert tacho("score", "--last") == 3
    assert "There is no session yet." in tacho.err


@pytest.mark.parametrize("store", [[], ["--no-store"]])
def test_an_unreadable_log_is_4_and_the_others_are_scored(tacho: Tacho, wasteful: Wasteful, store: list[str]) -> None:
    bad = wasteful.home / "bad.jsonl"
    bad.write_text("neither\n")
    answer = read(tacho, wasteful.loops.path, bad, *store, code=4)
    assert [one["waste"]["value"] for one in answer["sessions"]] == [3]
    assert answer["unreadable"] == [{"target": str(bad), "reason": "no line belongs to a session"}]
    assert tacho.err == f"tacho: {bad} was not scored: no line belongs to a session.\n"
    assert tacho("score", str(bad), *store) == 4
    assert tacho.out == "No session was scored.\n"


def test_a_line_that_cannot_be_read_is_no_unreadable_log(tacho: Tacho, wasteful: Wasteful) -> None:
    wasteful.loops.raw(b"neither\n").write()
    assert read(tacho, wasteful.loops.path)["unreadable"] == []


def test_a_purged_session_is_4(tacho: Tacho, wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    purge_session(workspace, wasteful.loops.session_id)
    answer = read(tacho, wasteful.loops.path, code=4)
    assert (answer["sessions"], answer["unreadable"][0]["reason"]) == ([], "its session was purged")
    assert tacho("score", wasteful.loops.session_id) == 3


def test_no_store_leaves_no_trace(tacho: Tacho, wasteful: Wasteful) -> None:
    assert len(read(tacho, wasteful.home, "--no-store")["sessions"]) == 7
    assert not (wasteful.home / "tachograph").exists()
    assert tacho("score", "--last", "--no-store") == 4
    assert "There is no warehouse yet, and --no-store makes none." in tacho.err
    workspace = wasteful.ingest()
    wasteful.clean.prompt("More.").response().write()
    before = dump_warehouse(workspace.folder)
    for target in (wasteful.home, wasteful.clean.session_id, "--last"):
        assert tacho("score", str(target), "--no-store") == 0
    assert dump_warehouse(workspace.folder) == before


# -------------------------------------------------------------------------------------------------------- judge


def test_the_judge_is_asked_only_when_told_to(tacho: Tacho, bench: Bench) -> None:
    bench.says("qwen3:30b-a3b", "0")
    (quiet,) = read(tacho, bench.ids[0])["sessions"]
    assert (quiet["trajectory"]["state"], quiet["trajectory"]["reason"], bench.asked) == (
        "UNAVAILABLE", "not_judged", [],
    )  # fmt: skip
    assert "--judge" in quiet["trajectory"]["hint"]
    (loud,) = read(tacho, bench.ids[0], "--judge")["sessions"]
    assert (loud["trajectory"]["state"], loud["trajectory"]["verdict"], loud["trajectory"]["review"]) == (
        "CURRENT", "MUCH_WORSE", True,
    )  # fmt: skip
    assert tacho("score", bench.ids[0]) == 0
    assert "MUCH_WORSE by qwen3:30b-a3b, confidence 0.50 · review: look at it yourself. Turn 1." in " ".join(
        tacho.out.split()
    )
    assert len(bench.asked) == 1, "the answer was kept"


def test_the_setting_auto_asks_each_time_there_is_no_verdict(tacho: Tacho, bench: Bench, home: Path) -> None:
    write_config(home, '[judge]\nmode = "auto"\n')
    bench.says("qwen3:30b-a3b", "2")
    for store, asked in (("--no-store", 1), ("--no-store", 2), ("--json", 3), ("--json", 3)):
        assert tacho("score", bench.ids[0], store) == 0
        assert len(bench.asked) == asked


def test_a_stale_verdict_is_shown_as_stale() -> None:
    old = TrajectoryScore(state="STALE", verdict="BETTER", model="m", reasoning="So.", domain_of_validity="x")
    assert trajectory_words(old) == "BETTER by m · STALE: the session has changed since. So."


# ------------------------------------------------------------------------------------------------------- harm


def write_hostile(wasteful: Wasteful) -> Path:
    log = wasteful.claude.project(f"{SITE}/{HOSTILE}").session("2026-06-01T09:00:00Z", model=HOUSE)
    log.path = wasteful.home / "hostile" / "log.jsonl"
    log.prompt(HOSTILE).custom_title(HOSTILE)
    for _ in range(2):
        log.shell(f"make {HOSTILE}", HOSTILE, 1)
    for _ in range(3):
        given = {"file_path": f"/x/{HOSTILE}", "old_string": "a", "new_string": "b"}
        log.tool("Edit", given, result=HOSTILE, error=True)
    return log.response().write()


def test_log_text_cannot_steer_the_terminal(tacho: Tacho, wasteful: Wasteful) -> None:
    path = write_hostile(wasteful)
    shown = []
    for flags in ([], ["--json"]):
        assert tacho("score", str(path), *flags) == 0
        shown.append(tacho.out + tacho.err)
        assert tacho("waste", "--limit", "0", *flags) == 0
        shown.append(tacho.out + tacho.err)
    hostile = [one for one in json.loads(shown[-1])["findings"] if "exe.txt" in json.dumps(one)]
    assert {one["detector"] for one in hostile} == {"repeated_failed_retry", "failed_edit_loop"}
    for one in hostile:
        for flags in ([], ["--json"]):
            assert tacho("waste", "--explain", one["id"], *flags) == 0
            shown.append(tacho.out + tacho.err)
    assert [RAW.findall(text) for text in shown] == [[]] * 8
    assert "[bold]x[/]" in shown[0], "markup is text"


def test_a_hostile_path_is_named_harmlessly(tacho: Tacho, home: Path) -> None:
    folder = home / HOSTILE.replace("/", "_")
    folder.mkdir()
    (folder / "bad.jsonl").write_text("neither\n")
    for flags in ([], ["--json"]):
        assert tacho("score", str(folder), *flags) == 4
        assert RAW.findall(tacho.out + tacho.err) == []
    assert tacho("score", "nothing" + HOSTILE) == 3
    assert RAW.findall(tacho.err) == []
