"""The HTML report as a file: what stands in it, that it needs nothing else, and whom it may replace."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from itertools import count
from pathlib import Path

import msgspec
import pytest

from tachograph.app.dashboard.open_desk import open_desk
from tachograph.app.goals.figure_records import Achieved, GoalFigures
from tachograph.app.ingest import ingest
from tachograph.app.reports.html_figures import gather_figures, report_scope
from tachograph.app.reports.html_names import Names, Pseudonyms
from tachograph.app.reports.html_report import MadeReport, default_path, make_report, sum_up, write_report
from tachograph.app.reports.html_view import describe_report
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.report.html.render import render_standalone
from tachograph.report.view import Card, Cards, Section, View, find_grid
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome
from tests.builders.goal_site import make_figures
from tests.builders.log import milliseconds
from tests.builders.looped import HOSTILE, NOW, SITE, Looped
from tests.builders.small import Week, week
from tests.security.everywhere import Kind, write_everywhere

__all__ = ["week"]
JUNE = milliseconds("2026-06-01T12:00:00Z")
ADDRESSES = {
    "href",
    "src",
    "action",
    "formaction",
    "poster",
    "data",
    "background",
    "cite",
    "ping",
    "srcset",
    "xlink:href",
}


@pytest.fixture(scope="module")
def looped(tmp_path_factory: pytest.TempPathFactory) -> Looped:
    """The history, read and judged once; nobody changes it."""
    home = tmp_path_factory.mktemp("ada")
    with pytest.MonkeyPatch.context() as machine:
        machine.setenv("CLAUDE_CONFIG_DIR", str(home / ".claude"))
        machine.setenv("CODEX_HOME", str(home / ".codex"))
        return Looped(home)


class Page(HTMLParser):
    """What a browser would make of a report."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open:
            self.texts.setdefault(self._open[-1], []).append(data.strip())

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def made(workspace: Workspace, *, now: int = NOW, project: str | None = None, safe: bool = False) -> MadeReport:
    return make_report(workspace, 90, project, now, share_safe=safe)


def view_of(workspace: Workspace, names: Names, goals: GoalFigures | None = None) -> View:
    with open_desk(workspace, update=True) as desk:
        figures = gather_figures(desk, report_scope(desk, 90, None, NOW), goals)
    return describe_report(figures, names, datetime(2026, 11, 18, 12, tzinfo=UTC))


def cards_of(view: View) -> dict[str, Card]:
    return {card.title: card for block in view.blocks if isinstance(block, Cards) for card in block.items}


# -------------------------------------------------------------------------------------------------- what is in it


def test_the_parts_in_their_order(looped: Looped) -> None:
    page = Page(made(looped.workspace).content)
    assert page.texts["h1"] == ["Tachograph report"]
    assert page.texts["h2"] == ["Cost", "Retry signals", "Waste", "KPI trends", "In detail", "How it was counted"]
    assert page.texts["h3"][:2] == ["Cost by model", "Cost per session"]
    assert page.texts["h3"][-14:] == [
        "5 more KPIs", "Projects", "Models", "Sessions", "Findings", "Tools",
        "Cost and tokens", "Signs", "Sessions", "Cost per session, and its trend", "Retry signals", "Waste", "KPIs",
        "Tools",
    ]  # fmt: skip
    assert page.texts["title"][0] == "Tachograph report"


def test_the_strip(looped: Looped) -> None:
    cards = cards_of(view_of(looped.workspace, Names()))
    assert list(cards) == ["Total cost", "Cost trend", "Sessions", "Tokens"]
    cost = cards["Total cost"]
    assert cost.cell.value == pytest.approx(6 * 1.05 + 4 * 1.015 + 1.125)
    assert cost.cell.at_least  # a response of the model without a price
    assert (cards["Sessions"].cell.value, cards["Tokens"].cell.value) == (12, 6 * 636_000 + 4 * 635_300 + 637_500 + 110)
    trend = cards["Cost trend"].cell
    assert (trend.value, trend.note, trend.tone) == ("steady", "per session: second half 0.99 × the first", "")


def test_without_goals_nothing_is_said_of_them_and_with_goals_their_rate(looped: Looped) -> None:
    card = cards_of(view_of(looped.workspace, Names(), make_figures()))["Success rate"]
    assert (card.cell.value, card.cell.note, card.kind) == (0.7, "7 of 10 goals", "percent")
    assert b"uccess" not in made(looped.workspace).content
    assert b"Goals" not in made(looped.workspace).content


