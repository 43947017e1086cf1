"""The one error meant for the user's eyes."""

from __future__ import annotations


class TachographError(Exception):
    """An expected failure: one sentence, a slug that the docs explain, a hint, and the exit code.

    Exit codes: 2 usage · 3 target does not exist or nothing matched · 4 store or configuration broken ·
    5 busy. Anything else that escapes is a bug (70).
    """

    def __init__(self, message: str, *, slug: str = "error", hint: str = "", exit_code: int = 4) -> None:
        super().__init__(message)
        self.message = message
        self.slug = slug
        self.hint = hint
        self.exit_code = exit_code


class NotFound(TachographError):
    """The named session, project or file does not exist."""

    def __init__(self, message: str, *, slug: str = "not_found", hint: str = "") -> None:
        super().__init__(message, slug=slug, hint=hint, exit_code=3)


class Busy(TachographError):
    """Another process holds the writer's lock."""

    def __init__(self, message: str, *, slug: str = "busy", hint: str = "") -> None:
        super().__init__(message, slug=slug, hint=hint, exit_code=5)


class UsageError(TachographError):
    """The command line makes no sense."""

    def __init__(self, message: str, *, slug: str = "usage", hint: str = "") -> None:
        super().__init__(message, slug=slug, hint=hint, exit_code=2)
