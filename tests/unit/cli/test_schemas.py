"""What ``--json`` prints is what docs/schemas/ says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import tachograph.analysis.metrics as metrics_home
from tachograph.analysis.metrics import load_metrics
from tachograph.cli._frame import run
from tests.builders.small import Week, week, write_config

__all__ = ["week"]

ROOT = Path(__file__).parent.parent.parent.parent
FOLDER = ROOT / "docs" / "schemas"
TOTALS = {
    "sessions", "responses", "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning",
    "web_searches", "usd", "unpriced_models", "unpriced_responses", "output_unreliable_responses",
}  # fmt: skip
"""The fields of a total in ``tacho cost --json``: agreed with other tools, not to be changed."""

CASES = [
    ("overview", []),
    ("overview", ["--project", "nowhere"]),
    ("overview", ["--since", "2026-05-19", "--until", "2026-05-21"]),
    ("sessions", ["sessions", "--sort", "cost"]),
    ("sessions", ["sessions", "--subagents"]),
    ("show", ["show", "--last"]),
    ("show", ["show", "a000001"]),
    ("cost", ["cost", "--by", "model"]),
    ("cost", ["cost", "--by", "day", "--since", "2030-01-01"]),
    ("reconcile", ["cost", "--reconcile"]),
    ("ingest", ["ingest"]),
    ("retries", ["retries"]),
    ("tools", ["tools"]),
]


def read_schema(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def check(name: str, report: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(
        read_schema(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(report)] == []


def report_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


@pytest.fixture
def told(week: Week, home: Path) -> Week:
    write_config(home)
    return week


def test_schemas_are_made_from_the_code() -> None:
    command = [sys.executable, str(ROOT / "tools" / "make_schemas.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Nothing to do.\n", "")


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=[" ".join([name, *given]) for name, given in CASES])
def test_output_keeps_to_its_schema(
    told: Week, capsys: pytest.CaptureFixture[str], name: str, arguments: list[str]
) -> None:
    check(name, report_of(arguments, capsys))


def test_a_schema_refuses_what_it_does_not_know(told: Week, capsys: pytest.CaptureFixture[str]) -> None:
    report = report_of(["sessions"], capsys)
    with pytest.raises(AssertionError, match="beauty"):
        check("sessions", {**report, "beauty": 1})
    del report["sessions"][0]["own_usd"]
    with pytest.raises(AssertionError, match="own_usd"):
        check("sessions", report)


def test_real_histories_keep_to_the_schemas_too(
    shared_data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(shared_data / "codex_home"))
    check("overview", report_of([], capsys))
    sessions = report_of(["sessions", "--no-ingest", "--limit", "0"], capsys)
    check("sessions", sessions)
    for row in sessions["sessions"][:5]:
        check("show", report_of(["show", row["name"], "--no-ingest"], capsys))


# ------------------------------------------------------------------------------------------------ agreed shapes


def test_the_shape_of_cost_is_fixed(told: Week, capsys: pytest.CaptureFixture[str]) -> None:
    report = report_of(["cost", "--by", "model", "--tz", "UTC"], capsys)
    assert set(report) == {"schema", "by", "timezone", "total", "groups"}
    assert (report["schema"], report["by"], report["timezone"]) == ("tachograph.cost/1", "model", "UTC")
    assert set(report["total"]) == TOTALS
    assert [set(group) - {"key"} for group in report["groups"]] == [TOTALS, TOTALS]
    house, mystery = report["groups"]
    assert (house["key"], house["output"], house["usd"]) == ("house-model", 233_000, 2.33)
    assert (mystery["key"], mystery["usd"], mystery["unpriced_models"]) == ("mystery", None, ["mystery"])
    integers = TOTALS - {"usd", "unpriced_models"}
    assert all(type(report["total"][name]) is int for name in integers)


def test_the_shape_of_ingest_is_fixed(told: Week, capsys: pytest.CaptureFixture[str]) -> None:
    report = report_of(["ingest"], capsys)
    agreed = {"schema", "files", "bytes", "sessions", "responses", "tool_calls", "problems", "seconds"}
    assert set(report) == agreed | {"rederived", "unexamined_sessions"}
    assert report["files"] == {"seen": 8, "changed": 8, "unreadable": 0}
    assert (report["sessions"], report["responses"], report["tool_calls"]) == (8, 13, 9)


def test_a_session_has_the_fields_that_were_agreed_on(told: Week, capsys: pytest.CaptureFixture[str]) -> None:
    rows = report_of(["sessions", "--sort", "cost"], capsys)["sessions"]
    agreed = {"id", "agent", "kind", "parent_id", "project", "started_at", "ended_at", "usd", "own_usd"}
    assert (agreed | TOTALS) - {"sessions"} <= set(rows[0])
    assert rows[0]["started_at"] == "2026-05-18T09:00:05Z"
    assert (rows[0]["usd"], rows[0]["own_usd"]) == (1.66, 1.6)


def test_times_are_told_in_utc_whatever_the_zone(told: Week, capsys: pytest.CaptureFixture[str]) -> None:
    rows = report_of(["sessions", "--sort", "cost", "--tz", "Asia/Tokyo"], capsys)["sessions"]
    assert rows[0]["started_at"] == "2026-05-18T09:00:05Z"


def test_a_new_metric_shows_in_tacho_show(
    told: Week, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "longest.py").write_text(
        "from tachograph.analysis.metrics import metric\n\n"
        '@metric("longest_prompt", "characters", "Longest prompt")\n'
        "def longest_prompt(session):\n"
        '    """Characters of the longest prompt."""\n'
        "    return max(prompt.chars for prompt in session.prompts)\n"
    )
    monkeypatch.setattr(metrics_home, "__path__", [*metrics_home.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    load_metrics.cache_clear()
    try:
        report = report_of(["show", told.first.session_id + "/a000001"], capsys)
    finally:
        load_metrics.cache_clear()
    assert report["metrics"]["longest_prompt"] == len("Look.")
    check("show", report)
