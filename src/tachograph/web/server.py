"""The server: the only module of the dashboard that opens a socket, on 127.0.0.1 and nowhere else."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import h11
import msgspec
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tachograph.app.dashboard.page import load_pages
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy, TachographError
from tachograph.web.access import make_address, make_entry, serve_folder
from tachograph.web.answers import Answers
from tachograph.web.crew import Crew
from tachograph.web.feed import Feed
from tachograph.web.guard import MAX_HEADERS, MAX_TARGET, Guard, own_hosts, secured
from tachograph.web.reply import TEXT, Reply
from tachograph.web.routes import make_app
from tachograph.web.running import be_the_only, tell_where
from tachograph.web.upkeep import Options, make_upkeep

_THREADS = 4
"""Pages are made by one core at a time anyway; so many may wait for the disk."""
_MAX_CONNECTIONS = 128
_MAX_HEAD = 2 * (MAX_TARGET + MAX_HEADERS)
"""Bytes of a request before its body. Above the guard's limits, so that it is the guard who refuses most."""
_HEAD_SECONDS = 10.0
"""How long a connection may take to send its first request."""
_KEEP_SECONDS = 15
"""How long a connection that was answered may take to ask again."""
_STALL_SECONDS = 60.0
"""How long somebody may fetch nothing of an answer that is being sent."""
_END_SECONDS = 1
_MAX_JOBS = 64
"""Pages that are being made or waited for; a browser that asks again and again leaves such behind."""
_YOUNG_OBJECTS = 50_000
"""Garbage collections within a page take a sixth of its time at Python's own threshold, and find next to nothing."""
_TOO_MUCH = Reply(b"Too much is being asked at once. Try again in a moment.\n", TEXT, 503, {"Retry-After": "2"})


class Started(msgspec.Struct, frozen=True):
    """A server that listens."""

    url: str
    """Lets one browser in, once."""
    port: int
    pid: int


def serve(
    workspace: Workspace, port: int, options: Options, announce: Callable[[Started], None], tell: Callable[[str], None]
) -> None:
    """Serve the dashboard until SIGINT or SIGTERM. ``announce`` is called once it listens; port 0 takes any.

    ``tell`` is given sentences for the person at the terminal.

    Raises Busy when a server runs already for this data folder, or when the port is taken, and TachographError.
    """
    folder = serve_folder(workspace.folder)
    with be_the_only(folder), closing(_listen(port)) as listener:
        port = listener.getsockname()[1]
        server = make_server(workspace, folder, port, options, tell)
        tell_where(folder, port)
        announce(Started(make_address(folder, port), port, os.getpid()))
        gc.set_threshold(_YOUNG_OBJECTS)
        server.run(sockets=[listener])


def open_in_browser(url: str) -> bool:
    """Open ``url`` in the person's browser; whether there is one."""
    import webbrowser

    return webbrowser.open(url)


def make_server(
    workspace: Workspace, folder: Path, port: int, options: Options, tell: Callable[[str], None]
) -> DashboardServer:
    """All parts put together, nothing started."""
    crew: Crew[Reply] = Crew(_THREADS, _MAX_JOBS)

    async def work(job: Callable[[], Reply]) -> Reply:
        begun = crew.submit(job)
        return _TOO_MUCH if begun is None else await asyncio.wrap_future(begun)

    feed = Feed(_Signal)
    upkeep = make_upkeep(workspace, options, feed.publish, tell)
    answers = Answers(workspace, load_pages(), upkeep)
    warm_up = threading.Thread(target=answers.warm_up, name="warm-up", daemon=True)
    app = make_app(answers, feed, work)
    guard = Guard(app, own_hosts(port), make_entry(folder, port))
    config = uvicorn.Config(
        guard, http=_Protocol, ws="none", loop="asyncio", lifespan="off", log_config=None, log_level="critical",
        access_log=False, proxy_headers=False, server_header=False, date_header=False,
        h11_max_incomplete_event_size=_MAX_HEAD, timeout_keep_alive=_KEEP_SECONDS,
        timeout_graceful_shutdown=_END_SECONDS,
    )  # fmt: skip
    return DashboardServer(config, [upkeep.start, warm_up.start], [feed.close, upkeep.stop, crew.end])


class DashboardServer(uvicorn.Server):
    """uvicorn's server, with what starts and ends with it; a signal is its usual end, no failure."""

    def __init__(self, config: uvicorn.Config, begin: list[Callable[[], None]], end: list[Callable[[], None]]) -> None:
        super().__init__(config)
        self._begin = begin
        self._end = end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then begin the rest."""
        await super().startup(sockets)
        for step in self._begin:
            step()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams first: uvicorn waits for open answers."""
        for step in self._end:
            step()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Without raising them again afterwards."""
        with super().capture_signals():
            try:
                yield
            finally:
                self._captured_signals.clear()


class _Signal:
    """Woken from any thread; made and waited for within the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def set(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return
        self._event.clear()


class _Protocol(H11Protocol):
    """uvicorn's, with bounds on connections and on waiting for them, and our headers on what it answers by itself.

    The guard ends the connection of whoever it refuses, so that only browsers that were let in can hold one for long;
    of those that have asked for nothing yet, the oldest makes room for the newest.
    """

    _deadline: asyncio.TimerHandle | None = None
    _since = 0.0
    """When it began to wait for the other side; loop time."""
    _unsent = 0
    """Bytes that were there to be sent then."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(_HEAD_SECONDS)
        others = [one for one in self.connections if not one.transport.is_closing()]
        if len(others) > _MAX_CONNECTIONS:
            waiting = [one for one in others if isinstance(one, _Protocol) and one._is_idle]
            min(waiting, key=lambda one: one._since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait(_KEEP_SECONDS)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(_STALL_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._wait(_KEEP_SECONDS)

    @property
    def _has_asked(self) -> bool:
        return cast("object | None", self.cycle) is not None

    @property
    def _is_idle(self) -> bool:
        return not self._has_asked or self.cycle.response_complete

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._since = self.loop.time()
        self._unsent = self.transport.get_write_buffer_size()
        self._deadline = self.loop.call_later(_STALL_SECONDS if self._unsent else seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def _give_up(self) -> None:
        """End the connection when it has neither asked for anything in time nor fetched what it asked for."""
        unsent = self.transport.get_write_buffer_size()
        if 0 < unsent < self._unsent:
            self._wait(_STALL_SECONDS)
        elif unsent or self._is_idle:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP: called while its error is being handled."""
        error = sys.exc_info()[1]
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        if self.conn.our_state is h11.IDLE or (self.conn.our_state is h11.SEND_RESPONSE and not self._has_asked):
            body = f"{msg}\n".encode("ascii", "replace")
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", b"%d" % len(body)),
                (b"connection", b"close"),
            ]
            events: list[Any] = [h11.Response(status_code=status, headers=secured(headers)), h11.Data(data=body)]
            for event in [*events, h11.EndOfMessage()]:
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def _listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1. Raises Busy when the port is taken, TachographError when it may not be used."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # there it means: although connections of a server that ended may linger
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(_MAX_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise _cannot_listen(port, error) from error
    return listener


def _cannot_listen(port: int, error: OSError) -> TachographError:
    hint = "Choose another one with --port; --port 0 takes one that is free."
    if error.errno == errno.EADDRINUSE:
        return Busy(f"Another program uses port {port}.", slug="port_taken", hint=hint)
    reason = error.strerror or str(error)
    return TachographError(f"Cannot listen on port {port}: {reason}.", slug="cannot_listen", hint=hint)
