"""Write the table of kinds in docs/redaction.md from the rules.

python tools/make_redaction_table.py           writes it
python tools/make_redaction_table.py --check   writes nothing; exit code 1 when the page is not what the rules say
"""

from __future__ import annotations

import sys
from pathlib import Path

from tachograph.redaction import bundled_rules

PAGE = Path(__file__).parent.parent / "docs" / "redaction.md"
BEGIN = "<!-- Made by tools/make_redaction_table.py from rules.toml: do not change by hand. -->\n"
END = "<!-- End of the table. -->\n"


def fill_page(page: str) -> str:
    """Return ``page`` with the table of all rules between its two comments."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{make_table()}\n{END}{after}"


def make_table() -> str:
    """Return one row per rule, in order of precedence: kind, what it is, whose description of the format."""
    rows = (f"| `{rule.id}` | {_cell(rule.description)} | {_cell(rule.source)} |\n" for rule in bundled_rules())
    return "| kind | what is found | written from |\n|---|---|---|\n" + "".join(rows)


def _cell(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\|<>*_`" else letter for letter in text)


def main() -> int:
    """Write or check the page; the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    filled = fill_page(page)
    if "--check" in sys.argv[1:]:
        if filled != page:
            print("stale: redaction.md")
        return int(filled != page)
    PAGE.write_text(filled, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
