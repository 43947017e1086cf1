"""Calling an ASGI application without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from tachograph.web.guard import App, Entry, Headers, Message

PORT = 4747
HOST = f"127.0.0.1:{PORT}"
COOKIE = "tacho_4747=valid"
STRANGER = 666


class Answer(msgspec.Struct):
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The one value of a header; None when it is not there."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) < 2, f"{name} twice"
        return found[0] if found else None

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


def call(
    app: App,
    target: str = "/",
    method: str = "GET",
    headers: Sequence[tuple[str, str]] = (),
    *,
    host: str | None = HOST,
    cookie: str | None = COOKIE,
    client: int = 1,
) -> Answer:
    """One request; a streaming answer is ended by a disconnection after its first part."""
    sent = ([("host", host)] if host is not None else []) + ([("cookie", cookie)] if cookie is not None else [])
    return asyncio.run(_call(app, target, method, [*sent, *headers], client))


async def _call(app: App, target: str, method: str, headers: Sequence[tuple[str, str]], client: int) -> Answer:
    raw_path, _, query = target.partition("?")
    encoded: Headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "scheme": "http",
        "server": ("127.0.0.1", PORT), "client": ("127.0.0.1", client), "method": method, "root_path": "",
        "path": unquote(raw_path), "raw_path": raw_path.encode(), "query_string": query.encode(), "headers": encoded,
    }  # fmt: skip
    messages: list[Message] = []
    gone = asyncio.Event()

    asked: Message | None = {"type": "http.request", "body": b"", "more_body": False}

    async def receive() -> Message:
        nonlocal asked
        if asked is not None:
            told, asked = asked, None
            return told
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)
        if message["type"] == "http.response.body":
            gone.set()

    await app(scope, receive, send)
    start, *parts = messages
    told = [(name.decode(), value.decode()) for name, value in start["headers"]]
    return Answer(start["status"], told, b"".join(part.get("body", b"") for part in parts))


def entry(admitted: str = COOKIE) -> Entry:
    """Admits one cookie, and redeems the code ``right``, but not for who comes from port STRANGER."""
    return Entry(
        lambda given: given == admitted.encode(),
        lambda query: admitted if query == b"code=right" else None,
        lambda client, server: (client, server) == (STRANGER, PORT),
    )
