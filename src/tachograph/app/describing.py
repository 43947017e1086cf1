"""What a log's own records say of a session in a row: counts, and the task type."""

from __future__ import annotations

import msgspec

from tachograph.analysis.session_task import find_task_type
from tachograph.analysis.summary import summarise
from tachograph.model import Session


def describe(session: Session, after: int = -1, task_type: str | None = None) -> tuple[object, ...]:
    """The summary columns of ``segments``, over the records above the position ``after``.

    ``task_type``, where it is known, need not be found again.
    """
    return (*msgspec.structs.astuple(summarise(session, after)), task_type or find_task_type(session.prompts, after))
