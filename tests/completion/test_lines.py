"""From the words of a line to the answer: which parameter takes what, how each shell is told, silence after faults."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from tachograph.cli import _complete
from tachograph.cli._complete import TAKES, Table, complete
from tachograph.cli._frame import tacho as root
from tachograph.warehouse.store import warehouse_file
from tests.builders.claude import ClaudeHome
from tests.completion.conftest import HARSH, IDS, SPACED
from tests.effort import takes_at_most
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

FREE = {
    "baseline family", "by", "cases arguments", "cases id", "cases ids", "cases margin", "cases mlflow_trace",
    "cases prompt", "cases skill", "cases verdict", "cases why", "check case", "check experiment", "check mlflow_run",
    "check mlflow_trace", "check skill", "check tracking_uri", "commands event", "commands name", "commands program",
    "compare after", "compare at", "compare before", "expect case", "expect margin", "goal accepted", "goal add_usd",
    "goal finished_at", "goal model", "goal never", "goal notes", "goal started_at", "goal title", "goal usage_note",
    "judge against", "judge model", "label note", "ml alias", "ml first", "ml model", "ml name", "ml registry",
    "ml second", "mlflow case", "mlflow experiment", "mlflow tracking_uri", "purge before", "report incident",
    "report week", "since", "suggest reason", "tz", "until", "waste explain",
}  # fmt: skip
"""Parameters that take what is not stored, or whatever a person thinks of: by name, or by top command and name."""


def ask(shell: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that ``shell`` is told with the cursor at the end of the last of ``words``."""
    divider = "\n" if shell == "bash" else " "
    monkeypatch.setenv("COMP_WORDS", divider.join(words))
    monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words) - 1))
    return complete(shell).splitlines()


