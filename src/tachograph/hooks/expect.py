"""A word to the person when the first prompt asks for work that usually goes worse than the rest.

``tacho learn`` prepares the file when the user asked for it; without the file nothing is looked at.
"""

import os

from tachograph.hooks.places import (
    EXPECTATIONS,
    EXPECTED,
    EXPECTED_BEFORE,
    FOLDER,
    LONGEST_EXPECTED,
    append,
    put_aside,
    read_bytes,
)
from tachograph.hooks.records import is_name, number_of, parse, rows_of, table_of, text_of

VERSION = 1
_LONGEST_FILE = 256 * 1024
_LONGEST_TEXT = 500
_MOST_CHARS = 2000
"""Of a prompt, as many as the warehouse keeps: what is said here is about the same text."""
_MOST_WORDS = 150
_LONGEST_PHRASE = 8
"""Words."""
_LOOKING, _CHANGE = "research-recon", 3.0
"""Looking asks for no change: where one is asked for too, by a verb of so many points, it counts for a quarter."""
_ENDS = ".,:;!?"
_JOINTS = ("and", "then", "but", "&", "und", "dann", "aber")
"""Words after which a clause may begin."""

Record = dict[str, object]


def foretell(data: str, event: Record, agent: str, agent_type: str, session: str) -> str:
    """The sentence for the session's first prompt; empty: there is none, or it is not its first.

    Which sessions have been seen is written down; where it cannot be, nothing is said.
    """
    prepared = parse(read_bytes(os.path.join(data, FOLDER, EXPECTATIONS), _LONGEST_FILE))
    texts = table_of(table_of(table_of(prepared, "texts"), agent), agent_type)
    if prepared.get("version") != VERSION or not texts or not session or "agent_id" in event:
        return ""
    prompt = text_of(event, "prompt")[:_MOST_CHARS].strip()
    if not prompt or prompt.startswith("/") or not _is_first(data, session):
        return ""
    return text_of(texts, guess_task(prompt, prepared))[:_LONGEST_TEXT]


def guess_task(prompt: str, prepared: Record) -> str:
    """The task type whose words tell most, by the prepared table; the table's default where none tells enough.

    A short form of what the analysis does with the same words: it looks at no pasted logs and at no relative clauses.
    """
    sums = _count_points(_words(prompt), table_of(prepared, "cues"), rows_of(prepared, "fillers"))
    best = max(sorted(sums), key=lambda kind: sums[kind], default="")
    return best if best and sums[best] >= (number_of(prepared, "least") or 0.0) else text_of(prepared, "default")


def _count_points(words: list[str], cues: Record, fillers: list[object]) -> dict[str, float]:
    """Points of each task type; a phrase counts once, where it has most."""
    points: dict[str, dict[str, float]] = {}
    at, head, first, change = 0, True, True, False
    while at < len(words):
        phrase, length = _longest(words, at, cues)
        cue = _read_cue(cues.get(phrase))
        at += length
        if cue is None:
            head = not phrase or phrase in _JOINTS or (head and phrase in fillers)
            continue
        kind, weight, lead = cue
        if kind:
            orders = head and lead > 0
            value = max(weight, lead) * (1.5 if first else 1.0) if orders else weight
            first = first and not orders
            change = change or (orders and kind != _LOOKING and lead >= _CHANGE)
            known = points.setdefault(kind, {})
            known[phrase] = max(value, known.get(phrase, 0.0))
            head = False
    sums = {kind: _sum_damped(found) for kind, found in points.items()}
    if change and _LOOKING in sums:
        sums[_LOOKING] *= 0.25
    return sums


def _read_cue(cue: object) -> tuple[str, float, float] | None:
    """Task type, points anywhere, points at the head of a clause; an empty type says nothing."""
    if not isinstance(cue, list) or len(cue) != 3 or not isinstance(cue[0], str):
        return None
    weight, lead = cue[1:]
    return (cue[0], weight, lead) if isinstance(weight, int | float) and isinstance(lead, int | float) else None


def _is_first(data: str, session: str) -> bool:
    """Whether no prompt of ``session`` was seen before; from now on one was."""
    held = read_bytes(os.path.join(data, FOLDER, EXPECTED), LONGEST_EXPECTED, only_end=True).split(b"\n")
    if session.encode() in held or not is_name(session, "_.:-"):
        return False
    put_aside(data, EXPECTED, EXPECTED_BEFORE, LONGEST_EXPECTED)
    return append(data, EXPECTED, session.encode() + b"\n")


def _words(prompt: str) -> list[str]:
    """Words in lower case; an empty one where a clause ends."""
    words: list[str] = []
    for line in prompt.lower().replace("’", "'").splitlines():
        for chunk in line.split():
            word = chunk.strip("\"'()[]*_")
            words.append(word.rstrip(_ENDS))
            if word[-1:] in _ENDS:
                words.append("")
        words.append("")
        if len(words) > _MOST_WORDS:
            break
    return words[:_MOST_WORDS]


def _longest(words: list[str], at: int, cues: Record) -> tuple[str, int]:
    for length in range(min(_LONGEST_PHRASE, len(words) - at), 1, -1):
        phrase = " ".join(words[at : at + length])
        if phrase in cues:
            return phrase, length
    return words[at], 1


def _sum_damped(found: dict[str, float]) -> float:
    return sum(value * 0.5**rank for rank, value in enumerate(sorted(found.values(), reverse=True)))
