"""Real histories: the findings that docs/findings.md lists as read one by one, call by call."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from tachograph import History
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"
READ: dict[str, set[tuple[str, str]]] = {
    "repeated_failed_retry": {
        ("f4ab2bf6", "8ZxNB4 GByr79 nv8S34 6HcsL1"),
    },
    "redundant_read": {
        ("3a782158", "7x5Km6 xTmoWD"),
        ("f03b653b", "7TJqyo qoQKub"),
        ("f4ab2bf6", "XTmmbS LUnEac"),
    },
    "failed_edit_loop": {
        ("08940314", "1kmi4T 8moQvd ZMkuV3 Q9QYiP"),
        ("69d8706c", "5QnS9q t8s2bv A25nei"),
        ("f4546a51", "88JUN5 3yeakM 21eESx"),
        ("f4ab2bf6", "jXTrfr 6V7QA5 YjUAXH"),
    },
}
"""By detector: a session's (or its sidechain's) short id, and the ends of the calls' ids in their order."""


@pytest.fixture(scope="module")
def found(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[tuple[str, str]]]:
    """What the detectors find there, in the form of READ."""
    store = tmp_path_factory.mktemp("findings") / "data"
    for agent, home in (("claude_code", "claude_home"), ("codex", "codex_home")):
        ingest(Workspace(store, Settings()), agent=agent, path=shared_data / home)
    found = defaultdict(set)
    query = "SELECT f.detector, g.session, f.evidence FROM findings f JOIN segments g USING (segment)"
    with History.open(store) as history:
        for row in history.query(query):
            short = row["session"].rpartition(":")[2].rpartition("/")[2].removeprefix("sidechain-")[:8]
            calls = " ".join(call[-6:] for call in json.loads(row["evidence"])["calls"])
            found[row["detector"]].add((short, calls))
    return dict(found)


@pytest.mark.parametrize("detector", READ)
def test_the_findings_are_those_that_were_read(found: dict[str, set[tuple[str, str]]], detector: str) -> None:
    assert found.get(detector, set()) == READ[detector]


@pytest.mark.parametrize("detector", READ)
def test_each_of_them_is_listed(detector: str) -> None:
    listed = PAGE.read_text(encoding="utf-8").partition("## Read one by one")[2].partition("\n## ")[0]
    rows = [line for line in listed.splitlines() if line.startswith(f"| `{detector}`")]
    assert sorted(row.split("|")[2].strip(" `") for row in rows) == sorted(short for short, _ in READ[detector])
