from __future__ import annotations

import pytest

from tachograph.sources._claude_prompts import classify_prompt
from tests.unit.sources.parsing import new_claude, new_codex, parse, read

NOTICE = "<task-notification>\n<task-id>b1</task-id>\n</task-notification>"
SLASH = "<command-name>/review</command-name>\n<command-message>review</command-message>"


@pytest.mark.parametrize(
    ("text", "origin", "kind", "typed"),
    [
        ("Fix the test", None, "human", "Fix the test"),
        ("Fix the test", "human", "human", "Fix the test"),
        ("  <b>bold</b> text", None, "human", "  <b>bold</b> text"),
        ("Why does <system-reminder> show up?", None, "human", "Why does <system-reminder> show up?"),
        ("", None, "human", ""),
        (SLASH + "\n<command-args></command-args>", None, "slash", "/review"),
        (SLASH + "\n<command-args> 42 --fast </command-args>", None, "slash", "/review 42 --fast"),
        ("<command-message>review</command-message>\n<command-name>/review</command-name>", None, "slash", "/review"),
        ("<command-message>odd</command-message>", None, "slash", "<command-message>odd</command-message>"),
        ("<bash-input>ls -la</bash-input>", None, "shell", "!ls -la"),
        ("<bash-input>unclosed", None, "shell", "<bash-input>unclosed"),
        (NOTICE, None, "notification", NOTICE),
        (NOTICE, "human", "notification", NOTICE),
        ("Done.", "task-notification", "notification", "Done."),
        ("Done.", "peer", "notification", "Done."),
        ("Done.", "auto-continuation", "notification", "Done."),
        ("<local-command-stdout>ok</local-command-stdout>", None, "meta", None),
        ("<local-command-caveat>Caveat</local-command-caveat>", None, "meta", None),
        ("<bash-stdout>ok</bash-stdout><bash-stderr></bash-stderr>", None, "meta", None),
        ("\n <system-reminder>x</system-reminder>", None, "meta", None),
        ("<tick>1</tick>", None, "meta", None),
        ("<session-start-hook>x</session-start-hook>", None, "meta", None),
    ],
)
def test_what_a_user_line_is(text, origin, kind, typed):
    assert classify_prompt(text, origin, False, False) == (kind, text if typed is None else typed)
    assert classify_prompt(text, origin, True, False) == ("meta", text)
    assert classify_prompt(text, origin, True, True) == ("compact_summary", text)


def kinds(log) -> list[tuple[str, str]]:
    return [(prompt.kind, prompt.text) for prompt in read(log).prompts]


def test_all_kinds_within_a_session():
    log = new_claude().prompt("Fix it").slash("/review", "42").user("<bash-input>ls</bash-input>").user(NOTICE)
    log.user("The skill's text", isMeta=True).compaction(summary="So far").shell("ls", "a")
    assert kinds(log) == [
        ("human", "Fix it"),
        ("slash", "/review 42"),
        ("shell", "!ls"),
        ("notification", NOTICE),
        ("meta", "The skill's text"),
        ("compact_summary", "So far"),
    ]


def test_text_blocks_are_one_prompt_and_images_none():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aW52ZW50ZWQ="}}
    log = new_claude().user([{"type": "text", "text": "Look at"}, image, {"type": "text", "text": "this"}])
    log.user([image])
    assert kinds(log) == [("human", "Look at\nthis"), ("human", "")]


def test_a_tool_result_is_no_prompt():
    log = new_claude().prompt("Fix it").shell("ls", "a")
    assert kinds(log) == [("human", "Fix it")]


def test_an_interruption_is_a_marker():
    session = read(new_claude().prompt("Fix it").interruption().interruption(for_tool=True))
    assert [marker.kind for marker in session.markers] == ["interruption", "interruption"]
    assert len(session.prompts) == 1


@pytest.mark.parametrize(("kind", "expected"), [("human", 1), (None, 1), ("task-notification", 0)])
def test_what_was_typed_while_the_agent_was_busy_counts(kind, expected):
    log = new_claude().prompt("Fix it").queued_command("And the docs", kind)
    assert kinds(log)[1:] == [("human", "And the docs")] * expected


def test_a_queued_prompt_may_come_in_blocks():
    blocks = [{"type": "text", "text": "And"}, {"type": "text", "text": "this"}]
    log = new_claude().chained("attachment", attachment={"type": "queued_command", "prompt": blocks})
    assert kinds(log) == [("human", "And\nthis")]


@pytest.mark.parametrize("kind", ["hook_success", "task_reminder", "nested_memory"])
def test_other_attachments_are_no_prompts(kind):
    assert kinds(new_claude().chained("attachment", attachment={"type": kind, "prompt": "No"})) == []


def test_a_slash_command_of_the_system_counts():
    log = new_claude().prompt().system("local_command", content=SLASH)
    log.system("local_command", content="<local-command-stdout>x</local-command-stdout>")
    assert kinds(log)[1:] == [("slash", "/review")]


def test_a_subagents_prompt_is_its_task():
    agent = new_claude().prompt().subagent().user("Find the tests.", 0)
    assert kinds(agent) == [("task", "Find the tests.")]


def test_the_text_is_redacted_then_cut_and_its_whole_length_kept():
    text = "x" * 1990 + " secret=" + "gh" + "p_" + "Ab3" * 12 + " " + "y" * 100
    prompt = read(new_claude().prompt(text)).prompts[0]
    assert len(prompt.text) <= 2000
    assert prompt.text.startswith("x" * 1990)
    assert "Ab3" not in prompt.text
    assert prompt.chars == len(text)


def test_equal_prompts_have_equal_hashes():
    one, two, three = read(new_claude().prompt("a").prompt("b").prompt("a")).prompts
    assert one.text_hash == three.text_hash != two.text_hash


def test_a_repeated_line_is_one_prompt():
    log = new_claude().prompt("a")
    assert len(read(log.emit(log.records[-1])).prompts) == 1


def test_a_copied_prompt_keeps_its_first_id():
    log = new_claude().prompt("a").response()
    original = read(log).prompts[0].id
    assert read(log.fork()).prompts[0].id == original
    assert read(log.fork(sdk=False)).prompts[0].id == original


def test_codex_counts_what_the_person_sent_and_not_what_the_model_was_told():
    log = (
        new_codex()
        .turn()
        .item("message", role="user", content=[{"type": "input_text", "text": "<environment_context>"}])
    )
    log.prompt("Fix it").event("user_message", message="").completed("UserMessage", id="u", content="And the docs")
    log.completed("UserMessage", id="v", content=[{"type": "text", "text": "Please"}, {"type": "image"}, 5])
    assert kinds(log) == [("human", "Fix it"), ("human", "And the docs"), ("human", "Please")]
    assert [problem.slug for problem in parse(log).problems] == []
    assert kinds(new_codex().subagent().turn().prompt("Find the tests.")) == [("task", "Find the tests.")]
