"""Talking to the model server: the one module of the judge that opens sockets.

A name that is not allowed is refused unresolved. Each request resolves the host once, checks every address, and
connects to one of those that were checked, whatever the name means a moment later. Nothing is taken from the
environment, no redirect is followed, and one deadline holds for the whole exchange, however slowly the server trickles.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from contextlib import closing
from typing import Any

import msgspec

from tachograph.judge.address import Server, check_addresses, check_host, read_endpoint
from tachograph.judge.config import JudgeConfig, JudgeUnavailable, ModelSize
from tachograph.judge.exchange import (
    chat_path,
    check_model,
    find_size,
    loaded_path,
    models_path,
    questions,
    read_answer,
    show,
)

LARGEST_ANSWER = 1 << 20
"""Bytes of a reply, head excluded: a judgement has some 2,000, a list of models some 400 for each."""

_CHUNK = 1 << 16
_FAULT_CHARS = 200
_Address = tuple[socket.AddressFamily, tuple[Any, ...]]


def probe(config: JudgeConfig) -> None:
    """Return when the server is there and has the model, within ``probe_timeout``. Raises JudgeUnavailable."""
    check_model(config, _list_models(config, models_path(config), _Deadline(config.probe_timeout)))


def measure_model(config: JudgeConfig) -> ModelSize:
    """How much memory the model takes, within ``probe_timeout``. Raises JudgeUnavailable as :func:`probe`."""
    deadline = _Deadline(config.probe_timeout)
    body = _list_models(config, models_path(config), deadline)
    check_model(config, body)
    place = loaded_path(config)
    if place is None:
        return ModelSize()
    return ModelSize(find_size(config, _list_models(config, place, deadline)), find_size(config, body))


def _list_models(config: JudgeConfig, path: str, deadline: _Deadline) -> bytes:
    status, body = _exchange(config, "GET", path, None, deadline)
    if status == 404:
        raise JudgeUnavailable("protocol_wrong", f"The server has no {path}; see judge.protocol.")
    _check_status(config, status, body)
    return body


def ask(config: JudgeConfig, system: str, user: str, schema: dict[str, Any]) -> str:
    """The model's answer to ``user``, held to ``schema`` as far as the server can. Raises JudgeUnavailable.

    A server that refuses the thinking switch (Ollama) or the schema (OpenAI) is asked once more without it; both
    together take at most ``inference_timeout``.
    """
    deadline = _Deadline(config.inference_timeout)
    bodies = [msgspec.json.encode(question) for question in questions(config, system, user, schema)]
    status, body = _exchange(config, "POST", chat_path(config), bodies[0], deadline)
    if status in (400, 422) or (status == 500 and b"response_format" in body):  # 500: llama-cpp-python's server
        status, body = _exchange(config, "POST", chat_path(config), bodies[1], deadline)
    _check_status(config, status, body)
    return read_answer(config, body, len(system) + len(user))


def _exchange(
    config: JudgeConfig, method: str, path: str, body: bytes | None, deadline: _Deadline
) -> tuple[int, bytes]:
    """Send one request; the reply's status and body."""
    server = read_endpoint(config.endpoint)
    headers = {"Accept": "application/json", "Connection": "close", "User-Agent": "tachograph"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if config.api_key:
        if not (config.api_key.isascii() and config.api_key.isprintable()):
            raise JudgeUnavailable("key_wrong", "judge.api_key holds characters that no header may have.")
        headers["Authorization"] = f"Bearer {config.api_key}"
    try:
        with closing(_connect(server, config, deadline)) as stream:
            return _talk(_Connection(server, stream), method, server.path + path, body, headers)
    except TimeoutError as error:
        raise _late(server, deadline) from error
    except ssl.SSLError as error:
        reason = show(error.reason or "no reason given", _FAULT_CHARS)
        raise JudgeUnavailable("tls_failed", f"No safe connection to {server.host}: {reason}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: framing that makes no sense
        raise JudgeUnavailable("server_died", f"The server at {_place(server)} broke off.") from error


def _talk(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    parts: list[bytes] = []
    size = 0
    while chunk := reply.read(_CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            raise JudgeUnavailable("answer_too_large", "The server's reply has more than 1 MiB.")
    if reply.length:
        raise http.client.IncompleteRead(b"", reply.length)
    return reply.status, b"".join(parts)


def _check_status(config: JudgeConfig, status: int, body: bytes) -> None:
    """Raise JudgeUnavailable unless the request was answered."""
    if status == 200:
        return
    if 300 <= status < 400:
        raise JudgeUnavailable("redirected", "The server redirects to another address, which is not followed.")
    words = body.decode("utf-8", "replace")
    if config.api_key:
        words = words.replace(config.api_key, "…")
    said = show(words, _FAULT_CHARS)
    reason = f"The server answered with HTTP status {status}{': ' + said if said else ''}."
    raise JudgeUnavailable("model_missing" if status == 404 else "server_refused", reason)


# ------------------------------------------------------------------------------------------------- connecting


class _Deadline:
    """A moment that all parts of an exchange share."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that remain. Raises TimeoutError when none do."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class _Stream:
    """A connected socket as http.client uses it; before every step the deadline is looked at anew."""

    def __init__(self, connected: socket.socket, deadline: _Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._socket, self._deadline))

    def close(self) -> None:
        self._socket.close()


class _Incoming(io.RawIOBase):
    """What the server sends."""

    def __init__(self, connected: socket.socket, deadline: _Deadline) -> None:
        self._socket = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)


class _Connection(http.client.HTTPConnection):
    """HTTP over a connection that is there already; the ``Host`` header keeps the name."""

    def __init__(self, server: Server, stream: _Stream) -> None:
        super().__init__(server.host, server.port)
        if server.scheme == "https":
            self.default_port = http.client.HTTPS_PORT
        self.sock: Any = stream
        self.auto_open = 0

    def close(self) -> None:
        """Leave the connection to who opened it: the reply is read after http.client has closed its own side."""


def _connect(server: Server, config: JudgeConfig, deadline: _Deadline) -> _Stream:
    """A connection to the first address that accepts one, all of them checked."""
    check_host(server, config)
    found = _resolve(server, deadline)
    check_addresses(server, [address[0] for _, address in found], config)
    for family, address in found:
        connected = socket.socket(family, socket.SOCK_STREAM)
        try:
            connected.settimeout(deadline.left())
            connected.connect(address)
            if server.scheme == "https":
                context = ssl.create_default_context()
                connected.settimeout(deadline.left())
                connected = context.wrap_socket(connected, server_hostname=server.host)
            return _Stream(connected, deadline)
        except (TimeoutError, ssl.SSLError):
            connected.close()
            raise
        except OSError:
            connected.close()
    raise JudgeUnavailable(
        "no_server",
        f"No server answers at {_place(server)}. Start it (`ollama serve`), or set judge.endpoint.",
    )


def _resolve(server: Server, deadline: _Deadline) -> list[_Address]:
    """All addresses of the host, in the resolver's order; in a thread, since a resolver knows no deadline."""
    found: list[_Address] = []

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend((family, address) for family, _, _, _, address in infos)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(deadline.left())
    if thread.is_alive():
        raise TimeoutError
    if not found:
        raise JudgeUnavailable("no_server", f"The host {server.host} of judge.endpoint is not known.")
    return found


def _place(server: Server) -> str:
    return f"{server.scheme}://{server.host}:{server.port}"


def _late(server: Server, deadline: _Deadline) -> JudgeUnavailable:
    limit = f"{deadline.seconds:.3g} seconds"
    return JudgeUnavailable("timed_out", f"The server at {_place(server)} did not answer within {limit}.")