def offered(words: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The values that zsh is told."""
    lines = ask("zsh", words, monkeypatch)
    return [value for kind, value in zip(lines[::3], lines[1::3], strict=True) if kind == "plain"]


def every_parameter() -> Iterator[tuple[str, click.Command, click.Parameter]]:
    """All parameters of all commands, with the name of the command at the top."""
    context = click.Context(root)
    for name in root.list_commands(context):
        pending = [root.get_command(context, name)]
        for one in pending:
            assert one is not None
            pending += one.commands.values() if isinstance(one, click.Group) else ()
            for param in one.params:
                yield name, one, param


# ------------------------------------------------------------------------------------------------ what takes what


def test_every_parameter_that_takes_a_text_is_offered_something_or_known_not_to_be():
    places = {param.name for _, _, param in every_parameter()}
    texts = [
        (top, one, param)
        for top, one, param in every_parameter()
        if isinstance(param.type, click.types.StringParamType | click.types.UnprocessedParamType)
    ]
    unknown = [
        f"{top} {one.name} {param.name}"
        for top, one, param in texts
        if not {f"{one.name} {param.name}", f"{top} {param.name}", param.name} & {*TAKES, *FREE}
    ]
    assert unknown == [], "say in cli/_complete.py what these take, or here that nothing can be offered"
    known = places | {f"{place} {param.name}" for top, one, param in texts for place in (top, one.name)}
    assert (set(FREE) | set(TAKES)) - known == set()


def test_the_commands_are_told_as_their_help_tells_them(monkeypatch: pytest.MonkeyPatch):
    lines = ask("zsh", ["tacho", ""], monkeypatch)
    context = click.Context(root)
    found = {name: root.get_command(context, name) for name in root.list_commands(context)}
    commands = {name: one for name, one in found.items() if one is not None and not one.hidden}
    assert lines[1::3] == list(commands)
    assert lines[2::3] == [one.get_short_help_str(60) for one in commands.values()]


def test_naming_the_commands_loads_none_of_them():
    code = (
        "import os, sys; os.environ.update(COMP_WORDS='tacho ', COMP_CWORD='1');"
        "from tachograph.cli._complete import complete; assert complete('zsh');"
        "names = 'tachograph.cli.cost', 'tachograph.app.cost', 'tachograph.warehouse.store';"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tacho", "compl"], ["completion"]),
        (["tacho", "show", "aaaa"], [IDS["second"], IDS["first"]]),
        (["tacho", "show", "--turns", "3", "b"], [IDS["third"]]),
        (["tacho", "score", IDS["first"], "bbb"], [IDS["third"]]),
        (["tacho", "report", "session", "c"], [IDS["fourth"]]),
        (["tacho", "expect", "learn", "d"], [IDS["fifth"]]),
        (["tacho", "purge", "--session", "b"], [IDS["third"]]),
        (["tacho", "cost", "--project", "or"], ["orchard"]),
        (["tacho", "cost", "--project=or"], ["--project=orchard"]),
        (["tacho", "cost", "--since", "7d", "--agent", "c"], ["claude_code", "codex"]),
        (["tacho", "cost", "--by", "mod"], ["model"]),
        (["tacho", "completion", ""], ["bash", "zsh", "fish"]),
        (["tacho", "--project", "or"], ["orchard"]),
        (["tacho", "--agent", "cl"], ["claude_code"]),
        (["tacho", "--sin"], ["--since"]),
        (["tacho", "--vers"], ["--version"]),
        (["tacho", "hooks", "un"], ["uninstall"]),
        (["tacho", "no-such", ""], []),
        (["tacho", "show", IDS["first"], ""], []),
    ],
)
def test_what_is_offered_where(folder: Path, monkeypatch: pytest.MonkeyPatch, words, expected):
    assert offered(words, monkeypatch) == expected


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["tacho", "check", "b"], "file"),
        (["tacho", "redact", "b"], "file"),
        (["tacho", "run", "--", "ls", "b"], "file"),
        (["tacho", "report", "weekly", "--markdown", "b"], "file"),
        (["tacho", "check", "--project", "b"], "dir"),
        (["tacho", "suggest", "promote", "--project", "b"], "dir"),
    ],
)
def test_files_and_folders_are_left_to_the_shell(folder: Path, monkeypatch: pytest.MonkeyPatch, words, kind):
    assert ask("fish", words, monkeypatch)[-1] == f"{kind},b"


def test_the_types_for_completion_change_no_help():
    context = click.Context(root)
    before = {name: root.get_command(context, name).get_help(click.Context(root)) for name in ("show", "cost", "purge")}
    table = Table("tacho")
    after = {name: table.get_command(context, name).get_help(click.Context(root)) for name in before}
    assert after == before


# -------------------------------------------------------------------------------------------- how shells are told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tacho", "show", "claude_code", ":", "b"], [IDS["third"]]),
        (
            ["tacho", "show", "claude_code", ":"],
            [IDS[name] for name in ("fifth", "fourth", "third", "second", "first")],
        ),
        (["tacho", "show", "claude_code:b"], [f"claude_code:{IDS['third']}"]),
        (["tacho", "cost", "--project", "=", "or"], ["orchard"]),
        (["tacho", "cost", "--agent", "="], ["claude_code", "codex"]),
        (["tacho", "cost", "--project", "=", "or", "--agent", "=", "cl"], ["claude_code"]),
        (["tacho", "cost", "--project", "/home/ada/tw"], ["/home/ada/two\\ words"]),
        (["tacho", "cost", "--project", "/home/ada/two\\ w"], ["/home/ada/two\\ words"]),
        (["tacho", "cost", "--project", '"/home/ada/two w'], [SPACED]),
        (["tacho", "cost", "--project", "'/home/ada/my"], []),
    ],
)
def test_bash_is_told_the_part_of_a_word_that_it_replaces(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words, expected
):
    lines = ask("bash", words, monkeypatch)
    assert [line.removeprefix("plain,") for line in lines] == expected


def test_bash_is_told_names_quoted(folder: Path, monkeypatch: pytest.MonkeyPatch):
    [line] = ask("bash", ["tacho", "cost", "--project", "/home/ada/my"], monkeypatch)
    quoted = line.removeprefix("plain,")
    done = subprocess.run(["bash", "-c", f"printf %s {quoted}"], capture_output=True, text=True, check=True)
    assert done.stdout == HARSH


def test_zsh_is_told_colons_apart_from_the_description(folder: Path, monkeypatch: pytest.MonkeyPatch):
    lines = ask("zsh", ["tacho", "show", "claude_code:a"], monkeypatch)
    assert lines[:3] == ["plain", f"claude_code\\:{IDS['second']}", "2026-05-02 Title of second"]


def test_fish_is_told_a_line_each(folder: Path, monkeypatch: pytest.MonkeyPatch):
    assert ask("fish", ["tacho", "cost", "--project", "o"], monkeypatch) == ["plain,orchard\t/home/ada/orchard"]
    assert len(ask("fish", ["tacho", "show", ""], monkeypatch)) == 5


# -------------------------------------------------------------------------------------------------- as a process


def answer(**environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tachograph"]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, check=False)


def test_a_process_answers(folder: Path):
    done = answer(COMP_WORDS="tacho show b", COMP_CWORD="2", _TACHO_COMPLETE="zsh_complete")
    assert done.stdout.decode().split("\n")[:2] == ["plain", IDS["third"]]
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "environment",
    [
        {"_TACHO_COMPLETE": "zsh_complete"},
        {"_TACHO_COMPLETE": "zsh_complete", "COMP_WORDS": "tacho show ", "COMP_CWORD": "x"},
        {"_TACHO_COMPLETE": "zsh_complete", "COMP_WORDS": "tacho show ", "COMP_CWORD": "-9"},
        {"_TACHO_COMPLETE": "cmd_complete", "COMP_WORDS": "tacho ", "COMP_CWORD": "1"},
        {"_TACHO_COMPLETE": "bash_complete", "COMP_WORDS": "tacho\nshow\n'", "COMP_CWORD": "2"},
        {"_TACHO_COMPLETE": "", "COMP_WORDS": "tacho ", "COMP_CWORD": "1"},
        {"_TACHO_COMPLETE": "zsh_complete", "COMP_WORDS": "tacho show ", "COMP_CWORD": "2"},
    ],
)
def test_a_fault_is_silent_and_makes_nothing(home: Path, environment):
    """In the last case there is no warehouse."""
    done = answer(**environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not (home / "tachograph").exists()


def children_seconds() -> float:
    """CPU time of this process's children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize(("line", "words"), [("tacho ", "1"), ("tacho show ", "2"), ("tacho cost --project s", "3")])
def test_a_person_does_not_wait(folder: Path, line: str, words: str):
    """0.15 s are promised; machines that are busy with other tests count twice as much for the same work."""
    with closing(sqlite3.connect(warehouse_file(folder))) as connection, connection:
        columns = ", ".join([row[1] for row in connection.execute("PRAGMA table_info(sessions)")][2:])
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
            f" INSERT INTO sessions (id, {columns})"
            f" SELECT 'claude_code:e' || i, {columns} FROM n, sessions WHERE session = 1"
        )
    asked = {"COMP_WORDS": line, "COMP_CWORD": words, "_TACHO_COMPLETE": "zsh_complete"}
    assert takes_at_most(0.3, lambda: answer(**asked), clock=children_seconds).stdout != b""


