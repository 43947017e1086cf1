"""Fetching one small file from the address that the user named.

As in the client beside it nothing is taken from the environment (no proxy) and no redirect is followed. A file goes
over TLS, from this machine's own loopback also without.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

TIME_LIMIT = 60.0
"""Seconds for all of it: resolving, connecting, reading the whole file."""

_CHUNK = 1 << 16


class Undownloadable(Exception):
    """Why a file cannot be had: one sentence for a person, with no more of the address than its host."""


class Unreachable(Undownloadable):
    """No server answers there."""


def is_safe_address(url: str) -> bool:
    """Whether :func:`download` would ask ``url`` at all: TLS, or this machine's own loopback."""
    try:
        _read_url(url)
    except Undownloadable:
        return False
    return True


def download(url: str, largest: int, *, limit: float = TIME_LIMIT) -> bytes | None:
    """The file at ``url``, of at most ``largest`` bytes; None: the server has no such file (404 or 410).

    Raises Undownloadable at the latest after ``limit`` seconds, however slowly the other side trickles.
    """
    fetch = _Fetch(_read_url(url), largest, limit)
    thread = threading.Thread(target=fetch.run, daemon=True)
    thread.start()
    thread.join(limit)
    if thread.is_alive():
        fetch.break_off()
        raise Unreachable(fetch.late)
    if fetch.fault is not None:
        raise fetch.fault
    return fetch.body


def _read_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Undownloadable("This is no address.") from None
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise Undownloadable("This is no address.")
    if parts.username is not None or parts.password is not None:
        raise Undownloadable("The address must hold no user name or password.")
    if parts.scheme != "https" and not (parts.scheme == "http" and (host == "localhost" or _is_loopback(host))):
        raise Undownloadable("The address must begin with https:// (http:// only for this machine itself).")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _Fetch:
    """One request, made in a thread of its own: neither a resolver nor a reader of heads knows a deadline."""

    def __init__(self, url: SplitResult, largest: int, limit: float) -> None:
        host = url.hostname or ""
        self.place = f"The server at {url.scheme}://{f'[{host}]' if ':' in host else host}"
        self.late = f"{self.place} did not deliver within {limit:.3g} seconds."
        self.fault: Undownloadable | None = None
        self.body: bytes | None = None
        self._largest = largest
        self._target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._end = time.monotonic() + limit
        self._plain = url.scheme == "http"
        self._connected: socket.socket | None = None
        """Kept here, as the connection forgets it while the reply is read."""
        self._connection: http.client.HTTPConnection = (
            http.client.HTTPConnection(host, url.port, timeout=limit)
            if self._plain
            else http.client.HTTPSConnection(host, url.port, timeout=limit, context=ssl.create_default_context())
        )

    def run(self) -> None:
        """Make the request; ``body`` or ``fault`` then holds what came of it."""
        try:
            self._connection.connect()
            self._connected = self._connection.sock
            if self._plain and not _is_loopback(self._connected.getpeername()[0]):
                raise Undownloadable(f"{self.place} is not on this machine: use https://.")
            self.body = self._ask()
        except Undownloadable as fault:
            self.fault = fault
        except ssl.SSLError:
            self.fault = Undownloadable(
                f"{self.place} cannot be reached safely: its certificate or protocol is refused."
            )
        except TimeoutError:
            self.fault = Unreachable(self.late)
        except (OSError, http.client.HTTPException, ValueError):  # ValueError: framing or names that make no sense
            self.fault = Unreachable(f"{self.place} cannot be reached, or broke off.")
        finally:
            self._connection.close()

    def _ask(self) -> bytes | None:
        # Unpacked here, a small answer could become a large one.
        headers = {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "tachograph"}
        self._connection.request("GET", self._target, headers=headers)
        with self._connection.getresponse() as reply:
            if reply.status in (404, 410):
                return None
            if 300 <= reply.status < 400:
                raise Undownloadable(f"{self.place} redirects to another address, which is not followed.")
            if reply.status != 200:
                raise Undownloadable(f"{self.place} answered with HTTP status {reply.status}.")
            body = self._read(reply)
            if reply.length:  # what was announced and did not come
                raise http.client.IncompleteRead(b"", reply.length)
            return body

    def _read(self, reply: http.client.HTTPResponse) -> bytes:
        parts: list[bytes] = []
        size = 0
        while chunk := reply.read1(_CHUNK):
            size += len(chunk)
            if size > self._largest:
                raise Undownloadable(f"{self.place} sends more than {self._largest:,} bytes.")
            if time.monotonic() > self._end:  # nobody waits for it any more
                raise TimeoutError
            parts.append(chunk)
        return b"".join(parts)

    def break_off(self) -> None:
        """End a request that takes too long, so that its thread ends too."""
        if self._connected is not None:
            with suppress(OSError):
                self._connected.shutdown(socket.SHUT_RDWR)
