"""``tacho serve``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tachograph.app.workspace import Workspace
from tachograph.cli._options import json_option
from tachograph.cli._output import print_json
from tachograph.cli._session import note
from tachograph.errors import UsageError

if TYPE_CHECKING:
    from tachograph.web.server import Started

_DAY_SECONDS = 24 * 3600


class ServedAddress(msgspec.Struct, frozen=True):
    """Where the dashboard is."""

    url: str
    """Lets one browser in: works once, within ten minutes."""
    port: int
    pid: int
    """The server's process."""


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4747,
    show_default=True,
    metavar="N",
    help="Where to listen on 127.0.0.1; 0: any port that is free.",
)
@click.option(
    "--path",
    "paths",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    metavar="DIR",
    help="A folder with logs besides the agents' own; may be given several times.",
)
@click.option(
    "--scan-interval",
    type=click.IntRange(5, _DAY_SECONDS),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How often to look at all logs, for file systems that do not tell of changes.",
)
@click.option(
    "--stability-window",
    type=click.IntRange(1, _DAY_SECONDS),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long a log must not have grown for its session to be finished.",
)
@click.option("--background-judge", is_flag=True, help="Ask the judge about every session that finishes.")
@click.option("--open", "open_browser", is_flag=True, help="Open the dashboard in the browser.")
@click.option("--no-watch", is_flag=True, help="Read the logs once at the start, and do not watch them.")
@click.option("--url", is_flag=True, help="Print a new address for the server that runs, and end.")
@json_option
def command(
    port: int, paths: tuple[Path, ...], scan_interval: int, stability_window: int, background_judge: bool,
    open_browser: bool, no_watch: bool, url: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show the dashboard in a browser, on this machine only, and keep it up to date.

    Prints an address with a code that lets one browser in; open it within ten minutes. Ends with Ctrl+C.
    """
    workspace = Workspace()
    if url:
        _print_url(workspace, as_json, open_browser)
        return
    if background_judge and no_watch:
        raise UsageError("--background-judge needs the watcher: leave out --no-watch.")
    if background_judge:
        from tachograph.app.watch.judge_each import describe_background_judge

        note(describe_background_judge(workspace.settings))
    from tachograph.web.server import serve
    from tachograph.web.upkeep import Options

    def announce(started: Started) -> None:
        _print_address(ServedAddress(started.url, started.port, started.pid), as_json, open_browser)
        if not as_json:
            note("the address works once, within ten minutes; tacho serve --url prints another. Ctrl+C ends.")

    options = Options(not no_watch, paths, scan_interval, stability_window, background_judge)
    serve(workspace, port, options, announce, note)


def _print_url(workspace: Workspace, as_json: bool, open_browser: bool) -> None:
    from tachograph.web.access import make_address, serve_folder
    from tachograph.web.running import find_running

    folder = serve_folder(workspace.folder)
    running = find_running(folder)
    url = make_address(folder, running.port)
    _print_address(ServedAddress(url, running.port, running.pid), as_json, open_browser)


def _print_address(address: ServedAddress, as_json: bool, open_browser: bool) -> None:
    print_json("serve", address) if as_json else print(address.url)
    sys.stdout.flush()  # the server goes on, and whoever reads this must not wait
    if open_browser:
        from tachograph.web.server import open_in_browser

        if not open_in_browser(address.url):
            note("there is no browser to open the address in.")
