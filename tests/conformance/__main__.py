"""``python -m tests.conformance DIR`` writes the suite; ``--table`` prints the table of cases for the docs."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conformance.suite import table_of_cases, write_suite


def main(arguments: list[str]) -> int:
    """Do what the command line asks for; returns the exit code."""
    if arguments == ["--table"]:
        sys.stdout.write(table_of_cases() + "\n")
        return 0
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(f"usage: {__doc__}\n")
        return 2
    sys.stdout.write(f"{write_suite(Path(arguments[0]))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
