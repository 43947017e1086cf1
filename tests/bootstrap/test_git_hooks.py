"""git's hooks: real commits, with a tacho that does what the test wants."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tachograph.errors import NotFound, TachographError
from tests.bootstrap.repositories import fake_tacho, git, make_repository, set_up, take_away

BOTH = ("commit-msg", "pre-commit")
SAYS = 'echo "tacho $*"'


def hook(root: Path, name: str = "pre-commit") -> Path:
    return root / ".git" / "hooks" / name


def write_hook(root: Path, script: bytes, mode: int = 0o755, name: str = "pre-commit") -> Path:
    path = hook(root, name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(script)
    path.chmod(mode)
    return path


def commit(root: Path, tacho: Path | None, code: int = 0, message: str = "more") -> str:
    return git(root, "commit", "--allow-empty", "-m", message, code=code, path=tacho)


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("exit 0", 0, ""),
        ("exit 1", 1, ""),
        ("exit 5", 0, "tacho failed: what is committed was not looked through for secrets."),
        ("kill -9 $$", 0, "tacho failed: what is committed was not looked through for secrets."),
    ],
)
def test_only_what_tacho_finds_stops_a_commit(tmp_path: Path, script: str, code: int, said: str) -> None:
    root = make_repository(tmp_path / "r")
    set_up(root, hooks=("pre-commit",))
    answer = commit(root, fake_tacho(tmp_path / "bin", script), code)
    assert ("not looked through" in answer) == bool(said)
    assert said in answer


@pytest.mark.parametrize("broken", ["#!/bin/sh\nexit 1\n", "#!/usr/bin/env python3\nimport no_such_module_at_all\n"])
def test_a_tacho_that_cannot_run_stops_no_commit(tmp_path: Path, broken: str) -> None:
    root = make_repository(tmp_path / "r")
    set_up(root, hooks=BOTH)
    folder = fake_tacho(tmp_path / "bin", "")
    (folder / "tacho").write_text(broken)
    answer = commit(root, folder)
    assert "tacho cannot be run: what is committed was not looked through for secrets." in answer
    assert "tacho cannot be run: whether the message names a goal was not checked." in answer


def test_the_hooks_call_tacho_in_the_work_tree_with_the_message(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    set_up(root, hooks=BOTH)
    answer = commit(root, fake_tacho(tmp_path / "bin", f'{SAYS}; [ "$2" = scan-staged ] || cat "$3"; pwd'))
    lines = [str(root), "tacho bootstrap scan-staged", "tacho bootstrap check-message .git/COMMIT_EDITMSG", "more"]
    assert [line for line in lines if line not in answer.splitlines()] == []


SHELLS = [
    b"#!/bin/sh\n", b"#!/bin/sh -e\n", b"#! /bin/bash -eu\n", b"#!/usr/bin/env bash\n", b"#!/usr/bin/env -S sh -e\n",
]  # fmt: skip


@pytest.mark.parametrize("first", SHELLS)
@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 1", 1), ("exit 70", 0)])
def test_a_hook_that_is_there_is_run_as_before(tmp_path: Path, first: bytes, script: str, code: int) -> None:
    root = make_repository(tmp_path / "r")
    theirs = first + b"echo theirs\nexit 0\n"
    path = write_hook(root, theirs, 0o700)
    set_up(root, hooks=("pre-commit",))
    answer = commit(root, fake_tacho(tmp_path / "bin", script), code)
    assert ("theirs" in answer.splitlines()) == (code == 0)
    assert path.stat().st_mode & 0o777 == 0o700
    take_away(root)
    assert path.read_bytes() == theirs


def test_a_hook_that_is_there_may_still_refuse(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    write_hook(root, b"#!/bin/sh\nexit 3\n")
    set_up(root, hooks=("pre-commit",))
    commit(root, fake_tacho(tmp_path / "bin", "exit 0"), code=1)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (b"#!/usr/bin/env python3\nprint(1)\n", "it is no script of a shell"),
        (b"echo no first line\n", "it is no script of a shell"),
        (b"#!/usr/bin/fish\n", "it is no script of a shell"),
        (b"\x7fELF\x00\x01", "it is not text in UTF-8"),
    ],
)
def test_a_hook_that_cannot_be_joined_is_kept_and_nothing_is_written(tmp_path: Path, script: bytes, why: str) -> None:
    root = make_repository(tmp_path / "r")
    path = write_hook(root, script)
    with pytest.raises(TachographError, match=why) as caught:
        set_up(root, hooks=("pre-commit",))
    assert caught.value.slug == "file_not_editable"
    assert path.read_bytes() == script
    assert not (root / "AGENTS.md").exists()


def test_a_hook_that_git_does_not_run_is_not_woken(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    write_hook(root, b"#!/bin/sh\nexit 1\n", 0o644)
    with pytest.raises(TachographError, match="not executable") as caught:
        set_up(root, hooks=("pre-commit",))
    assert caught.value.hint == "Add this line to the hook pre-commit yourself: tacho bootstrap scan-staged"


def test_a_hook_that_is_a_link_is_kept(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    (root / "check.sh").write_bytes(b"#!/bin/sh\n")
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    hook(root).symlink_to("../../check.sh")
    with pytest.raises(TachographError, match="it is a link"):
        set_up(root, hooks=("pre-commit",))
    assert (root / "check.sh").read_bytes() == b"#!/bin/sh\n"


@pytest.mark.parametrize("configured", [".husky/_", "/somewhere/hooks", "~/hooks"])
def test_hooks_that_somebody_else_keeps_are_left_to_them(tmp_path: Path, configured: str) -> None:
    root = make_repository(tmp_path / "r")
    git(root, "config", "core.hooksPath", configured)
    with pytest.raises(TachographError) as caught:
        set_up(root, hooks=("commit-msg",))
    assert caught.value.slug == "hooks_elsewhere"
    assert caught.value.hint.endswith('yourself: tacho bootstrap check-message "$1"')
    assert configured.removeprefix("~") in caught.value.message
    assert not (root / "AGENTS.md").exists()
    set_up(root)
    assert (root / "AGENTS.md").exists()


def test_hooks_configured_to_be_where_they_are_anyway(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    git(root, "config", "core.hooksPath", ".git/hooks")
    set_up(root, hooks=("pre-commit",))
    assert hook(root).exists()


def test_a_linked_work_tree_shares_the_hooks_of_the_main_one(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    git(root, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    set_up(tmp_path / "side", hooks=("pre-commit",))
    assert (tmp_path / "side" / "AGENTS.md").is_file()
    assert not (root / "AGENTS.md").exists()
    tacho = fake_tacho(tmp_path / "bin", f"{SAYS}; pwd; exit 1")
    for folder in (root, tmp_path / "side"):
        assert str(folder) in commit(folder, tacho, code=1).splitlines()


def test_a_submodule_has_hooks_of_its_own(tmp_path: Path) -> None:
    inner = make_repository(tmp_path / "inner")
    root = make_repository(tmp_path / "r")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    set_up(root / "sub", hooks=("pre-commit",))
    assert (root / ".git" / "modules" / "sub" / "hooks" / "pre-commit").is_file()
    assert not hook(root).exists()
    commit(root / "sub", fake_tacho(tmp_path / "bin", "exit 1"), code=1)


def test_without_a_repository_there_are_no_hooks(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        set_up(tmp_path, hooks=("pre-commit",))
    assert caught.value.slug == "no_repository"
    assert list(tmp_path.iterdir()) == []


def test_hooks_stay_when_they_are_not_asked_for_again_and_are_brought_up_to_date(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    set_up(root, hooks=BOTH)
    made = {name: hook(root, name).read_bytes() for name in BOTH}
    hook(root).write_bytes(made["pre-commit"].replace(b"scan-staged", b"scan-old"))
    set_up(root)
    assert {name: hook(root, name).read_bytes() for name in BOTH} == made
    take_away(root)
    assert not any(hook(root, name).exists() for name in BOTH)


def test_a_folder_of_hooks_that_is_a_link_is_kept_and_nothing_is_written(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    (tmp_path / "shared").mkdir()
    (root / ".git" / "hooks").symlink_to(tmp_path / "shared")
    with pytest.raises(TachographError) as caught:
        set_up(root, hooks=("pre-commit",))
    assert caught.value.slug == "link_leads_out"
    assert list((tmp_path / "shared").iterdir()) == []
    assert not (root / "AGENTS.md").exists()


def test_without_git_hooks_cannot_be_taken_away_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository(tmp_path / "r")
    set_up(root, hooks=("pre-commit",))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert take_away(root)[-1] == "Hooks of git, if there are any, stay: git is not installed."
    assert hook(root).exists()
    assert not (root / "AGENTS.md").exists()
    with pytest.raises(TachographError) as caught:
        set_up(root, hooks=("pre-commit",))
    assert caught.value.slug == "no_git"
    set_up(root)
    assert (root / "AGENTS.md").exists()


def test_a_linked_work_tree_is_scanned_by_its_own_index(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    side = tmp_path / "side"
    git(root, "worktree", "add", "-q", "-b", "side", str(side))
    set_up(side, hooks=("pre-commit",))
    (side / "a.txt").write_text("key=AKIA" + "Q3EGZTWQ7XNM2P5L\n")
    git(side, "add", "-A")
    assert "a.txt:1: aws-access-key-id" in git(side, "commit", "-m", "x", code=1, path=Path(sys.executable).parent)
    commit(root, Path(sys.executable).parent)
