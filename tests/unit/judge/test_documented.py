"""docs/judge.md says what the code does."""

from __future__ import annotations

import ast
import re

import pytest

from tachograph.analysis.axes.trajectory import CATEGORIES, VALUES
from tachograph.judge import JudgeConfig
from tachograph.judge.client import LARGEST_ANSWER
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "judge.md").read_text(encoding="utf-8")
CODE = [*(ROOT / "src" / "tachograph" / "judge").glob("*.py"), ROOT / "src" / "tachograph" / "app" / "judging.py"]


def find_reasons() -> set[str]:
    """First arguments of JudgeUnavailable and _unavailable."""
    found: set[str] = set()
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if isinstance(node, ast.Call) and name in ("JudgeUnavailable", "_unavailable"):
                constants = (n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant))
                found |= {value for value in constants if isinstance(value, str)}
    return found


def test_every_reason_is_explained_and_none_that_does_not_exist() -> None:
    section = PAGE.partition("| reason |")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert {"no_server", "server_refused", "model_missing", "not_judged"} <= documented
    assert find_reasons() == documented


@pytest.mark.parametrize(("verdict", "value"), VALUES.items())
def test_every_verdict_is_explained(verdict: str, value: float) -> None:
    label = "review " if value < 0.5 else ""
    assert f"| `{verdict}` | {value:.2f} | {label}|\n" in PAGE


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_is_named(category: str) -> None:
    assert f"`{category}`" in PAGE


def test_limits_and_defaults_are_those_of_the_code() -> None:
    config = JudgeConfig()
    assert f"`{config.endpoint}` for the model `{config.model}`" in PAGE.replace("\n", " ")
    words = PAGE.replace("\n", " ")
    assert f"at most {config.probe_timeout:.0f} seconds, one answer at most {config.inference_timeout:.0f}" in words
    assert "at most 1 MiB" in words
    assert LARGEST_ANSWER == 2**20
    assert f"at most {JudgeConfig(context_tokens=10**6).answer_tokens:,}" in words
