"""What git makes of the lines that it is given."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from tachograph.app.bootstrap.attributes import attribute_lines, ignore_lines
from tachograph.app.bootstrap.block import HASH
from tachograph.app.goals.book import Author, Book, read
from tachograph.app.goals.place import find_place
from tests.bootstrap.repositories import LEDGER, git, make_repository, set_up, take_away, tree

NAMES = ["metrics/events.ndjson", "goals.ndjson", "my goals/a b.ndjson", 'a"b/x', "#a/x", "!x", "a[1]/*?.nd", "a\\b/c"]


@pytest.mark.parametrize("ledger", NAMES)
def test_git_knows_the_ledger_by_its_name_and_nothing_else(tmp_path: Path, ledger: str) -> None:
    make_repository(tmp_path)
    (tmp_path / ".gitattributes").write_text("\n".join(attribute_lines(ledger)) + "\n")
    (tmp_path / ".gitignore").write_text("\n".join(ignore_lines(ledger)) + "\n")
    asked = ["merge", "text", "eol"]
    for name, told in ((ledger, ["union", "set", "lf"]), (f"sub/{ledger}", ["unspecified"] * 3)):
        answers = git(tmp_path, "check-attr", "-z", *asked, "--", name).split("\0")
        assert answers[2::3] == told, name
    assert git(tmp_path, "check-ignore", "-q", "--", f"{ledger}.20261121T120000.bak") == ""
    git(tmp_path, "check-ignore", "-q", "--", ledger, code=1)


def test_two_clones_merge_without_conflict(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "root")
    set_up(root)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "goals")
    for branch, title in (("one", "Search works"), ("two", "Login works")):
        git(root, "checkout", "-q", "-b", branch, "main")
        Book(find_place(root, LEDGER), Author(), UTC).start(title, "product")
        git(root, "commit", "-q", "-a", "-m", branch)
    git(root, "merge", "-q", "-m", "both", "one")
    state = read(find_place(root, LEDGER)).state
    assert sorted(goal.title for goal in state.goals) == ["Login works", "Search works"]


def test_lines_that_are_there_already_are_not_added_and_not_taken_away(tmp_path: Path) -> None:
    attributes = b"*.png binary\nmetrics/events.ndjson   merge=union text eol=lf\n"
    make_repository(tmp_path, __gitattributes=attributes, __gitignore=b"/metrics/events.ndjson.*.bak")
    for change in (set_up, take_away):
        change(tmp_path)
        made = tree(tmp_path)
        assert made[".gitattributes"][0] == attributes
        assert made[".gitignore"][0] == b"/metrics/events.ndjson.*.bak"


def test_another_path_replaces_the_former_line(tmp_path: Path) -> None:
    make_repository(tmp_path, __gitattributes=b"*.png binary\n")
    set_up(tmp_path)
    (tmp_path / ".gitattributes").write_bytes(
        (tmp_path / ".gitattributes").read_bytes().replace(b"metrics/events", b"old/events")
    )
    set_up(tmp_path)
    content = (tmp_path / ".gitattributes").read_text()
    assert content == f"*.png binary\n\n{HASH.begin}\n{attribute_lines(LEDGER)[0]}\n{HASH.end}\n"
