"""What counts as plain is what the redactor leaves alone: tried with texts made of the words that rules look for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.app.commands.plain import QuickClean, is_plain
from tachograph.app.workspace import Workspace
from tachograph.redaction import bundled_rules, default_cleaner
from tachograph.settings import Settings

WORDS = sorted({word for rule in bundled_rules() for key in rule.keywords for word in re.findall("[a-z]{1,12}", key)})
"""What the rules look for, as far as a plain text can hold it."""


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("true", True), ("make test", True), ("npm run build", True), ("/home/ada/orchard", True), ("git commit", True),
        ("", True), ("Make", False), ("a1", False), ("a  b", False), ("a=b", False), ("a:b", False),
        ("ls -l", False), ("a-b", False), ("a_b", False), ("glc_abcdefgh/abcdefghijkl", False),
        ("x" * 13, False), (" a", False), ("a\n", False), ("é", False), ("a b c d e f g h i", False), ("//a", False),
    ],
)  # fmt: skip
def test_what_is_plain(text: str, plain: bool) -> None:
    assert is_plain(text) == plain


def test_there_are_words_to_try() -> None:
    assert len(WORDS) > 100
    assert "password" in WORDS or "secret" in WORDS


@given(
    st.lists(
        st.tuples(st.sampled_from(" ./_-"), st.sampled_from(WORDS) | st.text("abcdefxz", min_size=1, max_size=12)),
        min_size=1, max_size=8,
    ),
    st.sampled_from(["", "/"]),
)  # fmt: skip
def test_the_redactor_leaves_it_alone(parts: list[tuple[str, str]], end: str) -> None:
    text = end + "".join(between + word for between, word in parts)[1:] + end
    if is_plain(text):
        assert default_cleaner().name(text) == default_cleaner().text(text, 500) == text


@pytest.mark.parametrize("between", [" ", ".", "/"])
def test_no_two_words_that_rules_look_for_make_a_secret(between: str) -> None:
    clean = default_cleaner()
    for first in WORDS:
        for second in WORDS:
            text = f"{first}{between}{second}"
            assert clean.name(text) == text


def test_anything_else_is_redacted() -> None:
    clean = QuickClean(Workspace(settings=Settings()))
    token = "ghp_" + "a1B2" * 9
    assert clean.name("make test") == "make test"
    assert token not in clean.name(f"deploy {token}")
    assert token not in clean.text(f"deploy {token}", 100)
