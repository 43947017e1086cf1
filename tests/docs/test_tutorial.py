"""Every ``console`` block of every page does what the page says."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.docs.console import PAGES, ROOT, fits, read_commands, read_files, rewrite, run_commands, short_folder

WITH_COMMANDS = [page for page in PAGES if "```console" in page.read_text(encoding="utf-8")]

needs_bash = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("bash") is None, reason="the pages' commands are for a POSIX shell"
)


@needs_bash
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_commands_of_the_page_print_what_it_shows(page: Path):
    text = page.read_text(encoding="utf-8")
    commands = read_commands(text)
    with short_folder() as folder:
        run_commands(commands, folder, read_files(text))
    for command in commands:
        where = f"{page.name}:{command.line}: $ {command.text}"
        printed = "\n".join(command.printed)
        assert command.code == command.expected_code, f"{where}\n{printed}"
        if command.shown:
            assert fits(command.shown, command.printed), f"{where}\n{printed}"


def test_the_tutorial_uses_every_command_that_a_beginner_needs():
    text = "\n".join(command.text for command in read_commands((ROOT / "docs" / "tutorial.md").read_text("utf-8")))
    names = ("demo", "ingest", "sessions", "show", "cost", "retries", "tools", "waste", "score", "doctor", "export")
    for name in (*names, "purge"):
        assert f"tacho {name}" in text


# -------------------------------------------------------------------------------------------- the reader itself


@pytest.mark.parametrize(
    ("shown", "printed", "right"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a", "…"], ["a", "b", "c"], True),
        (["a", "…"], ["a"], True),
        (["…", "c"], ["a", "b", "c"], True),
        (["a", "…", "c"], ["a", "b"], False),
        (["in … s"], ["in 0.2 s"], True),
        (["in … s"], ["in 0.2 h"], False),
        (["in … s"], ["in 0.2", " s"], False),
        (["1.5"], ["115"], False),
        (["…"], [], True),
    ],
)
def test_what_fits(shown, printed, right):
    assert fits(shown, printed) is right


def test_commands_are_read_with_their_history_and_exit_code():
    page = "```console\n$ one\nx\n```\n<!-- history: fork -->\n"
    page += "```console\n$ two  # exit 3\n\n$ three\n```\n```sh\n$ no\n```\n"
    commands = read_commands(page)
    assert [(c.text, c.shown, c.expected_code) for c in commands] == [
        ("one", ["x"], 0),
        ("two  # exit 3", [""], 3),
        ("three", [], 0),
    ]
    assert [c.history.partition("@")[0] for c in commands] == ["demo", "fork", "fork"]


def test_files_are_read_with_their_names():
    page = "<!-- file: a.py -->\n```python\nprint(1)\n\nprint(2)\n```\n```python\nprint(3)\n```\n"
    assert read_files(page) == {"a.py": "print(1)\n\nprint(2)\n"}


def test_output_before_any_command_is_refused():
    with pytest.raises(ValueError, match="line 2"):
        read_commands("```console\nlost\n```\n")


def test_rewriting_keeps_wildcards_and_leaves_out_what_was_left_out():
    page = "```console\n$ a\nin … s\nold\n$ b\nhead\n…\n$ c\n?2\n$ d\n7 read in … s\n```\n"
    commands = read_commands(page)
    outputs = (["in 3 s", "new"], ["top", "x", "y"], ["1", "2", "3"], ["8 read in 0.3 s"])
    for command, printed in zip(commands, outputs, strict=True):
        command.code, command.printed = 0, printed
    shown = "```console\n$ a\nin … s\nnew\n$ b\ntop\n…\n$ c\n1\n2\n…\n$ d\n8 read in … s\n```\n"
    assert rewrite(page, commands) == shown
