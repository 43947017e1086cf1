"""Runs in the single file before tacho does: beside what was unpacked, a Python is put that finds it.

Processes that tacho starts (workers, the watcher, learning in the background) and the hooks in the agents' settings
need a program that they can name. ``bin/python`` and ``bin/tacho-hook`` below the file's folder are these: they stay
where they are when the single file is moved, and are those of the build that was started last.

shiv runs this file with ``site_packages`` set to the folder that it has unpacked.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

LONGEST = 120
"""Characters that Linux reads of a script's first line, with some to spare."""


def link(target: Path | str, place: Path) -> None:
    """Make ``place`` a link to ``target``, at no moment nothing."""
    aside = place.with_name(f"{place.name}.{os.getpid()}")
    aside.symlink_to(target)
    os.replace(aside, place)


def write(text: str, place: Path, mode: int) -> None:
    """Write a file, at no moment half of it."""
    aside = place.with_name(f"{place.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.chmod(mode)
    os.replace(aside, place)


def script(python: Path) -> str:
    """``tacho-hook``, run by ``python``."""
    first = f"#!{python}"
    if " " in first or len(os.fsencode(first)) > LONGEST:
        quoted = str(python).replace("'", "'\"'\"'")
        first = f"#!/bin/sh\n'''exec' '{quoted}' \"$0\" \"$@\"\n' '''"
    return f"{first}\nfrom tachograph.hooks import main\n\nmain()\n"


def settle(unpacked: Path) -> Path:
    """The Python beside ``unpacked``, made where it is not there or finds another build."""
    home = unpacked.parent.parent
    python = home / "bin" / "python"
    found = home / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    try:
        if os.readlink(found) == str(unpacked) and python.exists():
            return python
    except OSError:
        pass
    own = Path(getattr(sys, "_base_executable", None) or sys.executable)
    python.parent.mkdir(parents=True, exist_ok=True)
    found.parent.mkdir(parents=True, exist_ok=True)
    write(f"home = {own.parent}\ninclude-system-site-packages = false\n", home / "pyvenv.cfg", 0o644)
    link(own, python)
    write(script(python), python.with_name("tacho-hook"), 0o755)
    link(unpacked, found)
    return python


if "site_packages" in globals():
    sys.executable = str(settle(globals()["site_packages"]))
