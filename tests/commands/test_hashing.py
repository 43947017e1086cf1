"""Keyed hashes of commands."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.capture.hashing import KEY_FILE, Key, hash_command, hash_line, load_key
from tachograph.errors import TachographError

KEY = Key("id", b"a made-up secret of 27 bytes")


def test_hash_is_hmac_of_the_arguments_joined_by_the_unit_separator():
    expected = hmac.new(KEY.secret, b"git\x1fcommit\x1f-m\x1fa b", hashlib.sha256).hexdigest()[:32]
    assert hash_command(["git", "commit", "-m", "a b"], KEY) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["echo", "a b"], ["echo", "a", "b"]),
        (["a", ""], ["a"]),
        (["a"], ["A"]),
        (["caf\udce9"], ["café"]),
        (["half \ud83d"], ["half \ufffd"]),
    ],
)
def test_other_arguments_have_another_hash(first: list[str], second: list[str]):
    assert hash_command(first, KEY) != hash_command(second, KEY)


def test_bytes_of_an_argument_count_as_the_system_passes_them():
    assert hash_command([os.fsdecode(b"caf\xe9")], KEY) == hmac.new(KEY.secret, b"caf\xe9", "sha256").hexdigest()[:32]


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("pytest -q", ["pytest", "-q"]),
        ("  git commit -m 'a b' ", ["git", "commit", "-m", "a b"]),
        ('echo "a b"', ["echo", "a b"]),
        ("make && make test", ["make", "&&", "make", "test"]),
        ("echo 'open", ["echo 'open"]),
        ("# only a remark", ["#", "only", "a", "remark"]),
    ],
)
def test_line_has_the_hash_of_its_words(line: str, argv: list[str]):
    assert hash_line(line, KEY) == hash_command(argv, KEY)


def test_key_is_made_once_and_private(tmp_path: Path):
    folder = tmp_path / "store"
    key = load_key(folder)
    assert len(key.secret) == 64
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert load_key(folder) == key
    assert [entry.name for entry in folder.iterdir()] == [KEY_FILE]


def test_two_stores_have_different_keys_and_hashes(tmp_path: Path):
    one, two = load_key(tmp_path / "one"), load_key(tmp_path / "two")
    assert one.id != two.id
    assert hash_command(["ls"], one) != hash_command(["ls"], two)


def test_processes_that_begin_at_once_agree_on_one_key(tmp_path: Path):
    code = (
        "import sys, pathlib; from tachograph.capture.hashing import load_key;"
        " print(load_key(pathlib.Path(sys.argv[1])).id)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "s")], stdout=subprocess.PIPE) for _ in range(4)
    ]
    said = {process.communicate()[0] for process in processes}
    assert said == {load_key(tmp_path / "s").id.encode() + b"\n"}


def test_key_open_to_others_is_closed(tmp_path: Path):
    key = load_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    assert load_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_common_key_takes_the_place_of_the_own_one(tmp_path: Path):
    common = tmp_path / "organisation.key"
    common.write_bytes(b"  sixteen bytes ok\n")
    key = load_key(tmp_path / "store", str(common))
    assert key.secret == b"sixteen bytes ok"
    assert load_key(tmp_path / "other", str(common)).id == key.id
    assert not (tmp_path / "store").exists()


def test_key_does_not_give_its_secret_away(tmp_path: Path):
    key = load_key(tmp_path)
    assert key.secret.decode() not in repr(key)
    assert key.id not in key.secret.decode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), (b"", "fewer than 16 bytes"), (b"fifteen bytes!!\n\n\n", "fewer than 16 bytes")],
)
def test_common_key_that_is_none_is_an_error(tmp_path: Path, content: bytes | None, reason: str):
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TachographError, match=reason) as caught:
        load_key(tmp_path, str(path))
    assert caught.value.slug == "bad_key"


def test_own_key_that_was_emptied_is_not_replaced_in_silence(tmp_path: Path):
    (tmp_path / KEY_FILE).touch()
    with pytest.raises(TachographError, match="fewer than 16 bytes"):
        load_key(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_a_pipe_in_the_place_of_the_key_is_told_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / KEY_FILE)
    with pytest.raises(TachographError, match="no regular file") as caught:
        load_key(tmp_path)
    assert caught.value.slug == "bad_key"
