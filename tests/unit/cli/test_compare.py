"""``tacho compare`` on a built history: what is only size is gone, a change is found, what is little is not told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tests.builders.halves import AFTER, BEFORE, CUT, Halves, cost_of, geometric_mean
from tests.builders.wasteful import MYSTERY
from tests.capture.repos import run_shell
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

COMMIT = f"GIT_AUTHOR_DATE={CUT} GIT_COMMITTER_DATE={CUT} git commit -q -m 'A rule'"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history, read and learned from once for all tests: read only."""
    home = tmp_path_factory.mktemp("halves")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("CLAUDE_CONFIG_DIR", str(home / ".claude"))
        patch.setenv("CODEX_HOME", str(home / ".codex"))
        patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        patch.setenv("TACHO_DATA_DIR", str(home / "data"))
        Halves(home).write()
        learn(Workspace(), update=True)
    return home / "data"


@pytest.fixture
def stored(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The history as it lies in the warehouse."""
    monkeypatch.setenv("TACHO_DATA_DIR", str(store))
    return store


@pytest.fixture
def halves(home: Path) -> Halves:
    """The history, not written yet."""
    return Halves(home)


def compare(tacho: Tacho, *arguments: str) -> dict[str, Any]:
    return tacho.json("compare", *arguments)


def stored_comparison(tacho: Tacho, *arguments: str) -> dict[str, Any]:
    return compare(tacho, "--no-ingest", *arguments)


def metric(answer: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in answer["metrics"] if one["metric"] == name)
    return found


def compared(answer: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = metric(answer, name)["compared"]
    return found


@pytest.mark.usefixtures("stored")
def test_what_is_only_size_is_gone(tacho: Tacho) -> None:
    answer = stored_comparison(tacho, "--at", CUT, "--metric", "tokens.output")
    assert (answer["before"]["sessions"], answer["after"]["sessions"], answer["straddling"]) == (30, 30, 0)
    output = metric(answer, "tokens.output")
    naive, matched = output["compared"]["naive"], output["compared"]["matched"]
    assert (naive["before"], naive["after"]) == (pytest.approx(25_000 / 3), pytest.approx(42_500 / 3))
    assert naive["low"] > 0
    assert matched["difference"] == pytest.approx(0.0)
    assert matched["low"] < 0 < matched["high"]
    assert (output["reading"], output["better"], output["unit"]) == ("unclear", None, "tokens")
    assert (output["compared"]["strata"], output["compared"]["pairs"]) == (2, 20)


@pytest.mark.usefixtures("stored")
def test_what_changed_is_found(tacho: Tacho) -> None:
    found = metric(stored_comparison(tacho, "--at", CUT, "--metric", "cache_efficiency"), "cache_efficiency")
    matched = found["compared"]["matched"]
    # of the large ones, which alone have this KPI, 2 of 10 are warm before and 15 of 20 after
    assert (matched["before"], matched["after"]) == (pytest.approx(0.9 * 2 / 10), pytest.approx(0.9 * 15 / 20))
    assert matched["difference"] == pytest.approx(0.495)
    assert 0 < matched["low"] < 0.495 < matched["high"]
    assert (found["reading"], found["better"]) == ("better", "up")
    numbers = {name: found["compared"][name] for name in ("before", "after", "before_matched", "after_matched")}
    assert numbers == {"before": 10, "after": 20, "before_matched": 10, "after_matched": 20}


@pytest.mark.usefixtures("stored")
def test_a_saving_that_larger_sessions_hide_is_found(tacho: Tacho) -> None:
    cost = metric(stored_comparison(tacho, "--at", CUT, "--metric", "usd"), "usd")
    naive, matched = cost["compared"]["naive"], cost["compared"]["matched"]
    assert naive["before"] == pytest.approx(geometric_mean([cost_of(*one) for one in BEFORE]))
    assert naive["difference"] > 0 > matched["difference"]
    after = [geometric_mean([cost_of(*one) for one in AFTER if one[0] == turns]) for turns in (1, 8)]
    assert matched["after"] == pytest.approx(geometric_mean(after))
    assert matched["high"] < 0
    assert (cost["scale"], cost["reading"]) == ("log", "better")


@pytest.mark.usefixtures("stored")
def test_a_person_sees_both_differences_their_numbers_and_what_they_do_not_prove(tacho: Tacho) -> None:
    arguments = ("--at", CUT, "--metric", "cache_efficiency", "--metric", "tokens.output", "--no-ingest")
    assert tacho("compare", *arguments) == 0
    lines = [" ".join(line.split()) for line in tacho.out.splitlines()]
    assert "before 30 sessions, up to 2026-05-20 10:00" in lines
    assert "after 30 sessions, from 2026-05-20 10:00 on" in lines
    assert any(line.startswith("Input read from a cache 0.18 → 0.675 +0.495 [+0.") for line in lines)
    assert any(line.endswith("] better +0.495 10·20 of 10·20") for line in lines)
    assert any(line.endswith("] unclear +5.83k 30·30 of 30·30") for line in lines)
    assert "size 1 turn 66.7 % 33.3 % yes" in lines
    assert "No control group: whatever else changed at that time" in tacho.out
    assert "tacho trials" in tacho.out
    assert tacho.err == ""


@pytest.mark.usefixtures("stored")
def test_without_a_name_all_kpis_are_compared(tacho: Tacho) -> None:
    answer = stored_comparison(tacho, "--at", CUT)
    assert len(answer["metrics"]) == 20
    told = {one["metric"] for one in answer["metrics"] if one["reading"] != "too_few"}
    assert {"cache_efficiency", "cost_per_turn", "token_efficiency", "cost_per_output_token"} <= told
    lacking = metric(answer, "quality_relevance")
    assert (lacking["compared"]["matched"], lacking["compared"]["naive"]) == (None, None)
    assert lacking["reason"] == "0 pairs of like sessions, 10 needed (sessions with this metric: 0 before, 0 after)"
    assert tacho("compare", "--at", CUT, "--no-ingest") == 0
    assert "No session has: " in tacho.out
    assert "Judged relevance" in tacho.out


@pytest.mark.usefixtures("stored")
def test_too_few_are_told_as_such_with_what_is_there_and_what_is_needed(tacho: Tacho) -> None:
    arguments = ("--before", "2026-05-18T10:00Z..2026-05-20T10:00Z", "--after", CUT, "--metric", "usd")
    few = metric(stored_comparison(tacho, *arguments), "usd")
    assert (few["reading"], few["compared"]["matched"], few["compared"]["naive"]) == ("too_few", None, None)
    assert few["reason"] == "8 pairs of like sessions, 10 needed (sessions with this metric: 8 before, 30 after)"
    assert tacho("compare", *arguments, "--no-ingest") == 0
    assert "Too few  10 pairs of like sessions are needed: no number is given" in tacho.out
    assert "Cost    8 of 10  8·30" in tacho.out
    assert "→" not in tacho.out


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("name", ["turns", "human_prompts", "follow_up_rate"])
def test_metrics_that_count_turns_are_matched_by_task_type_alone(tacho: Tacho, name: str) -> None:
    found = metric(stored_comparison(tacho, "--at", CUT, "--metric", name), name)
    assert found["matched_by"] == ["task type"]
    assert found["compared"]["strata"] == 1
    assert found["compared"]["matched"]["difference"] == pytest.approx(found["compared"]["naive"]["difference"])
    assert found["compared"]["matched"]["low"] > 0
    assert tacho("compare", "--at", CUT, "--metric", name, "--no-ingest") == 0
    assert "* matched by task type alone" in tacho.out


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("responses", 10 / 3, 17 / 3),
        ("tool_calls", 10 / 3, 17 / 3),
        ("tool_calls_by_name.Bash", 10 / 3, 17 / 3),
        ("tokens.cache_read", 9_000 * (5 + 8 * 2) / 30, 9_000 * (7 + 8 * 15) / 30),
        ("models", 1.0, 1.0),
        ("files_created", 0.0, 0.0),
    ],
)
def test_every_metric_that_is_a_number_can_be_compared(tacho: Tacho, name: str, before: float, after: float) -> None:
    naive = compared(stored_comparison(tacho, "--at", CUT, "--metric", name), name)["naive"]
    assert (naive["before"], naive["after"]) == (pytest.approx(before), pytest.approx(after))


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nonsense", "There is no metric 'nonsense'."),
        ("tokens", "The metric 'tokens' is not one number.\nName a kind of it, such as tokens.cache_read."),
        ("turns.x", "The metric 'turns.x' is not one number."),
        ("error_rate.x", "There is no metric 'error_rate.x'."),
        ("tool_calls_by_name.Bsh", "No session of either side has any 'tool_calls_by_name.Bsh'."),
        ("\x1b[31m", "There is no metric '\ufffd[31m'."),
    ],
)
def test_what_is_no_metric_ends_with_3(tacho: Tacho, name: str, said: str) -> None:
    assert tacho("compare", "--at", CUT, "--metric", name, "--no-ingest") == 3
    assert said in tacho.err
    assert "\x1b" not in tacho.err


@pytest.mark.usefixtures("stored")
def test_a_changed_file_found_in_git_cuts_the_history(
    tacho: Tacho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_shell(tmp_path, f"git init -q -b main .; echo 'Run the tests.' > CLAUDE.md; git add -A; {COMMIT}; git tag v1")
    commit = run_shell(tmp_path, "git rev-parse HEAD").strip()
    monkeypatch.chdir(tmp_path)
    answer = stored_comparison(tacho, "--at", "file:CLAUDE.md", "--metric", "cache_efficiency", "--project", "site")
    assert tacho.err == f"tacho: file:CLAUDE.md: commit {commit[:7]} of 2026-05-20 10:00\n"
    assert answer["after"]["moments"] == [{"given": "file:CLAUDE.md", "at": CUT, "commit": commit}]
    assert (answer["before"]["until"], answer["after"]["since"]) == (CUT, CUT)
    assert compared(answer, "cache_efficiency")["matched"]["difference"] == pytest.approx(0.495)
    same = stored_comparison(tacho, "--before", "v1", "--after", "v1", "--metric", "usd", "--window", "5")
    assert (same["before"]["sessions"], same["after"]["sessions"]) == (20, 20)
    assert "Sessions of all projects are compared" in tacho.err
    assert tacho.err.count("v1: commit") == 1
    assert tacho("compare", "--at", "v1", "--no-ingest") == 0
    assert f"up to 2026-05-20 10:00; v1 is commit {commit[:7]}" in " ".join(tacho.out.split())


@pytest.mark.usefixtures("stored")
def test_a_retro_cuts_the_history(tacho: Tacho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_shell(tmp_path, f"git init -q .; mkdir -p docs/retros; echo a > docs/retros/one.md; git add -A; {COMMIT}")
    monkeypatch.chdir(tmp_path)
    answer = stored_comparison(tacho, "--before", "retro", "--after", "retro", "--metric", "usd")
    assert answer["after"]["since"] == CUT


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "Say what to compare"),
        (["--before", CUT], 2, "Say what to compare"),
        (["--at", "--output=x"], 3, "'--output=x' is no date, and no commit"),
        (["--at", "v1\nv2"], 3, "'v1 v2' is no date, and no commit"),
        (["--at", "\x1b]0;x\x07"], 3, "is no date, and no commit"),
        (["--before", "2026-05-02", "--after", "2026-05-01"], 2, "The sides overlap"),
        (["--at", CUT, "--window", "0"], 2, "0 is not in the range"),
        (["--at", CUT, "--agent", "nobody"], 2, "nobody"),
        (["--at", CUT, "--tz", "Mars/Olympus"], 2, "There is no time zone"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    tacho: Tacho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    run_shell(tmp_path, "git init -q .; git commit -q --allow-empty -m a")
    monkeypatch.chdir(tmp_path)
    assert tacho("compare", *arguments) == code
    assert said in tacho.err
    assert "\x1b" not in tacho.err
    assert "\x07" not in tacho.err
    assert not (tmp_path / "x").exists()


def test_sessions_going_on_at_the_change_and_subagents_are_of_neither_side(tacho: Tacho, halves: Halves) -> None:
    """But what subagents cost is in their session's cost, and a cost that is not wholly known is none."""
    for log in halves.claude.logs[:30]:
        log.calls(("Task", {"subagent_type": "Explore", "prompt": "Look."}), input=0, output=0)
        log.subagent(f"a{halves.claude.ids.count('agent'):07d}").prompt("Look.").response(input=0, output=1_000)
    halves.work("2026-05-20T09:59:50Z", 5)
    halves.work("2026-05-01T09:00:00Z").response(model=MYSTERY)
    halves.write()
    answer = compare(tacho, "--at", CUT, "--metric", "usd", "--metric", "tokens.output")
    assert (answer["before"]["sessions"], answer["after"]["sessions"], answer["straddling"]) == (31, 30, 1)
    assert compared(answer, "usd")["before"] == 30
    expected = geometric_mean([cost_of(*one) + 0.05 for one in BEFORE])
    assert compared(answer, "usd")["naive"]["before"] == pytest.approx(expected)
    assert compared(answer, "tokens.output")["naive"]["before"] == pytest.approx((250_000 + 1_100) / 31)
    assert tacho("compare", "--at", CUT, "--no-ingest") == 0
    assert "1 session from before that went on after" in tacho.out


def test_what_else_is_different_is_told_the_greatest_first(tacho: Tacho, halves: Halves) -> None:
    lab = "/home/ada/\x1b[31mlab"
    for number in range(30):
        halves.work(f"2026-06-{1 + number % 20:02d}T{number // 20:02d}:30:00Z", cwd=lab, opening="Add a page.")
    halves.write()
    answer = compare(tacho, "--at", CUT, "--metric", "usd")
    told = [(one["kind"], one["name"], one["is_matched"]) for one in answer["shifts"]]
    assert told == [
        ("project", lab, False), ("project", "/home/ada/site", False),
        ("task type", "debug-fix", True), ("task type", "feature-build", True),
    ]  # fmt: skip
    shares = [(one["before_share"], one["after_share"]) for one in answer["shifts"]]
    assert shares == [(0.0, 0.5), (1.0, 0.5), (1.0, 0.5), (0.0, 0.5)]
    assert tacho("compare", "--at", CUT, "--no-ingest") == 0
    assert "lab" in tacho.out
    assert "\x1b" not in tacho.out
    for chosen, sessions in ((("--project", "LAB"), (0, 30)), (("--project", "site"), (30, 30))):
        answer = stored_comparison(tacho, "--at", CUT, *chosen, "--metric", "usd")
        assert (answer["before"]["sessions"], answer["after"]["sessions"]) == sessions
    assert tacho("compare", "--at", CUT, "--agent", "codex", "--no-ingest") == 0
    assert "No sessions on either side." in tacho.out


@pytest.mark.usefixtures("stored")
def test_the_same_seed_gives_the_same_numbers(tacho: Tacho) -> None:
    first, again, other = (
        compared(stored_comparison(tacho, "--at", CUT, "--metric", "usd", *more), "usd")["matched"]
        for more in ([], ["--seed", "42"], ["--seed", "7"])
    )
    assert first == again
    assert (other["difference"], other["low"] == first["low"]) == (first["difference"], False)


@pytest.mark.usefixtures("stored")
def test_dates_will_do_where_the_folder_one_stands_in_is_gone(
    tacho: Tacho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert tacho("compare", "--at", CUT, "--metric", "usd", "--no-ingest") == 0
    assert tacho("compare", "--at", "v1", "--no-ingest") == 4
    assert "Give dates instead." in tacho.err


def test_an_empty_machine_has_nothing_to_compare(tacho: Tacho) -> None:
    assert tacho("compare", "--at", "30d") == 0
    assert "No sessions on either side." in tacho.out
