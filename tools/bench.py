"""Measure tacho on a corpus of any size: speed, memory, size of the store. ``make bench ARGS="--size 1000"``.

The corpus is made of real logs (``--source``, by default ../shared/data beside the checkout, else the demo's logs),
copied as often as it takes, each copy with ids of its own, so that nothing collapses into one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
MB = 1_000_000
_UUID = re.compile(rb"(?<![0-9a-f])([0-9a-f]{8})(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_PREFIXED = re.compile(rb"((?:msg|req|toolu|call|fc|ws|resp)_[A-Za-z0-9]{2})([A-Za-z0-9]{4})")


CHECKS = """
tool_limits: {Bash: 10000, "mcp__*": 10000}
category_limits: {shell: 10000}
token_budget: {max_input: 1000000000}
duration: {max_active_seconds: 1000000}
max_turns: 10000
required_tools: [Read]
banned_tools: [Nothing, "rm -rf", "DROP DATABASE"]
banned_commands: [git push --force, sudo, "/curl .*[|] *sh/"]
expected_files: ["*.md"]
read_files: ["*.md"]
tool_sequence: [read, edit, {category: shell, status: ok}]
max_error_rate: 1
final_text: {matches: .}
"""
"""Every key but those that take prices."""


class Measurement:
    """One run of a command: wall and CPU seconds of all its processes, and the most memory they held together."""

    def __init__(self, command: list[str], environment: dict[str, str], may_fail: bool = False) -> None:
        started = time.perf_counter()
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.peak = 0
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        assert self.process.stdout is not None
        self.output = self.process.stdout.read()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.perf_counter() - started
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = max(self.peak, usage.ru_maxrss * 1024)
        if self.process.returncode not in ((0, 1) if may_fail else (0,)):
            sys.exit(f"{' '.join(command)} ended with {self.process.returncode}")

    def _watch(self) -> None:
        while self.process.returncode is None:
            total = sum(resident_bytes(pid) for pid in tree(self.process.pid))
            self.peak = max(self.peak, total)
            time.sleep(0.02)


def tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{task}/children").read_text().split()
            for child in children:
                found += tree(int(child))
    except OSError:
        pass
    return found


def resident_bytes(pid: int) -> int:
    """Resident memory; pages that processes share count in each (an upper bound)."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def build_corpus(source: Path, target: Path, size: int) -> int:
    """Copy the logs under ``source`` with fresh ids until there are ``size`` bytes; returns the bytes written."""
    logs = [path for path in sorted(source.rglob("*.jsonl")) if "other_home" not in path.parts]
    if not logs:
        sys.exit(f"no logs under {source}")
    written = copy = 0
    while written < size:
        for path in logs:
            if written >= size:
                break
            relative = refresh(str(path.relative_to(source)).encode(), copy).decode()
            parts = Path(relative).parts
            place = (
                target
                / parts[0]
                / Path(*(f"{p}-{copy}" if n == 1 and "claude" in parts[0] else p for n, p in enumerate(parts[1:])))
            )
            place.parent.mkdir(parents=True, exist_ok=True)
            written += place.write_bytes(refresh(path.read_bytes(), copy))
        copy += 1
    return written


def refresh(data: bytes, copy: int) -> bytes:
    """``data`` with every id changed, in the same way for the same ``copy``; lengths stay."""
    mask = (copy * 0x9E3779B1) & 0xFFFFFFFF
    data = _UUID.sub(lambda m: b"%08x" % (int(m[1], 16) ^ mask) + m[2], data)
    code = b"%04d" % copy
    return _PREFIXED.sub(lambda m: m[1] + code, data) if copy else data


