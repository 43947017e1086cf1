"""All cases, and the ways to hand them on."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conformance.case import Case
from tests.conformance.claude_cases import SUITE as CLAUDE
from tests.conformance.codex_cases import SUITE as CODEX

CASES: tuple[Case, ...] = (*CLAUDE.cases, *CODEX.cases)
SCHEMA = "tachograph.conformance/1"


def write_suite(folder: Path) -> Path:
    """Write each case's files below ``folder``, and ``expected.json``; returns that file's path."""
    for case in CASES:
        case.write(folder / case.name)
    cases = []
    for case in CASES:
        home = folder / case.name
        files = sorted(str(path.relative_to(folder)) for path in home.rglob("*") if path.is_file())
        cases.append({**case.expectation(), "files": [name.replace("\\", "/") for name in files]})
    path = folder / "expected.json"
    path.write_text(json.dumps({"schema": SCHEMA, "cases": cases}, indent=1) + "\n", encoding="utf-8")
    return path


def table_of_cases() -> str:
    """The cases as the Markdown table in docs/conformance.md."""
    rows = ["| case | shows | responses | input | cache read | written 5 m / 1 h | output | USD |", "|" + "---|" * 8]
    for case in CASES:
        total = case.total
        written = f"{total.cache_write_5m:,} / {total.cache_write_1h:,}"
        usd = "unpriced" if total.usd is None else total.usd + (" + unpriced" if total.unpriced else "")
        numbers = [f"{number:,}" for number in (total.responses, total.input, total.cache_read)]
        cells = [f"`{case.name}`", case.shows, *numbers, written, f"{total.output:,}", usd]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)
