"""The manual pages say what the help says, and the programs that show such pages take them as they are."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import click
import pytest

from tachograph.cli._frame import tacho
from tests.conftest import ROOT

MAN = ROOT / "man"
PAGES = sorted(MAN.glob("*.1"))
ESCAPED = "\\-\\-x \\(aqa\\(aq \\(gab\\(ga \\(dqc\\(dq \\e \\(ti \\(ha \\[u2026]"


@pytest.fixture(scope="module")
def make_man() -> ModuleType:
    """tools/make_man.py."""
    spec = importlib.util.spec_from_file_location("make_man", ROOT / "tools" / "make_man.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_what_the_help_says(make_man: ModuleType):
    there = {path.name: path.read_text(encoding="utf-8") for path in PAGES}
    made = make_man.make_pages()
    assert [name for name in sorted({*made, *there}) if made.get(name) != there.get(name)] == [], "run make man"


def test_every_command_has_a_page():
    names = [f"tacho-{name}.1" for name in tacho.list_commands(click.Context(tacho))]
    assert [path.name for path in PAGES] == sorted(["tacho.1", *names])


@pytest.mark.parametrize("program", [["mandoc", "-Tlint", "-Wwarning"], ["groff", "-man", "-ww", "-Tutf8", "-z"]])
def test_programs_have_nothing_to_say_about_them(make_man: ModuleType, program: list[str]):
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]} here")
    done = subprocess.run([*program, *map(str, PAGES)], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    if not make_man.release_date():  # there is no day yet to put into a page
        said = [line for line in said if "missing date" not in line]
    assert said == []


@pytest.mark.parametrize("program", [["mandoc", "-Tutf8"], ["groff", "-man", "-Tutf8"]])
def test_a_page_shows_options_and_examples_as_they_are_typed(program: list[str]):
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]} here")
    done = subprocess.run([*program, str(MAN / "tacho-completion.1")], capture_output=True, check=True)
    text = bytes(done.stdout).decode()
    plain = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", text)
    assert 'bash  ~/.bashrc                   eval "$(tacho completion bash)"' in plain
    assert "-h, --help" in plain


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("--x 'a' `b` \"c\" \\ ~ ^ …", ESCAPED),
        (".TH is no request here", "\\&.TH is no request here"),
        ("'br neither", "\\(aqbr neither"),
    ],
)
def test_text_stays_text(make_man: ModuleType, text: str, made: str):
    assert make_man.line(text) == made


def test_options_and_paragraphs(make_man: ModuleType):
    @click.command("x", help="One\nline.\n\n\b\nkept   as\n.it is\n\nLast.")
    @click.option("-o", "--out", metavar="FILE", default="-", show_default=True, help="Where to.")
    @click.option("--secret", hidden=True, help="Not shown.")
    @click.argument("thing")
    def command(**_: object) -> None: ...

    page = make_man.command_page("x", command)
    assert ".SH NAME\ntacho\\-x \\- One line\n.SH SYNOPSIS\n\\fBtacho x\\fR [OPTIONS] THING\n" in page
    assert ".SH DESCRIPTION\nOne line.\n.PP\n.EX\nkept   as\n\\&.it is\n.EE\n.PP\nLast.\n" in page
    assert ".TP\n\\fB\\-o\\fR, \\fB\\-\\-out\\fR \\fIFILE\\fR\nWhere to.  [default: \\-]\n" in page.replace(
        "Where to. [", "Where to.  ["
    )
    assert "secret" not in page


def test_writing_removes_pages_of_commands_that_are_gone(
    make_man: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(make_man, "MAN", tmp_path / "man")
    monkeypatch.setattr(sys, "argv", ["make_man.py", "--check"])
    assert make_man.main() == 1
    assert not (tmp_path / "man").exists()
    monkeypatch.setattr(sys, "argv", ["make_man.py"])
    assert make_man.main() == 0
    (tmp_path / "man" / "tacho-gone.1").write_text("old")
    (tmp_path / "man" / "tacho.1").write_text("old")
    capsys.readouterr()
    assert make_man.main() == 0
    assert capsys.readouterr().out == "removed: tacho-gone.1\nwritten: tacho.1\n"
    monkeypatch.setattr(sys, "argv", ["make_man.py", "--check"])
    assert make_man.main() == 0


@pytest.mark.parametrize(
    ("changelog", "date"),
    [
        ("## [Unreleased]\n\n## [0.2.0] - 2026-12-24\n\n## [0.1.0] - 2026-12-01\n", "2026-12-24"),
        ("## [Unreleased]\n", ""),
    ],
)
def test_the_date_is_that_of_the_latest_release(
    make_man: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changelog: str, date: str
):
    (tmp_path / "CHANGELOG.md").write_text(changelog)
    monkeypatch.setattr(make_man, "CHANGELOG", tmp_path / "CHANGELOG.md")
    assert make_man.release_date() == date
    assert f'.TH TACHO 1 "{date}" Tachograph' in make_man.head("tacho", "x")


def test_the_wheel_brings_them_to_where_man_looks():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert build["wheel"]["shared-data"] == {"man": "share/man/man1"}
    assert "man" in build["sdist"]["only-include"]
