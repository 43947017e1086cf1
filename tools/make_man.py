"""Write the manual pages of man/ from the commands' own help: tacho(1), and one page for each command.

python tools/make_man.py           writes them, and removes those of commands that are gone
python tools/make_man.py --check   writes nothing; exit code 1 when a page is not what the help says
"""

from __future__ import annotations

import re
import sys
from inspect import cleandoc
from pathlib import Path
from textwrap import wrap

import click

from tachograph.cli._frame import tacho

ROOT = Path(__file__).parent.parent
MAN = ROOT / "man"
CHANGELOG = ROOT / "CHANGELOG.md"
WIDTH = 100
MADE = '.\\" Made by tools/make_man.py: change the help of the command, not this page.\n'
EXIT_CODES = (
    ("0", "done; also when lines in logs were bad, and on a machine without any history"),
    ("1", "a check or a threshold failed"),
    ("2", "the command line makes no sense"),
    ("3", "what was named does not exist, or nothing matched"),
    ("4", "the store or the configuration is broken, or a given file cannot be read"),
    ("5", "another tacho process is writing"),
    ("70", "a bug"),
    ("130", "interrupted"),
)
PLACES = (
    ("TACHO_DATA_DIR", "the folder of the warehouse"),
    ("TACHO_CONFIG", "the configuration file"),
    ("CLAUDE_CONFIG_DIR", "Claude Code's folder; several are separated by commas"),
    ("CODEX_HOME", "Codex's folder"),
)
_ESCAPES = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}


def escape(text: str) -> str:
    """``text`` so that it is shown as it stands, wherever in a line; characters beyond ASCII by their numbers."""
    return "".join(_ESCAPES.get(one) or (one if one.isascii() else f"\\[u{ord(one):04X}]") for one in text)


def line(text: str) -> str:
    """``text`` as a line of its own, which begins no request."""
    made = escape(text)
    return f"\\&{made}" if made[:1] == "." else made


def paragraphs(help: str) -> list[str]:
    """A help text's paragraphs; those that click leaves as they are (``\\b``) keep their lines."""
    made = []
    for one in cleandoc(help.partition("\f")[0]).split("\n\n"):
        if one.startswith("\b\n"):
            made.append(".EX\n" + "".join(f"{line(text)}\n" for text in one.partition("\n")[2].splitlines()) + ".EE\n")
        else:
            made.append(filled(one))
    return made


def body(help: str) -> str:
    """A help text."""
    return ".PP\n".join(paragraphs(help))


def filled(text: str) -> str:
    """A text that is filled when it is shown, in lines that git can compare."""
    return "".join(f"{line(one)}\n" for one in wrap(text, 78, break_long_words=False, break_on_hyphens=False))


def words(text: str) -> str:
    """An option with what it takes: its names bold, the rest slanted."""
    parts = re.split(r"(\s+|, )", text)
    shown = (f"\\fB{escape(one)}\\fR" if one.startswith("-") else f"\\fI{escape(one)}\\fR" if one.strip(", ") else one
             for one in parts)  # fmt: skip
    return "".join(shown)


def options(command: click.Command, context: click.Context) -> str:
    """Each option with its help."""
    wanted = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    records = [one.get_help_record(context) for one in wanted]
    return "".join(f".TP\n{words(one[0])}\n{filled(one[1])}" for one in records if one is not None)


def usage(path: str, command: click.Command, context: click.Context) -> str:
    """The synopsis of one command."""
    return f"\\fB{escape(path)}\\fR {escape(' '.join(command.collect_usage_pieces(context)))}\n"


def commands_of(group: click.Group, context: click.Context) -> list[tuple[str, click.Command]]:
    """Those that a help lists."""
    found = ((name, group.get_command(context, name)) for name in group.list_commands(context))
    return [(name, one) for name, one in found if one is not None and not one.hidden]


def context_of(path: str, command: click.Command) -> click.Context:
    """As for the help on a wide terminal."""
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}
    return click.Context(command, info_name=path, **settings)


def release_date() -> str:
    """The day of the latest release; empty before the first one."""
    found = re.search(
        r"^## \[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d)$", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE
    )
    return found[1] if found else ""


def head(name: str, summary: str) -> str:
    """A page's first lines."""
    title = f'.TH {escape(name.upper())} 1 "{release_date()}" Tachograph "Tachograph"\n'
    return f"{MADE}{title}.SH NAME\n{escape(name)} \\- {escape(summary.rstrip('.'))}\n"


def summary_of(command: click.Command) -> str:
    """The first sentence of its help, whole."""
    return command.get_short_help_str(1000)


def command_page(name: str, command: click.Command) -> str:
    """The page of ``tacho NAME``; of a group, with all commands in it."""
    path = f"tacho {name}"
    context = context_of(path, command)
    parts = [head(f"tacho-{name}", summary_of(command)), ".SH SYNOPSIS\n", usage(path, command, context)]
    parts += [".SH DESCRIPTION\n", body(command.help or "")]
    parts += [".SH OPTIONS\n", options(command, context)]
    if isinstance(command, click.Group):
        parts.append(".SH COMMANDS\n")
        for inner, one in commands_of(command, context):
            below = context_of(f"{path} {inner}", one)
            parts += [f".SS {escape(f'{path} {inner}')}\n", usage(f"{path} {inner}", one, below)]
            parts += [".PP\n", body(one.help or ""), options(one, below)]
    parts += [".SH EXIT STATUS\nSee\n.BR tacho (1).\n", ".SH SEE ALSO\n.BR tacho (1)\n"]
    return "".join(parts)


def root_page() -> str:
    """The page of ``tacho`` itself."""
    context = context_of("tacho", tacho)
    inner = commands_of(tacho, context)
    parts = [head("tacho", tacho.help or ""), ".SH SYNOPSIS\n", usage("tacho", tacho, context)]
    parts += [".SH DESCRIPTION\n", body(f"{tacho.help}\n\n{tacho.epilog}")]
    parts += [".SH OPTIONS\n", options(tacho, context), ".SH COMMANDS\n"]
    parts += [f".TP\n.BR tacho\\-{escape(name)} (1)\n{filled(summary_of(one))}" for name, one in inner]
    parts += [".SH EXIT STATUS\n", *(f".TP\n.B {code}\n{line(text)}\n" for code, text in EXIT_CODES)]
    parts += [".SH ENVIRONMENT\n", *(f".TP\n.B {escape(name)}\n{line(text)}\n" for name, text in PLACES)]
    last = len(inner) - 1
    parts += [".SH SEE ALSO\n"]
    parts += [f".BR tacho\\-{escape(name)} (1){'' if at == last else ','}\n" for at, (name, _) in enumerate(inner)]
    return "".join(parts)


def make_pages() -> dict[str, str]:
    """Every page by the name of its file."""
    pages = {"tacho.1": root_page()}
    return pages | {
        f"tacho-{name}.1": command_page(name, one) for name, one in commands_of(tacho, click.Context(tacho))
    }


def main() -> int:
    """Write the pages, or say which ones are stale."""
    pages = make_pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in MAN.glob("*.1")}
    stale = sorted(name for name in {*pages, *there} if pages.get(name) != there.get(name))
    if "--check" in sys.argv[1:]:
        print(f"stale: {', '.join(stale)}" if stale else "man/ says what the help says")
        return 1 if stale else 0
    MAN.mkdir(exist_ok=True)
    for name in stale:
        if name in pages:
            (MAN / name).write_text(pages[name], encoding="utf-8")
        else:
            (MAN / name).unlink()
        print(f"{'written' if name in pages else 'removed'}: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
