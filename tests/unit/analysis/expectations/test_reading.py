"""From plain values to expectations: what is wrong is told with its place."""

from __future__ import annotations

import pytest

from tachograph.analysis.expectations import SCORERS, Misread, load_expectations, read_expectations

KNOWN_TOKENS = "Known ones: max_cache_read, max_cache_write, max_input, max_output, max_total, max_total_all."


@pytest.mark.parametrize(
    ("block", "path", "message", "hint"),
    [
        ({"tool_limit": {}}, ("tool_limit",), "unknown key 'tool_limit'", "Did you mean tool_limits?"),
        ({"scope": "all"}, ("scope",), "unknown value 'all'", "Known ones: session, tree."),
        # limits
        ({"tool_limits": [5]}, ("tool_limits",), "expected a mapping of tools to numbers, got a list", ""),
        ({"tool_limits": {"Bash": "5"}}, ("tool_limits", "Bash"), "expected a whole number, got text", ""),
        ({"tool_limits": {"Bash": 5.0}}, ("tool_limits", "Bash"), "expected a whole number, got a number", ""),
        ({"tool_limits": {"Bash": True}}, ("tool_limits", "Bash"), "expected a whole number, got true or false", ""),
        ({"tool_limits": {"Bash": None}}, ("tool_limits", "Bash"), "expected a whole number, got nothing", ""),
        ({"tool_limits": {"Read": 1, "B": -1}}, ("tool_limits", "B"), "expected a whole number >= 0", ""),
        ({"tool_limits": {" ": 1}}, ("tool_limits", " "), "expected the name of a tool, got an empty text", ""),
        ({"tool_limits": {5: 1}}, ("tool_limits",), "expected text as a key, got a whole number", ""),
        (
            {"category_limits": {"shel": 1}}, ("category_limits", "shel"), "unknown category 'shel'",
            "Did you mean shell?",
        ),
        ({"category_limits": {"mcp:": 1}}, ("category_limits", "mcp:"), "unknown category 'mcp:'", "Did you mean mcp?"),
        # budgets
        (
            {"token_budget": {"max_inptu": 1}}, ("token_budget", "max_inptu"), "unknown key 'max_inptu'",
            "Did you mean max_input?",
        ),
        ({"token_budget": {"tokens": 1}}, ("token_budget", "tokens"), "unknown key 'tokens'", KNOWN_TOKENS),
        (
            {"token_budget": {"max_input": "1k"}}, ("token_budget", "max_input"), "expected a whole number, got text",
            "",
        ),
        ({"token_budget": {"max_total": -1}}, ("token_budget", "max_total"), "expected a whole number >= 0", ""),
        ({"token_budget": 5}, ("token_budget",), "expected a mapping, got a whole number", ""),
        ({"token_budget": {5: 1}}, ("token_budget",), "expected text", ""),
        ({"cost_budget": {"max_usd": "$5"}}, ("cost_budget", "max_usd"), "expected a number, got text", ""),
        ({"cost_budget": {"max_usd": -0.5}}, ("cost_budget", "max_usd"), "expected a number >= 0", ""),
        ({"cost_budget": {"max_usd": float("nan")}}, ("cost_budget", "max_usd"), "expected a number >= 0", ""),
        (
            {"cost_budget": {"max_usd": 1, "allow_unpriced": "yes"}}, ("cost_budget", "allow_unpriced"),
            "expected true or false, got text", "",
        ),
        ({"duration": {"max_second": 1}}, ("duration", "max_second"), "unknown key 'max_second'",
         "Did you mean max_seconds?"),
        ({"max_turns": "3"}, ("max_turns",), "expected a whole number, got text", ""),
        # tools and commands
        ({"required_tools": "Read"}, ("required_tools",), "expected a list of tools, got text", ""),
        ({"banned_tools": ["a", 5]}, ("banned_tools", 1),
         "expected a tool or a piece of a command, got a whole number", ""),
        ({"banned_tools": ["a", ""]}, ("banned_tools", 1),
         "expected a tool or a piece of a command, got an empty text", ""),
        (
            {"banned_tools": ["/git push/"]}, ("banned_tools", 0), "a regular expression is for commands alone",
            "Use required_commands or banned_commands.",
        ),
        (
            {"banned_tools": ["ls && rm -rf"]}, ("banned_tools", 0),
            "the piece of a command 'ls && rm -rf' must hold one command", "",
        ),
        ({"banned_commands": ["ls", "/(/"]}, ("banned_commands", 1),
         "not a regular expression: missing ) at position 1", ""),
        ({"banned_commands": [["ls"]]}, ("banned_commands", 0), "expected a piece of a command, got a list", ""),
        (
            {"banned_commands": ["/" + "a" * 2_001 + "/"]}, ("banned_commands", 0),
            "a regular expression has at most 2,000 characters, this one has 2,001", "",
        ),
        # files
        ({"expected_files": {"a": 1}}, ("expected_files",), "expected a list of files, got a mapping", ""),
        ({"read_files": ["a", "./"]}, ("read_files", 1), "'./' names no file", ""),
        ({"forbidden_files": [None]}, ("forbidden_files", 0), "expected a file's name or pattern, got nothing", ""),
        # sequence
        ({"tool_sequence": "Read"}, ("tool_sequence",), "expected a list of steps, got text", ""),
        (
            {"tool_sequence": ["Read", "git push"]}, ("tool_sequence", 1), "'git push' is no tool",
            "A step with a command is a mapping: {command: …}.",
        ),
        (
            {"tool_sequence": [{"tool": "Bash", "cmd": "x"}]}, ("tool_sequence", 0, "cmd"), "unknown key 'cmd'",
            "Did you mean command?",
        ),
        ({"tool_sequence": [{}]}, ("tool_sequence", 0),
         "a step asks for at least one of tool, category, command, input, path, status", ""),
        ({"tool_sequence": [5]}, ("tool_sequence", 0),
         "expected a tool, a category or a mapping, got a whole number", ""),
        (
            {"tool_sequence": {"mode": "strict", "steps": []}}, ("tool_sequence", "mode"), "unknown mode 'strict'",
            "Known ones: any_order, exact, subsequence.",
        ),
        (
            {"tool_sequence": {"steps": ["Read", {"status": "okay"}]}}, ("tool_sequence", "steps", 1, "status"),
            "unknown status 'okay'", "Did you mean ok?",
        ),
        (
            {"tool_sequence": {"steps": [{"category": "files"}]}}, ("tool_sequence", "steps", 0, "category"),
            "unknown category 'files'", "Did you mean file_ops?",
        ),
        (
            {"tool_sequence": ["Read"] * 201}, ("tool_sequence",),
            "a sequence has at most 200 steps, this one has 201", "",
        ),
        # what could never match
        ({"banned_commands": ["git*"]}, ("banned_commands", 0),
         "the piece of a command 'git*' must name its program; /…/ is a regular expression", ""),
        ({"forbidden_files": ["a", "src/{b,c}.py"]}, ("forbidden_files", 1),
         "'src/{b,c}.py': braces make no pattern here", "Write an entry for each."),
        ({"forbidden_files": ["*.py", "!a.py"]}, ("forbidden_files", 1),
         "'!a.py': an entry cannot take others back", "A file that is called so is ./!…."),
        # quality
        ({"max_error_rate": 5}, ("max_error_rate",), "expected a number between 0 and 1 or a text like 5%", ""),
        ({"max_error_rate": "101%"}, ("max_error_rate",), "expected a number between 0 and 1 or a text like 5%", ""),
        ({"max_error_rate": "few"}, ("max_error_rate",), "expected a number between 0 and 1 or a text like 5%", ""),
        ({"max_error_rate": float("nan")}, ("max_error_rate",),
         "expected a number between 0 and 1 or a text like 5%", ""),
        (
            {"max_error_rate": [1]}, ("max_error_rate",),
            "expected a number between 0 and 1 or a text like 5%, got a list", "",
        ),
        (
            {"no_findings": ["heavy_results"]}, ("no_findings", 0), "unknown detector 'heavy_results'",
            "Did you mean heavy_result?",
        ),
        ({"no_findings": "heavy_result"}, ("no_findings",), "expected a list of detectors or true, got text", ""),
        ({"max_findings": {"x": 1}}, ("max_findings", "x"), "unknown detector 'x'", None),
        ({"max_findings": {"heavy_result": "1"}}, ("max_findings", "heavy_result"),
         "expected a whole number, got text", ""),
        # final text
        ({"final_text": "done"}, ("final_text",), "expected a mapping of options, got text", ""),
        ({"final_text": {"contain": "x"}}, ("final_text", "contain"), "unknown key 'contain'",
         "Did you mean contains?"),
        ({"final_text": {"contains": ["a", 1]}}, ("final_text", "contains", 1),
         "expected text, got a whole number", ""),
        (
            {"final_text": {"matches": ["a", "[b"]}}, ("final_text", "matches", 1),
            "not a regular expression: unterminated character set at position 2", "",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    block: dict[str, object], path: tuple[str | int, ...], message: str, hint: str | None
) -> None:
    with pytest.raises(Misread) as raised:
        read_expectations(block)
    assert (raised.value.path, raised.value.message) == (path, message)
    if hint is not None:
        assert raised.value.hint == hint


def test_every_key_of_the_issue_is_there() -> None:
    issue = """
        tool_limits category_limits token_budget cost_budget duration max_turns required_tools banned_tools
        required_commands banned_commands expected_files forbidden_files read_files tool_sequence max_error_rate
        no_findings max_findings final_text
    """
    assert set(load_expectations()) == set(issue.split())
    assert set(SCORERS.values()) <= set(load_expectations())


def test_every_key_says_what_it_asks_for_so_that_the_value_can_follow() -> None:
    for key, one in load_expectations().items():
        first = one.doc.partition("\n")[0]
        assert first.endswith("."), key
        assert 20 < len(first) <= 116, key
        assert first[0].isupper(), key


def test_nothing_is_asked_of_a_key_without_a_value() -> None:
    read = read_expectations({"max_turns": None, "required_tools": ["Read"], "scope": "session"})
    assert (list(read.asked), read.scope, read.empty) == (["required_tools"], "session", ("max_turns",))
    assert read_expectations({}).scope == "tree"


@pytest.mark.parametrize(
    ("chosen", "asked", "empty"),
    [
        (None, ["tool_limits", "expected_files", "max_turns"], ()),
        ([], ["max_turns"], ()),
        (["tool_count"], ["tool_limits", "max_turns"], ()),
        (["file_existence", "token_budget"], ["expected_files", "max_turns"], ("token_budget",)),
    ],
)
def test_a_manifest_chooses_checks_by_their_scorers_names(
    chosen: list[str] | None, asked: list[str], empty: tuple[str, ...]
) -> None:
    read = read_expectations({"tool_limits": {"Bash": 1}, "expected_files": ["a"], "max_turns": 3}, chosen)
    assert (list(read.asked), read.empty) == (asked, empty)


def test_equal_blocks_are_equal() -> None:
    block = {
        "tool_limits": {"Bash": 5}, "token_budget": {"max_input": 1}, "banned_tools": ["rm -rf"], "max_turns": 1,
        "banned_commands": ["/a/"], "expected_files": ["a"], "tool_sequence": ["Read", {"command": "ls"}],
        "max_error_rate": "5%", "no_findings": True, "final_text": {"contains": "x", "matches": ["y"]},
    }  # fmt: skip
    assert read_expectations(block) == read_expectations(dict(block))
    assert read_expectations(block) != read_expectations({**block, "max_error_rate": "6%"})
