"""From MLflow to recordings that expectations can be checked on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tachograph.app.check.recordings import OpenedRecording
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.mlflow.claude_layout import is_claude, read_claude
from tachograph.mlflow.own_layout import is_own, read_own
from tachograph.mlflow.records import TraceRecord
from tachograph.mlflow.store import Store, read_trace
from tachograph.mlflow.told import Told, make_recording
from tachograph.model import Clean

_SNIFFED = 1 << 16

Fetch = Callable[[str | None, str | None], "str | OpenedRecording"]
"""What an MLflow run or trace holds: the path of a log, or a recording."""


def session_of_trace(trace: Any, clean: Clean, others: Sequence[Any] = ()) -> Told:
    """The session that ``trace`` tells: MLflow's ``Trace``, or the mapping or JSON of one.

    ``others`` are further traces of the same session, for layouts in which a trace is one turn. Raises TachographError:
    ``mlflow_foreign`` for a trace of anything else than an agent's session, ``mlflow_incomplete`` and
    ``mlflow_unfinished`` for one that does not tell all.
    """
    first = read_trace(trace)
    if is_own(first):
        return read_own(first)
    if is_claude(first):
        further = [record for record in map(read_trace, others) if record.id != first.id and is_claude(record)]
        try:
            return read_claude([first, *further], clean)
        except RecursionError as error:
            raise TachographError(
                f"The agents of the trace {first.id} lie too deep in each other.", slug="mlflow_incomplete"
            ) from error
    raise TachographError(
        f"The trace {first.id} is no agent's session that tacho can read: its first span is"
        f" {first.root.name!r} of type {first.root.type}.",
        slug="mlflow_foreign",
        hint="tacho reads the traces of MLflow's Claude Code integration, and those of tacho mlflow log.",
    )


@contextmanager
def open_mlflow(
    workspace: Workspace, *, tracking_uri: str | None = None, experiment: str | None = None
) -> Iterator[Fetch]:
    """A function ``(run, trace)`` that fetches what either names; logs that it fetched are gone afterwards.

    ``run``: the id of one, or ``latest`` (of ``experiment``); its artifact becomes a log file like any other, whose
    path is given. ``trace``: the id of one; with it come all traces of its session. The function raises NotFound for
    what is not there, TachographError for what cannot be read.
    """
    open_store = cache(lambda: _open_store(tracking_uri))  # when it is first asked for something
    with tempfile.TemporaryDirectory(prefix="tacho-") as folder:

        def fetch(run: str | None, trace: str | None) -> str | OpenedRecording:
            if trace is not None:
                return _open_trace(workspace, open_store(), trace)
            assert run is not None
            return str(_fetch_log(open_store(), run, experiment, Path(tempfile.mkdtemp(dir=folder))))

        yield fetch


def _open_store(tracking_uri: str | None) -> Store:
    """The store to read from. MLflow would make a database where there is none, which nobody wants who only reads."""
    path = (tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", "")).partition("sqlite:///")[2]
    if path and not Path(path).exists():
        raise NotFound(f"There is no MLflow store at {path}.", slug="mlflow_not_found")
    return Store(tracking_uri)


def _fetch_log(store: Store, run: str, experiment: str | None, folder: Path) -> Path:
    """A session's log from a run, under a name by which its agent's logs are known."""
    found, artifact = store.find_artifact(run, experiment)
    path = store.download(found, artifact, folder)
    name = "rollout-mlflow.jsonl" if _is_codex(path) else "mlflow.jsonl"
    return path.rename(folder / name)


def _is_codex(path: Path) -> bool:
    """Whether a log is one of Codex: its first line says what the session is, in a ``payload``."""
    with path.open("rb") as file:
        head = file.read(_SNIFFED).partition(b"\n")[0]
    return b'"payload"' in head and b'"session_meta"' in head


def _open_trace(workspace: Workspace, store: Store, id: str) -> OpenedRecording:
    first = store.trace(id)
    others: list[TraceRecord] = [] if is_own(first) else store.traces_of(first)
    told = session_of_trace(first, workspace.clean, others)
    session = told.sessions[0]
    opening = session.title or next((prompt.text for prompt in session.prompts), "")
    return OpenedRecording(id, session.native_id[:8], opening, make_recording(told, workspace), told.notes)
