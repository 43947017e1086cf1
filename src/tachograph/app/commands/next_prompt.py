"""What a person did next: stopped the agent, took the turn back, said that it was wrong, or that it was good."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from tachograph.analysis.reactions import read_reaction
from tachograph.app.commands.log_calls import LoggedSession, Word
from tachograph.model import CommandLabel

SOURCE = "next_prompt"
Place = tuple[int, int]
"""Which of the session's logs, and the position in it."""


def label_next_prompts(session: LoggedSession, targets: Mapping[str, Place]) -> Iterator[CommandLabel]:
    """What the person's next word said of each of the commands ``targets`` (event -> where it stands).

    Taken back: 0. Stopped: 0 for the last command before it, nothing for the others of its turn. A prompt that begins
    as a correction: 0 for the turn's commands; one that only approves: 100. Whatever else a person says, nothing:
    most prompts are the next task. Nobody speaks to a subagent.
    """
    if session.kind != "main":
        return
    words = sorted(session.words, key=_place)
    starts = [_place(word) for word in words]
    lasts = _last_before(starts, targets.values())
    for event, place in targets.items():
        taken = [one for one in session.rewound if one.part == place[0] and one.start < place[1] < one.end]
        if taken:
            yield CommandLabel(event, "outcome", SOURCE, 0.0, min(one.at for one in taken), "taken back")
            continue
        at = bisect_right(starts, place)
        if at == len(words) or words[at].part != place[0]:
            continue
        told = _read(words[at], is_last=lasts.get(starts[at]) == place)
        if told is not None:
            score, note = told
            yield CommandLabel(event, "outcome", SOURCE, score, words[at].at, note)


def _place(word: Word) -> Place:
    return word.part, word.position


def _last_before(starts: list[Place], places: Iterable[Place]) -> dict[Place, Place]:
    """Of each word the last command before it."""
    found: dict[Place, Place] = {}
    for place in sorted(places):
        at = bisect_right(starts, place)
        if at < len(starts):
            found[starts[at]] = place
    return found


def _read(word: Word, *, is_last: bool) -> tuple[float, str] | None:
    if word.kind == "interruption":
        return (0.0, "interrupted") if is_last else None
    if word.kind != "human":
        return None
    reaction = read_reaction(word.text)
    if reaction is None:
        return None
    return (0.0, "corrected") if reaction == "correction" else (100.0, "approved")
