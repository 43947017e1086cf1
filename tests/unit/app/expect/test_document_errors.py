"""What is no document of ours: each offence with its place, in one sentence."""

from __future__ import annotations

import pytest

from tachograph.app.expect.document import read_document
from tachograph.app.expect.errors import ExpectationError, quoted

QUOTES = "Put quotes around the text."
TAGS = "Plain YAML values need no tags."
ESCAPES = "In single quotes a backslash means itself."
MERGE = "YAML 1.2 has none; write the keys out, or quote it if it is meant as a key."


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        # syntax
        ("a: 1\nb\nc: 2\n", "2:1: expected ':' after this key", ""),
        ("a: b: c\n", "1:5: a ':' cannot stand here", f"{QUOTES} A key begins in the column of the key above it."),
        ("a: 1\n- b\n", "2:1: this does not line up with the keys of the mapping", ""),
        ("a:\n    b: 1\n  c: 2\n", "3:3: this does not line up with the keys of the mapping", ""),
        ("- - a\n  - b\n c", "3:2: this does not line up with the items of the list", ""),
        ("a: - b\n", "1:4: a list item cannot begin here", ""),
        ("a: ? b\n", "1:4: a key cannot begin here", ""),
        ("a:\n\t- b\n", "2:1: a tab cannot stand here", "Use spaces."),
        ("a:\tb\n", "1:3: a tab cannot stand here", "Use spaces."),
        ("a: @x\n", "1:4: a value cannot begin with '@'", QUOTES),
        ("- |x\n  a\n", "1:4: the text has to begin on the line after '|' or '>'", ""),
        ("- > text\n", "1:5: the text has to begin on the line after '|' or '>'", ""),
        ("- |\n  \n    a\n", "3:5: the blank line above this text holds spaces", "Remove them."),
        ('a: "x\nb: 1\n', "1:4: the quote that opens here is never closed", ""),
        ("a: 'x\n---\n'", "1:4: the quote that opens here is never closed", ""),
        ('a: "\\d+"\n', "1:6: this escape is unknown", ESCAPES),
        ('a: "\\xZZ"\n', "1:7: this escape lacks hexadecimal digits", ESCAPES),
        ('a: "\\U00110000"\n', "1:2: a number behind this is out of range", ""),
        ("%YAML " + "1" * 5_000 + ".2\n---\na\n", "1:1: a number behind this is out of range", ""),
        ('a: "\\ud800"\n', "1:4: an escape in this text is half a character", ""),
        ("a: [1, 2\nb: 3\n", "2:2: expected ',' or ']': the '[' at line 1, column 4 is open", ""),
        ("a: [[1],\n  [2\n\nb: 3\n", "4:2: expected ',' or ']': the '[' at line 2, column 3 is open", ""),
        ("a: {b: 1\nc: 3\n", "2:2: expected ',' or '}': the '{' at line 1, column 4 is open", ""),
        ("a: [1, 2}\n", "1:9: expected ',' or ']': the '[' at line 1, column 4 is open", ""),
        ("a: [1, 2\n---\nb: 3\n", "1:4: the bracket that opens here is never closed", ""),
        ("a: [1, 2\n...\n", "1:4: the bracket that opens here is never closed", ""),
        ("a: [1, 2\n\n", "1:4: the bracket that opens here is never closed", ""),
        ("a: {b: 1\n", "1:4: the bracket that opens here is never closed", ""),
        ("a: {b: 1]\n", "1:9: expected ',' or '}': the '{' at line 1, column 4 is open", ""),
        ("a: ]\n", "1:4: expected a value", ""),
        ("a: [b]]\n", "1:7: expected the end of the line", ""),
        ('a: "b" c\n', "1:8: expected the end of the line", ""),
        ("[a] b\n", "1:5: expected the end of the line", ""),
        ("[a]\nb\n", "2:1: expected '---' or the end of the document", ""),
        ("a: &\n", "1:5: an anchor's name is expected here", QUOTES),
        ("a: *\n", "1:5: an alias's name is expected here", QUOTES),
        ("a: !<x\n", "1:4: this tag is not understood", ""),
        # keys
        ("a: 1\nb: 2\na: 3\n", "3:1: duplicate key 'a', first at line 1, column 1", ""),
        ('{a: 1, "a": 2}', "1:8: duplicate key 'a', first at line 1, column 2", ""),
        ('5: a\n"5": b\n', "2:1: duplicate key '5', first at line 1, column 1", ""),
        ("[a]: b\n", "1:1: a list cannot be a key", ""),
        ("? - a\n: b\n", "1:3: a list cannot be a key", ""),
        ("{{a: b}: c}\n", "1:2: a mapping cannot be a key", ""),
        ("a: &x [b]\n*x : c\n", "2:1: an alias for a list or a mapping cannot be a key", ""),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "3:3: '<<' would be a merge key", MERGE),
        # tags
        ("a: !!python/object:os.system x\n", "1:4: the tag '!!python/object:os.system' is not allowed", TAGS),
        ("!include x.yaml\n", "1:1: the tag '!include' is not allowed", TAGS),
        ("- a\n- ! x\n", "2:3: the tag '!' is not allowed", TAGS),
        ("- !<tag:yaml.org,2002:binary> x\n", "1:3: the tag 'tag:yaml.org,2002:binary' is not allowed", TAGS),
        ("a: !!timestamp 2026-11-01\n", "1:4: the tag '!!timestamp' is not allowed", TAGS),
        ("a: !!int x\n", "1:4: this is no value for the tag !!int", ""),
        ("a: !!bool yes\n", "1:4: this is no value for the tag !!bool", ""),
        ("a: !!null x\n", "1:4: this is no value for the tag !!null", ""),
        ("a: !!seq {}\n", "1:4: this is no value for the tag !!seq", ""),
        ("a: !!map x\n", "1:4: this is no value for the tag !!map", ""),
        ("a: !!str [x]\n", "1:4: this is no value for the tag !!str", ""),
        # documents and directives
        ("a: 1\n---\nb: 2\n", "2:1: a second document begins here; only one is read", ""),
        ("a: 1\n...\nb\n", "3:1: a second document begins here; only one is read", ""),
        ("a: 1\n... b\n", "2:5: only a comment may follow '...'", ""),
        ("%TAG ! tag:x,2026:\n---\na\n", "1:1: the directive '%TAG' is not used here", ""),
        ("# a\n%YAML 1.2\n%WORDS x\n---\na\n", "3:1: the directive '%WORDS' is not used here", ""),
        ("%YAML 2.0\n---\na\n", "1:1: only YAML 1.2 is understood", ""),
        ("%YAML x\n---\na\n", "1:1: only the directive %YAML 1.2 is understood", ""),
        ("%YAML 1.2\n%YAML 1.2\n---\na\n", "2:1: a second %YAML directive", ""),
        # aliases
        (
            "- *.sql\n",
            "1:3: '*.sql' is an alias, and no anchor of its name comes before it",
            "Text that begins with '*' needs quotes.",
        ),
        ("a: &x [1, *x]\n", "1:11: the alias '*x' stands for what it is in", ""),
        ("&x {a: {b: *x}}\n", "1:12: the alias '*x' stands for what it is in", ""),
        # numbers and characters
        ("a: " + "1" * 129, "1:4: this number has more than 128 characters", ""),
        ("a: 1e999\n", "1:4: this number is too large", ""),
        (
            "a: 1\nb: \x1b[2J\n",
            "2:4: the character U+001B cannot stand in YAML as it is",
            'In double quotes it can be written as "\\u001B".',
        ),
        (
            "a: b\0",
            "1:5: the character U+0000 cannot stand in YAML as it is",
            'In double quotes it can be written as "\\u0000".',
        ),
        (
            "a: b\u2028c",
            "1:5: the character U+2028 cannot stand in YAML as it is",
            'In double quotes it can be written as "\\u2028".',
        ),
        (
            "a: \ufeffb",
            "1:4: the character U+FEFF cannot stand in YAML as it is",
            'In double quotes it can be written as "\\uFEFF".',
        ),
        (b"a: b\nc: \xe9\xe9\n", "2:4: this is not UTF-8 text", ""),
        (b"\xff\xfea\x00:\x00\n", "1:3: this is not UTF-16 text", ""),
    ],
)
def test_each_offence_is_named_with_its_place(text: str | bytes, message: str, hint: str) -> None:
    with pytest.raises(ExpectationError) as caught:
        read_document(text, "f.yaml")
    assert (caught.value.message, caught.value.hint) == (f"f.yaml:{message}", hint)


def test_an_error_has_its_parts_by_themselves() -> None:
    with pytest.raises(ExpectationError) as caught:
        read_document("a: 1\na: 2\n", "dir/f.yaml")
    error = caught.value
    assert (error.name, error.line, error.column) == ("dir/f.yaml", 2, 1)
    assert error.problem == "duplicate key 'a', first at line 1, column 1"
    assert (error.slug, error.exit_code, str(error)) == ("invalid_expectations", 4, error.message)


def test_words_of_the_file_and_its_name_are_harmless_in_messages() -> None:
    with pytest.raises(ExpectationError) as caught:
        read_document('"x\\e[2J\\u202e": 1\n"x\\e[2J\\u202e": 2\n', "a\x1b\n.yaml")
    assert caught.value.message == "a� .yaml:2:1: duplicate key 'x�[2J�', first at line 1, column 1"


@pytest.mark.parametrize(
    ("text", "shown"), [("a b", "'a b'"), ("x" * 60, f"'{'x' * 60}'"), ("x" * 61, f"'{'x' * 59}…'"), ("a\nb", "'a b'")]
)
def test_long_words_are_cut(text: str, shown: str) -> None:
    assert quoted(text) == shown
