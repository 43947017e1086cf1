"""Whether a sed or awk script only prints."""

from __future__ import annotations

import re

_BRACKET = r"(?>\[\^?+\]?+(?:\[:\w++:\]|[^\]\n])*+\])"
_SED_BRACKET = re.compile(_BRACKET)
_SED_ADDRESS = re.compile(rf"\s*(?:\d+(?:~\d+)?|\$|[~+]\d+|/(?:\\.|{_BRACKET}|[^/\\\n\[])*+/[IM]*)", re.DOTALL)
_SED_PLAIN = re.compile(r"[pdDPnNgGhHxzF=]|[lqQL]\s*\d*")
_SED_LABEL = re.compile(r"[:btT][^;}\n]*")
_SED_TEXT = re.compile(r"[aic](?:\\.|[^\n\\])*", re.DOTALL)
_SED_FILE = re.compile(r"[rR][^\n]*")
_SED_FLAGS = re.compile(r"[gpiImM0-9]*")
_SED_CUT = re.compile(r"\s*+(?:(?:\d++|\$)(?:,\s*+(?:\+?\d++|\$))?+\s*+!?+\s*+(?:[pd]|q\s*+\d*+)[\s;]*+)++")

_AWK_LEXEME = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\\n])*")|(?P<comment>\#[^\n]*)|(?P<name>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)"""
    r"""|(?P<space>\s+)|(?P<operator>>>|>=|\|\||\|&|.)""",
    re.DOTALL,
)
_AWK_REGEX = re.compile(r"/(?:\\.|(?>\[(?:\\.|\[:\w++:\]|[^\]\\\n])++\])|[^/\\\n\[])*+/")


def sed_only_prints(script: str) -> bool:
    """True when ``script`` is understood and neither writes a file nor runs a command."""
    at = 0
    while at < len(script):
        if script[at] in " \t\n;{}":
            at += 1
            continue
        end = _skip_sed_command(script, _skip_sed_addresses(script, at))
        if end is None:
            return False
        at = end
    return True


def sed_only_cuts(script: str) -> bool:
    """True when ``script`` chooses lines by their numbers and changes none."""
    return _SED_CUT.fullmatch(script) is not None


def _skip_sed_addresses(script: str, at: int) -> int:
    for separator in (",", ""):
        match = _SED_ADDRESS.match(script, at)
        if match is None:
            break
        at = match.end()
        if separator and script[at : at + 1] == separator:
            at += 1
        else:
            break
    while script[at : at + 1] in (" ", "\t", "!"):
        at += 1
    return at


def _skip_sed_command(script: str, at: int) -> int | None:
    """Where the command at ``at`` ends; None when it changes something or is not understood."""
    kind = script[at : at + 1]
    if kind in ("s", "y"):
        return _skip_sed_substitution(script, at)
    if kind == "{":
        return at + 1
    for pattern in (_SED_LABEL, _SED_TEXT, _SED_FILE):
        match = pattern.match(script, at)
        if match is not None:
            return match.end()
    match = _SED_PLAIN.match(script, at)
    if match is None or script[match.end() :].lstrip(" \t")[:1] not in ("", ";", "\n", "}", "#"):
        return None
    return match.end()


def _skip_sed_substitution(script: str, at: int) -> int | None:
    mark = script[at + 1 : at + 2]
    if not mark or mark in "\\\n":
        return None
    end = at + 2
    for part in ("pattern", "replacement"):
        while end < len(script) and script[end] != mark:
            bracket = _SED_BRACKET.match(script, end) if part == "pattern" and script[at] == "s" else None
            end = bracket.end() if bracket else end + (2 if script[end] == "\\" else 1)
        if end >= len(script):
            return None
        end += 1
    flags = _SED_FLAGS.match(script, end)
    end = flags.end() if flags else end
    return end if script[end:].lstrip(" \t")[:1] in ("", ";", "\n", "}") else None


def awk_only_prints(program: str) -> bool:
    """True when ``program`` neither writes a file nor runs a command; in doubt False."""
    at, previous, printing = 0, "", False
    while at < len(program):
        regex = _AWK_REGEX.match(program, at) if program[at] == "/" and _expects_operand(previous) else None
        match = regex or _AWK_LEXEME.match(program, at)
        assert match is not None  # the last alternative of a lexeme takes any character
        lexeme, at = match[0], match.end()
        if regex is None:
            if lexeme in ("@", "|", "|&", ">>", "`", '"') or lexeme == "system" or (lexeme == ">" and printing):
                return False
            if lexeme in ("print", "printf"):
                printing = True
            elif lexeme in (";", "{", "}", "\n") or (lexeme.isspace() and "\n" in lexeme):
                printing = False
        if not lexeme.isspace():
            previous = "/" if regex else lexeme
    return True


def _expects_operand(previous: str) -> bool:
    """Whether a slash after ``previous`` begins a pattern rather than divides."""
    return previous in ("", "(", ",", "{", "}", "!", "~", "&", "&&", "||", ";", "?", ":", "=", "in", "return", "print")
