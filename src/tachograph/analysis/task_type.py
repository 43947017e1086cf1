"""What kind of work a session was asked for, by the words of its first prompt."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Literal, get_args

import msgspec

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
"""Factor for research-recon where a change is asked for: "read the spec, then implement it"."""
PASTED_ERROR = 3.0
"""Points for debug-fix when a pasted log, some code or a quotation holds an error."""

_ZONES = ((60, 1.0), (150, 0.5))
"""The first so many words, ends of clauses included -> factor for the cues among them."""
_BEYOND = 0.25
"""Factor for the cues behind the last zone."""
_TIES: tuple[TaskType, ...] = ("debug-fix", "ml-eval", "infra-deploy", "feature-build", "research-recon")
"""Of two types with the same points the earlier one is taken: research asks for no change, so it comes last."""

_LEADING_BLOCK = re.compile(
    r"""\s*(?:
        <(?P<tag>system-reminder|local-command-[\w-]+|command-[\w-]+|bash-[\w-]+|ide_\w+|task-notification|[\w-]+-hook
        |environment_context|user_instructions|INSTRUCTIONS|turn_aborted|user_shell_command|skill)\b[^>]*>
        .*?(?:</(?P=tag)>|\Z)
      | \[(?:Image\ \#\d+|Request\ interrupted[^\]\n]*)\]
      | \#\ Context\ from\ my\ IDE\ setup:.*?(?:\#\#\ My\ request\ for\ Codex:|\Z)
      | \#\ AGENTS\.md\ instructions[^\n]*(?=\s*<INSTRUCTIONS>)
    )\s*""",
    re.DOTALL | re.VERBOSE,
)
_SLASH_COMMAND = re.compile(r"/[\w:-]+(?!\S)")
_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_TAG = re.compile(r"</?[A-Za-z][\w-]{0,40}>")
_QUOTED = re.compile(r"""(?<=[\w,:(]\s)(?:"[^"\n]{1,80}"|“[^”\n]{1,80}”)""")
_LOG_LINE = re.compile(
    r"""\s*(?:
        \[?\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d | \[?\d\d:\d\d:\d\d | \[[\d.]+s?\]   # begins with a time
      | \[?(?:INFO|DEBUG|TRACE|WARN(?:ING)?|ERROR|FATAL|NOTICE)\b            # or with a level
      | at\s\S+[\s(].*:\d+ | File\s".*",\sline\s\d                        # frame of a stack
      | (?:E|>|\$|>>>|\.\.\.|\+|\#\d+)\s{1,3}\S                            # quotation, shell, diff, build step
      | @@\s | diff\s--git | \S+:\d+:\d+\b | npm\s(?:ERR!|WARN|error) | ={3,} | -{3,} | \|.*\|
      | Traceback\s\( | Caused\sby: | panic: | fatal: | error(?:\[\w+\])?: | [\w.]*(?:Error|Exception):
      | FAIL(?:ED)?\b | ✗ | ✖
    )""",
    re.VERBOSE,
)
_ERROR = re.compile(
    r"""
    Traceback\ \( | (?:Error|Exception)\b | \b(?:panic|fatal|error)\b(?:\[\w+\]|\ [A-Z]+\d+)?:
  | npm\ (?:ERR!|error) | \bFAIL(?:ED)?\b | \bERROR\b | [✗✖] | exit(?:ed\ with)?\ (?:code|status)\ [1-9]
  | [Pp]ermission\ denied | [Cc]annot\b | [Cc]ould\ not\b | [Nn]ot\ found\b | [Ff]ailed\ to\b
  | \bE(?:ACCES|ADDRINUSE|CONN[A-Z]+|EXIST|NOENT|PERM|PIPE|TIMEDOUT)\b
    """,
    re.VERBOSE,
)
_ERROR_NAME = re.compile(r"\b[A-Z]\w*(?:Error|Exception)\b")
"""An error by its class: it counts in prose too."""
_CHUNK = re.compile(r"\n|\S+")
_EDGES = re.compile(r"^([^\w<`/.~@$-]*)(.*?)([^\w>`/$%]*)$")
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?(?:-[^\W\d_]+)*")
_POSSESSIVE = re.compile(r"(?<!^it)(?<!^let)(?<!^that)(?<!^what)(?<!^there)(?<!^where)(?<!^who)(?<!^how)'s$")
_BREAKS = frozenset('.!?;:,()"“”–—*#>→')
_JOINTS = frozenset(["and", "then", "but", "&", "und", "dann", "aber"])
"""Words after which a clause may begin."""


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
    forbids_change: bool = False
    """Such a phrase says that nothing is to be changed: what sounds like an order to change something is none."""


class TaskTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of words: ``task_types.toml``."""

    fillers: tuple[str, ...]
    """Words that may stand before the verb of an order: please, can you."""
    cue: tuple[Cue, ...]


class _Lexicon(msgspec.Struct, frozen=True):
    """The table, made ready for looking up."""

    fillers: frozenset[str]
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
    text = _strip_wrappers(prompt[:MAX_CHARS])
    if not text or _SLASH_COMMAND.match(text):
        return None
    prose, pasted = _set_apart(unicodedata.normalize("NFC", text))
    points = _count_points(_read_words(prose))
    if (pasted and _ERROR.search(pasted)) or (_names_error(prose) and _ERROR_NAME.search(prose)):
        points["debug-fix"]["(pasted error)"] = PASTED_ERROR
    scores = {kind: _sum_damped(cues.values()) for kind, cues in points.items()}
    best = max(_TIES, key=scores.__getitem__)
    if scores[best] < THRESHOLD:
        best = "feature-build"
    return TaskMatch(best, round(scores[best], 2), tuple(sorted(points[best], key=lambda word: -points[best][word])))


def _names_error(prose: str) -> bool:
    """A quick look before a slow one."""
    return "Error" in prose or "Exception" in prose


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
    return _Lexicon(frozenset(table.fillers), rows, ordered)


# ------------------------------------------------------------------------------------------ what is the task's text


def _strip_wrappers(text: str) -> str:
    """``text`` without the blocks in front of it that no person typed; one that was cut goes to the end."""
    while block := _LEADING_BLOCK.match(text):
        text = text[block.end() :]
    return text.strip()


def _set_apart(text: str) -> tuple[str, str]:
    """What is written as prose, and what is pasted or quoted."""
    pasted: list[str] = []

    def move(match: re.Match[str]) -> str:
        pasted.append(match[0])
        return " ` "

    text = _QUOTED.sub(move, _CODE.sub(move, _FENCE.sub(move, text)))
    text = _TAG.sub("\n", text)
    prose: list[str] = []
    for line in text.split("\n"):
        (pasted if _LOG_LINE.match(line) else prose).append(line)
    return "\n".join(prose), "\n".join(pasted)


def _read_words(text: str) -> list[str]:
    """The words in lower case; ``""`` where a clause ends. A path or an identifier is one word, ``fine-tune`` two."""
    words: list[str] = []
    for chunk in _CHUNK.findall(text.replace("’", "'")):
        if chunk.isalpha():  # most are: a short cut
            words.append(chunk.lower())
            continue
        edges = _EDGES.match(chunk)
        assert edges is not None  # it matches anything within a line; of a line's end nothing is left
        before, core, after = edges.groups()
        if not _BREAKS.isdisjoint(before):
            words.append("")
        core = core.lower()
        if _WORDS.fullmatch(core):
            words += _POSSESSIVE.sub("", core).split("-")
        elif core:
            words.append(core)
        if not _BREAKS.isdisjoint(after) or not core:
            words.append("")
    return words


# ------------------------------------------------------------------------------------------------- what it asks for


def _count_points(words: list[str]) -> dict[TaskType, dict[str, float]]:
    """Points per type and phrase; a phrase counts once, where it has most."""
    points: dict[TaskType, dict[str, float]] = {kind: {} for kind in _TIES}
    first, change, forbidden = True, False, False
    for phrase, cue, at, leads in _find_cues(words):
        if cue.type == "none":
            continue
        forbidden |= cue.forbids_change
        zone = next((factor for end, factor in _ZONES if at < end), _BEYOND)
        value = max(cue.weight, cue.lead) if leads else cue.weight
        if leads and cue.lead:
            value *= FIRST_VERB if first else 1.0
            first = False
            change |= cue.type != "research-recon" and cue.lead * zone >= CHANGE
        if value:
            known = points[cue.type]
            known[phrase] = max(value * zone, known.get(phrase, 0.0))
    if change and not forbidden:
        points["research-recon"] = {word: value * LOOK_FIRST for word, value in points["research-recon"].items()}
    return points


def _sum_damped(values: Iterable[float]) -> float:
    return sum(value * DAMPING**rank for rank, value in enumerate(sorted(values, reverse=True)))


def _find_cues(words: list[str]) -> Iterator[tuple[str, Cue, int, bool]]:
    """Each phrase of the table with its row, its place and whether it stands at the head of a clause.

    From left to right, the longest phrase first; a word belongs to one phrase only.
    """
    lexicon = _lexicon()
    at, head = 0, True
    while at < len(words):
        word = words[at]
        for length in lexicon.lengths.get(word, ()):
            phrase = " ".join(words[at : at + length])
            cue = lexicon.rows.get(phrase)
            if cue is not None:
                yield phrase, cue, at, head
                head = head and cue.type == "none"
                at += length
                break
        else:
            head = not word or word in _JOINTS or (head and word in lexicon.fillers)
            at += 1
