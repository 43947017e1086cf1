"""``tacho run``: its command line, and both ways of reading it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tachograph.app.commands.capture import CaptureOptions
from tachograph.app.workspace import Workspace
from tests.commands.captured import alone, repo, tacho

__all__ = ["alone", "repo"]


@pytest.mark.parametrize(
    "arguments",
    [(), ("--timeout", "0", "--", "true"), ("--label", "101", "true"), ("--label", "nan", "true"),
     ("--timeout", "inf", "true"), ("--colour", "--", "true"), ("--",)],
)  # fmt: skip
def test_command_line_that_makes_no_sense_runs_nothing(repo: Path, arguments: tuple[str, ...]):
    done = tacho(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: tacho run")
    assert not (Workspace().folder / "commands.sqlite").exists()


def test_option_after_the_command_is_the_commands(repo: Path):
    done = tacho("echo", "--timeout", "x", "--", "--help")
    assert done.stdout == "--timeout x -- --help\n"


def test_options_read_quickly_are_those_of_the_command():
    """Both ways of reading a command line must mean the same."""
    from tachograph.cli._quick_run import read_quickly
    from tachograph.cli.run import command

    lines = [
        ["true"], ["--", "true", "-x"], ["--agent", "a", "--timeout", "2", "true"], ["--no-score", "--keep-text", "a"],
        ["--path", "p", "--repo", "r", "--model-dir", "m", "--label", "5", "--skip-unchanged", "--", "x"],
        ["--agent", "--", "true"], ["true", "--agent"], ["--label", "0", "x"], ["--label", "1e2", "--", "--", "x"],
    ]  # fmt: skip
    for line in lines:
        quick = read_quickly(line)
        assert quick is not None, line
        read = command.make_context("run", list(line), help_option_names=["-h", "--help"]).params
        read["score"] = not read.pop("no_score")
        assert tuple(read.pop("argv")) == quick[1], line
        assert CaptureOptions(**read) == CaptureOptions(**quick[0]), line


@pytest.mark.parametrize(
    "line",
    ["", "--", "--help", "-h", "--agent", "--timeout x a", "--timeout 0 a", "--timeout=1 a", "--timeout nan a",
     "--timeout inf a", "--label nan a", "--label -1 a", "--no-such a", "- a"],
)  # fmt: skip
def test_all_else_takes_a_closer_look(line: str):
    from tachograph.cli._quick_run import read_quickly

    assert read_quickly(line.split()) is None


def test_options_that_were_not_given_are_those_of_the_use_case():
    assert msgspec.structs.asdict(CaptureOptions()) == {
        "agent": None, "timeout": None, "repo": None, "folder": None, "model_dir": None, "label": None,
        "score": True, "skip_unchanged": False, "keep_text": False,
    }  # fmt: skip
