"""``tacho serve``: what it is asked for, and what it hands on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tachograph.cli._frame import run
from tachograph.web import server
from tachograph.web.server import Started
from tachograph.web.upkeep import Options


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Options]]:
    """What would be served; instead it is said to have started and to have ended."""
    calls: list[tuple[int, Options]] = []

    def serve(workspace: Any, port: int, options: Options, announce: Any, tell: Any) -> None:
        calls.append((port, options))
        announce(Started("http://127.0.0.1:4747/open?code=c", 4747, 17))

    monkeypatch.setattr(server, "serve", serve)
    return calls


def test_the_address_is_all_that_stdout_holds(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve"]) == 0
    told = capsys.readouterr()
    assert told.out == "http://127.0.0.1:4747/open?code=c\n"
    assert "works once" in told.err
    assert asked == [(4747, Options(True, (), 120, 300, False))]


def test_json_is_one_object(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "schema": "tachograph.serve/1", "url": "http://127.0.0.1:4747/open?code=c", "port": 4747, "pid": 17,
    }  # fmt: skip
    assert told.err == ""


def test_options_are_handed_on(asked: list[Any], home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [home / "a", home / "b"]
    for folder in folders:
        folder.mkdir()
    paths = [part for folder in folders for part in ("--path", str(folder))]
    more = ["--scan-interval", "60", "--stability-window", "30", "--no-watch", "--port", "0"]
    assert run(["serve", *paths, *more]) == 0
    assert asked == [(0, Options(False, tuple(folders), 60, 30, False))]
    capsys.readouterr()


def test_a_judge_is_announced_first(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--background-judge"]) == 0
    assert asked[0][1].background_judge
    lines = capsys.readouterr().err.splitlines()
    assert "qwen3:30b-a3b" in lines[0]
    assert "works once" in lines[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "-1"], ["--port", "65536"], ["--port", "http"], ["--scan-interval", "0"], ["--scan-interval", "4"],
        ["--scan-interval", "86401"], ["--stability-window", "0"], ["--stability-window", "86401"],
        ["--path", "/nothing/there"], ["--background-judge", "--no-watch"], ["more"],
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    asked: list[Any], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", *arguments]) == 2
    assert asked == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("found", [True, False])
def test_the_browser_is_opened_when_asked_to(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], found: bool
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(server, "open_in_browser", lambda url: opened.append(url) or found)
    assert run(["serve"]) == 0
    assert opened == []
    assert run(["serve", "--open"]) == 0
    assert opened == ["http://127.0.0.1:4747/open?code=c"]
    assert ("no browser" in capsys.readouterr().err) is not found


def test_without_a_server_there_is_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--url"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "No tacho serve runs on this data folder." in told.err
