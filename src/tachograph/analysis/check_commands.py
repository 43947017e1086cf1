"""Which commands test or build, and what their exit code says of how that went."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import Literal

from tachograph.analysis.commands import command_head
from tachograph.analysis.shell.examine import MAX_CHARS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALWAYS = _words(
    """
    pytest py.test tox nox vitest jest mocha ava rspec phpunit ctest tsc vue-tsc mypy pyright make just ninja gradle
    gradlew mvn mvnw rake bats cargo-nextest phpstan javac stack cabal
    """
)
"""Programs that test or build whatever they are told (``make`` and its like: when they are told nothing)."""
_BARE_ONLY = _words("make just gradle gradlew mvn mvnw rake stack cabal ninja")
_RUNNERS = _words(
    """
    npm pnpm yarn bun deno make just mise gradle gradlew mvn mvnw dotnet cargo go swift flutter composer rails bazel
    bazelisk hatch pdm poetry rye pixi rake stack cabal mix zig xcodebuild nx turbo php ninja
    """
)
"""Programs of which a further word says what they do."""
_TASK = re.compile(r"(?:unit-?)?(?:tests?|build|check|compile|verify|type-?check|nextest|vet|ci|assemble)(?:[:._-].*)?")
_ENDLESS = re.compile(r"watch|serve|dev\b|publish|clean|install")
_PYTHON = re.compile(r"python[\d.]* -m (?:pytest|unittest|tox|nox|mypy|build)")
_BEFORE = _words("npx bunx uvx pipx")
_PREPARES = _words("cd pushd popd export set source . echo printf true mkdir : unset sleep")
"""Programs beside which a check still says what the exit code says: they do not fail, or not by the code at hand."""
_SHELLS = _words("bash sh zsh dash fish ssh wsl wsl.exe docker podman eval xargs parallel watch pwsh")
_ASKS = _words("--version --help -h -V --collect-only --list --listTests --dry-run --watch --watchAll")
_PLAIN = re.compile(r"[^|&;<>()$`\n{}!#\\*?\[\]]*")
_NEGATED = re.compile(r"(?:^|[;&|(\n{])\s*!\s")
_HINT = re.compile(
    r"test|tox|nox|jest|mocha|\bava\b|rspec|phpunit|tsc|mypy|pyright|make|just|ninja|gradle|mvn|rake|bats|build|check"
    r"|compile|verify|\bvet\b|\bci\b|assemble|phpstan|javac|stack|cabal"
)

Verdict = Literal["passed", "failed", "unknown", "nothing_ran"]
"""``unknown``: it did not come to its end, or no code is known; ``nothing_ran``: no test or build began, because the
program, the script or the makefile is not there, or no test is."""

_LAST_VERDICT = 123
"""From 124 on an exit code tells of a time-out, a program that could not be run, or a signal."""
_NOT_RUN = (126, 127)
"""The shell's codes for a program that is not executable, or not found."""
_TESTED_NOTHING = {"pytest": (4, 5), "py.test": (4, 5), "unittest": (5,)}
"""Exit codes with which a program says that it ran no test: its arguments make no sense, none was found (pytest's
documentation, "Exit codes"; Python's of unittest, since 3.12)."""
_NEVER_BEGAN = re.compile(
    r"""
    (?:g?make|gmake)(?:\[[^]]*\])?:\ (?:\*\*\*\ )?
        (?:No\ rule\ to\ make\ target|No\ targets|.*\bno\ makefile|don't\ know\ how\ to\ make|.*:\ No\ such\ file\ or)
    |(?:\S+:\ )*(?:line\ \S+:\ )?(?:\(eval\):)?cd:.*\b(?:no\ such\ file|not\ a\ directory|can't\ cd)
    |(?:[\w./-]*sh|\(eval\)):.*(?:\bcommand\ not\ found\b|:\ not\ found$)
    |[\w./-]*python[\w.\#]*:\ No\ module\ named\b
    |(?:npm|yarn|pnpm)\b.*\b(?:missing\ script|ENOENT.*package\.json)
    |\s*ERR_PNPM_NO_SCRIPT
    |error:?\ (?:Script\ not\ found|Command\ ".*"\ not\ found|(?:No\ justfile|Justfile\ does\ not\ contain)
        |could\ not\ find\ `Cargo\.toml`|no\ such\ (?:sub)?command)
    |go:\ (?:go\.mod\ file\ not\ found|cannot\ find\ main\ module)
    |ERROR:\ (?:file\ or\ directory\ )?not\ found:
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""How the first telling line of the output begins where no test or build began, in the tools' own words."""


def is_check(head: str) -> bool:
    """Whether ``head`` (of :func:`tachograph.analysis.commands.command_head`) names a test or a build.

    Compilers and checkers of types count as builds; formatters and linters do not. Tasks are known by their names
    (``npm run test:unit``, ``make build``): a rule of thumb.
    """
    words = head.split()
    if words[:2] in (["uv", "run"], ["poetry", "run"], ["bundle", "exec"], ["pdm", "run"], ["hatch", "run"]):
        words = words[2:]
    elif words and words[0] in _BEFORE:
        words = words[1:]
    if not words:
        return False
    if _PYTHON.fullmatch(" ".join(words)):
        return True
    if len(words) == 1 or words[0] not in _RUNNERS:
        return words[0] in _ALWAYS and (len(words) == 1 or words[0] not in _BARE_ONLY)
    return _TASK.fullmatch(words[-1]) is not None and _ENDLESS.search(words[-1]) is None


@lru_cache(maxsize=8192)
def tells_check(command: str) -> bool:
    """Whether the exit code of the whole ``command`` is 0 if and only if a test or a build in it went well.

    Not where the output goes on into a pipe (``pytest | tail``: the code is that of ``tail``), where another program's
    code may stand in its place (``pytest; git status``, ``pytest || true``), where the text is cut or cannot be parsed.
    """
    if len(command) >= MAX_CHARS or _HINT.search(command) is None:
        return False
    if _PLAIN.fullmatch(command):
        try:
            return _is_check_program(shlex.split(command))
        except ValueError:
            return False
    from tachograph.analysis.shell.grammar import parse_script  # slow to import
    from tachograph.analysis.shell.syntax import Unclear

    try:
        return not _NEGATED.search(command) and _tells(parse_script(command))
    except Unclear:
        return False


def read_verdict(head: str, exit_code: int | None, error: str | None = None) -> Verdict:
    """What the exit code of a test or a build says.

    ``head`` is that of a command for which :func:`is_check` or :func:`tells_check` holds, ``error`` the first telling
    line of what it printed (a tool call's error signature), if that is known.
    """
    if exit_code is None or not 0 <= exit_code <= _LAST_VERDICT:
        return "nothing_ran" if exit_code in _NOT_RUN else "unknown"
    if exit_code == 0:
        return "passed"
    if exit_code in _TESTED_NOTHING.get(head.rpartition(" ")[2], ()):
        return "nothing_ran"
    return "nothing_ran" if error is not None and _NEVER_BEGAN.match(error) else "failed"


def _tells(node: object) -> bool:
    from tachograph.analysis.shell.syntax import Block, BlockKind, Simple

    if isinstance(node, Simple):
        return _is_check_program([word.text for word in node.words])
    if not isinstance(node, Block) or not node.parts:
        return False
    if node.kind in (BlockKind.SEQUENCE, BlockKind.SUBSHELL):
        return _tells(node.parts[-1])
    if node.kind is not BlockKind.AND:
        return False
    told = [_tells(part) for part in node.parts]
    return any(told) and all(tells or _prepares(part) for tells, part in zip(told, node.parts, strict=True))


def _prepares(node: object) -> bool:
    from tachograph.analysis.shell.syntax import Simple

    return isinstance(node, Simple) and (not node.words or node.words[0].text in _PREPARES)


def _is_check_program(words: list[str]) -> bool:
    if _ASKS.intersection(words) or _SHELLS.intersection(word.rpartition("/")[2] for word in words):
        return False
    return bool(words) and is_check(command_head(shlex.join(words)))
