"""Which addresses a page may hold, and those it makes itself."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from tachograph.report.sanitise import harmless_lines

HOW = "/how-we-count"
"""The page that tells how numbers come about; every ``how`` is an anchor on it."""

_LOCAL = re.compile(r"(?:/(?![/\\])|#)[^\s\\]*\Z")


def local_href(href: str) -> str:
    """``href`` when it leads to a place on this page or this server, else an empty text."""
    return href if _LOCAL.match(href) and harmless_lines(href) == href else ""


def with_params(address: str, **params: str | None) -> str:
    """``address`` with these parameters in place of those of the same name; None takes one away."""
    split = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(split.query, keep_blank_values=True) if name not in params]
    query = urlencode(kept + [(name, value) for name, value in params.items() if value is not None], errors="replace")
    return split.path + (f"?{query}" if query else "")


def anchor(text: str) -> str:
    """``text`` as an id in HTML and SVG: letters, digits, ``_``, ``.``, ``-``; all else is written as its number."""
    return re.sub(r"[^A-Za-z0-9_.-]", lambda found: f"_{ord(found[0]):x}_", text)
