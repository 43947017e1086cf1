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
