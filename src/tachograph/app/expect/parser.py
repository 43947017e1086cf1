"""The YAML library's parser, bounded: it refuses what would make it work for long, and reads plain things at once.

The library goes through the text character by character in Python. What is usual (blank lines and comments, text on one
line) is matched by expressions here; everything else is the library's, and the tests hold its events against ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

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
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tokens import ScalarToken, Token, ValueToken

from tachograph.app.expect.document import DEEPEST, LONGEST, MOST_STEPS
from tachograph.app.expect.errors import ExpectationError, Place, quoted
from tachograph.app.expect.scalars import COLLECTION_TAGS, SCALAR_TAGS, TAG

__all__ = ["AliasEvent", "BoundedParser", "DocumentStartEvent", "Event", "MappingEndEvent", "MappingStartEvent"]
__all__ += ["MarkedYAMLError", "ScalarEvent", "SequenceEndEvent", "SequenceStartEvent"]

_LONGEST_KEY = 1024
"""Characters: YAML 1.2.2, section 7.4."""
_LONGEST_NAME = 128
"""Characters of an anchor's name."""
_TAGS = COLLECTION_TAGS | SCALAR_TAGS

_BLANKS = re.compile(r"(?: *+(?:#[^\n\0]*+)?\n)*+ *+(?:#[^\n\0]*+)?")
_FLOW_BLANKS = re.compile(r"(?:[ \t]*+(?:#[^\n\0]*+)?\n)*+[ \t]*+(?:#[^\n\0]*+)?")
_TEXT = re.compile(
    r"""(?> (?:[^ \n\t\0:]|:(?![ \n\t\0]))++ (?:[ ]++(?!\#)(?:[^ \n\t\0:]|:(?![ \n\t\0]))++)*+ )
        (?= [ ]*+ (?: [:#] | \n(?P<next>[ ]*+)(?![ \n\t\0]) ) )""",
    re.VERBOSE,
)
"""Text without quotes, on one line in block style: it ends there unless ``next``, the indent of the line behind it, is
deeper than the block."""
_FLOW_TEXT = re.compile(
    r"""(?> (?:[^ \n\t\0:,\[\]{}]|:(?![ \n\t\0]))++ (?:[ ]++(?!\#)(?:[^ \n\t\0:,\[\]{}]|:(?![ \n\t\0]))++)*+ )
        (?= [ ]*+ [:,\[\]{}\#] ) (?P<next>){0}""",
    re.VERBOSE,
)
"""The same between brackets, where the next mark decides."""
_FETCHES: dict[str, Callable[[Any], None]] = {
    "]": Scanner.fetch_flow_sequence_end,
    "}": Scanner.fetch_flow_mapping_end,
    ",": Scanner.fetch_flow_entry,
    "[": Scanner.fetch_flow_sequence_start,
    "{": Scanner.fetch_flow_mapping_start,
    '"': Scanner.fetch_double,
    "'": Scanner.fetch_single,
    ": ": Scanner.fetch_value,
    ":\n": Scanner.fetch_value,
    "- ": Scanner.fetch_block_entry,
    "-\n": Scanner.fetch_block_entry,
}
_SPACES = re.compile(" +")
_QUOTED = {'"': re.compile(r'"([^"\\\n\0]*+)"'), "'": re.compile(r"'([^'\n\0]*+)'(?!')")}


