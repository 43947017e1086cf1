"""Calls of a tool that was given something: TOOL(text)."""

from __future__ import annotations

import msgspec
import pytest

from tachograph.analysis.expectations import Misread, Recording, read_expectations, wanted_texts
from tachograph.analysis.expectations._learn.limits import escape_glob
from tachograph.analysis.expectations._uses import ToolUse
from tests.builders.recording import check, proof, record, recording_of
from tests.builders.session import play


def _status(entry: str, name: str, given: object, category: str = "other") -> str:
    """Whether a call that was given this is found."""
    result = check("required_tools", [entry], record(f"tool {name} {category}", inputs={"1": given}))
    assert proof(result) == (["1"] if result.status == "pass" else [])
    return result.status


@pytest.mark.parametrize(
    ("entry", "name", "given", "found"),
    [
        # a skill is called by its name
        ("Skill(commit)", "Skill", {"skill": "commit"}, True),
        ("Skill(commit)", "Skill", {"skill": "Commit"}, True),
        ("skill(commit)", "Skill", {"skill": "commit"}, False),  # capitals of tools' names count
        ("Skill(commit)", "Skill", {"skill": "git-tools:commit"}, True),
        ("Skill(git-tools:commit)", "Skill", {"skill": "git-tools:commit"}, True),
        ("Skill(git-tools:commit)", "Skill", {"skill": "commit"}, False),
        ("Skill(tools:commit)", "Skill", {"skill": "git-tools:commit"}, False),
        ("Skill(git-tools)", "Skill", {"skill": "git-tools:commit"}, False),
        ("Skill(commit)", "Skill", {"skill": "conventional-commit"}, False),
        ("Skill(commit)", "Skill", {"skill": "commit-message"}, False),
        ("Skill(commit)", "Skill", {"skill": "commits"}, False),
        ("Skill(commit)", "Skill", {"skill": "review", "args": "commit"}, False),  # what else it was given
        ("Skill(commit)", "Skill", {"skill": "review", "name": "commit"}, False),
        ("Skill(commit)", "Skill", {"command": "commit"}, True),  # older logs
        ("Skill(commit)", "Skill", {"skill": None, "name": "commit"}, True),
        ("Skill(commit)", "Skill", '{"skill": "commit"}', True),  # JSON within a string
        ("Skill(commit)", "Skill", {"args": "commit"}, False),
        ("Skill(commit)", "Skill", {"skill": 7}, False),
        ("Skill(commit)", "Skill", ["commit"], False),
        ("Skill(commit)", "Edit", {"skill": "commit"}, False),  # another tool
        ("Skil?(commit)", "Skill", {"skill": "commit"}, True),
        (" Skill( commit ) ", "Skill", {"skill": "commit"}, True),
        # as is a command
        ("SlashCommand(commit)", "SlashCommand", {"command": "/commit -m fix"}, True),
        ("SlashCommand(/commit)", "SlashCommand", {"command": "/tools:commit"}, True),
        ("SlashCommand(commit)", "SlashCommand", {"command": "/review commit"}, False),
        # several words are no name
        ("Skill(two eggs)", "Skill", {"skill": "cook", "args": "with two\n Eggs"}, True),
        # text in anything that any other tool was given, by whole words
        ("mcp__db__query(DROP TABLE)", "mcp__db__query", {"sql": "begin; drop\n table users;"}, True),
        ("mcp__db__query(DROP TABLE)", "mcp__db__query", {"sql": "drop tables"}, False),
        ("mcp__db__query(DROP TABLE)", "mcp__db__list", {"sql": "drop table users"}, False),
        ("mcp__db__*(DROP TABLE)", "mcp__db__list", {"sql": "drop table users"}, True),
        ("mcp__db__*(users)", "mcp__db__query", {"sql": "select * from public.users;"}, True),
        ("mcp__db__*(users)", "mcp__db__query", {"sql": "select * from users--"}, True),
        ("mcp__db__*(users)", "mcp__db__query", {"sql": "select * from old_users"}, False),
        ("mcp__db__*(users)", "mcp__db__query", {"users": "x"}, False),  # the name of a field
        ("mcp__db__*(select * from)", "mcp__db__query", {"sql": "SELECT * FROM t"}, True),  # a star as it stands
        ("mcp__my-db__x(y)", "mcp__my-db__x", {"rows": [{"a": ["y"]}]}, True),
        ("WebFetch(example.com)", "WebFetch", {"url": "https://example.com/a"}, True),
        ("WebFetch(example.com)", "WebFetch", {"url": "https://my-example.com/a"}, False),
        ("WebFetch(example.com)", "WebFetch", {"url": "https://examplexcom/a"}, False),
        ("load_skill(commit)", "load_skill", {"id": "commit"}, True),
        ("load_skill(commit)", "load_skill", {"id": "conventional-commit"}, False),
        ("load_skill(commit)", "load_skill", {"id": "commit-message"}, False),
        ("Task*(ada)", "TaskCreate", {"subject": "Ask Ada."}, True),
    ],
)
def test_what_a_tool_was_given(entry: str, name: str, given: object, found: bool) -> None:
    assert _status(entry, name, given) == ("pass" if found else "fail")


