"""A real server in a process of its own, and a real browser that tells everything it was made to do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
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
SHOTS = Path(os.environ.get("TACHO_SHOTS", ""))
"""Folder for screenshots; the current one means none are kept."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the browser."""
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.web)
        if not WANTED:
            item.add_marker(pytest.mark.skip(reason="make test-web runs it"))


class Server:
    """``tacho serve`` on a free port."""

    def __init__(self, environment: dict[str, str], *options: str) -> None:
        self.environment = {**os.environ, **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tachograph", "serve", "--port", "0", "--json", *options],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        told = "".join(iter(self.process.stdout.readline, "}\n"))  # up to the object's last line, or its end
        if not told:
            assert self.process.stderr is not None
            raise AssertionError(self.process.stderr.read())
        self.url: str = json.loads(told + "}")["url"]
        """With the one-time code."""
        parts = urlsplit(self.url)
        self.origin = f"{parts.scheme}://{parts.netloc}"

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

    def start(environment: dict[str, str], *options: str) -> Server:
        running.append(Server(environment, *options))
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


class Watched:
    """A page of the browser, and what went wrong or went out on it."""

    def __init__(self, page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.outside: list[str] = []
        """Requests to anywhere else."""
        self.errors: list[str] = []
        """What the console and scripts complained of."""
        self.hits: list[object] = []
        """Calls of ``window.hit`` and dialogs: text that was run."""
        page.expose_function("hit", lambda *given: self.hits.append(given))
        page.on("dialog", lambda dialog: (self.hits.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.route("**/*", self._see)

    def go(self, path: str):
        """Open an address of the server; returns the response."""
        return self.page.goto(self.origin + path if path.startswith("/") else path)

    def is_clean(self) -> bool:
        """Nothing went out, nothing was run, nothing complained."""
        assert (self.outside, self.hits, self.errors) == ([], [], [])
        return True

    def _see(self, route) -> None:
        url = route.request.url
        if url.startswith((self.origin + "/", "data:", "blob:", "file:", "about:")):
            route.continue_()
        else:
            self.outside.append(url)
            route.abort()


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """The browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="make test-web installs it")
    assert CHROMIUM, "make test-web needs Chromium: sudo apt install chromium"
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium) -> Iterator[Callable[..., Watched]]:
    """``visit(server)`` opens a browser of its own, lets it in with a fresh code, and returns its page."""
    contexts = []

    def start(server: Server, *, width: int = 1280, height: int = 900, scheme: str = "light", **options) -> Watched:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            timezone_id="UTC",
            locale="en-GB",
            **options,
        )
        contexts.append(context)
        watched = Watched(context.new_page(), server.origin)
        watched.go(server.fresh_url())
        return watched

    yield start
    for context in contexts:
        context.close()