def test_a_broken_warehouse_is_no_fault_of_the_line(folder: Path):
    (folder / "warehouse.sqlite").write_bytes(b"no database at all" * 1000)
    done = answer(COMP_WORDS="tacho show ", COMP_CWORD="2", _TACHO_COMPLETE="zsh_complete")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("line", ["show ", "cost --project ", "alerts ack ", "goal show ", "kpis --agent ", ""])
def test_no_socket_is_opened_and_nothing_is_ingested(folder: Path, home: Path, line: str):
    ClaudeHome(home / ".claude").project().session("2026-06-01T09:00:00Z").prompt("Not read.").write()
    before = (folder / "warehouse.sqlite").read_bytes()
    code = (
        "import os, sys; from tachograph.cli._complete import complete\n"
        "def deny(event, arguments):\n"
        "    if event.startswith(('socket.', 'subprocess.', 'os.fork', 'os.exec', 'os.posix_spawn')): os._exit(9)\n"
        "sys.addaudithook(deny); os.environ.update(COMP_WORDS='tacho ' + sys.argv[1], COMP_CWORD=sys.argv[2])\n"
        "complete('zsh')"
    )
    words = str(len(f"tacho {line}".split(" ")) - 1)
    done = subprocess.run([sys.executable, "-c", code, line, words], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (folder / "warehouse.sqlite").read_bytes() == before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_command_prints_the_script(tacho: Tacho, home: Path, shell):
    assert tacho("completion", shell) == 0
    assert f"_TACHO_COMPLETE={shell}_complete" in tacho.out
    assert tacho.err == ""
    assert not (home / "tachograph").exists()


def test_another_shell_is_refused(tacho: Tacho):
    assert tacho("completion", "tcsh") == 2
    assert "'bash', 'zsh', 'fish'" in tacho.err


def test_the_variable_is_the_one_of_the_scripts():
    assert _complete.VARIABLE == "_TACHO_COMPLETE"
