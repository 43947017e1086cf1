"""Running a command and keeping what it was, how it ended, and what it changed in the repository.

Nothing that goes wrong with the keeping harms the command: it runs, its exit code comes back, one sentence tells why
it was not recorded.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from tachograph.app.commands.look import Look, begin_look, contain
from tachograph.app.commands.nesting import counting
from tachograph.app.commands.plain import QuickClean
from tachograph.app.commands.surroundings import find_agent
from tachograph.app.workspace import Workspace
from tachograph.capture.asking import Asked
from tachograph.capture.running import Finished, run_command
from tachograph.errors import NotFound
from tachograph.model import ChangedPath, CommandEvent, CommandLabel, RepoDelta

_COMMAND_CHARS = 16_000
"""Most characters of a command's text that are kept."""
_BUSY_MS = 1000
"""How long a command that is over waits for another process that notes something."""
_NAME_CHARS = 100


class CaptureOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What ``tacho run`` was told."""

    agent: str | None = None
    """Who runs the command; None: what the environment tells."""
    timeout: float | None = None
    """Seconds."""
    repo: Path | None = None
    """A folder of the repository whose changes count; None: the current one."""
    folder: Path | None = None
    """The store's folder; None: the data folder."""
    model_dir: Path | None = None
    label: float | None = None
    """The person's own judgement, 0 to 100."""
    score: bool = True
    skip_unchanged: bool = False
    keep_text: bool = False


class CaptureResult(msgspec.Struct, frozen=True):
    """A command that ran."""

    finished: Finished
    event: CommandEvent | None
    """What was kept; None: nothing was."""
    problem: str = ""
    """Why something was not kept, as one sentence."""
    notice: str = ""
    """What the person should know of what was kept; empty: nothing."""


def capture(
    workspace: Workspace, argv: Sequence[str], options: CaptureOptions, look: Look | None = None
) -> CaptureResult:
    """Run ``argv`` with our own streams and keep an event; ``look`` is that at the repository, if it was taken yet."""
    look = look or begin_look(Asked(options.repo or "."), options.folder)
    event, known = None, new_id()
    finished = _run(known, workspace, argv, options, look)
    try:
        event, problem = contain(lambda: _keep(known, workspace, argv, options, look, finished), None)
        if event is not None and options.score:
            _, problem = contain(lambda: start_scoring(workspace, options.folder, known, options.model_dir), False)
    except KeyboardInterrupt:
        problem = "interrupted"
    finally:
        look.close()
    is_missing = options.repo is not None and look.repository is None
    notice = f"no repository was found at {options.repo}: what the command changed is not known" if is_missing else ""
    return CaptureResult(finished, event, problem, notice)


def _run(event: str, workspace: Workspace, argv: Sequence[str], options: CaptureOptions, look: Look) -> Finished:
    """Run the command; those within it leave counting the repository's changes to ``event``."""
    folder, _ = contain(lambda: workspace.folder if options.folder is None else options.folder.absolute(), None)
    if look.repository is None or not look.counts or folder is None:
        return run_command(argv, options.timeout)
    with counting(event, Path(os.path.normpath(folder)), look.repository.root):
        return run_command(argv, options.timeout)


def _keep(
    event_id: str, workspace: Workspace, argv: Sequence[str], options: CaptureOptions, look: Look, finished: Finished
) -> CommandEvent | None:
    clean = QuickClean(workspace)
    name = cache(lambda: _name(workspace, clean, argv, options, look))
    delta = look.delta(finished.started_at_ms, meanwhile=lambda: contain(name, None))
    folder, names, repo = name()
    if options.skip_unchanged and _is_unchanged(delta):
        return None
    event = CommandEvent(
        id=event_id, origin="run", executed_at=finished.started_at_ms, duration_ms=finished.duration_ms,
        exit_code=finished.exit_code, timed_out=finished.timed_out, signal=finished.signal,
        files_touched_count=delta.files_touched, lines_added=delta.lines_added, lines_deleted=delta.lines_deleted,
        binary_files=delta.binary_files, renames=delta.renames, commits=delta.commits, head_before=delta.head_before,
        head_after=delta.head_after, delta_note=clean.name(delta.note), repo=repo, **msgspec.structs.asdict(names),
    )  # fmt: skip
    _store(folder, event, _clean_paths(clean, delta), _label_of(event, options))
    return event


