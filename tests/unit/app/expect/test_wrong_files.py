"""What is wrong with a file is told with its line and column, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.expect.errors import ExpectationError
from tachograph.app.expect.forms import examine_file, load_expectation_file
from tachograph.report.sanitise import harmless
from tests.golden import check_golden
from tests.unit.app.expect.wrong_files import WRONG


def errors_of(files: dict[str, str], folder: Path) -> list[ExpectationError]:
    """Everything that is wrong with the first of ``files``: all errors, or that it asks for nothing."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    path = folder / next(iter(files))
    found = list(examine_file(path).errors)
    with pytest.raises(ExpectationError) as raised:
        load_expectation_file(path)
    assert not found or raised.value.message == found[0].message
    assert raised.value.hint.startswith(found[0].hint if found else "")
    return found or [raised.value]


def test_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sections = []
    for number, (what, files) in enumerate(WRONG.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        told = [f"{error.message}\n    {error.hint}".rstrip() for error in errors_of(files, Path())]
        shown = [f"--- {name}\n{text[:200]}".rstrip("\n") for name, text in files.items()]
        sections.append("\n".join([f"=== {what}", *shown, "--- says", *told]))
    check_golden("expect/errors.txt", "\n\n".join(sections) + "\n")


@pytest.mark.parametrize("what", WRONG)
def test_every_error_has_a_place_in_its_file_and_is_harmless(what: str, tmp_path: Path) -> None:
    files = WRONG[what]
    for error in errors_of(files, tmp_path):
        lines = files[Path(error.name).name].split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert error.message == f"{error.name}:{error.line}:{error.column}: {error.problem}"
        assert (error.exit_code, error.slug) == (4, "invalid_expectations")
        assert error.problem == harmless(error.problem)
        assert len(error.problem) <= 300


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("tool_limits:\nBash: 5\n", "If it belongs to tool_limits, indent it."),
        ("trace_expectations:\n  tool_limits:\n  Bash: 5\n", "If it belongs to tool_limits, indent it."),
        ("tool_limits:\nmax_turn: 5\n", "Did you mean max_turns?"),
        ("tool_limits: {}\nBash: 5\n", "Known ones: "),
        ("Bash: 5\ntool_limits:\n", "Known ones: "),
        ("token_budget:\n  max_total:\n  Bash: 5\n", "Known ones: "),
    ],
)
def test_a_key_below_one_without_a_value_may_lack_its_indentation(text: str, hint: str, tmp_path: Path) -> None:
    (error,) = errors_of({"checks.yaml": text}, tmp_path)
    assert error.hint.startswith(hint)


def test_there_are_enough_of_them() -> None:
    assert len(WRONG) >= 80
