"""The command line: ``tacho``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run ``tacho`` with the process's arguments and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from tachograph import __version__

        print(f"tacho {__version__}")
        return
    if "_TACHO_COMPLETE" in os.environ:
        from tachograph.cli._complete import answer

        answer()
    import signal

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside: temporary folders go too
    if sys.argv[1:2] == ["run"]:
        from tachograph.cli._quick_run import run_quickly

        run_quickly(sys.argv[2:])
    from tachograph.cli._frame import run

    sys.exit(run(sys.argv[1:]))
