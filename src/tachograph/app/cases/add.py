"""``tacho cases add``: a recorded session becomes a candidate."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path

import msgspec

from tachograph.analysis.expectations._learn import LeftOut, Lesson
from tachograph.app.cases.candidate import GROUND_TRUTH, make_id
from tachograph.app.cases.case_list import KEY, CaseList
from tachograph.app.check.recordings import OpenedRecording, open_recordings
from tachograph.app.expect.document import read_document
from tachograph.app.expect.learn import LEARNING_TEXTS, learn, write_lesson
from tachograph.app.expect.yaml_text import indent, write_entry, write_scalar, write_text
from tachograph.app.log_targets import OnProgress
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.model import Session
from tachograph.report.sanitise import harmless

_TITLE = (
    "# Candidate test cases. tacho cases review decides on each, tacho cases promote moves the approved ones into\n"
    "# ground_truth.yaml.\n"
)
_LONGEST_PROMPT = 30_000
"""Characters as they are written: a reader of ours takes 32,768 for one line or text."""


class NewCase(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a session."""

    file: Path
    """The file of candidates."""
    margin: Decimal
    """Share that is added to what was observed."""
    id: str | None = None
    """None: one is made from the prompt."""
    mlflow_trace: str | None = None
    """Id of the MLflow trace that tells of the same session."""
    created: date
    keeps_path: bool = True
    """Whether a log that was named by its path is found by it later."""


class AddedCase(msgspec.Struct, frozen=True):
    """The candidate that was made."""

    id: str
    file: str
    session: str
    """Id of the session."""
    prompt: str
    """Redacted; empty when it is not known."""
    expectations: tuple[str, ...]
    """Keys that were learnt."""
    left_out: tuple[LeftOut, ...]
    """Keys that could not be learnt, and why."""


def add_case(
    workspace: Workspace,
    source: str,
    new: NewCase,
    *,
    update: bool = True,
    note: Callable[[str], None],
    on_progress: OnProgress = None,
) -> AddedCase:
    """Put the session ``source`` (a log, a folder with one session, or a session's name) into the file as a candidate.

    Raises NotFound when there is no such session, UsageError when there are several or the id is taken, TachographError
    when the file cannot be read, edited or written.
    """
    candidates = CaseList.open(new.file, _TITLE)
    with open_recordings(
        workspace, [source], LEARNING_TEXTS, update=update, note=note, on_progress=on_progress
    ) as opened:
        one = _only(source, list(islice(opened, 2)), opened.unreadable)
        for remark in one.notes:
            note(f"{one.name}: {remark}")
        learnt = learn(lambda: [one.recording], new.margin)
        prompt = _prompt_of(workspace, one, note)
    name = _choose_id(new, prompt, candidates)
    lessons = [lesson for lesson in learnt.lessons if not lesson.is_suggestion]
    path = _path_for(workspace, source, new, note) if new.keeps_path else None
    lines = _write_case(name, prompt, lessons, _metadata(one.recording.main.session, path, new))
    case = read_document("\n".join([f"{KEY}:", *indent(lines), ""]), new.file.name).value[KEY][0]
    candidates.append(lines, case).save()
    keys = tuple(lesson.key for lesson in lessons)
    return AddedCase(name, str(new.file), one.recording.main.session.id, prompt, keys, learnt.left_out)


def _metadata(session: Session, path: str | None, new: NewCase) -> dict[str, str]:
    """Where the case is from; by the names that the readers of such files know."""
    named = {
        "session_id": session.id,
        "agent": session.agent,
        "trace_path": path,
        "trace_id": new.mlflow_trace,
        "source": "tacho",
        "created": new.created.isoformat(),
    }
    return {key: value for key, value in named.items() if value is not None}


def _only(source: str, found: Sequence[OpenedRecording], unreadable: Sequence[str]) -> OpenedRecording:
    shown = harmless(source)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{shown} holds several sessions; a case is made from one.",
            slug="several_sessions",
            hint="Name one of its logs, or a session by its id.",
        )
    reason = f": {harmless(unreadable[0])}" if unreadable else ""
    raise NotFound(f"{shown} holds no session{reason}.", slug="nothing_to_learn")


def _prompt_of(workspace: Workspace, one: OpenedRecording, note: Callable[[str], None]) -> str:
    """The whole first prompt, redacted; empty, with a note, when there is none: a cut one would ask for less."""
    asked = one.recording.asked
    prompt = workspace.clean.text(asked, len(asked) + _LONGEST_PROMPT) if asked else ""
    reason = "its log is gone" if asked is None else "it has none" if not asked else "store.text keeps texts out"
    if sum(map(len, write_text("prompt", prompt))) > _LONGEST_PROMPT:
        prompt, reason = "", "it is too long for such a file"
    if not prompt:
        note(f"The candidate is without the session's prompt: {reason}. Write one into the file.")
    return prompt


def _choose_id(new: NewCase, prompt: str, candidates: CaseList) -> str:
    """The id that was given, else one from the prompt; in either case one that no other case has."""
    truth = CaseList.open(new.file.parent / GROUND_TRUTH)
    taken = {str(case.get("id", "")) for one in (candidates, truth) for case in one.cases}
    if new.id is None:
        return make_id(prompt, taken)
    if not new.id.strip():
        raise UsageError("An id needs a character.", slug="wrong_id")
    if new.id in taken:
        raise UsageError(f"There is a case {harmless(new.id)} already.", slug="id_taken", hint="Give another --id.")
    return new.id


def _path_for(workspace: Workspace, source: str, new: NewCase, note: Callable[[str], None]) -> str | None:
    """The log's path as a case of the file names it: relative to the file's folder where it lies below it.

    None when no file was named, and, with a note, when the path holds a secret.
    """
    if not os.path.isfile(source):
        return None
    folder, log = os.path.realpath(new.file.parent), os.path.realpath(source)
    try:
        log.encode()
    except UnicodeEncodeError:
        raise TachographError(
            f"{harmless(source)} is no text that a file can hold.", slug="cannot_edit_cases"
        ) from None
    relative = os.path.relpath(log, folder) if log.startswith(folder + os.sep) else log
    if workspace.clean.name(relative) != relative:
        note("The candidate is without the log's path, which holds what looks like a secret: its id names the session.")
        return None
    return relative.replace(os.sep, "/")


def _write_case(id: str, prompt: str, lessons: Sequence[Lesson], metadata: dict[str, str]) -> list[str]:
    """The lines of a candidate, its hyphen at the left edge."""
    block = [line for lesson in lessons for line in write_lesson(lesson)]
    return [
        f"- id: {write_scalar(id)}",
        "  status: candidate",
        "  inputs:",
        *indent(write_text("prompt", prompt), 4),
        *(["  expectations:", *indent(block, 4)] if block else ["  expectations: {}"]),
        *indent(write_entry("metadata", metadata)),
    ]
