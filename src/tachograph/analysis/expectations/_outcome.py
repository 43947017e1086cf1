"""What one check says."""

from __future__ import annotations

import msgspec

from tachograph.model import CheckStatus, Evidence


class Outcome(msgspec.Struct, frozen=True):
    """A check's answer, before the key is put on it."""

    status: CheckStatus
    rationale: str
    """Why, with numbers. Redacted: what it quotes of a log comes from :meth:`Recording.show`."""
    evidence: tuple[Evidence, ...] = ()
    """The records that prove it, in order."""
