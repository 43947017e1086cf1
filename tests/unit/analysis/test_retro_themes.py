from __future__ import annotations

import pytest

from tachograph.analysis.retro_themes import load_themes, read_themes
from tests.effort import takes_at_most


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We assumed that the door was open.", {"unverified assumption"}),
        ("The order was ambiguous.\nNobody asked.", {"unclear task"}),
        ("It lacked\nmissing\n  context", {"missing context"}),
        ("Two **flaky** tests", {"tests and verification"}),
        ("The sandbox had no network access, and we ran into rate-limits.", {"environment and tooling"}),
        ("It didn\u2019t know the house rules", {"missing context", "rules and workflow"}),
        ("Scope-creep again", {"scope"}),
        ("`AGENTS.md` is silent", {"rules and workflow"}),
        ("All went well.", set()),
        ("telescope, costume, trulefully", set()),
        ("", set()),
    ],
)
def test_words_tell_the_theme(text: str, expected: set[str]) -> None:
    assert load_themes().find(text) == expected


def test_own_rows_replace_those_of_the_same_name_and_are_added() -> None:
    own = read_themes('[[theme]]\nname = "scope"\nwords = ["garden"]\n[[theme]]\nname = "tea"\nwords = ["kettle*"]')
    table = load_themes().beside(own)
    assert table.find("The scope of two kettles in the garden") == {"scope", "tea"}
    assert table.find("The scope") == frozenset()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("theme = 1", "cannot be read"),
        ('[[theme]]\nname = "a"', "cannot be read"),
        ('[[theme]]\nname = "a"\nwords = []', "'a' has no words"),
        ('[[theme]]\nname = "a"\nwords = ["*"]', "'a' has no words, or an empty one"),
        ('[[theme]]\nname = ""\nwords = ["x"]', "has no name"),
        ('[[theme]]\nname = "a"\nwords = ["x"]\n[[theme]]\nname = "a"\nwords = ["y"]', "two themes named 'a'"),
    ],
)
def test_a_wrong_table_is_refused_with_the_reason(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_themes(text)


@pytest.mark.parametrize("text", ["a" * 500_000, "assum" * 100_000, "- " * 250_000, "without " * 60_000])
def test_hostile_texts_are_read_in_linear_time(text: str) -> None:
    themes = load_themes()
    takes_at_most(1.0, lambda: themes.find(text))
