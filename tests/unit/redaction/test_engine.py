"""The engine: one pass, no quadratic time, no growing memory, rules from data alone."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.errors import TachographError
from tachograph.redaction import Redactor, Rule, bundled_rules, parse_rules
from tachograph.redaction.engine import LONGEST_MARKER
from tachograph.redaction.prefilter import Prefilter, fold
from tests.builders.secrets import ALNUM, draw, planted
from tests.effort import measure, takes_at_most

REDACTOR = Redactor(bundled_rules())
clean = REDACTOR.clean

EXTRA_ROW = r"""
[sets]
acme = ["acme_", "umbrella_"]
[parts]
body = '[a-z0-9]{12,}'
[[rule]]
id = "acme-key"
description = "Keys of Acme"
source = "Acme docs, Keys"
keywords = ["@acme"]
regex = '(?:acme|umbrella)_({{body}})'
group = 1
min_length = 14
"""


# ------------------------------------------------------------------------------------------------ the table


def test_every_bundled_row_compiles_and_is_complete():
    for rule in bundled_rules():
        assert 0 <= rule.group <= rule.pattern.groups
        assert rule.description
        assert rule.source
        assert rule.keywords
        assert len(rule.marker) <= LONGEST_MARKER
        assert rule.marker == f"[redacted:{rule.id}]"


def test_one_more_row_works_without_code():
    redactor = Redactor([*bundled_rules(), *parse_rules(EXTRA_ROW)])
    assert redactor.clean("x Acme_") == "x Acme_"
    assert redactor.clean("x acme_abcdefghijk123 y") == "x acme_[redacted:acme-key] y"
    assert redactor.clean("x umbrella_abcdefghijk123 y") == "x umbrella_[redacted:acme-key] y"
    assert redactor.clean("x acme_abcdefghij12 y") == "x acme_abcdefghij12 y", "shorter than min_length"
    assert redactor.clean("DB_PASSWORD=q1w2e3") == "DB_PASSWORD=[redacted:assignment-env]"


def test_no_rules_change_nothing():
    assert Redactor([]).clean("password=hunter22") == "password=hunter22"


ROW = '[[rule]]\nid = "a"\ndescription = "d"\nsource = "s"\nkeywords = ["k"]\nregex = "k"\n'
BROKEN_TABLES = [
    ("not TOML", "[[rule]\n"),
    ("lacks regex", ROW.replace('regex = "k"\n', "")),
    ("lacks source", ROW.replace('source = "s"\n', "")),
    ("lacks keywords", ROW.replace('["k"]', "[]")),
    ("unknown field or a wrong type: colour", ROW + 'colour = "red"\n'),
    ("unknown field or a wrong type: group", ROW + 'group = "1"\n'),
    ("an id that is not", ROW.replace('"a"', '"Not_An_Id"')),
    ("two rows with one id", ROW + ROW),
    ("a keyword that is not", ROW.replace('["k"]', '["K"]')),
    ("a keyword that is not", ROW.replace('["k"]', '["é"]')),
    ("unknown set", ROW.replace('["k"]', '["@nobody"]')),
    ("unknown part {{nothing}}", ROW.replace('"k"\n', '"{{nothing}}"\n')),
    ("does not compile", ROW.replace('regex = "k"', 'regex = "k("')),
    ("negative 'before'", ROW + "before = -1\n"),
    ("a group that the regex does not have", ROW + "group = 1\n"),
    ("neither text nor account", ROW + 'where = "files"\n'),
]


@pytest.mark.parametrize(("complaint", "table"), BROKEN_TABLES, ids=[name for name, _ in BROKEN_TABLES])
def test_broken_table_is_refused_with_the_reason(complaint, table):
    with pytest.raises(TachographError, match="table of redaction rules") as caught:
        parse_rules(table)
    assert complaint in caught.value.message
    assert caught.value.slug == "redaction_rules"
    assert caught.value.exit_code == 4


# ------------------------------------------------------------------------------------------------ replacing


def test_overlapping_secrets_become_one_marker_named_by_the_one_that_begins_first():
    rules = """
