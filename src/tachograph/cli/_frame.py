"""Finding the command, running it, and turning whatever goes wrong into a sentence and an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence

import click

from tachograph.errors import TachographError
from tachograph.report.sanitise import harmless_lines

DEFAULT = "overview"
"""What ``tacho`` alone shows."""


class CommandTable(click.Group):
    """Every module of this package without a leading underscore is the command of its name, loaded when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        home = importlib.import_module("tachograph.cli")
        names = (info.name for info in pkgutil.iter_modules(home.__path__))
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called ``cmd_name``; None when there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"tachograph.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(
    cls=CommandTable,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command, tacho brings the warehouse up to date and shows the overview (tacho overview --help).",
)
@click.version_option(package_name="tachograph", message="tacho %(version)s")
def tacho() -> None:
    """Flight recorder and coach for coding agents: what they did, what it cost, exactly and locally."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit code."""
    _open_closed_streams()
    arguments = list(arguments)
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version", "-V")):
        arguments.insert(0, DEFAULT)
    try:
        result = tacho.main(arguments, prog_name="tacho", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        print("tacho: interrupted; what was stored is consistent.", file=sys.stderr)
        return 130
    except TachographError as error:
        text = f"tacho: {error.message}" + (f"\n{error.hint}" if error.hint else "")
        print(harmless_lines(text), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        _drop_output()
        return 0
    except Exception as error:  # noqa: BLE001 (a bug: traceback and exit code 70)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            _drop_output()
            place = "" if error.filename is None else f" for {harmless_lines(os.fsdecode(error.filename))}"
            print(f"tacho: no space is left on the device{place}.", file=sys.stderr)
            return 4
        if isinstance(error, FileNotFoundError) and _is_folder_gone():
            print("tacho: the current folder does not exist any more.\nChange to one that does.", file=sys.stderr)
            return 4
        if _is_store_failure(error):
            print(
                f"tacho: the warehouse failed: {error}\nRun tacho doctor; look at the disk's free space.",
                file=sys.stderr,
            )
            return 4
        traceback.print_exc()
        print("tacho: this is a bug; please report it with the lines above.", file=sys.stderr)
        return 70
    return result if isinstance(result, int) else 0


def _open_closed_streams() -> None:
    """A caller may have closed them; without one, the next file that is opened would get its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (stays open)


def _drop_output() -> None:
    """What is left to be written would fail again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_folder_gone() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _is_store_failure(error: Exception) -> bool:
    """Whether the database or its disk gave way (a mistake in our SQL is a bug like any other)."""
    sqlite3 = sys.modules.get("sqlite3")
    words = ("malformed", "disk", "full", "not a database", "readonly")
    return (
        sqlite3 is not None and isinstance(error, sqlite3.DatabaseError) and any(word in str(error) for word in words)
    )
