"""What holds for every test: nothing of this machine's own is read or written, and runs can be repeated."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

settings.register_profile("quick", max_examples=100, deadline=None)
settings.register_profile("ci", max_examples=300, deadline=None, print_blob=True)
settings.register_profile(
    "soak", max_examples=10_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def find_shared_data() -> Path | None:
    """Return the folder with real histories (TACHO_SHARED_DATA, else beside the checkout), or None."""
    named = os.environ.get("TACHO_SHARED_DATA")
    place = Path(named) if named else ROOT.parent / "shared" / "data"
    return place.resolve() if place.is_dir() else None


SHARED_DATA = find_shared_data()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the real histories, and skip it where there are none."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared_data)
        if SHARED_DATA is None and item.get_closest_marker("shared_data"):
            item.add_marker(pytest.mark.skip(reason="no real histories beside the checkout or in TACHO_SHARED_DATA"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real histories; read only."""
    assert SHARED_DATA is not None
    return SHARED_DATA


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which every test gets a home of its own."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def home(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home for this test; every place that Tachograph looks at by itself lies in it, and the clock is UTC."""
    place = Path(tempfile.mkdtemp(dir=homes))
    for variable in [name for name in os.environ if name.startswith("TACHO_") and name != "TACHO_SHARED_DATA"]:
        monkeypatch.delenv(variable)
    for variable, folder in {
        "HOME": "",
        "USERPROFILE": "",
        "APPDATA": "AppData/Roaming",
        "LOCALAPPDATA": "AppData/Local",
        "XDG_CONFIG_HOME": ".config",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
        "XDG_CACHE_HOME": ".cache",
        "XDG_RUNTIME_DIR": ".run",
        "TACHO_DATA_DIR": "tachograph",
        "CLAUDE_CONFIG_DIR": ".claude",
        "CODEX_HOME": ".codex",
    }.items():
        monkeypatch.setenv(variable, str(place / folder))
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "UTC")
        _tell_clock()
        yield place
    _tell_clock()


def _tell_clock() -> None:
    if hasattr(time, "tzset"):
        time.tzset()
