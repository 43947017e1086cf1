from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

LINE = "DB_PASSWORD=q1w2e3 and --password s3cr3t-0\n"
CLEAN = "DB_PASSWORD=[redacted:assignment-env] and --password [redacted:assignment-flag]\n"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text(f"Überblick\n{LINE}", encoding="utf-8")
    return path


def redact_bytes(data: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """``tacho redact -`` as its own process."""
    command = [sys.executable, "-m", "tachograph", "redact", "-", *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=False)


def test_prints_the_text_without_its_secrets_and_leaves_the_file(tacho: Tacho, note: Path) -> None:
    before = note.read_bytes()
    assert tacho("redact", str(note)) == 0
    assert (tacho.out, tacho.err) == (f"Überblick\n{CLEAN}", "")
    assert note.read_bytes() == before


def test_nothing_is_stored(tacho: Tacho, note: Path, home: Path) -> None:
    assert tacho("redact", str(note)) == 0
    assert not (home / "tachograph").exists()


def test_counts_go_to_stderr_on_demand(tacho: Tacho, note: Path) -> None:
    assert tacho("redact", str(note), "--count") == 0
    assert tacho.out == f"Überblick\n{CLEAN}"
    assert tacho.err == "2 secrets replaced:\n     1  assignment-env\n     1  assignment-flag\n"
    note.write_text("DB_PASSWORD=q1w2e3\n")
    assert tacho("redact", str(note), "--count") == 0
    assert tacho.err == "1 secret replaced:\n     1  assignment-env\n"
    note.write_text("nothing\n")
    assert tacho("redact", str(note), "--count") == 0
    assert tacho.err == "No secret was found.\n"


def test_json_has_the_counts_and_no_text(tacho: Tacho, note: Path) -> None:
    note.write_text(f"{LINE}DB_PASSWORD=w2e3r4\n")
    assert tacho.json("redact", str(note)) == {
        "schema": "tachograph.redact/1",
        "file": str(note),
        "characters": len(CLEAN) + len("DB_PASSWORD=[redacted:assignment-env]\n"),
        "secrets": 3,
        "kinds": [{"kind": "assignment-env", "count": 2}, {"kind": "assignment-flag", "count": 1}],
    }
    assert "q1w2e3" not in tacho.out


def test_standard_input_comes_out_byte_for_byte(tmp_path: Path) -> None:
    answer = redact_bytes(b"\xff\xfe-not-\xe9 DB_PASSWORD=q1w2e3\r\n\x1b[0m\x00 end"[2:])
    assert answer.stdout == b"-not-\xe9 DB_PASSWORD=[redacted:assignment-env]\r\n\x1b[0m\x00 end"
    assert (answer.stderr, answer.returncode) == (b"", 0)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_in_utf_16_does_not_slip_through(tacho: Tacho, note: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    note.write_bytes(f"{mark}Überblick {LINE}".encode(encoding))
    assert tacho("redact", str(note)) == 0
    assert tacho.out == f"Überblick {CLEAN}"
    note.write_bytes(f"Überblick {LINE}".encode("utf-16-le"))
    assert tacho("redact", str(note)) == 4
    assert tacho.out == ""
    assert "is not text in UTF-8" in tacho.err


def test_terminal_is_not_steered_by_the_text(tacho: Tacho, note: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note.write_text(f"a\x1b[31mb\r\n{LINE}\ttab\n", newline="")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert tacho("redact", str(note)) == 0
    assert tacho.out == f"a\ufffd[31mb\n{CLEAN}\ttab\n"


def test_file_that_is_not_there(tacho: Tacho, tmp_path: Path) -> None:
    assert tacho("redact", str(tmp_path / "none")) == 3
    assert "There is no file" in tacho.err


def test_file_that_cannot_be_read(tacho: Tacho, tmp_path: Path) -> None:
    assert tacho("redact", str(tmp_path)) == 4
    assert tacho.err == f"tacho: Cannot read {tmp_path}: Is a directory.\n"


def test_one_file_has_to_be_named(tacho: Tacho) -> None:
    assert tacho("redact") == 2
