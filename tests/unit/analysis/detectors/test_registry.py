"""What a new detector costs: one file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import tachograph.analysis.detectors as detectors
from tachograph.analysis.detectors import detector_names, find_shared_waste, find_waste, load_detectors
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.waste import Story, scene_of

ISSUE = (
    "abandoned_branch", "cache_rebuild", "duplicate_subagent_work", "failed_edit_loop", "heavy_result",
    "redundant_read", "repeated_failed_retry",
)  # fmt: skip
NIGHT = '''
"""Work that could have waited."""

from tachograph.analysis.detectors import detector


@detector("night_work", "Work at night")
def night_work(scene):
    """Every call counts."""
    for call in scene.calls:
        yield scene.finding([call], wasted=[call], facts={"tool": call.name})
'''
PAIRS = '''
"""Subagents that began together."""

from tachograph.analysis.detectors import detector


@detector("pairs", "Subagents in pairs", scope="siblings")
def pairs(scenes):
    """Every subagent after the first counts."""
    for at, scene in enumerate(scenes):
        if at:
            yield at, scene.finding(scene.calls[:1], wasted=scene.calls[:1])
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of detectors somewhere else, still empty."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "elsewhere"]:
        del sys.modules[name]
    load_detectors.cache_clear()


@pytest.fixture
def add_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Puts ``night_work`` as one more file among Tachograph's own."""

    def add() -> None:
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "night_work.py").write_text(NIGHT)
        monkeypatch.setattr(detectors, "__path__", [*detectors.__path__, str(tmp_path / "more")])
        load_detectors.cache_clear()

    yield add
    sys.modules.pop("tachograph.analysis.detectors.night_work", None)
    load_detectors.cache_clear()


def test_the_issues_detectors_are_there_and_say_what_counts() -> None:
    found = load_detectors()
    assert set(found) >= set(ISSUE)
    assert list(found) == detector_names()
    for name, one in found.items():
        assert (one.name, one.find.__name__) == (name, name)
        assert len(one.doc) > 200, name
        assert 10 < len(one.title) < 60, name
    assert [name for name, one in found.items() if one.scope == "siblings"] == ["duplicate_subagent_work"]


def test_a_module_is_a_detector(package: Path) -> None:
    (package / "night_work.py").write_text(NIGHT)
    (package / "pairs.py").write_text(PAIRS)
    (package / "_private.py").write_text(NIGHT.replace("night_work", "hidden"))
    found = load_detectors("elsewhere")
    assert list(found) == ["night_work", "pairs"]
    session = Story().answer(9).call("Bash").call("Read").done()
    (first, second) = found["night_work"](scene_of(session))
    assert (first.detector, first.calls, first.facts) == ("night_work", ("c1",), {"tool": "Bash"})
    assert second.facts == {"tool": "Read"}
    ((at, shared),) = found["pairs"].compare([scene_of(session), scene_of(session)])
    assert (at, shared.detector, shared.calls) == (1, "pairs", ("c1",))


def test_each_scope_has_its_own_run(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (package / "night_work.py").write_text(NIGHT)
    (package / "pairs.py").write_text(PAIRS)
    monkeypatch.setattr("tachograph.analysis.detectors._registry.load_detectors", lambda: load_detectors("elsewhere"))
    scene = scene_of(Story().answer(9).call("Bash").done())
    assert [found.detector for found in find_waste(scene)] == ["night_work"]
    assert [(at, found.detector) for at, found in find_shared_waste([scene, scene])] == [(1, "pairs")]


def test_a_module_without_a_detector_of_its_name_is_a_mistake(package: Path) -> None:
    (package / "night_work.py").write_text(NIGHT)
    (package / "again.py").write_text(NIGHT)
    assert detector_names("elsewhere") == ["again", "night_work"]
    with pytest.raises(ValueError, match="again holds no detector called again"):
        load_detectors("elsewhere")


def test_a_finding_without_a_proof_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="empty"):
        scene_of(Story().answer(9).done()).finding()


@pytest.mark.parametrize("filled", [False, True])
def test_it_shows_in_the_warehouse_after_an_ingestion(add_one: Callable[[], None], home: Path, filled: bool) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt().shell("ls", "a.py").response()
    claude.write()
    workspace = Workspace(home / "tachograph", Settings())
    if filled:
        ingest(workspace)  # what is stored already is looked through by a new detector too
    add_one()
    ingest(workspace)
    with closing(open_reader(home / "tachograph")) as connection:
        rows = connection.execute("SELECT detector, evidence ->> '$.facts.tool' FROM findings").fetchall()
    assert rows == [("night_work", "Bash")]
