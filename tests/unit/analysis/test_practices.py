from __future__ import annotations

import pytest

from tachograph.analysis.practices import Kind, PracticeTable, find_commands, load_practices, read_practices

OWN = """
[[practice]]
name = "deploy"
slash = ["ship*"]
except = ["ship-log"]
command = ["make release"]

[[practice]]
name = "helper"
each = true
subagent = ["*"]
"""


@pytest.mark.parametrize(
    ("kind", "used", "expected"),
    [
        ("subagent", "Explore", ("any subagent", "exploration", "subagent Explore")),
        ("subagent", "security-reviewer", ("any subagent", "review", "subagent security-reviewer")),
        ("subagent", "Plan", ("any subagent", "planning", "subagent Plan")),
        ("skill", "code-review", ("any skill", "review", "skill code-review")),
        ("slash", "review", ("any slash command", "review")),
        ("slash", "house:write-plan", ("any slash command", "planning")),
        ("slash", "clear", ()),
        ("slash", "model", ()),
        ("command", "git commit", ("commit",)),
        ("command", "gh pr review", ("review",)),
        ("command", "npm run test:unit", ("tests run",)),
        ("command", "git commit-graph", ()),
        ("command", "ls", ()),
    ],
)
def test_what_was_used_is_a_practice(kind: Kind, used: str, expected: tuple[str, ...]) -> None:
    assert load_practices().names_of(kind, used) == expected


def test_a_row_of_ones_own() -> None:
    table = read_practices(OWN)
    assert table.names_of("slash", "Ship-it") == ("deploy",)
    assert table.names_of("slash", "ship-log") == ()
    assert table.names_of("command", "make release") == ("deploy",)
    assert table.names_of("subagent", "Scout") == ("helper Scout",)


def test_own_rows_replace_those_of_the_same_name_and_are_added() -> None:
    own = read_practices(
        '[[practice]]\nname = "commit"\ncommand = ["jj commit"]\n[[practice]]\nname = "x"\nskill = ["x"]'
    )
    table = load_practices().beside(own)
    assert table.names_of("command", "git commit") == ()
    assert table.names_of("command", "jj commit") == ("commit",)
    assert table.names_of("skill", "x") == ("any skill", "skill x", "x")
    assert len(table.practices) == len(load_practices().practices) + 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[practice]", "cannot be read"),
        ('[[practice]]\nname = "a"\nshell = ["x"]', "unknown field `shell`"),
        ('[[practice]]\nname = "a"\ncommand = "x"', "Expected `array`"),
        ('[[practice]]\nname = " "\ncommand = ["x"]', "has no name"),
        ('[[practice]]\nname = "a"', "'a' says nothing that would show it"),
        ('[[practice]]\nname = "a"\nskill = ["x"]\n[[practice]]\nname = "a"\nskill = ["y"]', "two practices named 'a'"),
    ],
)
def test_a_wrong_table_is_refused_with_the_reason(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_practices(text)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("git commit -m 'Fix the door'", ["git commit"]),
        ("cd site && git add . && git -C lib commit -m x", ["cd", "git add", "git commit"]),
        ("echo 'git commit'", ["echo"]),
        ("uv run pytest -q", ["uv run pytest", "pytest"]),
        ("ls -la", []),
        ("git log", []),
    ],
)
def test_every_command_of_a_line_is_found(command: str, expected: list[str]) -> None:
    assert list(find_commands(command, load_practices().command_words())) == expected


def test_words_tell_which_commands_need_a_closer_look() -> None:
    words = read_practices(OWN).command_words()
    assert words is not None
    assert words.search("sudo MAKE RELEASE") is not None
    assert words.search("make all") is None
    anything = read_practices('[[practice]]\nname = "a"\ncommand = ["*"]')
    assert anything.command_words() is None
    nothing = PracticeTable(()).command_words()
    assert nothing is not None
    assert list(find_commands("git commit", nothing)) == []
