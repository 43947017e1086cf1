"""What a command changed, told exactly: a table of commands, each run by a real shell in a real repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.capture.repos import copy_repository, look_at, make_base, numbers, run_shell


class Case(NamedTuple):
    """A command and what it changes in the repository of BASE."""

    name: str
    command: str
    files: int = 0
    added: int = 0
    deleted: int = 0
    binary: int = 0
    renames: int = 0
    commits: int = 0
    paths: str | None = None
    """The touched files, a moved one as ``old > new``; None: not looked at."""
    before: str = ""
    """What was done earlier, which must not be told of the command."""


FILES = [
    Case("nothing", "true"),
    Case("no output changes nothing", "cat a.txt; ls -R; git log; git diff; git status"),
    Case("edit", "echo x >> a.txt", 1, 1, paths="a.txt"),
    Case("lines replaced", "sed -i 's/two/TWO/' a.txt b.txt", 2, 2, 2, paths="a.txt b.txt"),
    Case("new file", "printf '1\\n2\\n' > new.txt", 1, 2, paths="new.txt"),
    Case("new files in new folders", "mkdir -p x/y && echo 1 > x/1 && echo 2 > x/y/2", 2, 2, paths="x/1 x/y/2"),
    Case("empty file", "touch empty", 1, paths="empty"),
    Case("empty folder", "mkdir empty"),
    Case("delete", "rm dir/c.txt", 1, 0, 20, paths="dir/c.txt"),
    Case("delete a folder", "rm -r dir", 2, 0, 60, paths="dir/c.txt dir/deep/d.txt"),
    Case("rename", "git mv dir/c.txt moved.txt", 1, renames=1, paths="dir/c.txt > moved.txt"),
    Case("rename without git", "mv dir/c.txt moved.txt", 1, renames=1, paths="dir/c.txt > moved.txt"),
    Case("rename and edit", "mv dir/c.txt m.txt; echo x >> m.txt", 1, 1, 0, renames=1, paths="dir/c.txt > m.txt"),
    Case("rename of a folder", "mv dir other", 2, renames=2,
         paths="dir/c.txt > other/c.txt dir/deep/d.txt > other/deep/d.txt"),
    Case("case-only rename", "mv a.txt A.txt", 1, renames=1, paths="a.txt > A.txt"),
    Case("rename of what is not text", "mv bin.dat nib.dat", 1, binary=1, renames=1, paths="bin.dat > nib.dat"),
    Case("copy", "cp dir/c.txt copy.txt", 1, 20, paths="copy.txt"),
    Case("binary changed", "printf 'c\\0d' > bin.dat", 1, binary=1, paths="bin.dat"),
    Case("binary made", "head -c 5000 /dev/zero > zero.dat; echo 1 >> a.txt", 2, 1, binary=1, paths="a.txt zero.dat"),
    Case("binary becomes text", "echo text > bin.dat", 1, binary=1, paths="bin.dat"),
    Case("mode", "chmod +x a.txt", 1, paths="a.txt"),
    Case("mode and text", "chmod +x a.txt; echo x >> a.txt", 1, 1, paths="a.txt"),
    Case("mode that git does not keep", "chmod o-r a.txt"),
    Case("touched without change", "touch a.txt b.txt"),
    Case("rewritten with the same text", "cp a.txt t && mv t a.txt"),
    Case("symbolic link", "ln -s a.txt link", 1, 1, paths="link"),
    Case("file becomes a link", "rm dir/c.txt; ln -s ../a.txt dir/c.txt", 1, 1, 20, paths="dir/c.txt"),
    Case("link to nowhere and out", "ln -s /nowhere/at/all n; ln -s ../.. up", 2, 2, paths="n up"),
    Case("file becomes a folder", "rm a.txt; mkdir a.txt; echo 1 > a.txt/1", 2, 1, 4, paths="a.txt a.txt/1"),
    Case("no newline at the end", "printf five >> a.txt", 1, 1, paths="a.txt"),
    Case("newline at the end removed", "printf 'one\\ntwo\\nthree' > b.txt", 1, 1, 1, paths="b.txt"),
    Case("line ends", "sed -i 's/$/\\r/' b.txt", 1, 3, 3, paths="b.txt"),
    Case("line ends that git makes the same", "sed -i 's/$/\\r/' b.txt", before="git config core.autocrlf true"),
    Case("ignored files", "echo 1 > x.log; mkdir build; echo 1 > build/y"),
    Case("ignored in a folder of its own", "echo '*' > dir/.gitignore; echo 1 > dir/new", 0),
    Case("ignored by the repository's own list", "echo 1 > a.tmp", before="echo '*.tmp' >> .git/info/exclude"),
    Case("ignored by the user's own list", "echo 1 > a.tmp",
         before='mkdir -p "$XDG_CONFIG_HOME/git"; echo "*.tmp" > "$XDG_CONFIG_HOME/git/ignore"'),
    Case("ignored by a list that is named", "echo 1 > a.tmp",
         before='echo "*.tmp" > ~/mine; git config --global core.excludesFile "~/mine"'),
    Case("ignored from now on", "echo 'notes*' >> .gitignore", 1, 1, paths=".gitignore", before="echo 1 > notes.txt"),
    Case("tracked although ignored", "echo 2 >> kept.log", 1, 1, paths="kept.log",
         before="echo 1 > kept.log; git add -f kept.log; git commit -qm kept"),
    Case("a pipe and a socket", "mkfifo pipe"),
    Case("many files", "mkdir many; for i in $(seq 250); do echo $i > many/$i; done", 250, 250),
    Case("file larger than what is streamed", "seq 1 100000 > large.txt", 1, 100000, paths="large.txt"),
    Case("large file changed in the middle", "sed -i 's/^50000$/x/' large.txt", 1, 1, 1, paths="large.txt",
         before="seq 1 100000 > large.txt"),
    Case("a line of a megabyte", "head -c 1000000 /dev/zero | tr '\\0' a > long.txt", 1, 1, paths="long.txt"),
]  # fmt: skip
DIRTY = [
    Case("dirty before, nothing done", "true", before="echo x >> a.txt; rm b.txt; echo 1 > new; git add new"),
    Case("dirty before, another file", "echo y >> b.txt", 1, 1, paths="b.txt", before="echo x >> a.txt"),
    Case("dirty before, the same file", "echo y >> a.txt", 1, 1, paths="a.txt", before="seq 100 >> a.txt"),
    Case("dirty before, undone", "git checkout -q a.txt", 1, 0, 100, paths="a.txt", before="seq 100 >> a.txt"),
    Case("untracked before, changed", "echo 2 >> new.txt", 1, 1, paths="new.txt", before="echo 1 > new.txt"),
    Case("untracked before, deleted", "rm new.txt", 1, 0, 5, paths="new.txt", before="seq 5 > new.txt"),
    Case("untracked before, renamed", "mv new.txt dir/", 1, renames=1, paths="new.txt > dir/new.txt",
         before="seq 5 > new.txt"),
    Case("deleted before, brought back", "git checkout -q b.txt", 1, 3, paths="b.txt", before="rm b.txt"),
    Case("staged before, changed", "echo 2 >> new.txt", 1, 1, before="echo 1 > new.txt; git add new.txt"),
    Case("staged alone", "git add -A", before="echo 1 > new.txt; echo x >> a.txt"),
    Case("unstaged", "git reset -q", before="echo 1 > new.txt; echo x >> a.txt; git add -A"),
    Case("announced alone", "git add -N new.txt", before="echo 1 > new.txt"),
    Case("announced before, changed", "echo 2 >> new.txt", 1, 1, before="echo 1 > new.txt; git add -N new.txt"),
    Case("staged and gone", "rm new.txt", 1, 0, 1, paths="new.txt", before="echo 1 > new.txt; git add new.txt"),
    Case("no longer tracked", "git rm -q --cached a.txt"),
    Case("no longer tracked and ignored", "git rm -q --cached a.txt; echo a.txt >> .gitignore", 1, 1,
         paths=".gitignore"),
    Case("added by force", "echo 1 > x.log; git add -f x.log", 1, 1, paths="x.log"),
    Case("added by force and committed", "echo 1 > x.log; git add -f x.log; git commit -qm x", 1, 1, commits=1),
    Case("same size in the same second", "printf 'ONE\\ntwo\\nthree\\n' > b.txt", 1, 1, 1, paths="b.txt",
         before="printf 'one\\ntwo\\nTHREE\\n' > b.txt; git add b.txt; printf 'one\\ntwo\\nthree\\n' > b.txt"),
    Case("same size, time put back", "printf 'ONE\\ntwo\\nthree\\n' > t; touch -r b.txt t; mv t b.txt", 1, 1, 1),
    Case("cleaned", "git clean -fdxq", 2, 0, 3, before="echo 1 > new; mkdir n; seq 2 > n/m; echo 1 > x.log"),
    Case("reset", "git reset -q --hard", 3, 3, 2, before="rm b.txt; echo x >> a.txt; echo n > n; git add n"),
    Case("stash", "git stash -q", 1, 0, 2, paths="a.txt", before="seq 2 >> a.txt"),
    Case("stash of untracked files too", "git stash -q -u", 2, 0, 3, before="seq 2 >> a.txt; echo 1 > new"),
    Case("stash brought back", "git stash pop -q", 1, 2, before="seq 2 >> a.txt; git stash -q"),
]  # fmt: skip
COMMITS = [
    Case("commit of what was dirty", "git commit -qam third", commits=1, before="echo x >> a.txt"),
    Case("edit and commit", "echo x >> a.txt; git commit -qam third", 1, 1, commits=1, paths="a.txt"),
    Case("two commits", "for i in 1 2; do echo $i >> a.txt; git commit -qam $i; done", 1, 2, commits=2),
    Case("empty commit", "git commit -q --allow-empty -m none", commits=1),
    Case("amend", "git commit -q --amend -m better", commits=1),
    Case("amend of one just made", "git commit -q --amend --allow-empty -m 4", commits=1,
         before="git commit -q --allow-empty -m 3"),
    Case("commit taken back", "git reset -q --soft HEAD~1"),
    Case("commit thrown away", "git reset -q --hard HEAD~1", 1, 0, 1, paths="a.txt"),
    Case("back to a commit just made", "git merge -q --ff-only side", 1, 1, paths="s",
         before="git checkout -qb side; echo s > s; git add s; git commit -qm s; git checkout -q main"),
    Case("checkout of another branch", "git checkout -q side", 2, 1, 4, before=
         "git checkout -qb side; echo s > s; rm a.txt; git add -A; git commit -qm s; git checkout -q main"),
    Case("new branch", "git checkout -qb other"),
    Case("detached", "git checkout -q --detach HEAD~1", 1, 0, 1),
    Case("commit on a detached head", "git commit -q --allow-empty -m d", commits=1, before="git checkout -q --detach"),
    Case("tag", "git tag -a -m t v1"),
    Case("merge", "git merge -q --no-ff -m m side", 1, 1, commits=1, paths="s", before=
         "git checkout -qb side; echo s > s; git add s; git commit -qm s; git checkout -q main"),
    Case("merge conflict", "git merge -q side || true", 1, 4, 0, paths="a.txt", before=
         "git checkout -qb side; echo s >> a.txt; git commit -qam s; git checkout -q main; echo m >> a.txt;"
         "git commit -qam m"),
    Case("conflict solved", "printf 'x\\n' > a.txt; git commit -qam merged", 1, 1, 9, commits=1, before=
         "git checkout -qb side; echo s >> a.txt; git commit -qam s; git checkout -q main; echo m >> a.txt;"
         "git commit -qam m; git merge -q side || true"),
    Case("edit during a conflict", "echo x >> b.txt", 1, 1, paths="b.txt", before=
         "git checkout -qb side; echo s >> a.txt; git commit -qam s; git checkout -q main; echo m >> a.txt;"
         "git commit -qam m; git merge -q side || true"),
    Case("cherry-pick", "git cherry-pick side >/dev/null", 1, 1, commits=1, paths="s", before=
         "git checkout -qb side; echo s > s; git add s; git commit -qm s; git checkout -q main;"
         "git commit -q --allow-empty -m m"),
    Case("revert", "git revert --no-edit HEAD >/dev/null", 1, 0, 1, commits=1, paths="a.txt"),
    Case("rebase of two", "git rebase -q main", 1, 1, commits=2, paths="m", before=
         "git checkout -qb side; for i in 1 2; do echo $i > s$i; git add -A; git commit -qm s$i; done;"
         "git checkout -q main; echo m > m; git add m; git commit -qm m; git checkout -q side"),
    Case("edit during a rebase", "echo x >> b.txt", 1, 1, paths="b.txt", before=
         "git checkout -qb side; echo s >> a.txt; git commit -qam s; git checkout -q main; echo m >> a.txt;"
         "git commit -qam m; git checkout -q side; git rebase -q main || true; test -d .git/rebase-merge"),
    Case("rebase carried on", "printf 'm\\ns\\n' > a.txt; git add a.txt; GIT_EDITOR=: git rebase --continue >/dev/null",
         1, 0, 7, commits=1, before=
         "git checkout -qb side; echo s >> a.txt; git commit -qam s; git checkout -q main; echo m >> a.txt;"
         "git commit -qam m; git checkout -q side; git rebase -q main || true"),
    Case("fetched from elsewhere", "git pull -q --ff-only ../upstream main", 1, 1, paths="u", before=
         "git clone -q . ../upstream; cd ../upstream; echo u > u; git add u;"
         "GIT_COMMITTER_DATE=2024-03-02T12:00:00+0000 git commit -qm u"),
    Case("history rewritten", "export FILTER_BRANCH_SQUELCH_WARNING=1;"
         "git filter-branch -f --msg-filter 'cat; echo +' >/dev/null 2>&1"),
    Case("objects packed anew", "git gc -q --prune=now; echo x >> a.txt", 1, 1, before="echo y >> b.txt"),
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The repository of BASE, never changed."""
    return make_base(tmp_path_factory.mktemp("base") / "repo")


@pytest.mark.parametrize("case", [*FILES, *DIRTY, *COMMITS], ids=lambda case: case.name.replace(" ", "_"))
def test_delta_of_a_command(case: Case, base: Path, tmp_path: Path) -> None:
    folder = copy_repository(base, tmp_path / "repo")
    run_shell(folder, case.before)
    delta = look_at(folder, case.command)
    assert numbers(delta) == case[2:8]
    assert delta.note == ""
    if case.paths is not None:
        named = [path.path if path.old_path is None else f"{path.old_path} > {path.path}" for path in delta.paths]
        assert " ".join(sorted(named)) == case.paths
