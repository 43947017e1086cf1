"""Print how KPIs are spread over the sessions of a warehouse, as the tables of docs/kpis.md.

python tools/list_kpis.py            of your own warehouse, as the last `tacho learn` left it
python tools/list_kpis.py FOLDER     of the one in FOLDER
python tools/list_kpis.py --write    writes the tables into docs/kpis.md
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tachograph import History
from tachograph.analysis.kpis import Kpi, Status, load_kpis
from tachograph.app.learn.points import load_points
from tachograph.learning.records import Point
from tachograph.report.units import UNKNOWN, count, percent

PAGE = Path(__file__).parent.parent / "docs" / "kpis.md"
BEGIN, END = "<!-- distribution: made by tools/list_kpis.py -->\n", "<!-- end of distribution -->\n"
QUANTILES = {"p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
STATUSES: tuple[Status, ...] = ("good", "fair", "warning", "critical")
BY_FAMILY = "token_efficiency"
"""The KPI whose thresholds were chosen by such a table, told apart by model family as well."""


def make_tables(points: Sequence[Point]) -> str:
    """Markdown: every KPI with its quantiles and statuses, then one KPI by agent and model family."""
    agents = Counter((point.group.agent, point.kind) for point in points)
    told = "; ".join(f"{agent}: {count(number)} {kind}" for (agent, kind), number in sorted(agents.items()))
    columns = ("KPI", "sessions", "lacking", *QUANTILES, *STATUSES)
    families: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        families[f"{point.group.agent}, {point.group.family}"].append(point)
    one = load_kpis()[BY_FAMILY]
    return "\n".join([
        f"{count(len(points))} sessions ({told}).",
        "",
        *_table(columns, [_row(kpi, name, points) for name, kpi in load_kpis().items()]),
        "",
        f"`{BY_FAMILY}` by agent and model family:",
        "",
        *_table(columns[:-4], [_row(one, name, families[name])[:-4] for name in sorted(families)], "agent, family"),
        "",
    ])  # fmt: skip


def _row(kpi: Kpi, name: str, points: Sequence[Point]) -> list[str]:
    values = sorted(point.values[kpi.name] for point in points if kpi.name in point.values)
    lacking = sum(kpi.name in point.lacking for point in points)
    named = f"`{name}`" if name == kpi.name else name
    return [named, count(len(values)), count(lacking), *_quantiles(values), *_statuses(kpi, values)]


def _quantiles(values: Sequence[float]) -> Iterator[str]:
    for share in QUANTILES.values():
        value = values[min(len(values) - 1, int(share * len(values)))] if values else None
        yield UNKNOWN if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _statuses(kpi: Kpi, values: Sequence[float]) -> Iterator[str]:
    found = Counter(map(kpi.status, values))
    for status in STATUSES:
        yield percent(found[status], len(values)) if values and kpi.target is not None else UNKNOWN


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], first: str = "KPI") -> list[str]:
    names = [first, *columns[1:]]
    rule = "|".join(["---", *["--:"] * (len(names) - 1)])
    return [f"| {' | '.join(names)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)]


def main() -> int:
    """Print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="a data folder")
    parser.add_argument("--write", action="store_true", help="write into docs/kpis.md")
    given = parser.parse_args()
    with History.open(given.folder) as history:
        text = make_tables(list(load_points(history.connection)))
    if not given.write:
        print(text)
        return 0
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