def goals_of(view: View) -> Section:
    [section] = [block for block in view.blocks if isinstance(block, Section) and block.title == "Goals"]
    return section


def test_goals_are_a_part_of_their_own_after_the_cost(looped: Looped) -> None:
    view = view_of(looped.workspace, Names(), make_figures())
    titles = [block.title for block in view.blocks if isinstance(block, Section)]
    assert titles[:3] == ["Cost", "Goals", "Waste"]
    section = goals_of(view)
    assert section.how == "how-goals"
    assert b'id="how-goals"' in render_standalone(view, zone=UTC, footer="").encode()
    [cards] = [block for block in section.blocks if isinstance(block, Cards)]
    assert [(card.title, card.cell.value, card.cell.note) for card in cards.items] == [
        ("Closed goals", 10, "1 open"), ("Success rate", 0.7, "7 of 10 goals"), ("Attempts per goal", 1.3, ""),
        ("Cost per success", 1.5, "n = 5 goals"), ("In the history", 0.8, "8 of 10 goals"),
        ("Cost wholly known", 0.5, "5 of 10 goals"),
    ]  # fmt: skip
    models, reasons = (find_grid(section.blocks, name) for name in ("goal-models", "goal-failures"))
    assert models is not None
    assert reasons is not None
    assert [[cell.value for cell in row] for row in models.rows] == [
        ["claude-sonnet-5", 10, 0.7, 1.3, 1.5], ["my-own", 3, 0.0, 1.0, "no success"],
    ]  # fmt: skip
    assert [[cell.value for cell in row] for row in reasons.rows] == [
        ["model mistake", 4, 0], ["other", 2, 2], ["not noted", 0, 1],
    ]  # fmt: skip


def test_a_report_to_be_shared_names_no_model_and_no_ledger_of_ones_own(looped: Looped) -> None:
    told = make_figures(unreadable=["The goals' ledger /home/ada/secret/x cannot be read: no."])
    page = render_standalone(view_of(looped.workspace, Pseudonyms(b"k" * 32), told), zone=UTC, footer="")
    assert "claude-sonnet-5" in page
    assert "1 ledger of goals cannot be read" in page
    assert "my-own" not in page
    assert "/home/ada/secret" not in page


def test_open_goals_alone_have_no_rates(looped: Looped) -> None:
    whole = Achieved(
        closed=0, succeeded=0, success_rate=None, attempts=0, attempts_per_goal=None, cost_known=0,
        cost_known_succeeded=0, usd=None, usd_per_success=None,
    )  # fmt: skip
    told = make_figures(achieved=whole, matched=0, known_cost_coverage=None, models=[], open=2)
    view = view_of(looped.workspace, Names(), told)
    assert "Success rate" not in cards_of(view)
    [cards] = goals_of(view).blocks
    assert isinstance(cards, Cards)
    assert [card.cell.value for card in cards.items] == [0, None, None, "not known", None, None]


def test_range_zone_and_versions_are_told(looped: Looped) -> None:
    page = Page(made(looped.workspace).content)
    told = " ".join(page.texts["dd"] + page.texts["time"] + page.texts["p"])
    assert "2026-08-21 to 2026-11-18, 90 days" in told
    assert "UTC" in page.texts["dd"]
    assert any(text.startswith("genai-prices-") for text in page.texts["dd"])
    assert "2026-11-18 12:00" in page.texts["time"]
    assert any("No price is known of 1 response of 1 model:" in text for text in page.texts["span"])


def test_one_project(looped: Looped) -> None:
    page = Page(made(looped.workspace, project="SITE").content)  # a part of its path, in whatever letters
    assert "2026-08-21 to 2026-11-18, project site; times in UTC" in page.texts["p"]
    assert "/home/ada/lab" not in str(page.texts)


@pytest.mark.parametrize(
    ("project", "error", "words"),
    [("nowhere", NotFound, "There is no project 'nowhere'."), ("/home/ada", UsageError, "2 projects have")],
)
def test_a_project_that_is_none_or_two(looped: Looped, project: str, error: type[TachographError], words: str) -> None:
    with pytest.raises(error, match=words):
        made(looped.workspace, project=project)


