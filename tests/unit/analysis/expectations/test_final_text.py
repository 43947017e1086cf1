"""What the assistant said last."""

from __future__ import annotations

import pytest

from tests.builders.recording import check, record, recording_of
from tests.builders.session import play

TEXT = "Wrote 3 tables.\nAll tests passed."


@pytest.mark.parametrize(
    ("asked", "status", "rationale"),
    [
        ({"contains": "tests passed"}, "pass", "contains “tests passed” in the last message (33 characters) (session)"),
        ({"contains": "Tests passed"}, "fail", "“Tests passed” is not in the last message (33 characters) (session)"),
        (
            {"contains": ["tables", "views", "keys"]}, "fail",
            "“views” is not in the last message (33 characters); "
            "“keys” is not in the last message (33 characters) (session)",
        ),
        ({"matches": r"\d+ tables"}, "pass", r"/\d+ tables/ is found in the last message (33 characters) (session)"),
        ({"matches": "^All"}, "fail", "/^All/ is not found in the last message (33 characters) (session)"),
        ({"matches": "(?m)^all"}, "fail", "/(?m)^all/ is not found in the last message (33 characters) (session)"),
        ({"matches": ["(?im)^all", "3"]}, "pass", "/(?im)^all/ is found in the last message (33 characters); "
         "/3/ is found in the last message (33 characters) (session)"),
        (
            {"contains": "tables", "matches": "failed"}, "fail",
            "/failed/ is not found in the last message (33 characters) (session)",
        ),
        ({}, "skip", "nothing is expected"),
        ({"contains": []}, "skip", "nothing is expected"),
        ({"contains": None}, "skip", "nothing is expected"),
    ],
)  # fmt: skip
def test_texts_and_expressions_are_looked_for(asked: dict[str, object], status: str, rationale: str) -> None:
    result = check("final_text", asked, record("$ ls", said=TEXT))
    assert (result.status, result.rationale) == (status, rationale)


def test_a_fail_shows_what_was_said() -> None:
    (evidence,) = check("final_text", {"contains": ["a1", "b2"]}, record("$ ls", said=TEXT)).evidence
    assert (evidence.session, evidence.call, evidence.text) == (
        "claude_code:s1", None, "Wrote 3 tables. ⏎ All tests passed.",
    )  # fmt: skip


def test_what_was_said_is_redacted() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    (evidence,) = check("final_text", {"contains": "done"}, record("$ ls", said=f"The key is {secret}.")).evidence
    assert secret not in evidence.text
    assert evidence.text.startswith("The key is [redacted:")


@pytest.mark.parametrize(
    ("gone", "status", "rationale"),
    [
        (False, "fail", "there is no message in the main session"),
        (True, "unknown", "the last message of the main session is not known: its log is gone"),
    ],
)
def test_no_message_is_a_fail_and_no_log_is_no_answer(gone: bool, status: str, rationale: str) -> None:
    for asked in ({"contains": "x"}, {"matches": "x"}):
        result = check("final_text", asked, record("$ ls", said="", gone=gone))
        assert (result.status, result.rationale) == (status, rationale)


def test_an_expression_without_end_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.analysis.expectations._patterns.MAX_SECONDS", 0.02)
    recording = record("$ ls", said="a" * 999 + "b")
    result = check("final_text", {"matches": r"^(\w|a|aa)+$(?<=c)"}, recording)
    assert (result.status, result.rationale) == (
        "unknown",
        r"/^(\w|a|aa)+$(?<=c)/ in the last message (1,000 characters): searched for too long (session)",
    )


def test_subagents_have_no_say() -> None:
    recording = recording_of(play("$ ls"), play("$ ls"), said="Main.")
    assert check("final_text", {"contains": "Main"}, recording).status == "pass"
