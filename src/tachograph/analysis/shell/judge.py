"""What one program with its words does: the table applied to it."""

from __future__ import annotations

import msgspec

from tachograph.analysis.shell.options import Arguments, find_change, read_arguments, read_option
from tachograph.analysis.shell.rules import Given, apply_rule
from tachograph.analysis.shell.syntax import Prints, Word
from tachograph.analysis.shell.table import Program, load_table, program_name


class Judgement(msgspec.Struct, frozen=True):
    """What one command does."""

    reason: str = ""
    """Why it is a change; ``""`` when it is none."""
    prints: Prints = Prints.OTHER
    files: tuple[Word, ...] = ()
    """Operands whose content is read; without any it reads what it is fed."""
    operands: tuple[Word, ...] = ()
    """Words that are neither options nor scripts."""
    prepares: bool = False


_PRINTS = {"nothing": Prints.NOTHING, "cut": Prints.CUT, "content": Prints.CONTENT, "other": Prints.OTHER}
_HELP_RUNNERS = frozenset({"run", "exec", "x", "run-script"})


def judge_program(words: tuple[Word, ...]) -> Judgement:
    """What the program ``words[0]`` does with the words after it."""
    table = load_table()
    name = program_name(words[0].text)
    if name in ("python", "python3") and [word.text for word in words[1:3]] == ["-m", "pip"]:
        name, words = "pip", words[2:]
    row = table.programs.get(name)
    if _says_something_about_itself(words):
        return Judgement()
    if row is None:
        return Judgement(f"not in the table: {name}", operands=words[1:])
    if row.rule == "subcommand":
        return _judge_subcommand(name, row, words[1:])
    return _judge_row(name, row, words[1:])


def _says_something_about_itself(words: tuple[Word, ...]) -> bool:
    """``node --version``, ``cargo build --help``: a known tool that is only asked what it is."""
    common = load_table().words
    texts = [word.text for word in words[1:]]
    tool = words[0].text.rpartition("/")[2]
    if not texts or tool not in common.tools:
        return False
    if len(texts) == 1:
        return texts[0] in common.versions or (texts[0] == "-v" and tool in ("node", "npm", "pnpm", "yarn", "bun"))
    return (
        len(texts) < 4
        and texts[-1] == "--help"
        and tool in ("gh", "git", "docker", "kubectl", "uv", "npm", "pip")
        and all(text.isalpha() and text not in _HELP_RUNNERS for text in texts[:-1])
    )


def _judge_subcommand(name: str, row: Program, words: tuple[Word, ...]) -> Judgement:
    table = load_table()
    options: list[tuple[str, Word | None]] = []
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        before = len(options)
        at = read_option(row, words, at, options)
        known = row.flags | row.valued | row.allowed.keys()
        if any(option not in known for option, _ in options[before:]):
            return Judgement(f"{name} {words[min(at, len(words)) - 1].text}", operands=words)
    change = find_change(row, options, table.words.null_devices)
    if change:
        return Judgement(f"{name} {change}", operands=words)
    if at >= len(words):
        return Judgement("" if row.bare else f"not in the table: {name}", operands=words)
    full = f"{name} {words[at].text}"
    inner = table.programs.get(full)
    if inner is None or not words[at].known:
        return Judgement(f"not in the table: {full}", operands=words[at + 1 :])
    judge = _judge_subcommand if inner.rule == "subcommand" else _judge_row
    return judge(full, inner, words[at + 1 :])


def _judge_row(name: str, row: Program, words: tuple[Word, ...]) -> Judgement:
    arguments = read_arguments(row, words)
    operands = arguments.operands
    reason = _change_by_table(row, words, arguments)
    if row.operands == "script" and not arguments.has(row.script_options):
        files = operands[1:]
    else:
        files = operands if row.operands != "other" else ()
    prints = _PRINTS[row.prints]
    if prints is Prints.CUT and arguments.has(row.alters):
        prints = Prints.CONTENT
    if not reason and row.rule:
        reason, prints = apply_rule(
            row, Given(words, arguments, files, prints), lambda inner: judge_program(inner).reason
        )
    if reason:
        return Judgement(f"{name} {reason}", operands=operands)
    named = files if row.operands != "other" else operands
    return Judgement("", prints, tuple(word for word in files if word.text != "-"), named, row.prepares)


def _change_by_table(row: Program, words: tuple[Word, ...], arguments: Arguments) -> str:
    """What makes a change, by the row's keys; ``""`` when nothing does."""
    change = find_change(row, arguments.options, load_table().words.null_devices)
    if change:
        return change
    if row.only_with and not arguments.has(row.only_with):
        return "without " + " or ".join(sorted(row.only_with))
    for refused in row.refuses:
        if any(refused in word.text for word in words):
            return f"with {refused}"
    if row.max_operands is not None and not arguments.has(row.listing) and len(arguments.operands) > row.max_operands:
        return arguments.operands[row.max_operands].text[:30]
    return ""
