"""Each command has its page, and each of its options is explained somewhere."""

from __future__ import annotations

import re

import click
import pytest

from tachograph.cli._frame import tacho
from tests.conftest import ROOT

COMMANDS = tacho.list_commands(click.Context(tacho))
DOCS = ROOT / "docs"


def page_of(command: str) -> str:
    return (DOCS / "how-to" / f"{command}.md").read_text(encoding="utf-8")


def section_of(command: str) -> str:
    """What docs/commands.md says of one command."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    found = re.search(rf"^## tacho {command}$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def options_of(command: str) -> list[str]:
    """The long names of a command's options, and of those of the commands below it."""
    found = tacho.get_command(click.Context(tacho), command)
    assert found is not None
    pending, names = [found], []
    for one in pending:
        pending += one.commands.values() if isinstance(one, click.Group) else ()
        names += [name for option in one.params if isinstance(option, click.Option) for name in option.opts]
    return [name for name in dict.fromkeys(names) if name.startswith("--")]


def test_there_are_commands_to_check():
    assert {"cost", "sessions", "show", "retries", "tools", "doctor", "ingest", "export"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_has_a_page_with_what_every_page_has(command):
    page = page_of(command)
    assert f"tacho {command}" in page
    assert page.count("```console") >= 1
    assert "## Exit codes" in page
    assert "## Pitfalls" in page


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained(command):
    explained = section_of(command) + page_of(command)
    assert [option for option in options_of(command) if not re.search(rf"{option}(?![\w-])", explained)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_no_page_invents_an_option(command):
    """A page may name options of other commands, but none that no command has."""
    known = {option for name in COMMANDS for option in options_of(name)} | {"--help", "--version"}
    own = re.findall(rf"tacho {command}\b[^`\n|]*", page_of(command))
    used = {option for line in own for option in re.findall(r"(?<!\S)--[a-z][\w-]*", line)}
    assert used - known == set()


def test_pages_stand_for_commands_that_exist():
    assert sorted(path.stem for path in (DOCS / "how-to").glob("*.md")) == sorted(COMMANDS)
