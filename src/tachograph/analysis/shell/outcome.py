"""What a part of a command does, and how parts add up."""

from __future__ import annotations

import msgspec

from tachograph.analysis.shell.syntax import Prints


class Outcome(msgspec.Struct, frozen=True):
    """What a part of a command does."""

    reason: str = ""
    """Why it may change something."""
    prints: Prints = Prints.NOTHING
    """The least that can be said of all its output."""
    paths: tuple[str, ...] = ()
    """Files whose content it prints."""

    def then(self, other: Outcome) -> Outcome:
        """Both, one after the other."""
        return Outcome(self.reason or other.reason, max(self.prints, other.prints), self.paths + other.paths)

    def because(self, reason: str) -> Outcome:
        """The same with ``reason`` in front, if there is one."""
        return msgspec.structs.replace(self, reason=reason) if reason else self


NOTHING = Outcome()
"""It changes nothing and prints nothing."""
SOMETHING = Outcome(prints=Prints.OTHER)
"""It changes nothing and prints something that is no file's content."""
