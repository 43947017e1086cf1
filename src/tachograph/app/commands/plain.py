"""Texts in which there can be no secret: the redactor, which takes 25 ms to load, need not look at them."""

from __future__ import annotations

import re
from functools import cached_property

from tachograph.app.workspace import Workspace
from tachograph.model import Clean

_PLAIN = re.compile(r"/?[a-z]{1,12}(?:[ ./][a-z]{1,12}){0,7}/?")
"""A few short words of small letters, a separator between each two. No rule of the redactor's calls such a text a
secret: a test puts together texts from the words that rules look for. An underscore would be too much: the marks that
services put before their tokens end with it."""


def is_plain(text: str) -> bool:
    """Whether the redactor would leave ``text`` as it is, whatever its rules."""
    return not text or _PLAIN.fullmatch(text) is not None


class QuickClean:
    """The redactor of a workspace, loaded when the first text comes that is not plain."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @cached_property
    def _clean(self) -> Clean:
        return self._workspace.clean

    def name(self, value: str) -> str:
        """See :class:`tachograph.model.Clean`."""
        return value if is_plain(value) else self._clean.name(value)

    def text(self, value: str, limit: int) -> str:
        """See :class:`tachograph.model.Clean`."""
        return self._clean.text(value, limit)
