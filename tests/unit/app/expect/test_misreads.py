"""All that is wrong with one value is found, each offence where it stands in the whole value."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.app.expect.misreads import find_misreads


def places(key: str, value: object) -> list[tuple[str | int, ...]]:
    """Where something is wrong, below ``key``."""
    found = [wrong.path for wrong in find_misreads(key, value)]
    assert all(path[0] == key for path in found)
    return [path[1:] for path in found]


@pytest.mark.parametrize(
    ("key", "value", "wrong"),
    [
        ("max_turns", 3, []),
        ("max_turns", None, []),
        ("max_turns", "three", [()]),
        ("max_trns", 3, [()]),
        ("tool_limits", [1, 2], [()]),
        ("tool_limits", {"Bash": "x", "Read": 3, "Edit": -1}, [("Bash",), ("Edit",)]),
        ("token_budget", {"max_total": "5k", "max_outptu": 4, "max_input": 3}, [("max_total",), ("max_outptu",)]),
        ("cost_budget", {"max_usd": -1, "allow_unpriced": "x"}, [("max_usd",), ("allow_unpriced",)]),
        ("required_tools", [5], [(0,)]),
        ("required_tools", [5, "Read", 6, 7, "Edit", ""], [(0,), (2,), (3,), (5,)]),
        ("required_tools", [5] * 501, [()]),
        ("final_text", {"contains": ["a", 1, 2], "matches": ["(", "b", ")"]},
         [("contains", 1), ("contains", 2), ("matches", 0), ("matches", 2)]),
        ("tool_sequence", {"steps": ["Read", 3, "Edit", 4], "mode": "strict"}, [("steps", 1), ("steps", 3), ("mode",)]),
    ],
)  # fmt: skip
def test_each_offence_is_found_where_it_stands(key: str, value: Any, wrong: list[tuple[str | int, ...]]) -> None:
    assert sorted(places(key, value), key=str) == sorted(wrong, key=str)


def test_offences_within_entries_are_found_too() -> None:
    steps = ["Read", {"tol": 5, "comand": "x"}, {"tool": 5}, {}, "Edit", {"comand": "x", "status": "no"}]
    within = [(1, "tol"), (1, "comand"), (2, "tool"), (3,), (5, "comand"), (5, "status")]
    assert places("tool_sequence", steps) == within


def test_an_entry_that_is_empty_only_without_its_offence_is_not_called_empty() -> None:
    assert places("tool_sequence", [{"tool": 5}, {}]) == [(0, "tool"), (1,)]


def test_the_value_stays_as_it_is() -> None:
    steps: list[Any] = [{"tool": 5}, 6]
    find_misreads("tool_sequence", {"mode": "any_order", "steps": steps})
    assert steps == [{"tool": 5}, 6]


def test_at_most_twenty_are_told_and_fewer_of_much_text() -> None:
    assert len(places("required_tools", [5] * 30)) == 20
    assert places("banned_commands", [5, 6, *("x" * 1_900 + str(number) for number in range(200))]) == [(0,)]