def _agent(name: str, kind: str | None, prompt: str = "") -> Recording:
    session = play(f"tool {name} subagent")
    (call,) = session.tool_calls
    called = msgspec.structs.replace(call, agent_type=kind)
    return recording_of(msgspec.structs.replace(session, tool_calls=(called,)), inputs={"1": {"prompt": prompt}})


@pytest.mark.parametrize(
    ("entry", "name", "kind", "prompt", "found"),
    [
        ("Agent(Explore)", "Agent", "Explore", "", True),
        ("Agent(explore)", "Agent", "Explore", "", True),
        ("Agent(Explore)", "Agent", "team:Explore", "", True),
        ("Agent(Explore)", "Agent", "Explore-deep", "", False),
        ("Agent(Explore)", "Agent", "general-purpose", "Explore the code.", False),
        ("Agent(Explore)", "Agent", None, "Explore the code.", False),
        ("Agent(Explore)", "Task", "Explore", "", False),
        ("Task(reviewer)", "Task", "reviewer", "", True),
        ("spawn_agent(explorer)", "spawn_agent", "explorer", "", True),
        ("Agent(the code)", "Agent", "general-purpose", "Explore the code.", True),
        ("SendMessage(reviewer)", "SendMessage", None, "To the reviewer: done?", True),
    ],
)
def test_an_agent_is_called_by_its_kind(entry: str, name: str, kind: str | None, prompt: str, found: bool) -> None:
    assert check("required_tools", [entry], _agent(name, kind, prompt)).status == ("pass" if found else "fail")


SKILLS = ("tool Skill other", "tool Skill other ?denied", "$ echo commit", "tool Skill other")
GIVEN = {"1": {"skill": "commit"}, "2": {"skill": "commit"}, "4": {"skill": "review"}}


