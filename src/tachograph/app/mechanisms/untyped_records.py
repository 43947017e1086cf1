"""What stands in the user's place without a person having typed it."""

from __future__ import annotations

from collections import Counter, defaultdict

from tachograph.analysis.intervals import bootstrap, ratio_of_sums
from tachograph.app.mechanisms._records import Account, share_figure
from tachograph.app.mechanisms._registry import mechanism
from tachograph.app.mechanisms._scene import Scene

AGENT = "claude_code"
"""Its logs write all that is meant here as records of the user; those of Codex keep results apart and tell the
texts that it adds to a prompt by other means, so that the share has no meaning there."""
TYPED = frozenset(["human", "slash", "shell"])
"""Kinds of prompts that a person typed."""
_TITLES = {
    "result": "results of tool calls",
    "task": "tasks given to subagents",
    "meta": "texts that the program added",
    "notification": "notifications",
    "compact_summary": "summaries of what was before",
}
_SHOWN = 5


@mechanism(
    "untyped_records",
    "Records of the user that no human typed",
    not_proved=(
        "It says how logs are written, not how little people say: a count of the records whose role is user is no count"
        " of prompts. What a person pasted, or a program sent in a person's name, counts as typed."
    ),
)
def untyped_records(scene: Scene) -> Account:
    """Of everything that stands in the user's place in logs of Claude Code, subagents included: the share that no human
    typed. Counted are what the warehouse keeps: prompts of every kind and tool calls that have a result, each once,
    whatever number of lines it is on; copied history and notes of an interruption are left out. Typed are prompts,
    slash commands and shell lines. Intervals: main sessions resampled with all that lies below them."""
    sessions: dict[str, Counter[str]] = defaultdict(Counter)
    others: set[str] = set()
    for root, kind, number in scene.read("mechanism_user_records"):
        agent = str(root).partition(":")[0]
        if agent == AGENT:
            sessions[root][kind] += number
        else:
            others.add(agent)
    whole = sum(map(Counter.total, sessions.values()))
    figures = []
    for key, title in (("untyped", "not typed by a human"), *_TITLES.items()):
        parts = {root: _untyped(one) if key == "untyped" else one[key] for root, one in sessions.items()}
        interval = bootstrap([(part, sessions[root].total()) for root, part in parts.items()], ratio_of_sums)
        most = [root for root in sorted(parts, key=lambda root: (-parts[root], root)) if parts[root]][:_SHOWN]
        part, of = sum(parts.values()), "records of the user"
        figures.append(share_figure(key, title, part, whole, of, interval, sessions=len(sessions), evidence=most))
    return Account(
        figures, [f"Left out: {agent}, whose logs keep what is no prompt in other records." for agent in sorted(others)]
    )


def _untyped(one: Counter[str]) -> int:
    return sum(number for kind, number in one.items() if kind not in TYPED)
