"""Looking at a repository runs nothing of it. Each trap is shown to work on plain git, or it would prove nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tachograph.capture.repository import find_repository
from tests.capture.repos import copy_repository, make_base, numbers, run_shell

SET = r"""
evil() { printf '#!/bin/sh\n: > "%s"\ncat\n' "$MARK" > "$1"; chmod +x "$1"; }
evil ../evil
evil=$PWD/../evil
"""
"""``$evil`` leaves ``$MARK`` behind, and passes on what it reads."""


class Trap(NamedTuple):
    """What a repository could hold, and the plain command that falls into it."""

    name: str
    set_up: str
    sprung_by: str
    files: int | None = 3
    """How many files of it are seen to change."""


TRAPS = [
    Trap("file-system monitor", "git config core.fsmonitor $evil", "git status"),
    Trap("file-system monitor known to the index",
         "git config core.fsmonitor $evil; git update-index --fsmonitor; git status; rm -f $MARK", "git status"),
    Trap("hook on every new index", "evil .git/hooks/post-index-change", "git add a.txt"),
    Trap("hooks elsewhere", "mkdir hooks; evil hooks/post-index-change; git config core.hooksPath hooks",
         "git add a.txt"),
    Trap("hook on references", "evil .git/hooks/reference-transaction", "git update-ref refs/heads/x HEAD"),
    Trap("clean filter", "git config filter.x.clean $evil; echo '* filter=x' > .gitattributes", "git add a.txt"),
    Trap("filter process", "git config filter.x.process $evil; echo '* filter=x' > .gitattributes", "git add a.txt"),
    Trap("filter that is required", "git config filter.x.clean $evil; git config filter.x.required true;"
         "echo '* filter=x' > .git/info/attributes", "git add a.txt"),
    Trap("settings included", "printf '[filter \"x\"]\\nclean=%s\\n' $evil > more; git config include.path ../more;"
         "echo '* filter=x' > .gitattributes", "git add a.txt"),
    Trap("settings of the work tree", "git config extensions.worktreeConfig true;"
         "git config --worktree core.fsmonitor $evil", "git status"),
    Trap("external diff", "git config diff.external $evil", "git diff"),
    Trap("diff driver", "git config diff.x.command $evil; echo '* diff=x' > .gitattributes", "git diff"),
    Trap("text conversion", "git config diff.x.textconv $evil; echo '* diff=x' > .gitattributes", "git diff"),
    Trap("monitor of a submodule", "git clone -q . sub; git add sub; git -C sub config core.fsmonitor $evil;"
         "git -C sub update-index --fsmonitor; rm -f $MARK", "git status"),
    Trap("monitor of a submodule that asks to be looked at",
         "git clone -q . sub; git add sub; git -C sub config core.fsmonitor $evil; echo x >> sub/a.txt;"
         "printf '[submodule \"s\"]\\npath=sub\\nurl=x\\nignore=none\\n' > .gitmodules;"
         "git config submodule.s.ignore none;"
         "git config diff.ignoreSubmodules none; rm -f $MARK", "git diff"),
    Trap("monitor of a repository within", "git init -q in; git -C in commit -q --allow-empty -m x;"
         "git -C in config core.fsmonitor $evil", "git -C in status"),
    Trap("alias", 'for name in add rev-parse config x; do git config alias.$name "!$evil"; done', "git x"),
    Trap("missing objects", "git config remote.origin.url 'ext::sh -c :>%G'; git config remote.origin.promisor true;"
         "git config remote.origin.url \"ssh://x/y\"; git config core.sshCommand $evil;"
         "git config core.repositoryFormatVersion 1; git config extensions.partialClone origin;"
         "git update-index --add --cacheinfo 100644,$(printf %040d 7),lost; echo x > lost",
         "timeout 2 git diff || true"),
    Trap("missing commits", "git config remote.origin.promisor true; git config remote.origin.url ssh://x/y;"
         "git config core.sshCommand $evil; git config core.repositoryFormatVersion 1;"
         "git config extensions.partialClone origin; printf %040d 7 > .git/refs/heads/lost;"
         "printf '%040d\\n' 7 > .git/HEAD", "timeout 2 git log || true", None),
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base") / "repo")


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name.replace(" ", "_"))
def test_hostile_repository_runs_nothing(trap: Trap, base: Path, tmp_path: Path) -> None:
    repo = copy_repository(base, tmp_path / "repo")
    mark = tmp_path / "mark"
    run_shell(repo, f"{SET}{trap.set_up}\nrm -f $MARK", MARK=str(mark))
    found = find_repository(repo)
    assert found is not None
    before = found.snapshot()
    for name in ("a.txt", "b.txt", "new.txt"):
        with open(repo / name, "a") as file:
            file.write("more\n")
    after = found.snapshot()
    assert not mark.exists()
    delta = found.compare(before, after, 0)
    assert not mark.exists()
    assert delta.files_touched == trap.files
    run_shell(repo, trap.sprung_by, MARK=str(mark))
    assert mark.exists()


def test_git_of_the_repository_is_not_called(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = copy_repository(base, tmp_path / "repo")
    mark = tmp_path / "mark"
    run_shell(repo, f"{SET}cp $evil git", MARK=str(mark))
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(repo)
    found = find_repository(repo)
    assert found is not None
    delta = found.compare(found.snapshot(), found.snapshot(), 0)
    assert numbers(delta) == (0, 0, 0, 0, 0, 0)
    assert not mark.exists()


def test_messages_hold_nothing_of_the_repository(base: Path, tmp_path: Path) -> None:
    repo = copy_repository(base, tmp_path / "repo")
    (repo / ".git" / "refs" / "heads" / "\x1b[31mred").write_text("no object\n")
    (repo / ".git" / "index").write_bytes(b"\x1b[31m")
    found = find_repository(repo)
    assert found is not None
    assert found.compare(found.snapshot(), found.snapshot(), 0).note == "git failed"


HELD_UP = {
    "a pipe for an index": "rm .git/index; mkfifo .git/index",
    "a pipe for a shared index": f"mkfifo .git/sharedindex.{'0' * 40}",
    "an index of 30 GB": "truncate -s 30G .git/index",
    "attributes from a device": "git config core.attributesfile /dev/zero",
    "ignored files from a pipe": "mkfifo pipe; git config core.excludesfile $PWD/pipe",
    "a pipe for what is ignored": "rm -f .git/info/exclude; mkdir -p .git/info; mkfifo .git/info/exclude",
}


@pytest.mark.parametrize("name", HELD_UP)
def test_pipes_and_devices_in_the_place_of_files_hold_nothing_up(name: str, base: Path, tmp_path: Path) -> None:
    repo = copy_repository(base, tmp_path / "repo")
    run_shell(repo, HELD_UP[name])
    started = time.monotonic()
    found = find_repository(repo)
    assert found is not None
    delta = found.compare(found.snapshot(60), found.snapshot(60), 0)
    assert time.monotonic() - started < 20
    assert delta.files_touched == 0 or delta.note
