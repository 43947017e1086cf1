"""Walks through the programs of a command and gathers what they do."""

from __future__ import annotations

import re

from tachograph.analysis.shell.blocks import BlockWalk
from tachograph.analysis.shell.grammar import parse_script
from tachograph.analysis.shell.judge import judge_program
from tachograph.analysis.shell.options import find_change, read_option
from tachograph.analysis.shell.outcome import NOTHING, SOMETHING, Outcome
from tachograph.analysis.shell.places import join_folder, may_be_path, names_something
from tachograph.analysis.shell.syntax import Assignment, Prints, Redirect, Simple, Unclear, Word
from tachograph.analysis.shell.table import Wrapper, program_name

MAX_CALLS = 100
"""Calls of the command's own functions that are followed: functions that call functions grow without limit."""

_VARIABLE = re.compile(r"\$\{?(\w+)")
_LOOKS_LIKE_OPTION = re.compile(r"(?:^|[\s=('\"])[-+]")
_SETTING = re.compile(r"[A-Za-z_]\w*\+?=")
_SHELL_OPTION = re.compile(r"-[lceuxi]+|--login|--norc|--noprofile|--posix")
_HARMLESS_PAGERS = frozenset({"", "cat", "less", "more"})


class Walk(BlockWalk):
    """A command's programs judged in turn."""

    # ---------------------------------------------------------------------------------------- commands

    def _simple(self, node: Simple, fed: Outcome | None) -> Outcome:
        reason = self._assign(node.assignments) or self._evaluate(node.words)
        fed = self._fed(node.redirects, fed)
        outcome = self._words(node.words, fed) if node.words else NOTHING
        if node.assignments and not node.words:
            self.prepares = "a variable"
        if node.redirects:
            outcome = self._redirected(outcome, node.redirects)
        return outcome.because(reason)

    def _assign(self, assignments: tuple[Assignment, ...]) -> str:
        reason = ""
        for assignment in assignments:
            reason = reason or self._evaluate((assignment.value,)) or self._set_variable(assignment.value.text)
        return reason

    def _set_variable(self, text: str) -> str:
        """Note what ``NAME=value`` may do to later words; returns why it is a change of its own."""
        name, _, value = text.partition("=")
        name = name.rstrip("+").partition("[")[0]
        value = value.strip("\"'")
        if may_be_path(value):
            self.mentions[value] = None
        if _LOOKS_LIKE_OPTION.search(value):
            self._option_variables.add(name)
        words = self._table.words
        harmful = name in words.running_variables or name.startswith("GIT_CONFIG_")
        if harmful or (name in words.paging_variables and value.split(" ")[0] not in _HARMLESS_PAGERS):
            return f"sets {name}"
        return ""

    def _words(self, words: tuple[Word, ...], fed: Outcome | None) -> Outcome:
        first = words[0]
        if not first.known or not first.text:
            return self._unknown(words, "runs what a variable holds")
        name = program_name(first.text)
        if name in self._functions:
            return self._call(name, words, fed)
        if name in ("cd", "chdir", "pushd", "popd", "Set-Location"):
            return self._change_folder(name, words[1:])
        if self._holds_options(name, words[1:]):
            return self._unknown(words, f"{name} with options from a variable")
        wrapper = self._table.wrappers.get(name)
        if wrapper is not None:
            return self._wrapped(name, wrapper, words[1:], fed)
        if name in self._table.words.shells:
            return self._shell(name, words[1:])
        return self._program(words, fed)

    def _holds_options(self, name: str, words: tuple[Word, ...]) -> bool:
        """Whether a variable among ``words`` was given options, to a program that options make a change of."""
        row = self._table.programs.get(name)
        if row is not None and not (row.changes or row.writes or row.rule or row.only_with or row.allowed):
            return False
        found = (_VARIABLE.match(word.text) for word in words if not word.known)
        return any(variable is not None and variable[1] in self._option_variables for variable in found)

    def _unknown(self, words: tuple[Word, ...], reason: str) -> Outcome:
        self.works = True
        self._mention(words)
        return Outcome(reason, Prints.OTHER)

    def _program(self, words: tuple[Word, ...], fed: Outcome | None) -> Outcome:
        judgement = judge_program(words)
        self._mention(words[1:])
        self.mentions.update(dict.fromkeys(word.text for word in judgement.operands if names_something(word)))
        if judgement.reason:
            self.works = True
            return Outcome(judgement.reason, Prints.OTHER)
        if judgement.prepares:
            return self._prepared(words)
        self.works = True
        if judgement.prints in (Prints.NOTHING, Prints.OTHER):
            return Outcome("", judgement.prints)
        if judgement.files:
            return self._reads(judgement.files, judgement.prints)
        return Outcome("", max(fed.prints, judgement.prints), fed.paths) if fed else SOMETHING

    def _prepared(self, words: tuple[Word, ...]) -> Outcome:
        self.prepares = words[0].text
        reasons = [self._set_variable(word.text) for word in words[1:] if _SETTING.match(word.text)]
        return NOTHING.because(next(filter(None, reasons), ""))

    def _reads(self, files: tuple[Word, ...], prints: Prints) -> Outcome:
        joined = [join_folder(self._folder, word) for word in files]
        paths = tuple(path for path in joined if path is not None)
        return Outcome("", prints if len(paths) == len(files) else Prints.OTHER, paths)

    def _mention(self, words: tuple[Word, ...]) -> None:
        for word in words:
            text = word.text.partition("=")[2] if word.text.startswith("-") else word.text
            if may_be_path(text) and text not in self._table.words.null_devices:
                self.mentions[text] = None

    def _change_folder(self, name: str, words: tuple[Word, ...]) -> Outcome:
        operands = [word for word in words if word.text not in ("-P", "-L", "-e", "--", "-Path", "-LiteralPath")]
        if not self._inner:
            self.moved = True
        target = operands[0] if operands else Word("~", "~")
        self.mentions[target.text] = None
        known = name != "popd" and len(operands) < 2 and not target.text.startswith(("-", "+"))
        self._folder = join_folder(self._folder, target) if known else None
        return SOMETHING if name in ("pushd", "popd") or target.text == "-" else NOTHING

    # ---------------------------------------------------------------------- commands that run commands

    def _call(self, name: str, words: tuple[Word, ...], fed: Outcome | None) -> Outcome:
        self._mention(words[1:])
        if any(word.text.startswith("-") for word in words[1:]):
            return self._unknown(words, f"function {name} with options")
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise Unclear("nested too deeply")
        return self.run(self._functions[name], fed)

    def _wrapped(self, name: str, wrapper: Wrapper, words: tuple[Word, ...], fed: Outcome | None) -> Outcome:
        options: list[tuple[str, Word | None]] = []
        at = 0
        while at < len(words) and words[at].text.startswith("-") and words[at].text != "--":
            at = read_option(wrapper, words, at, options)
        change = find_change(wrapper, options, self._table.words.null_devices)
        if change:
            return self._unknown(words, f"{name} {change}")
        at += int(at < len(words) and words[at].text == "--") + wrapper.skips
        while name in ("env", "sudo", "time") and at < len(words) and _SETTING.match(words[at].text):
            reason = self._set_variable(words[at].text)
            if reason:
                return self._unknown(words, reason)
            at += 1
        inner = words[at:]
        if not inner or any(option in wrapper.listing for option, _ in options):
            self.works = True
            return SOMETHING
        if not wrapper.adds:
            return self._words(inner, fed)
        added = Word("$added", "1", known=False, plain=False)
        return Outcome(self._words((*inner, added), None).reason, Prints.OTHER)

    def _shell(self, name: str, words: tuple[Word, ...]) -> Outcome:
        """``bash -c 'text'``: the text is a command like any other."""
        self.works = True
        if len(words) == 1 and words[0].text == "--version":
            return SOMETHING
        for at, word in enumerate(words[:-1]):
            if not _SHELL_OPTION.fullmatch(word.text):
                break
            if "c" in word.text and word.text[1] != "-":
                return self._script(words[at + 1].text)
        return self._unknown(words, f"{name} runs unknown commands")

    def _script(self, text: str) -> Outcome:
        functions, self._functions = self._functions, {}
        outcome = self._subshell((parse_script(text),), None)
        self._functions = functions
        return outcome

    # ------------------------------------------------------------------------------------ redirections

    def _fed(self, redirects: tuple[Redirect, ...], fed: Outcome | None) -> Outcome | None:
        for redirect in redirects:
            if redirect.operator == "<" and redirect.target is not None:
                fed = self._reads((redirect.target,), Prints.CUT)
            elif redirect.operator.startswith("<<"):
                fed = SOMETHING
        return fed

    def _redirected(self, outcome: Outcome, redirects: tuple[Redirect, ...]) -> Outcome:
        null_devices = self._table.words.null_devices
        for operator, stream, target in ((one.operator, one.stream, one.target) for one in redirects):
            if target is None:
                continue
            reason = self._evaluate((target,))
            if operator in (">&", "<&") and target.text.rstrip("-").isdigit():
                continue
            if names_something(target) and target.text not in null_devices:
                self.mentions[target.text] = None
            if operator not in ("<", "<&", "<<", "<<-", "<<<"):
                if target.text not in null_devices and not target.text.startswith("/dev/fd/"):
                    reason = reason or "redirection to a file"
                if stream in ("", "1"):
                    outcome = Outcome(outcome.reason, Prints.NOTHING if target.text == "/dev/null" else Prints.OTHER)
            outcome = outcome.because(outcome.reason or reason)
        return outcome
