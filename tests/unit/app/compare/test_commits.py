"""Commits, retrospectives and changes of files, found in repositories that git made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.compare import commits
from tachograph.app.compare.commits import Commit, Repository
from tachograph.errors import NotFound, TachographError
from tests.builders.log import milliseconds
from tests.capture.repos import run_shell

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06")
HISTORY = """
save() {
  git add -A; export GIT_AUTHOR_DATE="$1T09:00:00Z" GIT_COMMITTER_DATE="$1T10:00:00Z"
  git commit -q --allow-empty -m "$1"
}
git init -q -b main .
mkdir -p docs/retros src; echo a > CLAUDE.md; echo a > docs/retros/one.md; echo a > src/CLAUDE.md
save 2026-03-01; git tag v1
mkdir retros; echo b > retros/two.md
save 2026-03-02
echo c > CLAUDE.md; echo more >> retros/two.md
save 2026-03-03; git tag -a -m annotated v2
git mv retros/two.md retros/three.md; git rm -q docs/retros/one.md
save 2026-03-04
echo d > src/CLAUDE.md
save 2026-03-05
save 2026-03-06
"""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six commits, one a day at ten o'clock."""
    folder = tmp_path_factory.mktemp("repository")
    run_shell(folder, HISTORY)
    return folder


def at(day: str) -> int:
    return milliseconds(f"{day}T10:00:00Z")


def day_of(commit: Commit) -> str:
    return next(day for day in DAYS if at(day) == commit.at)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("v1", "2026-03-01"), ("v2", "2026-03-03"), ("refs/tags/v2", "2026-03-03"), ("main", "2026-03-06"),
        ("HEAD~3", "2026-03-03"), ("v1^{commit}", "2026-03-01"), ("HEAD^{/2026-03-02}", "2026-03-02"),
    ],
)  # fmt: skip
def test_a_tag_a_branch_or_a_revision_is_the_date_of_its_commit(history: Path, name: str, day: str) -> None:
    assert day_of(Repository(str(history)).find_commit(name)) == day


def test_a_hash_and_its_beginning_are_the_commit(history: Path) -> None:
    full = run_shell(history, "git rev-parse v1").strip()
    repository = Repository(str(history))
    assert repository.find_commit(full[:9]) == repository.find_commit(full) == Commit(full, at("2026-03-01"))


@pytest.mark.parametrize(
    "name",
    [
        "v9", "", "--output=x", "-h", "--all", "v1\nv2", "v1\0", "v1 v2", "v1:CLAUDE.md", "HEAD..main", "\x1b[31m",
        "\udcff", "$(touch x)", "refs/tags", "0" * 40,
    ],
)  # fmt: skip
def test_what_is_no_commit_is_said_to_be_none(history: Path, name: str) -> None:
    with pytest.raises(NotFound) as caught:
        Repository(str(history)).find_commit(name)
    assert caught.value.slug == "no_commit"
    assert "\x1b" not in caught.value.message
    assert not list(history.glob("x"))


def test_a_tag_may_be_named_like_an_option(tmp_path: Path) -> None:
    run_shell(tmp_path, f"{HISTORY}\ngit update-ref refs/tags/--output=x v1")
    assert day_of(Repository(str(tmp_path)).find_commit("--output=x")) == "2026-03-01"
    assert not (tmp_path / "x").exists()


def test_a_retro_is_the_last_commit_that_added_a_file_and_not_one_that_changed_or_moved_it(history: Path) -> None:
    assert day_of(Repository(str(history)).find_retro()) == "2026-03-02"
    assert day_of(Repository(str(history / "src")).find_retro()) == "2026-03-02"


def test_the_first_commit_can_have_added_the_retro(tmp_path: Path) -> None:
    run_shell(tmp_path, f"{HISTORY}\ngit reset -q --hard v1")
    assert day_of(Repository(str(tmp_path)).find_retro()) == "2026-03-01"


@pytest.mark.parametrize(
    ("folder", "path", "day"),
    [
        (".", "CLAUDE.md", "2026-03-03"),
        ("src", "CLAUDE.md", "2026-03-05"),
        ("src", "../CLAUDE.md", "2026-03-03"),
        ("docs", "CLAUDE.md", "2026-03-03"),
        (".", "docs/retros/one.md", "2026-03-04"),
        (".", "src", "2026-03-05"),
    ],
)
def test_a_change_of_a_file_is_looked_for_from_where_one_stands_then_from_the_root(
    history: Path, folder: str, path: str, day: str
) -> None:
    place = history / folder
    place.mkdir(exist_ok=True)
    assert day_of(Repository(str(place)).find_change(path)) == day