@pytest.mark.parametrize(
    ("key", "value", "status", "rationale", "calls"),
    [
        ("required_tools", ["Skill(commit)"], "pass", "Skill(commit): 1 call, call 1: Skill (session)", ["1"]),
        ("required_tools", ["Skill(deploy)"], "fail", "Skill(deploy): 0 of 4 calls (session)", []),
        (
            "banned_tools", ["Skill(commit)"], "fail",
            "Skill(commit): 2 calls (1 not carried out), first call 1: Skill (session)", ["1", "2"],
        ),
        ("banned_tools", ["Skill(deploy)"], "pass", "Skill(deploy): 0 of 4 calls (session)", []),
        ("tool_limits", {"Skill(commit)": 2, "Skill": 3}, "pass", "Skill(commit): 2 ≤ 2; Skill: 3 ≤ 3 (session)", []),
        ("tool_limits", {"Skill(commit)": 1, "Skill": 3}, "fail", "Skill(commit): 2 > 1 (session)", ["2"]),
        (
            "tool_sequence", ["Skill(commit)", "Bash", "Skill(review)"], "pass",
            "3 of 3 steps in this order: Skill(commit) at call 1, Bash at call 3, Skill(review) at call 4 (session)",
            ["1", "3", "4"],
        ),
        (
            "tool_sequence", ["Skill(review)", {"tool": "Skill", "input": "commit"}], "fail",
            "1 of 2 steps in this order: Skill(review) at call 4, then no Skill(commit) (session)", ["4"],
        ),
        (
            "tool_sequence", [{"category": "other", "input": "commit", "status": "denied"}], "pass",
            "1 of 1 step in this order: other(commit, denied) at call 2 (session)", ["2"],
        ),
    ],
)  # fmt: skip
def test_every_list_of_tools_takes_it(key: str, value: object, status: str, rationale: str, calls: list[str]) -> None:
    result = check(key, value, record(*SKILLS, inputs=GIVEN))
    assert (result.status, result.rationale, proof(result)) == (status, rationale, calls)


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("required_tools", ["Skill(commit)"], "unknown"),
        ("banned_tools", ["Skill(commit)"], "unknown"),
        ("banned_tools", ["mcp__db__*(x)"], "pass"),  # no such tool was called
        ("tool_limits", {"Skill(commit)": 2}, "unknown"),
        ("tool_limits", {"Skill(commit)": 3}, "pass"),  # there are no more calls than that
        ("tool_sequence", ["Skill(commit)"], "unknown"),
        ("tool_sequence", ["Bash", "Skill(a)", "Skill(b)"], "fail"),  # one call is no two steps
    ],
)
def test_when_the_log_is_gone_nobody_knows_what_a_tool_was_given(key: str, value: object, status: str) -> None:
    assert check(key, value, record(*SKILLS, gone=True)).status == status


def test_what_is_not_known_of_a_limit_is_told() -> None:
    result = check("tool_limits", {"Skill(commit)": 2}, record(*SKILLS, gone=True))
    assert result.rationale == ("Skill(commit): 0 ≤ 2, 3 calls not known at full length, first call 1: Skill (session)")
    assert proof(result) == ["1", "2", "4"]


