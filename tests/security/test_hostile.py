"""Texts made to harm: in logs they stand in every place, on the terminal and in the store they do nothing."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from itertools import cycle
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tests.security.commands import reporting_commands, run_quietly
from tests.security.everywhere import Kind, write_everywhere

HOSTILE = {
    "escape sequence": "\x1b[31mred\x1b[0m \x1b]0;owned\x07 \x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\",
    "8-bit escape": "\x9b31mred \x9d0;owned\x9c",
    "control characters": "a\x00b\x07c\x08d\re\x0bf\x7fg",
    "direction override": "user\u202eexe.txt\u2066 \u2067x\u2069 \u200fy",
    "invisible": "zero\u200bwidth\ufeff \U000e0041\U000e0042 soft\u00adhyphen",
    "lone surrogate": "high \ue000 low",  # the fixture writes it as an escape, which is how one gets into JSON
    "markup": "[bold red]x[/] [link=http://example.com]y[/link] [/] [",
    "html": "<script>alert(1)</script> &amp; <!-- --> ]]>",
    "sql": "'; DROP TABLE sessions; -- \" ` ) UNION SELECT",
    "path traversal": "../../../etc/passwd /../.. ..\\..\\x",
    "formula": "=cmd|' /C calc'!A0 @SUM(1) +1 -1",
    "format": "%s %n {0} {x!r} ${HOME} $(id) `id`",
    "line breaks": "one\ntwo\r\nthree\u2028four\u2029five\x85six",
    "wide": "表" * 200 + "🧑‍🚀" * 50,
    "long": "x" * 5000,
    "blank": " \t ",
}
_FILE_SAFE = re.compile(r"[\x00/]")
_RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs with each hostile text in each place."""
    folder = tmp_path_factory.mktemp("hostile")
    texts = cycle(HOSTILE.values())

    def give(kind: Kind, place: str) -> str:
        text = next(texts)
        return _FILE_SAFE.sub("_", text).encode()[:120].decode(errors="ignore") if kind == "file" else text

    write_everywhere(folder, give, len(HOSTILE) + 1)
    for log in folder.rglob("*.jsonl"):
        log.write_bytes(log.read_bytes().replace("\ue000".encode(), b"\\ud83d"))
    return folder


@pytest.fixture
def data(logs: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse made from them, which every command finds."""
    monkeypatch.setenv("TACHO_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(logs / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(logs / "codex"))
    for agent in ("claude", "codex"):
        ingest(Workspace(home / "data"), path=logs / agent)
    learn(Workspace(home / "data"), update=False)
    return home / "data"


def test_everything_gets_in_and_the_store_stays_whole(data: Path) -> None:
    with closing(sqlite3.connect(data / "warehouse.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM sessions").fetchone()[0] >= 7 * len(HOSTILE)
        kept = {row[0] for row in connection.execute("SELECT text FROM prompts")}
    assert HOSTILE["sql"] in kept
    assert HOSTILE["escape sequence"] in kept  # stored as it is, shown harmlessly


def test_nothing_of_it_reaches_the_terminal_raw(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = ""
    for arguments in reporting_commands():
        code = run_quietly(arguments)
        captured = capsys.readouterr()
        assert code == 0, (arguments, captured.err)
        if "--json" in arguments:
            assert json.loads(captured.out)["schema"].startswith("tachograph."), arguments
        if "export" not in arguments:  # goes to a file
            raw = {match[0] for match in _RAW.finditer(captured.out + captured.err)}
            assert (arguments, raw) == (arguments, set())
            shown += captured.out
    assert "�" in shown
    assert "[bold red]x[/]" in shown  # markup is text


def test_errors_name_hostile_things_harmlessly(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in HOSTILE.values():
        for arguments in (
            ["cost", "--since", text],
            ["cost", "--tz", text],
            ["cost", "--agent", text],
            ["ingest", "--path", text],
        ):
            if "\x00" in text and arguments[0] == "ingest":
                continue  # no system lets an argument hold it
            run_quietly(arguments)
            captured = capsys.readouterr()
            assert (arguments, _RAW.findall(captured.err)) == (arguments, [])
