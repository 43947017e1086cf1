"""Numbers that the pages work out in words are those that tacho computes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.analysis.metrics import load_metrics, measure
from tachograph.analysis.summary import IDLE_MS
from tachograph.model import Session
from tachograph.redaction import default_cleaner
from tachograph.sources import LogFile, load_sources
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.conftest import ROOT

METRICS = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
COUNTING = (ROOT / "docs" / "how-we-count.md").read_text(encoding="utf-8")


def read(log: ClaudeLog) -> Session:
    path = log.project.home.write()
    source = load_sources()["claude_code"]
    found = next(item for item in source.discover(path) if isinstance(item, LogFile))
    with open(found.path, "rb") as stream:
        return source.parse(found, stream, default_cleaner()).sessions[0]


def test_the_example_of_active_time(tmp_path: Path):
    """Prompt 9:00, answers to 9:04, a call that ends at 9:20, prompt 9:50, answer 9:52: 6 of 52 minutes."""
    log = ClaudeHome(tmp_path).project().session("2026-05-04T09:00:00.000Z")
    log.prompt(seconds=0).call("Bash", {"command": "make"}, seconds=240).result("done", seconds=16 * 60)
    log.prompt(seconds=30 * 60).response(seconds=120)
    values = measure(read(log))
    assert values["active_seconds"] == 6 * 60
    assert values["duration_seconds"] == 52 * 60
    assert "6 minutes of a duration of 52" in METRICS.replace("\n", " ")


def test_the_idle_rule_is_the_one_that_is_documented():
    assert IDLE_MS == 10 * 60 * 1000
    assert "more than ten minutes" in METRICS


@pytest.mark.parametrize("name", sorted(load_metrics()))
def test_every_metric_is_defined(name):
    assert f"`{name}`" in METRICS or name in ("tool_calls_by_category", "tool_calls_by_status")


def test_the_price_worked_out_by_hand():
    pico = 10 * 5 + 1_000 * 6.25 + 3_000 * 10 + 100 * 25
    assert pico == 38_800
    assert "38,800 millionths" in COUNTING
    assert "2026-05-04,claude-opus-5,10,0,1000,3000,100,0,0.0388" in COUNTING
