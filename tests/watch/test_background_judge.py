"""Judging each session that finishes, with a model server that plays what it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.watch.background_judge import BackgroundJudge
from tachograph.app.watch.judge_each import describe_background_judge, judge_each
from tachograph.app.watch.records import Answer
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.unit.judge.fake_server import MODEL, VERDICT, FakeServer, chat, good, models, reply, serving, status, tags
from tests.watch.watching import Watching, append, moment, wait_until


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as found:
        yield found


@pytest.fixture
def configured(server: FakeServer, home: Path) -> FakeServer:
    """The server is the one of the settings."""
    write_config(home, server.server_port)
    return server


def write_config(home: Path, port: int) -> None:
    config = home / ".config" / "tachograph" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f'[judge]\nmodel = "{MODEL}"\nendpoint = "http://127.0.0.1:{port}"\n')


def settings(server: FakeServer, **fields: object) -> Settings:
    endpoint = f"http://127.0.0.1:{server.server_port}"
    return Settings(judge_model=MODEL, judge_endpoint=endpoint, **fields)  # type: ignore[arg-type]


def verdicts(folder: Path) -> dict[str, str]:
    with closing(open_reader(folder)) as connection:
        return dict(connection.execute("SELECT session, verdict FROM judgements").fetchall())


def id_of(log) -> str:
    return f"claude_code:{log.session_id}"


# ----------------------------------------------------------------------------------------------- what is said first


@pytest.mark.parametrize(
    ("loaded", "file", "memory"),
    [
        (21_400_000_000, 18_600_000_000, "It is loaded and takes 21.4 GB of memory."),
        (None, 18_600_000_000, "It takes more than 18.6 GB of memory when it runs (the size of its file)."),
        (None, "large", "How much memory it takes is not known: its server does not tell."),
        (-1, 0, "How much memory it takes is not known: its server does not tell."),
    ],
)
def test_it_says_which_model_how_much_memory_and_that_it_runs_for_every_session(server, loaded, file, memory):
    server.on("/api/tags", reply({"models": [{"name": "other:1b", "size": 5}, {"name": MODEL, "size": file}]}))
    server.on("/api/ps", reply({"models": [{"name": MODEL, "size": loaded, "size_vram": 1}] if loaded else []}))
    assert describe_background_judge(settings(server)) == (
        f"The background judge is the model {MODEL} at http://127.0.0.1:{server.server_port}. {memory}"
        " It runs for every main session that finishes from now on, one at a time."
    )
    assert [path for _, path, _, _ in server.seen] == ["/api/tags", "/api/ps"]


def test_a_server_that_does_not_tell(server):
    server.on("/v1/models", models(MODEL))
    text = describe_background_judge(settings(server, judge_protocol="openai"))
    assert "How much memory it takes is not known: its server does not tell." in text
    assert server.paths() == ["/v1/models"]


@pytest.mark.parametrize(
    ("plays", "words"),
    [
        ({}, "not known: The server has no /api/tags"),
        ({"/api/tags": tags("other:1b")}, "not known: The server has no model small:1b; it has other:1b."),
        ({"/api/tags": tags(MODEL)}, "not known: The server has no /api/ps"),
        ({"/api/tags": reply([1])}, "not known: The server's reply is not what this protocol says"),
        ({"/api/tags": status(500, b"\x1b[31mno")}, "not known: The server answered with HTTP status 500"),
    ],
)
def test_a_server_that_cannot_be_asked(server, plays, words):
    for path, play in plays.items():
        server.on(path, play)
    text = describe_background_judge(settings(server))
    assert words in text
    assert "\x1b" not in text
    assert text.endswith("one at a time.")


def test_nothing_of_a_password_is_shown():
    text = describe_background_judge(Settings(judge_endpoint="http://ada:heron@127.0.0.1:1", judge_model="a\x1b[1mb"))
    assert "heron" not in text
    assert "\x1b" not in text


# ------------------------------------------------------------------------------------------------------- judging


@pytest.fixture
def sessions(watching: Watching) -> list[str]:
    """Two stored sessions, a subagent, and one without an answer."""
    first, second = watching.session(), watching.session()
    subagent = first.subagent().prompt("Look.").response()
    silent = watching.claude.project().session(moment(60)).prompt("Hello?")
    for log in (first, second, subagent, silent):
        append(log)
    ingest(Workspace())
    agent_id = subagent.path.stem.removeprefix("agent-")
    return [id_of(first), id_of(second), f"{id_of(first)}/{agent_id}", id_of(silent), "claude_code:unknown"]


def test_each_main_session_with_an_answer_is_judged_once(configured, sessions, watching):
    good(configured)
    assert judge_each(Workspace(), sessions) == Answer()
    assert verdicts(watching.data) == {sessions[0]: "SIMILAR", sessions[1]: "SIMILAR"}
    assert judge_each(Workspace(), sessions) == Answer()
    assert configured.paths().count("/api/chat") == 2


def test_a_server_that_is_not_there_leaves_the_rest_waiting(configured, sessions, watching):
    good(configured).on("/api/chat", chat(json.dumps(VERDICT)), status(503))
    answer = judge_each(Workspace(), sessions[:2])
    assert answer.waiting == (sessions[1],)
    assert len(answer.notes) == 1
    assert answer.notes[0].startswith("The background judge cannot be asked; it is tried again when the next session")
    assert verdicts(watching.data) == {sessions[0]: "SIMILAR"}


def test_an_answer_that_cannot_be_used_is_told_and_passed_over(configured, sessions, watching):
    configured.on("/api/tags", tags(MODEL)).on("/api/chat", chat("no JSON"), chat(json.dumps(VERDICT)))
    answer = judge_each(Workspace(), sessions[:2])
    assert answer.waiting == ()
    assert len(answer.notes) == 1
    assert answer.notes[0].startswith(f"The judge gave no verdict on {sessions[0]}: The answer of {MODEL} cannot")
    assert verdicts(watching.data) == {sessions[1]: "SIMILAR"}


def test_those_that_could_not_be_judged_are_tried_again_with_the_next_one(configured, sessions, watching):
    configured.on("/api/tags", status(503))
    notes: list[str] = []
    judged: list[str] = []
    judge = BackgroundJudge(watching.data, lambda found: judged.extend(found), notes.append)
    judge.start()
    try:
        judge.add([sessions[0]])
        wait_until(lambda: notes)
        assert judged == []
        good(configured)
        judge.add([sessions[1], sessions[0]])
        wait_until(lambda: len(judged) == 2)
        assert judged == [sessions[0], sessions[1]]
        assert len(notes) == 1
        assert set(verdicts(watching.data)) == set(judged)
    finally:
        judge.stop()


def test_a_session_that_the_server_dies_of_does_not_stand_in_the_others_way(configured, sessions, watching):
    configured.on("/api/tags", tags(MODEL))
    configured.on("/api/chat", lambda handler: handler.connection.close(), chat(json.dumps(VERDICT)))
    judged: list[str] = []
    judge = BackgroundJudge(watching.data, lambda found: judged.extend(found), lambda text: None)
    judge.start()
    try:
        judge.add([sessions[0]])
        wait_until(lambda: "/api/chat" in configured.paths() and judge._tries)
        judge.add([sessions[1]])
        wait_until(lambda: len(judged) == 2)
        assert set(verdicts(watching.data)) == set(judged)
    finally:
        judge.stop()


def test_a_session_is_given_up_after_five_tries(watching, monkeypatch):
    judge = BackgroundJudge(watching.data, lambda found: None, lambda text: None)
    for _ in range(4):
        judge._put_back("s")
        assert judge._waiting.pop() == "s"
    judge._put_back("s")
    assert (list(judge._waiting), judge._tries) == ([], {})


def test_it_ends_at_once_also_while_a_model_thinks(configured, sessions, watching):
    asked = threading.Event()

    def think(handler: object) -> None:
        asked.set()
        configured.closing.wait(60)

    configured.on("/api/tags", tags(MODEL)).on("/api/chat", think)
    judge = BackgroundJudge(watching.data, lambda found: None, lambda text: None)
    judge.start()
    judge.add(sessions[:1])
    assert asked.wait(30)
    judge.stop()
    assert not judge._thread.is_alive()
    assert verdicts(watching.data) == {}


def test_a_session_that_finishes_is_judged_while_others_grow(configured, watching):
    good(configured)
    log = watching.session()
    append(log)
    watching.start(stability_window=2.0, background_judge=True)
    append(log.at(moment()).response(output=4))
    wait_until(lambda: watching.seen(id_of(log)))
    wait_until(lambda: verdicts(watching.data) == {id_of(log): "SIMILAR"})
    assert watching.notes == []
