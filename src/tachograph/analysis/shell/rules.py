"""What decides about a program besides its row's keys: scripts, actions among operands, the form of an operand."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tachograph.analysis.shell.options import Arguments
from tachograph.analysis.shell.scripts import awk_only_prints, sed_only_cuts, sed_only_prints
from tachograph.analysis.shell.syntax import Prints, Word
from tachograph.analysis.shell.table import Program, load_table, program_name

_FIND_ACTIONS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_CONFIG_QUESTIONS = ("-l", "--list", "--get", "--get-all", "--get-regexp", "--get-urlmatch")


class Given(msgspec.Struct, frozen=True):
    """A program's words and what its row says about them."""

    words: tuple[Word, ...]
    arguments: Arguments
    files: tuple[Word, ...]
    prints: Prints


def apply_rule(row: Program, given: Given, judge: Callable[[tuple[Word, ...]], str]) -> tuple[str, Prints]:
    """What makes a change (``""`` when nothing does), and what is printed then.

    ``judge`` says of a program with its words why it is a change.
    """
    if row.rule == "find":
        return _found_change(row, given.words, judge), given.prints
    return _RULES[row.rule](row, given)


def _scripts(row: Program, given: Given) -> list[str]:
    named = [
        value.filled for name, value in given.arguments.options if name in row.script_options and value is not None
    ]
    return named or [word.filled for word in given.arguments.operands[:1]]


def _rule_sed(row: Program, given: Given) -> tuple[str, Prints]:
    scripts = _scripts(row, given)
    if not all(sed_only_prints(script) for script in scripts):
        return "with a script that may write", given.prints
    cuts = len(scripts) == 1 and sed_only_cuts(scripts[0])
    return "", given.prints if cuts else Prints.CONTENT


def _rule_awk(row: Program, given: Given) -> tuple[str, Prints]:
    harmless = all(awk_only_prints(script) for script in _scripts(row, given))
    return "" if harmless else "with a program that may write", given.prints


def _rule_heads(_row: Program, given: Given) -> tuple[str, Prints]:
    """Of several files it prints the names, too."""
    named = len(given.files) > 1 and not given.arguments.has(("-q", "--quiet", "--silent"))
    return "", Prints.CONTENT if named else given.prints


def _rule_bat(_row: Program, given: Given) -> tuple[str, Prints]:
    if given.files and given.files[0].text == "cache":
        return "cache", given.prints
    return "", given.prints if given.arguments.has(("-p", "--plain")) else Prints.CONTENT


def _rule_date(_row: Program, given: Given) -> tuple[str, Prints]:
    """An operand that is no format sets the clock."""
    times = [word.text for word in given.arguments.operands if not word.text.startswith("+")]
    return times[0] if times and not given.arguments.has(("-j",)) else "", given.prints


def _rule_git_config(_row: Program, given: Given) -> tuple[str, Prints]:
    """``git config KEY`` reads; ``git config edit`` opens an editor, and a key always has a dot."""
    first = given.arguments.operands[0].text if given.arguments.operands else "without a key"
    reads = given.arguments.has(_CONFIG_QUESTIONS) or "." in first or first == "list"
    return "" if reads else first, given.prints


def _found_change(row: Program, words: tuple[Word, ...], judge: Callable[[tuple[Word, ...]], str]) -> str:
    """The actions of ``find`` stand anywhere; what ``-exec`` runs is judged as if it stood alone."""
    at = 0
    while at < len(words):
        text = words[at].text
        if text in row.changes:
            return text
        if text in _FIND_ACTIONS:
            end = next((i for i in range(at + 1, len(words)) if words[i].text in (";", "+")), len(words))
            reason = _executed_change(words[at + 1 : end], judge)
            if reason:
                return f"{text}: {reason}"
            at = end
        at += 1
    return ""


def _executed_change(words: tuple[Word, ...], judge: Callable[[tuple[Word, ...]], str]) -> str:
    if not words or not words[0].known:
        return "something unknown"
    name = program_name(words[0].text)
    table = load_table()
    if name in table.wrappers or name in table.words.shells:
        return f"not in the table: {name}"
    return judge(words)


_RULES: dict[str, Callable[[Program, Given], tuple[str, Prints]]] = {
    "sed": _rule_sed,
    "awk": _rule_awk,
    "heads": _rule_heads,
    "bat": _rule_bat,
    "date": _rule_date,
    "git config": _rule_git_config,
}
