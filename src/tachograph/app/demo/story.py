"""What is told in ``stories.toml``: sessions as prompts and steps."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import msgspec

# A made-up password, so that redaction has something to do; put together here, so that no scanner takes it for real.
SECRET = "tr0ut" + "-Pier-" + "4471"

_CHANGES = re.compile(r"(.+) \+(\d+) -(\d+)")


class Step(msgspec.Struct, frozen=True):
    """One thing the agent did, or that happened to it."""

    verb: str
    """``read``, ``grep``, ``edit`` …: the words that stories.toml explains."""
    what: str = ""
    """Path, command, pattern, prompt of a subagent, answer."""
    result: str = ""
    """What came of it: output, error, kind of subagent, tool of a server."""
    folder: str = ""
    """Where a subagent looks; empty: anywhere."""
    added: int = 0
    removed: int = 0
    """Lines; ``added`` is also the length of a file read or written, the number of files a search found, the minutes of
    a pause."""


class Turn(msgspec.Struct, frozen=True):
    """A prompt and what followed from it."""

    prompt: str
    steps: tuple[Step, ...]


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of stories.toml."""

    id: str
    project: str
    agent: str
    model: str
    branch: str
    title: str
    days: tuple[int, ...]
    at: str
    script: str
    fork_of: str | None = None

    @property
    def cwd(self) -> str:
        """Where it was played."""
        return f"/home/ada/{self.project}"

    def turns(self) -> tuple[Turn, ...]:
        """The script, line by line. Raises ValueError for a line that is none."""
        turns: list[tuple[str, list[Step]]] = []
        for line in filter(None, self.script.replace("{secret}", SECRET).splitlines()):
            if line[0] in ">/":
                turns.append((line.removeprefix("> ").replace("/ ", "/", 1) if line[0] == "/" else line[2:], []))
            else:
                turns[-1][1].append(parse_step(line))
        return tuple(Turn(prompt, tuple(steps)) for prompt, steps in turns)


def parse_step(line: str) -> Step:
    """One line of a script. Raises ValueError when it makes no sense."""
    verb, _, rest = line.partition(" ")
    what, _, result = rest.partition(" => ")
    match verb:
        case "read" | "write":
            path, _, lines = rest.rpartition(" ")
            return Step(verb, path, added=int(lines))
        case "grep":
            return Step(verb, what, added=int(result))
        case "edit":
            changes = _CHANGES.fullmatch(rest)
            if changes is None:
                raise ValueError(line)
            return Step(verb, changes[1], added=int(changes[2]), removed=int(changes[3]))
        case "task":
            kind, _, prompt = rest.partition(": ")
            kind, _, folder = kind.partition(" in ")
            return Step(verb, prompt, kind, folder=folder)
        case "mcp":
            server, _, tool = rest.partition(" ")
            return Step(verb, server, tool)
        case "pause":
            return Step(verb, added=int(rest))
        case "run" | "fail" | "deny" | "web" | "commit" | "say" | "stop" | "overload" | "compact" | "miss" | "back":
            return Step(verb, what, result)
    raise ValueError(line)


def load_stories() -> tuple[Story, ...]:
    """All of them, in the order of the file. Raises msgspec.ValidationError for a row that is none."""
    text = resources.files("tachograph.app.demo").joinpath("stories.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["story"], type=tuple[Story, ...])
