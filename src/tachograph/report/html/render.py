"""Views as HTML: pages of the dashboard, and single files that need nothing else."""

from __future__ import annotations

import base64
import hashlib
from datetime import tzinfo
from functools import cache

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tachograph.report.html.assets import SCRIPTS, static_files, static_href, style_names
from tachograph.report.html.canvas import Canvas
from tachograph.report.html.cells import clean
from tachograph.report.html.shell import Shell
from tachograph.report.view import View

HTMX_CONFIG = {
    "allowEval": False,
    "includeIndicatorStyles": False,
    "historyEnabled": False,
    "historyCacheSize": 0,
    "selfRequestsOnly": True,
}
"""Nothing is evaluated, no style is put in, nothing is kept in the browser, no other server is asked."""


def render_page(view: View, shell: Shell, zone: tzinfo) -> str:
    """A page of the dashboard, moments in ``zone``. Its policy: scripts and styles of the same server alone."""
    names = {
        "scripts": [static_href(name) for name in SCRIPTS],
        "styles": [static_href(name) for name in style_names()],
    }
    config = msgspec.json.encode(HTMX_CONFIG).decode()
    canvas = Canvas(zone, shell, view)
    template = environment().get_template("page.html")
    return template.render(
        view=view, shell=shell, canvas=canvas, icon=static_href("icon.svg"), htmx_config=config, **names
    )


def render_standalone(view: View, *, zone: tzinfo, footer: str = "") -> str:
    """The view as one file: styles inside, no script, no address of anything else; its own policy allows no more.

    ``footer`` ends the page: what made it, of when, in which zone.
    """
    style = Markup(_inline_style())  # noqa: S704 (our own style sheet)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    template = environment().get_template("standalone.html")
    return template.render(view=view, canvas=Canvas(zone, None, view), policy=policy, style=style, footer=footer)


@cache
def environment() -> Environment:
    """The templates. Every text is escaped, and made harmless before; a name that is not there is an error."""
    return Environment(
        loader=PackageLoader("tachograph.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=clean,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def _inline_style() -> str:
    files = static_files()
    names = [name for name in style_names() if name != "uPlot.min.css"]
    text = "\n".join(files[name][0].decode() for name in names)
    if "</" in text:
        raise ValueError("a style sheet holds what would end its element")
    return text
