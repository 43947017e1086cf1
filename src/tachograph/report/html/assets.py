"""Files that pages of the dashboard ask for: ours, and the vendored ones."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "toml": "text/plain; charset=utf-8",
}
SCRIPTS = ("htmx.min.js", "idiomorph.min.js", "uPlot.iife.min.js", "format.js", "charts.js", "app.js")
"""In the order in which a page loads them."""


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Name -> content, media type, of every file below ``/static/``."""
    folder = resources.files(__package__) / "static"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        media_type = _TYPES.get(entry.name.rpartition(".")[2])
        if media_type and entry.is_file():
            found[entry.name] = entry.read_bytes(), media_type
    return found


@cache
def static_href(name: str) -> str:
    """The address of a file, changed whenever its content is. Raises KeyError when there is no such file."""
    content, _ = static_files()[name]
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def style_names() -> list[str]:
    """Style sheets in the order of their use: vendored, the general one, those of single pages."""
    names = [name for name in static_files() if name.endswith(".css")]
    return sorted(names, key=lambda name: (name != "uPlot.min.css", name != "app.css", name))
