"""Repositories for tests: made by real git, and a look at a command as ``tacho run`` takes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from tachograph.capture.repository import find_repository
from tachograph.model import RepoDelta

AUTHOR = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "gc.auto", "GIT_CONFIG_VALUE_0": "0",
}  # fmt: skip
BASE = """
git init -q -b main .
printf 'one\\ntwo\\nthree\\n' > a.txt
printf 'one\\ntwo\\nthree\\n' > b.txt
mkdir -p dir/deep
seq 1 20 > dir/c.txt
seq 21 60 > dir/deep/d.txt
printf 'a\\0b' > bin.dat
printf '*.log\\nbuild/\\n' > .gitignore
git add -A
git commit -q -m first
printf 'four\\n' >> a.txt
git commit -q -a -m second
"""
"""Two commits; a.txt of 4 lines, b.txt 3, dir/c.txt 20, dir/deep/d.txt 40, bin.dat not text."""
LONG_AGO = "2024-03-01T12:00:00+0000"


def run_shell(folder: Path, script: str, **variables: str) -> str:
    """What ``script`` writes; it must succeed."""
    done = subprocess.run(
        ["bash", "-c", f"set -e\n{script}"],
        cwd=folder,
        env={**os.environ, **AUTHOR, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout.decode("utf-8", "replace")


def make_base(folder: Path) -> Path:
    """The repository of BASE, its commits dated long ago."""
    folder.mkdir()
    run_shell(folder, BASE, GIT_AUTHOR_DATE=LONG_AGO, GIT_COMMITTER_DATE=LONG_AGO)
    return folder


def copy_repository(source: Path, target: Path) -> Path:
    """The same repository at another place, with its times."""
    return Path(shutil.copytree(source, target, symlinks=True))


def look_at(folder: Path, script: str, repository: Path | None = None, seconds: float = 30.0) -> RepoDelta:
    """What ``script``, run in ``folder``, changes in the repository around it; checks that looking writes nothing."""
    found = find_repository(folder)
    assert found is not None
    held = repository or folder
    untouched = list_everything(held)
    before = found.snapshot(seconds)
    assert list_everything(held) == untouched
    started_at = int(time.time() * 1000)
    run_shell(folder, script)
    untouched = list_everything(held)
    after = found.snapshot(seconds)
    delta = found.compare(before, after, started_at)
    assert list_everything(held) == untouched
    return delta


def list_everything(folder: Path) -> dict[bytes, tuple[int, ...]]:
    """Every file and folder below, with what tells that one was written, made anew or replaced."""
    found = {}
    for place, folders, names in os.walk(os.fsencode(folder)):
        for name in (*folders, *names, b"."):
            path = os.path.join(place, name)
            status = os.lstat(path)
            found[path] = (status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return found


def numbers(delta: RepoDelta) -> tuple[int | None, ...]:
    """Files touched, lines added, lines deleted, binary files, renames, commits."""
    return (
        delta.files_touched, delta.lines_added, delta.lines_deleted, delta.binary_files, delta.renames, delta.commits,
    )  # fmt: skip
