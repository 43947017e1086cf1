"""A real server in a process of its own, and what one can send to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from tests.web.test_guard import REQUIRED

GUARD = """
import os, sys
def _write(line):
    descriptor = os.open(os.environ["TACHO_TEST_REPORT"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, (line + "\\n").encode())
    os.close(descriptor)
def _note(event, args):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        _write(f"{event} {args[1:]!r}")
_write(f"process {os.getpid()}")
sys.addaudithook(_note)
"""
SRC = Path(__file__).parents[2] / "src"


class Server:
    """``tacho serve`` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, report: Path | None = None, prelude: str = "") -> None:
        environment = {**os.environ, "TACHO_DATA_DIR": str(folder), "PYTHONUNBUFFERED": ""}
        if report is not None:
            hook = folder.parent / "hook"
            hook.mkdir()
            (hook / "sitecustomize.py").write_text(GUARD)
            environment |= {"PYTHONPATH": f"{hook}{os.pathsep}{SRC}", "TACHO_TEST_REPORT": str(report)}
        program = f"import sys; {prelude or 0}; from tachograph.cli._frame import run; sys.exit(run(sys.argv[1:]))"
        command = [sys.executable, "-c", program, "serve", "--port", "0", "--json", *arguments]
        self.folder = folder
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        lines = []
        while not lines or lines[-1] != "}\n":
            lines.append(self.process.stdout.readline())
            assert lines[-1], self.process.communicate()[1]
        self.told: dict[str, Any] = json.loads("".join(lines))
        self.port: int = self.told["port"]
        self.cookie = self.let_in(self.told["url"])

    def ask(self, target: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        """One request as a browser would make it."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, headers=headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def let_in(self, url: str) -> str:
        answer, _ = self.ask(url.partition(str(self.port))[2])
        return (answer.headers["Set-Cookie"] or "").partition(";")[0]

    def get(self, target: str) -> tuple[HTTPResponse, bytes]:
        return self.ask(target, Cookie=self.cookie)

    def raw(self, request: bytes, seconds: float = 30.0) -> bytes:
        """All that comes back for some bytes until the server ends the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(request)
            found = b""
            while part := connection.recv(65536):
                found += part
            return found

    def end(self, how: int = signal.SIGTERM) -> float:
        """Stop it; the seconds that it took."""
        started = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(60)
        return time.monotonic() - started

    def close(self) -> str:
        """Stop it if it still runs; what it has said on stderr."""
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        return self.process.communicate()[1]


def heads_of(answer: bytes) -> list[tuple[int, dict[str, str]]]:
    """Status and headers of each answer in a stream."""
    found = []
    while answer:
        head, _, rest = answer.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        found.append((int(line.split()[1]), headers))
        answer = rest[int(headers.get("content-length", len(rest))) :]
    return found


def assert_all_refused(answer: bytes, *statuses: int) -> None:
    found = heads_of(answer)
    assert tuple(status for status, _ in found) == statuses, answer
    assert b"orchard" not in answer
    assert b"Prune" not in answer
    for _, headers in found:
        assert {name: headers.get(name) for name in REQUIRED} == REQUIRED
        assert "server" not in headers
        assert headers["cache-control"] == "no-store"
