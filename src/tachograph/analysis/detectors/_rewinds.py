"""Where a conversation went back to an earlier point, and what was left behind."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

import msgspec

from tachograph.model import HUMAN_KINDS, TURN_KINDS, Marker, Prompt


class Rewind(msgspec.Struct, frozen=True):
    """One step back: what lies from ``start`` up to ``end`` is no longer part of the conversation."""

    start: int
    """Position of the first prompt left behind."""
    end: int
    """Position of the prompt given instead (Claude Code), or of the rollback's marker (Codex)."""


def find_rewinds(prompts: Sequence[Prompt], markers: Sequence[Marker]) -> list[Rewind]:
    """The rewinds of one session, in the order in which they were made; their ranges may nest.

    Claude Code: two prompts of a person, given at different times, that answer to the same record. Codex: a rollback
    says how many prompts it takes back; those taken back before do not count again.
    """
    return sorted([*_twice_answered(prompts), *_rolled_back(prompts, markers)], key=lambda rewind: rewind.end)


def left_behind(rewinds: Sequence[Rewind], positions: Sequence[int]) -> list[list[int]]:
    """For each of ``rewinds`` (in the order in which they were made) what it took out of the conversation.

    That is the indices of the sorted ``positions`` within its range that no earlier one had taken out already.
    """
    found: list[list[int]] = []
    live: list[int] = []
    seen = 0
    for rewind in rewinds:
        end = bisect_left(positions, rewind.end)
        live.extend(range(seen, end))
        seen = max(seen, end)
        keep = bisect_left(live, rewind.start, key=positions.__getitem__)
        found.append(live[keep:])
        del live[keep:]
    return found


def _twice_answered(prompts: Sequence[Prompt]) -> Iterator[Rewind]:
    last: dict[int, Prompt] = {}
    for prompt in sorted(prompts, key=lambda prompt: prompt.position):
        if prompt.parent_hash is None or prompt.kind not in HUMAN_KINDS:
            continue
        before = last.get(prompt.parent_hash)
        if before is None or before.at != prompt.at:  # of one moment: a prompt written down twice
            last[prompt.parent_hash] = prompt
            if before is not None:
                yield Rewind(before.position, prompt.position)


def _rolled_back(prompts: Sequence[Prompt], markers: Sequence[Marker]) -> Iterator[Rewind]:
    rollbacks = [(m.position, m.value) for m in markers if m.kind == "rollback" and m.value and m.value > 0]
    if not rollbacks:
        return
    waiting = sorted((p.position for p in prompts if p.kind in TURN_KINDS), reverse=True)
    live: list[int] = []
    for position, turns in sorted(rollbacks):
        while waiting and waiting[-1] < position:
            live.append(waiting.pop())
        if live:
            first = live[max(0, len(live) - turns)]
            del live[-turns:]
            yield Rewind(first, position)
