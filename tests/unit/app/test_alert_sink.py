"""Alerts handed on to a program or an address, when the user has named one."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.app import alert_sink
from tachograph.app.alert_sink import MOST_ALERTS, alert_json, send_alerts
from tachograph.learning.alerts import Alert
from tachograph.settings import Settings
from tests.unit.app.learn.plan import alert
from tests.unit.judge.fake_server import FakeServer, serving, status

TAKE = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read() + b'\\n')"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as running:
        yield running


def command(*words: object) -> Settings:
    return Settings(alerts_command=shlex.join(map(str, words)))


def test_nothing_is_sent_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_sink, "_run", pytest.fail)
    monkeypatch.setattr(alert_sink, "_post", pytest.fail)
    assert send_alerts(Settings(), [alert()]) == []


def test_no_socket_module_is_loaded_for_a_program() -> None:
    code = "import sys, tachograph.app.alert_sink; print('tachograph.webhook.client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_program_is_given_each_alert_on_stdin(tmp_path: Path) -> None:
    file = tmp_path / "two words.jsonl"
    assert send_alerts(command(sys.executable, "-c", TAKE, file), [alert(id="a1"), alert(id="a2")]) == []
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == ["a1", "a2"]


def test_an_alert_is_told_whole() -> None:
    assert json.loads(alert_json(alert())) == {
        "schema": "tachograph.alert/1", "id": "a1", "session": "claude_code:s1", "agent_type": "main",
        "agent": "claude_code", "family": "claude-house", "kpi": "token_efficiency", "rule": "far_below",
        "severity": "critical", "priority": 1, "at": "2026-05-28T21:00:00Z", "value": 0.001, "mean": 0.05, "sd": 0.01,
        "deviations": 4.9, "consecutive": 1, "action": "Look at it.",
    }  # fmt: skip


def test_an_alert_about_many_sessions_names_no_group() -> None:
    told = json.loads(alert_json(alert(session="", group=None, mean=None, sd=None, deviations=None)))
    assert (told["agent_type"], told["agent"], told["family"], told["session"]) == (None, None, None, "")


def test_text_of_a_log_cannot_steer_what_shows_it() -> None:
    sent = alert_json(alert(session="claude_code:\x1b[2J\u202e"))
    assert sent.isascii()
    assert b"\x1b" not in sent
    assert json.loads(sent)["session"] == "claude_code:\x1b[2J\u202e"


def test_a_programs_words_are_no_shells(tmp_path: Path) -> None:
    plain = command(sys.executable, "-c", TAKE, tmp_path / "x").alerts_command
    send_alerts(Settings(alerts_command=f"{plain} ; touch {tmp_path}/y"), [alert()])
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("no-such-program-here", "no-such-program-here cannot be run: No such file or directory."),
        ("'unclosed", "its quotation marks are not closed."),
        (" ", "it names no program."),
        (f"{sys.executable} -c 'raise SystemExit(3)'", f"{sys.executable} ended with exit code 3."),
        ("/", "/ cannot be run: Permission denied."),
        ("a\0b", "a\ufffdb cannot be run: it is no program's name."),
    ],
)
def test_a_program_that_fails_is_a_note(words: str, said: str) -> None:
    notes = send_alerts(Settings(alerts_command=words), [alert(), alert()])
    assert notes == [f"An alert could not be handed on (alerts.command): {said}"]


def test_a_program_that_takes_its_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_sink, "TIME_LIMIT", 0.2)
    (note,) = send_alerts(command(sys.executable, "-c", "import time; time.sleep(60)"), [alert(), alert()])
    assert note.endswith("did not end within 0.2 seconds.")


def test_a_program_that_reads_nothing_is_no_failure() -> None:
    assert send_alerts(command(sys.executable, "-c", "pass"), [alert(action="x" * 200_000)]) == []


def test_an_address_is_given_each_alert(server: FakeServer) -> None:
    server.on("/hook", status(200))
    settings = Settings(alerts_url=f"http://127.0.0.1:{server.server_port}/hook")
    assert send_alerts(settings, [alert(id="a1"), alert(id="a2")]) == []
    assert [body["id"] for _, _, _, body in server.seen] == ["a1", "a2"]


def test_an_address_that_refuses_is_asked_once(server: FakeServer) -> None:
    server.on("/s3cret", status(500))
    (note,) = send_alerts(Settings(alerts_url=f"http://127.0.0.1:{server.server_port}/s3cret"), [alert(), alert()])
    assert note == (
        "An alert could not be handed on (alerts.url): The server at http://127.0.0.1 answered with HTTP status 500."
    )
    assert len(server.seen) == 1


def test_one_sink_that_fails_does_not_stop_the_other(server: FakeServer) -> None:
    server.on("/", status(200))
    settings = Settings(alerts_command="no-such-program-here", alerts_url=f"http://127.0.0.1:{server.server_port}/")
    assert len(send_alerts(settings, [alert()])) == 1
    assert len(server.seen) == 1


def test_of_hundreds_of_alerts_only_the_first_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    monkeypatch.setattr(alert_sink, "_run", lambda _, body: sent.append(body))
    many: list[Alert] = [alert(id=f"a{n}") for n in range(MOST_ALERTS + 5)]
    notes = send_alerts(Settings(alerts_command="x"), many)
    assert notes == ["5 more critical alerts were not handed on (alerts.command)."]
    assert len(sent) == MOST_ALERTS
