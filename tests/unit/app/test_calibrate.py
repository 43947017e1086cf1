from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.analysis.axes.trajectory import PROMPT_VERSION
from tachograph.app.calibrate import calibrate, storing
from tachograph.app.calibrate.labels import BadRow, Label, read_labels
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.settings import Settings
from tachograph.warehouse.lock import writer_lock
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.judged import Bench, bench

__all__ = ["bench"]

# -------------------------------------------------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('{"session": "a", "verdict": "BETTER"}', [Label(1, "a", "BETTER")]),
        ('\n{"verdict": "worse", "session": " a "}\n\n', [Label(2, "a", "WORSE")]),
        ('\ufeff{"session": "a", "verdict": "much better", "note": 3}\n', [Label(1, "a", "MUCH_BETTER")]),
        ('{"session": "a"}\n{"session": "b", "verdict": null}', [Label(1, "a", None), Label(2, "b", None)]),
        ('{"session": "a", "verdict": ""}', [Label(1, "a", None)]),
        ("session,verdict\na,BETTER\n", [Label(2, "a", "BETTER")]),
        ("Verdict, note, Session\nmuch-worse, \"x, y\", a\r\n\nSIMILAR,,b\n",
         [Label(2, "a", "MUCH_WORSE"), Label(4, "b", "SIMILAR")]),
        ("session\na\n", [Label(2, "a", None)]),
        ("session,verdict\na\n", [Label(2, "a", None)]),
        ("session,verdict\n", []),
        ("", []),
        (" \n\n", []),
        ('{"session": "a", "verdict": "GREAT"}',
         [BadRow(1, "'GREAT' is no verdict: these are MUCH_WORSE, WORSE, SIMILAR, BETTER, MUCH_BETTER")]),
        ('{"session": "a", "verdict": 3}',
         [BadRow(1, "'3' is no verdict: these are MUCH_WORSE, WORSE, SIMILAR, BETTER, MUCH_BETTER")]),
        ('{"session": "", "verdict": "BETTER"}', [BadRow(1, "no session")]),
        ('{"session": 7, "verdict": "BETTER"}', [BadRow(1, "no session")]),
        ('{"verdict": "BETTER"}', [BadRow(1, "no session")]),
        ('{"session": "a"\n{"session": "b"}', [BadRow(1, "not JSON"), Label(2, "b", None)]),
        ('{"session": "b"}\n["a", "BETTER"]\n7', [Label(1, "b", None), BadRow(2, "not a JSON object"),
                                                  BadRow(3, "not a JSON object")]),
        ('{"a": ' + "[" * 100_000, [BadRow(1, "not JSON")]),
        ('session,verdict\n"a,BETTER\nb,WORSE\n',
         [BadRow(2, "not CSV: unexpected end of data"), Label(3, "b", "WORSE")]),
        ("session,verdict\n,WORSE\n", [BadRow(2, "no session")]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["labels.jsonl", "labels.csv", "labels"])
def test_labels_are_read_by_what_is_in_the_file(tmp_path: Path, name: str, content: str, rows: list) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    assert read_labels(path) == rows


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"name,verdict\na,BETTER\n", "has no column session"),
        (b"just some words\n", "has no column session"),
        (b"x" * (16 * 1024 * 1024 + 1), "is too large for a file of labels"),
    ],
)
def test_what_is_no_file_of_labels_is_refused(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(TachographError, match=fault) as raised:
        read_labels(path)
    assert (raised.value.exit_code, raised.value.slug) == (4, "labels_wrong")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as raised:
        read_labels(tmp_path / "none.jsonl")
    assert (raised.value.exit_code, raised.value.slug) == (3, "no_such_labels")


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TachographError, match="cannot be read: Is a directory") as raised:
        read_labels(tmp_path)
    assert (raised.value.exit_code, raised.value.slug) == (4, "labels_unreadable")


# ---------------------------------------------------------------------------------------------- finding sessions


def test_sessions_are_found_by_id_prefix_and_path(bench: Bench) -> None:
    log = bench.logs[2]
    rows = [bench.ids[0], bench.ids[1].partition(":")[2][:-4], str(log.path), bench.ids[5]]
    found = bench.find(bench.file("session,verdict\n" + "\n".join(f"{row},SIMILAR" for row in rows)))
    assert found.bad_rows == ()
    assert [target.session for target in found.found] == [bench.ids[number] for number in (0, 1, 2, 5)]
    assert [target.log is None for target in found.found] == [True, True, False, True]


