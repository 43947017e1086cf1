"""The post-mortem session that the published plan for a self-optimising loop was made for, rebuilt from its numbers.

A translation agent, 8.6 hours: 998 tokens read for each one written, 26 of 41 calls for lists of tasks, 10 of 12 tasks
completed, at work 22 % of the time, 98.3 % of the input from a cache, no errors, one of three documents read.
"""

from __future__ import annotations

import msgspec

from tachograph.analysis.kpis import Seen
from tachograph.model import Session, TaskChange, TaskState
from tests.builders.session import START, SessionScript

TASKS, COMPLETED = 12, 10
ANSWERS = 50
SECONDS, AT_WORK = 30_960, 6_811.2
SCORES = {"relevance": (0.95,), "faithfulness": (0.94,), "coherence": (0.93,), "hallucination": (0.03,)}
_CALLS = [
    *[("TaskCreate", "task", "open", task) for task in range(TASKS)],
    *[("TaskUpdate", "task", "started", task) for task in range(4)],
    *[("TaskUpdate", "task", "completed", task) for task in range(COMPLETED)],
    ("Read", "read", "docs/one.md", 0),
    *[("Write", "edit", f"docs/de/{name}.md", 0) for name in ("one", "two", "three")],
    *[("Bash", "shell", f"wc -w docs/de/part{part}", 0) for part in range(11)],
]


def post_mortem_session() -> Session:
    """Its records; the silence of hours lies in the middle."""
    script = SessionScript().prompt("Translate docs/one.md, docs/two.md and docs/three.md into German.", "task")
    calls = iter(_CALLS)
    for answer in range(ANSWERS):
        if answer == ANSWERS // 2:
            script.at(SECONDS - AT_WORK / 2)
        script.response(took=AT_WORK / ANSWERS, input=1_697, cache_read=98_103, output=100)
        given = next(calls, None)
        if given is not None:
            _call(script, *given)
    session = script.done(ended_at=START + SECONDS * 1000)
    return msgspec.structs.replace(session, kind="subagent", agent_type="translation")


def post_mortem() -> Seen:
    """All that its KPIs look at; one response is priced as the next."""
    return Seen(post_mortem_session(), cost_pico=ANSWERS * 10**11, scores=SCORES)


def _call(script: SessionScript, name: str, category: str, what: str, task: int) -> None:
    if category == "task":
        state: TaskState = what  # type: ignore[assignment]
        script.call(name, category, tasks=(TaskChange(task, state),))
    elif category == "shell":
        script.call(name, category, command=what, exit_code=0)
    else:
        path = f"/home/ada/site/{what}"
        script.call(name, category, path=path, file_op="read" if category == "read" else "create", lines_added=40)
