from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tachograph.model import CheckReport, CheckResult
from tachograph.report.check_markdown import LIMIT, to_markdown
from tachograph.report.check_words import NOT_CHOSEN
from tests.builders.checked import (
    FAILED,
    HOSTILE,
    PASSED,
    SESSION,
    SKIPPED,
    UNKNOWN,
    checked,
    fault,
    proof,
    report,
    reports,
)
from tests.golden import check_golden

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
"""As forges read it; what they link after that, they link in plain text alone."""
TITLE = r"(<code>[^<>]*</code>: )?[\w ,]+"
FOLD = re.compile(rf"<details><summary>{TITLE}</summary>\n|</details>\n?")
OWN_WORDS = re.compile(
    r"|[✅❌➖❔]|[✅❌➖❔] (tacho check: [\w ,]*)?|Expectations: |, | ?\(never ended\)|check|result|session|checks"
    r"|first failure|it could not be checked|nothing was checked"
    r"|[\d,]+ (of [\d,]+ )?(checks?|sessions?) (failed|passed)(, [\d,]+ skipped)?"
    r"|[\d,]+ skipped|[\d,]+ failures? more did not fit here\.|The details of [\d,]+ sessions? did not fit here\."
    rf"|Not ours, left alone: |{NOT_CHOSEN.capitalize()}: | and [\d,]+ more"
    r"|[\d,]+ sessions? not shown: [\d,]+ failed, [\d,]+ passed\."
)


