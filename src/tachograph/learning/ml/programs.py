"""What kind of work a program does, told by its name: a few kinds, so that rare programs share what is known of all."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from tachograph.analysis.check_commands import is_check

ProgramKind = Literal["test", "build", "git", "read", "edit", "other"]

_TESTS = re.compile(r"test|spec|tox|nox|jest|mocha|\bava\b|phpunit|bats|(?:make|just) check")
"""Among the checks those that run tests; the others build, or check types."""
_NAMES: dict[ProgramKind, str] = {
    "git": "git gh hg jj",
    "read": """
        cat bat ls eza tree head tail less more grep egrep rg ag find fd wc stat file du df diff which type pwd jq yq
        awk sort uniq cut ps env printenv date nl Get-Content Get-ChildItem Select-String
    """,
    "edit": "sed perl patch tee mv cp rm mkdir rmdir touch ln chmod install truncate rsync unzip tar",
}
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names.split()}


@lru_cache(maxsize=4096)
def kind_of(program: str) -> ProgramKind | None:
    """The kind of a command's head (:func:`tachograph.analysis.commands.command_head`); None for an empty one.

    By the name alone: ``sed`` counts as an edit, also where it only prints.
    """
    if not program:
        return None
    if is_check(program):
        return "test" if _TESTS.search(program) else "build"
    return _KINDS.get(program.partition(" ")[0], "other")
