"""What is kept of an error for comparison, and whether it passes by itself."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.redaction import default_cleaner
from tachograph.sources._errors import describe_error, normalise
from tests.unit.sources.parsing import CLEAN

ROWS = tomllib.loads(resources.files("tachograph.sources").joinpath("transient.toml").read_text(encoding="utf-8"))[
    "error"
]


def kind_of(text: str) -> str:
    return describe_error(text, CLEAN).kind


def hash_of(text: str) -> int:
    return describe_error(text, CLEAN).hash


def test_without_stored_text_the_hash_and_the_kind_are_left():
    text = "Exit code 1\nToo many requests"
    error = describe_error(text, default_cleaner(store_text=False))
    assert (error.signature, error.hash, error.kind) == (None, hash_of(text), "transient")


# ------------------------------------------------------------------------------------------------- normalised


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("expected 3, got 4", "expected #, got #"),
        ("3 failed, 12 passed in 1.25s", "# failed, # passed in <duration>"),
        ("took 12 s", "took <duration>"),
        ("took 1m 12s", "took <duration>"),
        ("took 1.5 minutes 3 s", "took <duration>"),
        ("ok 200ms", "ok <duration>"),
        ("coverage 87.5%", "coverage #.#%"),
        ("-1 is not 1", "-# is not #"),
        ("2026-05-20T10:11:12.345Z boom", "<time> boom"),
        ("2026-05-20T10:11:12+02:00 boom", "<time> boom"),
        ("2026-05-20 10:11:12 boom", "#-#-# #:#:# boom"),
        ("10:11:12 boom", "#:#:# boom"),
        ("HEAD is 3f9a1c2b7d", "HEAD is <hash>"),
        ("id 1b4e28ba-2fa1-11d2-883f-0016d3cca427", "id <hash>"),
        ("at 0x7FFD12", "at <hash>"),
        ("see /tmp/pytest-of-ada/pytest-3/log", "see <temporary>"),
        ("open '/tmp/x1/a b'", "open '<temporary> b'"),
        ("/private/var/folders/zz/abc123/T/x: gone", "<temporary>: gone"),
        (r"C:\Users\ada\AppData\Local\Temp\x9\log.txt gone", "<temporary> gone"),
        ("in test_3 of utf8", "in test_3 of utf8"),
        ("module v2a", "module v2a"),
        ("defaced facade", "defaced facade"),
        ("a.py:12:5: E1", "a.py:#:#: E1"),
        ("  a\n\n\tb  ", "a b"),
        ("", ""),
    ],
)
def test_what_differs_from_run_to_run_is_one_sign(text, expected):
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("line 3: boom", "line 17: boom", True),
        ("\x1b[31mboom\x1b[0m", "boom", True),
        ("<tool_use_error>boom</tool_use_error>", "boom", True),
        ("boom in 0.03s", "boom in 2 min", True),
        ("boom at 2026-05-20T09:00:00Z", "boom at 2026-05-21T23:59:59Z", True),
        ("no /tmp/a1/x", "no /tmp/b2/y/z", True),
        ("FAILED test_1", "FAILED test_2", False),
        ("boom", "bang", False),
        ("boom\nbang", "boom", False),
        ("no /srv/a/x", "no /srv/b/x", False),
        ("x" * 30_000 + "boom" + "x" * 40_000, "x" * 30_000 + "bang" + "x" * 40_000, False),
        ("x" * 33_000 + " boom " + "x" * 40_000, "x" * 33_000 + " bang " + "x" * 40_000, True),
    ],
)
def test_equal_errors_have_equal_hashes(one, other, equal):
    assert (hash_of(one) == hash_of(other)) is equal


# -------------------------------------------------------------------------------------------------- transient

EXAMPLES = [(row["id"], example) for row in ROWS for example in row["examples"]]
FALSE_FRIENDS = [
    "FileNotFoundError: [Errno 2] No such file or directory: 'a.yml'",
    "=== RUN   TestSessionFileNotFound",
    "ConnectionError is not defined",
    "src/a.py:429: error: bad type",
    "error: src/a.py:503: bad type",
    "error TS2345 in line 429",
    "Error 2 of 503",
    "expected 429 rows, got 430",
    "write failed: Disk quota exceeded",
    "test_rate_limiter FAILED",
    "test_quota FAILED",
    "FAILED tests/test_lock.py::test_lock",
    "error: package-lock.json is out of date",
    "poetry.lock does not match pyproject.toml",
    "error: branch 'main' already exists",
    "the build is pending review by ada",
    "interactive rebase in progress; onto 3f9a1c2",
    "module 'gateway' has no attribute 'run'",
    "timeout: failed to run command 'make'",
    "Command timed out after 2m 0s",
    "AssertionError: not ready",
    "HTTP/1.1 404 Not Found",
    "The requested URL returned error: 500",
    "permission denied",
]


@pytest.mark.parametrize(("row", "example"), EXAMPLES)
def test_errors_that_pass_are_known(row, example):
    assert kind_of(f"Exit code 1\nsome line\n{example}\nanother line") == "transient"


@pytest.mark.parametrize(("row", "example"), EXAMPLES)
def test_each_example_is_found_by_its_own_row(row, example):
    (own,) = [entry for entry in ROWS if entry["id"] == row]
    assert re.search(own["pattern"], example, re.IGNORECASE | re.MULTILINE)
    assert any(word in example.lower() for word in own["words"])


@pytest.mark.parametrize("text", FALSE_FRIENDS)
def test_what_only_sounds_like_it_does_not_pass(text):
    assert kind_of(f"Exit code 1\n{text}") == ""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Too many requests\n" + "x\n" * 50_000, "transient"),
        ("x\n" * 50_000 + "Too many requests", "transient"),
        ("x\n" * 25_000 + "Too many requests\n" + "x\n" * 25_000, ""),
    ],
)
def test_the_beginning_and_the_end_of_a_long_text_are_looked_at(text, kind):
    assert kind_of(text) == kind


def test_rows_are_named_once_and_look_for_lower_case():
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert all(word == word.lower() for row in ROWS for word in row["words"])


# ---------------------------------------------------------------------------------------------------- any text


@given(st.text(max_size=300))
def test_any_text_can_be_described(text):
    error = describe_error(text, CLEAN)
    assert error.signature is None or 0 < len(error.signature) <= 200
    assert error.kind in ("", "transient")
    assert -(2**63) <= error.hash < 2**63


@given(st.text("ab 19.:/-<>#tmps\n", max_size=80))
def test_what_is_normalised_stays_as_it_is(text):
    once = normalise(text)
    assert normalise(once) == once