[[rule]]
id = "left"
description = "d"
source = "s"
keywords = ["aa"]
regex = 'aa[0-9]+b?'
[[rule]]
id = "right"
description = "d"
source = "s"
keywords = ["b"]
regex = 'b+c'
"""
    redactor = Redactor(parse_rules(rules))
    assert redactor.clean("x aa12bbc y") == "x [redacted:left] y"
    assert redactor.clean("x aa12 bbc y") == "x [redacted:left] [redacted:right] y"


def test_of_two_rules_at_one_place_the_earlier_row_gives_the_name():
    assert clean("GITHUB_TOKEN=gh" + "p_" + "a1" * 18) == "GITHUB_TOKEN=[redacted:github-token]"


def test_marker_is_never_replaced_by_another():
    for rule in bundled_rules():
        for text in (f"password={rule.marker}", f'"token": "{rule.marker}"', f"redis://u:{rule.marker}@h"):
            assert clean(text) is text


BATCH = planted(120, seed=5)
pieces = st.one_of(
    st.integers(0, 300).map(lambda seed: BATCH[seed % 120].text),
    st.integers(0, 300).map(lambda seed: BATCH[seed % 120].secret),
    st.sampled_from(
        ["password=", '"token": "', "Bearer ", "://u:", "@", "sk-", "\\", '"', " ", "\n", "=", "--", "eyJ"]
    ),
    st.text(alphabet="aZ09_-=:/@\"'\\ .é\u0130", max_size=12),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(pieces, max_size=12))
def test_cleaning_twice_changes_nothing_more(parts):
    cleaned = clean("".join(parts))
    assert clean(cleaned) == cleaned


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.text(alphabet="bdfgi \n", max_size=30))
def test_secrets_are_found_amid_anything_that_ends_a_word(seed, filler):
    batch = planted(6, seed)
    cleaned = clean("".join(f"{filler}\n{one.text}\n" for one in batch))
    assert [one.secret for one in batch if one.secret in cleaned] == []


def test_letter_whose_lower_case_is_longer_moves_no_border():
    secret = "gh" + "p_" + "b2" * 18
    assert clean("\u0130" * 50 + f" {secret} İ") == "\u0130" * 50 + " [redacted:github-token] İ"


# ----------------------------------------------------------------------------------------------- long texts


@pytest.mark.parametrize("shift", range(-12, 13, 3))
def test_secret_on_the_border_of_two_pieces_is_found(shift):
    secret = "gh" + "p_" + "c3" * 18
    before, after = "." * ((1 << 16) + shift), "." * 70_000
    assert clean(f"{before}{secret} {after}") == f"{before}[redacted:github-token] {after}"


def test_key_block_longer_than_a_piece_goes_whole():
    rule = "-" * 5
    block = f"{rule}BEGIN PRIVATE" + f" KEY{rule}\n" + "QUJD" * 50_000 + f"\n{rule}END PRIVATE KEY{rule}"
    assert clean(f"a {block} b password=hunter22 c") == "a [redacted:private-key] b password=[redacted:assignment] c"


def test_long_text_without_secrets_is_the_very_same_object():
    text = "the token of the session, again and again\n" * 5_000
    assert clean(text) is text


def test_long_text_is_cleaned_as_its_lines_are():
    lines = [one.text.replace("\n", " ") for one in planted(1_500, seed=9) if one.kind != "pem"]
    text = "\n".join(lines)
    assert len(text) > 1 << 16
    assert clean(text).split("\n") == [clean(line) for line in lines]


def peak_growth(text: str) -> float:
    """Return the most memory that cleaning took, in multiples of the text's own size."""
    tracemalloc.start()
    try:
        clean(text)
        return tracemalloc.get_traced_memory()[1] / len(text)
    finally:
        tracemalloc.stop()


def test_memory_stays_below_three_times_a_large_text():
    assert peak_growth("nothing to see here, move along; " * 60_000) < 1
    assert peak_growth("x password=hunter22 and more of the same text; " * 40_000) < 3


# ------------------------------------------------------------------------------------------------- no cliffs

FILLERS = [
    "", "a", "A1", "=", "='", ": ", ':\\"', "_", "-", "\\", "/", "@", ".", "=(", "=a.", "&k=", " -u a", " -p ",
    "\n", "0", "%41",
]  # fmt: skip
SPELLINGS = {"@": "@", "eyj": "eyJ"}


