"""Print what tacho findings says of a warehouse, as the first section of docs/findings.md.

python tools/list_mechanisms.py            of your own warehouse
python tools/list_mechanisms.py FOLDER     of the one in FOLDER
python tools/list_mechanisms.py --write    writes the section into docs/findings.md
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from tachograph import History
from tachograph.app.filters import Filter
from tachograph.app.mechanisms import report_findings
from tachograph.app.workspace import Workspace
from tachograph.cli._findings import describe_findings
from tachograph.report.markdown import to_markdown

PAGE = Path(__file__).parent.parent / "docs" / "findings.md"
BEGIN, END = "<!-- mechanisms: made by tools/list_mechanisms.py -->\n", "<!-- end of mechanisms -->\n"


def make_section(folder: Path | None) -> str:
    """Markdown: a heading of the third level for each mechanism, below what is said of all of them."""
    workspace = Workspace(folder)
    with History.open(workspace.folder) as history:
        text = to_markdown(describe_findings(report_findings(history.connection, Filter(), workspace.clean)))
    title, _, rest = text.partition("\n")
    return f"{title.partition(' – ')[2]}.\n{re.sub('^## ', '### ', rest, flags=re.MULTILINE)}"


def main() -> int:
    """Print or write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="a data folder")
    parser.add_argument("--write", action="store_true", help="write into docs/findings.md")
    given = parser.parse_args()
    text = make_section(given.folder)
    if not given.write:
        print(text)
        return 0
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
