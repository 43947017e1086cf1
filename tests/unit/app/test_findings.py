"""Findings read from the warehouse: by session, by name, over several logs, without text, in exports."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.explain import explain_finding
from tachograph.app.export import export_table
from tachograph.app.filters import Filter, make_filter
from tachograph.app.findings import (
    FindingFilter,
    FindingRecord,
    check_detector,
    find_finding,
    list_findings,
    record_finding,
)
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, UsageError
from tachograph.model import Finding
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome
from tests.builders.wasteful import ERROR, FILE, HOUSE, SITE, TEXT, Wasteful, make_workspace, wasteful

__all__ = ["wasteful"]


def read(workspace: Workspace, **wanted: Any) -> list[FindingRecord]:
    with closing(open_reader(workspace.folder)) as connection:
        return list_findings(connection, Filter(), FindingFilter(**wanted))


def of_session(workspace: Workspace, session: str) -> list[FindingRecord]:
    with closing(open_reader(workspace.folder)) as connection:
        return list_findings(connection, Filter(), sessions=[session])


def test_a_finding_tells_all_that_proves_it(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    found = next(one for one in read(workspace, detector="repeated_failed_retry") if "claude" in one.session)
    first, second = (call.decode() for call in _calls(wasteful.loops.content())[:2])
    assert found == FindingRecord(
        id=found.id, detector="repeated_failed_retry", session=f"claude_code:{wasteful.loops.session_id}",
        session_name="00000001", project=SITE, agent_type=None, at=datetime(2026, 5, 18, 9, 0, 7, tzinfo=UTC), count=1,
        wasted_tokens=20, carried_tokens=120, wasted_usd=0.0018, is_estimate=True,
        evidence={
            "calls": [first, second], "responses": [], "turns": [1],
            "facts": {
                "command": "npm test", "cwd": SITE, "exit_code": 1, "error": ERROR, "runs": 2, "seconds": 3,
            },
        },
    )  # fmt: skip
    assert (len(found.id), found.facts["runs"]) == (10, 2)


def _calls(content: bytes) -> list[bytes]:
    return [part.partition(b'"')[0] for part in content.split(b'"tool_use","id":"')[1:]]


def test_the_same_logs_give_the_same_ids(wasteful: Wasteful, home: Path) -> None:
    here = {one.id for one in read(wasteful.ingest())}
    other = Workspace(home / "other", make_workspace(home).settings)
    ingest(other)
    assert {one.id for one in read(other)} == here
    assert len(here) == 14


def test_findings_of_a_session_come_as_they_happened(wasteful: Wasteful) -> None:
    found = of_session(wasteful.ingest(), f"claude_code:{wasteful.loops.session_id}")
    assert [(one.detector, one.evidence["turns"]) for one in found] == [
        ("repeated_failed_retry", [1]),
        ("redundant_read", [2]),
        ("failed_edit_loop", [3]),
    ]


def test_findings_of_a_subagent_are_its_own(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    assert of_session(workspace, f"claude_code:{wasteful.parent.session_id}") == []
    below = of_session(workspace, f"claude_code:{wasteful.parent.session_id}/{wasteful.agents[1].agent_id}")
    assert [(one.detector, one.agent_type, one.session_name) for one in below] == [
        ("duplicate_subagent_work", "Explore", wasteful.agents[1].agent_id)
    ]


# -------------------------------------------------------------------------------------------------- by name


def test_a_finding_is_found_by_a_unique_beginning(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    names = [one.id for one in read(workspace)]
    with closing(open_reader(workspace.folder)) as connection:
        assert [find_finding(connection, name).id for name in names] == names
        short = next(name for name in names if sum(other[:3] == name[:3] for other in names) == 1)
        assert find_finding(connection, short[:3]).id == short


def test_a_beginning_that_several_have_names_them(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with (
        closing(open_reader(workspace.folder)) as connection,
        pytest.raises(NotFound, match="Several findings begin with ") as caught,
    ):
        find_finding(connection, "")
    assert caught.value.slug == "ambiguous_finding"
    first = sorted(one.id for one in read(workspace))[:3]
    assert caught.value.hint == f"Give more of the id: {', '.join(first)}"


@pytest.mark.parametrize("name", ["zz", "0123456789abc", "%", "'", "\x1b[31m", "\udcff"])
def test_an_unknown_finding_is_not_found(wasteful: Wasteful, name: str) -> None:
    workspace = wasteful.ingest()
    with closing(open_reader(workspace.folder)) as connection, pytest.raises(NotFound) as caught:
        find_finding(connection, name)
    assert (caught.value.slug, caught.value.exit_code) == ("no_finding", 3)
    assert "\x1b" not in caught.value.message


def test_a_detector_has_to_exist() -> None:
    check_detector(None)
    check_detector("heavy_result")
    with pytest.raises(UsageError, match="There is no detector 'heavy'") as caught:
        check_detector("heavy")
    assert "repeated_failed_retry" in (caught.value.hint or "")


# ------------------------------------------------------------------------------------------ several logs, no text


def test_turns_are_those_of_the_whole_session(home: Path) -> None:
    codex = CodexHome(home / ".codex")
    first = codex.session("2026-05-19T12:00:00Z", cwd=SITE, model=HOUSE)
    for text in ("One.", "Two."):
        first.turn().prompt(text).answer().tokens(input=300, output=7).complete()
    second = codex.session("2026-05-19T13:00:00Z", id=first.id, cwd=SITE, model=HOUSE, segment="2")
    second.turn().prompt("Three.").answer().tokens(input=100, output=5).complete().turn().prompt("Four.")
    for _ in range(2):
        second.shell("npm test", ERROR, 1).tokens(input=1000, output=50)
    second.answer().tokens(input=100, output=5).complete()
    codex.write()
    ingest(workspace := make_workspace(home))
    (found,) = read(workspace)
    assert found.evidence["turns"] == [4]
    with closing(open_reader(workspace.folder)) as connection:
        steps = explain_finding(connection, found.id, Filter()).steps
    assert [(step.turn, step.is_proof) for step in steps] == [(4, True), (4, True)]


def test_the_proof_lies_in_the_turns_it_names(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with closing(open_reader(workspace.folder)) as connection:
        for found in list_findings(connection, Filter()):
            proof = [step for step in explain_finding(connection, found.id, Filter()).steps if step.is_proof]
            assert sorted({step.turn for step in proof}) == found.evidence["turns"], found.detector
            assert len(proof) == len(found.evidence["calls"]) + len(found.evidence["responses"]), found.detector


def test_without_stored_text_findings_are_there_without_words(wasteful: Wasteful) -> None:
    texts, none = read(wasteful.ingest()), make_workspace(wasteful.home, store_text="none")
    ingest(none)
    found = read(none)
    lost = {_key(one) for one in texts} - {_key(one) for one in found}
    assert {(agent, detector) for agent, detector, *_ in lost} == {
        ("codex", "redundant_read"),  # Codex reads by commands, and what a command did cannot be told without it
        ("codex", "duplicate_subagent_work"),
    }
    assert {_key(one) for one in found} < {_key(one) for one in texts}
    told = json.dumps([one.facts for one in found])
    for word in ("npm test", "cat big.log", ERROR, "String to replace", "verification failed"):
        assert word not in told
    assert FILE in told, "paths are names, not text"


def _key(one: FindingRecord) -> tuple[Any, ...]:
    return one.session.partition(":")[0], one.detector, one.session, one.wasted_tokens, one.wasted_usd


# -------------------------------------------------------------------------------------------------- records, exports


def test_a_finding_that_was_not_stored_reads_the_same() -> None:
    found = Finding(
        5, 1_780_000_000_000, calls=("c1",), turns=(2,), count=3, tokens=4, carried_tokens=6, cost_pico=2 * 10**12,
        facts={"path": "/a"}, detector="redundant_read",
    )  # fmt: skip
    assert record_finding(found, "codex:x") == FindingRecord(
        "c6ee21ce7e", "redundant_read", "codex:x", "codex:x", None, None, datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC),
        3, 4, 6, 2.0, True, {"calls": ["c1"], "responses": [], "turns": [2], "facts": {"path": "/a"}},
    )  # fmt: skip
    assert record_finding(Finding(0, 0, calls=("c1",)), "codex:x").wasted_usd is None


def export(workspace: Workspace, format: Any, chosen: Filter | None = None) -> str:
    out = io.BytesIO()
    with closing(open_reader(workspace.folder)) as connection:
        export_table(connection, "findings", format, chosen or make_filter(tz="UTC"), out)
    return out.getvalue().decode()


def test_every_finding_is_exported(wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    listed = {one.id: one for one in read(workspace)}
    rows = [json.loads(line) for line in export(workspace, "jsonl").splitlines()]
    assert {row["id"] for row in rows} == set(listed)
    for row in rows:
        one = listed[row["id"]]
        assert (row["session"], row["detector"], row["count"], row["wasted_tokens"], row["wasted_usd"]) == (
            one.session, one.detector, one.count, one.wasted_tokens, one.wasted_usd,
        )  # fmt: skip
        assert json.loads(row["evidence"])["calls"] == one.evidence["calls"]
    assert len(export(workspace, "jsonl", make_filter(since="2026-05-19T12:00", tz="UTC")).splitlines()) == 7


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_an_export_is_a_formula(home: Path, start: str) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project(f"{start}cmd|'/C calc'!A0").session(model=HOUSE).prompt()
    log.read(f"{start}SUM(1)", TEXT).read(f"{start}SUM(1)", TEXT).response()
    claude.write()
    ingest(workspace := make_workspace(home))
    (row,) = csv.DictReader(io.StringIO(export(workspace, "csv"), newline=""))
    assert [cell for cell in row.values() if cell[:1] in ("=", "+", "-", "@")] == []
    assert row["detector"] == "redundant_read"
