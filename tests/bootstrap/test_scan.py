"""Secrets in what is staged: contents that git holds, whatever its configuration says of them."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from tachograph.app.bootstrap.scan import ALLOWED, FoundSecret, StagedScan, mask, scan_staged
from tachograph.app.bootstrap.staged import MOST_BYTES, StagedFile, read_staged
from tachograph.errors import NotFound
from tachograph.redaction import Redactor, Secret, bundled_rules
from tests.bootstrap.repositories import git, make_repository, set_up
from tests.effort import takes_at_most

KEY = "AKIA" + "Q3EGZTWQ7XNM2P5L"
OTHER = "AKIA" + "W7TNQ2LP5XRGZ3EH"
PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "\n".join(["MIIEpAIBAAKCAQEA7bq2" * 3] * 4)
    + "\n-----END RSA PRIVATE KEY-----"
)
TACHO = Path(sys.executable).parent


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "r", known__txt=f"a\nkey={KEY}\nb\n".encode())


def scan(root: Path, **environ: str) -> StagedScan:
    return scan_staged(read_staged(root, environ))


def stage(root: Path, name: str, content: str | bytes) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    git(root, "add", "-A", "-f")


def places(found: StagedScan) -> list[tuple[str, int, str]]:
    return [(one.file, one.line, one.kind) for one in found.secrets]


def test_nothing_is_staged(root: Path) -> None:
    assert scan(root) == StagedScan(files=0, secrets=[], allowed=0, skipped=[])


def test_file_line_kind_and_a_masked_value(root: Path) -> None:
    stage(root, "new.txt", f"one\ntwo\nkey={KEY} and {OTHER}\n")
    told = [
        FoundSecret(file="new.txt", line=3, kind="aws-access-key-id", masked="AKIA… (20 characters)") for _ in range(2)
    ]
    assert scan(root) == StagedScan(files=1, secrets=told, allowed=0, skipped=[])


@pytest.mark.parametrize(
    ("secret", "shown"),
    [("a" * 19, "… (19 characters)"), ("abcdefghijklmnopqrst", "abcd… (20 characters)"), ("", "… (0 characters)")],
)
def test_of_a_short_secret_nothing_is_shown(secret: str, shown: str) -> None:
    assert mask(secret) == shown


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (f"a\nkey={KEY}\nb\nc\n", []),
        (f"a\nb\nkey={KEY}\n", []),
        (f"a\r\nkey={KEY}\r\nb\r\n", []),
        (f"a\nkey={KEY} \nkey={OTHER}\n", [3]),
        (f"a\nkey = {KEY}\nb\n", [2]),
        (f"new\na\nkey={KEY}\nb\n{OTHER}", [5]),
        ("a\nb\n", []),
    ],
)
def test_only_added_lines_count(root: Path, content: str, lines: list[int]) -> None:
    stage(root, "known.txt", content)
    assert [one.line for one in scan(root).secrets] == lines


def test_a_key_over_several_lines_is_told_where_it_is_added(root: Path) -> None:
    stage(root, "id_rsa", f"text\n{PEM}\nmore\n")
    assert [(file, line) for file, line, _ in places(scan(root))] == [("id_rsa", 2)]
    git(root, "commit", "-q", "-m", "oh")
    stage(root, "id_rsa", f"text\n{PEM}\nmore\nand more\n")
    assert places(scan(root)) == []
    stage(root, "id_rsa", f"text\n{PEM.replace('MIIE', 'MIIF', 1)}\nmore\n")
    assert [(file, line) for file, line, _ in places(scan(root))] == [("id_rsa", 3)]


def test_a_line_may_say_that_its_secret_is_allowed(root: Path) -> None:
    stage(root, "new.py", f"A = '{KEY}'  # {ALLOWED}: made up\nB = '{OTHER}'\n")
    found = scan(root)
    assert (places(found), found.allowed) == ([("new.py", 2, "aws-access-key-id")], 1)


def test_what_is_in_the_work_tree_alone_does_not_count(root: Path) -> None:
    stage(root, "new.txt", "clean\n")
    (root / "new.txt").write_text(f"{KEY}\n")
    assert places(scan(root)) == []
    stage(root, "new.txt", f"{KEY}\n")
    (root / "new.txt").write_text("clean\n")
    assert places(scan(root)) == [("new.txt", 1, "aws-access-key-id")]


def test_the_first_commit_is_looked_through(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    stage(tmp_path, "new.txt", f"{KEY}\n")
    assert places(scan(tmp_path)) == [("new.txt", 1, "aws-access-key-id")]


@pytest.mark.parametrize("name", ["a b.txt", "tab\there", 'quo"te', "new\nline", "-x", "é.txt"])
def test_any_name_of_a_file(root: Path, name: str) -> None:
    stage(root, name, f"{KEY}\n")
    assert places(scan(root)) == [(name, 1, "aws-access-key-id")]


def test_attributes_and_configuration_hide_nothing_and_run_nothing(root: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    for key in ("diff.external", "diff.x.textconv", "diff.x.command", "core.fsmonitor"):
        git(root, "config", key, f"touch '{ran}'; cat")
    for key, value in (
        ("diff.noprefix", "true"),
        ("diff.relative", "true"),
        ("color.ui", "always"),
        ("diff.renames", "copies"),
    ):
        git(root, "config", key, value)
    stage(root, ".gitattributes", "*.txt -diff\n*.bin diff=x\n")
    ran.unlink(missing_ok=True)
    for name in ("sub/new.txt", "new.bin"):
        stage(root, name, f"{KEY}\n")
        ran.unlink(missing_ok=True)
    found = scan(root / "sub")
    assert [one.file for one in found.secrets] == ["new.bin", "sub/new.txt"]
    assert not ran.exists()


def test_binary_and_large_files_are_skipped_and_named(root: Path) -> None:
    stage(root, "a.bin", b"\0\1" + KEY.encode())
    stage(root, "large.txt", b"x" * MOST_BYTES + b"\n" + KEY.encode())
    stage(root, "utf16.txt", f"{KEY}\n".encode("utf-16"))
    stage(root, "latin.txt", b"caf\xe9\n" + KEY.encode())
    found = scan(root)
    assert [(one.file, one.reason) for one in found.skipped] == [
        ("large.txt", "it is larger than 5 MiB"),
        ("a.bin", "it is binary"),
    ]
    assert [(file, line) for file, line, _ in places(found)] == [("latin.txt", 2), ("utf16.txt", 1)]


def test_links_submodules_and_deleted_files_are_left_out(root: Path, tmp_path: Path) -> None:
    inner = make_repository(tmp_path / "inner")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    (root / "link").symlink_to(KEY)
    (root / "known.txt").unlink()
    git(root, "add", "-A")
    assert scan(root) == StagedScan(files=1, secrets=[], allowed=0, skipped=[]), ".gitmodules alone"


def test_a_file_that_becomes_a_link_and_back(root: Path) -> None:
    (root / "known.txt").unlink()
    (root / "known.txt").symlink_to("nowhere")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "link")
    (root / "known.txt").unlink()
    stage(root, "known.txt", f"{KEY}\n")
    assert places(scan(root)) == [("known.txt", 1, "aws-access-key-id")]


def test_a_folder_in_no_repository(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        scan(tmp_path)
    assert caught.value.slug == "no_repository"


def test_many_files_in_several_readings(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.app.bootstrap.staged._AT_ONCE", 100)
    for number in range(20):
        (root / f"{number:02}.txt").write_text("x" * number + f"\n{KEY}\n")
    git(root, "add", "-A")
    assert [(one.file, one.line) for one in scan(root).secrets] == [(f"{number:02}.txt", 2) for number in range(20)]


def test_the_finder_and_the_redactor_agree() -> None:
    redactor = Redactor(bundled_rules())
    filler = "word " * 20_000
    text = f"{filler}{KEY}\n{filler}\npassword={'hunter2' * 3}\n{PEM}\n"
    found = list(redactor.find(text))
    assert text[found[0].begin : found[0].end] == KEY
    for begin, end, kind in reversed(found):
        text = f"{text[:begin]}[redacted:{kind}]{text[end:]}"
    assert len(found) == 3
    assert redactor.clean(text) == text
    assert list(redactor.find("nothing")) == []
    assert list(redactor.find(f"{KEY} {OTHER}")) == [
        Secret(0, 20, "aws-access-key-id"), Secret(21, 41, "aws-access-key-id")
    ]  # fmt: skip


def test_ten_megabytes_take_less_than_two_seconds() -> None:
    rng = random.Random(8)
    words = [
        "def",
        "token",
        "return",
        "key_id",
        "http://example.org/a?b=c",
        *(f"name_{number}" for number in range(60)),
    ]
    text = "\n".join(" ".join(rng.choices(words, k=10)) for _ in range(45_000)).encode()
    files = [StagedFile(str(number), text, text[: len(text) // 2]) for number in range(10 * 1_000_000 // len(text) + 1)]
    found = takes_at_most(2.0, lambda: scan_staged(files))
    assert (found.files, found.skipped) == (len(files), [])


# --------------------------------------------------------------------------------------------------- with git's hooks


@pytest.mark.parametrize("how", [["-a"], ["known.txt"], []])
def test_a_commit_with_a_secret_is_refused_whichever_index_it_has(root: Path, how: list[str]) -> None:
    set_up(root, hooks=("pre-commit",))
    (root / "known.txt").write_text(f"{OTHER}\n")
    if not how:
        git(root, "add", "known.txt")
    said = git(root, "commit", "-m", "more", *how, code=1, path=TACHO)
    assert "known.txt:1: aws-access-key-id AKIA… (20 characters)" in said.splitlines()
    assert OTHER not in said
    assert git(root, "log", "--format=%s") == "first\n"


def test_a_clean_commit_passes_without_a_word(root: Path) -> None:
    set_up(root, hooks=("pre-commit",))
    git(root, "add", "-A")
    assert git(root, "commit", "-q", "-m", "more", path=TACHO) == ""


def test_a_repository_whose_folder_lies_elsewhere(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.txt").write_text(f"{KEY}\n")
    where = {"GIT_DIR": str(tmp_path / "bare"), "GIT_WORK_TREE": str(tmp_path / "tree")}
    git(tmp_path / "tree", "--git-dir", where["GIT_DIR"], "--work-tree", where["GIT_WORK_TREE"], "add", "a.txt")
    assert places(scan(tmp_path / "tree", **where)) == [("a.txt", 1, "aws-access-key-id")]
    assert "GIT_DIR" not in os.environ
