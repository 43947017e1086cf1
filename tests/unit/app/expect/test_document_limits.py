"""YAML bombs: refused within 100 ms of CPU and without much memory, whatever they are made of."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from tachograph.app.expect.document import read_document
from tachograph.app.expect.errors import ExpectationError

NODES = "more than 10,000 values, those that aliases stand for included"
STEPS = "the document has too many lines and values up to here"
DEPTH = "more than 50 levels of nesting"
LINE = "this line has more than 65,536 characters"
TAG = "the tag '!x' is not allowed"
MIB = 1 << 20


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


def filled(piece: str, last: str = "- !x y") -> str:
    """A document of nearly 1 MiB whose only offence comes last."""
    return piece * ((MIB - len(last)) // len(piece)) + last


BOMBS = {
    "billion laughs": (laughs(12), 5, NODES),
    "one big anchor, many aliases": (f"a: &a [{', '.join('x' * 3000)}]\nb: [{', '.join(['*a'] * 10_000)}]", 2, NODES),
    "one long text, many aliases": (
        f"- &a {'x' * 60_000}\n" + "- *a\n" * 9_000,
        18,
        "more than 1 MiB of text, what aliases stand for included",
    ),
    "a chain of aliases": (
        "- &a0 [x]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 200)),
        50,
        DEPTH,
    ),
    "anchors": ("".join(f"- &a{n} x\n" for n in range(80_000)), 1001, "more than 1,000 anchors"),
    "a long anchor": (f"- &{'a' * 60_000} x\n" * 15, 1, "this name has more than 128 characters"),
    "10 MB": ("a: b\n" * 2_000_000, 1, "the document is larger than 1 MiB"),
    "10 MB of bytes": (b"\xff" * 10_000_000, 1, "the document is larger than 1 MiB"),
    "brackets": ("[" * 60_000, 1, DEPTH),
    "brackets on lines": ("[\n" * 500_000, 51, DEPTH),
    "braces": ("{a: " * 16_000, 1, DEPTH),
    "braces on lines": ("{a:\n" * 250_000, 51, DEPTH),
    "items in items": ("- " * 30_000, 1, DEPTH),
    "keys in keys": ("".join(f"{' ' * n}a:\n" for n in range(1_400)), 51, DEPTH),
    "complex keys": ("? " * 30_000, 1, "a mapping cannot be a key"),
    "1 MB of one line": ("[" * MIB, 1, LINE),
    "1 MB of braces on one line": ("{a: " * (MIB // 4), 1, LINE),
    "1 MB of a scalar": ("a" * MIB, 1, LINE),
    "1 MB of a quoted scalar": (f'"{"a" * (MIB - 2)}"', 1, LINE),
    "1 MB of a scalar on lines": ("|\n" + " some text\n" * 90_000, 5959, "this text has more than 65,536 characters"),
    "1 MB of words on lines": ("a\n" * 500_000, 20_000, STEPS),
    "1 MB of quoted words on lines": ('"' + "a\n" * 500_000, 20_000, STEPS),
    "1 MB of an anchor": ("&" + "a" * 1_000_000, 1, LINE),
    "a tag first": ("!!python/object x\n" + "- a\n" * 250_000, 1, "the tag '!!python/object' is not allowed"),
    "a tag behind comments": (filled("# words\n"), 131_072, TAG),
    "a tag behind text": (filled("- " + "words " * 5_000 + "\n"), 35, TAG),
    "a tag behind quoted text": (filled('- "' + "words " * 5_000 + '"\n'), 35, TAG),
    "a tag behind escapes": (filled('- "' + "\\n" * 30_000 + '"\n'), 1, STEPS),
    "a tag behind lines of text": (filled("- |\n" + " words\n" * 5_000), 14_998, STEPS),
    "tags": ("- !!str a\n" * 100_000, 3001, STEPS),
    "blank lines": ("\n" * 1_000_000 + "!x", 1_000_001, TAG),
    "documents": ("---\n" * 250_000, 2, "a second document begins here; only one is read"),
    "directives": ("%YAML 1.2\n" * 100_000, 2, "a second %YAML directive"),
}
LARGE = ["billion laughs", "one long text, many aliases", "brackets on lines", "1 MB of words on lines", "10 MB"]


@pytest.fixture(scope="module", autouse=True)
def _library_is_loaded() -> None:
    read_document("a: 1", "f.yaml")


@pytest.mark.parametrize(("text", "line", "problem"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_within_100_ms(text: str | bytes, line: int, problem: str) -> None:
    spent = []
    for _ in range(3):
        before = time.process_time()
        with pytest.raises(ExpectationError) as caught:
            read_document(text, "f.yaml")
        spent.append(time.process_time() - before)
        if spent[-1] < 0.1:
            break
    assert (caught.value.line, caught.value.problem) == (line, problem)
    assert min(spent) < 0.1


@pytest.mark.parametrize("name", LARGE)
def test_a_bomb_takes_little_memory(name: str) -> None:
    text = BOMBS[name][0]
    tracemalloc.start()
    try:
        with pytest.raises(ExpectationError):
            read_document(text, "f.yaml")
        assert tracemalloc.get_traced_memory()[1] < 12 * MIB
    finally:
        tracemalloc.stop()


def test_a_document_that_is_merely_large_is_read() -> None:
    cases = [f"- id: case_{n}\n  inputs: {{prompt: Do it}}\n  tools: [Read, Edit]\n" for n in range(800)]
    assert len(read_document("".join(cases), "f.yaml").value) == 800


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        (f"[{', '.join(['x'] * 9_999)}]", f"[{', '.join(['x'] * 10_000)}]"),
        (f"a: &a [{', '.join(['x'] * 4_997)}]\nb: *a\n", f"a: &a [{', '.join(['x'] * 4_998)}]\nb: *a\n"),
        ("[" * 50 + "]" * 50, "[" * 51 + "]" * 51),
        ("".join(f"{' ' * n}a:\n" for n in range(50)), "".join(f"{' ' * n}a:\n" for n in range(51))),
        ("- " * 49 + "[x]", "- " * 49 + "[[x]]"),
        ("- " * 48 + "&a [x]\n" + "- " + "[" * 48 + "*a" + "]" * 48, "- &a [x]\n- " + "[" * 49 + "*a" + "]" * 49),
        ("a: " + "x" * 65_533, "a: " + "x" * 65_534),
        ("".join(f"- &a{n} x\n" for n in range(1_000)), "".join(f"- &a{n} x\n" for n in range(1_001))),
        ("a" * 63 + "\n" + ("# " + "c" * 61 + "\n") * 16_383, "a" * 64 + "\n" + ("# " + "c" * 61 + "\n") * 16_383),
    ],
    ids=["values", "values through an alias", "brackets", "mappings", "mixed", "alias", "line", "anchors", "size"],
)
def test_up_to_each_limit_a_document_is_read(text: str, beyond: str) -> None:
    assert read_document(text, "f.yaml").value is not None
    with pytest.raises(ExpectationError):
        read_document(beyond, "f.yaml")


def test_a_usual_file_of_200_lines_takes_less_than_30_ms() -> None:
    block = "case_{n}:\n  tool_limits: {{Bash: 5, 'mcp__db__*': 3}}\n  required_tools: [Read]\n  final_text:\n    contains: all is done\n"  # fmt: skip # noqa: E501
    text = "".join(block.format(n=n) for n in range(40))
    spent = []
    for _ in range(3):
        before = time.process_time()
        assert len(read_document(text, "f.yaml").value) == 40
        spent.append(time.process_time() - before)
    assert min(spent) < 0.03
