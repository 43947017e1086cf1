"""Trees written by hand are those that git writes, and two differences from one base make the one between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.capture.trees import Entry, read_differences, split_differences, write_tree
from tests.capture.repos import run_shell


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_trees_have_the_names_that_git_gives_them(tmp_path: Path, algorithm: str) -> None:
    run_shell(
        tmp_path,
        f"git init -q --object-format={algorithm} .; mkdir -p a d/e/f; touch a.b a/x a0 a-b d/e/f/g d/e.h d.e;"
        "ln -s a l; echo 1 > run; chmod +x run; git add -A",
    )
    entries = []
    for line in run_shell(tmp_path, "git ls-files --stage").splitlines():
        head, path = line.split("\t")
        mode, name, _ = head.split(" ")
        entries.append(Entry(path.encode(), mode.encode(), name))
    expected = run_shell(tmp_path, "git write-tree").strip()
    objects = tmp_path / "objects"
    assert write_tree(objects, reversed(entries), algorithm) == expected
    listed = f"GIT_OBJECT_DIRECTORY={objects} git ls-tree -r --name-only {expected}"
    assert run_shell(tmp_path, listed) == run_shell(tmp_path, "git ls-files")


def test_empty_tree() -> None:
    assert read_differences(b"") == {}
    assert split_differences({}, {}) == ([], [])


A, B, C = "a" * 40, "b" * 40, "c" * 40
NONE = "0" * 40


@pytest.mark.parametrize(
    ("first", "second", "lost", "made"),
    [
        ("", "", [], []),
        (f":100644 100644 {A} {B} M", f":100644 100644 {A} {B} M", [], []),
        ("", f":100644 100644 {A} {B} M", [A], [B]),
        (f":100644 100644 {A} {B} M", "", [B], [A]),
        (f":100644 100644 {A} {B} M", f":100644 100644 {A} {C} M", [B], [C]),
        (f":000000 100644 {NONE} {B} A", "", [B], []),
        ("", f":000000 100644 {NONE} {B} A", [], [B]),
        (f":100644 000000 {A} {NONE} D", "", [], [A]),
        ("", f":100644 000000 {A} {NONE} D", [A], []),
        (f":100644 000000 {A} {NONE} D", f":100644 100755 {A} {A} M", [], [A]),
        ("", f":100644 100755 {A} {A} M", [A], [A]),
    ],
)
def test_states_are_compared_by_way_of_their_base(first: str, second: str, lost: list[str], made: list[str]) -> None:
    known = [read_differences(f"{text}\0x\0".encode() if text else b"") for text in (first, second)]
    found = split_differences(known[0], known[1])
    assert ([entry.object for entry in found[0]], [entry.object for entry in found[1]]) == (lost, made)