class Names(msgspec.Struct, frozen=True):
    """What a command was, and who ran it: the fields of an event of these names."""

    agent: str | None
    session: str | None
    command_hash: str
    hash_key: str
    program: str
    command: str | None


def _name(
    workspace: Workspace, clean: QuickClean, argv: Sequence[str], options: CaptureOptions, look: Look
) -> tuple[Path, Names, str | None]:
    """The store's folder, the names, and the repository's. Raises TachographError."""
    import tachograph.capture.store  # noqa: F401 (there is time for it now)

    folder = store_folder(workspace, options.folder)
    names = name_command(workspace, folder, argv, keep_text=options.keep_text, agent=options.agent)
    return folder, names, None if look.repository is None else clean.name(str(look.repository.root))


def name_command(
    workspace: Workspace, folder: Path, argv: Sequence[str] | str, *, keep_text: bool, agent: str | None = None
) -> Names:
    """The names of a command: its arguments, or the line that was typed. Raises TachographError.

    All text is redacted; ``command`` is None unless it is to be kept and the settings have text stored.
    """
    from tachograph.analysis.commands import command_head
    from tachograph.capture.hashing import hash_command, hash_line, load_key

    key = load_key(folder, workspace.settings.capture_key_file)
    is_line = isinstance(argv, str)
    text = argv if isinstance(argv, str) else shlex.join(argv)
    clean = QuickClean(workspace)
    found, session = find_agent(os.environ, clean.name(agent)[:_NAME_CHARS] if agent else None)
    return Names(
        agent=found, session=session, command_hash=hash_line(text, key) if is_line else hash_command(argv, key),
        hash_key=key.id, program=command_head(clean.name(text)),
        command=(clean.text(text, _COMMAND_CHARS) or None) if keep_text else None,
    )  # fmt: skip


def store_folder(workspace: Workspace, folder: Path | None) -> Path:
    """The folder of the store that is meant, absolute; one that is named and not there is made. Raises UsageError."""
    if folder is None:
        return workspace.folder
    from tachograph.capture.store import commands_file

    folder = Path(os.path.abspath(folder))
    if not commands_file(folder).exists():
        from tachograph.app.commands.init_store import init_store

        init_store(folder)
    return folder


def _is_unchanged(delta: RepoDelta) -> bool:
    """Whether it is known that nothing changed."""
    return delta.files_touched == 0 and delta.commits == 0 and delta.head_before == delta.head_after


def new_id() -> str:
    """An id for an event that has none of its own."""
    return f"evt_{os.urandom(10).hex()}"


def _clean_paths(clean: QuickClean, delta: RepoDelta) -> list[ChangedPath]:
    replace = msgspec.structs.replace
    return [
        replace(one, path=clean.name(one.path), old_path=None if one.old_path is None else clean.name(one.old_path))
        for one in delta.paths
    ]


def _label_of(event: CommandEvent, options: CaptureOptions) -> CommandLabel | None:
    if options.label is None:
        return None
    return CommandLabel(
        target=event.id, kind="human", source="person", score=options.label,
        at=event.executed_at + (event.duration_ms or 0),
    )  # fmt: skip


def _store(folder: Path, event: CommandEvent, paths: list[ChangedPath], label: CommandLabel | None) -> None:
    from tachograph.capture.store import open_commands

    with open_commands(folder) as store:
        store.connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        store.note(event, paths)
        if label is not None:
            store.put_labels([label])


def start_scoring(workspace: Workspace, folder: Path | None, event: str, model_dir: Path | None) -> bool:
    """Have a process of its own score ``event`` when a model is there; return whether there is one. Waits for nothing.

    Raises NotFound when ``model_dir`` is given and holds none.
    """
    from tachograph.app.ml.active import find_scoring_model

    model = find_scoring_model(workspace, folder, model_dir)
    if model is None and model_dir is not None:
        raise NotFound(f"There is no model in {model_dir}.", slug="no_model")
    if model is None:
        return False
    import subprocess

    place = ["--path", os.path.abspath(folder)] if folder is not None else []
    process = subprocess.Popen(
        [*own_command(), "commands", "score-event", *place, event, os.path.abspath(model)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    process.returncode = 0  # nobody waits for it: this process ends before it
    return True


def own_command() -> list[str]:
    """What starts tacho again, wherever one stands: no module of the current folder is imported (``-P``)."""
    return [sys.executable, "-P", "-m", "tachograph"]
