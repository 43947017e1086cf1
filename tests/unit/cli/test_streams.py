"""Output that has no place to go: told in a sentence, or not at all, and never taken for a bug."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = "import sys; from tachograph.cli._frame import run; sys.exit(run(sys.argv[1:]))"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "e.yaml"
    path.write_text("max_turns: 1")
    return path


def _close() -> None:
    os.close(1)
    os.close(2)


@pytest.mark.skipif(sys.platform == "win32", reason="no closed streams")
def test_closed_streams_are_no_bug(file: Path) -> None:
    command = [sys.executable, "-c", RUN, "expect", "explain", str(file)]
    assert subprocess.run(command, preexec_fn=_close, check=False).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_full_device_is_told(file: Path, form: list[str]) -> None:
    command = [sys.executable, "-c", RUN, "expect", "explain", str(file), *form]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (4, "tacho: no space is left on the device.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is in use cannot be deleted")
def test_a_deleted_current_folder_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    arguments = ["ml", "generate", "--rows", "5", "--out", "rows.csv"]
    code = f"import os; os.rmdir({str(folder)!r}); {RUN}"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    told = "tacho: the current folder does not exist any more.\nChange to one that does.\n"
    assert (done.returncode, done.stderr) == (4, told)
