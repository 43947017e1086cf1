from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.app.cost import query_totals
from tachograph.app.export import TABLES, Format, export_table, write_privately
from tachograph.app.export.write import defuse
from tachograph.app.filters import Filter, make_filter
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.claude import ClaudeHome
from tests.builders.history import write_hard_history
from tests.builders.small import HOUSE, SITE, TOOLS, Week, make_workspace, week

__all__ = ["week"]
UTC = make_filter(tz="UTC")
Record = dict[str, Any]


def export(workspace: Workspace, table: str, format: Format, chosen: Filter = UTC) -> str:
    out = io.BytesIO()
    with closing(open_reader(workspace.folder)) as connection:
        rows = export_table(connection, table, format, chosen, out)
    text = out.getvalue().decode()
    if format == "jsonl":
        assert rows == text.count("\n")
    return text


def records(workspace: Workspace, table: str, chosen: Filter = UTC) -> list[Record]:
    return [json.loads(line) for line in export(workspace, table, "jsonl", chosen).splitlines()]


def cells(workspace: Workspace, table: str, chosen: Filter = UTC) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export(workspace, table, "csv", chosen), newline="")))


@pytest.mark.parametrize("table", TABLES)
def test_csv_and_json_lines_hold_the_same(week: Week, table: str) -> None:
    workspace = week.ingest()
    spreadsheet, lines = cells(workspace, table), records(workspace, table)
    assert len(spreadsheet) == len(lines)
    for cell, record in zip(spreadsheet, lines, strict=True):
        assert list(cell) == list(record) == [column.name for column in TABLES[table].columns]
        for name, value in record.items():
            if value is None:
                assert cell[name] == ""
            elif isinstance(value, bool):
                assert cell[name] == str(value).lower()
            elif isinstance(value, str):
                assert cell[name] == defuse(value)
            else:
                assert float(cell[name]) == value


def test_sessions_have_their_own_usage_and_add_up(week: Week) -> None:
    workspace = week.ingest()
    rows = records(workspace, "sessions")
    assert [row["ended_at"] for row in rows] == sorted(row["ended_at"] for row in rows)
    assert {row["kind"] for row in rows} == {"main", "subagent"}
    first = next(row for row in rows if row["id"] == f"claude_code:{week.first.session_id}")
    assert (first["project"], first["prompts"], first["tool_errors"], first["own_usd"]) == (SITE, 2, 1, 1.6)
    assert (first["started_at"], first["opening"]) == ("2026-05-18T09:00:05.000Z", "Repair the login.")
    with closing(open_reader(workspace.folder)) as connection:
        total = query_totals(connection, UTC)
    assert sum(row["responses"] for row in rows) == total.responses
    assert sum(row["own_usd"] or 0 for row in rows) == pytest.approx(total.usd)
    assert sum(row["unpriced_responses"] for row in rows) == total.unpriced_responses == 1


@pytest.mark.parametrize("table", ["sessions", "responses", "daily"])
def test_sums_over_a_hard_history_are_the_totals(home: Path, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_hard_history(home)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(home / "codex"))
    workspace = make_workspace(home)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as connection:
        total = query_totals(connection, UTC)
    rows = records(workspace, table)
    for kind in ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning"):
        assert sum(row[kind] for row in rows) == getattr(total, kind)
    counted = sum(row["part"] == 0 for row in rows) if table == "responses" else sum(row["responses"] for row in rows)
    assert counted == total.responses
    assert sum(row["own_usd" if table == "sessions" else "usd"] or 0 for row in rows) == pytest.approx(total.usd)


