"""``tacho report html``: as a person and as a program asks for it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tachograph.cli import _report_html
from tachograph.cli._frame import run
from tests.builders.looped import NOW, Looped, looped
from tests.builders.wasteful import write_config
from tests.unit.cli.running import Tacho, tacho

__all__ = ["looped", "tacho"]
NAME = "tachograph-report-2026-11-18.html"


@pytest.fixture(autouse=True)
def stored(looped: Looped, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Looped:
    write_config(home)
    monkeypatch.setattr(_report_html, "now_ms", lambda: NOW)
    monkeypatch.chdir(tmp_path)
    return looped


def test_the_file_lies_where_one_stands(tacho: Tacho, tmp_path: Path) -> None:
    assert tacho("report", "html", "--no-ingest") == 0, tacho.err
    content = (tmp_path / NAME).read_bytes()
    assert content.startswith(b"<!doctype html>")
    assert tacho.out == ""
    assert tacho.err == f"tacho: Written to {NAME} ({len(content) / 1000:.1f} kB).\n"
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert tacho("report", "html", "--no-ingest") == 0  # its own earlier one is replaced


def test_another_file_of_that_name_stays(tacho: Tacho, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("my own page")
    assert tacho("report", "html", "--no-ingest") == 2
    assert tacho.err == (
        f"tacho: {NAME} is there and is no report of tacho.\nName another file with --output, or remove it.\n"
    )
    assert (tmp_path / NAME).read_text() == "my own page"


def test_the_page_on_stdout(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["report", "html", "--no-ingest", "-o", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out.startswith(b"<!doctype html>")
    assert out.endswith(b"<!-- written by tacho report html -->\n")
    assert err == b""
    assert list(tmp_path.glob("*.html")) == []


def test_what_a_program_is_told(tacho: Tacho, tmp_path: Path) -> None:
    assert tacho("report", "html", "--no-ingest", "--output", "here.html", "--days", "14", "--json") == 0, tacho.err
    told = json.loads(tacho.out)
    assert list(told)[:3] == ["schema", "path", "bytes"]
    assert told["schema"] == "tachograph.report_html/1"
    assert told["path"] == str(tmp_path / "here.html")
    assert told["bytes"] == (tmp_path / "here.html").stat().st_size
    assert (told["since"], told["until"], told["sessions"]) == ("2026-11-05", "2026-11-18", 9)


def test_share_safe(tacho: Tacho, tmp_path: Path) -> None:
    assert tacho("report", "html", "--no-ingest", "--share-safe", "-o", "safe.html") == 0, tacho.err
    content = (tmp_path / "safe.html").read_text(encoding="utf-8")
    assert "/home/ada" not in content
    assert "Repair the login" not in content
    assert "Names are pseudonyms" in content


def test_another_time_zone(tacho: Tacho, tmp_path: Path) -> None:
    assert tacho("report", "html", "--no-ingest", "--tz", "Asia/Kolkata", "-o", "india.html") == 0, tacho.err
    content = (tmp_path / "india.html").read_text(encoding="utf-8")
    assert "times in Asia/Kolkata" in content
    assert "2026-11-14 14:30" in content  # the good session began at 9:00 UTC
    assert tacho("report", "html", "--no-ingest", "-o", "utc.html") == 0, tacho.err
    assert "2026-11-14 09:00" in (tmp_path / "utc.html").read_text(encoding="utf-8")


def test_new_logs_are_read_first_unless_told_otherwise(tacho: Tacho, stored: Looped) -> None:
    stored.work("2026-11-16T09:00:00Z")
    stored.claude.write()
    counts = []
    for more in (["--no-ingest"], []):
        assert tacho("report", "html", "--json", "-o", "r.html", *more) == 0, tacho.err
        counts.append(json.loads(tacho.out)["sessions"])
    assert counts == [12, 13]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--json", "-o", "-"], 2, "not for both"),
        (["--days", "0"], 2, "0 is not in the range"),
        (["--days", "4000"], 2, "4000 is not in the range"),
        (["--project", "nowhere"], 3, "There is no project 'nowhere'."),
        (
            ["--project", "ada"],
            2,
            "2 projects have 'ada' in their path.\nGive one of them as it is:\n  /home/ada/lab\n",
        ),
        (["--tz", "Mars/Olympus"], 2, "There is no time zone 'Mars/Olympus'."),
        (["-o", "missing/r.html"], 4, "Cannot write"),
    ],
)
def test_what_makes_no_sense(tacho: Tacho, arguments: list[str], code: int, words: str) -> None:
    assert tacho("report", "html", "--no-ingest", *arguments) == code
    assert words in tacho.err
    assert tacho.out == ""


def test_without_a_warehouse(tacho: Tacho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHO_DATA_DIR", str(tmp_path / "none"))
    assert tacho("report", "html", "--no-ingest") == 4
    assert "There is no warehouse yet." in tacho.err
    assert list(tmp_path.glob("*.html")) == []


def test_an_empty_machine_has_an_empty_report(
    tacho: Tacho, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACHO_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "no-logs"))
    assert tacho("report", "html", "--json") == 0, tacho.err
    told = json.loads(tacho.out)
    assert (told["sessions"], told["tokens"], told["usd"], told["cost_trend"]) == (0, 0, None, None)
    assert "No session and no response in these days." in (tmp_path / NAME).read_text(encoding="utf-8")
