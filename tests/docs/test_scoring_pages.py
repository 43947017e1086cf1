"""The pages on scoring say what the code does: the worked example, facts, thresholds, the new detector, schemas."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

import tachograph
import tachograph.analysis.detectors as detectors
from tachograph.analysis.detectors import (
    CHARS_PER_TOKEN,
    Carrying,
    WasteOptions,
    _carrying,
    cache_rebuild,
    duplicate_subagent_work,
    failed_edit_loop,
    load_detectors,
    redundant_read,
    repeated_failed_retry,
)
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import run
from tachograph.model import Response, TokenPrices
from tachograph.pricing import PriceBook
from tests.builders.claude import ClaudeHome
from tests.builders.waste import Story
from tests.conftest import ROOT
from tests.docs.histories import write_demo

DOCS = ROOT / "docs"
PAGE = (DOCS / "waste.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """What stands below a heading of the page on waste, up to the next one of any level."""
    return re.split(r"^#{2,3} ", PAGE.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def rows_of(text: str) -> list[list[str]]:
    """The cells of the rows of a table, its head left out."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return rows[2:]


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the demo's logs; read only."""
    home = tmp_path_factory.mktemp("ada")
    write_demo(home)
    return home


@pytest.fixture
def demo(ada: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo's logs are this machine's own."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(ada / ".claude"))
    monkeypatch.setenv("CODEX_HOME", str(ada / ".codex"))
    return ada


def print_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------ the estimate


def list_prices(response: Response) -> TokenPrices | None:
    return PriceBook().token_prices(
        response.provider, response.model, response.started_at, response.speed, response.usage.prompt_size
    )


def test_the_worked_example_is_what_the_code_computes() -> None:
    opus = {"model": "claude-opus-5"}
    story = Story().answer(hour=40_000, **opus).call(given=54, result=27_000).answer(40_000, hour=10_500, **opus)
    story.answer(50_500, hour=100, **opus).wait(7_200).answer(14_000, hour=37_000, **opus)
    session = story.mark("compaction").answer(14_000, hour=6_000, **opus).done()
    estimate = Carrying(session, list_prices).estimate(session.tool_calls[0])
    assert (estimate.tokens, estimate.carried_tokens, estimate.cost_pico) == (10_020, 20_040, 205_910_000_000)
    rows = rows_of(section("A worked example"))
    paid = [(int(row[2].replace(",", "")), float(row[3]), float(row[4])) for row in rows if row[3]]
    assert [round(count * price / 1e6, 5) for count, price, _ in paid] == [usd for _, _, usd in paid]
    assert rows[-1][4] == f"**{estimate.cost_pico / 1e12:.5f}**"
    assert "10,020 tokens, 20,040 carried, $0.20591" in section("A worked example")
    prices = list_prices(session.responses[0])
    assert prices == TokenPrices(5_000_000, 500_000, 6_250_000, 10_000_000, 25_000_000)


def test_the_thresholds_are_those_of_the_code() -> None:
    shown = [float(row[1].replace(",", "")) for row in rows_of(section("Thresholds"))]
    assert shown == [
        redundant_read._LEAST_CHARS,
        repeated_failed_retry._LONGEST_GAP_MS / 1000,
        cache_rebuild._MIN_PREFIX,
        cache_rebuild._SHORT,
        cache_rebuild._LONG,
        failed_edit_loop._LEAST,
        WasteOptions().heavy_result_usd,
        duplicate_subagent_work._MIN_READS,
        10 * duplicate_subagent_work._MIN_TENTHS,
    ]
    assert CHARS_PER_TOKEN == {"claude_code": 2.7, "codex": 4.0}
    assert _carrying._OTHER == 4.0
    assert "2.7 in Claude Code, 4.0 in Codex and elsewhere" in section("The estimate")


# ------------------------------------------------------------------------------------------------------- facts


def facts_of_the_page() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    name = ""
    for first, facts, _ in rows_of(section("Evidence")):
        name = first.strip("`") or name
        found.setdefault(name, set()).update(re.findall(r"`(\w+)`", facts))
    return found


def test_every_fact_of_a_finding_is_explained_and_none_that_does_not_exist(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found: dict[str, set[str]] = {}
    for finding in print_of(["waste", "--limit", "0"], capsys)["findings"]:
        found.setdefault(finding["detector"], set()).update(finding["evidence"]["facts"])
    assert facts_of_the_page() == found


# --------------------------------------------------------------------------------------------- one file is enough


@pytest.fixture
def repeated_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page's detector is one more file of the package while the test runs."""
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (tmp_path / "repeated_fetch.py").write_text(block, encoding="utf-8")
    monkeypatch.setattr(detectors, "__path__", [*detectors.__path__, str(tmp_path)])
    load_detectors.cache_clear()
    yield
    sys.modules.pop("tachograph.analysis.detectors.repeated_fetch", None)
    load_detectors.cache_clear()


def test_the_detector_of_the_page_is_shown_everywhere(
    repeated_fetch: None, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session("2026-05-04T09:00:00.000Z").prompt("What is new?")
    for answer in ("News of Monday.", "News of Monday.", "News of Tuesday."):
        log.call("WebFetch", {"url": "https://news.example"}).result(answer)
    log.response()
    claude.write()
    (finding,) = print_of(["waste", "--detector", "repeated_fetch"], capsys)["findings"]
    assert (finding["detector"], finding["count"], len(finding["evidence"]["calls"])) == ("repeated_fetch", 1, 2)
    assert run(["waste", "--explain", finding["id"]]) == 0
    assert "A page that changed between two calls is none" in " ".join(capsys.readouterr().out.split())
    (scored,) = print_of(["score", "--last"], capsys)["sessions"]
    assert [one["id"] for one in scored["waste"]["findings"]] == [finding["id"]]
    assert run(["show", "--last"]) == 0
    assert "repeated_fetch" in capsys.readouterr().out
    assert run(["export", "jsonl", "--table", "findings"]) == 0
    assert json.loads(capsys.readouterr().out)["detector"] == "repeated_fetch"


def test_a_compaction_between_makes_it_none(repeated_fetch: None) -> None:
    web = {"name": "WebFetch", "category": "web", "result_hash": 7, "result": 900, "input_hash": 3}
    story = Story().answer(9_000).call(**web).answer(9_000, 300)  # type: ignore[arg-type]
    assert len(tachograph.detect(story.call(**web).done(), "repeated_fetch")) == 1  # type: ignore[arg-type]
    story = Story().answer(9_000).call(**web).mark("compaction").answer(2_000)  # type: ignore[arg-type]
    assert tachograph.detect(story.call(**web).done(), "repeated_fetch") == ()  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------- schemas and names


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("waste", ["waste"]),
        ("waste", ["waste", "--limit", "0", "--project", "tidepool", "--max-gap-turns", "3"]),
        ("waste", ["waste", "--since", "2030-01-01"]),
        ("score", ["score", "7abdab71", "71239451", "87398c49"]),
        ("finding", ["waste", "--explain"]),
    ],
    ids=" ".join,
)
def test_output_keeps_to_its_schema(
    demo: Path, capsys: pytest.CaptureFixture[str], name: str, arguments: list[str]
) -> None:
    schema = json.loads((DOCS / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    check = jsonschema.Draft202012Validator(schema)
    each = [[]]
    if name == "finding":
        each = [[one["id"]] for one in print_of(["waste", "--limit", "0"], capsys)["findings"]]
        assert len(each) == 14
    for more in each:
        assert [error.message for error in check.iter_errors(print_of([*arguments, *more], capsys))] == []
    assert list(check.iter_errors({"schema": f"tachograph.{name}/1", "unknown": 1}))


def test_the_page_of_the_python_interface_names_everything_public() -> None:
    table = (DOCS / "sdk.md").read_text(encoding="utf-8").partition("## All names")[2]
    assert set(re.findall(r"`(\w+)`(?=[,\s][^|]*\| )", table)) >= set(tachograph.__all__)


def test_the_axes_are_named_and_linked() -> None:
    page = (DOCS / "scoring.md").read_text(encoding="utf-8")
    for target in ("token-economy.md", "judge.md", "waste.md", "task-types.md", "sdk.md", "schemas/score.schema.json"):
        assert f"]({target})" in page
    for word in ("above_p75", "within_band", "below_p25", "unavailable", "CURRENT", "STALE", "UNAVAILABLE"):
        assert f"`{word}`" in page


# ------------------------------------------------------------------------------------------------------ findings


@pytest.fixture
def list_findings(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("list_findings", ROOT / "tools" / "list_findings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_findings_are_listed_and_written_into_the_page(
    demo: Path, list_findings: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tachograph.ingest(Workspace())
    page = tmp_path / "findings.md"
    page.write_text(f"before\n{list_findings.BEGIN}old\n{list_findings.END}after\n", encoding="utf-8")
    monkeypatch.setattr(list_findings, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["list_findings.py", "--write"])
    for _ in range(2):
        assert list_findings.main() == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{list_findings.BEGIN}\nclaude_code: 29 sessions and 21 subagents; codex: 8 ")
    assert text.endswith(f"{list_findings.END}after\n")
    assert "10 of 37 sessions have a finding" in text
    rows = {row[0]: row[1:] for row in rows_of(text) if len(row) == 7}
    assert set(rows) == {f"`{name}`" for name in load_detectors()}
    assert rows["`redundant_read`"][:3] == ["5", "5", "13.5 %"]
    assert "| `cache_rebuild` | claude_code | 3 | compaction 2 ($0.59), idle 1 ($0.58) |" in text


def test_the_page_of_findings_names_every_detector() -> None:
    _, _, listed = (DOCS / "findings.md").read_text(encoding="utf-8").partition("<!-- findings: made by")
    assert {row[0].strip("`") for row in rows_of(listed) if len(row) == 7} == set(load_detectors())
