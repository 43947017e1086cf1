"""YAML bombs: refused within 100 ms of CPU and without much memory, whatever they are made of."""

from __future__ import annotations

import tracemalloc

import pytest

from tachograph.app.expect.document import read_document
from tachograph.app.expect.errors import ExpectationError
from tests.effort import takes_at_most

KIB = 1 << 10
NODES = "more than 10,000 values, those that aliases stand for included"
TEXT = "more than 512 KiB of text, what aliases stand for included"
WORK = "the document has too many lines, words and values"
SIZE = "the document is larger than 512 KiB"
DEPTH = "more than 32 levels of nesting"
BRACKETS = "more than 100 brackets are open on this line"
LINE = "this line has more than 32,768 characters"
SCALAR = "this text has more than 32,768 characters"
UNKNOWN = "'*x' is an alias, and no anchor of its name comes before it"


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


def numbered(line: str, count: int) -> str:
    return "".join(line.replace("N", str(n)) for n in range(count))


def filled(before: str, text: str, after: str, count: int) -> str:
    return f"{before}{text}{after}\n" * count


BOMBS = {
    "billion laughs": (laughs(12), 5, NODES),
    "one big anchor, many aliases": (f"a: &a [{', '.join('x' * 990)}]\nb: [{', '.join(['*a'] * 1_000)}]", 2, NODES),
    "one long text, many aliases": (f"- &a {'x' * 30_000}\n" + "- *a\n" * 3_000, 18, TEXT),
    "a chain of aliases": ("- &a0 [x]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 200)), 32, DEPTH),
    "anchors": (numbered("- &aN x\n", 2_000), 1001, "more than 1,000 anchors"),
    "a long anchor": (f"- &{'a' * 30_000} x\n" * 6, 1, "this name has more than 128 characters"),
    "10 MB": ("a: b\n" * 2_000_000, 1, SIZE),
    "10 MB of bytes": (b"\xff" * 10_000_000, 1, SIZE),
    "brackets": ("[" * 30_000, 1, BRACKETS),
    "brackets on lines": ("[\n" * 10_000, 33, DEPTH),
    "more brackets on lines": ("[\n" * 130_000, 100_001, WORK),
    "braces": ("{a: " * 8_000, 1, BRACKETS),
    "braces on lines": ("{a:\n" * 16_000, 33, DEPTH),
    "brackets within brackets that are texts": ('["]",' * 6_000, 1, DEPTH),
    "items in items": ("- " * 15_000, 1, DEPTH),
    "keys in keys": ("".join(f"{' ' * n}a:\n" for n in range(500)), 33, DEPTH),
    "complex keys": ("? " * 15_000, 1, "a mapping cannot be a key"),
    "a line": ("[" * 256 * KIB, 1, LINE),
    "a scalar": ("a" * 256 * KIB, 1, LINE),
    "a quoted scalar": (f'"{"a" * (256 * KIB - 2)}"', 1, LINE),
    "a scalar on lines": ("|\n" + " some text\n" * 6_000, 1, SCALAR),
    "words on lines": ("a\n" * 130_000, 100_001, WORK),
    "words in quotes on lines": ('"' + "a\n" * 130_000, 100_000, WORK),
    "a tag first": ("!!python/object x\n" + "- a\n" * 10_000, 1, "the tag '!!python/object' is not allowed"),
    "documents": ("---\n" * 15_000, 2, "a second document begins here; only one is read"),
    "directives": ("%YAML 1.2\n" * 8_000, 2, "a second %YAML directive"),
}
"""What is refused early, by the line and the problem that are told."""

FILLED = {
    "comments": "# words\n" * 9_300,
    "long comments": f"# {'x' * 100}\n" * 1_690,
    "blank lines": "\n" * 49_500,
    "blanks": f"{' ' * 100}\n" * 1_890,
    "long keys": numbered(f"{'k' * 1_000}N: v\n", 172)[:-1] + "\nlast:\n",
    "items": "- a\n" * 2_800,
    "keys": numbered("kN: v\n", 1_490) + "last:\n",
    "keys left out": numbered("kN:\n", 1_490) + "last:\n",
    "flow items": "[" + "x, " * 2_980,
    "flow items on lines": "[\n" + "x,\n" * 2_980 + "x, ",
    "flow items far down": "[" * 31 + "x, " * 2_950,
    "flow pairs": "[" + "a: b, " * 900,
    "flow mappings": "[" + "{a: b}, " * 890,
    "JSON": "{" + numbered('"kN":"v",', 1_490) + '"last": ',
    "brackets": filled("- ", "[" * 31, "]" * 31, 60),
    "items in items": f"{'- ' * 30}x\n" * 60,
    "words": f"- {'a ' * 1_000}\n" * 28,
    "longer words": f"- {'abcde ' * 1_000}\n" * 17,
    "long words": f"- {'a' * 16_000}\n" * 12,
    "words on lines": filled("- ", "a\n  " * 5_000, "a", 3),
    "quoted words": filled('- "', "ab " * 1_000, '"', 24),
    "quoted lines": filled('- "', "a\n  " * 2_000, '"', 8),
    "quotes": filled("- '", '"' * 16_000, "'", 12),
    "doubled quotes": filled("- '", "''" * 8_000, "'", 12),
    "escapes": filled('- "', "\\n" * 8_000, '"', 8),
    "longer escapes": filled('- "', "\\x41" * 4_000, '"', 9),
    "block text": "- |\n" + " words\n" * 4_600 + "- |\n" + " a\n" * 11_000,
    "block text of blank lines": ("- |\n a\n" + "\n" * 9_500) * 5,
    "indented block text": ("- |\n" + f"{' ' * 40}a\n" * 500) * 7 + "- a\n" * 300,
    "folded text": ("- >\n" + " a\n" * 6_000) * 3,
    "tags": "- !!str a\n" * 1_900,
    "tags with escapes": "- !<tag:yaml.org,2002:%73%74%72> a\n" * 1_530,
    "anchors": numbered("- &aN x\n", 1_000) + "- a\n" * 1_700,
    "aliases": "- &a x\n" + "- *a\n" * 2_750,
}
"""Documents of some thousand values or lines: a mapping that lacks its last value, an open list …"""
LARGE = ["billion laughs", "one long text, many aliases", "more brackets on lines", "words on lines", "10 MB"]


@pytest.fixture(scope="module", autouse=True)
def _library_is_loaded() -> None:
    read_document("a: 1", "f.yaml")


def refused(text: str | bytes) -> ExpectationError:
    """How ``text`` is refused; within 100 ms of CPU, other work on the machine aside."""

    def read() -> ExpectationError:
        with pytest.raises(ExpectationError) as caught:
            read_document(text, "f.yaml")
        return caught.value

    return takes_at_most(0.4, read)  # below 0.1 s; the rest is for slow machines


def behind(kind: str, offence: str) -> str:
    document = FILLED[kind]
    if document.endswith("last:\n"):
        return f"{document[:-1]} {offence}"
    return f"{document}- {offence}" if document.endswith("\n") else document + offence


@pytest.mark.parametrize(("text", "line", "problem"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_at_once(text: str | bytes, line: int, problem: str) -> None:
    error = refused(text)
    assert (error.line, error.problem) == (line, problem)


@pytest.mark.parametrize("kind", FILLED)
def test_a_tag_behind_a_large_document_is_refused_at_once(kind: str) -> None:
    assert refused(behind(kind, "!x y")).problem == "the tag '!x' is not allowed"


@pytest.mark.parametrize("kind", ["items", "words", "flow items far down"])
@pytest.mark.parametrize(("offence", "problem"), [("*x", UNKNOWN), ("[" * 33, DEPTH)], ids=["alias", "depth"])
def test_an_alias_and_depth_behind_a_large_document_as_well(kind: str, offence: str, problem: str) -> None:
    assert refused(behind(kind, offence)).problem == problem


@pytest.mark.parametrize("name", LARGE)
def test_a_bomb_takes_little_memory(name: str) -> None:
    text = BOMBS[name][0]
    tracemalloc.start()
    try:
        with pytest.raises(ExpectationError):
            read_document(text, "f.yaml")
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()


def test_a_document_that_is_merely_large_is_read() -> None:
    cases = numbered("- id: case_N\n  inputs: {prompt: Do it}\n  tools: [Read, Edit]\n", 180)
    assert len(read_document(cases, "f.yaml").value) == 180


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        (f"[{','.join(['x'] * 9_999)}]", f"[{','.join(['x'] * 10_000)}]"),
        (f"a: &a [{', '.join(['x'] * 4_997)}]\nb: *a\n", f"a: &a [{', '.join(['x'] * 4_998)}]\nb: *a\n"),
        ("[" * 32 + "]" * 32, "[" * 33 + "]" * 33),
        ("".join(f"{' ' * n}a:\n" for n in range(32)), "".join(f"{' ' * n}a:\n" for n in range(33))),
        ("- " * 31 + "[x]", "- " * 31 + "[[x]]"),
        ("- " * 30 + "&a [x]\n" + "- " + "[" * 30 + "*a" + "]" * 30, "- &a [x]\n- " + "[" * 31 + "*a" + "]" * 31),
        ("a: '" + "[" * 100 + "'", "a: '" + "[" * 101 + "'"),
        ("a: " + "x" * 32_765, "a: " + "x" * 32_766),
        ("|\n" + (" " + "x" * 8_191 + "\n") * 4, "|\n" + (" " + "x" * 8_191 + "\n") * 4 + " x"),
        (numbered("- &aN x\n", 1_000), numbered("- &aN x\n", 1_001)),
        ("\n" * 249_900 + "a", "\n" * 250_001 + "a"),
        ("- !!str a\n" * 9_650, "- !!str a\n" * 9_800),
        (f"#{'c' * 32_000}\n" * 16, f"#{'c' * 32_000}\n" * 17),
    ],
    ids=[
        "values",
        "values through an alias",
        "brackets",
        "mappings",
        "mixed",
        "alias",
        "open brackets",
        "line",
        "scalar",
        "anchors",
        "lines",
        "tags",
        "characters",
    ],
)
def test_up_to_each_limit_a_document_is_read(text: str, beyond: str) -> None:
    read_document(text, "f.yaml")
    with pytest.raises(ExpectationError):
        read_document(beyond, "f.yaml")


def test_a_usual_file_of_200_lines_takes_less_than_50_ms() -> None:
    block = "case_N:\n  tool_limits: {Bash: 5, 'mcp__db__*': 3}\n  required_tools: [Read]\n  final_text:\n    contains: all is done\n"  # fmt: skip # noqa: E501
    text = numbered(block, 40)
    assert len(takes_at_most(0.2, lambda: read_document(text, "f.yaml")).value) == 40
