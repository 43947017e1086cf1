"""Files that a shell command surely wrote or removed, when it ended well."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import Literal

import msgspec

from tachograph.analysis.shell.grammar import parse_script
from tachograph.analysis.shell.places import join_folder
from tachograph.analysis.shell.syntax import Block, BlockKind, Function, Node, Redirect, Simple, Unclear, Word
from tachograph.analysis.shell.table import load_table, program_name

_SIGN = re.compile(r">|tee|touch|rm|mv|cp|unlink|apply_patch")
_IN_PLACE = re.compile(r"\s-\S*i")
"""One of them is in every command that this module has something to say of; the latter with ``sed``."""
_PATCHED = re.compile(r"^\*\*\* (Add File|Update File|Delete File|Move to): (.+)$", re.MULTILINE)
"""A file in a patch as Codex writes them."""
_WRITING = frozenset({">", ">>", ">|", "&>", "&>>", ">&"})
_ENDING = frozenset({"exit", "exec", "logout"})
"""What comes after one of these may never have run."""
_IN_ORDER = frozenset({BlockKind.SEQUENCE, BlockKind.AND, BlockKind.PIPELINE, BlockKind.SUBSHELL})
"""Blocks whose parts have all run when the command ended well."""
_PREPARING = frozenset(
    {"cat", "cd", "chmod", "cp", "echo", "export", "mkdir", "mv", "printf", "rm", "set", "tee", "touch"}
)
"""What nobody uses as a condition: what follows it with ``&&`` does not run only when all has gone wrong."""
_OPEN = frozenset({BlockKind.AND, BlockKind.EITHER, BlockKind.PIPELINE})
"""Blocks without brackets: a redirection behind one is that of its last command."""
_OWN_SHELL = frozenset({BlockKind.PIPELINE, BlockKind.SUBSHELL})
_LONGEST = 200_000
"""Characters; a longer command is not looked at."""


class FileChange(msgspec.Struct, frozen=True):
    """A file that was written, or something that is no more."""

    path: str
    """Without its quotes; relative to the folder the command runs in."""
    op: Literal["write", "remove"]
    """remove: of a folder, with all that lies in it."""


@lru_cache(maxsize=4096)
def find_file_changes(command: str) -> tuple[FileChange, ...]:
    """What ``command`` surely wrote or removed, given that its exit code was 0; in order.

    Redirections, ``tee``, ``touch``, ``sed -i``, ``cp``, ``apply_patch``; ``rm``, ``unlink``, and ``mv``. Only files
    that are named plainly, in commands that do not depend on anything: not in loops, branches, functions, behind
    ``||``, or behind a condition with ``&&`` whose outcome is not that of the whole. What is copied or moved to
    ``a/b`` is that file, to ``a/b/`` one in that folder.
    """
    if len(command) > _LONGEST or not (_SIGN.search(command) or ("sed" in command and _IN_PLACE.search(command))):
        return ()
    finder = _Finder()
    try:
        finder.visit(parse_script(command), certain=True, worked=True)
    except (Unclear, RecursionError):
        return ()
    return tuple(finder.found)


class _Finder:
    """One command on its way through: the folder it is in, and what was found so far."""

    def __init__(self) -> None:
        self.found: list[FileChange] = []
        self._folder: str | None = ""
        self._over = False

    def visit(self, node: Node, certain: bool, worked: bool) -> None:
        """Note what ``node`` does; ``worked``: it is known that it ended well.

        Without ``certain`` only whether it may have ended all, or gone elsewhere.
        """
        if isinstance(node, Simple):
            self._simple(node, certain)
        elif isinstance(node, Function):
            self.visit(node.body, certain=False, worked=False)
        else:
            self._block(node, certain and node.kind in _IN_ORDER, worked)

    def _block(self, block: Block, certain: bool, worked: bool) -> None:
        chain = block.kind is BlockKind.AND
        if block.kind not in _OPEN:
            self._redirected(block.redirects, certain)
        folder = self._folder
        for part in block.parts:
            if block.kind is BlockKind.PIPELINE:
                self._folder = folder
            if part is block.parts[-1]:
                self.visit(_with_redirects(part, block), certain, worked)
                break
            self.visit(part, certain, worked and chain)
            certain = certain and (not chain or worked or _prepares(part))
        if block.kind in _OPEN and not isinstance(block.parts[-1], Simple):
            self._redirected(block.redirects, certain)
        if block.kind in _OWN_SHELL:
            self._folder = folder

    def _simple(self, node: Simple, certain: bool) -> None:
        self._redirected(node.redirects, certain)
        words = node.words
        name = program_name(words[0].text) if words else ""
        if name == "sudo" and len(words) > 1 and not words[1].text.startswith("-"):
            words = words[1:]
            name = program_name(words[0].text)
        self._over = self._over or name in _ENDING
        if name in ("cd", "pushd", "popd"):
            plain = certain and name == "cd" and len(words) == 2 and not words[1].text.startswith("-")
            self._folder = join_folder(self._folder, words[1]) if plain else None
        elif name in _PROGRAMS:
            options = [word for word in words[1:] if word.text.startswith("-")]
            operands = [word for word in words[1:] if not word.text.startswith("-")]
            for op, word in _PROGRAMS[name]([one.text for one in options], operands):
                self._note(op, word, certain)
        elif name == "sed":
            for word in _edited_in_place(words[1:]):
                self._note("write", word, certain)
        elif name == "apply_patch":
            texts = [one.body for one in node.redirects] + [word.text for word in words[1:]]
            for op, word in _patched("\n".join(texts)):
                self._note(op, word, certain)

    def _redirected(self, redirects: tuple[Redirect, ...], certain: bool) -> None:
        for one in redirects:
            if one.operator in _WRITING and one.target is not None and not one.target.text.rstrip("-").isdigit():
                self._note("write", one.target, certain)

    def _note(self, op: Literal["write", "remove"], word: Word, certain: bool) -> None:
        path = join_folder(self._folder, word) if word.text else None
        device = word.text in load_table().words.null_devices or word.text.startswith(("/dev/", "/proc/"))
        if certain and not self._over and path is not None and not device:
            self.found.append(FileChange(path, op))


def _with_redirects(part: Node, block: Block) -> Node:
    """The last part of ``block``, with the redirections that are its own where the block has no brackets."""
    if isinstance(part, Simple) and block.kind in _OPEN:
        return msgspec.structs.replace(part, redirects=part.redirects + block.redirects)
    return part


def _prepares(node: Node) -> bool:
    return isinstance(node, Simple) and (not node.words or program_name(node.words[0].text) in _PREPARING)


Operands = list[Word]
Changes = list[tuple[Literal["write", "remove"], Word]]


def _tee(options: list[str], operands: Operands) -> Changes:
    return [("write", word) for word in operands] if set(options) <= {"-a", "-i", "-p", "--append"} else []


def _touch(options: list[str], operands: Operands) -> Changes:
    return [("write", word) for word in operands] if set(options) <= {"-a", "-m", "-am"} else []


def _rm(options: list[str], operands: Operands) -> Changes:
    asks = any("i" in option.lower() for option in options)
    return [] if asks else [("remove", word) for word in operands]


def _mv(options: list[str], operands: Operands) -> Changes:
    if set(options) - {"-f", "-v", "-fv", "-vf", "--force", "--verbose"}:
        return []
    return [*(("remove", word) for word in operands[:-1]), *_put(operands)]


def _cp(options: list[str], operands: Operands) -> Changes:
    careful = set(options) - {"-f", "-v", "-p", "-fv", "-vf", "-fp", "-pf", "--force", "--verbose", "--preserve"}
    return [] if careful else _put(operands)


def _put(operands: Operands) -> Changes:
    """What lies where the last operand says; in it when it is written as a folder, or takes several."""
    *sources, to = operands or [Word("", "")]
    if len(sources) == 1 and posixpath.basename(to.text) not in ("", ".", ".."):
        return [("write", to)]
    return [("write", _within(to, source)) for source in sources if posixpath.basename(source.text)]


def _within(folder: Word, source: Word) -> Word:
    path = posixpath.join(folder.text, posixpath.basename(source.text))
    return Word(path, path, plain=folder.plain and source.plain)


def _edited_in_place(words: tuple[Word, ...]) -> Operands:
    """The files that ``sed -i`` writes."""
    from tachograph.analysis.shell.given import read_given  # reads a table, and most commands never need it

    given = read_given("sed", words)
    names = {option.name for option in given.options}
    files = [one.word for one in given.operands if one.word.text]  # BSD's -i has a value, which is "" for no backup
    if "-i" not in names:
        return []
    return files if names & {"-e", "-f"} else files[1:]


def _patched(text: str) -> Changes:
    """The files of a patch; one that is moved is written under its new name."""
    found: Changes = []
    for sign, path in _PATCHED.findall(text):
        word = Word(path.strip(), path.strip())
        if sign == "Move to" and found:
            found[-1] = ("remove", found[-1][1])
        found.append(("remove" if sign == "Delete File" else "write", word))
    return found


_PROGRAMS = {"tee": _tee, "touch": _touch, "rm": _rm, "unlink": _rm, "mv": _mv, "cp": _cp}
