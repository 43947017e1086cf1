"""docs/redaction.md lists the rules that there are."""

from __future__ import annotations

import runpy
from types import SimpleNamespace

from tachograph.redaction import bundled_rules
from tests.conftest import ROOT

TOOL = SimpleNamespace(**runpy.run_path(str(ROOT / "tools" / "make_redaction_table.py")))
PAGE = (ROOT / "docs" / "redaction.md").read_text(encoding="utf-8")


def test_table_of_kinds_is_fresh():
    assert TOOL.fill_page(PAGE) == PAGE, "run python tools/make_redaction_table.py"


def test_table_has_a_row_for_every_rule():
    table = TOOL.make_table()
    assert table.count("\n") == len(bundled_rules()) + 2
    assert (
        "| `jwt` | JSON web tokens, signed, unsigned or encrypted | RFC 7519, JSON web token; RFC 7515 and 7516 |"
        in table
    )
    assert "`amazon-login-token`" in table


def test_stale_table_is_found():
    row = next(line for line in PAGE.splitlines(keepends=True) if line.startswith("| `jwt`"))
    assert TOOL.fill_page(PAGE.replace(row, "")) == PAGE


def test_page_says_how_many_kinds_there_are():
    assert f"{len(bundled_rules())} kinds" in PAGE
