"""The public interface for programs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tachograph
from tests.builders.claude import ClaudeHome
from tests.builders.wasteful import Wasteful, wasteful, write_config

__all__ = ["wasteful"]


@pytest.mark.parametrize("name", tachograph.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(tachograph, name).__module__.startswith("tachograph.")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'nothing'"):
        tachograph.nothing  # noqa: B018


def test_a_program_can_ingest_and_ask_for_the_cost(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt("Hello.").response(input=1_000_000, output=0, model="claude-opus-5")
    claude.write()
    workspace = tachograph.Workspace(home / "tachograph")
    tachograph.ingest(workspace)
    with tachograph.open_report(workspace, update=False, note=print) as connection:
        report = tachograph.report_cost(connection, "model", tachograph.make_filter(tz="UTC"))
    assert [(group.key, group.input, group.usd) for group in report.groups] == [("claude-opus-5", 1_000_000, 5.0)]


def test_a_program_can_score_a_log(wasteful: Wasteful) -> None:
    session = tachograph.read_session(wasteful.loops.path)
    found = tachograph.analyse(session)
    assert {one.detector for one in found.findings} >= {"repeated_failed_retry", "redundant_read", "failed_edit_loop"}
    (retry,) = tachograph.detect(session, "repeated_failed_retry")
    assert (retry in found.findings, retry.count) == (True, 1)
    assert set(tachograph.load_detectors()) >= {one.detector for one in found.findings}
    assert tachograph.score(session).waste.value == 3


def test_a_program_can_ask_the_warehouse(wasteful: Wasteful) -> None:
    wasteful.ingest()
    with tachograph.History.open() as history:
        assert history.query("SELECT count(*) AS sessions FROM sessions") == [{"sessions": 11}]
        score = tachograph.score(tachograph.read_session(wasteful.thread.path), history, tachograph.JudgeConfig())
        assert [one.id for one in history.findings(tachograph.Filter(), tachograph.FindingFilter(min_usd=4))]
    assert (score.waste.verdict, score.trajectory.state) == ("waste_found", "UNAVAILABLE")


HEAVY = {"genai_prices", "httpx", "jinja2", "rich", "socket", "starlette", "tachograph.judge.client", "xgboost"}


@pytest.mark.parametrize(
    "use",
    [
        "tachograph.History; tachograph.JudgeConfig; tachograph.Score",
        "tachograph.read_session({path!r})",
        "tachograph.score(tachograph.read_session({path!r}))",
    ],
)
def test_what_is_not_used_is_not_loaded(wasteful: Wasteful, home: Path, use: str) -> None:
    write_config(home)
    program = f"import sys, tachograph; {use.format(path=str(wasteful.loops.path))}; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()