@pytest.mark.parametrize(
    "path", ["AGENTS.md", "--all", "*.md", ":(glob)**", "../../etc/passwd", "a\nb", "a\0b", "\udcff"]
)
def test_a_file_that_no_commit_changed_is_said_to_be_unknown(history: Path, path: str) -> None:
    with pytest.raises(NotFound) as caught:
        Repository(str(history)).find_change(path)
    assert caught.value.slug == "no_commit"


def test_a_repository_without_a_retro_says_so(tmp_path: Path) -> None:
    run_shell(tmp_path, "git init -q .; echo a > a; git add a; git commit -q -m a")
    with pytest.raises(NotFound, match=r"No commit added a file in docs/retros or retros\."):
        Repository(str(tmp_path)).find_retro()


def test_a_repository_without_a_commit_says_so(tmp_path: Path) -> None:
    run_shell(tmp_path, "git init -q .")
    for look in (Repository(str(tmp_path)).find_retro, lambda: Repository(str(tmp_path)).find_change("a")):
        with pytest.raises(NotFound, match="has no commit yet"):
            look()


def test_a_folder_in_no_repository_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        Repository(str(tmp_path))
    assert caught.value.slug == "no_repository"


def test_a_bare_repository_will_do(history: Path, tmp_path: Path) -> None:
    run_shell(tmp_path, f"git clone -q --bare '{history}' bare")
    repository = Repository(str(tmp_path / "bare"))
    assert day_of(repository.find_retro()) == "2026-03-02"
    assert day_of(repository.find_change("CLAUDE.md")) == "2026-03-03"


def test_the_end_of_a_shallow_clone_is_taken_for_no_change(history: Path, tmp_path: Path) -> None:
    """Its first commit seems to add every file there was; commits by name are as good as ever."""
    run_shell(tmp_path, f"git clone -q --depth 3 'file://{history}' cut")
    repository = Repository(str(tmp_path / "cut"))
    for look in (repository.find_retro, lambda: repository.find_change("CLAUDE.md")):
        with pytest.raises(NotFound, match="shallow"):
            look()
    assert day_of(repository.find_change("src/CLAUDE.md")) == "2026-03-05"
    assert day_of(repository.find_commit("HEAD~2")) == "2026-03-04"


def test_a_date_that_cannot_be_is_refused(tmp_path: Path) -> None:
    run_shell(
        tmp_path,
        "git init -q .; tree=$(git write-tree)\n"
        "made=$(printf 'tree %s\\nauthor A <a@b> 1 +0000\\ncommitter A <a@b> 999999999999999 +0000\\n\\nx\\n' $tree"
        " | git hash-object -t commit -w --stdin --literally); git update-ref refs/tags/far $made",
    )
    with pytest.raises(NotFound, match="no date that can be"):
        Repository(str(tmp_path)).find_commit("far")


def test_nothing_that_the_repository_configures_is_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\n", encoding="utf-8")
    trap.chmod(0o755)
    folder = tmp_path / "repository"
    folder.mkdir()
    run_shell(folder, HISTORY)
    for name in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "gpg.program", "diff.t.textconv",
        "diff.t.command", "filter.t.clean", "core.editor",
    ):  # fmt: skip
        run_shell(folder, f"git config {name} '{trap}'")
    run_shell(folder, "git config log.showSignature true; echo '* diff=t filter=t' > .git/info/attributes")
    repository = Repository(str(folder))
    assert day_of(repository.find_retro()) == "2026-03-02"
    assert day_of(repository.find_change("CLAUDE.md")) == "2026-03-03"
    assert day_of(repository.find_commit("v2")) == "2026-03-03"
    assert not (tmp_path / "sprung").exists()


def test_without_git_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(commits, "find_git", lambda: None)
    with pytest.raises(TachographError, match="git is not installed") as caught:
        Repository(str(tmp_path))
    assert (caught.value.slug, caught.value.exit_code) == ("no_git", 4)


def test_a_git_that_takes_too_long_is_stopped(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(str(history))
    repository._deadline = 0.0
    for look in (repository.find_retro, lambda: repository.find_change("a"), lambda: repository.find_commit("v1")):
        with pytest.raises(TachographError, match="Git took too long") as caught:
            look()
        assert caught.value.slug == "git_failed"