def hostile_texts(keyword: str, size: int) -> list[str]:
    """Texts of ``size`` characters: the keyword with each filler again and again, and once with a long run of it."""
    words = {SPELLINGS.get(keyword, keyword), keyword.upper()}
    repeated = [word + filler for word in words for filler in FILLERS]
    runs = [word + filler * (size // len(filler)) for word in words for filler in FILLERS if filler]
    return [(unit * (size // len(unit) + 1))[:size] for unit in repeated] + [run[:size] for run in runs]


def regex_work(rule: Rule, text: str) -> Callable[[], None]:
    """What the rule's regex has to do: it looks where its keywords begin, after the end of its last match."""
    hits = Prefilter((word, 0) for word in rule.keywords).find(fold(text)) if rule.where == "text" else []

    def look() -> None:
        resume = 0
        for at, _ in hits:
            match = rule.pattern.match(text, at - rule.before) if at - rule.before >= resume else None
            resume = match.end() if match else resume
        if rule.where == "account":
            rule.pattern.sub("", text)

    return look


@pytest.mark.parametrize("rule", bundled_rules(), ids=lambda rule: rule.id)
def test_no_regex_takes_long_on_100_kb_of_hostile_text(rule):
    """The slowest text is found on 1 kB of each; quadratic code would need seconds for 100 kB."""
    small = hostile_texts(rule.keywords[0], 1_000)
    slowest = max(range(len(small)), key=lambda number: measure(regex_work(rule, small[number]))[0])
    text = hostile_texts(rule.keywords[0], 100_000)[slowest]
    takes_at_most(0.2, regex_work(rule, text))  # 50 ms is the promise; the rest is for slow machines


@pytest.mark.parametrize("unit", ["?", "A" * 20, "://", "password=", "env ", "echo ", "docker login -p "])
def test_hostile_megabyte_takes_linear_time(unit):
    """The keywords with the most work, for the whole engine: below a second when the machine is idle."""
    text = unit * (1_000_000 // len(unit))
    takes_at_most(5, lambda: clean(text))


PEM_BEGIN = "-----BEGIN RSA PRIVATE" + " KEY-----"


@pytest.mark.parametrize("unit", ["a", "=", '"', "\\", "://", "eyJ", "x:", PEM_BEGIN, "'a\"", "@a."])
def test_hostile_run_takes_linear_time_for_all_rules_together(unit):
    text = "password='" + unit * (1_000_000 // len(unit))
    takes_at_most(3, lambda: clean(text))


def test_short_command_is_cheap():
    """About 5 µs on an idle core for 200 characters; the bound leaves room for a busy machine."""
    command = "cd src && git status --short | head -20 && grep -rn 'def parse' . --include='*.py' | sort | uniq -c " * 2
    clean(command)
    takes_at_most(500 * 60e-6, lambda: [clean(command[:200]) for _ in range(500)])


# -------------------------------------------------------------------------------------- secrets before a keyword

BEFORE = """
[[rule]]
id = "middle"
description = "d"
source = "s"
keywords = ["-x-"]
regex = '[0-9]{4}-x-[0-9]{4}'
before = 4
"""


def test_rule_may_begin_before_its_keyword():
    redactor = Redactor(parse_rules(BEFORE))
    assert redactor.clean("id 1234-x-5678, -X-, 12-x-5678") == "id [redacted:middle], -X-, 12-x-5678"
    assert redactor.clean("-x-1234") == "-x-1234", "nothing can stand before the text"


@pytest.mark.parametrize("shift", range(12))
def test_secret_that_begins_in_the_piece_before_its_keyword_is_found(shift):
    redactor = Redactor([*parse_rules(BEFORE), *bundled_rules()])
    before, after = "." * ((1 << 16) - shift), "." * 70_000
    assert redactor.clean(f"{before}1234-x-5678{after}") == f"{before}[redacted:middle]{after}"


# ---------------------------------------------------------------------------------------------- accounts


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("ann.lee+x@example.co.uk", "[redacted:email]"),
        ("Ann Lee <ann@example.com>, bob@example.org", "Ann Lee <[redacted:email]>, [redacted:email]"),
        ("jürgen@müller.de", "[redacted:email]"),
        ("no account", "no account"),
        ("@handle", "@handle"),
        ("a@b", "a@b"),
    ],
)
def test_account_fields_lose_their_addresses(value, cleaned):
    assert REDACTOR.clean_account(value) == cleaned
    assert REDACTOR.clean_account(cleaned) == cleaned


def test_addresses_in_other_texts_stay():
    assert clean("git config user.email ann@example.com") == "git config user.email ann@example.com"


def test_account_fields_lose_secrets_too():
    secret = "gh" + "o_" + draw(random.Random(1), ALNUM, 36)
    assert REDACTOR.clean_account(f"{secret} a@example.com") == "[redacted:github-token] [redacted:email]"
