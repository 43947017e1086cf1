"""What kind of work a session was asked for, by the words of its first prompt."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple, get_args

import msgspec

from tachograph.analysis.task_text import find_task_text, holds_error, read_words, set_apart

TaskType = Literal["ml-eval", "debug-fix", "infra-deploy", "research-recon", "feature-build"]

TASK_TYPES: tuple[TaskType, ...] = get_args(TaskType)
"""Every type; ``feature-build`` is the default."""

MAX_CHARS = 2000
"""Characters of a prompt that are seen: as many as the warehouse keeps, so that a stored prompt is judged alike."""
THRESHOLD = 3.0
"""Points that a type needs; below it a prompt is a feature-build. This and the factors below were set together with
the weights of the table, by the prompts in its test; they mean nothing apart from one another."""
DAMPING = 0.5
"""Factor for each further cue of a type, from the strongest on, so that a long prompt does not win by its length."""
FIRST_VERB = 1.5
"""Factor for the first verb of an order: what is asked for stands there most often."""
CHANGE = 3.0
"""A verb that has at least so many points for its place at the head of a clause asks for a change."""
LOOK_FIRST = 0.25
"""Factor for research-recon where a change is asked for: "read the spec, then implement it"; and for a look that
prepares for what else is said: "look at the parser first"."""
BESIDE = 0.5
"""Factor for debug-fix where something else is ordered and no fault was told before: for faults that the ordered thing
has to do with ("a page that shows what failed"), and for putting right what follows ("upgrade it and fix what breaks").
"""
PASTED_ERROR = 3.0
"""Points for debug-fix when a pasted log, some code or a quotation holds an error."""

_ZONES = ((60, 1.0), (150, 0.5))
"""The first so many words, ends of clauses included -> factor for the cues among them."""
_BEYOND = 0.25
"""Factor for the cues behind the last zone."""
_TIES: tuple[TaskType, ...] = ("debug-fix", "ml-eval", "infra-deploy", "feature-build", "research-recon")
"""Of two types with the same points the earlier one is taken: research asks for no change, so it comes last."""

_MAKING: frozenset[TaskType | None] = frozenset(["ml-eval", "infra-deploy", "feature-build"])
"""Of whom orders one of these, a word of fault may tell of the thing ordered."""
_JOINTS = frozenset(["and", "then", "but", "&", "und", "dann", "aber"])
"""Words after which a clause may begin."""
_RELATIVES = frozenset(
    ["that", "which", "whose", "who", "what", "whatever", "whichever", "where", "when", "whenever", "if", "whether"]
)
"""Words after which a clause tells of the thing before them."""
_PERSONS = frozenset(["i", "i'd", "i'll", "we", "we'd", "we'll", "you"])
"""Whoever tells what happens to them tells of no ordered thing: "when I open it"."""
_THINGS = frozenset(["it", "this"])
_Role = Literal["filler", "thing", "person", "joint", "relative", "end"]


class TaskMatch(msgspec.Struct, frozen=True):
    """The type of a prompt's task and why."""

    task_type: TaskType
    score: float
    """Points of the words below; comparable between the types of one prompt, no probability."""
    words: tuple[str, ...]
    """Words and phrases that decided, the weightiest first; none when the default was taken for want of any."""


class Cue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words and phrases that tell of one type: a row of ``task_types.toml``."""

    type: TaskType | Literal["none"]
    """``none``: such a phrase says nothing, and neither do the words in it."""
    words: tuple[str, ...]
    weight: float = 0.0
    """Points anywhere in the prompt."""
    lead: float = 0.0
    """Points at the head of a clause, where the verb of an order stands; the larger of both counts there."""
    opens: bool = False
    """It leads only before its subject: "has it a limit" asks, "it has to scale" does not."""
    prepares: bool = False
    """A look that may come before the task: "read the spec first"."""
    limits: bool = False
    """It forbids a change only where none was ordered before: "rename it, don't touch the tests"."""
    forbids_change: bool = False
    """Such a phrase says that nothing is to be changed: what sounds like an order to change something is none."""


class TaskTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of words: ``task_types.toml``."""

    fillers: tuple[str, ...]
    """Words that may stand before the verb of an order: please, can you."""
    cue: tuple[Cue, ...]


class _Found(NamedTuple):
    """A phrase of the table where it stands in a prompt."""

    phrase: str
    cue: Cue
    at: int
    """Words before it, ends of clauses included."""
    leads: bool
    """It stands at the head of a clause."""
    describes: bool
    """It stands behind a relative: in what tells of a thing."""


class _Lexicon(msgspec.Struct, frozen=True):
    """The table, made ready for looking up."""

    roles: dict[str, _Role]
    """Small word -> what it does to the clause in which it stands."""
    rows: dict[str, Cue]
    """Phrase -> its row."""
    lengths: dict[str, tuple[int, ...]]
    """First word -> how many words the phrases have that begin with it, the longest first."""


