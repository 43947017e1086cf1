"""Checks, cases and what is learnt, of logs full of secrets and of texts made to harm."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tachograph.app.expect.document import read_document
from tachograph.cli._frame import run
from tests.security.commands import EXPECTATIONS
from tests.security.everywhere import Kind, write_everywhere
from tests.security.test_canary import Planter, find_secrets
from tests.security.test_hostile import _FILE_SAFE, _RAW, HOSTILE

Show = Callable[..., str]


@pytest.fixture
def show(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Show:
    """Runs a command line in a folder of its own; what it printed on stdout and stderr."""
    monkeypatch.setenv("TACHO_DATA_DIR", str(home / "data"))
    monkeypatch.chdir(home)

    def tacho(*arguments: str, code: int = 0) -> str:
        found = run(arguments)
        captured = capsys.readouterr()
        assert (arguments, found) == (arguments, code), captured.err
        return captured.out + captured.err

    return tacho


def _everything(show: Show, home: Path) -> str:
    """All that is shown and written of the logs below ``home``: checks in each form, and cases on their whole way."""
    logs = sorted(path for path in (home / "logs").rglob("*.jsonl*") if "subagents" not in path.parts)
    check = ["check", str(home / "logs"), "--expect", str(EXPECTATIONS)]
    told = [show(*check, "--junit", "junit.xml", "--markdown", "report.md", code=1), show(*check, "--json", code=1)]
    told += [show("expect", "learn", str(home / "logs"))]
    for number, log in enumerate(logs):
        named = [os.fsdecode(os.path.relpath(log, home))]
        told += [show("cases", "add", "--from", *named, "--id", str(number)).replace(named[0], "")]
        told += [show("cases", "review", str(number), "--approve", "--by", "Ada", "--why", "Fine.")]
    told += [show("cases", "review"), show("cases", "list", "--json")]
    written = ["junit.xml", "report.md", "candidates.yaml"]
    told += [(home / name).read_text() for name in written]
    told += [show("cases", "promote", "--all"), show("expect", "explain", "ground_truth.yaml", "--json")]
    told += [show("expect", "lint", "ground_truth.yaml"), (home / "ground_truth.yaml").read_text()]
    assert len(
        read_document((home / "ground_truth.yaml").read_bytes(), "ground_truth.yaml").value["test_cases"]
    ) == len(logs)
    return "\n".join(told)


def test_no_check_and_no_case_shows_or_keeps_a_secret(show: Show, home: Path) -> None:
    planter = Planter(20261121)
    write_everywhere(home / "logs", planter.give, 1)
    told = _everything(show, home)
    assert find_secrets(planter, told.encode()) == []
    assert told.count("[redacted:") > 200


def test_nothing_raw_is_shown_or_written(show: Show, home: Path) -> None:
    texts = cycle(HOSTILE.values())

    def give(kind: Kind, place: str) -> str:
        text = next(texts)
        return _FILE_SAFE.sub("_", text).encode()[:120].decode(errors="ignore") if kind == "file" else text

    write_everywhere(home / "logs", give, 2)
    for log in (home / "logs").rglob("*.jsonl"):
        log.write_bytes(log.read_bytes().replace("\ue000".encode(), b"\\ud83d"))
    told = _everything(show, home)
    assert set(_RAW.findall(told)) == set()
    assert "\ufffd" in told
    suites = ElementTree.parse(home / "junit.xml").getroot()
    assert int(suites.get("failures", 0)) > 50


def test_a_secret_in_a_case_of_the_file_is_not_repeated(show: Show, home: Path) -> None:
    secret = "AK" + "IAVV4HQJL2H4ZRQB3H"
    cases = [
        {"id": "path", "expectations": {"max_turns": 1}, "metadata": {"trace_path": f"/home/ada/{secret}/a.jsonl"}},
        {"id": "id", "expectations": {"max_turns": 1}, "metadata": {"session_id": secret}},
    ]
    Path("ground_truth.yaml").write_text(json.dumps({"test_cases": cases}))
    written = ["--junit", "junit.xml", "--markdown", "report.md"]
    told = show("check", "--expect", "ground_truth.yaml", "--json", *written, code=3)
    told += Path("junit.xml").read_text() + Path("report.md").read_text()
    assert told.count("[redacted:aws-access-key-id]") >= 6
    assert secret not in told


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs")
def test_what_never_ends_is_neither_waited_for_nor_read(show: Show, home: Path) -> None:
    os.mkfifo("fifo.jsonl")
    Path("zero.jsonl").symlink_to("/dev/zero")
    Path("candidates.yaml").symlink_to("/dev/zero")
    Path("waits.yaml").symlink_to("fifo.jsonl")
    Path("loop").symlink_to(".")
    Path("e.yaml").write_text("max_turns: 1")
    for name in ("fifo.jsonl", "zero.jsonl", "/dev/zero"):
        assert f"{name}: not a regular file" in show("check", name, "--expect", "e.yaml", code=3)
        Path("s.yaml").write_text(f"max_turns: 1\nsession: {name}\n")
        assert "not a regular file" in show("check", "--expect", "s.yaml", code=3)
    told = show("check", "loop", "--expect", "e.yaml", code=3)
    assert re.findall(r"loop/(\S+): not a regular file", told) == ["fifo.jsonl", "zero.jsonl"]  # once each
    for name in ("candidates.yaml", "waits.yaml"):
        assert f"{name} cannot be read: it is not a regular file." in show("cases", "list", "--file", name, code=4)
    assert "zero.jsonl:1:1: the document is larger than" in show("check", "--expect", "zero.jsonl", code=4)


def test_a_file_of_any_name_is_told_of_in_json(show: Show) -> None:
    name = os.fsdecode(b"a\xff.yaml")
    try:
        Path(name).write_text("max_turns: 1")
    except OSError:
        pytest.skip("the file system takes no such name")
    assert json.loads(show("expect", "explain", name, "--json"))["file"] == "a?.yaml"


def test_only_the_owner_may_look_at_what_is_read_for_a_check(
    show: Show, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(home / "tmp"))
    write_everywhere(home / "logs", lambda kind, place: "x", 1)
    seen = []

    def look(*arguments: object) -> None:
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in (home / "tmp").iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr("tachograph.app.check.recordings._load", look)
    show("check", str(home / "logs"), "--expect", str(EXPECTATIONS), code=130)
    assert seen == [0o700]
    assert list((home / "tmp").iterdir()) == []
