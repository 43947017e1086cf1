"""Making the demo's folder: logs, warehouse, and a note of what it was made from."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath

import msgspec

from tachograph import __version__
from tachograph.app.demo.claude_scribe import ClaudeScribe
from tachograph.app.demo.codex_scribe import CodexScribe
from tachograph.app.demo.story import Story, load_stories
from tachograph.app.ingest import ingest
from tachograph.app.workspace import DEMO_NOTE, Workspace
from tachograph.errors import TachographError
from tachograph.paths import data_dir, open_private, private_dir
from tachograph.settings import Settings


class _Note(msgspec.Struct, frozen=True):
    """What the demo in a folder was made from; a folder without this note is not ours to remove."""

    today: str
    version: str


class Demo(msgspec.Struct, frozen=True):
    """The demo's history, ready to be reported on."""

    workspace: Workspace
    folder: Path
    made: bool
    """False: it was there already."""


def open_demo(today: date, *, reset: bool = False, settings: Settings | None = None) -> Demo:
    """The demo whose history ends on the evening before ``today``; made when it is not there yet, or on ``reset``.

    It lies in ``demo/`` in the data folder, with a warehouse of its own. The same day gives the same history. A demo
    made on another day, or by another version, is made anew.

    Raises TachographError (``not_a_demo``) when that folder holds something else.
    """
    home = private_dir(data_dir())
    folder = home / "demo"
    given = settings if settings is not None else Workspace().settings
    workspace = Workspace(folder, msgspec.structs.replace(given, store_text="full"))
    note = _Note(today.isoformat(), __version__)
    held = _read_note(folder)
    if held == note and not reset:
        return Demo(workspace, folder, False)
    if held is None and folder.exists() and any(folder.iterdir()):
        raise TachographError(
            f"{folder} is not a demo of tacho's making.",
            slug="not_a_demo",
            hint="Move it away, then run tacho demo again.",
        )
    if folder.exists():
        shutil.rmtree(folder)
    private_dir(folder)
    _write(folder / DEMO_NOTE, msgspec.json.encode(_Note("", "")))  # ours from here on, but not finished
    for path, content in write_logs(today):
        _write(folder / "logs" / path, content)
    ingest(workspace, path=folder / "logs")
    _write(folder / DEMO_NOTE, msgspec.json.encode(note))
    return Demo(workspace, folder, True)


def write_logs(today: date) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Every log file of the demo: its path within a home, and its content."""
    stories = load_stories()
    played: dict[tuple[str, int], ClaudeScribe] = {}
    for story in stories:
        for days_ago in story.days:
            scribe = _play(story, today, days_ago, played)
            yield from scribe.files().items()


def _play(
    story: Story, today: date, days_ago: int, played: dict[tuple[str, int], ClaudeScribe]
) -> ClaudeScribe | CodexScribe:
    day = datetime.combine(today - timedelta(days=days_ago), datetime.min.time(), UTC)
    seed = f"{story.id}:{days_ago}"
    if story.agent == "codex":
        rollout = CodexScribe(story, day, days_ago, seed)
        rollout.play(story.turns())
        return rollout
    transcript = played[story.id, days_ago] = ClaudeScribe(story, day, days_ago, seed)
    if story.fork_of is not None:
        transcript.fork(played[story.fork_of, days_ago])
    transcript.play(story.turns())
    return transcript


def _write(path: Path, content: bytes) -> None:
    for folder in reversed([parent for parent in path.parents if not parent.exists()]):
        private_dir(folder)
    with open_private(path) as out:
        out.write(content)


def _read_note(folder: Path) -> _Note | None:
    try:
        return msgspec.json.decode((folder / DEMO_NOTE).read_bytes(), type=_Note)
    except (OSError, msgspec.MsgspecError):
        return None
