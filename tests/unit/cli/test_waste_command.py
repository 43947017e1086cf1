"""``tacho waste``: as a person and as a program sees it."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.filters import make_filter
from tachograph.app.ingest import ingest
from tachograph.app.waste import report_waste
from tachograph.cli._explanation import _rule
from tachograph.cli.waste import _describe
from tachograph.report.document import Line
from tachograph.report.text import render
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.wasteful import ERROR, SITE, TOOLS, Wasteful, make_workspace, wasteful, write_config
from tests.golden import check_golden
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho", "wasteful"]
GROUP = {
    "key", "findings", "sessions", "of", "rate", "count", "wasted_tokens", "carried_tokens", "wasted_usd",
    "unpriced_findings", "unweighed_findings", "amounts_of",
}  # fmt: skip
FINDING = {
    "id", "detector", "session", "session_name", "project", "agent_type", "at", "count", "wasted_tokens",
    "carried_tokens", "wasted_usd", "is_estimate", "evidence",
}  # fmt: skip


@pytest.fixture(autouse=True)
def configured(home: Path) -> None:
    write_config(home)


def read(tacho: Tacho, *arguments: str) -> dict[str, Any]:
    assert tacho("waste", *arguments, "--tz", "UTC", "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    return answer


def name_of(tacho: Tacho, detector: str, agent: str = "claude_code") -> str:
    return str(read(tacho, "--detector", detector, "--agent", agent)["findings"][0]["id"])


# ------------------------------------------------------------------------------------------------- the ranking


def test_as_a_person_sees_it(tacho: Tacho, wasteful: Wasteful) -> None:
    assert tacho("waste", "--tz", "UTC") == 0
    check_golden("waste.txt", tacho.out)


def test_as_a_narrow_terminal_shows_it(wasteful: Wasteful) -> None:
    workspace, chosen = wasteful.ingest(), make_filter(tz="UTC")
    with closing(open_reader(workspace.folder)) as connection:
        text = render(_describe(report_waste(connection, chosen), chosen.zone), 80)
    assert max(map(len, text.splitlines())) <= 80
    check_golden("waste-80.txt", text)


def test_json_is_one_object(tacho: Tacho, wasteful: Wasteful) -> None:
    answer = read(tacho, "--limit", "0")
    assert (answer["schema"], answer["timezone"]) == ("tachograph.waste/1", "UTC")
    assert (answer["sessions"], answer["sessions_with_findings"], answer["more_findings"]) == (7, 6, 0)
    assert (answer["transient_failures"], answer["unexamined_sessions"]) == (1, 0)
    for part in ("detectors", "projects", "agent_types"):
        assert {frozenset(group) for group in answer[part]} == {frozenset(GROUP)}
        assert sum(group["findings"] for group in answer[part]) == len(answer["findings"]) == 14
    assert {frozenset(one) for one in answer["findings"]} == {frozenset(FINDING)}
    assert {frozenset(one["evidence"]) for one in answer["findings"]} == {
        frozenset({"calls", "responses", "turns", "facts"})
    }


def test_json_of_an_empty_machine(tacho: Tacho) -> None:
    answer = read(tacho)
    assert (answer["sessions"], answer["findings"], answer["projects"], answer["agent_types"]) == (0, [], [], [])
    assert [(group["rate"], group["wasted_usd"]) for group in answer["detectors"]] == [(None, None)] * 7


@pytest.mark.parametrize(
    ("arguments", "findings", "sessions"),
    [
        (["--detector", "cache_rebuild"], 2, 7),
        (["--min-usd", "1"], 4, 7),
        (["--detector", "redundant_read", "--max-gap-turns", "0"], 0, 7),
        (["--since", "2026-05-19"], 8, 3),
        (["--until", "2026-05-19"], 6, 4),
        (["--project", "tools"], 1, 2),
        (["--agent", "codex"], 7, 1),
    ],
)
def test_choices_reach_the_report(
    tacho: Tacho, wasteful: Wasteful, arguments: list[str], findings: int, sessions: int
) -> None:
    answer = read(tacho, *arguments)
    assert sum(group["findings"] for group in answer["detectors"]) == findings
    assert answer["sessions"] == sessions
    assert {group["key"] for group in answer["projects"]} <= {SITE, TOOLS}


def test_more_are_shown_on_demand(tacho: Tacho, wasteful: Wasteful) -> None:
    assert tacho("waste", "--limit", "3") == 0
    assert "the dearest first; 11 more: --limit 0" in tacho.out
    assert tacho("waste", "--limit", "0") == 0
    assert "more: --limit 0" not in tacho.out


def test_lower_bounds_are_marked(tacho: Tacho, wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute(
            "UPDATE findings SET tokens = NULL, cost_pico = NULL WHERE detector = 'abandoned_branch' AND tokens > 10000"
        )
        connection.execute("UPDATE findings SET cost_pico = NULL WHERE detector = 'heavy_result'")
    assert tacho("waste", "--no-ingest") == 0
    rows = {line.split()[0]: line.split()[-3:] for line in tacho.out.splitlines()[2:9]}
    assert rows["abandoned_branch"] == ["≥10.0k", "–", "≥$0.50"]
    assert rows["heavy_result"] == ["200k", "500k", "unpriced"]


def test_nothing_to_show_is_no_error(tacho: Tacho, wasteful: Wasteful) -> None:
    assert tacho("waste", "--project", "nowhere") == 0
    assert tacho.out.startswith("No sessions in this selection.")


def test_no_waste_is_said_by_every_detector(tacho: Tacho, wasteful: Wasteful) -> None:
    assert tacho("waste", "--detector", "redundant_read", "--max-gap-turns", "0", "--tz", "UTC") == 0
    assert tacho.out.splitlines()[0] == "Waste  0 sessions of 7 with a finding; time zone UTC"
    assert tacho.out.splitlines()[2].split() == ["redundant_read", "0", "0", "0.0", "%", "–", "–", "–"]


def test_sessions_read_by_an_older_version_are_told(tacho: Tacho, wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("UPDATE logs SET parser = 1 WHERE agent = 'codex'")
    for log in wasteful.codex.logs:
        log.path.unlink()
    assert tacho("waste") == 0
    text = " ".join(tacho.out.split())
    assert "3 sessions last read by an older version" in text
    assert "heavy_result, redundant_read and repeated_failed_retry find nothing there, or not all" in text


def test_a_detector_that_could_look_at_nothing_has_no_share(tacho: Tacho, wasteful: Wasteful) -> None:
    workspace = wasteful.ingest()
    with open_writer(workspace.folder) as connection, transaction(connection):
        connection.execute("UPDATE logs SET parser = 1")
        connection.execute("DELETE FROM findings WHERE detector IN ('heavy_result', 'cache_rebuild')")
    assert tacho("waste", "--no-ingest") == 0
    rows = {line.split()[0]: line.split()[1:] for line in tacho.out.splitlines()[2:9]}
    assert rows["heavy_result"] == ["–"] * 6
    assert rows["cache_rebuild"] == ["0", "0", "0.0", "%", "–", "–", "–"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--detector", "waste"],
        ["--min-usd", "-1"],
        ["--min-usd", "nan"],
        ["--min-usd", "inf"],
        ["--min-usd", "cheap"],
        ["--max-gap-turns", "-1"],
        ["--max-gap-turns", "9" * 30],
        ["--limit", "-1"],
        ["--limit", "9" * 30],
        ["--agent", "nobody"],
        ["--since", "soon"],
        ["--explain", "x", "--detector", "heavy_result"],
        ["--explain", "x", "--min-usd", "0"],
        ["--explain", "x", "--since", "7d"],
        ["--explain", "x", "--project", "site"],
    ],
)
def test_what_makes_no_sense_is_refused(tacho: Tacho, wasteful: Wasteful, arguments: list[str]) -> None:
    assert tacho("waste", *arguments) == 2
    assert tacho.out == ""


# ------------------------------------------------------------------------------------------------------ explain


@pytest.mark.parametrize(
    ("detector", "agent"),
    [("repeated_failed_retry", "claude_code"), ("cache_rebuild", "claude_code"), ("redundant_read", "codex")],
)
def test_a_proof_as_a_person_sees_it(tacho: Tacho, wasteful: Wasteful, detector: str, agent: str) -> None:
    name = name_of(tacho, detector, agent)
    assert tacho("waste", "--explain", name, "--tz", "UTC") == 0
    before, rule, proof = re.split(r"\n(?=Rule\n)|\n(?=Proof )", tacho.out)
    assert rule.strip() != "Rule"
    check_golden(f"finding-{detector}.txt", f"{before}\n…\n{proof}")


def test_a_rule_keeps_its_paragraphs_and_lists() -> None:
    text = "One\n    two ``three``:\n\n    - a\n      b\n    - c\n\n    Four\n    - d"
    assert _rule(text) == [
        Line("One two `three`:"), Line("- a b", indent=2), Line("- c", indent=2), Line("Four"), Line("- d", indent=2),
    ]  # fmt: skip


def test_a_proof_as_json(tacho: Tacho, wasteful: Wasteful) -> None:
    name = name_of(tacho, "repeated_failed_retry")
    answer = read(tacho, "--explain", name[:6])
    assert set(answer) == {"schema", "timezone", "finding", "title", "rule", "steps"}
    assert (answer["schema"], answer["finding"]["id"]) == ("tachograph.finding/1", name)
    assert set(answer["finding"]) == FINDING
    assert answer["steps"][1] == {
        "kind": "call", "turn": 1, "at": "2026-05-18T09:00:10Z", "is_proof": True, "what": "Bash", "text": "npm test",
        "status": "error", "exit_code": 1, "result": ERROR, "left_out": 0,
    }  # fmt: skip


def test_every_proof_can_be_shown(tacho: Tacho, wasteful: Wasteful) -> None:
    for one in read(tacho, "--limit", "0")["findings"]:
        assert tacho("waste", "--explain", one["id"], "--no-ingest") == 0
        assert tacho.out.count("▶") == 1 + len(one["evidence"]["calls"]) + len(one["evidence"]["responses"])


def test_times_of_a_proof_are_the_readers(tacho: Tacho, wasteful: Wasteful) -> None:
    name = name_of(tacho, "repeated_failed_retry")
    assert tacho("waste", "--explain", name, "--tz", "Asia/Tokyo") == 0
    assert "2026-05-18 18:00" in tacho.out
    assert "18:00:07" in tacho.out


@pytest.mark.parametrize(
    ("name", "said"),
    [("zz", "No finding is called zz."), ("", "Several findings begin with"), ("\udcff", "No finding is called")],
)
def test_a_name_that_is_no_findings_is_not_found(tacho: Tacho, wasteful: Wasteful, name: str, said: str) -> None:
    assert tacho("waste", "--explain", name) == 3
    assert said in tacho.err
    assert tacho.out == ""


def test_without_stored_text_nothing_breaks(tacho: Tacho, wasteful: Wasteful, home: Path) -> None:
    write_config(home, '[store]\ntext = "none"\n')
    for one in read(tacho, "--limit", "0")["findings"]:
        assert tacho("waste", "--explain", one["id"]) == 0
    assert tacho("waste", "--detector", "repeated_failed_retry") == 0
    assert "npm test" not in tacho.out
    assert f"repeated_failed_retry  {SITE}" in tacho.out, "the folder, where the command is not known"


def test_a_report_without_ingesting_needs_a_warehouse(tacho: Tacho, wasteful: Wasteful) -> None:
    assert tacho("waste", "--no-ingest") == 4
    ingest(make_workspace(wasteful.home), agent="codex")
    assert [group["key"] for group in read(tacho, "--no-ingest")["projects"]] == [SITE]
