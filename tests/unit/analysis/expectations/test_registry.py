"""What a new expectation costs: one function."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.analysis.expectations import load_expectations, read_expectations, run_checks, wanted_texts
from tests.builders.recording import check, record

NIGHT = '''
"""When work is done."""

from tachograph.analysis.expectations import Outcome, expectation


@expectation("prompts")
def no_work_before(hour: int, recording):
    """No call before this hour (UTC).

    Every call counts.
    """
    early = [call for call in recording.calls if call.tool.started_at // 3_600_000 % 24 < hour]
    told = f"{len(early)} calls before {hour} ({recording.scope_words})"
    return Outcome("fail" if early else "pass", told, tuple(map(recording.prove, early)))


def helper(hour: int, recording):
    """Not a check."""
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of expectations somewhere else, still empty."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "elsewhere"]:
        del sys.modules[name]
    load_expectations.cache_clear()


def test_a_function_is_a_key(package: Path) -> None:
    (package / "nights.py").write_text(NIGHT)
    (package / "_private.py").write_text(NIGHT.replace("no_work_before", "hidden"))
    (one,) = load_expectations("elsewhere").values()
    assert (one.key, one.needs, one.value_type) == ("no_work_before", {"prompts"}, int)
    assert one.doc == "No call before this hour (UTC).\n\nEvery call counts."


def test_it_is_read_and_checked_like_ours(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tachograph.analysis.expectations as ours

    (package / "nights.py").write_text(NIGHT)
    monkeypatch.setattr(ours, "__path__", [*ours.__path__, str(package)])
    sys.modules.pop("tachograph.analysis.expectations.nights", None)
    load_expectations.cache_clear()
    try:
        result = check("no_work_before", 24, record("$ ls", "$ ls"))
        assert (result.key, result.status, result.rationale) == (
            "no_work_before",
            "fail",
            "2 calls before 24 (session)",
        )
        assert [one.call for one in result.evidence] == ["1", "2"]
        assert wanted_texts(read_expectations({"no_work_before": 1})) == {"prompts"}
    finally:
        sys.modules.pop("tachograph.analysis.expectations.nights", None)


def test_results_are_in_the_order_of_the_file_and_what_asks_for_nothing_comes_last() -> None:
    block = {"max_turns": None, "required_tools": ["Read"], "banned_tools": [], "tool_limits": {"Bash": 0}}
    results = run_checks(read_expectations(block), record("$ ls", "read a.py"))
    assert [(one.key, one.status) for one in results] == [
        ("required_tools", "pass"), ("banned_tools", "skip"), ("tool_limits", "fail"), ("max_turns", "skip"),
    ]  # fmt: skip


def test_texts_are_wanted_by_those_who_look_at_them() -> None:
    def wanted(*blocks: dict[str, object]) -> set[str]:
        return set(wanted_texts(*map(read_expectations, blocks)))

    assert wanted({"tool_limits": {}, "token_budget": {}, "max_turns": 1, "no_findings": True}) == set()
    assert wanted({"expected_files": ["a"]}) == {"commands"}
    assert wanted({"banned_commands": ["a"]}) == {"commands", "inputs"}
    assert wanted({"max_turns": 1}, {"final_text": {}}) == {"said"}
    assert wanted() == set()
