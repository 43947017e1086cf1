"""Text into the YAML library's events; what it must not hold is refused before.

``document.py`` loads this module when a file is read, since the library takes 15 ms to load.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tachograph.app.expect.document import LONGEST
from tachograph.app.expect.errors import ExpectationError, Place
from tachograph.app.expect.parser import BoundedParser, Event, MarkedYAMLError
from tachograph.app.expect.syntax import say_what_is_wrong

_HOSTILE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 does not allow unescaped; further U+0085, U+2028 and U+2029, which the library takes for line breaks as
YAML 1.1 did, and a byte order mark behind the start."""


def parse_events(text: str, name: str) -> Iterator[Event]:
    """The parser's events for ``text``, whose marks are Places. Raises ExpectationError at the first offence."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_characters(text, name)
    _refuse_long_lines(text, name)
    parser = BoundedParser(text, name)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    except MarkedYAMLError as error:
        raise _explain(error, parser) from None
    except (ValueError, OverflowError):  # an escape or a version beyond what Python has numbers for
        raise parser.refusal("this number is out of range") from None
    finally:
        vars(parser).clear()  # it refers to itself, and the collector may be off


def _refuse_characters(text: str, name: str) -> None:
    found = _HOSTILE.search(text)
    if found:
        start = found.start()
        place = Place(text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
        problem = f"the character U+{ord(found[0]):04X} cannot stand in YAML as it is"
        hint = f'In double quotes it can be written as "\\u{ord(found[0]):04X}".'
        raise ExpectationError(problem, name=name, line=place.line, column=place.column, hint=hint)


def _refuse_long_lines(text: str, name: str) -> None:
    start = 0
    while len(text) - start > LONGEST:
        line_break = text.rfind("\n", start, start + LONGEST + 1)
        if line_break < 0:
            line = text.count("\n", 0, start) + 1
            problem = f"this line has more than {LONGEST:,} characters"
            raise ExpectationError(problem, name=name, line=line, column=LONGEST + 1)
        start = line_break + 1


def _explain(error: MarkedYAMLError, parser: BoundedParser) -> ExpectationError:
    here = error.problem_mark or error.context_mark or parser.get_mark()
    line, column = parser.buffer.split("\n", here.line)[here.line - 1].rstrip("\0"), here.column - 1
    before, character = line[:column], line[column : here.column]
    if not character and here.line <= parser.buffer.count("\n"):
        character = "\n"
    complaint = say_what_is_wrong(error.context or "", error.problem or "", before, character)
    place = error.context_mark if complaint.at_start and error.context_mark else here
    return parser.refusal(complaint.problem, place, complaint.hint)
