"""The cleaner: redact first, cut second, and only what a store can hold."""

from __future__ import annotations

import random
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.model import Clean
from tachograph.redaction import Cleaner, Redactor, bundled_rules, default_cleaner
from tachograph.redaction import cleaner as cleaner_module
from tests.builders.secrets import ALNUM, TOKENS, draw, planted

SECRET = "gh" + "p_" + draw(random.Random(1), ALNUM, 36)
MARKER = "[redacted:github-token]"


class CountingRedactor(Redactor):
    """Counts how often it is asked."""

    calls = 0

    def clean(self, text: str) -> str:
        self.calls += 1
        return super().clean(text)


@pytest.fixture
def redactor() -> CountingRedactor:
    return CountingRedactor(bundled_rules())


@pytest.fixture
def cleaner(redactor: CountingRedactor) -> Cleaner:
    return Cleaner(redactor)


def test_it_is_what_the_sources_ask_for(cleaner):
    clean: Clean = cleaner
    assert clean.text("ls -la", 500) == "ls -la"


# ------------------------------------------------------------------------------------------------ cutting


def test_text_is_cut_after_it_is_redacted(cleaner):
    assert cleaner.text(f"abc {SECRET} def", 100) == f"abc {MARKER} def"
    assert cleaner.text(f"abc {SECRET} def", 4 + len(MARKER)) == f"abc {MARKER}"
    assert cleaner.text("x" * 501, 500) == "x" * 500
    assert cleaner.text("x" * 500, 500) == "x" * 500


def test_cut_leaves_no_piece_of_a_marker(cleaner):
    for limit in range(4, 4 + len(MARKER)):
        assert cleaner.text(f"abc {SECRET} def", limit) == "abc "


@pytest.mark.parametrize("kind", TOKENS)
def test_secret_across_the_cut_does_not_survive_in_part(cleaner, kind):
    prefix, alphabet, length = TOKENS[kind]
    secret = prefix + draw(random.Random(2), alphabet, length)
    for limit in range(10, 20 + len(secret)):
        assert prefix not in cleaner.text(f"say hello {secret} again", limit)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 300))
def test_any_cut_of_any_planted_text_hides_its_secret_and_is_stable(seed, limit):
    cleaner = default_cleaner()
    for one in planted(3, seed):
        cut = cleaner.text(one.text, limit)
        assert len(cut) <= limit
        for start in range(len(one.secret) - 10):
            assert one.secret[start : start + 10] not in cut


def test_text_is_empty_when_no_text_is_stored(redactor):
    cleaner = Cleaner(redactor, store_text=False)
    assert cleaner.text("ls -la", 500) == ""
    assert cleaner.name("/srv/app") == "/srv/app", "names are still stored"
    assert cleaner.clean_account("a@example.com") == "[redacted:email]"
    assert redactor.calls == 2


# ------------------------------------------------------------------------------------------------ storing


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udfff", "\ufffd"),
        ("a\x00b", "a\ufffdb"),
        ("é\x00\ud83d", "é\ufffd\ufffd"),
        ("😀 é", "😀 é"),
    ],
)
def test_what_a_store_cannot_hold_is_replaced(cleaner, value, stored):
    assert cleaner.text(value, 100) == stored
    assert cleaner.name(value) == stored
    assert cleaner.clean_account(value) == stored


@given(st.text(alphabet=st.characters(), max_size=100), st.integers(0, 100))
def test_whatever_comes_out_can_be_stored(value, limit):
    cleaned = default_cleaner().text(value, limit)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    with sqlite3.connect(":memory:") as store:
        assert store.execute("SELECT ?, length(?1)", (cleaned,)).fetchone() == (cleaned, len(cleaned))


def test_secret_beside_a_lone_surrogate_is_found(cleaner):
    assert cleaner.text(f"\ud800{SECRET}\udc00", 100) == f"\ufffd{MARKER}\ufffd"


# -------------------------------------------------------------------------------------------------- names


def test_name_is_cleaned_once_and_remembered(cleaner, redactor):
    for _ in range(3):
        assert cleaner.name(f"/tmp/{SECRET}/x") == f"/tmp/{MARKER}/x"
    assert redactor.calls == 1


def test_name_has_a_thousand_characters_at_most(cleaner):
    assert len(cleaner.name("p" * 5_000)) == 1_000
    assert cleaner.name("/" * 990 + SECRET) == "/" * 990


def test_memory_of_names_is_bounded(cleaner, redactor, monkeypatch):
    monkeypatch.setattr(cleaner_module, "_MEMO_ENTRIES", 10)
    for number in range(95):
        cleaner.name(f"name {number}")
    assert len(cleaner._names) <= 10
    cleaner.name("p" * 2_000)
    cleaner.name("p" * 2_000)
    assert redactor.calls == 97, "long names are not remembered"


def test_default_cleaner_is_made_once_for_each_setting():
    assert default_cleaner() is default_cleaner()
    assert default_cleaner(store_text=False) is not default_cleaner()
    assert default_cleaner(store_text=False).text("x", 5) == ""
