from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.app import mechanisms
from tachograph.app.mechanisms import load_mechanisms
from tachograph.errors import UsageError
from tests.builders.claude import ClaudeHome
from tests.unit.app.mechanisms.working import find_all
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

NAMES = ["apparent_retries", "file_rework", "practices", "retro_themes", "size_confounding", "untyped_records"]
MORE = '''
"""Sessions at night."""

from tachograph.analysis.intervals import wilson
from tachograph.app.mechanisms import Account, Scene, mechanism
from tachograph.app.mechanisms._records import share_figure


@mechanism("night_work", "Sessions at night", not_proved="Not that anybody was tired.")
def night_work(scene: Scene) -> Account:
    """Main sessions of {} responses."""
    part = sum(one.responses == 1 for one in scene.sessions)
    whole = len(scene.sessions)
    return Account([share_figure("night", "at night", part, whole, "main sessions", wilson(part, whole))], ["Made up."])
'''


@pytest.fixture
def more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules are mechanisms too."""
    monkeypatch.setattr(mechanisms, "__path__", [*mechanisms.__path__, str(tmp_path)])
    load_mechanisms.cache_clear()
    yield tmp_path
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(f"tachograph.app.mechanisms.{path.stem}", None)
    load_mechanisms.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_each_says_what_it_counts_and_what_it_does_not_prove(name: str) -> None:
    one = load_mechanisms()[name]
    assert list(load_mechanisms()) == NAMES
    assert one.method.count(". ") >= 1
    assert "interval" in one.method.lower()
    assert len(one.not_proved) > 80
    assert one.not_proved.endswith(".")


def test_one_file_adds_a_mechanism_everywhere(home: Path, more: Path, tacho: Tacho) -> None:
    (more / "night_work.py").write_text(MORE)
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt("Repair the gate.").response()
    claude.write()
    (found,) = tacho.json("findings", "night_work")["mechanisms"]
    assert (found["title"], found["figures"][0]["value"], found["notes"]) == ("Sessions at night", 1.0, ["Made up."])
    assert tacho("findings") == 0
    assert "Sessions at night  night_work" in tacho.out
    assert "What it does not prove: Not that anybody was tired." in tacho.out
    assert tacho("findings", "--markdown", "-") == 0
    assert "## Sessions at night" in tacho.out


def test_two_of_one_name_are_refused(more: Path) -> None:
    (more / "again.py").write_text(MORE.replace("night_work", "practices"))
    with pytest.raises(ValueError, match="two mechanisms named 'practices'"):
        load_mechanisms()


def test_only_those_asked_for_are_computed(home: Path) -> None:
    names = [one.name for one in find_all(home, "practices", "file_rework").mechanisms]
    assert names == ["file_rework", "practices"]


def test_an_unknown_name_is_refused_with_the_known_ones(home: Path) -> None:
    with pytest.raises(UsageError, match="no mechanism 'luck'") as raised:
        find_all(home, "luck")
    assert raised.value.slug == "unknown_mechanism"
    assert raised.value.hint == f"Known ones: {', '.join(NAMES)}."
