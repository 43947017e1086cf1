"""What a new key costs: one function, the one that docs/expectations.md shows; then it is everywhere."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tachograph.analysis.expectations as package
from tachograph import check
from tachograph.analysis.expectations import load_expectations
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.conftest import ROOT
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

PAGE = (ROOT / "docs" / "expectations.md").read_text(encoding="utf-8")
MODULE = re.findall(r"^<!-- a test puts this module into the package -->\n```python\n(.*?)^```", PAGE, re.S | re.M)


@pytest.fixture(autouse=True)
def _extended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "questions.py").write_text(MODULE[0], encoding="utf-8")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    load_expectations.cache_clear()
    yield
    sys.modules.pop("tachograph.analysis.expectations.questions", None)
    load_expectations.cache_clear()


@pytest.fixture
def log(home: Path) -> ClaudeLog:
    made = ClaudeHome(home / ".claude").project().session().prompt("Build it.")
    for question in ("Which port?", "Which host?"):
        made.tool("AskUserQuestion", {"questions": [{"question": question}]}, result="any")
    made.write()
    return made


def test_it_is_checked(tacho: Tacho, log, tmp_path):
    (tmp_path / "a.yaml").write_text("max_questions: 1\n")
    assert tacho("check", str(log.path), "--expect", str(tmp_path / "a.yaml"), "--json") == 1
    ((result,),) = (session["results"] for session in json.loads(tacho.out)["sessions"])
    assert (result["key"], result["status"], result["rationale"]) == (
        "max_questions",
        "fail",
        "questions: 2 > 1 (session)",
    )
    assert [one["tool"] for one in result["evidence"]] == ["AskUserQuestion"]
    assert tacho("check", str(log.path), "--expect", str(tmp_path / "a.yaml")) == 1
    assert "✗ max_questions  questions: 2 > 1 (session)" in tacho.out


def test_it_is_explained_and_examined(tacho: Tacho, tmp_path):
    (tmp_path / "a.yaml").write_text("max_questions: 1\n")
    assert tacho("expect", "explain", str(tmp_path / "a.yaml")) == 0
    assert "max_questions  At most so many questions to the person: 1" in tacho.out
    (tmp_path / "b.yaml").write_text("max_question: 1\n")
    assert tacho("expect", "lint", str(tmp_path / "b.yaml")) == 4
    assert "b.yaml:1:1: unknown key 'max_question'. Did you mean max_questions?" in tacho.out
    (tmp_path / "c.yaml").write_text("max_questions: -1\n")
    assert tacho("expect", "lint", str(tmp_path / "c.yaml")) == 4
    assert "c.yaml:1:16: " in tacho.out


def test_it_is_there_for_programs_and_scorers(log):
    assert [one.status for one in check(log.path, {"max_questions": 2})] == ["pass"]
    pytest.importorskip("mlflow")
    from tachograph.mlflow import scorers

    assert "max_questions" in {one.name for one in scorers()}
