"""What a check gets to see."""

from __future__ import annotations

import pytest

from tachograph.analysis.expectations import Part, Recording
from tachograph.model import Texts, to_datetime
from tachograph.redaction import default_cleaner
from tests.builders.recording import record, recording_of
from tests.builders.session import START, SessionScript, play


def test_calls_of_all_sessions_are_in_order_of_time_and_numbered() -> None:
    recording = recording_of(play("$ a", "+5", "$ b"), play("+2", "read c", "read d"), play("+20", "read e"))
    calls = [(call.number, call.tool.id, call.part.session.id) for call in recording.calls]
    main, first, second = "claude_code:s1", "claude_code:s1/a1-", "claude_code:s1/a2-"
    assert calls == [
        (1, "1", main), (2, "a1-1", first), (3, "a1-2", first), (4, "2", main), (5, "a2-1", second),
    ]  # fmt: skip
    alone = recording.within("session")
    assert [(call.number, call.tool.id) for call in alone.calls] == [(1, "1"), (2, "2")]
    assert alone.within("tree").calls == recording.calls
    assert recording.within("tree") is recording


def test_a_clock_that_went_back_changes_no_order() -> None:
    session = SessionScript().at(100).call(command="a").at(5).call(command="b").done()
    assert [call.tool.command for call in recording_of(session).calls] == ["a", "b"]


def test_the_scope_is_put_into_words() -> None:
    session = play("$ a")
    assert recording_of(session).scope_words == "session"
    assert recording_of(session, session).scope_words == "session and 1 subagent"
    assert recording_of(session, session, session).scope_words == "session and 2 subagents"
    assert recording_of(session, session, scope="session").scope_words == "session alone, 1 subagent left out"


def test_a_recording_needs_a_session() -> None:
    with pytest.raises(ValueError, match="needs a session"):
        Recording([], Texts(), default_cleaner())


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"file_path": "/a", "edits": [{"new": "x"}, {"new": "y"}], "limit": 5}, "/a\nx\ny"),
        ('{"sql": "drop table t"}', "drop table t"),  # JSON within a string
        ("*** Begin Patch\n+x", "*** Begin Patch\n+x"),
        ({}, ""),
        ([1, None, True], ""),
    ],
)
def test_texts_of_an_input_are_found_at_any_depth(given: object, text: str) -> None:
    recording = record("tool Any other", inputs={"1": given})
    assert recording.given(recording.calls[0]) == text
    assert recording.given(recording.calls[0]) == text  # remembered


def test_no_input_at_all_and_broken_json_are_texts() -> None:
    for raw, text in ((b"", ""), (b'{"a": ', '{"a": '), (b"\xff", "\ufffd"), (b"[" * 5_000, "[" * 5_000)):
        recording = recording_of(play("tool Any other"))
        recording._texts.inputs["1"] = raw
        assert recording.given(recording.calls[0]) == text


def test_what_is_not_known_is_none() -> None:
    recording = record("$ ls", "read a.py", gone=True)
    shell, read = recording.calls
    assert (recording.command(shell), recording.given(shell)) == (None, None)
    assert (recording.command(read), recording.given(read)) == ("", None)
    assert recording.said is None
    assert not recording.has_texts


def test_a_message_that_was_not_asked_for_is_not_known() -> None:
    session = play("$ ls")
    unasked = Recording([Part(session)], Texts(frozenset({"commands"})), default_cleaner())
    assert unasked.said is None
    asked = Recording([Part(session)], Texts(frozenset({"said"})), default_cleaner())
    assert asked.said == ""


def test_what_is_shown_is_redacted_before_it_is_cut_and_on_one_line() -> None:
    recording = record("$ ls")
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    assert recording.show("a\n\n  b\tc") == "a ⏎ b c"
    assert recording.show("x" * 300) == "x" * 199 + "…"
    assert secret[:12] not in recording.show("x" * 790 + " " + secret, 900)
    assert secret not in recording.name(f"/home/{secret}/a")
    assert recording.name("n" * 200) == "n" * 119 + "…"
    nothing_stored = Recording([Part(play("$ ls"))], Texts(), default_cleaner(store_text=False))
    assert (nothing_stored.show("ls"), nothing_stored.name("Bash")) == ("", "Bash")


def test_evidence_says_what_a_call_was_about() -> None:
    recording = record("$ ls -la", "read /a/b.py", "tool WebSearch web")
    told = [recording.prove(call) for call in recording.calls]
    assert [(one.session, one.call, one.tool, one.text) for one in told] == [
        ("claude_code:s1", "1", "Bash", "ls -la"),
        ("claude_code:s1", "2", "Read", "/a/b.py"),
        ("claude_code:s1", "3", "WebSearch", ""),
    ]
    assert told[1].at == to_datetime(START + 1000)
    assert recording.prove(recording.calls[0], "why").text == "why"
    assert record("$ ls", gone=True).prove(recording.calls[0]).text == "ls -la"  # the stored copy may be shown
