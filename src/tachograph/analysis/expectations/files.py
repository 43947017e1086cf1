"""Files that have to be written or read, and files that must not be."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Self

from msgspec import Struct

from tachograph.analysis.expectations._answers import count_calls
from tachograph.analysis.expectations._files import Files, read_files_of, written_files
from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._paths import PathPattern
from tachograph.analysis.expectations._recording import Call, Recording
from tachograph.analysis.expectations._registry import expectation
from tachograph.analysis.expectations._tally import Tally
from tachograph.analysis.expectations._values import read_list


class FileList(Struct, frozen=True):
    """Files and patterns of files."""

    patterns: tuple[PathPattern, ...]

    @classmethod
    def read(cls, value: object) -> Self:
        """The list that a file gives. Raises Misread."""
        return cls(read_list(value, PathPattern.read, "files"))


@expectation("commands")
def expected_files(asked: FileList, recording: Recording) -> Outcome:
    """Each of these files is created or modified, and still there at the end (a name or a pattern).

    By a tool that says which file it wrote, or by a command that surely wrote it: a redirection, tee, touch, cp, mv,
    sed -i or apply_patch.
    """
    tally = Tally(recording)
    written = written_files(recording) if asked.patterns else _NOTHING
    for pattern in asked.patterns:
        if not _find(tally, recording, pattern, written, "written"):
            gone = _matching(recording, pattern, written.ever)
            if gone:
                path, call = next(iter(gone.items()))
                told = f"{recording.name(pattern.text)}: {recording.name(path)} was written and is no more"
                tally.failed(told, [call])
    return tally.outcome()


@expectation("commands")
def forbidden_files(asked: FileList, recording: Recording) -> Outcome:
    """None of these files is created or modified (a name or a pattern).

    By a tool that says which file it wrote, or by a command that surely wrote it: a redirection, tee, touch, cp, mv,
    sed -i or apply_patch. What was removed afterwards counts; what failed does not.
    """
    tally = Tally(recording)
    written = written_files(recording) if asked.patterns else _NOTHING
    for pattern in asked.patterns:
        name = recording.name(pattern.text)
        found = _matching(recording, pattern, written.ever)
        if _is_lost(pattern, recording):
            tally.unknown(f"{name}: {_LOST}")
        elif found:
            tally.failed(f"{name}: {_list(recording, found)} written", found.values())
        elif written.unseen:
            tally.unknown(f"{name}: 0 files, {_unseen(written)}", written.unseen)
        else:
            tally.passed(f"{name}: {_list_others(recording, written.ever, 'written')}")
    return tally.outcome()


@expectation("commands")
def read_files(asked: FileList, recording: Recording) -> Outcome:
    """Each of these files is read (a name or a pattern).

    By a tool that says which file it read, or by a command that prints it: cat, head, sed -n and the like.
    """
    tally = Tally(recording)
    read = read_files_of(recording) if asked.patterns else _NOTHING
    for pattern in asked.patterns:
        _find(tally, recording, pattern, read, "read")
    return tally.outcome()


_NOTHING = Files({}, {}, ())
_SHOWN = 3
"""Most files that a rationale names."""
_LOST = "the log does not say in which folder the session began"


def _find(tally: Tally, recording: Recording, pattern: PathPattern, files: Files, done: str) -> bool:
    """Note whether a file is there; False, and nothing noted, when one was there before."""
    name = recording.name(pattern.text)
    found = _matching(recording, pattern, files.there)
    if _is_lost(pattern, recording):
        tally.unknown(f"{name}: {_LOST}")
    elif found:
        tally.passed(f"{name}: {_list(recording, found)} {done}", list(found.values())[:1])
    elif files.unseen:
        tally.unknown(f"{name}: 0 files, {_unseen(files)}", files.unseen)
    elif _matching(recording, pattern, files.ever):
        return False
    else:
        tally.failed(f"{name}: {_list_others(recording, files.ever, done)}")
    return True


def _matching(recording: Recording, pattern: PathPattern, files: Mapping[str, Call]) -> dict[str, Call]:
    folder = _folder(recording)
    return {path: call for path, call in files.items() if pattern.matches(path, folder)}


def _folder(recording: Recording) -> str:
    return next(iter(recording.main.session.cwds), "")


def _is_lost(pattern: PathPattern, recording: Recording) -> bool:
    return pattern.needs_folder and not _folder(recording)


def _list(recording: Recording, found: Mapping[str, Call]) -> str:
    """``1 file (/a/b.sql)``, ``7 files (/a/b.sql …)``."""
    more = " …" if len(found) > 1 else ""
    return f"{_count(found)} ({recording.name(next(iter(found)))}{more})"


def _list_others(recording: Recording, files: Mapping[str, Call], done: str) -> str:
    """``none of the 4 files written (a.py, b.md, c.txt …)``, where none is meant."""
    if not files:
        return f"no file was {done}"
    folder = _folder(recording).replace("\\", "/").rstrip("/") + "/"
    names = [recording.name(path.removeprefix(folder)) for path in islice(files, _SHOWN)]
    more = " …" if len(files) > len(names) else ""
    which = "not the one file" if len(files) == 1 else f"none of the {_count(files)}"
    return f"{which} {done} ({', '.join(names)}{more})"


def _count(files: Mapping[str, Call]) -> str:
    return f"{len(files):,} file{'' if len(files) == 1 else 's'}"


def _unseen(files: Files) -> str:
    return f"{count_calls(files.unseen)} not known at full length"
