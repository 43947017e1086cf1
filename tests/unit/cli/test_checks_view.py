from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given

from tachograph.cli._checks import describe_checks
from tachograph.model import CheckReport, CheckResult
from tachograph.report.document import Facts
from tachograph.report.terminal import show as show_on_terminal
from tachograph.report.text import render
from tests.builders.checked import (
    FAILED,
    PASSED,
    SKIPPED,
    UNKNOWN,
    checked,
    fault,
    proof,
    report,
    reports,
)
from tests.golden import check_golden

BERLIN = timezone(timedelta(hours=2))
LONG = CheckResult("token_budget", "pass", "output: 1,234 ≤ 5,000, total: 56,789 ≤ 90,000 (session and 1 subagent)")


def show(given: CheckReport, width: int = 100) -> str:
    return render(describe_checks(given, BERLIN), width)


def several() -> CheckReport:
    return report(
        checked(PASSED, FAILED, SKIPPED, case="deploys"),
        checked(PASSED, name="00000002", title="Another one.", case="builds"),
        checked(UNKNOWN, FAILED, name="00000003", title="A third.", case="rolls-back", complete=False),
        fault("tests"),
        not_ours=("test_cases[0].expectations.expected_patterns",),
        not_chosen=("required_tools", "max_turns"),
    )


def test_one_session() -> None:
    given = report(
        checked(PASSED, FAILED, LONG, SKIPPED, UNKNOWN, complete=False, notes=("It is a fork.",)),
        not_ours=("scorers.enabled.style", "name"),
    )
    check_golden("check.txt", show(given))
    narrow = show(given, 60)
    assert max(map(len, narrow.splitlines())) <= 60
    check_golden("check-60.txt", narrow)


def test_on_a_narrow_terminal_a_long_path_keeps_the_indent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "/home/ada/skylight/packages/components/src/forms/elements/Select.tsx"
    read = CheckResult("required_tools", "pass", f"Read: 1 call, first call 1: {path} (session)")
    document = describe_checks(report(checked(read)), BERLIN)
    monkeypatch.setenv("COLUMNS", "60")
    show_on_terminal(document)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "✓ required_tools  Read: 1 call, first call 1:",
        "                  /home/ada/skylight/packages/components/",
        "                  src/forms/elements/Select.tsx (session)",
    ]
    assert path in render(document, 60)  # not on a terminal: to be searched for and copied


def test_several_sessions() -> None:
    check_golden("check-cases.txt", show(several()))
    narrow = show(several(), 60)
    assert max(map(len, narrow.splitlines())) <= 60


def test_several_without_cases() -> None:
    text = show(report(checked(PASSED), checked(PASSED, SKIPPED, name="00000002")))
    assert text == (
        "Checks  all 2 sessions passed\n"
        "   session   pass  fail  skip  first failure\n"
        "✓  00000001     1     0     0\n"
        "✓  00000002     1     0     1\n"
    )


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (report(), ["Checks  no session was checked"]),
        (report(unreadable=("a: b", "c: d")), ["Checks  2 logs could not be read"]),
        (report(checked()), ["Fix the failing test.  00000001 · 1 skipped", "– expectations  nothing is expected"]),
        (report(checked(title="", case="deploys"), fail_on="skip"),
         ["deploys (00000001)  1 of 1 check failed", "– expectations  nothing is expected"]),
        (report(fault("deploys", "no session is called 1234")),
         ["deploys  it could not be checked", "no session is called 1234"]),
    ],
)  # fmt: skip
def test_little_to_show(given: CheckReport, lines: list[str]) -> None:
    assert show(given).splitlines() == lines


def test_skips_are_failures_when_they_count() -> None:
    text = show(report(checked(PASSED), checked(SKIPPED, name="00000002"), fail_on="skip"))
    assert "1 of 2 sessions failed" in text
    assert "✗  00000002     0     0     1  tool_sequence: nothing is expected" in text
    assert "– tool_sequence  nothing is expected" in text


@pytest.mark.parametrize(
    ("result", "fail_on", "style"),
    [
        (PASSED, "fail", "good"),
        (FAILED, "fail", "bad"),
        (UNKNOWN, "fail", "warn"),
        (SKIPPED, "fail", "dim"),
        (SKIPPED, "skip", "bad"),
    ],
)
def test_colours_say_what_counts(result: CheckResult, fail_on: str, style: str) -> None:
    blocks = describe_checks(report(checked(result), fail_on=fail_on)).blocks
    assert [block.style for block in blocks if isinstance(block, Facts)] == [style]


def test_much_is_cut_and_counted() -> None:
    many = CheckResult(
        "tool_limits", "fail", "Bash: 9 > 1 (session)", tuple(proof("make", number) for number in range(8))
    )
    assert "· … and 3 more" in show(report(checked(many)))
    text = show(report(*(checked(many, name=f"bad-{number}") for number in range(60)), checked(PASSED, name="good")))
    assert "11 sessions not shown: 10 failed, 1 passed." in text
    assert text.count("\n✗  bad-") == 50
    assert text.count("\n✗ tool_limits") == 10
    assert "… and 50 failed sessions more: --json and --markdown show all." in text
    assert "good" not in text
    names = tuple(f"key{number}" for number in range(20))
    assert "key11 and 8 more" in " ".join(show(report(not_ours=names)).split())


@given(reports)
def test_log_text_cannot_steer_the_terminal(given: CheckReport) -> None:
    text = show(given)
    assert text == show(given)
    assert not any(char in text for char in "\x00\x07\x1b\x9b\u202e\u200b")
