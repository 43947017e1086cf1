"""Print what the detectors find in a warehouse, as the tables of docs/findings.md.

python tools/list_findings.py            of your own warehouse
python tools/list_findings.py FOLDER     of the one in FOLDER
python tools/list_findings.py --write    writes the tables into docs/findings.md
"""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tachograph import History
from tachograph.app.filters import Filter
from tachograph.app.waste import WasteGroup, report_waste
from tachograph.report.units import UNKNOWN, count, counted, percent, tokens, usd

PAGE = Path(__file__).parent.parent / "docs" / "findings.md"
BEGIN, END = "<!-- findings: made by tools/list_findings.py -->\n", "<!-- end of findings -->\n"
KINDS = {"cache_rebuild": "cause", "redundant_read": "kind", "heavy_result": "tool"}
"""The fact by which a detector's findings are told apart."""
SHOWN = 6


def describe_history(connection: sqlite3.Connection) -> str:
    """What was looked at, in one sentence."""
    rows = connection.execute(
        "SELECT agent, count(DISTINCT root_id), sum(kind <> 'main') FROM sessions GROUP BY agent ORDER BY agent"
    ).fetchall()
    parts = [f"{agent}: {count(roots)} sessions and {count(below)} subagents" for agent, roots, below in rows]
    calls, failed, reads = connection.execute(
        "SELECT count(*), coalesce(sum(category = 'shell' AND status = 'error'), 0),"
        " coalesce(sum(category = 'read' AND status = 'ok'), 0) FROM counted_tool_calls"
    ).fetchone()
    return (
        f"{'; '.join(parts)}. {counted(calls, 'tool call')}, of which {counted(failed, 'failed command')} and"
        f" {counted(reads, 'read')} by reading tools."
    )


def make_tables(history: History) -> str:
    """Markdown: by detector, by kind, by agent."""
    connection = history.connection
    report = report_waste(connection, Filter(), limit=1)
    rows = [_row(one) for one in report.detectors]
    names = ("detector", "findings", "sessions", "share", "tokens", "carried", "USD (estimate)")
    return "\n".join([
        describe_history(connection),
        "",
        f"{count(report.sessions_with_findings)} of {count(report.sessions)} sessions have a finding, subagents folded"
        f" into theirs. {counted(report.transient_failures, 'failed command')} left out: they pass by themselves.",
        "",
        *_table(names, rows),
        "",
        *_table(("detector", "agent", "findings", "of which"), list(_kinds(history))),
        "",
    ])  # fmt: skip


def _row(group: WasteGroup) -> list[str]:
    share = [count(group.findings), count(group.sessions), percent(group.sessions, group.of)]
    if not group.findings:
        return [f"`{group.key}`", *share, UNKNOWN, UNKNOWN, UNKNOWN]
    cost = usd(group.wasted_usd, lower_bound=group.unpriced_findings > 0)
    return [f"`{group.key}`", *share, tokens(group.wasted_tokens), tokens(group.carried_tokens), cost]


def _kinds(history: History) -> Iterator[list[str]]:
    """Findings by detector and agent, told apart by a fact: the most frequent kinds with what they cost."""
    found: dict[tuple[str, str], dict[str, list[int | None]]] = defaultdict(lambda: defaultdict(list))
    query = "SELECT f.detector, s.agent, f.evidence, f.cost_pico FROM findings f JOIN segments g USING (segment)"
    for row in history.query(f"{query} JOIN sessions s ON s.id = g.session"):
        fact = json.loads(row["evidence"])["facts"].get(KINDS.get(row["detector"], ""))
        found[row["detector"], row["agent"]][str(fact or "")].append(row["cost_pico"])
    for (detector, agent), kinds in sorted(found.items()):
        frequent = sorted(kinds, key=lambda kind: (-len(kinds[kind]), kind))
        words = [f"{kind} {count(len(kinds[kind]))} ({_sum(kinds[kind])})" for kind in frequent[:SHOWN] if kind]
        others = sum(len(kinds[kind]) for kind in frequent[SHOWN:])
        words += [f"others {count(others)}"] if others else []
        yield [f"`{detector}`", agent, count(sum(map(len, kinds.values()))), ", ".join(words)]


def _sum(costs: list[int | None]) -> str:
    """Picodollars in all, as dollars."""
    known = [cost for cost in costs if cost is not None]
    return usd(sum(known) / 1e12 if known else None, lower_bound=len(known) < len(costs))


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    numbers = {"findings", "sessions", "share", "tokens", "carried", "USD (estimate)"}
    rule = "|".join("--:" if name in numbers else "---" for name in names)
    return [f"| {' | '.join(names)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)]


def main() -> int:
    """Print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="a data folder")
    parser.add_argument("--write", action="store_true", help="write into docs/findings.md")
    given = parser.parse_args()
    with History.open(given.folder) as history:
        text = make_tables(history)
    if not given.write:
        print(text)
        return 0
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