def test_a_path_may_be_relative_and_need_not_be_ingested(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = ClaudeHome(bench.home / "elsewhere")
    elsewhere.ids = bench.claude.ids
    log = elsewhere.project().session("2026-06-01T09:00:00Z").prompt("Task 3.").response(output=1)
    elsewhere.write()
    monkeypatch.chdir(log.path.parent)
    rows = f"session,verdict\n{log.path.name},BETTER\n{bench.ids[3]},BETTER\n"
    targets = bench.find(bench.file(rows))
    bench.says("judge", "2222")
    report = calibrate(bench.workspace, targets, [JudgeConfig(model="judge")])
    assert report.sessions[0].session == f"claude_code:{log.session_id}"
    assert [one.verdicts[0].verdict for one in report.sessions] == ["SIMILAR", "SIMILAR"]


def test_bad_rows_are_told_and_the_others_used(bench: Bench) -> None:
    notes = bench.home / "notes.txt"
    notes.write_text("no log")
    empty = bench.home / "empty.jsonl"
    empty.write_text("")
    good = [json.dumps({"session": one, "verdict": "BETTER"}) for one in bench.ids[:2]]
    bad = [
        json.dumps({"session": "nobody", "verdict": "BETTER"}),
        json.dumps({"session": bench.ids[2]}),
        json.dumps({"session": bench.ids[2], "verdict": "FINE"}),
        json.dumps({"session": bench.ids[0], "verdict": "WORSE"}),
        json.dumps({"session": str(notes), "verdict": "WORSE"}),
        json.dumps({"session": str(empty), "verdict": "WORSE"}),
        json.dumps({"session": "x\0y" + "z" * 5000, "verdict": "WORSE"}),
        json.dumps({"session": "0", "verdict": "WORSE"}),
        json.dumps({"session": "~nobody-of-this-name/log.jsonl", "verdict": "WORSE"}),
    ]
    found = bench.find(bench.file("\n".join([good[0], *bad, good[1]])))
    assert [(target.line, target.session) for target in found.found] == [(1, bench.ids[0]), (11, bench.ids[1])]
    assert [row.line for row in found.bad_rows] == list(range(2, 11))
    reasons = [row.reason for row in found.bad_rows]
    assert reasons[0] == "No session is called nobody, or begins so"
    assert reasons[1] == "no verdict"
    assert reasons[3] == "names the session of line 1 again"
    assert reasons[4].startswith(f"{notes} cannot be read as a session: ")
    assert reasons[5].startswith(f"{empty} cannot be read as a session: ")
    assert reasons[6].startswith("No session is called x\N{REPLACEMENT CHARACTER}yzzz")
    assert len(reasons[6]) == 200
    assert reasons[7] == "6 sessions begin with 0"
    assert reasons[8] == "neither a session's id nor a path"


@pytest.mark.parametrize(("steps", "count"), [("", 0), ("3", 1), ("3--", 1)])
def test_fewer_than_two_labels_are_refused(bench: Bench, steps: str, count: int) -> None:
    with pytest.raises(TachographError, match=f"needs 2 sessions or more; .* has {count} that can be used") as raised:
        bench.find(bench.labels(steps))
    assert (raised.value.exit_code, raised.value.slug) == (4, "too_few_labels")
    assert raised.value.hint.startswith("Line 2: no verdict." if "-" in steps else "One row for each session")


# --------------------------------------------------------------------------------------------------- calibrating


def test_verdicts_are_compared_with_the_labels_and_the_result_is_quoted(bench: Bench) -> None:
    assert "Calibration: none." in bench.quoted()
    bench.says("judge", "013344")
    report = bench.run("011344")
    (one,) = report.models
    assert (report.prompt, report.seed, one.model, one.judged, one.unavailable) == (PROMPT_VERSION, 42, "judge", 6, 0)
    assert one.stored
    assert one.agreement is not None
    assert one.agreement.pairs == 6
    assert one.agreement.exact.value == 5 / 6
    assert one.agreement.spearman.value == pytest.approx(0.9545454545)  # scipy.stats.spearmanr
    assert one.agreement.kappa.value == pytest.approx(0.8620689655)  # sklearn.metrics.cohen_kappa_score
    assert report.against is None
    assert [(row.line, row.label, row.verdicts[0].verdict) for row in report.sessions] == [
        (1, "MUCH_WORSE", "MUCH_WORSE"), (2, "WORSE", "WORSE"), (3, "WORSE", "BETTER"), (4, "BETTER", "BETTER"),
        (5, "MUCH_BETTER", "MUCH_BETTER"), (6, "MUCH_BETTER", "MUCH_BETTER"),
    ]  # fmt: skip
    assert "Calibration: 6 labels, Spearman 0.95 (" in bench.quoted()
    assert "weighted kappa 0.86" in bench.quoted()


def test_the_record_is_complete(bench: Bench) -> None:
    bench.says("judge", "013344")
    bench.run("011344", seed=3)
    with closing(open_reader(bench.workspace.folder)) as connection:
        rows = connection.execute("SELECT model, prompt, record FROM calibrations").fetchall()
    assert [row[:2] for row in rows] == [("judge", PROMPT_VERSION)]
    record = json.loads(rows[0][2])
    assert {"labels", "spearman", "spearman_low", "spearman_high", "kappa", "model", "prompt"} <= set(record)
    assert (record["labels"], record["unavailable"], record["seed"], record["model"]) == (6, 0, 3, "judge")
    assert record["spearman_low"] < record["spearman"] <= record["spearman_high"] <= 1
    assert record["exact"] == 5 / 6


def test_answers_are_stored_and_not_asked_for_again(bench: Bench) -> None:
    bench.says("judge", "0134")
    first = bench.run("0134")
    assert bench.asked == [("judge", str(number)) for number in range(4)]
    assert not any(row.verdicts[0].cached for row in first.sessions)
    bench.says("judge", "444444")
    again = bench.run("01342")
    assert bench.asked[4:] == [("judge", "4")]
    assert [row.verdicts[0].cached for row in again.sessions] == [True, True, True, True, False]
    assert [row.verdicts[0].verdict for row in again.sessions][:4] == ["MUCH_WORSE", "WORSE", "BETTER", "MUCH_BETTER"]


def test_a_session_that_went_on_is_judged_anew(bench: Bench) -> None:
    bench.says("judge", "0134")
    bench.run("01")
    bench.logs[0].prompt("More.").response(output=10)
    bench.logs[0].write()
    ingest(bench.workspace)
    bench.says("judge", "2222")
    report = bench.run("01")
    assert [row.verdicts[0].cached for row in report.sessions] == [False, True]
    assert [row.verdicts[0].verdict for row in report.sessions] == ["SIMILAR", "WORSE"]


def test_sessions_without_a_verdict_are_listed_and_left_out(bench: Bench) -> None:
    bench.says("judge", "01344")
    bench.said["judge", "1"] = JudgeUnavailable("timed_out", "It took too long.")
    bench.said["judge", "2"] = "NONSENSE"
    report = bench.run("01344")
    (one,) = report.models
    assert (one.judged, one.unavailable) == (3, 2)
    assert one.agreement is not None
    assert (one.agreement.pairs, one.agreement.exact.value) == (3, 1.0)
    reasons = [row.verdicts[0].reason for row in report.sessions]
    assert reasons == [
        None, "It took too long.", "The answer of judge cannot be used: its verdict is none of the five.", None, None
    ]  # fmt: skip
    assert len(bench.asked) == 5


def test_a_session_that_has_gone_in_the_meantime_is_listed(bench: Bench) -> None:
    bench.says("judge", "013")
    log = bench.logs[1].path
    targets = bench.find(bench.file(f"session,verdict\n{bench.ids[0]},WORSE\n{log},WORSE\n{bench.ids[2]},WORSE\n"))
    log.unlink()
    with sqlite3.connect(bench.workspace.folder / "warehouse.sqlite") as store:
        store.execute("DELETE FROM segments WHERE session = ?", (bench.ids[2],))
    store.close()
    report = calibrate(bench.workspace, targets, [JudgeConfig(model="judge")])
    assert [row.verdicts[0].reason for row in report.sessions] == [
        None, f"{log} does not exist.", "The session has left no log of its own.",
    ]  # fmt: skip


def test_a_server_that_died_is_not_asked_for_each_session_left(bench: Bench) -> None:
    bench.says("judge", "013444")
    gone = JudgeUnavailable("no_server", "No server answers.")

    def die(config, system, user, schema) -> str:
        bench.down = gone if "Task 2" in user else None
        if bench.down:
            raise JudgeUnavailable("server_died", "The server broke off.")
        return bench._ask(config, system, user, schema)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tachograph.judge.client.ask", die)
        report = bench.run("013444")
    assert [row.verdicts[0].reason for row in report.sessions] == [
        None, None, "The server broke off.", *["No server answers."] * 3
    ]  # fmt: skip
    assert report.models[0].judged == 2
    bench.down = None
    assert bench.run("013444").models[0].judged == 6


def test_no_verdict_at_all_is_an_error_and_keeps_the_last_calibration(bench: Bench) -> None:
    bench.says("judge", "01")
    bench.run("01")
    before = bench.quoted()
    bench.down = JudgeUnavailable("no_server", "No server answers.")
    targets = bench.find(bench.file("session,verdict\n" + "\n".join(f"{one},WORSE" for one in bench.ids[2:5])))
    with pytest.raises(TachographError, match="gave no verdict on any session") as raised:
        calibrate(bench.workspace, targets, [JudgeConfig(model="judge")])
    assert (raised.value.exit_code, raised.value.slug) == (4, "judge_unavailable")
    assert raised.value.hint == "No server answers."
    assert bench.quoted() == before


def test_one_verdict_is_no_calibration(bench: Bench) -> None:
    bench.says("judge", "01")
    bench.said["judge", "1"] = JudgeUnavailable("timed_out", "It took too long.")
    (one,) = bench.run("01").models
    assert one.agreement is not None
    assert one.agreement.spearman.value is None
    assert one.agreement.spearman.reason == "fewer than 2 sessions that both judged"
    assert not one.stored
    assert "Calibration: none." in bench.quoted()


def test_progress_is_told_session_by_session(bench: Bench) -> None:
    bench.says("judge", "01")
    bench.says("other", "01")
    told: list[tuple] = []
    bench.run("01", "judge", "other", on_judged=lambda *now: told.append((now[0], now[1], now[2].line, now[3].model)))
    assert told == [(1, 4, 1, "judge"), (2, 4, 2, "judge"), (3, 4, 1, "other"), (4, 4, 2, "other")]


def test_while_another_process_writes_the_verdict_counts_but_is_not_stored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "_BUSY_SECONDS", 0.0)
    bench.says("judge", "01")
    with writer_lock(bench.workspace.folder, 0):
        (one,) = bench.run("01").models
    assert (one.judged, one.stored) == (2, False)
    assert not any(row.verdicts[0].cached for row in bench.run("01").sessions)


