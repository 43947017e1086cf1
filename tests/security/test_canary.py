"""A thousand secrets in every place of the logs: none of them may be found in anything that tacho writes or shows."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from itertools import chain, count
from pathlib import Path

import ahocorasick
import pytest

from tachograph.app import ingest as ingestion
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tests.builders.secrets import TOKENS, draw, planted
from tests.security.commands import reporting_commands, run_quietly
from tests.security.everywhere import Kind, write_everywhere

ROUNDS = 9


class Planter:
    """Deals out secrets, each with the text that carries it, and knows where each one stands."""

    def __init__(self, seed: int) -> None:
        self._texts = chain.from_iterable(planted(500, seed + number) for number in count())
        self._rng = random.Random(seed)
        self.places: dict[str, str] = {}

    def give(self, kind: Kind, place: str) -> str:
        """A text with a secret for ``place``."""
        if kind == "file":
            prefix, alphabet, length = TOKENS[self._rng.choice(sorted(TOKENS))]
            secret = prefix + draw(self._rng, alphabet.replace("/", ""), min(length, 60))
            text = f"notes {secret}"
        else:
            given = next(self._texts)
            secret, text = given.secret, given.text
        self.places[secret] = f"{kind} {place}: {text[:60]!r}"
        return text


@pytest.fixture(scope="module")
def planter(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planter, Path]:
    folder = tmp_path_factory.mktemp("canary")
    planter = Planter(20260520)
    write_everywhere(folder, planter.give, ROUNDS)
    return planter, folder


def find_secrets(planter: Planter, content: bytes) -> list[str]:
    """Places whose secret stands in ``content``."""
    automaton = ahocorasick.Automaton()
    for secret, place in planter.places.items():
        automaton.add_word(secret, place)
    automaton.make_automaton()
    return sorted({place for _, place in automaton.iter(content.decode("latin-1"))})


def stored_bytes(folder: Path) -> bytes:
    """Every byte of every file, and every value of every row (a page border may cut a text in two in the file)."""
    parts = [os.fsencode(path) + b"\n" + path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    with closing(sqlite3.connect(folder / "warehouse.sqlite")) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                parts += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(parts)


def ingest_both(planted_folder: Path, home: Path, jobs: int = 1) -> ingestion.IngestReport:
    workspace = Workspace(home / "data")
    ingestion.ingest(workspace, path=planted_folder / "claude", jobs=jobs)
    return ingestion.ingest(workspace, path=planted_folder / "codex", jobs=jobs)


def test_there_are_a_thousand_secrets_in_a_hundred_places(planter: tuple[Planter, Path]) -> None:
    places = planter[0].places
    assert len(places) >= 1000
    assert len({text.partition(":")[0] for text in places.values()}) >= 100
    logs = b"".join(path.read_bytes() for path in planter[1].rglob("*.jsonl"))
    assert logs.count(b"AKIA") > 0


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_secret_is_in_any_byte_that_is_stored(
    planter: tuple[Planter, Path], home: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if jobs > 1:
        monkeypatch.setattr(ingestion, "_PARALLEL_BYTES", 0)
    report = ingest_both(planter[1], home, jobs)
    assert report.sessions >= ROUNDS
    stored = stored_bytes(home / "data")
    assert find_secrets(planter[0], stored) == []
    assert stored.count(b"[redacted:") > 1000  # they were read, and their places kept


def test_no_secret_is_stored_of_logs_that_grow(planter: tuple[Planter, Path], home: Path) -> None:
    """Reading on goes by what was stored of the beginning: ids, and the source's own state."""
    whole = {path: path.read_bytes() for path in planter[1].rglob("*.jsonl")}
    copies = {home / "logs" / path.relative_to(planter[1]): content for path, content in whole.items()}
    for share in (0.3, 0.6, 1):
        for path, content in copies.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(content.splitlines(keepends=True)[: round(share * content.count(b"\n"))]))
        ingest_both(home / "logs", home)
        assert find_secrets(planter[0], stored_bytes(home / "data")) == []


def test_the_search_finds_a_secret_that_is_stored(planter: tuple[Planter, Path], home: Path) -> None:
    ingest_both(planter[1], home)
    secret = next(iter(planter[0].places))
    with closing(sqlite3.connect(home / "data" / "warehouse.sqlite")) as connection:
        connection.execute("UPDATE segments SET title = ? WHERE segment = 1", (f"x{secret}y",))
        connection.commit()
    assert find_secrets(planter[0], stored_bytes(home / "data")) == [planter[0].places[secret]]


def test_no_command_shows_a_secret(
    planter: tuple[Planter, Path], home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACHO_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(planter[1] / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(planter[1] / "codex"))
    ingest_both(planter[1], home)
    learn(Workspace(home / "data"), update=False)
    shown = 0
    for arguments in reporting_commands():
        code = run_quietly(arguments)
        captured = capsys.readouterr()
        assert code in (0, 4) if arguments[0] == "doctor" else code == 0, (arguments, captured.err)
        found = find_secrets(planter[0], (captured.out + captured.err).encode())
        assert (arguments, found) == (arguments, [])
        shown += len(captured.out)
    assert shown > 10_000
