"""The judge's whole way with a real model server: `make test-judge` prepares it and names it in the environment.

The model is so small that its verdicts mean nothing: what is tested is the way there and back.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tachograph.analysis.axes.trajectory import VALUES, TrajectoryScore
from tachograph.app.history import load_history
from tachograph.app.ingest import ingest
from tachograph.app.judging import score_trajectory, store_judgement, stored_score
from tachograph.app.workspace import Workspace
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.judge.client import probe
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

PYTHON = os.environ.get("JUDGE_PYTHON", "")
MODEL = os.environ.get("JUDGE_MODEL", "")
START_SECONDS = 120
CONTEXT = 8192

pytestmark = [
    pytest.mark.judge,
    pytest.mark.skipif(not (PYTHON and MODEL), reason="needs a model server: make test-judge"),
]


class Server:
    """llama-cpp-python's server on a free port of this machine."""

    def __init__(self, log: Path) -> None:
        with closing(socket.socket()) as probed:
            probed.bind(("127.0.0.1", 0))
            port = probed.getsockname()[1]
        self.config = JudgeConfig(
            protocol="openai", endpoint=f"http://127.0.0.1:{port}", model="tiny", context_tokens=CONTEXT
        )
        options = {"model": MODEL, "model_alias": "tiny", "host": "127.0.0.1", "port": port, "n_ctx": CONTEXT}
        command = [PYTHON, "-m", "llama_cpp.server", *(f"--{name}={value}" for name, value in options.items())]
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                return probe(self.config)
            except JudgeUnavailable as obstacle:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    pytest.fail(f"no server: {obstacle.reason}\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)

    def answers(self) -> int:
        """How many answers it gave."""
        return self.log.read_text(errors="replace").count('"POST /v1/chat/completions HTTP/1.1" 200')

    def stop(self) -> None:
        """Kill it, as a crash would."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path / "server.log")
    yield started
    started.stop()


class Judged:
    """A session of each agent, and one more of which the judge never hears while its server lives."""

    def __init__(self, home: Path) -> None:
        claude, codex = ClaudeHome(home / ".claude"), CodexHome(home / ".codex")
        log = claude.project("/home/ada/site").session("2026-05-18T09:00:00Z")
        _work(log.prompt("Repair the login: the tests in tests/login fail since Friday."))
        late = claude.project("/home/ada/site").session("2026-05-19T09:00:00Z")
        _work(late.prompt("Repair the logout."))
        thread = codex.session("2026-05-20T09:00:00Z", cwd="/home/ada/tools")
        thread.turn().prompt("Speed up the build.").shell("make -j2", "done").tokens(input=900, output=60)
        thread.shell("make -j4", "done").tokens(input=1_400, output=20).complete()
        claude.write()
        codex.write()
        self.workspace = Workspace(home / "tachograph", Settings())
        ingest(self.workspace)
        self.late = f"claude_code:{late.session_id}"
        with closing(open_reader(self.workspace.folder)) as connection:
            ids = [row[0] for row in connection.execute("SELECT id FROM sessions ORDER BY started_at")]
        self.ids = [one for one in ids if one != self.late]

    def score(self, id: str, config: JudgeConfig) -> TrajectoryScore:
        """As ``tacho score --judge`` does it."""
        with closing(open_reader(self.workspace.folder)) as connection:
            history = load_history(connection, id)
            assert history is not None
            keep = partial(self._keep, id, config)
            return score_trajectory(connection, history.session, config, ask_now=True, store=keep)

    def stored(self, id: str, config: JudgeConfig) -> TrajectoryScore:
        """What the warehouse says, without any server."""
        with closing(open_reader(self.workspace.folder)) as connection:
            history = load_history(connection, id)
            assert history is not None
            return stored_score(connection, history.session, config)

    def _keep(self, id: str, config: JudgeConfig, judgement, digest, seen: int, at: int) -> None:
        with open_writer(self.workspace.folder) as connection, transaction(connection):
            store_judgement(connection, id, config, judgement, digest, seen, at)


def _work(log: ClaudeLog) -> None:
    log.shell("pytest -q tests/login", "1 failed", exit_code=1).response(input=900, output=80)
    log.edit("/home/ada/site/login.py", "a = 1\n", "a = 2\n").response(input=1_300, output=40)
    log.shell("pytest -q tests/login", "3 passed").response(input=1_600, output=30)


def use(config: JudgeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands ask this server."""
    for name in ("protocol", "endpoint", "model", "context_tokens"):
        monkeypatch.setenv(f"TACHO_JUDGE_{name.upper()}", str(getattr(config, name)))


def test_two_sessions_are_judged_kept_and_still_known_when_the_server_is_gone(
    server: Server, home: Path, tacho: Tacho, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Judged(home)
    scores = [judged.score(id, server.config) for id in judged.ids]

    assert [score.state for score in scores] == ["CURRENT", "CURRENT"], [score.hint for score in scores]
    assert all(score.verdict in VALUES and score.value == VALUES[score.verdict] for score in scores)
    assert [(score.model, score.turns_shown, score.turns_left_out) for score in scores] == [("tiny", 1, 0)] * 2
    assert all("Calibration: none." in score.domain_of_validity for score in scores)
    assert [judged.stored(id, server.config) for id in judged.ids] == scores
    assert server.answers() == 2

    assert [judged.score(id, server.config) for id in judged.ids] == scores
    assert server.answers() == 2, "a stored answer was asked for again"

    file = home / "labels.csv"
    file.write_text(f"session,verdict\n{judged.ids[0]},BETTER\n{judged.ids[1]},SIMILAR\n")
    use(server.config, monkeypatch)
    assert tacho("judge", "calibrate", str(file), "--json") == 0, tacho.err
    report = json.loads(tacho.out)
    assert [row["verdicts"][0]["verdict"] for row in report["sessions"]] == [score.verdict for score in scores]
    assert report["models"][0]["agreement"]["pairs"] == 2
    assert server.answers() == 2
    assert "Calibration: 2 labels" in judged.stored(judged.ids[0], server.config).domain_of_validity

    server.stop()
    gone = judged.score(judged.late, server.config)
    assert (gone.state, gone.verdict, gone.reason) == ("UNAVAILABLE", None, "no_server")
    assert gone.hint
    assert "No server answers at " + server.config.endpoint in gone.hint
    again = [judged.score(id, server.config) for id in judged.ids]
    assert [(one.state, one.verdict) for one in again] == [("CURRENT", score.verdict) for score in scores]


def test_the_command_asks_the_server_once_and_keeps_the_verdict(
    server: Server, home: Path, tacho: Tacho, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Judged(home)
    use(server.config, monkeypatch)
    answer = tacho.json("score", *judged.ids, "--judge")
    scores = [session["trajectory"] for session in answer["sessions"]]
    assert [session["id"] for session in answer["sessions"]] == judged.ids
    assert [score["state"] for score in scores] == ["CURRENT"] * 2, [score["hint"] for score in scores]
    assert all(score["value"] == VALUES[score["verdict"]] for score in scores)
    assert [(score["model"], score["turns_shown"], score["turns_left_out"]) for score in scores] == [("tiny", 1, 0)] * 2
    assert all(score["domain_of_validity"].startswith("Opinion of the model tiny ") for score in scores)
    assert server.answers() == 2

    for arguments in (judged.ids, [*judged.ids, "--judge"]):
        again = tacho.json("score", *arguments)
        assert [session["trajectory"] for session in again["sessions"]] == scores
    assert server.answers() == 2, "a stored answer was asked for again"

    server.stop()
    (gone,) = [session["trajectory"] for session in tacho.json("score", judged.late, "--judge")["sessions"]]
    assert (gone["state"], gone["verdict"], gone["reason"]) == ("UNAVAILABLE", None, "no_server")
    assert gone["domain_of_validity"].startswith("No verdict was given.")


def test_a_session_that_does_not_fit_says_so(server: Server, home: Path) -> None:
    small = msgspec.structs.replace(server.config, context_tokens=1024)
    judged = Judged(home)
    score = judged.score(judged.ids[0], small)
    assert (score.state, score.reason) == ("UNAVAILABLE", "context_too_small")
    assert server.answers() == 0