def test_a_response_is_exported_under_its_owner_alone(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(SITE).session(model=HOUSE).prompt().response(output=10)
    fork = log.fork("2026-05-21T10:00:00Z").prompt("More.").response(output=20)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    rows = [(row["session"], row["output"], row["usd"]) for row in records(workspace, "responses")]
    assert rows == [
        (f"claude_code:{log.session_id}", 10, 0.0001),
        (f"claude_code:{fork.session_id}", 20, 0.0002),
    ]
    assert [row["text"] for row in records(workspace, "prompts")] == ["Please fix the failing test.", "More."]


def test_calls_tell_how_they_went(week: Week) -> None:
    rows = records(week.ingest(), "tool_calls")
    assert len(rows) == 9
    build = next(row for row in rows if row["command"] == "npm run build")
    assert (build["tool"], build["status"], build["exit_code"], build["error_signature"]) == (
        "Bash", "error", 2, "boom: no such module",
    )  # fmt: skip
    assert (build["started_at"], build["ended_at"]) == ("2026-05-18T15:00:07.000Z", "2026-05-18T15:00:08.000Z")


def test_days_are_those_of_the_readers_zone(week: Week) -> None:
    log = week.open("2026-05-30T23:59:00Z", TOOLS, "Late.").response(output=10_000)
    log.wait(120).response(output=5_000)
    week.claude.write()
    workspace = week.ingest()
    tools = make_filter(since="2026-05-30", project="tools", tz="UTC")
    found = [(row["day"], row["sessions"], row["responses"], row["usd"]) for row in records(workspace, "daily", tools)]
    assert found == [("2026-05-30", 1, 1, 0.1), ("2026-05-31", 1, 1, 0.05)]
    berlin = make_filter(since="2026-05-30", project="tools", tz="Europe/Berlin")
    found = [(row["day"], row["sessions"], row["responses"], row["usd"]) for row in records(workspace, "daily", berlin)]
    assert found == [("2026-05-31", 1, 2, 0.15)]


def test_days_fold_subagents_into_their_sessions(week: Week) -> None:
    row = records(week.ingest(), "daily")[0]
    assert (row["day"], row["project"], row["model"], row["sessions"]) == ("2026-05-18", SITE, HOUSE, 2)
    assert row["usd"] == 0.6 + 0.4 + 0.2 + 0.3 + 0.1 + 0.05 + 0.01 + 0.5


@pytest.mark.parametrize(
    ("table", "chosen", "count"),
    [
        ("sessions", make_filter(since="2026-05-19", tz="UTC"), 4),
        ("sessions", make_filter(agent="codex", tz="UTC"), 1),
        ("prompts", make_filter(until="2026-05-18T12:00", tz="UTC"), 4),
        ("prompts", make_filter(since="2026-05-18T09:00:20", until="2026-05-18T12:00", tz="UTC"), 3),
        ("tool_calls", make_filter(project="tools", tz="UTC"), 1),
        ("responses", make_filter(since="2026-05-25", tz="UTC"), 1),
        ("daily", make_filter(project="nowhere", tz="UTC"), 0),
    ],
)
def test_filters_choose_rows_by_their_own_moment(week: Week, table: str, chosen: Filter, count: int) -> None:
    assert len(records(week.ingest(), table, chosen)) == count


def test_without_findings_there_is_a_header_alone(week: Week) -> None:
    workspace = week.ingest()
    names = "session,agent,project,id,detector,at,count,wasted_tokens,carried_tokens,wasted_usd,is_estimate,evidence"
    assert export(workspace, "findings", "csv") == f"{names}\r\n"
    assert export(workspace, "findings", "jsonl") == ""


def test_dollars_are_exact_and_plain(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session(model=HOUSE).prompt().response(output=1).response(output=12_345_678)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    assert [row["usd"] for row in cells(workspace, "responses")] == ["0.00001", "123.45678"]
    assert '"usd":0.00001}' in export(workspace, "responses", "jsonl")


def test_cleaning_for_a_terminal_covers_every_text(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt("a\x1b]0;evil\x07b").response()
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    for format in ("csv", "jsonl"):
        out = io.BytesIO()
        with closing(open_reader(workspace.folder)) as connection:
            export_table(connection, "prompts", format, UTC, out, lambda text: text.upper())  # type: ignore[arg-type]
        assert b"EVIL" in out.getvalue()


# ------------------------------------------------------------------------------------------------- spreadsheets


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_what_would_be_a_formula_is_defused(start: str) -> None:
    assert defuse(f"{start}cmd|'/c calc'!A1") == f"'{start}cmd|'/c calc'!A1"


@pytest.mark.parametrize("text", ["", "a=1", " =1", "1+1", "'=1", "$5"])
def test_other_text_is_left_alone(text: str) -> None:
    assert defuse(text) == text


@given(st.text())
def test_no_cell_begins_like_a_formula_and_nothing_is_lost(text: str) -> None:
    safe = defuse(text)
    assert not safe.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    assert safe in (text, "'" + text)


@given(
    st.lists(
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1), min_size=1, max_size=5
    )
)
def test_any_prompt_survives_a_csv(texts: list[str]) -> None:
    from tachograph.app.export.write import _write_csv

    out = io.BytesIO()
    rows = [("s", "a", None, n, "id", "human", 0, len(text), text) for n, text in enumerate(texts)]
    _write_csv(TABLES["prompts"], iter(rows), out)
    read = list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))
    assert [row["text"] for row in read] == [defuse(text) for text in texts]
    assert [row["position"] for row in read] == [str(n) for n in range(len(texts))]


