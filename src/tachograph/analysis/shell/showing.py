"""Whether a command may have shown, or changed, what one file holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tachograph.analysis.shell.examine import MAX_CHARS
from tachograph.analysis.shell.grammar import parse_script
from tachograph.analysis.shell.judge import judge_program
from tachograph.analysis.shell.syntax import Block, BlockKind, Node, Prints, Redirect, Simple, Unclear, Word
from tachograph.analysis.shell.table import program_name

_BLIND = frozenset([
    "ls", "dir", "tree", "find", "fd", "du", "df", "stat", "file", "wc", "md5sum", "sha1sum", "sha256sum", "shasum",
    "cksum", "realpath", "readlink", "basename", "dirname", "echo", "printf", "seq", "pwd", "which", "type", "date",
    "uname", "hostname", "whoami", "id", "nproc", "ps", "pgrep", "uptime", "free", "printenv", "env", "cd", "mkdir",
    "rmdir",
])  # fmt: skip
"""Programs that print names, sizes, sums or their own words, never what a file holds, and that write to none."""
_SEARCHES = frozenset({"grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "diff", "colordiff"})
"""Programs that may be given a folder, and print of every file in it."""
_RUNS_COMMANDS = frozenset({"-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"})
_RECURSIVE = re.compile(r"-[a-zA-Z]*[rR][a-zA-Z]*|--(?:dereference-)?recursive")

_GIT_NAMES = frozenset({"branch", "rev-parse", "remote", "ls-files", "describe", "merge-base", "symbolic-ref"})
"""Subcommands that print names only, whatever their options."""
_GIT_COUNTS = frozenset({"--stat", "--shortstat", "--numstat", "--name-only", "--name-status", "--summary"})
_GIT_BLIND_OPTION = re.compile(
    r"""--(?:stat(?:=.*)? |shortstat|numstat|name-only|name-status|summary|oneline|graph|all|(?:no-)?decorate(?:=\w+)?
        |(?:format|pretty|since|until|after|before|author|grep|date|max-count|diff-filter)(?:=.*)?|no-merges|merges
        |reverse|cached|staged|no-color|short|branch|porcelain(?:=\w+)?|untracked-files(?:=\w+)?|ignored)?
    |-\d+|-n\d*|-sb?|-b|-uno|-unormal|-uall""",
    re.VERBOSE,
)
"""Options of ``status``, ``log``, ``diff`` and ``show`` with which they print no lines of files."""

_PREFIX = re.compile(
    r"(?:(?:time|nohup|sudo|timeout \d+[smh]?|npx|bunx|pnpm exec|uv run|poetry run|(?:[\w./]*/)?python3? -m) )+"
)
_CHECK = re.compile(
    r"""(?:pytest|unittest|mypy|pyright|flake8|ruff\ check|vitest|jest|tsc|eslint|go\ (?:test|build|vet)
    |cargo\ (?:test|build|check|clippy)|(?:npm|pnpm|yarn|bun)\ (?:run\ )?test|dotnet\ (?:test|build)|rspec|phpunit
    )(?:\ |$)""",
    re.VERBOSE,
)
"""Runs of tests, compilers and linters: they may write reports and caches, but not the source they are asked about."""
_FIXES = re.compile(r"(?:--fix|--write|--in-place|--update|-u$|-w$|-i$).*")


@lru_cache(maxsize=4096)
def may_show(command: str, name: str) -> bool:
    """Whether ``command`` may have shown or changed the content of a file whose base name is ``name``.

    It may when it holds the name, cannot be parsed, or holds anything but these: programs that print no content
    (``ls``, ``git status``); programs that print files by name, or what they are fed; a run of tests, a compiler or a
    linter without an option to mend what it finds. Letters may differ in case.
    """
    if len(command) >= MAX_CHARS or name.lower() in command.lower():
        return True
    try:
        return not _is_blind(parse_script(command), fed=False, name=name.lower())
    except Unclear:
        return True


def _is_blind(node: Node, *, fed: bool, name: str) -> bool:
    """``fed``: it reads what another program prints."""
    if isinstance(node, Simple):
        fed = fed or any(redirect.operator.startswith("<") for redirect in node.redirects)
        words = (*node.words, *(assignment.value for assignment in node.assignments))
        return _holds_nothing(words, node.redirects, name) and (not node.words or _program_is_blind(node.words, fed))
    if not isinstance(node, Block):
        return False
    piped = node.kind is BlockKind.PIPELINE
    return _holds_nothing(node.words, node.redirects, name) and all(
        _is_blind(part, fed=fed or (piped and at > 0), name=name) for at, part in enumerate(node.parts)
    )


def _holds_nothing(words: Iterable[Word], redirects: Iterable[Redirect], name: str) -> bool:
    """Neither the name in quotes, nor a substitution that may show something, nor a file that is not named."""
    targets = [redirect.target for redirect in redirects if redirect.target is not None]
    return all(target.plain for target in targets) and all(
        name not in word.text.lower() and all(_is_blind(inner, fed=False, name=name) for inner in word.inner)
        for word in (*words, *targets)
    )


def _program_is_blind(words: tuple[Word, ...], fed: bool) -> bool:
    texts = [word.text for word in words]
    prefix = _PREFIX.match(" ".join(texts))
    if prefix is not None:
        skipped = prefix[0].count(" ")
        words, texts = words[skipped:], texts[skipped:]
    if not words or not words[0].known:
        return False
    if _CHECK.match(" ".join(texts)):
        return not any(map(_FIXES.fullmatch, texts))
    program = program_name(texts[0])
    if program == "xargs":
        given = [text for text in texts[1:] if not text.startswith("-")]
        return bool(given) and given[0] in _BLIND and not _RUNS_COMMANDS & set(texts)
    if program in _BLIND:
        return not _RUNS_COMMANDS & set(texts) and (program != "env" or len(texts) == 1)
    return _git_is_blind(texts) if program == "git" else _reader_is_blind(program, words, fed)


def _git_is_blind(texts: list[str]) -> bool:
    rest = texts[1:]
    while rest[:1] in (["-C"], ["--no-pager"]):
        rest = rest[2:] if rest[0] == "-C" else rest[1:]
    if not rest or rest[0] in _GIT_NAMES:
        return bool(rest)
    options = [text for text in rest[1:] if text.startswith("-")]
    if not all(map(_GIT_BLIND_OPTION.fullmatch, options)):
        return False
    return rest[0] in ("status", "log") or (rest[0] in ("diff", "show") and not _GIT_COUNTS.isdisjoint(options))


def _reader_is_blind(program: str, words: tuple[Word, ...], fed: bool) -> bool:
    """A program of the table that prints nothing, files that are named, or what it is fed."""
    judgement = judge_program(words)
    if judgement.reason or judgement.prints is Prints.OTHER:
        return False
    if judgement.prints is Prints.NOTHING:
        return True
    searches = program in _SEARCHES
    if not judgement.files:
        return fed and not (searches and any(_RECURSIVE.fullmatch(word.text) for word in words))
    return all(word.plain and not (searches and _may_be_folder(word.text)) for word in judgement.files)


def _may_be_folder(path: str) -> bool:
    """A file's name has an ending; what has none may be a folder."""
    return "." not in path.rstrip("/").rpartition("/")[2].strip(".")
