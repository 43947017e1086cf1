"""A stand-in for both model APIs on loopback: it keeps every request and answers what the test says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Body = dict[str, Any]


class Call(NamedTuple):
    """A tool that the model wants to use; ``namespace`` is for Codex, which keeps some tools in one."""

    tool: str
    input: Body
    namespace: str = ""


Answer = str | Call
INPUT = 20_000
"""Tokens of the first request, as the answer says; every further one has one more.

So no two sessions count the same: in Codex, same counts would pass for a fork's copy of what its parent used.
"""


def say_done(_: Body) -> Answer:
    """Answer every request with one word."""
    return "Done."


@dataclass
class Asked:
    """One request for an answer; ``at`` in seconds since 1970, ``headers`` by their names in lower case."""

    at: float
    headers: dict[str, str]
    body: Body

    @property
    def session(self) -> str:
        """The native id of the session that asks; a subagent's is its own in Codex, its parent's in Claude Code."""
        return self.headers.get("thread-id") or self.headers.get("x-claude-code-session-id", "")

    def holds(self, text: str) -> bool:
        """Whether the model's input has the text anywhere."""
        return json.dumps(text)[1:-1] in json.dumps(self.body)


@dataclass
class Model:
    """What the server saw; ``outward`` are attempts to reach anything that is not on this machine."""

    url: str = ""
    answer: Callable[[Body], Answer] = say_done
    output_tokens: int = 2
    """Of every answer. That little is bad for the KPI token_efficiency; a tenth of what went in would be good."""
    asked: list[Asked] = field(default_factory=list)
    outward: list[str] = field(default_factory=list)


@contextmanager
def model_server() -> Iterator[Model]:
    """Run it for as long as the block runs, on a port that is free."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.model = Model(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.model  # type: ignore[attr-defined]
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    @property
    def model(self) -> Model:
        return self.server.model  # type: ignore[attr-defined, no-any-return]

    def do_CONNECT(self) -> None:
        """The server is also everybody's proxy, one that lets nothing out."""
        self.model.outward.append(self.path)
        self._send(403, "text/plain", b"")

    def do_HEAD(self) -> None:
        self._send(200, "text/plain", b"")

    def do_GET(self) -> None:
        if not self.path.startswith("/"):
            return self.do_CONNECT()
        return self._send(200, "application/json", b'{"data": [], "models": []}')

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.startswith("/"):
            return self.do_CONNECT()
        path = self.path.partition("?")[0]
        if path.endswith("/count_tokens"):
            return self._send(200, "application/json", b'{"input_tokens": 20000}')
        reply = {"/v1/messages": _claude_events, "/v1/responses": _codex_events}.get(path)
        if reply is None:
            return self._send(404, "application/json", b"{}")
        body = json.loads(raw)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.model.asked.append(Asked(time.time(), headers, body))
        nth = len(self.model.asked)
        usage = {"input_tokens": INPUT + nth, "output_tokens": self.model.output_tokens}
        events = reply(self.model.answer(body), f"{nth:06}", usage, body)
        return self._send(200, "text/event-stream", b"".join(_event(one) for one in events))

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _event(record: Body) -> bytes:
    return f"event: {record['type']}\ndata: {json.dumps(record)}\n\n".encode()


def _claude_events(answer: Answer, name: str, used: dict[str, int], body: Body) -> list[Body]:
    usage = {**used, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    message = {
        "id": f"msg_{name}", "type": "message", "role": "assistant", "model": body["model"], "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    block: Body = {"type": "text", "text": ""}
    if isinstance(answer, str):
        delta, reason = {"type": "text_delta", "text": answer}, "end_turn"
    else:
        block = {"type": "tool_use", "id": f"toolu_{name}", "name": answer.tool, "input": {}}
        delta, reason = {"type": "input_json_delta", "partial_json": json.dumps(answer.input)}, "tool_use"
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ]


def _codex_events(answer: Answer, name: str, used: dict[str, int], _: Body) -> list[Body]:
    item: Body
    if isinstance(answer, str):
        content = [{"type": "output_text", "text": answer}]
        item = {"type": "message", "role": "assistant", "id": f"msg_{name}", "content": content}
    else:
        item = {"type": "function_call", "call_id": f"call_{name}", "name": answer.tool}
        item |= {"arguments": json.dumps(answer.input)} | ({"namespace": answer.namespace} if answer.namespace else {})
    usage = {
        **used, "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sum(used.values()),
    }  # fmt: skip
    return [
        {"type": "response.created", "response": {"id": f"resp_{name}"}},
        {"type": "response.output_item.done", "item": item},
        {"type": "response.completed", "response": {"id": f"resp_{name}", "usage": usage}},
    ]
