"""One ``tacho run`` within another: both are kept, and what changed is counted once.

The outer one tells its command, through the environment, that it counts the changes of its repository.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tachograph.capture.processes import is_alive

VARIABLE = "TACHO_RUN"
"""Its four lines: the event, our process, the store's folder, the root of the repository."""


def find_counter(folder: Path, root: Path) -> str:
    """The event in the store in ``folder`` that counts what changes in the repository at ``root`` meanwhile, or ``""``.

    Who outlives the ``tacho run`` that started it (a server, a terminal multiplexer) has none any more.
    """
    event, _, rest = os.environ.get(VARIABLE, "").partition("\n")
    process, _, places = rest.partition("\n")
    if places != f"{folder}\n{root}" or not process.isdecimal() or not is_alive(int(process)):
        return ""
    return event


@contextmanager
def counting(event: str, folder: Path, root: Path) -> Iterator[None]:
    """Within it, whoever is started knows that ``event`` counts."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "\n".join((event, str(os.getpid()), str(folder), str(root)))
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
