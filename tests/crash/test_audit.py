"""What an adversary found: each case once made a wrong number, lost one, or ended in a traceback."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tachograph.analysis.axes.digest import Digest
from tachograph.analysis.axes.trajectory import Judgement
from tachograph.app import ingest as ingestion
from tachograph.app.cost import query_totals, report_cost
from tachograph.app.filters import make_filter
from tachograph.app.ingest import ingest
from tachograph.app.judging import store_judgement
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tachograph.judge import JudgeConfig
from tachograph.redaction import Cleaner, Redactor, Rule, bundled_rules
from tachograph.settings import Settings
from tachograph.sources import claude_code
from tachograph.warehouse.store import open_reader, open_writer
from tests.builders.claude import ClaudeHome, ClaudeLog, iteration
from tests.builders.codex import CodexHome
from tests.dump import assert_same, dump_warehouse


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    return ClaudeHome(home / ".claude")


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home / "tachograph", Settings())


def ask(workspace: Workspace, query: str) -> list[tuple[Any, ...]]:
    with closing(open_reader(workspace.folder)) as connection:
        return connection.execute(query).fetchall()


def raw_log(claude: ClaudeHome, *lines: dict[str, Any] | bytes) -> Path:
    log = claude.folder / "projects" / "-home-ada-site" / "00000000-0000-4000-8000-00000000000a.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines))
    return log


def answer(id: str, output: int = 5, **more: Any) -> dict[str, Any]:
    at = more.pop("at", "2026-03-02T09:00:00.000Z")
    usage = {"input_tokens": 1, "output_tokens": output, **more.pop("usage", {})}
    message = {"id": id, "role": "assistant", "model": "claude-opus-5", "stop_reason": more.pop("stop", "end_turn")}
    line = {"type": "assistant", "uuid": f"u-{id}-{output}", "sessionId": "s", "timestamp": at, "cwd": "/home/ada/site"}
    return {**line, **more, "message": {**message, "content": more.pop("content", []), "usage": usage}}


def test_modules_in_the_current_folder_are_not_run(
    claude: ClaudeHome, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        claude.project(f"/home/ada/p{number}").session().prompt("Hello.").response()
    claude.write()
    for name in ("xxhash", "zstandard", "queue", "msgspec"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ingestion, "_PARALLEL_BYTES", 0)
    assert ingest(workspace, jobs=2).sessions == 2
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names of any bytes")
def test_a_file_name_that_is_no_text_is_read(
    claude: ClaudeHome, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        claude.project(f"/home/ada/p{number}").session().prompt("Hello.").response()
    claude.write()
    with open(os.fsencode(claude.folder) + b"/projects/odd-\xff.jsonl", "wb") as file:
        file.write(json.dumps(answer("msg_odd", 7)).encode() + b"\n")
    monkeypatch.setattr(ingestion, "_PARALLEL_BYTES", 0)
    assert ingest(workspace, jobs=2).responses == 3


def test_a_log_that_could_not_be_read_is_tried_again(
    claude: ClaudeHome, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude.project().session().prompt("Hello.").response()
    claude.write()

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(claude_code, "parse", fail)
        assert ingest(workspace, jobs=1).unreadable == 1
    assert ingest(workspace, jobs=1).responses == 1
    assert ingest(workspace, jobs=1).changed == 0


def test_an_interrupted_first_run_keeps_no_old_prices(
    claude: ClaudeHome, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        log = claude.project(f"/home/ada/p{number}").session()
        log.prompt("Hello.").response(input=1_000_000, output=0, model="claude-opus-5")
    claude.write()
    monkeypatch.setattr(ingestion, "_BATCH_LOGS", 1)
    stored = ingestion._Ingestion._store
    calls: list[int] = []

    def interrupted(self: Any, *arguments: Any) -> None:
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        stored(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ingestion._Ingestion, "_store", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ingest(Workspace(home / "tachograph", Settings()), jobs=1)
    priced = Workspace(home / "tachograph", Settings(prices={"claude-opus-5": {"input": 7, "output": 9}}))
    ingest(priced, jobs=1)
    assert ask(priced, "SELECT DISTINCT cost_pico FROM responses") == [(7 * 10**12,)]


def test_sums_beyond_the_integers_do_not_stop_anything(claude: ClaudeHome, home: Path) -> None:
    raw_log(claude, *(answer(f"msg_{number}", 10**9) for number in range(60)))
    dear = Workspace(home / "tachograph", Settings(prices={"claude-opus-5": {"input": 1, "output": 0.9}}))
    ingest(dear, jobs=1)
    with open_writer(dear.folder) as connection:
        connection.execute("UPDATE responses SET cost_pico = 9000000000000000000")
        connection.execute("UPDATE usage_quarters SET cost_pico = 9000000000000000000")
    with closing(open_reader(dear.folder)) as connection:
        assert query_totals(connection, make_filter(tz="UTC")).responses == 60
    raw_log(claude, *(answer(f"msg_{number}", 10**9) for number in range(61)))
    assert ingest(dear, jobs=1).responses == 61


@pytest.mark.parametrize(
    "odd",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.000Z", "0001-01-01T00:00:00.000Z", "1969-12-31T23:59:59.000Z"],
)
def test_a_timestamp_out_of_this_world_breaks_no_report(
    claude: ClaudeHome, odd: str, capsys: pytest.CaptureFixture[str]
) -> None:
    raw_log(claude, answer("msg_1"), answer("msg_2", at=odd))
    for arguments in (
        ["overview"],
        ["sessions"],
        ["cost", "--by", "day", "--tz", "Pacific/Kiritimati"],
        ["show", "--last"],
    ):
        assert run(arguments) == 0, capsys.readouterr().err


def test_where_a_folder_gives_no_identity_what_is_unchanged_stays_unread(
    claude: ClaudeHome, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tachograph.sources import LogFile

    log = claude.project().session().prompt("Hello.").response()
    claude.write()
    found = claude_code.discover

    def without_identity(folder: Path) -> Any:
        for one in found(folder):
            yield LogFile(one.agent, one.path, one.size, one.mtime_ns, 0, 0) if isinstance(one, LogFile) else one

    monkeypatch.setattr(claude_code, "discover", without_identity)
    changed = [ingest(workspace, jobs=1).changed for _ in range(2)]
    log.prompt("More.").response().write()
    assert [*changed, ingest(workspace, jobs=1).changed] == [1, 0, 1]


def test_ids_that_look_like_secrets_stay_apart(claude: ClaudeHome, workspace: Workspace) -> None:
    ids = [f"sk-ant-api03-{'Ab1' * 12}{number:04d}" for number in range(4)]
    raw_log(claude, *(answer(one) for one in ids))
    ingest(workspace, jobs=1)
    stored = ask(workspace, "SELECT id FROM responses")
    assert len(set(stored)) == 4
    assert not any("Ab1Ab1" in one for (one,) in stored)


def grown_equals_fresh(claude: ClaudeHome, workspace: Workspace, home: Path, *lines: dict[str, Any]) -> None:
    for number in range(1, len(lines) + 1):
        raw_log(claude, *lines[:number])
        ingest(workspace, jobs=1)
    fresh = Workspace(home / "fresh", Settings())
    ingest(fresh, jobs=1)
    assert_same(dump_warehouse(workspace.folder), dump_warehouse(fresh.folder))


def test_growth_never_shows(claude: ClaudeHome, workspace: Workspace, home: Path) -> None:
    passes = [iteration("claude-opus-5", output=5), iteration("claude-opus-4-8", output=7)]
    grown_equals_fresh(
        claude, workspace, home,
        answer("msg_1", 100, usage={"iterations": passes}), answer("msg_1", 50),
        answer("msg_2", 9, stop=""), answer("msg_2", 9, stop=None),
    )  # fmt: skip


def test_a_call_before_its_responses_usage_finds_it(claude: ClaudeHome, workspace: Workspace, home: Path) -> None:
    call = answer("msg_1")
    call["message"]["content"] = [{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}}]
    del call["message"]["usage"]
    grown_equals_fresh(claude, workspace, home, call, answer("msg_1", 8))
    assert ask(workspace, "SELECT response IS NULL FROM tool_calls") == [(0,)]


def test_usage_before_any_named_line_counts(claude: ClaudeHome, workspace: Workspace) -> None:
    nameless = answer("msg_1", 30)
    del nameless["uuid"], nameless["sessionId"]
    inner = {"type": "assistant", "message": answer("msg_2", 12)["message"]}
    progress = {"type": "progress", "uuid": "u9", "sessionId": "s", "parentToolUseID": "toolu_9"}
    raw_log(claude, nameless, {**progress, "data": {"type": "agent_progress", "message": inner}})
    ingest(workspace, jobs=1)
    assert ask(workspace, "SELECT sum(output) FROM usage_quarters") == [(42,)]


def test_damaged_compression_keeps_what_stands_before_it(home: Path, workspace: Workspace) -> None:
    codex = CodexHome(home / ".codex")
    log = codex.session().turn("gpt-5.4")
    for number in range(300):
        log.prompt(f"Number {number} {os.urandom(90).hex()}").tokens(input=10, output=1)
    codex.write()
    whole = zstandard.compress(log.content())
    log.path.unlink()
    for name, content in (("cut", whole[: len(whole) // 2]), ("tail", whole + b"rubbish")):
        packed = log.path.with_name(log.path.name + ".zst")
        packed.write_bytes(content)
        os.utime(packed, ns=(len(content), len(content)))
        ingest(workspace, jobs=1)
        count = ask(workspace, "SELECT sum(responses) FROM usage_quarters")[0][0]
        assert 50 < count < 300 if name == "cut" else count == 300
        assert ("damaged_zstd",) in ask(workspace, "SELECT slug FROM problems")


def test_a_fork_of_a_thread_that_went_on_with_records_is_not_counted_twice(home: Path, workspace: Workspace) -> None:
    codex = CodexHome(home / ".codex")
    parent = codex.session("2026-03-04T09:00:00.000Z").turn("gpt-5.4").prompt("One.").tokens(input=90, output=10)
    fork = parent.fork("2026-03-04T10:00:00.000Z")
    fork.turn().prompt("Two.").tokens(input=70, output=30)
    codex.write()
    lines = fork.path.read_bytes().splitlines(keepends=True)
    fork.path.write_bytes(b"{damaged\n" + b"".join(lines))
    ingest(workspace, jobs=1)
    assert ask(workspace, "SELECT sum(input), sum(output) FROM usage_quarters") == [(160, 40)]
    assert len(ask(workspace, "SELECT 1 FROM sessions WHERE forked_from IS NOT NULL")) == 1


def test_a_rebuild_redacts_every_kind_of_stored_text(claude: ClaudeHome, workspace: Workspace) -> None:
    log: ClaudeLog = claude.project().session().prompt("Hello.").shell("ls", "x")
    claude.write()
    ingest(workspace, jobs=1)
    log.path.unlink()
    secret = "ghp_" + "Zq7" * 12  # as an older version, which did not know it, would have stored it
    with open_writer(workspace.folder) as connection:
        connection.execute(
            "UPDATE segments SET cwds = json_array(?), versions = json_array(?), entrypoint = ?", (secret,) * 3
        )
        connection.execute("UPDATE responses SET model = ?, branch = ?", (secret, secret))
        connection.execute(
            "UPDATE tool_calls SET agent_type = ?, more_files = json_array(json_array(?, 'read'))", (secret,) * 2
        )
    ingest(workspace, rebuild=True)
    assert not any(secret.encode() in path.read_bytes() for path in workspace.folder.iterdir())


SECRET = "orchardkey-" + "Qx7" * 8


@pytest.fixture
def judged(claude: ClaudeHome, workspace: Workspace) -> Workspace:
    """What an older version stored: a secret it did not know, in a command, a finding's proof and a judge's words."""
    log = claude.project().session().prompt("Deploy it.")
    for _ in range(2):
        log.shell(f"deploy --key {SECRET}", "boom: no such host", 1)
    log.response()
    claude.write()
    ingest(workspace, jobs=1)
    log.path.unlink()
    with open_writer(workspace.folder) as connection:
        store_judgement(
            connection, f"claude_code:{log.session_id}", JudgeConfig(model="m"),
            Judgement("WORSE", 0.5, f"It showed {SECRET}.", ()), Digest("", 0, 1, 0), 1, 1,
        )  # fmt: skip
        connection.execute("PRAGMA secure_delete = OFF")  # as SQLite is built on most systems
        connection.execute("CREATE TABLE old AS SELECT ? AS text", (SECRET * 50_000,))  # and what lies in free pages
        connection.execute("DROP TABLE old")
    assert held_in(workspace) == {"tool_calls.command", "findings.evidence", "judgements.reasoning"}
    return workspace


def held_in(workspace: Workspace) -> set[str]:
    """Columns of the store that hold the secret."""
    with closing(open_reader(workspace.folder)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            f"{table}.{column}"
            for (table,) in tables
            for row in connection.execute(f"SELECT * FROM {table}")
            for column in row.keys()  # noqa: SIM118 (a Row is no dict)
            if SECRET in str(row[column])
        }


def test_a_rebuild_applies_new_rules_to_findings_and_judgements_too(judged: Workspace) -> None:
    rule = Rule("orchard-key", "A made-up key.", "none", ("orchardkey-",), r"orchardkey-\w{24}")
    newer = Workspace(judged.folder, judged.settings)
    newer.clean = Cleaner(Redactor([*bundled_rules(), rule]))
    ingest(newer, rebuild=True)
    assert held_in(judged) == set()
    assert ask(judged, "SELECT json_extract(evidence, '$.facts.command') FROM findings") == [
        ("deploy --key [redacted:orchard-key]",)
    ]
    assert ask(judged, "SELECT reasoning FROM judgements") == [("It showed [redacted:orchard-key].",)]
    assert ask(judged, "SELECT DISTINCT command FROM tool_calls") == [("deploy --key [redacted:orchard-key]",)]
    assert not any(SECRET.encode() in path.read_bytes() for path in judged.folder.iterdir()), "nor in free pages"


def test_without_text_no_byte_of_findings_and_judgements_stays(judged: Workspace) -> None:
    ingest(Workspace(judged.folder, Settings(store_text="none")))
    assert held_in(judged) == set()
    for word in (SECRET, "deploy", "It showed", "no such host"):
        assert not any(word.encode() in path.read_bytes() for path in judged.folder.iterdir()), word
    ((evidence,),) = ask(judged, "SELECT evidence FROM findings")
    assert json.loads(evidence)["facts"]["runs"] == 2, "the finding itself stays"
    assert ask(judged, "SELECT verdict, reasoning FROM judgements") == [("WORSE", "")]


def test_a_report_is_of_one_moment(claude: ClaudeHome, workspace: Workspace) -> None:
    from tachograph.app.reporting import open_report

    log = claude.project().session().prompt("Hello.").response()
    claude.write()
    ingest(workspace, jobs=1)
    with open_report(workspace, update=False, note=print) as connection:
        first = query_totals(connection, make_filter(tz="UTC"))
        log.prompt("More.").response().write()
        ingest(workspace, jobs=1)
        second = report_cost(connection, "model", make_filter(tz="UTC"))
    assert first.responses == second.total.responses == second.groups[0].responses == 1


def test_a_log_that_moved_before_its_first_response_counts_its_prompts_once(
    claude: ClaudeHome, workspace: Workspace
) -> None:
    log = claude.project().session().prompt("One.")
    claude.write()
    ingest(workspace, jobs=1)
    log.path.unlink()
    log.path = log.path.parent.with_name("-moved") / log.path.name
    log.path.parent.mkdir()
    log.response(output=5).prompt("Two.").response(output=6).write()
    ingest(workspace, jobs=1)
    assert ask(workspace, "SELECT prompts, turns FROM sessions") == [(2, 2)]
    ingest(workspace, rederive=True)
    assert ask(workspace, "SELECT prompts, turns FROM sessions") == [(2, 2)]


def test_a_worker_does_not_need_the_current_folder(claude: ClaudeHome, home: Path) -> None:
    claude.project().session().prompt("Hello.").response()
    claude.write()
    program = (
        "import tachograph.app.ingest as i; i._PARALLEL_BYTES = 0; print(i.ingest(i.Workspace(), jobs=2).sessions)"
    )
    found = subprocess.run([sys.executable, "-c", program], cwd="/", capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "1"