def test_without_stored_text_the_reasoning_is_not_stored(bench: Bench) -> None:
    bench.says("judge", "01")
    bench.workspace = Workspace(bench.workspace.folder, Settings(store_text="none"))
    bench.run("01")
    with closing(open_reader(bench.workspace.folder)) as connection:
        assert connection.execute("SELECT DISTINCT reasoning FROM judgements").fetchall() == [("",)]


# ------------------------------------------------------------------------------------------------------- against


def test_two_models_are_compared_class_by_class(bench: Bench) -> None:
    bench.says("judge", "223340")
    bench.says("other", "233120")
    report = bench.run("223344", "judge", "other")
    assert [(one.model, one.stored) for one in report.models] == [("judge", True), ("other", True)]
    found = report.against
    assert found is not None
    assert (found.pairs, found.exact.value, found.top2.value) == (6, 0.5, 4 / 6)
    assert [(one.verdict, one.reference, one.tested, one.strict.value, one.top2.value) for one in found.classes] == [
        ("MUCH_WORSE", 1, 1, 1.0, 1.0),
        ("WORSE", 0, 1, None, None),
        ("SIMILAR", 2, 2, 0.5, 1.0),
        ("BETTER", 2, 2, 0.5, 0.5),
        ("MUCH_BETTER", 1, 0, 0.0, 0.0),
    ]
    assert bench.asked == [(model, str(number)) for model in ("judge", "other") for number in range(6)]


def test_two_models_need_no_labels(bench: Bench) -> None:
    bench.says("judge", "012")
    bench.says("other", "013")
    report = bench.run("---", "judge", "other")
    assert [(one.model, one.judged, one.agreement, one.stored) for one in report.models] == [
        ("judge", 3, None, False), ("other", 3, None, False)
    ]  # fmt: skip
    assert report.against is not None
    assert (report.against.pairs, report.against.exact.value) == (3, 2 / 3)
    assert "Calibration: none." in bench.quoted()


def test_only_sessions_that_both_models_judged_are_compared(bench: Bench) -> None:
    bench.says("judge", "0123")
    bench.says("other", "0123")
    bench.said["judge", "1"] = JudgeUnavailable("timed_out", "It took too long.")
    bench.said["other", "2"] = JudgeUnavailable("timed_out", "It took too long.")
    report = bench.run("0-33", "judge", "other")
    assert report.against is not None
    assert report.against.pairs == 2
    assert [one.agreement.pairs for one in report.models if one.agreement] == [3, 2]