def test_the_path_as_it_is_goes_before_paths_that_begin_so(week: Week) -> None:
    week.claude.project("/home/ada/site/web").session("2026-05-26T09:00:00Z").prompt("Hello.").response()
    week.claude.write()
    assert made(week.ingest(), now=JUNE, project=SITE).figures.scope.project == SITE


def test_nothing_in_these_days(week: Week) -> None:
    page = Page(made(week.ingest(), now=NOW).content)
    assert page.texts["h2"] == ["How it was counted"]
    assert "No session and no response in these days." in page.texts["p"]
    assert "tacho report html --days 365" in page.texts["code"]


# --------------------------------------------------------------------------------------- a file that stands alone


@pytest.mark.parametrize("safe", [False, True])
def test_the_file_needs_nothing_else(looped: Looped, safe: bool) -> None:
    page = Page(made(looped.workspace, safe=safe).content)
    assert page.tags.isdisjoint({"script", "link", "iframe", "object", "embed", "img", "base", "form", "button"})
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name != "style", tag
        if name in ADDRESSES:
            assert value.startswith("#"), (tag, name, value)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value[1:] for _, name, value in page.attributes if name == "href"} <= set(ids)


def test_its_policy_allows_its_own_style_and_nothing_more(looped: Looped) -> None:
    text = made(looped.workspace).content.decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    rules = dict(part.strip().partition(" ")[::2] for part in policy[1].replace("&#39;", "'").split(";"))
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert len(styles) == 1
    assert rules == {
        "default-src": "'none'", "style-src": f"'sha256-{digest}'", "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert not re.search(r"url\(|@import", styles[0])


def test_words_of_logs_are_words(home: Path) -> None:
    looped = Looped(home)
    looped.work("2026-11-16T09:00:00Z", output=90_000).custom_title(HOSTILE)
    hostile = looped.claude.project("/home/ada/<script>alert(2)</script>\u202e").session("2026-11-16T10:00:00Z")
    hostile.prompt("<img src=x onerror=alert(3)>").call('mcp__<b>__"><svg onload=alert(4)>', {}).result("ok")
    looped.claude.write()
    ingest(looped.workspace)
    content = made(looped.workspace).content
    page = Page(content)
    assert page.tags.isdisjoint({"script", "img"})
    assert not re.search("[\u202e\x1b]", content.decode())
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    told = " ".join(text for texts in page.texts.values() for text in texts)
    assert "script>\ufffd" in told  # the path's end, and its last character made visible
    assert "<img src=x onerror=alert(3)>" in told


def test_a_thousand_sessions_fit_in_a_megabyte_and_a_half(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    days = count()
    for number in range(1000):
        day = next(days) % 60
        log = claude.project(f"/home/ada/project-{number % 60:02d}").session(
            f"2026-{9 + day // 30:02d}-{day % 30 + 1:02d}T{number % 24:02d}:00:00Z",
            model=f"claude-sonnet-{number % 12}",
        )
        log.custom_title(f"Work {number} " + "on a title that is rather long " * 8)
        log.prompt("Do it.").tool(f"mcp__server{number % 30}__tool{number % 90}", {}, result="done", output=number)
    claude.write()
    workspace = Workspace(home / "tachograph")
    ingest(workspace)
    report = made(workspace)
    assert report.figures.sessions.sessions == 1000
    assert len(report.content) < 400_000  # allowed are 1.5 MB
    assert "The 50 that cost most, of 1,000 sessions." in Page(report.content).texts["p"]


# ------------------------------------------------------------------------------------------------------ share-safe


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs with another word in every place that holds text."""
    folder = tmp_path_factory.mktemp("canaries")
    numbers = count(1)

    def give(kind: Kind, place: str) -> str:
        return f"canary{next(numbers):05d}"

    write_everywhere(folder, give, 2)
    return folder


@pytest.fixture(scope="module")
def sung(canaries: Path) -> Workspace:
    workspace = Workspace(canaries / "data", Settings())
    ingest(workspace, path=canaries / "claude")
    ingest(workspace, path=canaries / "codex")
    return workspace


def test_share_safe_tells_no_word_of_the_logs(sung: Workspace) -> None:
    plain, safe = made(sung, now=JUNE), made(sung, now=JUNE, safe=True)
    assert len(set(re.findall(rb"canary\d{5}", plain.content))) > 20
    assert re.findall(rb"canary\d{5}", safe.content) == []
    assert b"canary" not in safe.content.lower()
    assert safe.figures.usage == plain.figures.usage


def test_share_safe_tells_no_path_and_no_id(sung: Workspace) -> None:
    content = made(sung, now=JUNE, safe=True).content.decode()
    ids = [one.id for one in made(sung, now=JUNE).figures.dearest.sessions]
    assert ids
    assert [one for one in ids if one in content or one.partition(":")[2] in content] == []
    assert not re.search(r"/home/|\bada\b", content)


def test_share_safe_says_so_and_keeps_dates_and_amounts(looped: Looped) -> None:
    plain, safe = (Page(made(looped.workspace, safe=safe).content) for safe in (False, True))
    assert "Names are pseudonyms, see the end of this page." in safe.texts["p"]
    assert any("Dates, times, amounts and the time zone are as they are." in text for text in safe.texts["p"])
    assert plain.values("datetime") == safe.values("datetime")
    assert [text for text in plain.texts["td"] if "$" in text] == [text for text in safe.texts["td"] if "$" in text]


def test_a_project_has_the_same_pseudonym_in_every_report(looped: Looped) -> None:
    shown = [set(re.findall(rb"project-[0-9a-f]{8}", made(looped.workspace, safe=True).content)) for _ in range(2)]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 2
    one = set(re.findall(rb"project-[0-9a-f]{8}", made(looped.workspace, project=SITE, safe=True).content))
    assert len(one) == 1
    assert one < shown[0]


def test_pseudonyms_of_another_key_are_others(looped: Looped) -> None:
    shown = [
        set(re.findall(r"project-[0-9a-f]{8}", render_standalone(view_of(looped.workspace, Pseudonyms(key)), zone=UTC)))
        for key in (b"a" * 32, b"b" * 32)
    ]
    assert shown[0].isdisjoint(shown[1])


# ------------------------------------------------------------------------------------------------ where it may go


@pytest.fixture(scope="module")
def report(looped: Looped) -> MadeReport:
    return made(looped.workspace)


def test_the_file_is_named_by_the_day_alone(report: MadeReport) -> None:
    assert default_path(report.figures) == Path("tachograph-report-2026-11-18.html")


def test_it_is_for_its_owner_alone(report: MadeReport, tmp_path: Path) -> None:
    write_report(tmp_path / "r.html", report.content)
    assert (tmp_path / "r.html").read_bytes() == report.content
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "r.html").stat().st_mode) == 0o600


@pytest.mark.parametrize("held", [b"", None])
def test_an_earlier_report_or_nothing_is_replaced(report: MadeReport, tmp_path: Path, held: bytes | None) -> None:
    path = tmp_path / "r.html"
    path.write_bytes(b"<p>an earlier one</p>" + report.content if held is None else held)
    write_report(path, report.content)
    assert path.read_bytes() == report.content


@pytest.mark.parametrize("held", [b"<!doctype html>", b"x", b"\n" * 60])
def test_another_file_is_not(report: MadeReport, tmp_path: Path, held: bytes) -> None:
    path = tmp_path / "r.html"
    path.write_bytes(held)
    with pytest.raises(UsageError, match="is no report of tacho") as caught:
        write_report(path, report.content)
    assert caught.value.slug == "file_exists"
    assert path.read_bytes() == held


@pytest.mark.parametrize("place", ["missing/r.html", "."])
def test_where_no_file_can_be(report: MadeReport, tmp_path: Path, place: str) -> None:
    with pytest.raises(TachographError) as caught:
        write_report(tmp_path / place, report.content)
    assert caught.value.exit_code == 4


def test_what_is_told_of_it(report: MadeReport, tmp_path: Path) -> None:
    told = sum_up(report, tmp_path / "r.html", share_safe=False)
    assert msgspec.structs.asdict(told) == {
        "path": str(tmp_path / "r.html"), "bytes": len(report.content), "since": date(2026, 8, 21),
        "until": date(2026, 11, 18), "timezone": "UTC", "project": None, "share_safe": False, "sessions": 12,
        "responses": 111, "tokens": 6_994_810, "usd": pytest.approx(11.485), "unpriced_responses": 1,
        "cost_trend": "steady", "cost_trend_ratio": pytest.approx(0.9867, abs=1e-3),
    }  # fmt: skip
