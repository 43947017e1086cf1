"""From a command to its label: a change made under ``tacho run`` is committed, and the export says that it survived."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path


def tacho(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tachograph", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


def test_a_change_that_was_committed_is_exported_as_survived(home: Path) -> None:
    repo = home / "site"
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    run = tacho("run", "--", "sh", "-c", "echo one > a.txt", cwd=repo)
    assert run.returncode == 0, run.stderr
    before = tacho("commands", "export", "--with-labels", cwd=repo)
    for command in (["add", "-A"], ["commit", "-qm", "a"]):
        subprocess.run(["git", *who, *command], cwd=repo, check=True)
    after = tacho("commands", "export", "--with-labels", cwd=repo)
    told = [
        [(row["lines_added"], row["productivity_label"], row["label_kind"], row["label_source"]) for row in rows]
        for rows in (csv.DictReader(done.stdout.splitlines()) for done in (before, after))
    ]
    assert told == [[("1", "", "", "")], [("1", "100", "outcome", "survival")]]
