"""The table of read-only programs: whole, without contradictions, and shown in the documentation as it is.

``python tests/unit/analysis/shell/test_table.py`` writes the table into the documentation anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tachograph.analysis.shell.rules import _RULES
from tachograph.analysis.shell.table import Program, Wrapper, _by_name, load_table

PAGE = Path(__file__).parents[4] / "docs" / "shell-commands.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
RULE_TEXTS = {
    "sed": "a script that writes or runs something, or is not understood",
    "awk": "a program that writes or runs something",
    "heads": "",
    "bat": "`cache`",
    "date": "an operand that is no format",
    "git config": "a first operand without a dot, `list` excepted",
    "find": "`-exec` and the like of a program that is a change",
    "subcommand": "any subcommand that is not here",
}


def code(words: object) -> str:
    texts = [words] if isinstance(words, str) else sorted(words)
    return ", ".join(f"`{word}`" for word in texts).replace("|", "\\|")


def conditions(row: Program) -> list[str]:
    """Return what makes a program of ``row`` a change, as people read it."""
    found = [code(row.changes)] if row.changes else []
    if row.writes:
        found.append(f"{code(row.writes)} of a file")
    found += [f"`{option}` other than {code(pattern)}" for option, pattern in row.allowed.items()]
    if row.only_with:
        found.append(f"all but {code(row.only_with)}")
    if row.refuses:
        found.append(f"a word with {' '.join(f'`` {one} ``' for one in row.refuses)}")
    if row.max_operands is not None:
        listing = f", but for {code(row.listing)}" if row.listing else ""
        found.append(f"more operands than {row.max_operands}{listing}")
    if row.rule and RULE_TEXTS[row.rule]:
        found.append(RULE_TEXTS[row.rule])
    return found


def render() -> str:
    """Return the table as the documentation holds it."""
    lines = ["| read-only | a change with |", "|---|---|"]
    lines += [f"| {code(row.names)} | {'; '.join(conditions(row)) or 'nothing'} |" for row in load_table().rows]
    lines += ["", "| runs the command after it | a change with |", "|---|---|"]
    for wrapper in load_table().wrapper_rows:
        options = [code(wrapper.changes)] if wrapper.changes else []
        options += [f"{code(wrapper.writes)} of a file"] if wrapper.writes else []
        lines.append(f"| {code(wrapper.names)} | {'; '.join([*options, 'a command that is one'])} |")
    shells = f"| {code(load_table().words.shells)} | anything but `-c` with a text that is none |"
    return "\n".join([*lines, shells, ""])


def test_the_documentation_shows_the_table_as_it_is() -> None:
    shown = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert shown == render()


def test_no_name_is_in_two_tables() -> None:
    table = load_table()
    assert table.programs.keys() & table.wrappers.keys() == set()
    assert (table.programs.keys() | table.wrappers.keys()) & table.words.shells == set()


def contradictions(row: Program | Wrapper) -> set[str]:
    """Return the options of ``row`` that two of its keys claim for themselves."""
    found = (row.changes & (row.writes | row.valued | row.listing)) | (row.writes & row.valued)
    if isinstance(row, Program):
        found |= row.changes & (row.only_with | row.flags | row.alters | row.allowed.keys() | row.valued2)
        found |= row.flags & row.valued
    return set(found)


def test_options_of_a_row_do_not_contradict_each_other() -> None:
    rows = [*load_table().rows, *load_table().wrapper_rows]
    assert {row.names[0]: found for row in rows if (found := contradictions(row))} == {}


def test_every_rule_and_pattern_exists() -> None:
    rows = load_table().rows
    assert {row.rule for row in rows} == {"", "find", "subcommand", *_RULES}
    assert [pattern for row in rows for pattern in row.allowed.values() if not re.compile(pattern)] == []


def test_every_subcommand_can_be_reached() -> None:
    programs = load_table().programs
    parents = {name.rpartition(" ")[0] for name in programs if " " in name}
    assert {parent for parent in parents if parent not in programs or programs[parent].rule != "subcommand"} == set()


def test_a_name_with_two_rows_is_refused() -> None:
    row = load_table().rows[0]
    with pytest.raises(ValueError, match="There are two rows for 'cat'"):
        _by_name((row, Program(names=("ls", "cat"))))


def test_what_no_table_may_ever_hold() -> None:
    dangerous = (
        "rm mv cp dd tee touch mkdir chmod chown ln make python python3 node perl ruby ssh eval source . trap alias"
    )
    assert set(dangerous.split()) & load_table().programs.keys() == set()


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + render() + END + rest.partition(END)[2], encoding="utf-8")