def test_negative_numbers_stay_numbers() -> None:
    from tachograph.app.export.write import _CSV_CELLS

    assert _CSV_CELLS["count"](-3) == -3
    assert _CSV_CELLS["usd"](-1_500_000_000_000) == "-1.5"


# -------------------------------------------------------------------------------------------------------- files


def test_a_file_is_private_and_appears_whole(tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    with write_privately(place) as stream:
        stream.write(b"abc")
        assert not place.exists()
        assert [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()] == [0o600]
    assert place.read_bytes() == b"abc"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["out.csv"]


def test_an_interruption_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    place.write_bytes(b"old")

    def write_a_part() -> None:
        with write_privately(place) as stream:
            stream.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_a_part()
    assert place.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_link_keeps_pointing(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    with write_privately(tmp_path / "link") as stream:
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_nobody_can_put_a_link_where_a_file_begins(tmp_path: Path) -> None:
    """In a folder of all users, a name that can be foreseen could lead to a file of ours."""
    begun = []
    for _ in range(5):
        with write_privately(tmp_path / "out.csv"):
            begun += [path.name for path in tmp_path.iterdir() if path.name != "out.csv"]
    assert len(set(begun)) == 5
    assert not [name for name in begun if str(os.getpid()) in name.split(".")]


def test_a_device_is_written_to_as_it_is() -> None:
    with write_privately(Path("/dev/null")) as stream:
        stream.write(b"gone")
    assert not Path("/dev/null").is_file()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(TachographError, match="Cannot write"), write_privately(tmp_path / "no" / "out.csv"):
        raise AssertionError


# ------------------------------------------------------------------------------------------------------- memory

ROWS = 200_000
MEASURE = """
import resource, sys
from pathlib import Path
from tachograph.app.export import export_table
from tachograph.app.filters import Filter
from tachograph.warehouse.store import open_reader
connection = open_reader(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open("/dev/null", "wb") as out:
    rows = export_table(connection, "tool_calls", sys.argv[2], Filter(), out)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(rows, grown // (1024 if sys.platform == "linux" else 1024**2))
"""


@pytest.fixture(scope="module")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of 400 sessions with 500 calls each."""
    folder = tmp_path_factory.mktemp("large") / "tachograph"
    with open_writer(folder) as connection, transaction(connection):
        for number in range(400):
            _add_session(connection, number)
    return folder


def _add_session(connection: sqlite3.Connection, number: int) -> None:
    connection.execute(
        "INSERT INTO logs VALUES (?1, ?1, 'claude_code', 'log', 1, 1, 1, 1, 0, 1, 1, 1, x'', 1, 0, '{}')", (number,)
    )
    numbers = (
        "turns, prompts, interruptions, compactions, api_errors, tool_calls, tool_errors, tool_denied, subagents,"
        " lines_added, lines_removed, active_ms"
    )
    zeros = ", ".join("0" * 12)
    connection.execute(
        "INSERT INTO segments (segment, log, ordinal, session, agent, kind, cwds, versions, complete, lines,"
        f" usage_lines, skipped_usage, {numbers})"
        f" VALUES (?1, ?1, 0, 's' || ?1, 'claude_code', 'main', '[]', '[]', 1, 1, 1, '{{}}', {zeros})",
        (number,),
    )
    connection.execute(
        f"INSERT INTO sessions (session, id, agent, kind, root_id, complete, copies, {numbers})"
        f" VALUES (?1, 's' || ?1, 'claude_code', 'main', 's' || ?1, 1, 0, {zeros})",
        (number,),
    )
    calls = [
        (number, n, f"call{n}", None, "Bash", "shell", 1_700_000_000_000 + n, None, "ok", 0,
         f"echo {n} " + "x" * 200, None, None, None, "none", 1, 2, 10, None, None, None, None, None, None, None,
         None, 30, 5, None, "", None)
        for n in range(ROWS // 400)
    ]  # fmt: skip
    connection.executemany(f"INSERT INTO tool_calls VALUES ({', '.join('?' * 31)})", calls)


@pytest.mark.skipif(sys.platform == "win32", reason="the module resource is not there")
@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_memory_does_not_grow_with_the_rows(large_store: Path, format: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(large_store), format], check=True, capture_output=True, text=True
    )
    rows, megabytes = map(int, done.stdout.split())
    assert rows == ROWS
    assert megabytes < 40  # 16 of them are SQLite's cache; all rows at once would take 150