@pytest.mark.parametrize(
    ("block", "path", "message", "hint"),
    [
        (
            {"banned_tools": ["Read", "Bash(rm -rf:*)"]}, ("banned_tools", 1),
            "'Bash(rm -rf:*)': what a shell is given is a command",
            "Use banned_commands or required_commands, or {command: rm -rf} as a step of tool_sequence.",
        ),
        (
            {"tool_limits": {"exec_command(rm)": 0}}, ("tool_limits", "exec_command(rm)"),
            "'exec_command(rm)': what a shell is given is a command", None,
        ),
        ({"required_tools": ["B*(x)"]}, ("required_tools", 0), "'B*(x)': what a shell is given is a command", None),
        ({"tool_sequence": ["*(x)"]}, ("tool_sequence", 0), "'*(x)': what a shell is given is a command", None),
        (
            {"tool_sequence": [{"tool": "Bash", "input": "x"}]}, ("tool_sequence", 0, "input"),
            "what a shell is given is a command", "Write command in place of input.",
        ),
        (
            {"tool_sequence": [{"category": "bash", "input": "x"}]}, ("tool_sequence", 0, "input"),
            "what a shell is given is a command", "Write command in place of input.",
        ),
        (
            {"tool_sequence": [{"input": "x"}]}, ("tool_sequence", 0), "an input is looked for in calls of a tool",
            "Name it: {tool: …, input: …}.",
        ),
        (
            {"tool_sequence": [{"tool": "Skill(x)"}]}, ("tool_sequence", 0, "tool"),
            "'Skill(x)' is more than the name of a tool", "Write {tool: Skill, input: x}.",
        ),
        (
            {"tool_sequence": [{"tool": "Bash(rm *)"}]}, ("tool_sequence", 0, "tool"),
            "'Bash(rm *)' is more than the name of a tool", "Write {tool: Bash, command: rm}.",
        ),
        (
            {"banned_commands": ["Bash(rm *)"]}, ("banned_commands", 0),
            "'Bash(rm *)' is a tool with what it was given, not a command", "Write the command alone: rm.",
        ),
        (
            {"banned_commands": ["Skill(x)"]}, ("banned_commands", 0),
            "'Skill(x)' is a tool with what it was given, not a command", "Write it in required_tools or banned_tools.",
        ),
        (
            {"tool_limits": {"Edit(*.sql)": 0}}, ("tool_limits", "Edit(*.sql)"), "'*.sql': * makes no pattern here",
            "Patterns of files are for forbidden_files, expected_files, and {path: …} in a step.",
        ),
        (
            {"required_tools": ["Skill(commit:*)"]}, ("required_tools", 0), "'commit:*': * makes no pattern here",
            "Write the text alone: commit.",
        ),
        (
            {"banned_tools": ["WebFetch(domain:example.com)"]}, ("banned_tools", 0),
            "'domain:example.com' is for permissions, no address holds it", "Write the text alone: example.com.",
        ),
        (
            {"required_tools": ["Skill( )"]}, ("required_tools", 0), "expected a text of the input, got an empty text",
            "",
        ),
        (
            {"tool_sequence": [{"tool": "Skill", "input": 5}]}, ("tool_sequence", 0, "input"),
            "expected a text of the input, got a whole number", "",
        ),
    ],
)  # fmt: skip
def test_what_could_never_be_found_is_refused(
    block: dict[str, object], path: tuple[str | int, ...], message: str, hint: str | None
) -> None:
    with pytest.raises(Misread) as raised:
        read_expectations(block)
    assert (raised.value.path, raised.value.message) == (path, message)
    if hint is not None:
        assert raised.value.hint == hint


def test_inputs_are_read_only_where_they_are_asked_for() -> None:
    def needs(key: str, value: object) -> set[str]:
        return set(wanted_texts(read_expectations({key: value})))

    assert needs("tool_limits", {"Skill": 1, "mcp__db__*": 1}) == set()
    assert needs("tool_limits", {"Bash": 1, "Skill(commit)": 1}) == {"inputs"}
    assert needs("banned_tools", ["Skill(commit)"]) == {"inputs"}
    assert needs("tool_sequence", ["Skill(commit)", "Bash"]) == {"inputs"}
    assert needs("tool_sequence", [{"tool": "Skill", "input": "commit"}, "Bash"]) == {"inputs"}


@pytest.mark.parametrize(
    ("entry", "reading"),
    [
        ("Read", ""),
        ("mcp__db__*", ""),
        ("*Edit", ""),
        ("bash", "a program, or a tool of this name"),
        ("rm -rf", "a piece of a command, or text in another tool's input"),
        ("DROP DATABASE", "SQL"),
        ("TRUNCATE", "SQL"),
        ("Skill(commit)", "by this name"),
        ("Agent(Explore)", "by this name"),
        ("Skill(two eggs)", "text in its input"),
        ("mcp__db__query(users)", "text in its input"),
    ],
)
def test_an_entry_says_how_it_is_read(entry: str, reading: str) -> None:
    for key in ("required_tools", "banned_tools"):
        assert read_expectations({key: [entry]}).asked[key].readings == (reading,)


def test_it_reads_as_it_is_written() -> None:
    assert [ToolUse.read(one).text for one in ("Read", "mcp__*", " Skill( a  b ) ")] == [
        "Read",
        "mcp__*",
        "Skill(a  b)",
    ]


def test_a_tool_with_brackets_in_its_name_can_be_meant_as_a_pattern() -> None:
    use = ToolUse.read(escape_glob("odd(one)"))
    assert use.input is None
    assert use.tool.matches("odd(one)")
    assert not use.tool.matches("odd")
