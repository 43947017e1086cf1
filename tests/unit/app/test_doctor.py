"""``tacho doctor`` finds what is wrong, says nothing of what is right, and changes nothing."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from tachograph.app.doctor import Check, DoctorReport, examine, machine
from tachograph.app.doctor.news import version_key
from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "doctor.schema.json"
DAY = 24 * 60 * 60


@pytest.fixture
def claude(home: Path) -> ClaudeHome:
    """Claude Code's home, where tacho looks for it."""
    return ClaudeHome(home / ".claude")


@pytest.fixture(autouse=True)
def new_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has, it has no bug unless the test says so."""
    monkeypatch.setattr(machine.sqlite3, "sqlite_version_info", (3, 51, 3))


def write(claude: ClaudeHome) -> None:
    claude.project().session().prompt("Hello").response(model="claude-sonnet-5")
    claude.write()


def check(report: DoctorReport, name: str) -> Check:
    return next(found for found in report.checks if found.name == name)


def statuses(report: DoctorReport) -> dict[str, str]:
    """Of all checks that are not ok."""
    return {found.name: found.status for found in report.checks if found.status != "ok"}


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "warehouse.sqlite")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its time and content; SQLite's own working files come and go with any reader."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


# ------------------------------------------------------------------------------------------------------- whole


def test_all_is_well_after_an_ingestion(claude: ClaudeHome, home: Path) -> None:
    write(claude)
    ingest(Workspace())
    report = examine()
    assert (report.status, statuses(report)) == ("ok", {})
    assert [found.name for found in report.checks] == [
        "versions", "sqlite", "settings", "time zone", "store", "permissions", "disk", "logs", "retention", "problems",
        "record types", "agent versions", "prices", "loop", "models",
    ]  # fmt: skip
    assert check(report, "store").summary == "intact, schema 4: 1 session, 1 counted response"
    assert check(report, "logs").summary == "1 log file found"


def test_an_empty_machine_is_no_fault(home: Path) -> None:
    report = examine()
    assert (report.status, statuses(report)) == ("info", {"store": "info", "disk": "info", "logs": "info"})
    assert check(report, "logs").details == [
        f"claude_code: {home}/.claude: no sessions there",
        f"codex: {home}/.codex: no sessions there",
    ]
    assert not (home / "tachograph").exists()


def test_nothing_is_written(claude: ClaudeHome, home: Path) -> None:
    write(claude)
    ingest(Workspace())
    write(claude)
    before = snapshot(home)
    examine()
    assert snapshot(home) == before


@pytest.mark.parametrize(
    ("arguments", "broken", "code"), [([], False, 0), (["--json"], False, 0), ([], True, 4), (["--json"], True, 4)]
)
def test_exit_code_says_whether_something_is_broken(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], broken: bool, code: int
) -> None:
    if broken:
        (home / "tachograph").mkdir()
        (home / "tachograph" / "warehouse.sqlite").write_bytes(b"not a database at all" * 100)
    assert run(["doctor", *arguments]) == code
    out = capsys.readouterr().out
    if arguments:
        jsonschema.validate(json.loads(out), json.loads(SCHEMA.read_text()))
        assert json.loads(out)["status"] == ("broken" if broken else "info")
    else:
        assert out.rstrip().endswith("Broken: store." if broken else "All is well.")


@pytest.mark.parametrize("width", [80, 100])
def test_it_fits_on_a_screen(claude: ClaudeHome, width: int) -> None:
    from tachograph.cli.doctor import _describe
    from tachograph.report.text import render

    write(claude)
    ingest(Workspace())
    lines = render(_describe(examine()), width).splitlines()
    assert all(len(line) <= width for line in lines if " " in line.strip() and "/" not in line)
    assert lines[0].startswith("Doctor")


# ------------------------------------------------------------------------------------------------------- store


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a database at all" * 100, "file is not a database"),
        (b"SQLite format 3\0" + b"\xff" * 4000, "cannot be read"),
    ],
)
def test_a_damaged_store_is_said_to_be_damaged(home: Path, content: bytes, said: str) -> None:
    (home / "tachograph").mkdir(mode=0o700)
    (home / "tachograph" / "warehouse.sqlite").write_bytes(content)
    (home / "tachograph" / "warehouse.sqlite").chmod(0o600)
    report = examine()
    assert report.status == "broken"
    assert said in check(report, "store").summary
    assert "Move warehouse.sqlite away" in check(report, "store").hint
    assert check(report, "prices").summary == "cannot be told: the store cannot be opened"


def test_a_cut_store_is_found_out(claude: ClaudeHome, home: Path) -> None:
    write(claude)
    ingest(Workspace())
    path = home / "tachograph" / "warehouse.sqlite"
    os.truncate(path, path.stat().st_size // 2)
    report = examine()
    assert check(report, "store").status == "broken"
    assert len(report.checks) == 15


def test_a_newer_store_is_not_touched(claude: ClaudeHome, home: Path) -> None:
    write(claude)
    ingest(Workspace())
    change(home / "tachograph", "PRAGMA user_version = 99")
    report = examine()
    assert "was written by a newer tacho (schema 99" in check(report, "store").summary
    assert check(report, "store").hint.startswith("Upgrade tacho")


def test_a_store_whose_making_was_interrupted_is_none(home: Path) -> None:
    (home / "tachograph").mkdir(mode=0o700)
    (home / "tachograph" / "warehouse.sqlite").touch(0o600)
    assert check(examine(), "store").summary == "there is none yet"


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM usage_quarters", "usage_quarters.responses is 0, the responses add up to 1"),
        ("UPDATE usage_quarters SET cost_pico = cost_pico + 1", "usage_quarters.cost_pico is"),
        ("UPDATE responses SET output = output + 7", "usage_quarters.output is 100, the responses add up to 107"),
        ("DELETE FROM logs", "segments without their log: 1"),
        ("DELETE FROM segments", "sessions without a segment: 1"),
        ("DELETE FROM sessions", "segments without their session: 1"),
        (
            "INSERT INTO responses SELECT segment, position + 50, pass, key, id, model, provider, started_at, ended_at,"
            " 0, 0, 0, 0, 0, 0, 0, 0, stop_reason, reliable, speed, branch, chain, replayed, lines, stated_output,"
            " final, 1 FROM responses",
            "responses with two owners: 1",
        ),
    ],
)
def test_derived_rows_that_do_not_add_up_are_found(claude: ClaudeHome, home: Path, statement: str, fault: str) -> None:
    write(claude)
    ingest(Workspace())
    change(home / "tachograph", statement)
    found = check(examine(), "store")
    assert found.status == "broken"
    assert any(detail.startswith(fault) for detail in found.details), found.details


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_rights_of_others_are_found(claude: ClaudeHome, home: Path) -> None:
    write(claude)
    ingest(Workspace())
    (home / "tachograph").chmod(0o755)
    (home / "tachograph" / "warehouse.sqlite").chmod(0o640)
    config = home / ".config" / "tachograph" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("")
    config.chmod(0o666)
    found = check(examine(), "permissions")
    assert found.status == "warn"
    assert found.details[:2] == [f"0755 {home}/tachograph", f"0640 {home}/tachograph/warehouse.sqlite"]
    assert found.details[-1] == f"0666 {config} (others can change it)"
    assert "writer.lock" not in str(found.details)


def test_a_configuration_that_others_can_only_read_is_fine(claude: ClaudeHome, home: Path) -> None:
    write(claude)
    ingest(Workspace())
    config = home / ".config" / "tachograph" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("")
    config.chmod(0o644)
    assert check(examine(), "permissions").status == "ok"
    assert check(examine(), "settings").summary == f"from {config}"


def test_disk_use_is_a_share_of_the_logs(claude: ClaudeHome, home: Path) -> None:
    write(claude)
    ingest(Workspace())
    stored = sum(path.stat().st_size for path in (home / "tachograph").iterdir())
    logs = sum(path.stat().st_size for path in (home / ".claude").rglob("*.jsonl"))
    assert f"{100 * stored / logs:.1f} %" in check(examine(), "disk").summary


# --------------------------------------------------------------------------------------------- settings, machine


def test_broken_settings_do_not_hide_the_rest(home: Path) -> None:
    config = home / ".config" / "tachograph" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[store]\ntext = 7\n")
    report = examine()
    assert report.status == "broken"
    assert 'line 2: store.text must be "full" or "none", not 7' in check(report, "settings").summary
    assert len(report.checks) == 15


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ((3, 40, 1), "warn"), ((3, 44, 5), "warn"), ((3, 44, 6), "ok"), ((3, 45, 0), "warn"), ((3, 50, 7), "ok"),
        ((3, 51, 2), "warn"), ((3, 51, 3), "ok"), ((3, 53, 0), "ok"),
    ],
)  # fmt: skip
def test_sqlite_with_the_wal_reset_bug_is_named(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], status: str
) -> None:
    monkeypatch.setattr(machine.sqlite3, "sqlite_version_info", version)
    monkeypatch.setattr(machine.sqlite3, "sqlite_version", ".".join(map(str, version)))
    found = check(examine(), "sqlite")
    assert found.status == status
    assert found.summary.startswith(".".join(map(str, version)))


@pytest.mark.parametrize(
    ("zone", "status", "summary"),
    [
        ("Asia/Kathmandu", "ok", "Asia/Kathmandu (now UTC+05:45), the machine's"),
        ("UTC", "ok", "UTC (now UTC+00:00), the machine's"),
        ("Mars/Olympus", "broken", "There is no time zone 'Mars/Olympus'."),
    ],
)
def test_time_zone_is_told(monkeypatch: pytest.MonkeyPatch, zone: str, status: str, summary: str) -> None:
    monkeypatch.setenv("TZ", zone)
    found = check(examine(), "time zone")
    assert (found.status, found.summary) == (status, summary)


def test_time_zone_of_the_settings_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHO_DISPLAY_TIMEZONE", "Europe/Berlin")
    summer = examine(now_ms=1_780_000_000_000)
    assert check(summer, "time zone").summary == "Europe/Berlin (now UTC+02:00), display.timezone"


# -------------------------------------------------------------------------------------------------------- logs


def test_logs_that_wait_to_be_read_are_counted(claude: ClaudeHome) -> None:
    write(claude)
    ingest(Workspace())
    claude.project().session().prompt("More").response()
    claude.write()
    assert check(examine(), "logs").summary.startswith("2 log files found; ")
    ingest(Workspace())
    assert check(examine(), "logs").summary == "2 log files found"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_what_is_in_the_way_of_finding_logs_is_told(claude: ClaudeHome, home: Path) -> None:
    write(claude)
    fifo = home / ".claude" / "projects" / "pipe.jsonl"
    os.mkfifo(fifo)
    found = check(examine(), "logs")
    assert found.status == "warn"
    assert found.summary == "1 log file; 1 place could not be looked at"
    assert f"not_a_file: {fifo}: not a regular file" in found.details


def test_problems_are_grouped_with_examples(claude: ClaudeHome, home: Path) -> None:
    for number in range(5):
        log = claude.project().session().prompt("Hello").response()
        log.raw(b'{"type": "user", "broken\n')
        if number == 0:
            log.result("nobody asked", call="toolu_none")
    claude.write()
    ingest(Workspace())
    found = check(examine(), "problems")
    assert found.status == "warn"
    assert found.summary == "6 problems in 5 log files; all else in them was read"
    assert found.details[0] == "invalid_json: 5 in 5 files"
    assert len([line for line in found.details if line.startswith("  ")]) == 3 + 1
    assert found.details[4] == "orphan_result: 1 in 1 file"
    assert found.details[5].startswith(f"  {home}/.claude/projects/")
    assert ".jsonl:4: a tool result" in found.details[5]


def test_problems_of_every_day_are_no_warning(claude: ClaudeHome) -> None:
    claude.project().session().prompt("Hello").response().prompt("Still being written").cut(20)
    claude.write()
    ingest(Workspace())
    found = check(examine(), "problems")
    assert (found.status, found.details[0]) == ("info", "unfinished_line: 1 in 1 file")


# --------------------------------------------------------------------------------------------------- retention


@pytest.mark.parametrize(
    ("settings", "days"), [(None, 30), ('{"cleanupPeriodDays": 90}', 90), ('{"model": "x"}', 30), ("{broken", 30)]
)
def test_the_day_on_which_history_is_lost(claude: ClaudeHome, home: Path, settings: str | None, days: int) -> None:
    write(claude)
    if settings is not None:
        (home / ".claude" / "settings.json").write_text(settings)
    log = next((home / ".claude").rglob("*.jsonl"))
    os.utime(log, (1_767_225_600, 1_767_225_600))  # 2026-01-01
    now = 1_767_225_600_000 + 5 * DAY * 1000
    ingest(Workspace())
    lost = {30: "2026-01-31", 90: "2026-04-01"}[days]
    assert check(examine(now_ms=now), "retention").details == [
        f"claude_code: deletes logs {days} days after their last change; the oldest of 1 log goes on {lost}"
    ]
    later = check(examine(now_ms=now + 200 * DAY * 1000), "retention")
    assert later.details[0].endswith("the oldest of 1 log goes the next time it starts")


def test_sessions_that_only_tacho_still_has_are_counted(claude: ClaudeHome, home: Path) -> None:
    for day in (3, 4, 5):
        claude.project().session(f"2026-03-0{day}T10:00:00Z").prompt("Hello").response()
    claude.write()
    ingest(Workspace())
    assert check(examine(), "retention").summary == "every stored session still has its log"
    for log in sorted((home / ".claude").rglob("*.jsonl"))[:2]:
        log.unlink()
    found = check(examine(), "retention")
    assert found.status == "info"
    assert found.summary == "2 sessions kept here only: the logs are gone, 2026-03-03 to 2026-03-04"


def test_logs_read_from_elsewhere_are_not_gone(home: Path) -> None:
    elsewhere = ClaudeHome(home / "backup")
    write(elsewhere)
    ingest(Workspace(), path=home / "backup")
    assert check(examine(), "retention").summary == "every stored session still has its log"


def test_codex_deletes_nothing(home: Path) -> None:
    codex = CodexHome(home / ".codex")
    codex.session().turn().prompt("Hello").tokens(input=10, output=5).complete()
    codex.write()
    ingest(Workspace())
    assert check(examine(now_ms=int(time.time() * 1000)), "retention").details == []


# -------------------------------------------------------------------------------------------------------- news


def test_unknown_record_types_are_counted(claude: ClaudeHome) -> None:
    log = claude.project().session().prompt("Hello").response()
    log.chained("hologram").chained("hologram").loose("telepathy")
    claude.write()
    ingest(Workspace())
    found = check(examine(), "record types")
    assert found.status == "info"
    assert found.details == ["claude_code: hologram: 2 lines", "claude_code: telepathy: 1 line"]


@pytest.mark.parametrize(
    ("version", "status"), [("2.1.219", "ok"), ("2.1.220", "info"), ("2.0.999", "ok"), ("3.0.0-beta.1", "info")]
)
def test_versions_never_seen_are_named(claude: ClaudeHome, version: str, status: str) -> None:
    claude.project().session(version=version).prompt("Hello").response()
    claude.write()
    ingest(Workspace())
    found = check(examine(), "agent versions")
    assert found.status == status
    assert found.details == [f"claude_code: up to {version}; tacho was checked with versions up to 2.1.219"]


def test_versions_compare_by_number() -> None:
    names = ["2.1.9", "2.1.10", "0.42.0-alpha.3", "0.169.0", "", "odd", "9" * 5000]
    assert sorted(names, key=version_key) == ["", "odd", "0.42.0-alpha.3", "0.169.0", "2.1.9", "2.1.10", "9" * 5000]


def test_models_without_a_price_are_named_with_their_share(claude: ClaudeHome) -> None:
    log = claude.project().session().prompt("Hello").response(model="claude-sonnet-5", input=0, output=300)
    log.response(model="house-model-1", input=50, output=50)
    claude.write()
    ingest(Workspace())
    found = check(examine(), "prices")
    assert found.status == "warn"
    assert found.summary == "1 model of 2 without a price: totals are lower bounds"
    assert found.details == ["house-model-1: 1 response, 25.0 % of all tokens"]


# ------------------------------------------------------------------------------------------------------ the loop


def test_the_loops_six_measures_are_shown_known_or_not(claude: ClaudeHome, home: Path) -> None:
    write(claude)
    assert check(examine(), "loop").summary == "nothing has been read yet"
    learn(Workspace())
    told = check(examine(), "loop")
    assert (told.status, len(told.details)) == ("ok", 6)
    assert told.details[0] == "Sessions analysed: 100 % (target ≥ 95 %)"
    assert told.details[2:] == [
        "Critical alerts that were false: – (target < 5 %)",
        "Decided suggestions that were kept: – (target > 60 %)",
        "Average gain of what was proven: – (target > 30 %)",
        "Sessions that began with baselines: – (target 100 %)",
    ]
