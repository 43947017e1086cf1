"""What surrounds a page: its menu, the fields of the range, what is to be seen first, and the state of the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from tachograph.app.dashboard.desk import Desk
from tachograph.app.dashboard.links import link
from tachograph.app.dashboard.page import Page
from tachograph.app.dashboard.projects import name_projects
from tachograph.app.dashboard.unseen_alerts import count_severity
from tachograph.app.rollups.cubes import UsageSums
from tachograph.app.rollups.read import add_up
from tachograph.app.scope import RANGES, Scope
from tachograph.report.html.shell import MenuItem, Shell
from tachograph.report.units import counted
from tachograph.report.view import Banner, Choice, Field, Filters

_MOST_PROJECTS = 200
_CUSTOM = "custom"
_RANGE_NAMES = {"all": "All time"}
_PROJECTS = """
SELECT n.text FROM (
    SELECT project, max(span) AS latest, sum(sessions) AS sessions FROM roll.session_cells
    WHERE grain = 1 AND project > 0 GROUP BY project
) JOIN roll.names n ON n.name = project WHERE n.text <> '' ORDER BY latest DESC, sessions DESC, n.text LIMIT ?"""
_AGENTS = """
SELECT DISTINCT n.text FROM roll.session_cells c JOIN roll.names n ON n.name = c.agent
WHERE c.grain = 1 AND c.project = 0 ORDER BY n.text"""


def make_shell(
    desk: Desk, page: Page, pages: Mapping[str, Page], scope: Scope, params: Mapping[str, str], watches: str
) -> Shell:
    """Everything around ``page`` as it was asked for. ``watches``: the one session it is about; empty: any."""
    query = {**(scope.query if page.scoped else {}), **params}
    return Shell(
        menu=[
            MenuItem(one.title, link(one.slug, scope if one.scoped else None), one.slug == page.slug)
            for one in pages.values()
            if one.order and (one.needs is None or one.needs(desk))
        ],
        address=link(page.slug, scope if page.scoped else None, **params),
        scope=_scope_form(desk, page, scope, params) if page.scoped else None,
        banners=_banners(desk, page, scope),
        status=_status(desk),
        live=page.live,
        watches=watches,
        downloads=f"/download/{page.slug}",
        query=urlencode(query),
    )


def bare_shell(pages: Mapping[str, Page], address: str = "/") -> Shell:
    """What surrounds a page that says why there is none: the menu as far as it needs no data."""
    menu = [MenuItem(one.title, link(one.slug)) for one in pages.values() if one.order and one.needs is None]
    return Shell(menu, address)


def _scope_form(desk: Desk, page: Page, scope: Scope, params: Mapping[str, str]) -> Filters:
    fields = [Field("range", "Range", scope.range, [Choice(name, _range_name(name)) for name in (*RANGES, _CUSTOM)])]
    if scope.range == _CUSTOM:
        fields += [
            Field("from", "From", str(scope.first) if scope.first else ""),
            Field("to", "To", str(scope.last) if scope.last else ""),
        ]
    projects = [text for (text,) in desk.connection.execute(_PROJECTS, (_MOST_PROJECTS,))]
    agents = [text for (text,) in desk.connection.execute(_AGENTS)]
    names = name_projects([*projects, *([scope.project] if scope.project else [])])
    labels = [(path, names[path]) for path in names]
    fields += [
        _choice_field("project", "Project", "All projects", scope.project, labels),
        _choice_field("agent", "Agent", "All agents", scope.agent, [(one, one) for one in agents]),
    ]
    return Filters(fields, link(page.slug), dict(params))


def _range_name(name: str) -> str:
    if name == _CUSTOM:
        return "From … to …"
    return _RANGE_NAMES.get(name) or f"{RANGES[name]} days"


def _choice_field(name: str, label: str, everything: str, value: str | None, found: list[tuple[str, str]]) -> Field:
    known = dict(found)
    if value is not None:
        known.setdefault(value, value)
    return Field(name, label, value or "", [Choice("", everything), *(Choice(*one) for one in known.items())])


def _banners(desk: Desk, page: Page, scope: Scope) -> list[Banner]:
    """What needs a person's attention; the overview says so itself."""
    if page.slug == "overview":
        return []
    banners = []
    critical, at_least = count_severity(desk.connection, "critical")
    if critical and page.slug != "suggestions":  # warnings stand on the overview, and must not cry on every page
        told = f"{'At least ' if at_least else ''}{counted(critical, 'critical alert')} not looked at yet."
        banners.append(Banner(told, "bad", link("suggestions", anchor="alerts"), "See them"))
    if page.scoped and page.slug != "models":
        unpriced = [key[0] for key, sums in add_up(desk.connection, UsageSums, scope, ("model",)) if sums.unpriced]
        if unpriced:
            told = f"{counted(len(unpriced), 'model')} without a known price in this range: spend is a lower bound."
            banners.append(Banner(told, "warn", link("models", scope, anchor="unpriced"), "Which, and what to do"))
    return banners


def _status(desk: Desk) -> str:
    as_of = desk.standing.as_of.astimezone(desk.zone)
    now = datetime.fromtimestamp(desk.now_ms / 1000, desk.zone)
    moment = f"{as_of:%H:%M:%S}" if as_of.date() == now.date() else f"{as_of:%Y-%m-%d %H:%M:%S}"
    return f"As of {moment}, times in {desk.zone_name}"
