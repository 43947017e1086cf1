"""What a session was for: the type of its first prompt in plain words."""

from __future__ import annotations

from collections.abc import Iterable

from tachograph.analysis.task_type import TaskType, classify_task
from tachograph.model import Prompt


def find_task_type(prompts: Iterable[Prompt], after: int = -1) -> TaskType | None:
    """The task type of the prompts above the position ``after``: that of the first one a person asks in plain words.

    Slash commands and pasted blocks say nothing of it. None when there is no such prompt (a subagent has none), or its
    text is not stored.
    """
    for prompt in prompts:
        if prompt.position > after and prompt.kind == "human" and prompt.text:
            match = classify_task(prompt.text)
            if match is not None:
                return match.task_type
    return None
