"""``tacho expect learn``."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from tachograph.analysis.expectations import Recording
    from tachograph.app.check.recordings import OpenedRecording


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
        remarks: dict[str, None] = {}
        learnt = learn(lambda: _recordings(opened, remarks), share)
        for remark in remarks:
            note(remark)
    print_json("expect_learn", report_learnt(learnt)) if as_json else _print_lines(write_learnt(learnt))


def _recordings(opened: Iterable[OpenedRecording], remarks: dict[str, None]) -> Iterator[Recording]:
    """The recordings; what is to be known of each is added to ``remarks``, once however often they are asked for."""
    for one in opened:
        remarks.update(dict.fromkeys(f"{one.name}: {told}" for told in one.notes))
        yield one.recording


def _print_lines(lines: list[str]) -> None:
    """A file on stdout: in UTF-8, whatever the machine's language, as every reader of YAML takes it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
