"""The ``console`` blocks of the documents: read, run, compared, and brought up to date.

A line that begins with ``$ `` is a command; the lines up to the next one are what it prints, stdout and stderr
together. ``…`` alone on a line stands for any lines, within a line for any characters. A command whose output is not
shown only has to end well. ``# exit 3`` at a command's end says that it ends with exit code 3. All commands of a page
run in one shell, one after the other, in the home of Ada, who has the demo's logs. ``<!-- history: fork -->`` before a
block gives her another history (see histories.py) and a new shell. ``<!-- file: price.py -->`` before a block of code
puts it into her home under that name, before anything runs.

python -m tests.docs.console                 says which pages differ from what tacho prints
python -m tests.docs.console --write         writes into the pages what tacho prints; ``?`` below a command asks for all
                                             of it, ``?8`` for the first eight lines
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.histories import HISTORIES, MISSING

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ANY = "…"
MARK = "\x1e"

_HISTORY = re.compile(r"<!-- history: (\w+) -->")
_FILE = re.compile(r"^<!-- file: ([\w.-]+) -->\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EXIT = re.compile(r"\s+# exit (\d+)$")
_WANTED = re.compile(r"\?(\d*)")


@dataclass
class Command:
    """One command of a page and what it is said to print."""

    line: int
    """1-based line of the page."""
    text: str
    history: str
    shown: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    code: int = -1

    @property
    def expected_code(self) -> int:
        """The exit code that the page tells of."""
        found = _EXIT.search(self.text)
        return int(found[1]) if found else 0

    def is_right(self) -> bool:
        """Whether the command did what the page says."""
        return self.code == self.expected_code and (not self.shown or fits(self.shown, self.printed))


def fits(shown: list[str], printed: list[str]) -> bool:
    """Whether ``shown``, with its wildcards, is all of ``printed``."""
    parts = ["(?:.*\n)*?" if line == ANY else pattern_of(line) + "\n" for line in shown]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in printed)) is not None


def pattern_of(line: str) -> str:
    """A regular expression for one shown line."""
    return ".*?".join(re.escape(part) for part in line.split(ANY))


def read_commands(text: str) -> list[Command]:
    """Every command in the ``console`` blocks of a page, in order."""
    found: list[Command] = []
    history = "demo"
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        named = _HISTORY.match(line)
        if named:
            history = f"{named[1]}@{number}"
        elif line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append(Command(number, line[2:], history))
        elif inside:
            if not found:
                raise ValueError(f"line {number}: output before the first command")
            found[-1].shown.append(line)
    return found


def read_files(text: str) -> dict[str, str]:
    """The blocks of code that a page wants to lie in Ada's home, by name."""
    return dict(_FILE.findall(text))


def run_commands(commands: list[Command], folder: Path, files: dict[str, str] | None = None) -> None:
    """Run the commands, each history's in a home and shell of its own below ``folder``, and note what they printed."""
    for number, history in enumerate(dict.fromkeys(command.history for command in commands)):
        if history.partition("@")[0] in MISSING:
            for command in commands:
                if command.history == history:
                    command.printed, command.code = command.shown, command.expected_code
            continue
        home = folder / str(number) / "ada"
        home.mkdir(parents=True)
        HISTORIES[history.partition("@")[0]](home)
        for name, content in (files or {}).items():
            (home / name).write_text(content, encoding="utf-8")
        part = [command for command in commands if command.history == history]
        steps = [f"{command.text}\nprintf '\\n{MARK}%d\\n' $?" for command in part]
        done = subprocess.run(
            ["bash", "-c", "exec 2>&1\n" + "\n".join(steps)],
            cwd=home, env=environment(home), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False, timeout=300,
        )  # fmt: skip
        outputs = re.split(f"\n{MARK}(\\d+)\n", done.stdout.decode("utf-8").replace(str(home), "/home/ada"))
        for command, output, code in zip(part, outputs[::2], outputs[1::2], strict=False):
            command.printed = [line.rstrip() for line in output.rstrip("\n").split("\n")] if output.strip() else []
            command.code = int(code)


@contextmanager
def short_folder() -> Iterator[Path]:
    """An empty folder whose name is short: where paths are long, lines break at other places than on Ada's machine."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp" if os.path.isdir("/tmp") else None) as name:
        yield Path(name)


def environment(home: Path) -> dict[str, str]:
    """What a shell on Ada's machine knows."""
    scripts = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    places = {"XDG_DATA_HOME": ".local/share", "XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache"}
    return {
        "HOME": str(home), "PATH": scripts, "TZ": "UTC", "LANG": "C.UTF-8", "COLUMNS": "100", "PYTHONUTF8": "1",
        **{name: str(home / place) for name, place in places.items()},
    }  # fmt: skip


def updated(command: Command) -> list[str] | None:
    """What the page should show; None when it leaves out lines in a way that only a person can redo."""
    shown, printed = command.shown, command.printed
    wanted = _WANTED.fullmatch(shown[0])
    if wanted:
        some = bool(wanted[1]) and int(wanted[1]) < len(printed)
        return [*printed[: int(wanted[1])], ANY] if some else printed
    gaps = [number for number, line in enumerate(shown) if line == ANY]
    if not gaps:
        return _keeping(shown, printed)
    if len(gaps) > 1:
        return None
    head, tail = gaps[0], len(shown) - gaps[0] - 1
    if head + tail > len(printed):
        return _keeping(shown, printed)
    end = printed[len(printed) - tail :] if tail else []
    return [*_keeping(shown[:head], printed[:head]), ANY, *_keeping(shown[head + 1 :], end)]


def _keeping(shown: list[str], printed: list[str]) -> list[str]:
    """``printed``, but as ``shown`` writes it where that is right: with its wildcards."""
    right = {line: old for old in shown for line in printed if ANY in old and fits([old], [line])}
    old = [*shown, *[""] * len(printed)]
    return [right.get(line) or _with_wildcard(old[number], line) for number, line in enumerate(printed)]


def _with_wildcard(old: str, line: str) -> str:
    """``line`` with the wildcard of ``old``, where the word before it and all behind it are still there."""
    head, wildcard, tail = old.partition(ANY)
    found = re.match(rf"(.*\b{re.escape(head.split()[-1])} ).*?({re.escape(tail)})$", line) if head.strip() else None
    return f"{found[1]}{ANY}{found[2]}" if wildcard and tail and found else line


def rewrite(text: str, commands: list[Command]) -> str:
    """The page with the outputs that are wrong replaced."""
    lines = text.splitlines()
    for command in reversed(commands):
        if command.shown and not command.is_right():
            fresh = updated(command)
            if fresh is not None:
                lines[command.line : command.line + len(command.shown)] = fresh
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Check, or write, the pages named, or all."""
    wrong = 0
    pages = [Path(name).resolve() for name in arguments if not name.startswith("-")] or PAGES
    for page in pages:
        text = page.read_text(encoding="utf-8")
        commands = read_commands(text)
        with short_folder() as folder:
            run_commands(commands, folder, read_files(text))
        if "--write" in arguments:
            fresh = rewrite(text, commands)
            if fresh != text:
                page.write_text(fresh, encoding="utf-8")
                print(f"{page.name}: written")
            commands = [command for command in commands if not command.shown or updated(command) is None]
        for command in commands:
            if not command.is_right():
                wrong += 1
                print(f"{page.name}:{command.line}: $ {command.text}\n    exit {command.code}")
                print("\n".join(f"    {line}" for line in command.printed[:25]))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
