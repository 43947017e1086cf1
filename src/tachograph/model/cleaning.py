"""What a source may do with text: hand it over to be cleaned."""

from __future__ import annotations

from typing import Protocol


class Clean(Protocol):
    """The redactor as the sources see it: redact first, cut second; the caller stores third."""

    def text(self, value: str, limit: int) -> str:
        """Return free text (a prompt, a command, a title) without secrets, at most ``limit`` characters.

        Returns ``""`` when the user chose to store no text.
        """
        ...

    def name(self, value: str) -> str:
        """Return a short, often repeated string (a path, a branch, a tool's or model's name) without secrets.

        The result has at most 1,000 characters. Results are remembered, so it is cheap to call again.
        """
        ...
