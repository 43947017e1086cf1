from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given

from tachograph.model import CheckReport
from tachograph.report.junit import to_junit
from tests.builders.checked import FAILED, PASSED, SESSION, SKIPPED, UNKNOWN, checked, fault, proof, report, reports

COUNTS = ("tests", "failures", "errors", "skipped")


def read(given: CheckReport) -> Element:
    return fromstring(to_junit(given).encode())


def counts(element: Element) -> tuple[int, ...]:
    return tuple(int(element.attrib[name]) for name in COUNTS)


def kinds(root: Element) -> list[tuple[str, str]]:
    """(test case, how it ended) in order."""
    ends = {"failure", "error", "skipped"}
    return [
        (case.attrib["name"], next((end.tag for end in case if end.tag in ends), "passed"))
        for case in root.iter("testcase")
    ]


def test_a_suite_for_each_session_and_a_case_for_each_key() -> None:
    root = read(report(checked(PASSED, FAILED, SKIPPED, UNKNOWN), checked(PASSED, name="00000002", case="deploys")))
    assert (root.tag, counts(root)) == ("testsuites", (5, 2, 0, 1))
    assert [(suite.attrib["name"], counts(suite)) for suite in root] == [
        ("00000001", (4, 2, 0, 1)),
        ("deploys (00000002)", (1, 0, 0, 0)),
    ]
    assert kinds(root) == [
        ("required_tools", "passed"),
        ("tool_limits", "failure"),
        ("tool_sequence", "skipped"),
        ("banned_commands", "failure"),
        ("required_tools", "passed"),
    ]
    assert {case.attrib["classname"] for case in root.iter("testcase")} == {"00000001", "deploys (00000002)"}
    assert {element.attrib["time"] for element in root.iter() if element.tag.startswith("test")} == {"0"}


def test_a_failure_tells_why_and_what_proves_it() -> None:
    failure = read(report(checked(FAILED))).find(".//failure")
    assert failure is not None
    assert failure.attrib == {"message": "Bash: 3 > 1 (session and 1 subagent)", "type": "fail"}
    assert failure.text == (
        "Bash: 3 > 1 (session and 1 subagent)\n"
        "2026-05-20 10:00:15 · Bash · npm run build\n"
        "2026-05-20 10:01:15 · Bash · npm test · in agent-3f"
    )


def test_what_is_unknown_is_a_failure_of_its_own_type() -> None:
    failure = read(report(checked(UNKNOWN))).find(".//failure")
    assert failure is not None
    assert failure.attrib["type"] == "unknown"


def test_what_passed_tells_its_numbers() -> None:
    assert read(report(checked(PASSED))).findtext(".//system-out") == "Read: 4 calls (session)"


def test_much_evidence_is_cut_and_counted() -> None:
    many = FAILED.__class__("tool_limits", "fail", "too many", tuple(proof("make", number) for number in range(60)))
    failure = read(report(checked(many))).find(".//failure")
    assert failure is not None
    lines = (failure.text or "").splitlines()
    assert (len(lines), lines[-1]) == (52, "… and 10 more")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (report(checked(SKIPPED), fail_on="skip"), [("tool_sequence", "failure")]),
        (report(checked(), fail_on="fail"), [("expectations", "skipped")]),
        (report(checked(), fail_on="skip"), [("expectations", "failure")]),
        (report(fault("deploys")), [("session", "error")]),
        (report(unreadable=("a.jsonl: it holds no session",)), [("a.jsonl: it holds no session", "error")]),
        (report(), []),
    ],
)  # fmt: skip
def test_what_else_fails(given: CheckReport, expected: list[tuple[str, str]]) -> None:
    assert kinds(read(given)) == expected


def test_a_session_that_could_not_be_checked_says_why() -> None:
    error = read(report(fault("deploys", "no session is called 1234"))).find(".//error")
    assert error is not None
    assert error.attrib == {"message": "no session is called 1234", "type": "fault"}


def test_a_suite_knows_what_it_is_about() -> None:
    root = read(report(checked(PASSED, source="logs/a.jsonl", complete=False, notes=("It is a fork.",))))
    assert {one.attrib["name"]: one.attrib["value"] for one in root.iter("property")} == {
        "session": SESSION,
        "title": "Fix the failing test.",
        "source": "logs/a.jsonl",
        "expectations": "deploy.expect.yaml",
        "complete": "no: its log ends within a turn",
        "notes": "It is a fork.",
    }


@pytest.mark.parametrize(
    ("text", "read_back"),
    [
        ("a ]]> b", "a ]]> b"),
        ("<failure>&amp;\"'", "<failure>&amp;\"'"),
        ("a\x00b\x1b[31m", "a\ufffdb\ufffd[31m"),
        ("a\ud800b\ufffe\uffff", "a\ufffdb\ufffd\ufffd"),
        ("two\nlines\t tab", "two lines tab"),
        ("日本 🚀", "日本 🚀"),
    ],
)  # fmt: skip
def test_any_text_is_valid_xml(text: str, read_back: str) -> None:
    root = read(report(checked(FAILED.__class__("key", "fail", text))))
    failure = root.find(".//failure")
    assert failure is not None
    assert (failure.attrib["message"], failure.text) == (read_back, read_back)


@given(reports)
def test_whatever_it_holds_it_can_be_read_and_its_numbers_agree(given: CheckReport) -> None:
    text = to_junit(given)
    assert text == to_junit(given)
    root = fromstring(text.encode())
    tags = [kind for _, kind in kinds(root)]
    wanted = (len(tags), tags.count("failure"), tags.count("error"), tags.count("skipped"))
    assert counts(root) == wanted
    assert [sum(column) for column in zip(*map(counts, root), strict=True)] == list(wanted if len(root) else ())
    assert given.passed == (wanted[1] + wanted[2] == 0)
