"""What ``tacho run`` costs a command: the whole of it, and both looks at a repository of 10,000 files by themselves.

    python tools/bench_capture.py [--files 10000] [--rounds 15]

Wall milliseconds, the best and the median of the rounds; ``git status`` and bare Python are timed in the same rounds.
Other work on the machine makes walls longer, never shorter: the best is what counts.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

LOOKS_MS = 85.0
WHOLE_MS = 150.0
"""Of ``tacho run`` in a repository of 10,000 files …"""
START_MS = 60.0
"""… of which so much until the command is started where there is no repository, beyond bare Python."""
MODEL_MS = 30.0
"""What a model that scores each command may add."""
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


def time_looks(folder: Path, rounds: int) -> bool:
    """Print what looking costs; whether it is within the budget."""
    print(f"\nBoth looks and the comparison; budget {LOOKS_MS:.0f} ms")
    worst = 0.0
    for what, command in COMMANDS.items():
        measured = [measure(folder, command) for _ in range(rounds)]
        walls = [wall for wall, _ in measured]
        worst = max(worst, min(walls))
        cpu = statistics.median(cpu for _, cpu in measured)
        print(f"  {what:32} {describe(walls)}  CPU {cpu:6.1f} ms")
    return worst <= LOOKS_MS


class Case:
    """A command line that is timed."""

    def __init__(self, command: list[str], folder: Path, data: Path | None = None) -> None:
        self._command = command
        self._folder = folder
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._environment = {**kept, "TACHO_CONFIG": os.devnull} | ({"TACHO_DATA_DIR": str(data)} if data else {})
        self.walls: list[float] = []
        self.starts: list[float] = []
        """Until the command within it runs: it prints the time."""

    def run(self) -> None:
        began, start = time.perf_counter(), time.time_ns()
        done = subprocess.run(
            self._command, cwd=self._folder, env=self._environment, check=True, stdout=subprocess.PIPE
        )
        self.walls.append((time.perf_counter() - began) * 1000)
        if done.stdout.strip().isdigit():
            self.starts.append((int(done.stdout) - start) / 1e6)


def time_runs(folder: Path, rounds: int) -> bool:
    """Print what the whole of ``tacho run`` costs; whether it is within the budgets."""
    scratch = folder.parent / "data"
    run = [str(Path(sys.executable).with_name("tacho")), "run", "--", "date", "+%s%N"]
    cases = {
        "bare Python": Case([sys.executable, "-c", "pass"], folder),
        "git status": Case(["git", "status", "--porcelain"], folder),
        "tacho run, no repository": Case(run, folder.parent, scratch / "a"),
        "tacho run": Case(run, folder, scratch / "b"),
    }
    if activate_model(scratch / "c"):
        cases["tacho run, with an active model"] = Case(run, folder, scratch / "c")
    for number in range(rounds + 1):
        for what, case in cases.items():
            case.run()
            if what.endswith("model"):
                wait_for_scores(scratch / "c", number + 1)
    print("\nThe whole command, and until its own command runs")
    for what, case in cases.items():
        del case.walls[0], case.starts[:1]  # the first one compiled modules and made the store
        print(f"  {what:32} {describe(case.walls)}{f'  until then {describe(case.starts)}' if case.starts else ''} ms")
    return judge(cases)


def describe(measured: list[float]) -> str:
    return f"best {min(measured):6.1f}  median {statistics.median(measured):6.1f}"


def judge(cases: dict[str, Case]) -> bool:
    """Print what is asked for beside what there is; whether it is enough."""
    best = {what: min(case.walls) for what, case in cases.items()}
    start = min(cases["tacho run, no repository"].starts) - best["bare Python"]
    within = [("whole", best["tacho run"], WHOLE_MS), ("start-up beyond Python", start, START_MS)]
    if "tacho run, with an active model" in best:
        within.append(("the model's", best["tacho run, with an active model"] - best["tacho run"], MODEL_MS))
    print("  " + "; ".join(f"{what} {found:.0f} of {most:.0f} ms" for what, found, most in within))
    return all(found <= most for _, found, most in within)


def activate_model(data: Path) -> bool:
    """Train one on made-up commands and put it to use; whether that is possible here."""
    environment = {**os.environ, "TACHO_DATA_DIR": str(data), "TACHO_CONFIG": os.devnull}
    rows, model = str(data / "rows.csv"), str(data / "bench")
    data.mkdir(parents=True)
    for command in (
        ["generate", "--out", rows, "--rows", "2000"],
        ["train", "--dataset", rows, "--out-dir", model],
        ["activate", model],
    ):
        tacho = [sys.executable, "-P", "-m", "tachograph", "ml", *command]
        done = subprocess.run(tacho, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"Without a model: tacho ml {command[0]} says {done.stderr.strip()}", file=sys.stderr)
            return False
    return True


def wait_for_scores(data: Path, number: int) -> None:
    """Until the processes in the background are done: they would take part in what is timed next."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with closing(sqlite3.connect(data / "commands.sqlite")) as connection:
            if connection.execute("SELECT count(*) FROM scores").fetchone()[0] >= number:
                break
        time.sleep(0.1)
    time.sleep(0.2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tacho-bench-") as name:
        folder = Path(name) / "site"
        make_repository(folder, options.files)
        print(f"Capture: {options.files} files, {os.cpu_count()} processors")
        is_fast = [time_looks(folder, options.rounds), time_runs(folder, options.rounds)]
    return int(not all(is_fast))


if __name__ == "__main__":
    sys.exit(main())
