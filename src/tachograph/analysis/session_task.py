"""What a session was for: the type of its first prompt in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tachograph.model import Prompt

if TYPE_CHECKING:
    from tachograph.analysis.task_type import TaskType


def find_task_type(prompts: Iterable[Prompt], after: int = -1) -> TaskType | None:
    """The task type of the prompts above the position ``after``: that of the first one a person asks in plain words.

    Slash commands and pasted blocks say nothing of it. None when there is no such prompt (a subagent has none), or its
    text is not stored.
    """
    for prompt in prompts:
        if prompt.position > after and prompt.kind == "human" and prompt.text:
            from tachograph.analysis.task_type import classify_task  # slow to import, and not needed for logs that grow

            match = classify_task(prompt.text)
            if match is not None:
                return match.task_type
    return None
