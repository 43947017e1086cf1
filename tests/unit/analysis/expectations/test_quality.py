"""Errors and findings."""

from __future__ import annotations

import pytest

from tachograph.model import to_datetime
from tests.builders.recording import check, found, proof, record, recording_of, with_parts
from tests.builders.session import START, play

STEPS = (
    "$ make",
    "$ make !boom",
    "$ rm x ?denied",
    "read a.py =error",
    "$ make ?cancelled",
    "$ make",
    "$ make ?missing",
)


@pytest.mark.parametrize(
    ("limit", "status", "rationale"),
    [
        (0.25, "pass", "1 of 4 calls failed: 25 % ≤ 25 % (session)"),
        ("25%", "pass", "1 of 4 calls failed: 25 % ≤ 25 % (session)"),
        ("24.9 %", "fail", "1 of 4 calls failed: 25 % > 24.9 % (session)"),
        (0.05, "fail", "1 of 4 calls failed: 25 % > 5 % (session)"),
        (0, "fail", "1 of 4 calls failed: 25 % > 0 % (session)"),
        (1, "pass", "1 of 4 calls failed: 25 % ≤ 100 % (session)"),
    ],
)
def test_only_the_tools_own_word_makes_a_failure(limit: object, status: str, rationale: str) -> None:
    """A result that holds the word "error" is none; what was denied, cancelled or never ended was not carried out."""
    result = check("max_error_rate", limit, record(*STEPS))
    assert (result.status, result.rationale, proof(result)) == (status, rationale, ["2"])


def test_a_share_is_compared_before_it_is_rounded() -> None:
    recording = record(*["$ make"] * 6, "$ make !boom")
    assert (
        check("max_error_rate", 0.142857, recording).rationale == "1 of 7 calls failed: 14.29 % > 14.2857 % (session)"
    )
    assert check("max_error_rate", 0.142858, recording).status == "pass"


def test_without_calls_there_is_no_share() -> None:
    result = check("max_error_rate", 0, record("> Do it.", "$ make ?denied"))
    assert (result.status, result.rationale) == ("skip", "no call was carried out (session)")


def test_failures_of_subagents_count() -> None:
    recording = recording_of(play("$ make"), play("$ make !boom"))
    assert check("max_error_rate", 0.4, recording).rationale == (
        "1 of 2 calls failed: 50 % > 40 % (session and 1 subagent)"
    )
    assert check("max_error_rate", 0, recording, "session").status == "pass"


FINDINGS = {
    "findings": (found("redundant_read", "1", "2"), found("repeated_failed_retry", "3"), found("redundant_read", "2"))
}


@pytest.mark.parametrize(
    ("key", "value", "status", "rationale", "calls"),
    [
        ("no_findings", ["heavy_result"], "pass", "heavy_result: 0 findings ≤ 0 (session)", []),
        ("no_findings", ["repeated_failed_retry"], "fail", "repeated_failed_retry: 1 finding > 0 (session)", ["3"]),
        (
            "no_findings", ["redundant_read", "heavy_result"], "fail", "redundant_read: 2 findings > 0 (session)",
            ["1", "2"],
        ),
        (
            "no_findings", True, "fail",
            "all detectors: 3 findings > 0, of redundant_read, repeated_failed_retry (session)", ["1", "2", "3"],
        ),
        ("no_findings", False, "skip", "nothing is expected", []),
        ("no_findings", [], "skip", "nothing is expected", []),
        ("max_findings", 3, "pass", "all detectors: 3 findings ≤ 3 (session)", []),
        (
            "max_findings", 2, "fail",
            "all detectors: 3 findings > 2, of redundant_read, repeated_failed_retry (session)", ["1", "2", "3"],
        ),
        ("max_findings", {"redundant_read": 2}, "pass", "redundant_read: 2 findings ≤ 2 (session)", []),
        (
            "max_findings", {"redundant_read": 1, "heavy_result": 0}, "fail",
            "redundant_read: 2 findings > 1 (session)", ["1", "2"],
        ),
        ("max_findings", {}, "skip", "nothing is expected", []),
    ],
)  # fmt: skip
def test_findings_are_counted_by_detector(
    key: str, value: object, status: str, rationale: str, calls: list[str]
) -> None:
    result = check(key, value, with_parts(record("$ a", "$ b", "$ c"), FINDINGS))
    assert (result.status, result.rationale, proof(result)) == (status, rationale, calls)


def test_a_finding_without_calls_is_proved_by_its_moment() -> None:
    recording = recording_of(play("$ a"), play("$ b"))
    recording = with_parts(recording, {}, {"findings": (found("cache_rebuild"), found("heavy_result", "a1-1"))})
    result = check("no_findings", True, recording)
    assert [(one.session, one.call, one.at, one.text) for one in result.evidence] == [
        ("claude_code:s1/a1-", None, to_datetime(START), "cache_rebuild"),
        ("claude_code:s1/a1-", "a1-1", to_datetime(START), "b"),
    ]
    assert check("no_findings", True, recording, "session").status == "pass"
