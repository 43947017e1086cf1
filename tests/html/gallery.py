"""Every kind of block with made-up content, to be looked at: ``python -m tests.html.gallery FOLDER``."""

from __future__ import annotations

import math
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tachograph.report.html.assets import static_files
from tachograph.report.html.render import render_page, render_standalone
from tachograph.report.html.shell import MenuItem, Shell
from tachograph.report.view import (
    Banner,
    Beside,
    Block,
    Card,
    Cards,
    Cell,
    Change,
    Chart,
    Choice,
    Code,
    Column,
    Empty,
    Facts,
    Field,
    Filters,
    Grid,
    Mark,
    Note,
    Paging,
    Section,
    Series,
    View,
)

ZONE = UTC
NOON = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
MODELS = ("model-large", "model-medium", "model-small", "another-one", "local-model", "other")
MENU = ["Overview", "Sessions", "Waste", "Tools", "Models and cost", "Trends", "Suggestions and trials", "Doctor"]
MENU += ["How we count"]


def days(count: int) -> list[str]:
    """So many days in a row."""
    return [str(date(2026, 10, 23) + timedelta(days=place)) for place in range(count)]


def spend(count: int = 30, series: int = 5) -> Chart:
    """Stacked bars."""
    lines = [
        Series(MODELS[index], [round(abs(math.sin(day / 3 + index)) * 9 / (index + 1), 2) for day in range(count)])
        for index in range(series)
    ]
    hrefs = [f"/sessions?from={day}&to={day}" for day in days(count)]
    about = "US dollars per day, stacked by model, over the last 30 days."
    return Chart(
        "spend", "Spend per day", about, "stacked", days(count), lines, "usd", hrefs=hrefs, live=True, how="spend"
    )


def trend() -> Chart:
    """Lines with a band, marks and a gap."""
    lines = [
        Series("main agent", [None if day in (9, 10) else 0.55 + 0.3 * math.sin(day / 4) for day in range(30)]),
        Series("reviewer", [0.4 + 0.2 * math.cos(day / 5) for day in range(30)]),
        Series("a subagent with a very long name", [0.62 + 0.1 * math.cos(day / 2) for day in range(30)]),
    ]
    marks = [
        Mark(6, "alert: cache_hit_rate", "/suggestions", "bad"),
        Mark(8, "too near", tone="warn"),
        Mark(20, "trial began", "/suggestions", "good"),
    ]
    about = "Share of prompt tokens read from the cache, by agent type, per day; the band is the usual range."
    return Chart(
        "cache",
        "Cache efficiency",
        about,
        "lines",
        days(30),
        lines,
        "percent",
        band=(0.45, 0.7),
        band_name="usual (mean ± sd)",
        marks=marks,
        live=True,
    )


def context() -> Chart:
    """One line over unequal steps."""
    moments = [1_790_000_000_000 + 60_000 * place * (1 + place % 3) for place in range(120)]
    moments.sort()
    sizes: list[float | None] = [20_000 + 1_300 * (place % 70) for place in range(120)]
    labels = [f"{datetime.fromtimestamp(moment / 1000, UTC):%H:%M:%S}" for moment in moments]
    marks = [Mark(70, "compaction", "", "warn")]
    about = "Prompt tokens of every response over the session's time."
    return Chart(
        "context",
        "Context size",
        about,
        "lines",
        labels,
        [Series("context", sizes)],
        "tokens",
        moments,
        marks=marks,
        live=True,
    )


def bars() -> Chart:
    """Level bars."""
    names = [
        "repeated_read",
        "failed_retry",
        "context_bloat",
        "a_detector_with_a_very_long_name_indeed",
        "large_result",
        "idle",
    ]
    values: list[float | None] = [38.2, 22.91, 9.3, 4.07, 0.32, None]
    hrefs = [f"/waste?detector={name}" for name in names]
    about = "US dollars that each detector ascribes to what it found; detectors overlap, so there is no sum."
    return Chart(
        "waste", "Waste by detector", about, "bars", names, [Series("USD", values)], "usd", hrefs=hrefs, how="waste"
    )


def cards() -> Cards:
    """A strip."""
    return Cards(
        [
            Card("Spend", Cell(183.4, at_least=True), "usd", Change(151.2, "down"), "spend"),
            Card("Tokens", Cell(48_300_000), "tokens", Change(51_000_000), "tokens"),
            Card("Sessions", Cell(128), "count", Change(128), "sessions"),
            Card("Active time", Cell(93_600, note="of 5d 2h open"), "seconds", Change(80_000.0), "active-time"),
            Card("Cache share", Cell(0.913), "percent", Change(0.871, "up"), "cache"),
            Card("Cost per session", Cell(None), "usd", Change(1.2, "down")),
        ]
    )


