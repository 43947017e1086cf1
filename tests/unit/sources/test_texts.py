"""Full texts of a log: whole and unredacted for whoever looks while it is read, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tachograph.app.reading import read_log
from tachograph.model import Texts
from tachograph.sources import LogFile, load_sources
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.log import LogBuilder
from tests.unit.sources.parsing import CLEAN, agent_of

ALL = frozenset({"commands", "inputs", "prompts", "said"})
LONG = "echo " + "x" * 700 + " && rm -rf build"


@pytest.fixture
def claude(tmp_path: Path) -> ClaudeHome:
    return ClaudeHome(tmp_path / "claude")


@pytest.fixture
def codex(tmp_path: Path) -> CodexHome:
    return CodexHome(tmp_path / "codex")


def texts_of(log: LogBuilder, wanted: frozenset = ALL) -> Texts | None:
    path = log.write()
    (file,) = (one for one in load_sources()[agent_of(log)].discover(path) if isinstance(one, LogFile))
    found, _ = read_log(file, CLEAN, wanted=wanted)
    assert found.parsed.problems == ()
    return found.texts


def test_without_a_wish_nothing_is_collected(claude):
    assert texts_of(claude.project().session().prompt().shell("ls"), frozenset()) is None


@pytest.mark.parametrize("kind", sorted(ALL))
def test_only_what_is_wanted_is_collected(claude, kind):
    texts = texts_of(claude.project().session().prompt("Hi").shell("ls").response("Done."), frozenset({kind}))
    filled = {name for name in ALL if getattr(texts, name)}
    assert filled == {kind}


def test_claude_code_at_full_length(claude):
    log = claude.project().session()
    secret = "AKIA" + "ABCDEFGHIJKLMNOP"
    log.prompt("Please " + "y" * 3000).shell(LONG)
    first = log.call_id
    log.tool("mcp__db__query", {"sql": f"select '{secret}'"}, result="ok")
    second = log.call_id
    texts = texts_of(log.response("All done."))
    assert texts.commands == {first: LONG}
    assert json.loads(texts.inputs[first]) == {"command": LONG}
    assert secret.encode() in texts.inputs[second]
    assert list(texts.prompts.values()) == ["Please " + "y" * 3000]
    assert {session: said.text for session, said in texts.said.items()} == {
        f"claude_code:{log.session_id}": "All done."
    }


def test_a_message_is_all_texts_of_its_response_and_the_last_one_counts(claude):
    log = claude.project().session().prompt().response("First.")
    blocks = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    log.prompt().response(blocks=blocks).synthetic("API Error: 529")
    (said,) = texts_of(log).said.values()
    assert said.text == "One.\nTwo."


def test_a_streamed_text_counts_once(claude):
    (said,) = texts_of(claude.project().session().prompt().response("Done.", outputs=[1, 5, 90])).said.values()
    assert said.text == "Done."


def test_an_inlined_subagent_has_a_message_of_its_own(claude):
    log = claude.project().session().prompt()
    agent = log.inlined()
    agent.prompt("Look.").response("Found it.")
    texts = texts_of(log.response("Thanks."))
    assert sorted(said.text for said in texts.said.values()) == ["Found it.", "Thanks."]
    assert len(texts.said) == 2


def test_codex_at_full_length(codex):
    log = codex.session().turn().prompt("Water the plants.")
    log.shell(LONG).tokens(input=10, output=5)
    shell = log.call_id
    log.shell(LONG, form="old")
    wrapped = log.call_id
    log.patch([("Add", "a.py", "+x = 1")]).tokens(input=10, output=5)
    patch = log.call_id
    texts = texts_of(log.answer("Watered.").tokens(input=10, output=5).complete())
    assert texts.commands == {shell: LONG, wrapped: LONG}
    assert "*** Add File: a.py" in json.loads(texts.inputs[patch])
    assert list(texts.prompts.values()) == ["Water the plants."]
    assert {session: said.text for session, said in texts.said.items()} == {f"codex:{log.id}": "Watered."}


def test_codex_only_an_event_may_tell_the_last_message(codex):
    log = codex.session().turn().prompt().answer("First.")
    log.item("message", role="assistant", content=[{"type": "output_text", "text": "Working on it."}])
    log.event("agent_message", message="The end.")
    (said,) = texts_of(log).said.values()
    assert said.text == "The end."


def test_texts_of_several_logs_are_joined_in_any_order():
    def one(at: int, text: str) -> Texts:
        texts = Texts(ALL)
        texts.keep_message("s", f"r{at}", at, text)
        texts.keep_call(f"c{at}", "ls", b"{}")
        return texts

    forth, back = Texts(ALL), Texts(ALL)
    for texts in (one(1, "early"), one(2, "late")):
        forth.add(texts)
    for texts in (one(2, "late"), one(1, "early")):
        back.add(texts)
    assert forth.said["s"].text == back.said["s"].text == "late"
    assert forth.commands == back.commands == {"c1": "ls", "c2": "ls"}


def test_a_repeated_call_keeps_its_first_input():
    texts = Texts(ALL)
    texts.keep_call("c", "ls", b"1")
    texts.keep_call("c", "rm", b"2")
    assert (texts.commands, texts.inputs) == ({"c": "ls"}, {"c": b"1"})


# ---------------------------------------------------------------------------------------------------- companions


def companions_of(log: LogBuilder) -> list[str]:
    source = load_sources()[agent_of(log)]
    (file,) = (one for one in source.discover(log.path) if isinstance(one, LogFile))
    return [path.name for path in source.companions(file)]


def test_claude_codes_subagents_lie_in_a_folder_or_beside_the_transcript(claude):
    log = claude.project().session().prompt().response()
    log.subagent().user("a", 0)
    log.subagent(sibling=True).user("b", 0)
    other = claude.project().session().prompt().response()
    other.subagent(sibling=True).user("c", 0)
    claude.write()
    assert companions_of(log) == [log.session_id, "agent-a000002.jsonl"]
    assert companions_of(other) == ["agent-a000003.jsonl"]


def test_codexs_subagents_are_rollouts_of_their_own(codex):
    log = codex.session("2026-05-20T10:00:00Z").turn().prompt()
    child = log.subagent("2026-05-20T10:05:00Z")
    earlier = codex.session("2026-05-19T10:00:00Z").turn().prompt(f"see {log.id}")
    much_later = codex.session("2099-05-20T10:00:00Z").turn().prompt(f"see {log.id}")
    stranger = codex.session("2026-05-20T10:06:00Z").turn().prompt()
    codex.write()
    assert {earlier.path.name, much_later.path.name, stranger.path.name} & set(companions_of(log)) == set()
    assert companions_of(log) == [child.path.name]
