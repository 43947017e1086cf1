"""Which commands test or build, and whether their exit code says that it went well."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache

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
