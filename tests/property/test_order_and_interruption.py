"""Order, batching, interruption and growth never show: the warehouse is that of one fresh ingestion."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tachograph.app import ingest as ingestion
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.builders.history import write_hard_history
from tests.dump import Rows, assert_same, dump_warehouse

_HISTORY = Path(tempfile.mkdtemp(prefix="tacho-history-"))
_LOGS = {path.relative_to(_HISTORY): content for path, content in write_hard_history(_HISTORY).items()}
_PATHS = sorted(_LOGS)

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["grow", "grow", "grow", "truncate", "scribble", "vanish", "ingest", "interrupt", "rebuild", "rederive"]
        ),
        st.integers(0, len(_PATHS) - 1),
        st.floats(0, 1),
    ),
    max_size=25,
)


class Machine:
    """A machine on which logs come, grow, are rewritten and vanish while tacho runs now and then."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.workspace = Workspace(folder / "data", Settings())
        for path in _HISTORY.rglob("*.meta.json"):
            self._write(path.relative_to(_HISTORY), path.read_bytes())
        (self.home / "claude" / "projects").mkdir(parents=True, exist_ok=True)
        (self.home / "codex" / "sessions").mkdir(parents=True, exist_ok=True)
        os.environ["CLAUDE_CONFIG_DIR"], os.environ["CODEX_HOME"] = str(self.home / "claude"), str(self.home / "codex")

    def _write(self, path: Path, content: bytes) -> None:
        (self.home / path).parent.mkdir(parents=True, exist_ok=True)
        (self.home / path).write_bytes(content)

    def take(self, step: str, number: int, share: float) -> None:
        path = _PATHS[number]
        content = _LOGS[path]
        held = (self.home / path).stat().st_size if (self.home / path).exists() else 0
        if step == "grow":
            with _append(self.home / path) as file:
                file.write(content[held : held + max(1, int(share * len(content)))])
        elif step == "truncate":
            self._write(path, content[: int(share * held)])
        elif step == "scribble":
            self._write(path, content[::-1][: int(share * len(content))])
        elif step == "vanish":
            (self.home / path).unlink(missing_ok=True)
        elif step == "interrupt":
            with _interruption(number), pytest.raises((KeyboardInterrupt, _NothingToStore)):
                self.ingest()
                raise _NothingToStore
        else:
            self.ingest(rebuild=step == "rebuild", rederive=step == "rederive")

    def ingest(self, **options: bool) -> None:
        ingestion.ingest(self.workspace, jobs=1, **options)

    def settle(self) -> dict[str, Rows]:
        """Every log is whole at last; ingest once more."""
        for path, content in _LOGS.items():
            held = (self.home / path).read_bytes() if (self.home / path).exists() else b""
            if content.startswith(held):
                with _append(self.home / path) as file:
                    file.write(content[len(held) :])
            else:
                self._write(path, content)
        self.ingest()
        return dump_warehouse(self.workspace.folder)


class _NothingToStore(Exception):
    """No batch was stored, so nothing could be interrupted."""


@contextmanager
def _append(path: Path) -> Iterator:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        yield file


@contextmanager
def _interruption(number: int) -> Iterator[None]:
    """Ctrl-C while the ``number``-th log of the run is being stored, or within the derivation after it."""
    left = number

    def interrupted(self: object, *arguments: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise KeyboardInterrupt
        return stored(self, *arguments)

    stored = ingestion._Ingestion._store_log
    with mock.patch.object(ingestion._Ingestion, "_store_log", interrupted):
        yield


def fresh_dump(machine: Machine, folder: Path) -> dict[str, Rows]:
    workspace = Workspace(folder / "fresh", Settings())
    ingestion.ingest(workspace, jobs=1)
    return dump_warehouse(workspace.folder)


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(steps, st.integers(1, 4))
def test_any_history_of_ingestions_gives_the_warehouse_of_one_fresh_run(
    schedule: list[tuple[str, int, float]], batch: int
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tacho-order-"))
    environment = dict(os.environ)
    try:
        machine = Machine(folder)
        with mock.patch.object(ingestion, "_BATCH_LOGS", batch):
            for step in schedule:
                machine.take(*step)
            found = machine.settle()
        expected = fresh_dump(machine, folder)
        assert_same(found, expected)
    finally:
        os.environ.clear()
        os.environ.update(environment)
        shutil.rmtree(folder)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=20)
@given(st.permutations(_PATHS), st.integers(1, 3))
def test_any_order_of_files_gives_the_same_warehouse(order: list[Path], batch: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tacho-order-"))
    environment = dict(os.environ)
    try:
        machine = Machine(folder)
        for number, path in enumerate(order):
            machine._write(path, _LOGS[path])
            if number % batch == 0:
                machine.ingest()
        machine.ingest()
        assert_same(dump_warehouse(machine.workspace.folder), fresh_dump(machine, folder))
    finally:
        os.environ.clear()
        os.environ.update(environment)
        shutil.rmtree(folder)


def test_the_history_holds_what_makes_it_hard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(machine.home / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(machine.home / "codex"))
    dump = machine.settle()
    assert len(dump["sessions"]) == 13
    assert sum(row[-1] == 0 for row in dump["responses"]) == 28
    assert sum("subagent" in row for row in dump["sessions"]) == 4
    changed = Counter(state for row in dump["tool_calls"] for _, state in json.loads(row[-1] or "[]"))
    assert changed == {"open": 11, "started": 9, "completed": 4}  # some of it told again by three forks
    assert {row[2] for row in dump["problems"]} == {"invalid_json"}


@pytest.mark.parametrize("path", _PATHS, ids=lambda path: path.stem[-12:])
def test_a_replaced_log_leaves_no_trace_and_its_copies_count(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(tmp_path)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(machine.home / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(machine.home / "codex"))
    machine.settle()
    lines = _LOGS[path].splitlines(keepends=True)
    machine._write(path, b"".join(lines[:2] + lines[-2:]))
    machine.ingest()
    assert_same(dump_warehouse(machine.workspace.folder), fresh_dump(machine, tmp_path))
