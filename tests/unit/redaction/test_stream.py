"""A text that is cleaned block by block comes out as if it had been cleaned at once."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tachograph.errors import TachographError
from tachograph.redaction import Redactor, bundled_rules, clean_stream, stream
from tests.builders.secrets import BASE64, draw, planted

REDACTOR = Redactor(bundled_rules())
RULE = "-" * 5
BEGIN, END = f"{RULE}BEGIN RSA PRIVATE" + f" KEY{RULE}", f"{RULE}END RSA PRIVATE" + f" KEY{RULE}"


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 4,000 characters instead of a million, and all else in proportion."""
    for name, value in {"_BLOCK": 4_000, "_MARGIN": 1_000, "_STEP": 50, "_REACH": 400, "LONGEST_LINE": 40_000}.items():
        monkeypatch.setattr(stream, name, value)


def pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def clean(text: str, size: int = 700) -> tuple[str, Counter[str]]:
    blocks = list(clean_stream(REDACTOR, pieces(text, size)))
    return "".join(block.text for block in blocks), sum((block.kinds for block in blocks), Counter())


def lines(seed: int) -> str:
    """Secrets of every kind among harmless lines."""
    rng = random.Random(seed)
    return "".join(f"{'x ' * rng.randint(0, 40)}\n{one.text}\n" for one in planted(200, seed))


@pytest.mark.parametrize("size", [100, 700, 5_000, 100_000])
def test_blocks_give_what_the_whole_gives(size):
    text = lines(size)
    assert len(text) > 5 * 4_000
    assert clean(text, size)[0] == REDACTOR.clean(text)


def test_text_without_secrets_comes_out_as_it_is():
    text = "nothing to see here\r\n" * 2_000
    assert clean(text) == (text, Counter())
    assert clean("") == ("", Counter())


def test_kinds_are_counted_without_the_markers_that_were_there():
    text = ("password=hunter22 [redacted:jwt]\n" * 3 + "DB_PASSWORD=q1w2e3\n") * 300
    assert clean(text)[1] == {"assignment": 900, "assignment-env": 300}


@pytest.mark.parametrize("before", range(2_400, 5_400, 300))
@pytest.mark.parametrize("length", [10, 100, 1_000])
def test_key_block_over_a_border_goes_whole(before, length):
    body = "\n".join(draw(random.Random(line), BASE64, 64) for line in range(length))
    text = "a b c d\n" * (before // 8) + f"{BEGIN}\n{body}\n{END}\nafter\n" + "e f\n" * 2_000
    assert clean(text) == (text.replace(f"{BEGIN}\n{body}\n{END}", "[redacted:private-key]"), {"private-key": 1})


def test_key_block_without_an_end_goes_to_the_end_of_the_text():
    text = "before\n" + f"{BEGIN}\n" + "QUJD\n" * 20_000
    assert clean(text) == ("before\n[redacted:private-key]", {"private-key": 1})


def test_many_key_blocks_without_an_end_take_linear_time():
    assert clean(f"{BEGIN}\n" * 3_000)[0] == "[redacted:private-key]"


def test_secret_that_reaches_over_a_line_is_not_cut():
    entry = "machine a.example.com login ann\n  password q1w2e3r4t5\n"
    assert clean(entry * 800)[0] == entry.replace("q1w2e3r4t5", "[redacted:netrc-password]") * 800


def test_line_longer_than_a_block_is_held_whole():
    text = "x" * 9_000 + " password='" + "q1 w2 " * 3_000 + "' y\n" + "z\n" * 5_000
    assert clean(text)[0] == REDACTOR.clean(text)


def test_line_without_an_end_in_sight_is_refused():
    with pytest.raises(TachographError, match="64 Mi characters") as caught:
        clean("x" * 50_000)
    assert caught.value.slug == "line_too_long"
    assert caught.value.exit_code == 4