def main() -> None:
    """Build the corpus, run everything, print a table (``--json``: an object)."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=1000, help="size of the corpus in MB (default 1000)")
    parser.add_argument("--source", type=Path, default=CHECKOUT.parent / "shared" / "data", help="logs to copy from")
    parser.add_argument("--files", type=int, default=10_000, help="files for the run in which nothing changed")
    parser.add_argument("--jobs", type=int, default=0, help="reading processes (default: one a core)")
    parser.add_argument("--times", type=int, default=5, help="runs of each short command, of which the best counts")
    parser.add_argument("--keep", type=Path, help="build the corpus there and keep it (used again when it exists)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tacho-bench-") as scratch:
        results = run(options, Path(scratch))
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        for name, values in results.items():
            print(f"{name:28} " + "  ".join(f"{key} {value}" for key, value in values.items()))


def run(options: argparse.Namespace, scratch: Path) -> dict[str, dict[str, object]]:
    """All measurements, by name."""
    corpus = options.keep or scratch / "corpus"
    source = options.source if options.source.is_dir() else demo_logs(scratch)
    if not corpus.exists():
        build_corpus(source, corpus, options.size * MB)
    size = sum(path.stat().st_size for path in corpus.rglob("*") if path.is_file())
    store = scratch / "store"
    environment = {
        **os.environ,
        "CLAUDE_CONFIG_DIR": str(corpus / "claude_home"),
        "CODEX_HOME": str(corpus / "codex_home"),
        "TACHO_DATA_DIR": str(store),
        "HOME": str(scratch),
    }
    tacho = [sys.executable, "-m", "tachograph"]
    ingest = [*tacho, "ingest", "--json", *(["--jobs", str(options.jobs)] if options.jobs else [])]
    results: dict[str, dict[str, object]] = {"corpus": {"MB": round(size / MB), "files": count_files(corpus)}}
    cold = Measurement(ingest, environment)
    results["cold ingestion"] = {**numbers(cold), "MB per CPU second": round(size / MB / cold.cpu)}
    results["store"] = {"share of the logs": f"{100 * store_size(store) / size:.2f} %"}
    results["unchanged"] = numbers(Measurement(ingest, environment))
    results["one session grown"] = numbers(grow(corpus, ingest, environment))
    for name, arguments in (
        ("--version", ["--version"]),
        ("cost --no-ingest", ["cost", "--no-ingest"]),
        ("sessions --no-ingest", ["sessions", "--no-ingest"]),
        ("overview --no-ingest", ["overview", "--no-ingest"]),
    ):
        results[name] = best_of(options.times, [*tacho, *arguments], environment)
    results |= go_round([*tacho, "learn", "--json"], corpus, environment)
    results |= check(corpus, scratch, tacho, environment, options.times, size)
    results[f"unchanged, {options.files} files"] = many_files(
        scratch, options.files, options.times, ingest, environment
    )
    return results


def go_round(learn: list[str], corpus: Path, environment: dict[str, str]) -> dict[str, dict[str, object]]:
    """The loop over the whole history, again when nothing has changed, and after one session grew."""
    results = {"loop, first round": numbers(Measurement(learn, environment))}
    results["loop, nothing changed"] = numbers(Measurement(learn, environment))
    results["loop, one session grown"] = numbers(grow(corpus, learn, environment))
    return results


def numbers(run: Measurement) -> dict[str, object]:
    """A measurement for the table."""
    return {"wall s": round(run.wall, 3), "CPU s": round(run.cpu, 3), "peak MB": round(run.peak / MB)}


def best_of(times: int, command: list[str], environment: dict[str, str]) -> dict[str, object]:
    """The best of several runs: what the command needs, without what else the machine did."""
    runs = [Measurement(command, environment) for _ in range(times)]
    best = min(runs, key=lambda run: run.cpu)
    return {"wall ms": round(1000 * min(run.wall for run in runs)), "CPU ms": round(1000 * best.cpu)}


def check(
    corpus: Path, scratch: Path, tacho: list[str], environment: dict[str, str], times: int, size: int
) -> dict[str, dict[str, object]]:
    """``tacho check`` on one log of about 4 MB, without a warehouse, and on all of them in one pass."""
    (scratch / "checks.yaml").write_text(CHECKS)
    (scratch / "priced.yaml").write_text(CHECKS + "cost_budget: {max_usd: 1000}\nno_findings: true\n")
    environment = {**environment, "TACHO_DATA_DIR": str(scratch / "nothing")}

    def run(file: str, *targets: Path) -> Measurement:
        command = [*tacho, "check", *map(str, targets), "--expect", str(scratch / file), "--json"]
        return Measurement(command, environment, may_fail=True)

    log = medium_log(corpus)
    results: dict[str, dict[str, object]] = {}
    for name, file in (("check, 4 MB", "checks.yaml"), ("check, 4 MB, priced", "priced.yaml")):
        best = min((run(file, log) for _ in range(times)), key=lambda one: one.cpu)
        results[name] = {"wall ms": round(1000 * best.wall), "CPU ms": round(1000 * best.cpu)}
    homes = [home for home in (corpus / "claude_home", corpus / "codex_home") if home.is_dir()]
    whole = run("priced.yaml", *homes)
    results["check, all logs"] = {**numbers(whole), "MB per CPU second": round(size / MB / whole.cpu)}
    return results


def medium_log(corpus: Path) -> Path:
    """The main session's log whose size is nearest to 4 MB."""
    logs = [path for path in corpus.rglob("*.jsonl") if "claude_home" in path.parts and "subagents" not in path.parts]
    return min(logs, key=lambda path: (abs(path.stat().st_size - 4 * MB), path))