def sessions(rows: int = 12) -> Grid:
    """A table with all that a cell can hold."""
    columns = [
        Column("session", "Session", wide=True),
        Column("project", "Project", low=True),
        Column("model", "Model", low=True),
        Column("verdict", "Tokens axis", hint="Against sessions of the same kind"),
        Column("usd", "Cost", "usd", sort="cost"),
        Column("tokens", "Tokens", "tokens", sort="tokens"),
        Column("duration", "Duration", "seconds", sort="duration", low=True),
        Column("share", "Waste", "percent", sort="waste"),
        Column("ended", "Ended", "moment", sort="recent"),
    ]
    verdicts = [("typical", ""), ("frugal", "good"), ("heavy", "warn"), ("wasteful", "bad"), ("not known", "dim")]
    found = []
    for place in range(rows):
        verdict, tone = verdicts[place % 5]
        found.append(
            [
                Cell(
                    f"Make the importer read files of a second kind, part {place}, and say what it could not read",
                    href=f"/session?id=agent%3A{place}",
                    note=f"agent:{place}f3a-77c1 · live" if place < 2 else "",
                ),
                Cell(("importer", "website", "infra")[place % 3], href="/?project=importer"),
                Cell(MODELS[place % 3]),
                Cell(verdict, tone=tone, tag=True),
                Cell(None if place == 4 else 12.34 / (place + 1), at_least=place == 3),
                Cell(4_560_000 // (place + 1), about=place == 5),
                Cell(3_900 * (place + 1) % 9_000),
                Cell(None if place == 6 else 0.021 * place),
                Cell(NOON - timedelta(hours=7 * place)),
            ]
        )
    footer = [
        Cell("All 12,345"),
        Cell(""),
        Cell(""),
        Cell(""),
        Cell(1834.2, at_least=True),
        Cell(480_300_000),
        Cell(93_600),
        Cell(0.12),
        Cell(""),
    ]
    paging = Paging(51, 12, 12_345, "/sessions?page=1", "/sessions?page=3")
    return Grid(
        "sessions",
        "Sessions",
        columns,
        found,
        "Main sessions, their subagents folded in.",
        footer,
        sorted_by="cost",
        paging=paging,
        how="sessions",
    )


def gallery() -> View:
    """One page with everything."""
    filters = Filters(
        [
            Field("q", "Search", search=True),
            Field(
                "type", "Task type", "", [Choice("", "All"), Choice("bugfix", "bugfix"), Choice("feature", "feature")]
            ),
            Field("verdict", "Verdict", "heavy", [Choice("", "Any"), Choice("heavy", "heavy")]),
            Field("min", "Minimum cost", "0.50"),
        ],
        "/sessions",
        {"range": "30d"},
    )
    facts = Facts(
        [
            ("Project", Cell("importer", href="/?project=importer"), "text"),
            ("Started", Cell(NOON), "moment"),
            ("Duration", Cell(5_400), "seconds"),
            ("Log", Cell("/home/someone/.agent/projects/importer/0123456789abcdef.jsonl"), "text"),
            ("Verdict", Cell("heavy", tone="warn", tag=True), "text"),
            ("Cost", Cell(None), "usd"),
        ],
        "Facts",
    )
    blocks: list[Block] = [
        Banner(
            "2 alerts have not been looked at: cache_hit_rate fell below its baseline.",
            "bad",
            "/suggestions",
            "Look at them",
        ),
        Banner(
            "31 responses of model-unknown have no price: sums are lower bounds.", "warn", "/models", "Give it a price"
        ),
        cards(),
        spend(),
        Section("Where it went", [Beside([[bars()], [trend()]])], "where", "Detectors overlap.", "waste"),
        Section("Every session", [filters, sessions()], "every"),
        Beside([[facts], [Code("Please find out why the importer\n\tskips the last line.\n\n" + "x" * 300, "Prompt")]]),
        context(),
        Grid(
            "folded",
            "Problems",
            [Column("file", "File"), Column("n", "Lines", "count")],
            [[Cell("a.jsonl"), Cell(3)]],
            folded=True,
        ),
        Grid("none", "Trials", [Column("name", "Name")], [], empty="No trial has been started."),
        Empty(
            "No goals yet. A goal groups the sessions that worked on one thing.",
            "tacho goal start 'Import files'",
            "/how-we-count",
            "What goals are",
        ),
        Note("Tokens of another model would be others.", "dim", "/how-we-count#what-if", "How we count"),
        Chart(
            "one",
            "A single day",
            "US dollars of one day.",
            "stacked",
            ["2026-11-01"],
            [Series("model-large", [3.0])],
            "usd",
        ),
        Chart("nothing", "Nothing yet", "US dollars per day.", "stacked", [], [], "usd"),
        spend12(),
    ]
    return View("Overview", blocks, "What it cost, what was wasted, and what should change.")


def spend12() -> Chart:
    """As many series as there may be."""
    lines = [Series(f"model {index}", [float(1 + (day + index) % 5) for day in range(14)]) for index in range(12)]
    return Chart("twelve", "Twelve series", "Counts per day.", "stacked", days(14), lines, "count")


def shell(current: str = "Overview") -> Shell:
    """A menu, a range, a status."""
    menu = [MenuItem(name, f"/{name.lower().replace(' ', '-')}", name == current) for name in MENU]
    fields = [
        Field("range", "Range", "30d", [Choice("7d", "7 days"), Choice("30d", "30 days"), Choice("all", "All")]),
        Field("project", "Project", "", [Choice("", "All projects"), Choice("importer", "importer")]),
        Field("agent", "Agent", "", [Choice("", "All agents"), Choice("agent", "agent")]),
    ]
    status = "As of 14:05:12, times in Europe/Berlin"
    return Shell(menu, "/?range=30d", Filters(fields, "/"), [], status, True, "", "/download/overview", "range=30d")


def main() -> None:
    """Write the gallery and what it needs into a folder."""
    folder = Path(sys.argv[1])
    (folder / "static").mkdir(parents=True, exist_ok=True)
    for name, (content, _) in static_files().items():
        (folder / "static" / name).write_bytes(content)
    (folder / "index.html").write_text(render_page(gallery(), shell(), ZONE), encoding="utf-8")
    footer = "Made by Tachograph on 2026-11-21, times in UTC."
    (folder / "alone.html").write_text(render_standalone(gallery(), zone=ZONE, footer=footer), encoding="utf-8")


if __name__ == "__main__":
    main()
