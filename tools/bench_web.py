"""Measure the dashboard on a large history: ``make bench-web``, or ``make bench-web ARGS="--sessions 10000"``.

Several readers ask for pages at random (ranges, projects, filters, sorts, sessions) while a session grows and new ones
come, so that the watcher ingests all the time. Told are wall times as a client on this machine sees them, and the
memory of the server and of its worker.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).parent))
from bench import resident_bytes, tree
from big_history import build

MUST_MS = 150
GOAL_MS = 50


def main() -> None:
    """Build, serve, read, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--store", type=Path, help="a folder with a history made before (it is copied); else one is made"
    )
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds that a reader looks at a page; 0: none")
    parser.add_argument("--in-place", action="store_true", help="use the folder of --store itself: it is changed")
    parser.add_argument("--quiet-logs", action="store_true", help="no session grows meanwhile")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tacho-bench-web-") as folder:
        home = Path(folder)
        data = options.store if options.in_place else home / "data"
        if options.store is None:
            build(data, options.sessions, options.calls, 730)
        elif data != options.store:
            shutil.copytree(options.store, data)
        report = Bench(home, data, options).run()
    tell(report, as_json=options.json)


class Bench:
    """One run."""

    def __init__(self, home: Path, data: Path, options: argparse.Namespace) -> None:
        self.home = home
        self.data = data
        self.options = options
        self.times: dict[str, list[float]] = defaultdict(list)
        self.failures: list[str] = []
        self.memory: list[tuple[int, int]] = []
        self.stop = threading.Event()
        with sqlite3.connect(data / "warehouse.sqlite") as store:
            rows = store.execute("SELECT id FROM sessions WHERE kind = 'main' ORDER BY random() LIMIT 400")
            self.sessions = [row[0] for row in rows]
            self.projects = [row[0] for row in store.execute("SELECT DISTINCT project FROM sessions LIMIT 100")]
            self.counts = store.execute("SELECT count(*), sum(tool_calls) FROM sessions").fetchone()

    def run(self) -> dict[str, object]:
        """Serve and read; returns what was measured."""
        environment = os.environ | {
            "HOME": str(self.home), "TACHO_DATA_DIR": str(self.data), "TZ": "Europe/Berlin",
            "CLAUDE_CONFIG_DIR": str(self.home / "claude"), "CODEX_HOME": str(self.home / "codex"),
        }  # fmt: skip
        (self.home / "claude" / "projects").mkdir(parents=True)
        started = time.monotonic()
        server = subprocess.Popen(
            [sys.executable, "-m", "tachograph", "serve", "--port", "0", "--json"],
            env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            url = urlsplit(json.loads("".join(iter(server.stdout.readline, "}\n")) + "}")["url"])
            up = time.monotonic() - started
            self.host, self.port = url.hostname, url.port
            self.cookie = self._enter(f"{url.path}?{url.query}")
            while self._get(self._connect(), "/api/v1/overview")[0] != 200:
                time.sleep(0.5)
            ready = time.monotonic() - started
            before = cpu_seconds(server.pid)
            threads = [threading.Thread(target=self._read) for _ in range(self.options.readers)]
            threads += [threading.Thread(target=self._watch_memory, args=(server.pid,))]
            if not self.options.quiet_logs:
                threads.append(threading.Thread(target=self._write_logs))
            for thread in threads:
                thread.start()
            time.sleep(self.options.seconds)
            self.stop.set()
            for thread in threads:
                thread.join()
            used = cpu_seconds(server.pid) - before
            idle = self._idle(server.pid)
        finally:
            server.terminate()
            server.wait(20)
        return {
            "sessions": self.counts[0], "tool_calls": self.counts[1], "readers": self.options.readers,
            "pause": self.options.pause, "seconds_until_up": up, "seconds_until_ready": ready, "pages": self._summary(),
            "failures": self.failures[:5], "failed": len(self.failures),
            "server_mb": [self.memory[0][0], max(m[0] for m in self.memory), self.memory[-1][0]],
            "all_mb_max": max(m[1] for m in self.memory), "server_cpu_share": used / self.options.seconds, **idle,
        }  # fmt: skip

    def _enter(self, path: str) -> str:
        connection = self._connect()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.headers["Set-Cookie"].partition(";")[0]

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=60)

    def _get(self, connection: http.client.HTTPConnection, path: str) -> tuple[int, int]:
        connection.request("GET", path, headers={"Cookie": self.cookie})
        answer = connection.getresponse()
        return answer.status, len(answer.read())

    def _read(self) -> None:
        connection, rng = self._connect(), random.Random()
        self.stop.wait(rng.uniform(0, self.options.pause))
        while not self.stop.is_set():
            name, path = self._choose(rng)
            begun = time.perf_counter()
            status, _ = self._get(connection, path)
            took = (time.perf_counter() - begun) * 1000
            self.times[name].append(took)
            if status != 200:
                self.failures.append(f"{status} {path}")
            self.stop.wait(rng.uniform(0.5, 1.5) * self.options.pause)

    def _choose(self, rng: random.Random) -> tuple[str, str]:
        """A page and its address: half of them as they open, half with other ranges, filters and sorts."""
        makers: dict[str, Callable[[], dict[str, object]]] = {
            "overview": dict, "waste": dict, "models": dict, "trends": dict, "suggestions": dict, "doctor": dict,
            "how-we-count": dict,
            "tools": lambda: {"sort": rng.choice(["calls", "errors", "cost"])},
            "sessions": lambda: {
                "sort": rng.choice(["recent", "cost", "tokens", "turns", "waste"]), "page": rng.choice([1, 2, 40]),
                "q": rng.choice(["", "", "parser", "deploy the cache"]), "verdict": rng.choice(["", "", "above_p75"]),
            },
        }  # fmt: skip
        if rng.random() < 0.25:
            return "session", "/session?" + urlencode({"id": rng.choice(self.sessions)})
        name = rng.choice(list(makers))
        query = {key: value for key, value in makers[name]().items() if value} if rng.random() < 0.5 else {}
        if rng.random() < 0.5:
            query["range"] = rng.choice(["7d", "90d", "365d", "all"])
            if rng.random() < 0.3:
                query["project"] = rng.choice(self.projects)
        return name, ("/" if name == "overview" else f"/{name}") + ("?" + urlencode(query) if query else "")

    def _watch_memory(self, pid: int) -> None:
        while not self.stop.wait(0.5):
            parts = [resident_bytes(one) for one in tree(pid)]
            self.memory.append((parts[0] // 1_000_000, sum(parts) // 1_000_000))

    def _write_logs(self) -> None:
        """A log of 4 MB that grows by some lines twice a second, and a new one every five seconds."""
        folder = self.home / "claude" / "projects" / "-home-dev-code-live"
        folder.mkdir(parents=True)
        live = Log(folder)
        live.grow(4_000_000)
        rounds = 0
        while not self.stop.wait(0.5):
            live.grow(6_000)
            rounds += 1
            if rounds % 10 == 0:
                Log(folder).grow(300_000)

    def _idle(self, pid: int) -> dict[str, float]:
        """CPU share and memory when nobody reads and nothing grows; the worker has a minute to end."""
        time.sleep(70)
        begun, used = time.monotonic(), cpu_seconds(pid)
        time.sleep(30)
        share = (cpu_seconds(pid) - used) / (time.monotonic() - begun)
        return {"idle_cpu_share": share, "idle_mb": sum(resident_bytes(one) for one in tree(pid)) / 1e6}

    def _summary(self) -> dict[str, dict[str, float]]:
        everything = {**self.times, "all": [one for times in self.times.values() for one in times]}
        return {
            name: {"requests": len(times), **{f"p{q}": quantile(times, q) for q in (50, 95, 99)}, "max": max(times)}
            for name, times in sorted(everything.items())
        }


class Log:
    """A transcript of Claude Code that grows."""

    def __init__(self, folder: Path) -> None:
        self.session = f"{random.getrandbits(32):08x}-0000-4000-8000-{random.getrandbits(48):012x}"
        self.file = folder / f"{self.session}.jsonl"
        self.number = 0

    def grow(self, size: int) -> None:
        """Add at least ``size`` bytes of whole lines."""
        lines: list[str] = []
        while sum(map(len, lines)) < size:
            lines += self._step()
        with self.file.open("a") as file:
            file.write("".join(lines))

    def _step(self) -> list[str]:
        self.number += 1
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        common = {"sessionId": self.session, "cwd": "/home/dev/code/live", "version": "2.1.0", "timestamp": now,
                  "gitBranch": "main", "isSidechain": False, "userType": "external"}  # fmt: skip
        call = f"toolu_{self.session[:8]}{self.number}"
        usage = {
            "input_tokens": 9,
            "cache_creation_input_tokens": 800,
            "cache_read_input_tokens": 30_000,
            "output_tokens": 250,
        }
        said = {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": f"make test-{self.number % 9}"}}
        answer = {"id": f"msg_{self.session[:8]}{self.number}", "type": "message", "role": "assistant",
                  "model": "claude-sonnet-4-5", "content": [said], "stop_reason": "tool_use",
                  "usage": usage}  # fmt: skip
        result = {"type": "tool_result", "tool_use_id": call, "content": "all is well, " * 40}
        records: list[dict[str, object]] = []
        if self.number % 40 == 1:
            records.append({"type": "user", "message": {"role": "user", "content": f"Step {self.number}: go on."}})
        records += [
            {"type": "assistant", "message": answer, "requestId": f"req_{self.session[:8]}{self.number}"},
            {"type": "user", "message": {"role": "user", "content": [result]}},
        ]
        return [
            json.dumps({**common, **r, "uuid": f"{self.session[:8]}-{self.number}-{n}"}) + "\n"
            for n, r in enumerate(records)
        ]


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and of all its children, those that ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    total = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return total + sum(cpu_seconds(child) for child in tree(pid)[1:] if Path(f"/proc/{child}").exists())


def quantile(values: list[float], percent: int) -> float:
    """The value below which ``percent`` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def tell(report: dict[str, object], *, as_json: bool) -> None:
    """Print what was measured."""
    if as_json:
        print(json.dumps(report, indent=2))
        return
    print(f"{report['sessions']:,} sessions, {report['tool_calls']:,} tool calls")
    print(f"{report['readers']} readers, {report['pause']:g} s between pages")
    print(f"up after {report['seconds_until_up']:.1f} s, rollups ready after {report['seconds_until_ready']:.1f} s")
    for name, row in report["pages"].items():
        verdict = "goal" if row["p95"] <= GOAL_MS else "must" if row["p95"] <= MUST_MS else "MISSED"
        print(f"{name:14} {row['requests']:6} p50 {row['p50']:6.0f} p95 {row['p95']:6.0f} p99 {row['p99']:6.0f}"
              f" max {row['max']:6.0f} ms  {verdict}")  # fmt: skip
    print(f"failed {report['failed']} {report['failures']}")
    first, most, last = report["server_mb"]
    print(
        f"server {first} MB at first, {most} MB at most, {last} MB at last;"
        f" with its worker {report['all_mb_max']} MB at most"
    )
    print(
        f"CPU under load {report['server_cpu_share']:.2f};"
        f" idle {report['idle_cpu_share']:.4f}, {report['idle_mb']:.0f} MB"
    )


if __name__ == "__main__":
    main()
