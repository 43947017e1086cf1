"""What surrounds a page, and what goes wrong with one."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.page import load_pages
from tachograph.app.scope import Scope, parse_scope
from tachograph.report.html.shell import Shell
from tachograph.web.frame import make_shell
from tachograph.web.guard import Guard
from tests.dashboard.conftest import NOW_MS
from tests.dashboard.conftest import desk as desk
from tests.web.calling import call

PAGES = load_pages()


def shell_of(desk: Desk, slug: str, *, params: dict[str, str] | None = None, **scope: str) -> Shell:
    found: Scope = parse_scope({name.rstrip("_"): value for name, value in scope.items()}, UTC, "UTC", NOW_MS)
    return make_shell(desk, PAGES[slug], PAGES, found, params or {}, "")


def fields_of(shell: Shell) -> dict[str, tuple[str, list[str]]]:
    assert shell.scope is not None
    return {field.name: (field.value, [choice.value for choice in field.choices]) for field in shell.scope.fields}


def test_the_menu_leads_to_all_pages_within_the_same_scope(desk: Desk) -> None:
    shell = shell_of(desk, "sessions", range="90d", agent="codex")
    leads = {item.title: item.href for item in shell.menu}
    assert leads["Waste"] == "/waste?range=90d&agent=codex"
    assert leads[PAGES["overview"].title] == "/?range=90d&agent=codex"
    assert [item.title for item in shell.menu if item.current] == ["Sessions"]
    assert leads.keys() == {
        page.title for page in PAGES.values() if page.order and (page.needs is None or page.needs(desk))
    }


def test_the_scope_is_a_form(desk: Desk) -> None:
    shell = shell_of(desk, "sessions", params={"sort": "cost"}, range="7d")
    fields = fields_of(shell)
    assert fields["range"] == ("7d", ["7d", "30d", "90d", "365d", "all", "custom"])
    assert fields["agent"] == ("", ["", "claude_code", "codex"])
    projects = [text for (text,) in desk.connection.execute("SELECT DISTINCT project FROM sessions WHERE project > ''")]
    assert fields["project"][1][0] == ""
    assert sorted(fields["project"][1][1:]) == sorted(projects)
    assert shell.scope is not None
    assert (shell.scope.action, shell.scope.keep) == ("/sessions", {"sort": "cost"})
    assert (shell.address, shell.query) == ("/sessions?range=7d&sort=cost", "range=7d&sort=cost")
    assert shell.downloads == "/download/sessions"


def test_projects_come_by_when_they_were_last_worked_on(desk: Desk) -> None:
    listed = fields_of(shell_of(desk, "sessions"))["project"][1][1:]
    latest = dict(
        desk.connection.execute(
            "SELECT project, max(strftime('%Y-%m', started_at / 1000, 'unixepoch')) FROM sessions"
            " WHERE project > '' GROUP BY project"
        ).fetchall()
    )
    assert [latest[one] for one in listed] == sorted(latest.values(), reverse=True)


def test_dates_are_asked_for_only_where_they_count(desk: Desk) -> None:
    assert "from" not in fields_of(shell_of(desk, "sessions"))
    fields = fields_of(shell_of(desk, "sessions", from_="2026-10-01", to="2026-10-07"))
    assert (fields["range"][0], fields["from"][0], fields["to"][0]) == ("custom", "2026-10-01", "2026-10-07")


def test_what_is_chosen_stays_a_choice(desk: Desk) -> None:
    fields = fields_of(shell_of(desk, "sessions", project="/home/ada/gone", agent="other"))
    assert fields["project"][0] in fields["project"][1]
    assert fields["agent"][0] in fields["agent"][1]


def test_the_state_of_the_numbers_is_told(desk: Desk) -> None:
    desk.standing = type(desk.standing)(datetime(2026, 11, 21, 11, 59, 58, tzinfo=UTC), 5)
    assert shell_of(desk, "sessions").status == "As of 11:59:58, times in UTC"
    desk.standing = type(desk.standing)(datetime(2026, 11, 20, 23, 59, 58, tzinfo=UTC), 5)
    assert shell_of(desk, "sessions").status == "As of 2026-11-20 23:59:58, times in UTC"


def test_critical_alerts_and_unpriced_models_are_seen_first(desk: Desk) -> None:
    (alerts,) = desk.connection.execute("SELECT count(*) FROM alerts WHERE severity <> 'info'").fetchone()
    (critical,) = desk.connection.execute("SELECT count(*) FROM alerts WHERE severity = 'critical'").fetchone()
    query = "SELECT count(DISTINCT model) FROM usage_quarters WHERE unpriced > 0"
    (unpriced,) = desk.connection.execute(query).fetchone()
    assert alerts + unpriced > 0
    texts = [banner.text for banner in shell_of(desk, "sessions", range="all").banners]
    assert len(texts) == (critical > 0) + (unpriced > 0)
    if unpriced:
        assert f"{unpriced} model" in texts[-1]


def test_warnings_do_not_cry_on_every_page(desk: Desk) -> None:
    [(id,)] = desk.connection.execute("SELECT id FROM alerts WHERE severity = 'warning' LIMIT 1")
    assert not [one for one in shell_of(desk, "tools", range="7d").banners if "alert" in one.text]
    desk.connection.execute("CREATE TEMP TABLE alerts AS SELECT * FROM main.alerts")  # stands before the store's own
    desk.connection.execute("UPDATE temp.alerts SET severity = 'critical' WHERE id = ?", (id,))
    [banner] = [one for one in shell_of(desk, "tools", range="7d").banners if "alert" in one.text]
    assert banner.text == "1 critical alert not looked at yet."
    assert (banner.tone, banner.href) == ("bad", "/suggestions#alerts")
    assert not [one for one in shell_of(desk, "suggestions").banners if "alert" in one.text]


def test_a_custom_range_without_dates_is_the_last_thirty_days(dashboard: Guard) -> None:
    assert call(dashboard, "/sessions?range=custom").status == 200
    told = call(dashboard, "/sessions?range=custom").text
    assert f'value="{datetime.now(UTC).date()}"' in told


# --------------------------------------------------------------------------------------------------------- HTML


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "action", "hx-get")]


@pytest.mark.parametrize("slug", [slug for slug, page in PAGES.items() if page.order])
def test_every_link_of_a_page_leads_somewhere(dashboard: Guard, slug: str) -> None:
    links = Links()
    links.feed(call(dashboard, f"/{slug}?range=all").text)
    targets = {link.partition("#")[0] for link in links.found} - {""}
    assert len(targets) > 10
    sessions = [target for target in targets if target.startswith(("/session?", "/turn?"))]
    for target in sorted(targets - set(sessions[5:])):
        assert target.startswith("/"), target
        assert call(dashboard, target).status == 200, target


def test_hostile_parameters_are_shown_as_text(dashboard: Guard) -> None:
    for target in (
        "/sessions?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/sessions?project=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
        "/sessions?range=%3Cscript%3Ealert(1)%3C/script%3E",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
    ):
        text = call(dashboard, target).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


# ------------------------------------------------------------------------------------------------------ failures


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (sqlite3.OperationalError("database is locked"), 503, "Another tacho process is changing the warehouse."),
        (sqlite3.DatabaseError("database disk image is malformed"), 500, "Run tacho doctor"),
        (sqlite3.OperationalError("disk I/O error"), 500, "Run tacho doctor"),
        (sqlite3.OperationalError("no such column: x"), 500, "This is a bug in tacho."),
    ],
)
def test_a_failing_store_is_told(
    dashboard: Guard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    error: Exception, status: int, told: str,
) -> None:  # fmt: skip
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("tachograph.web.answers.open_desk", fail)
    answer = call(dashboard, "/sessions")
    assert (answer.status, told in answer.text) == (status, True)
    assert ("no such column" in capsys.readouterr().err) == ("bug" in told)
    assert "no such column" not in answer.text
