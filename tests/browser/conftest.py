"""A real server in a process of its own, and a real browser that tells everything it was made to do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tachograph.app.demo import open_demo
from tachograph.app.learn.run import learn

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
WANTED = os.environ.get("TACHO_TEST_WEB") == "1"
"""Set by ``make test-web``: the other tests are many and need no browser."""
SHOTS = Path(os.environ["TACHO_SHOTS"]) if os.environ.get("TACHO_SHOTS") else None
"""Folder for screenshots; None: none are kept."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the browser."""
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.web)
        if not WANTED:
            item.add_marker(pytest.mark.skip(reason="make test-web runs it"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Let fixtures know whether the test has failed."""
    report = yield
    item.stash.setdefault(FAILED, False)
    item.stash[FAILED] |= report.failed
    return report


FAILED = pytest.StashKey[bool]()


class Server:
    """``tacho serve`` on a free port, or on ``port``; ``program`` is what Python runs in place of tacho."""

    def __init__(
        self, environment: dict[str, str], *options: str, port: int = 0, program: tuple[str, ...] = ("-m", "tachograph")
    ) -> None:
        self.environment = {**os.environ, **environment}
        self.process = subprocess.Popen(
            [sys.executable, *program, "serve", "--port", str(port), "--json", *options],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        told = ""
        while not told.endswith("}\n"):  # the object's last line
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(self.process.communicate()[1])
            told += line
        self.url: str = json.loads(told)["url"]
        """With the one-time code."""
        parts = urlsplit(self.url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.let_in: dict[str, object] | None = None
        """The cookie of a browser that was let in."""

    def fresh_url(self) -> str:
        """Another address with a code."""
        command = [sys.executable, "-m", "tachograph", "serve", "--url", "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return str(json.loads(done.stdout)["url"])

    def stop(self) -> int:
        """End it as a person does; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            for stream in (self.process.stdout, self.process.stderr):
                assert stream is not None
                stream.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers, and ends them when all tests are done."""
    running: list[Server] = []

    def start(environment: dict[str, str], *options: str, **more) -> Server:
        running.append(Server(environment, *options, **more))
        return running[-1]

    yield start
    for server in running:
        if server.process.poll() is None:
            server.stop()


def environment_of(folder: Path) -> dict[str, str]:
    """Every place that tacho looks at, below ``folder``."""
    return {
        "HOME": str(folder),
        "TACHO_DATA_DIR": str(folder / "data"),
        "CLAUDE_CONFIG_DIR": str(folder / "claude"),
        "CODEX_HOME": str(folder / "codex"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "TZ": "UTC",
    }


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo's history, up to today."""
    folder = tmp_path_factory.mktemp("demo")
    held = os.environ.get("TACHO_DATA_DIR")
    os.environ["TACHO_DATA_DIR"] = str(folder / "data")
    try:
        demo = open_demo(datetime.now(UTC).date())
        learn(demo.workspace, update=False)
        return demo.folder
    finally:
        if held is None:
            del os.environ["TACHO_DATA_DIR"]
        else:
            os.environ["TACHO_DATA_DIR"] = held


@pytest.fixture(scope="session")
def demo(demo_folder: Path, serve: Callable[..., Server]) -> Server:
    """The dashboard of the demo."""
    return serve(environment_of(demo_folder.parent) | {"TACHO_DATA_DIR": str(demo_folder)})


PLAIN = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-extensions", "--process-per-site")
"""Options for a browser without a screen, in which one process after another is not begun for pages of one server."""
EVIL = b"evil.invalid"
"""Whom hostile texts name. Browsers ask for their makers', too, which is not what a page does."""


class Sink:
    """Where every name but this machine's own leads: whoever asks for anything outside is noted here."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        """The first bytes of every connection that asks for :data:`EVIL`; the name stands there in plain text."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(1)
            with connection:
                try:
                    told = connection.recv(4000)
                except OSError:
                    told = b""
                if EVIL in told:
                    self.seen.append(told)

    def close(self) -> None:
        """Take no more."""
        self._socket.close()


class Watched:
    """A page of the browser, and what went wrong or went out on it."""

    def __init__(self, page, origin: str, sink: Sink) -> None:
        self.page = page
        self.origin = origin
        self.outside: list[str] = []
        """Requests to anywhere else."""
        self.errors: list[str] = []
        """What the console and scripts complained of: what the content security policy forbade, too."""
        self.hits: list[object] = []
        """Calls of ``window.hit`` and dialogs: text that was run."""
        self.sink = sink
        self._before = len(sink.seen)
        page.expose_function("hit", lambda *given: self.hits.append(given))
        page.on("dialog", lambda dialog: (self.hits.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("popup", lambda popup: self.outside.append(f"window: {popup.url}"))
        page.on("request", self._see)

    def go(self, path: str, **options):
        """Open an address of the server; returns the response."""
        return self.page.goto(self.origin + path if path.startswith("/") else path, **options)

    def is_clean(self, settle: int = 300) -> bool:
        """Nothing went out, nothing was run, nothing complained, now and in the next ``settle`` milliseconds."""
        self.page.wait_for_timeout(settle)  # what a page begins of its own accord it begins at once
        assert (self.outside, self.sink.seen[self._before :], self.hits, self.errors) == ([], [], [], [])
        return True

    def _see(self, request) -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:", "file:", "about:")):
            self.outside.append(request.url)


@pytest.fixture(scope="session")
def sink() -> Iterator[Sink]:
    """The outside."""
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture(scope="session")
def chromium(sink: Sink) -> Iterator[object]:
    """The browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="make test-web installs it")
    assert CHROMIUM, "make test-web needs Chromium: sudo apt install chromium"
    names = f"--host-resolver-rules=MAP * 127.0.0.1:{sink.port},EXCLUDE 127.0.0.1"
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*PLAIN, names])
        yield browser
        browser.close()


def let_in(context, server: Server) -> None:
    """Exchange a fresh code for the cookie, and wait until the server has read what there is."""
    assert context.request.get(server.fresh_url()).status in (200, 503)
    end = time.monotonic() + 60
    while context.request.get(server.origin + "/api/v1/doctor").status == 503:
        assert time.monotonic() < end, "it is not ready"
        time.sleep(0.05)
    server.let_in = context.storage_state()


OPTIONS = {"timezone_id": "UTC", "locale": "en-GB"}


@pytest.fixture
def opened(chromium, request: pytest.FixtureRequest) -> Iterator[Callable[..., object]]:
    """``opened(**options)`` gives a browser of its own, without cookies; what is open when a test fails is pictured."""
    contexts = []

    def start(**options) -> object:
        contexts.append(chromium.new_context(**{**OPTIONS, **options}))
        return contexts[-1]

    yield start
    pages = [page for context in contexts for page in context.pages]
    if SHOTS is not None and request.node.stash.get(FAILED, False):
        SHOTS.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(pages):
            name = "".join(sign if sign.isalnum() else "-" for sign in request.node.name)[:80]
            page.screenshot(path=SHOTS / f"failed-{name}-{number}.png")
    for context in contexts:
        context.close()


@pytest.fixture
def visit(opened: Callable[..., object], sink: Sink) -> Callable[..., Watched]:
    """``visit(server)`` opens a browser of its own that is let in, and returns its page, still empty."""

    def start(server: Server, *, width: int = 1280, height: int = 900, scheme: str = "light", **options) -> Watched:
        given = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, **options}
        context = opened(**given, **({"storage_state": server.let_in} if server.let_in else {}))
        if server.let_in is None:
            let_in(context, server)
        return Watched(context.new_page(), server.origin, sink)

    return start


@pytest.fixture(scope="session")
def expect(chromium):
    """Playwright's assertions: they wait for what they assert."""
    from playwright.sync_api import expect

    expect.set_options(timeout=15_000)
    return expect
