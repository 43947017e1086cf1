"""Real histories: what we count equals, to the last token, what an independent counter finds in the same files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.conformance.warehouse_totals import Totals

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]

CLAUDE = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


@pytest.fixture(scope="module")
def totals(shared_data, tmp_path_factory) -> Totals:
    """Both homes, ingested."""
    store = tmp_path_factory.mktemp("shared") / "data"
    workspace = Workspace(store, Settings())
    for agent, home in (("claude_code", "claude_home"), ("codex", "codex_home")):
        ingest(workspace, agent=agent, path=shared_data / home)
    return Totals(store)


@pytest.fixture(scope="module")
def count(shared_data):
    """The independent counter: (agent, home) to its result."""
    script = shared_data.parent / "oracle" / "count_usage.py"
    if not script.is_file():
        pytest.skip("no independent counter beside the real histories")

    def run(agent: str, home: str) -> dict:
        command = [sys.executable, str(script), agent, str(shared_data / home)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return run


def sums(totals: Totals, agent: str, columns: str) -> tuple[int, ...]:
    query = f"SELECT {columns} FROM usage_quarters u JOIN sessions s USING (session) WHERE s.agent = '{agent}'"
    return totals.ask(query)[0]


def test_claude_code_totals_equal_the_independent_counters(totals, count):
    expected = count("claude", "claude_home")
    columns = ", ".join(f"sum(u.{kind})" for kind in (*CLAUDE, "responses", "unreliable"))
    found = dict(zip((*CLAUDE, "messages", "output_unreliable"), sums(totals, "claude_code", columns), strict=True))
    assert found == {kind: expected[kind] for kind in found}
    assert found["messages"] > 1_000


def test_claude_code_totals_by_model_equal_the_independent_counters(totals, count):
    columns = ", ".join(f"sum(u.{kind})" for kind in CLAUDE)
    rows = totals.ask(
        f"SELECT u.model, {columns} FROM usage_quarters u JOIN sessions s USING (session)"
        " WHERE s.agent = 'claude_code' GROUP BY u.model"
    )
    found = {row[0]: dict(zip(CLAUDE, row[1:], strict=True)) for row in rows}
    assert found == count("claude", "claude_home")["by_model"]


def test_codex_totals_equal_the_independent_counters(totals, count):
    expected = count("codex", "codex_home")
    columns = "sum(u.input + u.cache_read + u.cache_write_5m), sum(u.cache_read), sum(u.output), sum(u.reasoning)"
    whole, cached, output, reasoning = sums(totals, "codex", columns)
    assert whole > 1_000_000
    assert {
        "input_tokens": whole,
        "cached_input_tokens": cached,
        "output_tokens": output,
        "reasoning_output_tokens": reasoning,
    } == {kind: expected[kind] for kind in expected if kind != "total_tokens"}


def test_the_sum_over_sessions_is_the_sum_over_distinct_responses(totals):
    by_session = totals.ask("SELECT sum(responses) FROM usage_quarters")[0][0]
    distinct = totals.ask("SELECT count(DISTINCT key) FROM responses")[0][0]
    counted = totals.ask("SELECT count(DISTINCT key), count(*) FROM responses WHERE counted = 1 AND pass = 0")[0]
    assert counted[0] == counted[1] == by_session
    assert by_session == distinct  # no fork's inherited prefix without its original lies in these homes


def test_every_cost_is_the_price_of_its_responses(totals):
    by_quarter = totals.ask("SELECT sum(cost_pico) FROM usage_quarters")[0][0]
    by_response = totals.ask("SELECT sum(cost_pico) FROM counted_responses")[0][0]
    assert by_quarter == by_response > 0


def test_every_result_joins_one_call_and_no_call_is_lost(totals, shared_data):
    calls = totals.ask("SELECT count(*), count(DISTINCT segment || ':' || id) FROM tool_calls")[0]
    assert calls[0] == calls[1] > 1_000
    unanswered = totals.ask("SELECT count(*) FROM tool_calls WHERE status = 'missing'")[0][0]
    assert unanswered < calls[0] / 20


def test_a_small_part_of_the_user_lines_is_a_persons(totals, shared_data):
    typed = totals.ask("SELECT count(*) FROM prompts WHERE kind IN ('human', 'slash', 'shell')")[0][0]
    lines = sum(count_user_lines(path) for path in (shared_data / "claude_home").rglob("*.jsonl"))
    assert 0 < typed < lines / 5


def count_user_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(b'"type":"user"' in line for line in file)
