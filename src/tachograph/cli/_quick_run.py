"""``tacho run`` without the library that reads command lines: it would take half of the time before the command."""

from __future__ import annotations

import gc
import math
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_SWITCHES = {
    "--no-score": ("score", False),
    "--skip-unchanged": ("skip_unchanged", True),
    "--keep-text": ("keep_text", True),
}
_VALUED: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--agent": ("agent", str),
    "--timeout": ("timeout", float),
    "--repo": ("repo", Path),
    "--path": ("folder", Path),
    "--model-dir": ("model_dir", Path),
    "--label": ("label", float),
}


def run_quickly(arguments: Sequence[str]) -> None:
    """Run a plain command line of ``tacho run`` and end this process; return when it takes a closer look."""
    found = read_quickly(arguments)
    if found is None or sys.stdout is None or sys.stderr is None:  # streams that the caller closed
        return
    gc.disable()  # there is little to collect, and looking for it takes a tenth of the time
    try:
        code = run_and_tell(*found)
    except KeyboardInterrupt:
        print("tacho: interrupted before the command was started.", file=sys.stderr)
        sys.exit(130)
    sys.stderr.flush()
    os._exit(code)  # all is closed and stored; Python's own end takes longer than storing it did


def _load_msgspec() -> None:
    """Import it without typing_extensions, which it would take where it is installed, and which loads for 11 ms.

    All that it wants of it is in ``typing`` since Python 3.11; without it, msgspec takes that.
    """
    name = "typing_extensions"
    if name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[name]


def read_quickly(arguments: Sequence[str]) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """The options (fields of CaptureOptions) and the command of a plain command line of ``tacho run``.

    None for whatever takes a closer look: ``cli/run.py`` reads that, and explains what is wrong with it.
    """
    options: dict[str, Any] = {}
    at = 0
    while at < len(arguments) and arguments[at].startswith("-") and arguments[at] != "--":
        if arguments[at] in _SWITCHES:
            name, value = _SWITCHES[arguments[at]]
            at += 1
        elif arguments[at] in _VALUED and at + 1 < len(arguments):
            name, read = _VALUED[arguments[at]]
            try:
                value = read(arguments[at + 1])
            except ValueError:
                return None
            at += 2
        else:
            return None
        options[name] = value
    if at < len(arguments) and arguments[at] == "--":
        at += 1
    command = tuple(arguments[at:])
    is_odd = not 0 < options.get("timeout", 1.0) < math.inf or not 0 <= options.get("label", 0.0) <= 100
    return None if is_odd or not command else (options, command)


def run_and_tell(options: dict[str, Any], argv: Sequence[str]) -> int:
    """Run the command, tell on stderr what was not kept and why, and return the exit code.

    A Ctrl-C that ended the command ends this process too.
    """
    from tachograph.capture.asking import Asked

    asked = Asked(options.get("repo") or ".")  # git answers while the rest is loaded
    _load_msgspec()
    from tachograph.app.commands.look import begin_look

    look = begin_look(asked, options.get("folder"), meanwhile=_load)
    from tachograph.app.commands.capture import CaptureOptions, capture
    from tachograph.app.workspace import Workspace
    from tachograph.capture.running import repeat_interrupt

    result = capture(Workspace(), argv, CaptureOptions(**options), look)
    if result.finished.problem:
        _tell(f"{argv[0]}: {result.finished.problem}")
    if result.problem:
        _tell(f"the command was not {'recorded' if result.event is None else 'scored'}: {result.problem}")
    if result.notice:
        _tell(result.notice)
    repeat_interrupt(result.finished)
    return result.finished.exit_code


def _load() -> None:
    """Import what will be needed; while git works, that takes no time."""
    with suppress(ImportError):  # Windows has no jobs
        import tachograph.capture.job
    import tachograph.app.commands.capture  # noqa: F401
    from tachograph.paths import data_dir

    data_dir()  # imports the library that knows such places


def _tell(text: str) -> None:
    from tachograph.report.sanitise import harmless

    print(f"tacho: {harmless(text)}", file=sys.stderr)
