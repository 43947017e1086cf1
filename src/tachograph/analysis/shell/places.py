"""What words say about files: which may be paths, and where they lie."""

from __future__ import annotations

import re

from tachograph.analysis.shell.syntax import Word

_PATH_LIKE = re.compile(r"[^/\\]*+[/\\]|\.\w|\S*[\w-]\.[A-Za-z]\w{0,9}$")
_LONGEST = 300
"""Characters; what is longer is a text."""
_REDACTED = "[redacted:"


def may_be_path(text: str) -> bool:
    """Whether ``text`` holds a slash or ends like a file's name."""
    return len(text) < _LONGEST and "\n" not in text and _PATH_LIKE.match(text) is not None


def names_something(word: Word) -> bool:
    """Whether an operand could be a file's name: no option, no setting, no text of several words."""
    text = word.text
    return word.plain and text[:1] not in ("", "-", "+") and len(text) < _LONGEST and not set(" \n=") & set(text)


def join_folder(folder: str | None, word: Word) -> str | None:
    """The path ``word`` seen from the folder the command began in.

    None when it has no certain name: a pattern, a variable, something redacted, or ``folder`` is not known (None).
    """
    path = word.text
    if not word.plain or _REDACTED in path:
        return None
    if path.startswith(("/", "~")) or path[1:3] in (":\\", ":/") or folder == "":
        return path
    return None if folder is None else f"{folder.rstrip('/')}/{path}"