class BoundedParser(Reader, Scanner, Parser):
    """The library's reader, scanner and parser in one object, as its own loaders have them, for one text.

    Where the library looks its parts up through properties they are plain attributes here, the reader, which is asked
    for every character, does not provide for streams, and marks are Places.
    """

    comment_handling = None
    processing_version = scanner_processing_version = (1, 2)
    reader: Any = None
    scanner: Any = None
    resolver: Any = None

    def __init__(self, text: str, name: str) -> None:
        self.source = name
        self.doc_infos = [SimpleNamespace()]  # the scanner notes the version there
        self.reader = self.scanner = self.resolver = self
        self._text_end = LONGEST
        self._steps = 0
        self._ready = False
        Reader.__init__(self, None, loader=self)
        self.buffer = text + "\0" * 4  # the scanner looks at most three characters beyond one that is not the end
        Scanner.__init__(self, loader=self)
        Parser.__init__(self, loader=self)

    def refusal(self, problem: str, place: Place | None = None, hint: str = "") -> ExpectationError:
        """An error at ``place``, by default where the reader is."""
        place = place or self.get_mark()
        return ExpectationError(problem, name=self.source, line=place.line, column=place.column, hint=hint)

    # The reader.

    def peek(self, index: int = 0) -> str:
        """The character ``index`` further on; NUL behind the end."""
        return self.buffer[self.pointer + index]

    def prefix(self, length: int = 1) -> str:
        """The next ``length`` characters."""
        return self.buffer[self.pointer : self.pointer + length]

    def forward(self, length: int = 1) -> None:
        """Move on by ``length`` characters, at the cost of steps."""
        self._steps += 1 + length // 16
        if self._steps > MOST_STEPS:
            raise self.refusal("the document has too many lines and values up to here", hint="Split it into several.")
        if length == 1 and self.buffer[self.pointer] != "\n":
            self.column += 1
            self.pointer = self.index = self.pointer + 1
        else:
            self._move_to(self.pointer + length)
        if self.pointer > self._text_end:
            raise self.refusal(f"this text has more than {LONGEST:,} characters")

    def get_mark(self) -> Place:
        """Where the reader is."""
        return Place(self.line + 1, self.column + 1)

    def _move_to(self, end: int) -> None:
        line_break = self.buffer.rfind("\n", self.pointer, end)
        if line_break < 0:
            self.column += end - self.pointer
        else:
            self.line += self.buffer.count("\n", self.pointer, end)
            self.column = end - line_break - 1
        self.pointer = self.index = end

    # The queue of tokens, of which the parser asks several times what comes next.

    def check_token(self, *choices: type[Token]) -> bool:
        """Whether the next token is one of ``choices``."""
        if not self._ready:
            self._make_ready()
        return isinstance(self.tokens[0], choices) if self.tokens else False

    def peek_token(self) -> Token | None:
        """The next token; None behind the last."""
        if not self._ready:
            self._make_ready()
        return self.tokens[0] if self.tokens else None

    def get_token(self) -> Token | None:
        """The next token, which is done with then."""
        token = self.peek_token()
        if token:
            self._ready = False
            self.tokens_taken += 1
            del self.tokens[0]
        return token

    def _make_ready(self) -> None:
        while not self.done and (not self.tokens or self._may_become_key()):
            self.fetch_more_tokens()
        self._ready = True

    def _may_become_key(self) -> bool:
        """Whether a ':' further on may make a key of the next token."""
        if not self.possible_simple_keys:
            return False
        self.stale_possible_simple_keys()
        first = next(iter(self.possible_simple_keys.values()), None)
        return first is not None and first.token_number == self.tokens_taken

    def stale_possible_simple_keys(self) -> None:
        """The library looks at the candidate of each open level; they are in order, and the first is the oldest."""
        first = next(iter(self.possible_simple_keys.values()), None)
        if first is not None and (first.line != self.line or self.index - first.index > _LONGEST_KEY):
            Scanner.stale_possible_simple_keys(self)

    def fetch_more_tokens(self) -> None:
        """The library compares the next character with one kind of token after the other; most need one look."""
        self._steps += 2
        self.scan_to_next_token()
        two = self.buffer[self.pointer : self.pointer + 2]
        fetch = Scanner.fetch_plain if two[0].isalnum() else _FETCHES.get(two) or _FETCHES.get(two[0])
        if fetch is None:
            Scanner.fetch_more_tokens(self)
            return
        if self.possible_simple_keys:
            self.stale_possible_simple_keys()
        self.unwind_indent(self.column)
        fetch(self)

    # What the scanner reads character by character: in one go where it is plain to see that this is the same.

    def scan_to_next_token(self) -> None:
        """Blank lines, comments and the indent of what follows."""
        if self.buffer[self.pointer] in " \n#\t":
            line, in_block = self.line, not self.flow_context
            blanks = (_BLANKS if in_block else _FLOW_BLANKS).match(self.buffer, self.pointer)
            if blanks:
                self._move_to(blanks.end())
            if in_block and self.line > line:
                self.allow_simple_key = True
        self._text_end = self.pointer + LONGEST

    def scan_plain(self) -> Any:
        """Text without quotes."""
        found = (_FLOW_TEXT if self.flow_context else _TEXT).match(self.buffer, self.pointer)
        next_indent = found and found["next"]
        if found is None or (next_indent is not None and len(next_indent) > self.indent):
            return Scanner.scan_plain(self)
        return self._take_scalar(found[0], found, plain=True)

    def scan_flow_scalar(self, style: str) -> Any:
        """Text in quotes."""
        found = _QUOTED[style].match(self.buffer, self.pointer)
        return self._take_scalar(found[1], found, style=style) if found else Scanner.scan_flow_scalar(self, style)

    def scan_block_scalar_breaks(self, indent: int) -> tuple[list[str], Place]:
        """The line breaks of blank lines and where the last one ends; the indent of what follows is behind us then."""
        self._steps += 2
        breaks, end = [], self.get_mark()
        self._skip_indent(indent)
        while self.buffer[self.pointer] == "\n":
            self.forward()
            breaks.append("\n")
            end = self.get_mark()
            self._skip_indent(indent)
        return breaks, end

    def _skip_indent(self, indent: int) -> None:
        spaces = _SPACES.match(self.buffer, self.pointer, self.pointer + max(indent - self.column, 0))
        if spaces:
            self._move_to(spaces.end())

    def _take_scalar(self, text: str, found: re.Match[str], plain: bool = False, style: str | None = None) -> Token:
        start = self.get_mark()
        self._move_to(found.end())
        return ScalarToken(text, plain, start, self.get_mark(), style)

    def parse_node(self, block: bool = False, indentless_sequence: bool = False) -> Event:
        """The library asks for each kind of token in turn; a scalar without anchor and tag is what most nodes are."""
        if not isinstance(self.peek_token(), ScalarToken):
            event: Event = Parser.parse_node(self, block, indentless_sequence)
            return event
        token: Any = self.get_token()
        self.state = self.states.pop()
        implicit = (token.plain, not token.plain)
        return ScalarEvent(None, None, implicit, token.value, token.start_mark, token.end_mark, token.style)

    def parse_block_mapping_value(self) -> Event:
        """The library says that a value left out is behind what comes next, lines further on; it is at its colon."""
        colon = self.peek_token()
        event: Event = Parser.parse_block_mapping_value(self)
        if isinstance(event, ScalarEvent) and event.implicit == (True, False) and not (event.value or event.anchor):
            behind: Any = colon if isinstance(colon, ValueToken) else self.last_event
            event.start_mark = event.end_mark = behind.end_mark
        return event

    # What is refused as soon as it is seen.

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803 (the library's name)
        """An opening bracket, unless it is one too many."""
        # Here, since the scanner runs up to 1,024 characters ahead of the events.
        if len(self.flow_context) >= DEEPEST:
            raise self.refusal(f"more than {DEEPEST} levels of nesting")
        Scanner.fetch_flow_collection_start(self, TokenClass, to_push)

    def scan_directive(self) -> Any:
        """``%YAML``; any other directive is refused."""
        place = self.get_mark()
        token = Scanner.scan_directive(self)
        if token.name != "YAML":
            raise self.refusal(f"the directive {quoted('%' + token.name)} is not used here", place)
        return token

    def scan_anchor(self, TokenClass: Any) -> Any:  # noqa: N803
        """The name of an anchor or alias, unless it is too long."""
        token = Scanner.scan_anchor(self, TokenClass)
        if len(token.value) > _LONGEST_NAME:
            raise self.refusal(f"this name has more than {_LONGEST_NAME} characters", token.start_mark)
        return token

    def scan_tag(self) -> Any:
        """A tag of the core schema; any other is refused."""
        self._steps += 10
        token = Scanner.scan_tag(self)
        handle, suffix = token.value
        if (TAG if handle == "!!" else handle or "") + suffix not in _TAGS:
            shown = quoted((handle or "") + suffix)
            raise self.refusal(f"the tag {shown} is not allowed", token.start_mark, "Plain YAML values need no tags.")
        return token
