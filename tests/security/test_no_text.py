"""``store.text = "none"``: nothing that a person or a model wrote is in any file, also after a change of mind."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from tachograph.app import ingest as ingestion
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.security.everywhere import Kind, write_everywhere
from tests.security.test_canary import stored_bytes

NONE = Settings(store_text="none")


class Marker:
    """Gives each place a word of its own that can be looked for."""

    def __init__(self) -> None:
        self._numbers = count(1000)
        self.words: dict[str, list[str]] = {"text": [], "name": [], "file": []}

    def give(self, kind: Kind, place: str) -> str:
        """``Zqabda prompt``: a word for the search (no digits: error signatures drop these), then the place."""
        word = "Zq" + "".join(chr(ord("a") + int(digit)) for digit in str(next(self._numbers)))
        self.words[kind].append(f"{word}-{place.replace(' ', '-')}" if kind == "file" else f"{word} {place}")
        return self.words[kind][-1]

    def found(self, kind: Kind, content: bytes) -> list[str]:
        """What of this kind stands in ``content``."""
        return [text for text in self.words[kind] if text.split(" ")[0].split("-")[0].encode() in content]


@pytest.fixture
def marker(home: Path) -> Marker:
    marker = Marker()
    write_everywhere(home / "logs", marker.give, 1)
    return marker


def ingest_all(home: Path, settings: Settings) -> None:
    workspace = Workspace(home / "data", settings)
    for agent in ("claude", "codex"):
        ingestion.ingest(workspace, path=home / "logs" / agent)


def test_full_text_is_stored_by_default(marker: Marker, home: Path) -> None:
    ingest_all(home, Settings())
    found = marker.found("text", stored_bytes(home / "data"))
    stored = {text.partition(" ")[2] for text in found}
    assert {
        "prompt",
        "command",
        "custom title",
        "error output",
        "queued command",
        "subagent's prompt",
        "reason",
    } <= stored
    assert {"answer", "thinking", "output", "content read", "old text", "instructions"} & stored == set()


def test_no_text_is_stored_when_none_is_wanted(marker: Marker, home: Path) -> None:
    ingest_all(home, NONE)
    content = stored_bytes(home / "data")
    assert marker.found("text", content) == []
    assert len(marker.found("name", content)) > 30


def test_no_text_is_stored_by_reading_processes(marker: Marker, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion, "_PARALLEL_BYTES", 0)
    workspace = Workspace(home / "data", NONE)
    ingestion.ingest(workspace, path=home / "logs" / "claude", jobs=2)
    assert marker.found("text", stored_bytes(home / "data")) == []


@pytest.mark.parametrize("logs_are_gone", [False, True])
def test_text_goes_for_good_when_it_is_no_longer_wanted(marker: Marker, home: Path, logs_are_gone: bool) -> None:
    ingest_all(home, Settings())
    assert len(marker.found("text", stored_bytes(home / "data"))) > 20
    if logs_are_gone:
        for log in (home / "logs").rglob("*.jsonl*"):
            log.unlink()
    ingest_all(home, NONE)
    assert marker.found("text", stored_bytes(home / "data")) == []


def test_text_comes_back_when_it_is_wanted_again(marker: Marker, home: Path) -> None:
    ingest_all(home, NONE)
    ingest_all(home, Settings())
    assert len(marker.found("text", stored_bytes(home / "data"))) > 20
