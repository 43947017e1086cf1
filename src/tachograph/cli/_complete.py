"""Answering a shell that completes a line of ``tacho``: what may stand at the cursor.

click finds the place and knows commands, options and choices. What parameters without a fixed set of values take is
said here, by their names, and looked up in ``app/offers.py``. A fault of any kind offers nothing and says nothing: the
person is in the middle of a line.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterator
from importlib import resources
from typing import Literal, NoReturn

import click
from click.shell_completion import CompletionItem, ShellComplete, split_arg_string

from tachograph.app.offers import Kind, find_offers
from tachograph.cli._frame import DEFAULT, CommandTable, tacho
from tachograph.paths import data_dir

VARIABLE = "_TACHO_COMPLETE"
"""Set by the scripts: ``bash_complete``, ``zsh_complete`` or ``fish_complete``."""

Place = Literal["target", "file", "folder"]
"""target: a session or a log; file, folder: the shell completes these by itself."""

_WIDTH = 60
_TEXTS = (click.types.StringParamType, click.types.UnprocessedParamType)
_HELP = re.compile(
    r'^def command\([^)]*\) -> \w+:(?:  # fmt: skip)?\n    """(.+?)(?:\n\n|""")', re.MULTILINE | re.DOTALL
)
_SPECIAL = re.compile(r"[^\w@%+=:,./~-]")
"""What bash would take for more than itself, and what it would not."""

TAKES: dict[str, Kind | Place] = {
    "agent": "agent",
    "agent_type": "agent_type",
    "alerts": "alert",
    "cases source": "target",
    "check project": "folder",
    "check targets": "target",
    "detector": "detector",
    "findings names": "mechanism",
    "goal": "goal",
    "goal dropped": "goal",
    "goal kept": "goal",
    "kpi": "kpi",
    "label target": "session",
    "learn sessions": "target",
    "link": "session",
    "markdown": "file",
    "metric": "metric",
    "output": "file",
    "policy_path": "file",
    "project": "project",
    "prompt_file": "file",
    "redact file": "file",
    "run argv": "file",
    "score targets": "target",
    "session": "session",
    "sessions": "session",
    "suggest id": "suggestion",
    "supersedes": "goal",
    "trial": "trial",
    "unlink": "session",
}
"""What a parameter takes, by its name; before that, by the name of its command or group and its own."""


class Taken(click.types.StringParamType):
    """A text of which some values are known."""

    def __init__(self, taken: Kind | Place) -> None:
        self.taken = taken

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        """What it could be, the likeliest first."""
        if self.taken == "file":
            return [CompletionItem(incomplete, type="file")]
        if self.taken == "folder":
            return [CompletionItem(incomplete, type="dir")]
        kind: Kind = "session" if self.taken == "target" else self.taken
        items = [CompletionItem(one.value, help=one.about) for one in find_offers(kind, incomplete, data_dir())]
        return items + ([CompletionItem(incomplete, type="file")] if self.taken == "target" else [])


class Table(CommandTable):
    """The commands, with what their parameters take; naming them loads none of them."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """As :meth:`CommandTable.get_command`; its parameters have their types from then on."""
        command = super().get_command(ctx, cmd_name)
        for group, one in _with_groups(command, cmd_name):
            for param in one.params:
                if type(param.type) in _TEXTS and (taken := _taken(group, one.name, param.name)):
                    param.type = Taken(taken)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Commands that begin so."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [CompletionItem(name, help=_summary(name)) for name in names]


def _with_groups(command: click.Command | None, name: str) -> Iterator[tuple[str, click.Command]]:
    """The command and those inside it, each with the name that it is called by at the top."""
    if command is not None:
        yield name, command
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _with_groups(inner, name)


def _taken(group: str, command: str | None, param: str | None) -> Kind | Place | None:
    return TAKES.get(f"{command} {param}") or TAKES.get(f"{group} {param}") or TAKES.get(param or "")


def _summary(name: str) -> str:
    """The first sentence of a command's help, read from its module's text: to run all modules takes 0.3 s."""
    text = resources.files("tachograph.cli").joinpath(f"{name.replace('-', '_')}.py").read_text("utf-8")
    found = _HELP.search(text)
    return click.Command(name, help=found[1]).get_short_help_str(_WIDTH) if found else ""


class _Line(ShellComplete):
    """What all shells have in common."""

    cli: Table

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """As click finds them; options before the first word that is a command are those of ``tacho overview``."""
        if args[:1] and args[0].startswith("-"):
            args = [DEFAULT, *args]
        if args and args[0] not in self.cli.list_commands(click.Context(self.cli)):
            return []
        items = super().get_completions(args, incomplete)
        if not args and incomplete.startswith("-"):
            items += super().get_completions([DEFAULT], incomplete)
            return list({item.value: item for item in items}.values())
        option, equals, _ = incomplete.partition("=")
        if not (equals and option.startswith("--")):
            return items
        return [CompletionItem(f"{option}={item.value}", item.type, item.help) for item in items]

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor's, and the cursor's."""
        words, at = split_arg_string(os.environ["COMP_WORDS"]), int(os.environ["COMP_CWORD"])
        return words[1:at], words[at] if at < len(words) else ""


class BashLine(_Line):
    """bash: it takes ``=`` and ``:`` for words, inserts what it is given as it is, and shows no descriptions."""

    def complete(self) -> str:
        """One offer a line, quoted; of a word that bash has divided, the part from the last divider on."""
        raw = os.environ["COMP_WORDS"].split("\n")
        at = int(os.environ["COMP_CWORD"])
        typed = raw[at] if at < len(raw) else ""
        words = _join(raw[: at + 1])
        args = [word for one in words[1:-1] for word in split_arg_string(one)[:1]]
        incomplete = (split_arg_string(words[-1]) or [""])[0] if words[1:] else ""
        kept = len(incomplete) - len((split_arg_string(typed) or [""])[0].lstrip("=:"))
        items = self.get_completions(args, incomplete)
        told = ((item.type, item.value[kept:] if item.type == "plain" else item.value) for item in items)
        return "".join(f"{kind},{quoted}\n" for kind, value in told if (quoted := _quote(value, typed)) is not None)


class ZshLine(_Line):
    """zsh: three lines an offer; it quotes them by itself."""

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Kind, value, and what it is (``_``: nothing)."""
        about = item.help or "_"
        value = item.value if about == "_" else re.sub(r"([\\:])", r"\\\1", item.value)
        return f"{item.type}\n{value}\n{about}"


class FishLine(_Line):
    """fish: one line an offer, its description after a tab; it quotes them by itself."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor's, and the cursor's."""
        incomplete = (split_arg_string(os.environ["COMP_CWORD"]) or [""])[0]
        words = split_arg_string(os.environ["COMP_WORDS"])[1:]
        return words[:-1] if incomplete and words[-1:] == [incomplete] else words, incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Kind and value."""
        return f"{item.type},{item.value}" + (f"\t{item.help}" if item.help else "")


def _join(words: list[str]) -> list[str]:
    """The words as they were typed: after ``:``, and after ``=`` in an option, bash begins another one."""
    joined: list[str] = []
    goes_on = False
    for word in words:
        divides = joined[1:] and (word[:1] == ":" or (word[:1] == "=" and joined[-1].startswith("--")))
        if divides or goes_on:
            joined[-1] += word
        else:
            joined.append(word)
        goes_on = bool(divides)
    return joined


def _quote(value: str, typed: str) -> str | None:
    """``value`` as bash may insert it where ``typed`` stands; None when that cannot be."""
    if typed[:1] in ("'", '"'):
        return None if _SPECIAL.search(value.replace(" ", "")) else value
    return _SPECIAL.sub(r"\\\g<0>", value)


_LINES: dict[str, type[_Line]] = {"bash": BashLine, "fish": FishLine, "zsh": ZshLine}


def complete(shell: str) -> str:
    """The answer to the shell whose question is in ``COMP_WORDS`` and ``COMP_CWORD``. Raises all kinds of errors."""
    root = Table("tacho", params=list(tacho.params), context_settings=tacho.context_settings)
    return _LINES[shell](root, {}, "tacho", VARIABLE).complete()


def answer() -> NoReturn:
    """Print the answer and end the process; after any fault without one."""
    gc.disable()  # there is little to collect
    try:
        shell, _, asked = os.environ[VARIABLE].partition("_")
        if asked == "complete":
            sys.stdout.buffer.write(complete(shell).encode("utf-8", "replace"))
            sys.stdout.flush()
    except BaseException:  # noqa: BLE001, S110 (whatever is broken, it is no moment to talk about it)
        pass
    os._exit(0)  # taking Python down in order would take longer than the answer did
