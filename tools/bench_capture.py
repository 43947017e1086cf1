"""What looking at a repository of 10,000 files costs a command: both looks and the comparison, without the command.

    python tools/bench_capture.py [--files 10000] [--rounds 15]

Wall milliseconds, the best and the median of the rounds, and CPU of all processes together. Other work on the machine
makes walls longer, never shorter: the best is what counts, the CPU tells what is left of it elsewhere.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUDGET_MS = 85.0
IDENTITY = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "gc.auto=0"]
COMMANDS = {
    "nothing": ["true"],
    "one line more": ["sh", "-c", "echo x >> d1/s0/f1000.py"],
    "twenty files": ["sh", "-c", "for f in d2/s0/*0.py; do echo x >> $f; done; echo 1 > new-$$"],
    "commit": ["git", *IDENTITY, "commit", "-qam", "x", "--allow-empty"],
}


def make_repository(folder: Path, files: int) -> None:
    for number in range(files):
        place = folder / f"d{number // 1000}" / f"s{number // 100 % 10}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"f{number}.py").write_text("".join(f"line {line} of {number}\n" for line in range(40)))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run(["git", *IDENTITY, *command], cwd=folder, check=True)
    time.sleep(1.1)  # files of the index's own second are read again
    subprocess.run(["git", "status"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def spent() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def measure(folder: Path, command: list[str]) -> tuple[float, float]:
    """Wall and CPU of our part, in ms."""
    from tachograph.capture.repository import find_repository

    began, used = time.perf_counter(), spent()
    repository = find_repository(folder)
    assert repository is not None
    before = repository.snapshot()
    wall, cpu = time.perf_counter() - began, spent() - used
    started_at = int(time.time() * 1000)
    subprocess.run(command, cwd=folder, check=True)
    began, used = time.perf_counter(), spent()
    delta = repository.compare(before, repository.snapshot(), started_at)
    assert delta.files_touched is not None, delta.note
    return (wall + time.perf_counter() - began) * 1000, (cpu + spent() - used) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="tacho-bench-") as name:
        make_repository(Path(name), options.files)
        print(f"{options.files} files, {os.cpu_count()} processors; budget {BUDGET_MS:.0f} ms")
        for what, command in COMMANDS.items():
            rounds = [measure(Path(name), command) for _ in range(options.rounds)]
            walls = [wall for wall, _ in rounds]
            worst = max(worst, min(walls))
            print(
                f"{what:15} wall best {min(walls):6.1f}  median {statistics.median(walls):6.1f}"
                f"  CPU median {statistics.median(cpu for _, cpu in rounds):6.1f} ms"
            )
    return int(worst > BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