def flatten(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flatten(token.children or [])


def read(text: str) -> list[Token]:
    return list(flatten(PARSER.parse(text)))


def assert_harmless(text: str) -> None:
    """Nothing but our own words and markup is outside code."""
    tokens = read(text)
    kinds = {token.type for token in tokens}
    assert not kinds & {"link_open", "image", "html_inline", "em_open", "strong_open", "s_open", "code_block", "hr"}
    folds = [token.content for token in tokens if token.type == "html_block"]
    assert [fold for fold in folds if not FOLD.fullmatch(fold)] == []
    assert sum(fold.startswith("<details>") for fold in folds) * 2 == len(folds)
    plain = [token.content for token in tokens if token.type == "text"]
    assert [words for words in plain if not OWN_WORDS.fullmatch(words)] == []


def test_one_session() -> None:
    text = to_markdown(
        report(checked(PASSED, FAILED, SKIPPED, UNKNOWN, complete=False), not_ours=("scorers.enabled.style", "name"),
               not_chosen=("max_turns",))
    )  # fmt: skip
    check_golden("check.md", text)
    assert_harmless(text)


def test_several_sessions() -> None:
    text = to_markdown(
        report(
            checked(PASSED, FAILED, case="deploys"),
            checked(PASSED, SKIPPED, name="00000002", title="Another one."),
            fault("rolls-back"),
            unreadable=("logs/broken.jsonl: no line belongs to a session",),
        )
    )
    check_golden("check-cases.md", text)
    assert_harmless(text)


@pytest.mark.parametrize(
    ("given", "headline"),
    [
        (report(checked(PASSED)), "### ✅ tacho check: 1 check passed"),
        (report(checked(PASSED, FAILED)), "### ❌ tacho check: 1 of 2 checks failed"),
        (report(checked(PASSED, SKIPPED)), "### ✅ tacho check: 1 check passed, 1 skipped"),
        (report(checked(PASSED, SKIPPED), fail_on="skip"), "### ❌ tacho check: 1 of 2 checks failed"),
        (report(checked(SKIPPED)), "### ✅ tacho check: 1 skipped"),
        (report(checked(PASSED), checked(PASSED)), "### ✅ tacho check: all 2 sessions passed"),
        (report(checked(PASSED), checked(FAILED)), "### ❌ tacho check: 1 of 2 sessions failed"),
        (report(fault("a")), "### ❌ tacho check: it could not be checked"),
        (report(unreadable=("x: y",)), "### ❌ tacho check: 1 log could not be read"),
        (report(checked(PASSED), unreadable=("x: y",)), "### ❌ tacho check: 1 check passed, 1 log could not be read"),
        (report(), "### ✅ tacho check: no session was checked"),
    ],
)  # fmt: skip
def test_the_headline_says_how_it_went(given: CheckReport, headline: str) -> None:
    assert to_markdown(given).splitlines()[0] == headline


def test_many_keys_are_counted_instead_of_shown_as_columns() -> None:
    results = [CheckResult(f"key_{number}", "pass", "fine") for number in range(9)]
    text = to_markdown(report(checked(*results, FAILED), checked(*results, name="00000002")))
    assert "| ❌ | `00000001` | 1 of 10 checks failed | `tool_limits: Bash: 3 > 1 (session and 1 subagent)` |" in text
    assert "| ✅ | `00000002` | 9 checks passed |  |" in text


def test_of_many_sessions_the_table_holds_those_that_failed() -> None:
    good = [checked(PASSED, name=f"good-{number}") for number in range(100)]
    text = to_markdown(report(*good, checked(FAILED, name="bad")))
    assert "### ❌ tacho check: 1 of 101 sessions failed" in text
    assert "| ❌ | `bad` | ❌ |" in text
    assert "100 sessions not shown: 0 failed, 100 passed." in text
    assert "good-" not in text


def test_what_does_not_fit_is_counted() -> None:
    why = CheckResult("tool_limits", "fail", "why " * 300, tuple(proof("x" * 400, number) for number in range(20)))
    text = to_markdown(report(*(checked(*[why] * 3, name=f"bad-{number}") for number in range(300))))
    assert 45_000 < len(text) <= LIMIT
    assert "250 sessions not shown: 250 failed, 0 passed." in text
    told = [int(number) for number in re.findall(r"The details of (\d+) sessions did not fit here\.", text)]
    shown = text.count("<details>")
    assert told == [300 - shown]
    assert shown > 3
    assert text.count("… and 10 more") >= 3 * (shown - 1)


def test_a_single_session_that_does_not_fit_shows_some_of_its_failures() -> None:
    whys = [
        CheckResult(f"key_{number}", "fail", "why " * 300, tuple(proof("x" * 400, n) for n in range(10)))
        for number in range(40)
    ]
    text = to_markdown(report(checked(*whys)))
    assert 50_000 < len(text) <= LIMIT
    assert re.search(r"\d\d failures more did not fit here\.\n\n</details>", text)


@pytest.mark.parametrize("piece", HOSTILE, ids=lambda piece: ascii(piece[:12]))
def test_no_text_can_leave_its_place(piece: str) -> None:
    text = f"{piece} and {piece}"
    result = CheckResult(text, "fail", text, (proof(text, tool=text, session=text),))
    session = checked(result, name=text, case=f"case {text}", title=text, session=text, notes=(text,))
    many = report(session, session, fault(text, text), expectations=text, not_ours=(text,), unreadable=(text,))
    for one in (many, report(session)):
        markdown = to_markdown(one)
        assert_harmless(markdown)
        widths = {line.count("|") for line in markdown.splitlines() if line.startswith(("|  |", "| --- |", "| ❌ |"))}
        assert len(widths) == 1


@pytest.mark.parametrize("piece", ["x" * 3000, "`" * 3000, "|" * 3000, "<" * 3000, "\u0301" * 3000, "` " * 1500])
def test_the_longest_of_everything_fits(piece: str) -> None:
    results = [CheckResult(f"{number}{piece}", "fail", piece, (proof(piece),) * 99) for number in range(12)]
    for size in (1, 60):
        sessions = [
            checked(*results, name=piece, case=f"c{piece}", title=piece, fault=piece, notes=(piece,) * 30)
        ] * size
        text = to_markdown(report(*sessions, expectations=piece, not_ours=(piece,) * 99, unreadable=(piece,) * 99))
        assert 20_000 < len(text) <= LIMIT
        assert_harmless(text)


def test_code_says_what_the_log_said() -> None:
    """Only a bar in a table is another one."""
    text = "a | b `c` ```d @me <b> https://x.example"
    tokens = read(to_markdown(report(checked(CheckResult("key", "fail", text)), expectations=text)))
    spans = [token.content for token in tokens if token.type == "code_inline"]
    assert spans[:3] == [text, "key", text.replace("|", "¦")]
    fences = [token.content for token in tokens if token.type == "fence"]
    assert fences == [f"{SESSION}\nFix the failing test.\n", text + "\n"]


@given(reports)
def test_whatever_it_holds_it_is_harmless_and_fits(given: CheckReport) -> None:
    text = to_markdown(given)
    assert text == to_markdown(given)
    assert len(text) <= LIMIT
    assert text.startswith("### ✅" if given.passed else "### ❌")
    assert_harmless(text)
    text.encode()
