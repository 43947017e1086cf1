"""``tacho expect learn``."""

from __future__ import annotations

import io
import sys

import click

from tachograph.app.expect.learn import (
    DEFAULT_MARGIN,
    LEARNING_TEXTS,
    learn,
    read_margin,
    report_learnt,
    write_learnt,
)
from tachograph.app.workspace import Workspace
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_json
from tachograph.cli._progress import progress_bar
from tachograph.cli._session import note
from tachograph.report.sanitise import harmless


@click.command("learn")
@click.argument("sessions", metavar="SESSION...", nargs=-1, required=True)
@click.option(
    "--margin", default=DEFAULT_MARGIN, show_default=True, metavar="SHARE", help="What is added to every maximum."
)
@update_option
@json_option
def learn_command(sessions: tuple[str, ...], margin: str, no_ingest: bool, as_json: bool) -> None:
    """Propose expectations from sessions that are known to be good.

    SESSION is a log file, a folder of logs (searched recursively), or a session's id as tacho sessions lists it. Prints
    a file of expectations that every one of them meets, with what was observed beside each key: limits are the most
    that was seen and the margin; tools, files and orders are those of all sessions. A few commands that none of them
    ran are suggested to be banned, in a comment. Read it, and keep what you mean.

    The same sessions give the same file, in whatever order they are named.
    """
    from tachograph.app.check.recordings import open_recordings  # only here: explain and lint read no log

    workspace = Workspace()
    share = read_margin(margin)
    update = workspace.settings.ingest_auto and not no_ingest
    with (
        progress_bar() as on_progress,
        open_recordings(
            workspace, sessions, LEARNING_TEXTS, update=update, note=note, on_progress=on_progress
        ) as opened,
    ):
        for one in opened.unreadable:
            note(f"left out: {harmless(one)}")
        learnt = learn(lambda: (one.recording for one in opened), share)
    print_json("expect_learn", report_learnt(learnt)) if as_json else _print_lines(write_learnt(learnt))


def _print_lines(lines: list[str]) -> None:
    """A file on stdout: in UTF-8, whatever the machine's language, as every reader of YAML takes it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
