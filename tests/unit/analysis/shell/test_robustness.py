"""Any text is examined, quickly, and whatever is strange counts as a change."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.shell import ShellEffects, examine_command
from tachograph.analysis.shell.examine import MAX_CHARS
from tests.effort import takes_at_most

PIECES = [
    *"abx019 \n\t;&|<>(){}[]$`'\"\\#!*?=-+/.~@^%:,",
    *(
        "&&",
        "||",
        "$(",
        "<(",
        "<<EOF\n",
        "\nEOF\n",
        "${",
        "((",
        "[[",
        "]]",
        "2>&1",
        "if ",
        "; then ",
        "; fi",
        "do ",
        "done",
    ),
    *(
        "for ",
        "case ",
        "esac",
        "sed -n ",
        "awk ",
        "find . -exec ",
        "xargs ",
        "bash -c ",
        "cd ",
        "f() ",
        "sudo ",
        "\ud800",
        "\0",
        "é",
    ),
]

CALLS = [("h", "i"), ("g", "h"), ("f", "g"), ("e", "f"), ("d", "e"), ("c", "d"), ("b", "c"), ("a", "b")]
HOSTILE = {
    "parentheses": "(" * 499,
    "substitutions": "$(" * 249,
    "backticks": "`" * 499,
    "quotes": "\"'" * 249,
    "braces": "{ " * 249,
    "strings in substitutions": '"$(' * 166,
    "a long chain": "a&&" * 160 + "a",
    "a long pipeline": "cat|" * 120 + "cat",
    "a long sequence": "ls;" * 166,
    "here-documents": "cat <<a\n" * 60,
    "redirections": "<a" * 249,
    "a calculation": "((" + "1+" * 240 + "1))",
    "nested shells": "bash -c " * 60 + "ls",
    "wrappers": "env " * 120 + "ls",
    "functions that call functions": "i(){ :;};" + "".join(f"{a}(){{ {b};{b};{b};{b};}};" for a, b in CALLS) + "a",
    "a function in itself": "f(){ ((((((f;f))))));{ f;f; };};f",
    "sed's classes": "sed 's/" + "[[:a:]" * 75 + "' a",
    "sed's addresses": "sed '" + "/[[:a:][:b:]]" * 30 + "' a",
    "sed's spaces": "sed -n '" + "1p   " * 90 + "x' a",
    "awk's slashes": "awk '" + "/[/" * 150 + "' a",
    "awk's quotes": "awk '{" + '"\\"' * 150 + "}' a",
    "slashes": "x " + "a/" * 140 + "\n",
    "dots": "make " + "a." * 140,
}  # fmt: skip


@given(st.one_of(st.text(max_size=MAX_CHARS + 5), st.lists(st.sampled_from(PIECES), max_size=80).map("".join)))
def test_no_text_makes_it_stumble(text: str) -> None:
    effects = examine_command(text)
    assert isinstance(effects, ShellEffects)
    assert effects.changes == bool(effects.reason)
    assert effects.reads or not effects.prints_only


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_a_command_that_runs_something_unknown_first_is_always_a_change(text: str) -> None:
    assert examine_command("rm a\n" + text).changes


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_no_time(text: str) -> None:
    assert len(text) < MAX_CHARS
    takes_at_most(0.25, lambda: examine_command.__wrapped__(text))  # a few milliseconds on a usual machine


def test_a_usual_command_takes_well_under_a_millisecond() -> None:
    commands = [f"cd src/part{n} && grep -rn 'name{n}' --include='*.py' . | sort | head -20" for n in range(200)]
    examine_command.__wrapped__(commands[0])
    takes_at_most(0.003 * len(commands), lambda: [examine_command.__wrapped__(command) for command in commands])


def test_the_parser_is_loaded_with_the_first_command_and_not_before() -> None:
    code = (
        "import sys, tachograph.analysis.shell as shell\n"
        "assert not any('tree_sitter' in name for name in sys.modules)\n"
        "shell.examine_command('ls')\n"
        "assert 'tree_sitter' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
