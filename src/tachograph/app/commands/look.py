"""A command's repository as it was before the command, and what is different afterwards.

Nothing that goes wrong with looking is more than a note.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from tachograph.app.commands.nesting import VARIABLE, find_counter
from tachograph.capture.asking import Asked
from tachograph.capture.repository import Repository, Snapshot, find_repository
from tachograph.errors import TachographError
from tachograph.model import RepoDelta
from tachograph.paths import data_dir

NO_REPOSITORY = "no repository"

Result = TypeVar("Result")


class Look:
    """The repository around a folder, until it is closed."""

    def __init__(
        self, asked: Asked, meanwhile: Callable[[], object] | None = None,
        find_counter: Callable[[Path], str] | None = None,
    ) -> None:  # fmt: skip
        """Look at what git was ``asked`` about; ``meanwhile`` is called while git works, if it does.

        ``find_counter`` tells which event counts the changes of the repository with this root already: then nothing
        is looked at.
        """
        self.repository: Repository | None = None
        self._before: Snapshot | None = None
        self._note, fault = contain(lambda: self._look(asked, meanwhile, find_counter), "")
        self._note = self._note or fault

    def _look(
        self, asked: Asked, meanwhile: Callable[[], object] | None, find_counter: Callable[[Path], str] | None
    ) -> str:
        """Why nothing was looked at."""
        self.repository = find_repository(Path(asked.place), asked)
        if self.repository is None:
            return NO_REPOSITORY
        counter = find_counter(self.repository.root) if find_counter is not None else ""
        if counter:
            return f"counted in {counter}, the tacho run around this one"
        self._before = self.repository.snapshot(meanwhile=meanwhile)
        return ""

    @property
    def counts(self) -> bool:
        """Whether the repository was looked at."""
        return self._before is not None

    def close(self) -> None:
        """Remove what was kept aside."""
        if self.repository is not None:
            self.repository.close()

    def delta(self, started_at_ms: int, meanwhile: Callable[[], object] | None = None) -> RepoDelta:
        """What is different now; ``meanwhile`` is called while git works, if it does."""
        if self.repository is None or self._before is None:
            return RepoDelta(note=self._note)
        repository, before = self.repository, self._before
        found, fault = contain(
            lambda: repository.compare(before, repository.snapshot(meanwhile=meanwhile), started_at_ms), RepoDelta()
        )
        return msgspec.structs.replace(found, note=fault) if fault else found


def begin_look(asked: Asked, folder: Path | None, meanwhile: Callable[[], object] | None = None) -> Look:
    """Look at the repository, for an event in the store in ``folder`` (None: the data folder)."""

    def counter_of(root: Path) -> str:
        return find_counter(Path(os.path.abspath(folder)) if folder is not None else data_dir(), root)

    return Look(asked, meanwhile, counter_of if VARIABLE in os.environ else None)


def contain(work: Callable[[], Result], otherwise: Result) -> tuple[Result, str]:
    """The result of ``work`` and no problem, or ``otherwise`` and one sentence; never an exception but the person's."""
    try:
        return work(), ""
    except TachographError as error:
        return otherwise, error.message
    except Exception as error:  # noqa: BLE001 (whatever it is, the command and its exit code are worth more)
        return otherwise, f"{type(error).__name__}: {error}"
