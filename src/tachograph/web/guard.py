"""What stands before every route: who may ask, how, and the headers of every answer.

A page on the internet can make a browser send requests to 127.0.0.1, and can give its own name that address. So the
host must be one of ours, a request that another site caused is refused, and nothing is told without the cookie.
Plain ASGI, so that there is no answer (of a router, of a failure) which has not come through here.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

import msgspec

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

MAX_TARGET = 8 * 1024
"""Bytes of path and query."""
MAX_HEADERS = 16 * 1024
"""Bytes of all header lines."""
OPEN_PATH = "/open"
"""Where a code becomes a cookie: the only path that needs none."""

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_POWERS = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope",
    "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get", "screen-wake-lock", "usb",
    "xr-spatial-tracking",
)  # fmt: skip
SECURITY_HEADERS: Headers = [
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", ", ".join(f"{power}=()" for power in _POWERS).encode()),
]
_OURS_ALONE = {name for name, _ in SECURITY_HEADERS} | {b"server"}

STRANGE_HOST = "This address is not where tacho serve listens."
CROSS_SITE = "Another site asked for this."
NO_COOKIE = "This browser has not been let in. Run tacho serve --url and open the address that it prints."
BAD_CODE = "This address has been used or is too old. Run tacho serve --url and open the address that it prints."
STRANGER = "Another user of this machine runs tacho serve here."
ONLY_READING = "Here one can only read."


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is not answered, in one sentence for a person."""

    status: int
    sentence: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """Whom to let in: two questions about what a request brings."""

    admits: Callable[[bytes], bool]
    """Whether the header Cookie holds a valid one of ours."""
    redeem: Callable[[bytes], str | None]
    """The header Set-Cookie for the query of OPEN_PATH; None: no valid code."""
    is_stranger: Callable[[int, int], bool]
    """Whether the connection from the first port to the second, ours, is known to be another user's."""


def own_hosts(port: int) -> frozenset[bytes]:
    """What the header Host may say, in small letters."""
    names = (b"127.0.0.1", b"localhost", b"[::1]")
    return frozenset(name + suffix for name in names for suffix in ([b":%d" % port] + [b""] * (port == 80)))


class Guard:
    """Answers itself, or asks ``app``; every answer gets the headers."""

    def __init__(self, app: App, hosts: frozenset[bytes], entry: Entry) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = frozenset(b"http://" + host for host in hosts)
        self._entry = entry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        answer = _Answer(send, scope["method"] == "HEAD")
        try:
            await self._answer(scope, receive, answer)
        except Exception:  # a bug: told on the server's own stderr, not to the browser
            traceback.print_exc(file=sys.stderr)
            if answer.started:
                raise
            await answer.say(Refusal(500, "This is a bug in tacho. What went wrong stands where tacho serve runs."))
        except (
            BaseException
        ):  # the server ends before the answer is there: what is above us would answer in its own way
            if not answer.started:
                await answer.say(Refusal(503, "tacho serve has been ended."))
            raise

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        headers: Headers = scope["headers"]
        refusal = self._judge(scope, headers)
        if refusal is not None:
            await answer.say(refusal)
        elif scope["path"] == OPEN_PATH:
            await self._let_in(scope, answer)
        elif not self._entry.admits(b"; ".join(_values(headers, b"cookie"))):
            await answer.say(Refusal(403, NO_COOKIE))
        else:
            await self._app(scope, receive, answer)

    def _judge(self, scope: Scope, headers: Headers) -> Refusal | None:
        hosts = _values(headers, b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return Refusal(403, STRANGE_HOST)
        if any(origin.lower() not in self._origins for origin in _values(headers, b"origin")):
            return Refusal(403, CROSS_SITE)
        if any(site not in (b"same-origin", b"none") for site in _values(headers, b"sec-fetch-site")):
            return Refusal(403, CROSS_SITE)
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
            return Refusal(414, "This address is too long.")
        if sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS:
            return Refusal(431, "The headers of this request are too long.")
        if scope["method"] not in ("GET", "HEAD"):
            return Refusal(405, ONLY_READING, ((b"allow", b"GET, HEAD"),))
        if not scope["path"].startswith("/"):
            return Refusal(400, "This is not a path.")
        return None

    async def _let_in(self, scope: Scope, answer: _Answer) -> None:
        if scope["method"] == "HEAD":  # a look at the address must not use it up
            await answer.say(Refusal(405, ONLY_READING, ((b"allow", b"GET"),)))
            return
        cookie = self._entry.redeem(scope["query_string"])
        if cookie is None:
            await answer.say(Refusal(403, BAD_CODE))
            return
        client, server = scope["client"], scope["server"]
        if client and server and self._entry.is_stranger(client[1], server[1]):  # a code that others know is used up
            await answer.say(Refusal(403, STRANGER))
            return
        await answer.say(Refusal(303, "", ((b"location", b"/"), (b"set-cookie", cookie.encode("ascii")))))


class _Answer:
    """``send``, with our headers on what is sent, and no body for HEAD."""

    def __init__(self, send: Send, headless: bool) -> None:
        self._send = send
        self._headless = headless
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message = {**message, "headers": secured(message.get("headers", []))}
        elif self._headless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    async def say(self, refusal: Refusal) -> None:
        """Answer with a sentence. Who is refused does not keep the connection, and what came behind is not read."""
        body = refusal.sentence.encode() + b"\n" if refusal.sentence else b""
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            *refusal.headers,
        ]
        if refusal.status >= 400:
            headers.append((b"connection", b"close"))
        await self({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self({"type": "http.response.body", "body": body})


def secured(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """``headers`` with those that every answer has; nothing that lets other sites read it passes."""
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in _OURS_ALONE and not name.lower().startswith(b"access-control-")
    ]
    if not any(name.lower() == b"cache-control" for name, _ in kept):
        kept.append((b"cache-control", b"no-store"))
    return kept + SECURITY_HEADERS


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for found, value in headers if found == name]
