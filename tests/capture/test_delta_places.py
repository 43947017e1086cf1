"""What a command changed, in repositories of every kind and state; with less where there is less."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tachograph.capture import git as git_module
from tachograph.capture import snapshot as snapshot_module
from tachograph.capture.processes import descendant_groups
from tachograph.capture.repository import find_repository
from tests.capture.repos import copy_repository, list_everything, look_at, make_base, numbers, run_shell


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base") / "repo")


@pytest.fixture
def repo(base: Path, tmp_path: Path) -> Path:
    return copy_repository(base, tmp_path / "repo")


def test_sub_folder_tells_of_the_whole_repository(repo: Path) -> None:
    delta = look_at(repo / "dir" / "deep", "echo x >> ../../a.txt; echo y > new.txt", repo)
    assert numbers(delta) == (2, 2, 0, 0, 0, 0)
    assert [path.path for path in delta.paths] == ["a.txt", "dir/deep/new.txt"]


def test_objects_and_heads_are_named(repo: Path) -> None:
    head = run_shell(repo, "git rev-parse HEAD").strip()
    before = run_shell(repo, "git rev-parse HEAD:a.txt").strip()
    delta = look_at(repo, "echo x >> a.txt; rm b.txt; git commit -qam third")
    assert delta.head_before == head
    assert delta.head_after == run_shell(repo, "git rev-parse HEAD").strip()
    assert [(path.path, path.before, path.after) for path in delta.paths] == [
        ("a.txt", before, run_shell(repo, "git rev-parse HEAD:a.txt").strip()),
        ("b.txt", run_shell(repo, "git rev-parse HEAD~1:b.txt").strip(), None),
    ]


def test_at_most_200_files_are_named(repo: Path) -> None:
    delta = look_at(repo, "for i in $(seq 1000 1250); do echo $i > $i; done")
    assert delta.files_touched == 251
    assert [path.path for path in delta.paths] == [str(number) for number in range(1000, 1200)]


def test_worktree_counts_for_the_main_repository(repo: Path, tmp_path: Path) -> None:
    run_shell(repo, "git worktree add -q -b side ../side; echo x >> a.txt")
    found = find_repository(tmp_path / "side")
    assert found is not None
    assert found.root == repo
    found.close()
    delta = look_at(tmp_path / "side", "echo y > y; git add y; git commit -qm y", tmp_path)
    assert numbers(delta) == (1, 1, 0, 0, 0, 1)


def test_commit_in_another_worktree_is_none_of_this_one(repo: Path, tmp_path: Path) -> None:
    run_shell(repo, "git worktree add -q -b side ../side")
    delta = look_at(repo, "cd ../side; echo y > y; git add y; git commit -qm y", tmp_path)
    assert numbers(delta) == (0, 0, 0, 0, 0, 0)


def test_within_a_submodule(repo: Path, tmp_path: Path) -> None:
    run_shell(repo, "git -c protocol.file.allow=always submodule --quiet add ../repo sub; git commit -qm sub")
    delta = look_at(repo / "sub", "echo x >> a.txt; git commit -qam x", tmp_path)
    assert numbers(delta) == (1, 1, 0, 0, 0, 1)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cd sub; echo x >> a.txt", (0, 0, 0, 0, 0, 0)),
        ("cd sub; echo x >> a.txt; git commit -qam x", (1, 0, 0, 0, 0, 0)),
        ("cd sub; git commit -q --allow-empty -m x; cd ..; git commit -qam sub", (1, 0, 0, 0, 0, 1)),
        ("git submodule --quiet deinit -f sub", (0, 0, 0, 0, 0, 0)),
        ("echo x >> a.txt", (1, 1, 0, 0, 0, 0)),
    ],
)
def test_submodule_is_one_file_without_lines(
    repo: Path, tmp_path: Path, command: str, expected: tuple[int, ...]
) -> None:
    run_shell(repo, "git -c protocol.file.allow=always submodule --quiet add ../repo sub; git commit -qm sub")
    assert numbers(look_at(repo, command, tmp_path)) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("git init -q inner; echo 1 > inner/x", (0, 0, 0, 0, 0, 0)),
        ("git clone -q . inner", (1, 0, 0, 0, 0, 0)),
        ("git init -q inner; echo 1 > x", (1, 1, 0, 0, 0, 0)),
    ],
)
def test_repository_made_inside(repo: Path, command: str, expected: tuple[int, ...]) -> None:
    assert numbers(look_at(repo, command)) == expected


def test_repository_made_by_the_command_is_told_of_from_the_next_one_on(tmp_path: Path) -> None:
    assert find_repository(tmp_path) is None
    run_shell(tmp_path, "git init -q .; echo 1 > x")
    delta = look_at(tmp_path, "git add x; git commit -qm first; echo 2 > y")
    assert numbers(delta) == (1, 1, 0, 0, 0, 1)
    assert delta.head_before is None


def test_repository_removed_by_the_command(repo: Path) -> None:
    delta = look_at(repo, "rm -rf .git")
    assert numbers(delta) == (None, None, None, None, None, None)
    assert delta.note == "a file could not be read or written"


def test_unborn_branch(tmp_path: Path) -> None:
    run_shell(tmp_path, "git init -q .")
    delta = look_at(tmp_path, "echo 1 > x")
    assert numbers(delta) == (1, 1, 0, 0, 0, 0)
    assert (delta.head_before, delta.head_after) == (None, None)
    assert numbers(look_at(tmp_path, "true")) == (0, 0, 0, 0, 0, 0)


def test_empty_repository_in_which_nothing_happens(tmp_path: Path) -> None:
    run_shell(tmp_path, "git init -q .")
    assert numbers(look_at(tmp_path, "true")) == (0, 0, 0, 0, 0, 0)


def test_orphan_branch(repo: Path) -> None:
    delta = look_at(repo, "git checkout -q --orphan new; git commit -qm new")
    assert numbers(delta) == (0, 0, 0, 0, 0, 1)


def test_bare_repository_tells_commits_alone(repo: Path, tmp_path: Path) -> None:
    run_shell(repo, "git clone -q --bare . ../bare; git remote add bare ../bare")
    commit = "new=$(git commit-tree -p HEAD -m x HEAD^{tree}); git update-ref HEAD $new"
    delta = look_at(tmp_path / "bare", commit)
    assert numbers(delta) == (None, None, None, None, None, 1)
    assert delta.note == "no work tree: only commits were counted"


def test_git_folder_tells_commits_alone(repo: Path) -> None:
    delta = look_at(repo / ".git", "cd ..; git commit -q --allow-empty -m x", repo)
    assert numbers(delta) == (None, None, None, None, None, 1)


def test_git_folder_elsewhere(repo: Path, tmp_path: Path) -> None:
    run_shell(repo, "git init -q --separate-git-dir ../elsewhere")
    assert numbers(look_at(repo, "echo x >> a.txt; git commit -qam x", tmp_path)) == (1, 1, 0, 0, 0, 1)


def test_git_folder_of_another_name_is_not_part_of_the_work_tree(repo: Path) -> None:
    run_shell(repo, "git init -q --separate-git-dir 'my [git] store'")
    assert numbers(look_at(repo, "echo x >> a.txt; git commit -qam x")) == (1, 1, 0, 0, 0, 1)


def test_temporary_folder_within_the_work_tree(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    (repo / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(repo / "tmp"))
    assert numbers(look_at(repo, "echo x >> a.txt")) == (1, 1, 0, 0, 0, 0)


def test_no_repository(tmp_path: Path) -> None:
    assert find_repository(tmp_path) is None
    assert find_repository(tmp_path / "not" / "there") is None


def test_without_git(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}bin")
    assert find_repository(tmp_path) is None
    found = find_repository(repo / "dir")
    assert found is not None
    assert found.root == repo
    delta = found.compare(found.snapshot(), found.snapshot(), 0)
    assert numbers(delta) == (None, None, None, None, None, None)
    assert delta.note == "git is not installed"


def test_repository_that_git_refuses(repo: Path) -> None:
    run_shell(repo, "git config core.repositoryFormatVersion 1; git config extensions.nobodyKnowsThis true")
    found = find_repository(repo)
    assert found is not None
    delta = found.compare(found.snapshot(), found.snapshot(), 0)
    assert numbers(delta) == (None, None, None, None, None, None)
    assert delta.note == "git does not understand the repository"


def test_damaged_index(repo: Path) -> None:
    (repo / ".git" / "index").write_bytes(b"no index")
    delta = look_at(repo, "git commit-tree HEAD^{tree} -m x > ../new; git update-ref HEAD $(cat ../new)")
    assert numbers(delta) == (None, None, None, None, None, 1)
    assert delta.note == "git failed"


def test_index_that_is_locked(repo: Path) -> None:
    (repo / ".git" / "index.lock").touch()
    assert numbers(look_at(repo, "echo x >> a.txt")) == (1, 1, 0, 0, 0, 0)


def test_read_only_repository(repo: Path) -> None:
    run_shell(repo, "chmod -R a-w .git dir")
    try:
        assert numbers(look_at(repo, "echo x >> a.txt")) == (1, 1, 0, 0, 0, 0)
    finally:
        run_shell(repo, "chmod -R u+w .")


def test_split_index(repo: Path) -> None:
    run_shell(repo, "git update-index --split-index; echo x >> b.txt; git add b.txt; ls .git/sharedindex.*")
    assert numbers(look_at(repo, "echo x >> a.txt; git add a.txt")) == (1, 1, 0, 0, 0, 0)


@pytest.mark.parametrize("version", [3, 4])
def test_other_versions_of_the_index(repo: Path, version: int) -> None:
    run_shell(repo, f"git update-index --index-version {version}")
    assert numbers(look_at(repo, "echo x >> a.txt; git add a.txt")) == (1, 1, 0, 0, 0, 0)


def test_index_with_a_cache_of_what_is_untracked(repo: Path) -> None:
    run_shell(repo, "echo 1 > new; git update-index --untracked-cache; git status")
    assert numbers(look_at(repo, "echo 1 > newer; rm new")) == (1, 0, 0, 0, 1, 0)


def test_sha256_repository(tmp_path: Path) -> None:
    run_shell(tmp_path, "git init -q --object-format=sha256 .; mkdir d; seq 9 > d/x; git add d; git commit -qm x")
    delta = look_at(tmp_path, "echo 1 >> d/x; mkdir -p n/m; seq 3 > n/m/y; git commit -qam y")
    assert numbers(delta) == (2, 4, 0, 0, 0, 1)
    assert delta.head_after is not None
    assert len(delta.head_after) == 64


def test_sparse_checkout(repo: Path) -> None:
    run_shell(repo, "git status; git sparse-checkout set --cone dir/deep; test ! -e dir/c.txt || rm dir/c.txt")
    assert numbers(look_at(repo, "echo x >> a.txt; echo x >> dir/deep/d.txt")) == (2, 2, 0, 0, 0, 0)


def test_sparse_checkout_that_is_changed_deletes_nothing(repo: Path) -> None:
    run_shell(repo, "git status")
    assert numbers(look_at(repo, "git sparse-checkout set --no-cone /a.txt; test ! -e dir")) == (0, 0, 0, 0, 0, 0)
    assert numbers(look_at(repo, "git sparse-checkout add /b.txt; echo x >> b.txt")) == (1, 1, 0, 0, 0, 0)
    assert numbers(look_at(repo, "git sparse-checkout disable; test -e dir")) == (0, 0, 0, 0, 0, 0)


def test_file_outside_the_sparse_checkout(repo: Path) -> None:
    run_shell(repo, "git status; git sparse-checkout set --no-cone /a.txt")
    assert numbers(look_at(repo, "mkdir far; echo 1 > far/new")) == (1, 1, 0, 0, 0, 0)


def test_sparse_index(repo: Path) -> None:
    run_shell(repo, "git status; git sparse-checkout set --cone --sparse-index empty")
    assert "dir/" in run_shell(repo, "git ls-files --sparse").split("\n")
    assert numbers(look_at(repo, "echo x >> a.txt", repo / ".git" / "refs")) == (1, 1, 0, 0, 0, 0)


def test_shallow_clone(repo: Path, tmp_path: Path) -> None:
    run_shell(tmp_path, "git clone -q --depth 1 file://$PWD/repo shallow")
    delta = look_at(tmp_path / "shallow", "git fetch -q --unshallow; echo 1 > x; git add x; git commit -qm x")
    assert numbers(delta) == (1, 1, 0, 0, 0, 1)


def test_objects_of_another_repository(repo: Path, tmp_path: Path) -> None:
    run_shell(
        tmp_path,
        "git clone -q --shared repo shared; echo ../../../repo/.git/objects > shared/.git/objects/info/alternates",
    )
    assert numbers(look_at(tmp_path / "shared", "echo x >> a.txt; git commit -qam x")) == (1, 1, 0, 0, 0, 1)


def test_clone_without_all_objects_fetches_none(repo: Path, tmp_path: Path) -> None:
    run_shell(
        tmp_path,
        "git -C repo config uploadpack.allowFilter true; git clone -q --filter=blob:none file://$PWD/repo partial;"
        "mv repo away",
    )
    assert numbers(look_at(tmp_path / "partial", "echo x >> a.txt; git commit -qam x")) == (1, 1, 0, 0, 0, 1)
    delta = look_at(tmp_path / "partial", "git update-index --cacheinfo 100644,$(printf %040d 7),b.txt")
    assert numbers(delta) == (0, 0, 0, 0, 0, 0)


NAMES = [
    "with space", "new\nline", "tab\tbed", 'quo"te', "apo'strophe", "back\\slash", "$HOME", "-rf", "--", ":(top)x", "*",
    "[a]", "#hash", "!not", "é", "\U0001f600", "\u202eltr", "\x1b[31mred", " lead", "trail ", "a" * 250, "HEAD", "con",
    "...", "~", "%s", "{}", "=", ";ls", "`id`", "\x01\x02\x7f", "e\u0301", "a/b\nc/d\te",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_hostile_names_of_files(repo: Path, name: str) -> None:
    found = find_repository(repo)
    assert found is not None
    before = found.snapshot()
    path = repo / "dir" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (repo / "dir" / "c.txt").rename(path)
    delta = found.compare(before, found.snapshot(), 0)
    assert numbers(delta) == (1, 0, 0, 0, 1, 0)
    assert [(one.path, one.old_path) for one in delta.paths] == [(f"dir/{name}", "dir/c.txt")]


def test_names_that_are_no_text(repo: Path) -> None:
    name = os.path.join(os.fsencode(repo), b"\xff\xfe\n")
    found = find_repository(repo)
    assert found is not None
    before = found.snapshot()
    with open(name, "wb") as file:
        file.write(b"1\n")
    delta = found.compare(before, found.snapshot(), 0)
    assert numbers(delta) == (1, 1, 0, 0, 0, 0)
    assert delta.paths[0].path == "\\xff\\xfe\n"


@pytest.mark.parametrize("name", ["new\nline", 'quo"te', "a:b", "back\\slash", " ", "\udcff\udcfe", "x\nfalse\ny", "*"])
def test_hostile_names_of_the_repository(repo: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    repo.rename(folder)
    delta = look_at(folder, "echo x >> a.txt; git commit -qam x", tmp_path)
    assert numbers(delta) == (1, 1, 0, 0, 0, 1)
    assert delta.note == ""


def test_line_ends_that_the_repository_keeps_are_not_the_commands(repo: Path) -> None:
    run_shell(repo, "sed -i 's/$/\\r/' b.txt; git commit -qam crlf; git config core.autocrlf true; touch b.txt")
    assert numbers(look_at(repo, "touch -d 2020-01-01 b.txt")) == (0, 0, 0, 0, 0, 0)
    assert numbers(look_at(repo, "printf 'four\\r\\n' >> b.txt")) == (1, 1, 0, 0, 0, 0)
    run_shell(repo, "git config core.autocrlf false; echo '* text=auto' > .gitattributes")
    assert numbers(look_at(repo, "printf 'five\\r\\n' >> b.txt; touch a.txt")) == (1, 1, 0, 0, 0, 0)


def test_attributes_say_what_is_not_text(repo: Path) -> None:
    run_shell(repo, "echo '*.txt binary' > .gitattributes")
    assert numbers(look_at(repo, "echo x >> a.txt; echo y > y")) == (2, 1, 0, 1, 0, 0)


def test_lines_are_not_known_where_a_file_passes_a_filter(repo: Path) -> None:
    run_shell(repo, "echo 'a.txt filter=strip' > .gitattributes")
    delta = look_at(repo, "echo x >> a.txt; echo y >> b.txt")
    assert numbers(delta) == (2, None, None, 0, 0, 0)
    assert [path.lines_added for path in delta.paths] == [None, 1]
    assert delta.note == "some files pass a filter, which was not run: how many lines changed is not known"


def test_old_commit_that_comes_from_nowhere_was_not_made(repo: Path) -> None:
    delta = look_at(repo, "GIT_COMMITTER_DATE=2020-01-01T00:00:00Z git commit -q --allow-empty -m old")
    assert numbers(delta) == (0, 0, 0, 0, 0, 0)
    assert delta.head_before != delta.head_after


def test_deadline(repo: Path) -> None:
    os.mkfifo(repo / "dir" / ".gitattributes")  # reading it never ends
    (repo / "dir" / "c.txt").write_text("changed\n")
    began = time.monotonic()
    found = find_repository(repo)
    assert found is not None
    before = found.snapshot(0.3)
    run_shell(repo, "git update-ref HEAD $(git commit-tree -p HEAD -m x HEAD^{tree})")
    delta = found.compare(before, found.snapshot(30), 0)  # files are not tried again
    assert time.monotonic() - began < 8
    assert numbers(delta) == (None, None, None, None, None, 1)
    assert delta.note == "git took too long"


def test_files_that_take_too_long_afterwards(repo: Path) -> None:
    found = find_repository(repo)
    assert found is not None
    before = found.snapshot()
    os.mkfifo(repo / "dir" / ".gitattributes")
    (repo / "dir" / "c.txt").write_text("changed\n")
    delta = found.compare(before, found.snapshot(0.3), 0)
    assert numbers(delta) == (None, None, None, None, None, 0)
    assert delta.note == "git took too long"


def test_work_goes_on_while_git_looks(repo: Path) -> None:
    found = find_repository(repo)
    assert found is not None
    called = []
    before = found.snapshot(meanwhile=lambda: called.append("before"))
    after = found.snapshot(meanwhile=lambda: called.append("after"))
    assert numbers(found.compare(before, after, 0)) == (0, 0, 0, 0, 0, 0)
    assert called == ["before", "after"]


def test_interrupted_look_ends_git(repo: Path) -> None:
    found = find_repository(repo)
    assert found is not None
    os.mkfifo(repo / "dir" / ".gitattributes")
    (repo / "dir" / "c.txt").write_text("changed\n")

    others = descendant_groups(os.getpid())

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found.snapshot(meanwhile=interrupted)
    found.close()
    assert descendant_groups(os.getpid()) == others


def test_too_much_to_copy(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_module, "_MOST_BYTES", 1 << 20)
    monkeypatch.setattr(git_module, "_LOOK_EVERY", 0.005)
    with open(repo / "vast", "wb") as file:
        for number in range(64):
            file.write(bytes([number]) * (1 << 20))
    delta = look_at(repo, "git commit -q --allow-empty -m x")
    assert numbers(delta) == (None, None, None, None, None, 1)
    assert delta.note == "there is too much that git has not stored yet"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is unreadable to root")
def test_files_that_cannot_be_read(repo: Path) -> None:
    (repo / "secret").touch(mode=0)
    delta = look_at(repo, "echo x >> a.txt")
    assert numbers(delta) == (1, 1, 0, 0, 0, 0)
    assert delta.note == "some files could not be read"


def test_nothing_is_left_behind(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    (tmp_path / "aside").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "aside"))
    found = find_repository(repo)
    assert found is not None
    kept = list(list_everything(tmp_path / "aside").values())
    assert kept[0][0] & 0o777 == 0o700
    before = found.snapshot()
    found.compare(before, found.snapshot(), 0)
    assert os.listdir(tmp_path / "aside") == []
    forgotten = find_repository(repo)
    assert forgotten is not None
    forgotten.snapshot()
    del forgotten
    assert os.listdir(tmp_path / "aside") == []


def test_what_killed_processes_left_is_removed_after_a_day(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    aside = tmp_path / "aside"
    gone = int(run_shell(tmp_path, "echo $$"))
    long_ago = time.time() - 90_000
    for name, at in {
        f"tacho-look-{gone}-old": long_ago,
        f"tacho-look-{gone}-new": time.time(),
        f"tacho-look-{os.getpid()}-old": long_ago,
        "tacho-look-x-old": long_ago,
        f"other-{gone}-old": long_ago,
    }.items():
        (aside / name / "git").mkdir(parents=True)
        os.utime(aside / name, (at, at))
    monkeypatch.setattr(tempfile, "tempdir", str(aside))
    found = find_repository(repo)
    assert found is not None
    found.close()
    assert sorted(os.listdir(aside)) == sorted(
        [f"other-{gone}-old", f"tacho-look-{gone}-new", f"tacho-look-{os.getpid()}-old", "tacho-look-x-old"]
    )


def test_forked_process_leaves_the_folder_to_its_parent(repo: Path) -> None:
    found = find_repository(repo)
    assert found is not None
    before = found.snapshot()
    child = os.fork()
    if child == 0:
        found.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert numbers(found.compare(before, found.snapshot(), 0)) == (0, 0, 0, 0, 0, 0)


def test_variables_of_the_surroundings_do_not_lead_elsewhere(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = copy_repository(repo, tmp_path / "other")
    run_shell(repo, "true")
    for name, value in {
        "GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": str(other / ".git" / "index"),
        "GIT_OBJECT_DIRECTORY": str(other), "GIT_EXTERNAL_DIFF": "false", "GIT_CONFIG_PARAMETERS": "'core.bare=true'",
        "GIT_NAMESPACE": "x", "GIT_LITERAL_PATHSPECS": "0", "GIT_TRACE": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    found = find_repository(repo)
    assert found is not None
    before = found.snapshot()
    (repo / "a.txt").write_text("x\n")
    delta = found.compare(before, found.snapshot(), 0)
    assert numbers(delta) == (1, 1, 4, 0, 0, 0)


def test_ten_thousand_files(tmp_path: Path) -> None:
    make = "mkdir d$d; seq ${d}000 ${d}999 | (cd d$d; split -l 1 -a 3 - f)"
    run_shell(tmp_path, f"git init -q .; for d in 0 1 2 3 4 5 6 7 8 9; do {make}; done; git add -A; git commit -qm all")
    delta = look_at(tmp_path, "mv d7 e7; rm -r d8; echo x >> d9/faaa; git commit -qam x")
    assert numbers(delta) == (2001, 1, 1000, 0, 1000, 1)


def test_ten_thousand_untracked_files(repo: Path) -> None:
    run_shell(repo, "mkdir many; cd many; seq 10000 | split -l 1 -a 3 - f")
    delta = look_at(repo, "rm many/fa*; git commit -q --allow-empty -m none")
    assert numbers(delta) == (676, 0, 676, 0, 0, 1)
