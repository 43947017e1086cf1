"""Posting JSON to the one address that the user named: the only module of the loop that opens sockets.

Nothing is taken from the environment (no proxy), no redirect is followed, and of the answer only its status is read.
The address may hold a secret in its path, as many services want it: no message repeats more of it than the host.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

TIME_LIMIT = 5.0
"""Seconds for all of it: resolving, connecting, sending, waiting for the status."""


class Undelivered(Exception):
    """Why an address did not take a message: one sentence for a person, without the address's path."""


def post_json(url: str, body: bytes, *, limit: float = TIME_LIMIT) -> None:
    """Post ``body`` (JSON) to ``url``; returns when it was taken (a status of 200 to 299).

    Raises Undelivered at the latest after ``limit`` seconds, however slowly the other side trickles.
    """
    exchange = _Exchange(_read_url(url), body, limit)
    thread = threading.Thread(target=exchange.run, daemon=True)
    thread.start()
    thread.join(limit)
    if thread.is_alive():
        exchange.break_off()
        raise Undelivered(exchange.late)
    if exchange.fault:
        raise Undelivered(exchange.fault)


def _read_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Undelivered("alerts.url is no address.") from None
    if parts.scheme not in ("http", "https"):
        raise Undelivered("alerts.url must begin with http:// or https://.")
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise Undelivered("alerts.url is no address.")
    if parts.username is not None or parts.password is not None:
        raise Undelivered("alerts.url must hold no user name or password.")
    return parts


class _Exchange:
    """One request, made in a thread of its own: neither a resolver nor a reader of heads knows a deadline."""

    def __init__(self, url: SplitResult, body: bytes, limit: float) -> None:
        host = url.hostname or ""
        self.place = f"The server at {url.scheme}://{f'[{host}]' if ':' in host else host}"
        self.late = f"{self.place} did not answer within {limit:.3g} seconds."
        self.fault = ""
        self._target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._body = body
        if url.scheme == "https":
            context = ssl.create_default_context()
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, url.port, timeout=limit, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, url.port, timeout=limit)

    def run(self) -> None:
        """Make the request; ``fault`` then says what went wrong."""
        headers = {"Content-Type": "application/json", "User-Agent": "tachograph", "Connection": "close"}
        try:
            self._connection.request("POST", self._target, self._body, headers)
            status = self._connection.getresponse().status
            if 300 <= status < 400:
                self.fault = f"{self.place} redirects to another address, which is not followed."
            elif not 200 <= status < 300:
                self.fault = f"{self.place} answered with HTTP status {status}."
        except ssl.SSLError:
            self.fault = f"{self.place} cannot be reached safely: its certificate or protocol is refused."
        except TimeoutError:
            self.fault = self.late
        except (OSError, http.client.HTTPException, ValueError):  # ValueError: framing or names that make no sense
            self.fault = f"{self.place} cannot be reached, or broke off."
        finally:
            self._connection.close()

    def break_off(self) -> None:
        """End a request that takes too long, so that its thread ends too."""
        connected = self._connection.sock
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