def grow(corpus: Path, ingest: list[str], environment: dict[str, str]) -> Measurement:
    """Append a few lines to a session of about 4 MB and ingest."""
    log = medium_log(corpus)
    lines = [
        line
        for line in log.read_bytes().splitlines(keepends=True)[-400:]
        if b'"assistant"' in line or b'"user"' in line
    ]
    with log.open("ab") as file:
        file.write(b"".join(refresh(line, 9999) for line in lines[:5]))
    return Measurement(ingest, environment)


def many_files(
    scratch: Path, files: int, times: int, ingest: list[str], environment: dict[str, str]
) -> dict[str, object]:
    """Ingest ``files`` small sessions, then again when nothing has changed; the second run's numbers."""
    home = scratch / "many"
    line = (
        '{"type":"user","uuid":"%s","sessionId":"%s","timestamp":"2026-01-01T00:00:00.000Z","cwd":"/home/dev/p",'
        '"message":{"role":"user","content":"hello"}}\n'
    )
    for number in range(files):
        session = f"{number:08x}-0000-4000-8000-000000000000"
        folder = home / "projects" / f"-home-dev-p{number % 40}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{session}.jsonl").write_text(line % (session, session))
    environment = {
        **environment,
        "CLAUDE_CONFIG_DIR": str(home),
        "CODEX_HOME": str(scratch / "none"),
        "TACHO_DATA_DIR": str(scratch / "many-store"),
    }
    Measurement(ingest, environment)
    return best_of(times, ingest, environment)


def demo_logs(scratch: Path) -> Path:
    """Logs of the demo history, for machines without real ones."""
    environment = {**os.environ, "TACHO_DATA_DIR": str(scratch / "demo"), "HOME": str(scratch)}
    subprocess.run(
        [sys.executable, "-m", "tachograph", "demo", "--json"], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    logs = scratch / "demo" / "demo" / "logs"
    for name, home in (("projects", "claude_home"), ("sessions", "codex_home")):
        shutil.copytree(logs / name, scratch / "source" / home / name)
    return scratch / "source"


def count_files(folder: Path) -> int:
    """Log files under ``folder``."""
    return sum(1 for _ in folder.rglob("*.jsonl"))


def store_size(folder: Path) -> int:
    """Bytes of the warehouse, write-ahead log included."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


if __name__ == "__main__":
    main()