def classify_task(prompt: str) -> TaskMatch | None:
    """The kind of work that ``prompt`` asks for; None when it holds no task but wrappers or a slash command.

    Only the first ``MAX_CHARS`` characters are seen. Blocks that a program put in front, pasted logs, code, quotations
    and paths are not read for their words, but an error among them is a cue. A prompt without a known word, as in
    another language, is a ``feature-build`` of score 0.
    """
    text = find_task_text(prompt[:MAX_CHARS])
    if text is None:
        return None
    prose, pasted = set_apart(text)
    points = _count_points(read_words(prose))
    if holds_error(prose, pasted):
        points["debug-fix"]["(pasted error)"] = PASTED_ERROR
    scores = {kind: _sum_damped(cues.values()) for kind, cues in points.items()}
    best = max(_TIES, key=scores.__getitem__)
    if scores[best] < THRESHOLD:
        best = "feature-build"
    return TaskMatch(best, round(scores[best], 2), tuple(sorted(points[best], key=lambda word: -points[best][word])))


@cache
def bundled_table() -> TaskTable:
    """Return the table that comes with the program."""
    text = resources.files("tachograph.analysis").joinpath("task_types.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), type=TaskTable)


@cache
def _lexicon() -> _Lexicon:
    table = bundled_table()
    rows = {phrase: cue for cue in table.cue for phrase in cue.words}
    lengths: dict[str, set[int]] = {}
    for words in map(str.split, rows):
        lengths.setdefault(words[0], set()).add(len(words))
    ordered = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}
    roles: dict[str, _Role] = {
        **dict.fromkeys(table.fillers, "filler"),
        **dict.fromkeys(_THINGS, "thing"),
        **dict.fromkeys(_PERSONS, "person"),
        **dict.fromkeys(_JOINTS, "joint"),
        **dict.fromkeys(_RELATIVES, "relative"),
        "": "end",
    }
    return _Lexicon(roles, rows, ordered)


# ------------------------------------------------------------------------------------------------- what it asks for


def _count_points(words: list[str]) -> dict[TaskType, dict[str, float]]:
    """Points per type and phrase; a phrase counts once, where it has most."""
    points: dict[TaskType, dict[str, float]] = {kind: {} for kind in _TIES}
    asked: TaskType | None = None
    change, forbidden, faulty = False, False, False
    for found in _find_cues(words):
        cue = found.cue
        if cue.type == "none" or (cue.limits and (asked in _MAKING or asked == "debug-fix")):
            continue
        forbidden |= cue.forbids_change
        orders = found.leads and cue.lead > 0
        value = factor = next((factor for end, factor in _ZONES if found.at < end), _BEYOND)
        value *= max(cue.weight, cue.lead) if orders else cue.weight
        if orders and cue.prepares and _comes_first(words, found.at):
            value *= LOOK_FIRST
        elif orders:
            value *= FIRST_VERB if asked is None else 1.0
            change |= cue.type != "research-recon" and cue.lead * factor >= CHANGE
            asked = asked or cue.type
        if cue.type == "debug-fix":
            beside = asked in _MAKING and not faulty and (orders or (found.describes and not cue.lead))
            value *= BESIDE if beside else 1.0
            faulty |= not beside
        if value:
            known = points[cue.type]
            known[found.phrase] = max(value, known.get(found.phrase, 0.0))
    if change and not forbidden:
        points["research-recon"] = {word: value * LOOK_FIRST for word, value in points["research-recon"].items()}
    return points


def _sum_damped(values: Iterable[float]) -> float:
    return sum(value * DAMPING**rank for rank, value in enumerate(sorted(values, reverse=True)))


def _comes_first(words: list[str], at: int) -> bool:
    """Whether the clause with the word ``at`` begins or ends in "first" and is not all that is said."""
    end = words.index("", at) if "" in words[at:] else len(words)
    begin = at
    while begin and words[begin - 1]:
        begin -= 1
    if "first" not in words[begin:at] and words[end - 1] != "first":
        return False
    roles = _lexicon().roles
    return any(word not in roles for word in words[:begin] + words[end:])


def _find_cues(words: list[str]) -> Iterator[_Found]:
    """Each phrase of the table in ``words``.

    From left to right, the longest phrase first; a word belongs to one phrase only.
    """
    lexicon = _lexicon()
    lengths, rows, roles = lexicon.lengths, lexicon.rows, lexicon.roles
    at, head, subject, relative = 0, True, False, False
    while at < len(words):
        word = words[at]
        role = roles.get(word)
        for length in lengths.get(word, ()):
            phrase = word if length == 1 else " ".join(words[at : at + length])
            cue = rows.get(phrase)
            if cue is not None:
                yield _Found(phrase, cue, at, head and not (subject and cue.opens), relative)
                head = head and cue.type == "none"
                if "relative" in (role, roles.get(phrase.rpartition(" ")[2])) and cue.type != "none":
                    relative = True
                at += length
                break
        else:
            if role is None:
                head = False
            elif role == "end" or role == "joint":
                head, subject, relative = True, False, relative and role == "joint"
            else:
                head = head and role != "relative"
                subject |= role in ("thing", "person")
                relative = role == "relative" or (relative and role != "person")
            at += 1
