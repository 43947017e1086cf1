"""What a shell command runs, in a word or three: ``git commit``, ``pytest``, ``npm run build``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

HEAD_CHARS = 40
"""Most characters of a head."""

_TOKEN = re.compile(
    r"""(?P<end>&&|\|\||[;|&\n()]|[{}](?=\s|$))|(?P<redirect>\d*[<>]+&?\d?)|(?P<comment>(?<!\S)\#[^\n]*)"""
    r"""|(?P<word>(?:"(?:\\.|[^"\\])*(?:"|$)|'[^']*(?:'|$)|\\.|[^\s;|&<>()"'\\])+)""",
    re.DOTALL,
)
_ASSIGNMENT = re.compile(r"(?:\$env:)?[A-Za-z_]\w*\+?=")
_NAME = re.compile(r"[A-Za-z][\w.:@+-]*")
_QUOTES = re.compile(r"""["'\\]""")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NO_WORK = _words("cd pushd popd set export source . unset true ulimit umask shopt Set-Location")
"""Commands that only prepare the next one."""
_KEYWORDS = _words("! if then else elif while until do")
_SHELLS = _words("bash sh zsh dash")
_WRAPPERS = {
    "sudo": "ughpCTRD", "env": "uCS", "nice": "n", "nohup": "", "exec": "a", "command": "", "timeout": "sk",
    "time": "fo", "stdbuf": "ioe", "xargs": "nIPLdEsa", "doas": "uC", "caffeinate": "tw", "ionice": "cnp",
}  # fmt: skip
"""Commands that run the command after them -> their one-letter options that take a value."""
_ONE_WORD = _words(
    """
    git npm pnpm yarn bun deno npx bunx cargo rustup go make just mise docker podman kubectl helm terraform systemctl
    pip pip3 pipx uv uvx poetry pdm hatch rye pixi conda brew apt apt-get dotnet mvn gradle gradlew bundle rails php
    composer swift flutter claude codex tmux
    """
)
_DEPTHS = {**dict.fromkeys(_ONE_WORD, 1), "gh": 2, "aws": 2, "gcloud": 2, "az": 2}
"""Commands whose next words say what they do -> how many of them."""
_DEEPER = {
    **dict.fromkeys(_words("yarn bun poetry pdm hatch rye pixi pipx conda"), _words("run")),
    **dict.fromkeys(_words("npm pnpm mise"), _words("run exec")),
    "uv": _words("run pip tool"), "git": _words("worktree stash"), "docker": _words("compose"),
    "bundle": _words("exec"), "go": _words("tool"), "deno": _words("task"),
}  # fmt: skip
"""Of these only the second word says what is done."""
_VALUED = _words(
    """
    -C -c -n -w -f -p -R --prefix --namespace --git-dir --work-tree --workspace --filter --file --package --project
    --manifest-path --context --repo --profile --region --with --cwd --dir --directory --python
    """
)
"""Options of the commands above that take the next word as their value."""
_PLAIN_START = re.compile(r"([A-Za-z][\w.-]*)(?: +([A-Za-z][\w.:@-]*))?(?=[\s;|&)]|$)")


@lru_cache(maxsize=8192)
def command_head(command: str) -> str:
    """The program that ``command`` is about, with the words that say what it is to do; ``""`` for an empty command.

    Preparations are passed over: comments, variables set for the command, ``cd x &&``, ``export``, ``sudo``, ``env``,
    ``time`` and the like. A program's folder and ``.exe`` are left out. Of a pipeline or a list of commands the first
    one counts. A rule of thumb on text, not a shell: quoting is followed, aliases and functions are not.
    """
    return (_quick_head(command) or _careful_head(command))[:HEAD_CHARS]


def _quick_head(command: str) -> str | None:
    """The head of a command that begins with it; None where it takes a closer look."""
    start = _PLAIN_START.match(command)
    if start is None:
        return None
    program, word = start.groups()
    if program in _KEYWORDS or program in _NO_WORK or program in _WRAPPERS or program in _SHELLS:
        return None
    if program not in _DEPTHS:
        return None if program.startswith("python") or program.endswith(".exe") else str(program)
    simple = word is not None and _DEPTHS[program] == 1 and word not in _DEEPER.get(program, ())
    return f"{program} {word}" if simple else None


def _careful_head(command: str) -> str:
    fallback = ""
    for words in _simple_commands(command):
        head = _head_of(words)
        if head and head.partition(" ")[0] not in _NO_WORK:
            return head
        fallback = fallback or head
    return fallback


def _simple_commands(command: str) -> Iterator[list[str]]:
    """The words of each command in a list or pipeline, redirections left out."""
    words: list[str] = []
    skip = False
    for match in _TOKEN.finditer(command):
        kind = match.lastgroup
        if kind == "end":
            if words:
                yield words
            words, skip = [], False
        elif kind == "redirect":
            skip = "&" not in match[0] or match[0].endswith("&")
        elif kind == "word":
            if not skip:
                words.append(_QUOTES.sub("", match[0]) if match[0][:1] in "\"'\\" else match[0])
            skip = False
    if words:
        yield words


def _head_of(words: list[str]) -> str:
    words = _unwrap(words)
    if not words:
        return ""
    program = _program_name(words[0])
    if program.startswith("python") and "-m" in words[1:3]:
        return " ".join([program, *words[words.index("-m") :][:2]])
    if program in _SHELLS and len(words) > 2 and words[1] in ("-c", "-lc"):
        return _quick_head(words[2]) or _careful_head(words[2])
    depth = _DEPTHS.get(program, 0)
    found = [program]
    for word in _plain_words(words[1:]) if depth else ():
        if len(found) > depth or not _NAME.fullmatch(word):
            break
        found.append(word)
        if len(found) == 2 and word in _DEEPER.get(program, ()):
            depth = 2
    return " ".join(found)


def _unwrap(words: list[str]) -> list[str]:
    """``words`` without what stands before the command proper."""
    while words:
        first = _program_name(words[0])
        if words[0] in _KEYWORDS or _ASSIGNMENT.match(words[0]):
            words = words[1:]
        elif first in _WRAPPERS and len(words) > 1:
            inner = _after_options(words[1:], _WRAPPERS[first])
            if first == "timeout":
                inner = inner[1:]
            if not inner:
                return words[:1]
            words = inner
        else:
            return words
    return []


def _after_options(words: list[str], valued: str) -> list[str]:
    """``words`` from the first that is no option (and no value of one) on."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if len(words[at]) == 2 and words[at][1] in valued else 1
    return words[at:]


def _plain_words(words: list[str]) -> Iterator[str]:
    """``words`` without options and their values."""
    skip = False
    for word in words:
        if skip or word.startswith(("-", "+")):
            skip = not skip and word in _VALUED
        else:
            yield word


def _program_name(word: str) -> str:
    """The last part of a program's path, without ``.exe``."""
    name = word.rstrip("\\/").rpartition("/")[2].rpartition("\\")[2] or word
    return name.removesuffix(".exe")
