"""The YAML library's complaints in our own words: one short sentence each, without its dumps of the text."""

from __future__ import annotations

import msgspec

from tachograph.app.expect.errors import quoted


class Complaint(msgspec.Struct, frozen=True):
    """What is wrong, and what helps."""

    problem: str
    at_start: bool = False
    """Whether it is shown where the thing began rather than where it was noticed."""
    hint: str = ""
    opens: str = ""
    """The bracket that is open; where it stands is told."""


_QUOTE_IT = "Put quotes around the text."
_NO_KEY = f"{_QUOTE_IT} A key begins in the column of the key above it."
_ESCAPES = "In single quotes a backslash means itself."
_COMPLAINTS: tuple[tuple[str, Complaint], ...] = (
    ("could not find expected ':'", Complaint("expected ':' after this key", at_start=True)),
    ("mapping values are not allowed", Complaint("a ':' cannot stand here", hint=_NO_KEY)),
    ("sequence entries are not allowed", Complaint("a list item cannot begin here")),
    ("mapping keys are not allowed", Complaint("a key cannot begin here")),
    ("more indented follow up line", Complaint("the blank line above this text holds spaces", hint="Remove them.")),
    ("unexpected end of stream", Complaint("the quote that opens here is never closed", at_start=True)),
    ("unexpected document separator", Complaint("the quote that opens here is never closed", at_start=True)),
    ("hexdecimal", Complaint("this escape lacks hexadecimal digits", hint=_ESCAPES)),
    ("unknown escape character", Complaint("this escape is unknown", hint=_ESCAPES)),
    ("unexpected ':'", Complaint("a ':' cannot stand here", hint=_QUOTE_IT)),
    ("a directive", Complaint("only the directive %YAML 1.2 is understood", at_start=True)),
    ("YAML directive", Complaint("a second %YAML directive")),
    ("incompatible YAML", Complaint("only YAML 1.2 is understood")),
    ("an anchor", Complaint("an anchor's name is expected here", hint=_QUOTE_IT)),
    ("an alias", Complaint("an alias's name is expected here", hint=_QUOTE_IT)),
    ("a block scalar", Complaint("the text has to begin on the line after '|' or '>'")),
    (" tag", Complaint("this tag is not understood", at_start=True)),
    ("<document start>", Complaint("expected '---' or the end of the document")),
    ("document end marker", Complaint("only a comment may follow '...'")),
    ("expected ',' or ']'", Complaint("expected ',' or ']'", opens="[")),
    ("expected ',' or '}'", Complaint("expected ',' or '}'", opens="{")),
    ("block collection", Complaint("this does not line up with the items of the list")),
    ("block mapping", Complaint("this does not line up with the keys of the mapping")),
    ("node content", Complaint("expected a value")),
)
"""The first row whose words are in the library's context or problem is what it means."""
_ONLY_ON_ITS_OWN_LINE = ("<document start>", "block collection", "block mapping")
_UNCLOSED = Complaint("the bracket that opens here is never closed", at_start=True)


def say_what_is_wrong(context: str, problem: str, before: str, character: str) -> Complaint:
    """What the library means by ``problem``, noticed at ``character`` (empty: the end of the text).

    ``before`` is what stands before it on its line.
    """
    if "cannot start any token" in problem:
        if character == "\t":
            return Complaint("a tab cannot stand here", hint="Use spaces.")
        return Complaint(f"a value cannot begin with {quoted(character)}", hint=_QUOTE_IT)
    if "a flow " in context and (not character or "<document " in problem):
        return _UNCLOSED
    words = f"{context}: {problem}"
    if before.strip() and any(told in words for told in _ONLY_ON_ITS_OWN_LINE):
        return Complaint("expected the end of the line")
    return next((complaint for told, complaint in _COMPLAINTS if told in words), Complaint("this is not valid YAML"))
