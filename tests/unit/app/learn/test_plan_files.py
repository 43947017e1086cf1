"""The plan's layout below a telemetry folder."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from tachograph.app.learn.plan_files import PlanFiles, read_active, write_active, write_plan_files
from tachograph.app.learn.plan_shapes import alert_level, plan_id
from tachograph.app.learn.plan_suggestions import active_suggestion, plan_suggestion, session_suggestions
from tachograph.learning.records import Group
from tests.unit.app.learn.plan import (
    BATCH,
    END,
    MAIN,
    alert,
    baseline,
    incident,
    judged,
    offer,
    outcome,
    trial_state,
)
from tests.unit.app.learn.plan_schemas import ACTIVE, BASELINES, HISTORY, KPI_BASELINE, SUGGESTIONS

POOLED = Group("main", "*", "*")


def load(path: Path, schema: dict[str, Any]) -> Any:
    """The file, as a reader takes it that knows the plan alone."""
    record = json.loads(path.read_bytes())
    jsonschema.validate(record, schema)
    return record


def history(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "history" / "kpis.jsonl").read_text().splitlines()]
    for line in lines:
        jsonschema.validate(line, HISTORY)
    return lines


def state_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for path in files
    }


def everything() -> PlanFiles:
    told = judged("claude_code:s1", alert())
    return PlanFiles(
        judged=[told],
        baselines={MAIN: {"token_efficiency": baseline()}, POOLED: {"token_efficiency": baseline()}},
        suggestions=[session_suggestions(told.point, [plan_suggestion(offer(), BATCH, "Batch.", None, None)])],
        incidents=[incident()],
        reports={"claude_code:s1": "# Report\n"},
        weekly={"2026-W22": "# Week\n"},
    )


# ---------------------------------------------------------------------------------------------------- the folder


def test_every_file_of_the_layout_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "telemetry"
    assert write_plan_files(folder, everything()) == []
    assert sorted(state_of(folder)) == [
        "baselines/main.json",
        "history/kpis.jsonl",
        "incidents/main-token_efficiency-20260528T210000Z.md",
        "optimizations/s1.json",
        "reports/s1.md",
        "reports/weekly-2026-W22.md",
    ]
    assert (folder / "reports" / "s1.md").read_text() == "# Report\n"


def test_writing_again_touches_nothing(tmp_path: Path) -> None:
    write_plan_files(tmp_path / "t", everything())
    before = state_of(tmp_path / "t")
    assert write_plan_files(tmp_path / "t", everything()) == []
    assert state_of(tmp_path / "t") == before


@pytest.mark.skipif(os.name == "nt", reason="no modes on Windows")
def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_plan_files(tmp_path / "t", everything())
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "t").rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "t").rglob("*") if path.is_dir()}
    assert (modes, folders, stat.S_IMODE((tmp_path / "t").stat().st_mode)) == ({0o600}, {0o700}, 0o700)


def test_an_empty_plan_makes_nothing(tmp_path: Path) -> None:
    assert write_plan_files(tmp_path / "t", PlanFiles()) == []
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("blocked", ["baselines", "history", "history/kpis.jsonl", "reports/s1.md"])
def test_a_folder_that_cannot_be_written_is_a_note(tmp_path: Path, blocked: str) -> None:
    path = tmp_path / blocked
    path.parent.mkdir(exist_ok=True)
    if path.suffix:
        path.mkdir()
    else:
        path.write_text("in the way")
    (note,) = write_plan_files(tmp_path, everything())
    assert note.startswith(f"The telemetry folder {tmp_path} could not be written whole: ")


def test_hostile_names_stay_in_their_folder_and_apart(tmp_path: Path) -> None:
    names = ["../../evil", "active", "weekly-2026-W22", "CON", "con", "a\0b", "x" * 300]
    plan = PlanFiles(
        baselines={Group(name, "*", "*"): {"token_efficiency": baseline()} for name in names},
        suggestions=[session_suggestions(judged(f"claude_code:{name}").point, []) for name in names],
        reports={f"claude_code:{name}": name for name in names},
        weekly={"2026-W22": "the week's own"},
        incidents=[incident(name, group=Group(name, "claude_code", "f")) for name in names],
    )
    assert write_plan_files(tmp_path / "t", plan) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t"]
    counts = {path.name: len(list(path.iterdir())) for path in (tmp_path / "t").iterdir()}
    assert counts == {"baselines": 7, "optimizations": 7, "reports": 8, "incidents": 7}
    assert (tmp_path / "t/reports/weekly-2026-W22.md").read_text() == "the week's own"
    assert not (tmp_path / "t/optimizations/active.json").exists()


@pytest.mark.parametrize(
    ("session", "named"),
    [
        ("claude_code:s1", "s1"),
        ("codex:s1", "codex:s1"),
        ("claude_code:codex:s1", "claude_code:codex:s1"),
        ("", ""),
    ],
)
def test_sessions_are_named_as_the_plan_names_them_and_stay_apart(session: str, named: str) -> None:
    assert plan_id(session) == named


# ----------------------------------------------------------------------------------------------------- baselines


def test_the_top_is_pooled_and_models_stand_below(tmp_path: Path) -> None:
    small, codex = Group("main", "claude_code", "claude-small"), Group("main", "codex", "gpt")
    table = {
        POOLED: {"token_efficiency": baseline(n=11), "error_rate": baseline("error_rate", n=12, updated_at=END + 5000)},
        Group("main", "claude_code", "*"): {"token_efficiency": baseline(mean=7.0)},
        small: {"token_efficiency": baseline(n=3, mean=0.03)},
        codex: {"token_efficiency": baseline(n=8)},
    }
    write_plan_files(tmp_path, PlanFiles(baselines=table))
    record = load(tmp_path / "baselines" / "main.json", BASELINES)
    assert (record["agent_type"], record["session_count"]) == ("main", 12)
    assert record["last_updated"] == "2026-05-28T21:00:05Z"
    assert record["baselines"]["token_efficiency"] == {
        "mean": 0.05, "std_dev": 0.01, "p50": 0.04, "p95": 0.07, "p99": 0.08, "status": "converged",
    }  # fmt: skip
    assert set(record["by_model"]) == {"claude_code/claude-small", "codex/gpt"}
    below = record["by_model"]["claude_code/claude-small"]
    assert (below["session_count"], below["baselines"]["token_efficiency"]["mean"]) == (3, 0.03)
    jsonschema.validate(below["baselines"]["token_efficiency"], KPI_BASELINE)


@pytest.mark.parametrize("missing", ["mean", "sd", "p50", "p95", "p99"])
def test_a_kpi_of_which_a_number_is_not_known_is_left_out(tmp_path: Path, missing: str) -> None:
    table = {POOLED: {"token_efficiency": baseline(**{missing: None}), "error_rate": baseline("error_rate")}}
    write_plan_files(tmp_path, PlanFiles(baselines=table))
    assert list(load(tmp_path / "baselines" / "main.json", BASELINES)["baselines"]) == ["error_rate"]


@pytest.mark.parametrize(
    ("status", "said"), [("bootstrap", "bootstrap"), ("converged", "converged"), ("settling", None)]
)
def test_a_status_that_the_plan_does_not_know_is_left_out(tmp_path: Path, status: str, said: str | None) -> None:
    write_plan_files(tmp_path, PlanFiles(baselines={POOLED: {"error_rate": baseline("error_rate", status=status)}}))
    record = load(tmp_path / "baselines" / "main.json", BASELINES)
    assert record["baselines"]["error_rate"].get("status") == said


def test_a_spread_between_logarithms_is_written_in_the_kpis_unit(tmp_path: Path) -> None:
    table = {POOLED: {"cost_per_turn": baseline("cost_per_turn", mean=2.0, sd=0.5)}}
    write_plan_files(tmp_path, PlanFiles(baselines=table))
    written = load(tmp_path / "baselines" / "main.json", BASELINES)["baselines"]["cost_per_turn"]
    assert written["std_dev"] == pytest.approx((2 * 2.718281828**0.5 - 2 / 2.718281828**0.5) / 2)


def test_an_agent_type_without_sessions_has_no_file(tmp_path: Path) -> None:
    write_plan_files(tmp_path, PlanFiles(baselines={POOLED: {"error_rate": baseline("error_rate", updated_at=None)}}))
    assert not (tmp_path / "baselines").exists()


# ------------------------------------------------------------------------------------------------------- history


def test_a_session_is_a_line_of_the_history(tmp_path: Path) -> None:
    told = judged("claude_code:s1", alert("warning"), alert("critical"))
    write_plan_files(tmp_path, PlanFiles(judged=[told], applied={"claude_code:s1": ["close_tasks", "batch_tasks"]}))
    assert history(tmp_path) == [
        {
            "session_id": "s1", "date": "2026-05-28T21:00:00Z", "agent_type": "main", "model": "claude-house",
            "duration_seconds": 90.5, "kpis": {"token_efficiency": 0.001}, "baselines": {"token_efficiency": 0.05},
            "optimizations_active": ["batch_tasks", "close_tasks"], "alert_level": "CRITICAL",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("severities", "level"),
    [([], "PASS"), (["info"], "PASS"), (["info", "warning"], "WARNING"), (["warning", "critical"], "CRITICAL")],
)
def test_the_gravest_alert_is_the_sessions_level(severities: list[str], level: str) -> None:
    assert alert_level([alert(severity) for severity in severities]) == level


def test_a_session_that_grew_gets_one_more_line(tmp_path: Path) -> None:
    first, grown = judged(values={"error_rate": 0.5}), judged(values={"error_rate": 0.25}, ended_at=END + 1000)
    for told in (first, first, grown, grown):
        write_plan_files(tmp_path, PlanFiles(judged=[told, judged("claude_code:s2")]))
    assert [(line["session_id"], line["kpis"].get("error_rate")) for line in history(tmp_path)] == [
        ("s1", 0.5), ("s2", None), ("s1", 0.25),
    ]  # fmt: skip


def test_what_other_sessions_do_to_one_writes_no_line(tmp_path: Path) -> None:
    write_plan_files(tmp_path, PlanFiles(judged=[judged("claude_code:s1")]))
    moved = judged("claude_code:s1", alert(), before={"token_efficiency": baseline(mean=0.9)})
    write_plan_files(tmp_path, PlanFiles(judged=[moved], applied={"claude_code:s1": ["x"]}))
    assert [line["alert_level"] for line in history(tmp_path)] == ["PASS"]


def test_lines_of_others_and_a_torn_one_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    path = tmp_path / "history" / "kpis.jsonl"
    path.write_bytes(b'{"session_id": "theirs", "kpis": {}}\nnonsense\n\xff\n{"session_id": "to')
    write_plan_files(tmp_path, PlanFiles(judged=[judged()]))
    lines = path.read_bytes().splitlines()
    assert lines[:4] == [b'{"session_id": "theirs", "kpis": {}}', b"nonsense", b"\xff", b'{"session_id": "to']
    assert [json.loads(line)["session_id"] for line in lines[4:]] == ["s1"]


def test_a_long_history_is_appended_whole(tmp_path: Path) -> None:
    told = [judged(f"claude_code:s{n}") for n in range(3000)]
    for _ in range(2):
        write_plan_files(tmp_path, PlanFiles(judged=iter(told)))
    lines = (tmp_path / "history" / "kpis.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line)["session_id"] for line in lines] == [f"s{n}" for n in range(3000)]


# --------------------------------------------------------------------------------------------------- suggestions


def test_suggestions_for_a_session(tmp_path: Path) -> None:
    rows = [
        plan_suggestion(offer(), BATCH, "Batch.", None, None),
        plan_suggestion(offer(), BATCH, "Batch.", END, None),
        plan_suggestion(offer(), BATCH, "Batch.", END, trial_state("proven")),
    ]
    write_plan_files(tmp_path, PlanFiles(suggestions=[session_suggestions(judged().point, rows)]))
    record = load(tmp_path / "optimizations" / "s1.json", SUGGESTIONS)
    assert (record["session_id"], record["date"]) == ("s1", "2026-05-28T21:00:00Z")
    assert [row["activation_status"] for row in record["suggestions"]] == ["inactive", "active", "proven"]
    first, _, last = record["suggestions"]
    assert (first["id"], first["description"], first["evidence"]) == (
        "batch_tasks",
        "Batch.",
        "26 of 41 calls; session s1",
    )
    assert first["tracking"] == {
        "activated_at": None, "sessions_tracked": 0, "sessions_target": 3, "impact_measured": None,
    }  # fmt: skip
    assert last["tracking"] == {
        "activated_at": "2026-05-28T21:00:00Z", "sessions_tracked": 4, "sessions_target": 3,
        "impact_measured": "-0.25 tool_overhead_ratio",
    }  # fmt: skip


def test_what_is_in_force_is_told_with_its_effects(tmp_path: Path) -> None:
    outcomes = [outcome("s1", 1.0), outcome("s2", 2.5), outcome("s3", 9.0, treated=False), outcome("s4", 1.0, None)]
    one = active_suggestion(BATCH, "main", "Batch.", END, trial_state("proven"), outcomes, "claude_code:s0")
    assert write_active(tmp_path / "optimizations" / "active.json", [one], END) == []
    (entry,) = load(tmp_path / "optimizations" / "active.json", ACTIVE)["suggestions"]
    assert (entry["id"], entry["source_session"], entry["agent_type"]) == ("batch_tasks", "s0", "main")
    assert entry["expected_impact"] == {
        "kpi": "tool_overhead_ratio", "direction": "decrease", "magnitude": BATCH.impact,
    }  # fmt: skip
    assert entry["tracking"] == {
        "sessions_applied": ["s1", "s2", "s4"], "session_count": 3,
        "impact_results": [
            {"session": "s1", "kpi_before": 2.0, "kpi_after": 1.0, "delta": "-50.0%"},
            {"session": "s2", "kpi_before": 2.0, "kpi_after": 2.5, "delta": "+25.0%"},
        ],
        "promotion_eligible": True, "effectiveness": "PROVEN", "avg_improvement": "-12.5%",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "effectiveness"),
    [(None, None), ("candidate", None), ("active", None), ("harmful", "INEFFECTIVE"), ("no_effect", "INEFFECTIVE")],
)
def test_what_is_not_decided_is_left_out(tmp_path: Path, state: str | None, effectiveness: str | None) -> None:
    one = active_suggestion(BATCH, "main", "Batch.", END, None if state is None else trial_state(state))
    write_active(tmp_path / "active.json", [one], END)
    tracking = load(tmp_path / "active.json", ACTIVE)["suggestions"][0]["tracking"]
    assert tracking.get("effectiveness") == effectiveness
    assert (tracking["promotion_eligible"], "avg_improvement" in tracking) == (False, False)


# ------------------------------------------------------------------------------------------------- what is removed


def write_two(path: Path) -> list[Any]:
    both = [active_suggestion(BATCH, name, "Batch.", END, None) for name in ("main", "Explore")]
    assert write_active(path, both, END) == []
    return both


def test_a_removed_entry_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "active.json"
    write_two(path)
    assert read_active(path) == {("batch_tasks", "main"), ("batch_tasks", "Explore")}
    record = json.loads(path.read_text())
    del record["suggestions"][0]
    path.write_text("\ufeff" + json.dumps(record))
    assert read_active(path) == {("batch_tasks", "Explore")}
    path.write_text('{"suggestions": []}')
    assert read_active(path) == frozenset()


@pytest.mark.parametrize(
    "content",
    [
        None, b"", b"{", b"[]", b"{}", b'{"suggestions": 5}', b'{"suggestions": [5]}', b'{"suggestions": [{"id": 5}]}',
        b'{"suggestions": [{"id": "batch_tasks"}]}', b"\xff", b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_file_that_is_gone_or_broken_disables_nothing_and_is_left_alone(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "active.json"
    if content is not None:
        path.write_bytes(content)
    assert read_active(path) is None
    notes = write_active(path, [active_suggestion(BATCH, "main", "Batch.", END, None)], END)
    assert len(notes) == (content is not None)
    if content is not None:
        assert path.read_bytes() == content
        assert notes == [f"{path} cannot be read as what it should be, and was left as it is."]


def test_a_folder_in_its_place_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "active.json").mkdir()
    assert read_active(tmp_path / "active.json") is None
    assert len(write_active(tmp_path / "active.json", [], END)) == 1


def test_what_has_not_changed_keeps_its_date(tmp_path: Path) -> None:
    path = tmp_path / "active.json"
    both = write_two(path)
    before = path.read_bytes()
    write_active(path, both, END + 60_000)
    assert path.read_bytes() == before
    write_active(path, both[:1], END + 60_000)
    assert json.loads(path.read_bytes())["last_updated"] == "2026-05-28T21:01:00Z"


def test_entries_of_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "active.json"
    theirs = {"id": "opt-001", "agent_type": "main", "note": [1, None]}
    path.write_text(json.dumps({"suggestions": [theirs, {"id": "batch_tasks", "agent_type": "old"}]}))
    write_two(path)
    write_two(path)
    entries = json.loads(path.read_text())["suggestions"]
    assert [(one["id"], one["agent_type"]) for one in entries[:2]] == [
        ("batch_tasks", "main"),
        ("batch_tasks", "Explore"),
    ]
    assert entries[2:] == [theirs]


# ----------------------------------------------------------------------------------------------------- incidents


def test_an_incident_is_a_page_with_what_the_plan_asks_for(tmp_path: Path) -> None:
    write_plan_files(tmp_path, PlanFiles(incidents=[incident()]))
    page = (tmp_path / "incidents" / "main-token_efficiency-20260528T210000Z.md").read_text()
    assert "- Detected: 2026-05-28T21:00:00Z\n" in page
    assert "- Pattern: 3 sessions in a row" in page
    assert "| Session | Date | Actual | Baseline | Delta |\n|---|---|---|---|---|\n" in page
    assert "| s3 | 2026-05-28T18:00:00Z | 0.01 | 0.05 | -0.04 (4.0 sd worse) |\n" in page
    assert "- All three are of the project site.\n" in page
    assert page.endswith("## What to do\n\n1. Split the work.\n")


def test_incidents_of_the_same_second_stay_apart(tmp_path: Path) -> None:
    pair = [incident("i1"), incident("i2", group=Group("main", "codex", "gpt"))]
    write_plan_files(tmp_path, PlanFiles(incidents=pair[::-1]))
    assert sorted(path.stem for path in (tmp_path / "incidents").iterdir()) == [
        "main-token_efficiency-20260528T210000Z", "main-token_efficiency-20260528T210000Z-i2",
    ]  # fmt: skip


def test_hostile_names_mean_nothing_in_the_page(tmp_path: Path) -> None:
    bad = "x`|<b>\n# y\x1b[31m[a](http://z)"
    rows = tuple(msgspec.structs.replace(row, session=f"claude_code:{bad}") for row in incident().sessions)
    one = incident(group=Group(bad, bad, bad), sessions=rows, causes=(f"All of {bad}",))
    write_plan_files(tmp_path, PlanFiles(incidents=[one]))
    (path,) = (tmp_path / "incidents").iterdir()
    page = path.read_text()
    assert "\x1b" not in page
    assert "<b>" not in page.replace("\\<b\\>", "")
    assert [line for line in page.splitlines() if line.startswith("# ")] == [page.splitlines()[0]]
    assert all(line.replace("\\|", "").count("|") == 6 for line in page.splitlines() if line.startswith("| x"))
    assert "](http" not in page.partition("## Probable")[0]
