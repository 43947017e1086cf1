"""Checks of the machine: versions, settings, time zone."""

from __future__ import annotations

import platform
import re
import sqlite3
from datetime import datetime
from functools import cache
from importlib import metadata

from tachograph import __version__
from tachograph.app.doctor.check import Check, Scene
from tachograph.app.filters import find_zone
from tachograph.errors import TachographError

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_FIXED = (3, 51, 3)
_ALSO_FIXED = ((3, 44, 6), (3, 50, 7))


def check_versions(scene: Scene) -> Check:  # noqa: ARG001 (the signature of every check)
    """Of tacho, Python and the libraries."""
    summary = f"tacho {__version__}, Python {platform.python_version()}, {platform.system()}"
    return Check("versions", "ok", summary, [", ".join(f"{name} {_version_of(name)}" for name in _libraries())])


def _libraries() -> list[str]:
    """What tacho needs, as its installation says; the main ones when it runs from its source without one."""
    try:
        needed = metadata.requires("tachograph") or []
    except metadata.PackageNotFoundError:
        return ["click", "genai-prices", "msgspec", "rich"]
    names = (_NAME.match(requirement) for requirement in needed if ";" not in requirement)
    return sorted(match[0] for match in names if match)


@cache
def _version_of(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def check_sqlite(scene: Scene) -> Check:  # noqa: ARG001
    """SQLite below 3.51.3 has the WAL-reset bug (sqlite.org/wal.html), fixed in 3.44.6 and 3.50.7 too."""
    version = sqlite3.sqlite_version_info
    if version >= _FIXED or any(version[:2] == fixed[:2] and version >= fixed for fixed in _ALSO_FIXED):
        return Check("sqlite", "ok", sqlite3.sqlite_version)
    return Check(
        "sqlite",
        "warn",
        f"{sqlite3.sqlite_version} has the WAL-reset bug (fixed in 3.51.3)",
        ["It can damage a database that two processes write to at the same moment; tacho lets only one do so."],
        "No hurry: a newer Python build brings a newer SQLite.",
    )


def check_settings(scene: Scene) -> Check:
    """Whether config.toml and the environment can be read."""
    if scene.settings_error:
        return Check("settings", "broken", scene.settings_error, hint="Every other command refuses to run until then.")
    if not scene.config.is_file():
        return Check("settings", "ok", f"the defaults ({scene.config} does not exist)")
    return Check("settings", "ok", f"from {scene.config}")


def check_time_zone(scene: Scene) -> Check:
    """Which zone days and hours are shown in."""
    try:
        zone, name = find_zone(scene.settings.display_timezone)
    except TachographError as error:
        return Check(
            "time zone", "broken", error.message, hint="Set display.timezone in config.toml, or TZ, to an IANA name."
        )
    offset = datetime.fromtimestamp(scene.now_ms / 1000, zone).strftime("%z")
    origin = "display.timezone" if scene.settings.display_timezone else "the machine's"
    return Check("time zone", "ok", f"{name} (now UTC{offset[:3]}:{offset[3:]}), {origin}")
