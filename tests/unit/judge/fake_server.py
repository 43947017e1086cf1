"""A model server on loopback that plays what a test tells it to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tachograph.judge import JudgeConfig

MODEL = "small:1b"
VERDICT = {"reasoning": "Turn 1 is fine.", "waste_categories": [], "verdict": "SIMILAR", "confidence": 0.5}

Play = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Plays the part that is set for the request's path; the last of several stays."""

    server: FakeServer

    def do_GET(self) -> None:
        self._play()

    def do_POST(self) -> None:
        self._play()

    def log_message(self, *_: Any) -> None:
        """Be silent."""

    def _play(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
        plays = self.server.plays.get(self.path, [status(404, b"404 page not found")])
        (plays.pop(0) if len(plays) > 1 else plays[0])(self)


class FakeServer(ThreadingHTTPServer):
    """Counts what it was asked: (method, path, headers, body)."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), Handler)
        self.plays: dict[str, list[Play]] = {}
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.closing = threading.Event()

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is no error here."""

    def on(self, path: str, *plays: Play) -> FakeServer:
        """Play these, one for each request."""
        self.plays[path] = list(plays)
        return self

    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.seen]

    def config(self, **fields: Any) -> JudgeConfig:
        given = {
            "endpoint": f"http://127.0.0.1:{self.server_port}", "model": MODEL, "probe_timeout": 20.0,
            "inference_timeout": 20.0, **fields,
        }  # fmt: skip
        return JudgeConfig(**given)


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[FakeServer]:
    """A server that is running."""
    server = FakeServer(host)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


# --------------------------------------------------------------------------------------------------- what it plays


def status(code: int, body: bytes = b"", **headers: str) -> Play:
    """A plain reply."""

    def play(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return play


def reply(record: Any) -> Play:
    """A reply in JSON."""
    return status(200, json.dumps(record).encode())


def tags(*names: str) -> Play:
    """Ollama's list of models."""
    return reply({"models": [{"name": name, "model": name, "size": 1} for name in names]})


def models(*names: str) -> Play:
    """OpenAI's list of models."""
    return reply({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


def chat(text: str, reason: str = "stop") -> Play:
    """Ollama's answer."""
    return reply(
        {"model": MODEL, "message": {"role": "assistant", "content": text}, "done": True, "done_reason": reason}
    )


def completion(text: str | None, reason: str = "stop", read: int | None = None) -> Play:
    """OpenAI's answer."""
    usage = None if read is None else {"prompt_tokens": read, "completion_tokens": 1}
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
    return reply({"choices": [choice], "usage": usage})


def chunked(body: bytes) -> Play:
    """A reply of unknown length, in pieces of seven bytes."""

    def play(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for at in range(0, len(body), 7):
            piece = body[at : at + 7]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")

    return play


def raw(head: bytes) -> Play:
    """Bytes as they are, then the end."""

    def play(handler: Handler) -> None:
        handler.wfile.write(head)

    return play


def silent() -> Play:
    """Nothing, until the test is over."""

    def play(handler: Handler) -> None:
        handler.server.closing.wait(60)

    return play


def trickle(head: bytes) -> Play:
    """``head``, then a byte every 10 milliseconds without end."""

    def play(handler: Handler) -> None:
        with suppress(OSError):
            handler.wfile.write(head)
            while not handler.server.closing.is_set():
                handler.wfile.write(b"x")
                time.sleep(0.01)

    return play


def good(server: FakeServer, **verdict: Any) -> FakeServer:
    """Ollama with the model and an answer."""
    text = json.dumps({**VERDICT, **verdict})
    return server.on("/api/tags", tags(MODEL)).on("/api/chat", chat(text))
