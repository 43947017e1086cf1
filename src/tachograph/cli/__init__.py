"""The command line: ``tacho``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``tacho`` with the process's arguments and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from tachograph import __version__

        print(f"tacho {__version__}")
        return
    import signal

    from tachograph.cli._frame import run

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside: temporary folders go too
    sys.exit(run(sys.argv[1:]))
