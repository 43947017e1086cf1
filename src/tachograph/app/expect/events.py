"""Text into the YAML library's events; what it must not hold is refused before.

``document.py`` loads this module when a file is read, since the library takes 15 ms to load.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from tachograph.app.expect.document import (
    ESCAPE_WORK,
    EVENT_WORK,
    LINE_WORK,
    LONGEST,
    MOST_OPEN,
    MOST_WORK,
    TAG_WORK,
    WORD_WORK,
    DocumentTooLarge,
)
from tachograph.app.expect.errors import ExpectationError, Place, quoted
from tachograph.app.expect.syntax import say_what_is_wrong

__all__ = ["AliasEvent", "DocumentStartEvent", "Event", "MappingEndEvent", "MappingStartEvent", "ScalarEvent"]
__all__ += ["SequenceEndEvent", "SequenceStartEvent", "parse_events", "place_of"]

_HOSTILE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 does not allow unescaped; further U+0085, U+2028 and U+2029, which the library takes for line breaks as
YAML 1.1 did, and a byte order mark behind the start."""
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}
_TOO_MUCH = "the document has too many lines, words and values"
_SPLIT = "Split it into several."


def place_of(mark: Any) -> Place:
    """Where the library's ``mark`` is: it counts from 0."""
    return Place(mark.line + 1, mark.column + 1)


def parse_events(text: str, name: str) -> Iterator[Event]:
    """The library's events for ``text``, one at a time. Raises ExpectationError at the first offence."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_characters(text, name)
    _refuse_long_lines(text, name)
    work = _measure(text, name)
    _refuse_open_brackets(text, name)
    end = Place(1, 1)
    try:
        for event in YAML(typ="safe", pure=True, plug_ins=[]).parse(text):
            has_tag = getattr(event, "ctag", None) is not None
            work += EVENT_WORK + has_tag * TAG_WORK
            if work > MOST_WORK:
                raise _too_large(_TOO_MUCH, name, place_of(event.start_mark))
            if isinstance(event, DocumentStartEvent):
                _refuse_directives(text[: event.start_mark.index], name)
            end = place_of(event.end_mark)
            yield event
    except MarkedYAMLError as error:
        raise _explain(error, text, name) from None
    except (ValueError, OverflowError):  # an escape or a version beyond what Python has numbers for; it has no mark
        raise _refusal("a number behind this is out of range", name, end) from None


def _refuse_characters(text: str, name: str) -> None:
    found = _HOSTILE.search(text)
    if found:
        start = found.start()
        place = Place(text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
        problem = f"the character U+{ord(found[0]):04X} cannot stand in YAML as it is"
        raise _refusal(problem, name, place, f'In double quotes it can be written as "\\u{ord(found[0]):04X}".')


def _refuse_long_lines(text: str, name: str) -> None:
    start = 0
    while len(text) - start > LONGEST:
        line_break = text.rfind("\n", start, start + LONGEST + 1)
        if line_break < 0:
            place = Place(text.count("\n", 0, start) + 1, LONGEST + 1)
            raise _refusal(f"this line has more than {LONGEST:,} characters", name, place)
        start = line_break + 1


def _measure(text: str, name: str) -> int:
    """The work that ``text`` is without its values. Raises DocumentTooLarge where it is too much."""
    work = _work_of(text)
    if work <= MOST_WORK:
        return work
    so_far = accumulate(_work_of(line) for line in text.splitlines(keepends=True))
    number = next(number for number, work in enumerate(so_far, start=1) if work > MOST_WORK)
    raise _too_large(_TOO_MUCH, name, Place(number, 1))


def _work_of(text: str) -> int:
    work = len(text) + ESCAPE_WORK * text.count("\\") + LINE_WORK * text.count("\n")
    return work + WORD_WORK * len(text.split())


def _refuse_open_brackets(text: str, name: str) -> None:
    if text.count("[") + text.count("{") <= MOST_OPEN:
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count("[") + line.count("{") > MOST_OPEN:
            still_open = accumulate((_BRACKETS.get(char, 0) for char in line), lambda so_far, one: max(so_far + one, 0))
            column = next((column for column, most in enumerate(still_open, start=1) if most > MOST_OPEN), None)
            if column:
                raise _refusal(f"more than {MOST_OPEN} brackets are open on this line", name, Place(number, column))


def _refuse_directives(before: str, name: str) -> None:
    """``before`` stands above the document's ``---``. The library passes over directives that it does not know."""
    for number, line in enumerate(before.split("\n"), start=1):
        directive = line.split(maxsplit=1)[0] if line.startswith("%") else "%YAML"
        if directive != "%YAML":
            raise _refusal(f"the directive {quoted(directive)} is not used here", name, Place(number, 1))


def _explain(error: MarkedYAMLError, text: str, name: str) -> ExpectationError:
    mark: Any = error.problem_mark or error.context_mark
    here = place_of(mark)
    lines = text.split("\n")
    line, column = lines[mark.line], mark.column
    before, character = line[:column], line[column : column + 1]
    if not character and here.line < len(lines):
        character = "\n"
    complaint = say_what_is_wrong(error.context or "", error.problem or "", before, character)
    start = place_of(error.context_mark) if error.context_mark else here
    opened = f": the '{complaint.opens}' at line {start.line}, column {start.column} is open" if complaint.opens else ""
    problem = f"{complaint.problem}{opened}"
    return _refusal(problem, name, start if complaint.at_start else here, complaint.hint)


def _refusal(problem: str, name: str, place: Place, hint: str = "") -> ExpectationError:
    return ExpectationError(problem, name=name, line=place.line, column=place.column, hint=hint)


def _too_large(problem: str, name: str, place: Place) -> DocumentTooLarge:
    return DocumentTooLarge(problem, name=name, line=place.line, column=place.column, hint=_SPLIT)
