from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tachograph.app.cases.replacing import read_or_none, replace_file
from tachograph.app.expect.document import MOST_BYTES
from tachograph.errors import Busy, TachographError


def test_a_file_that_is_not_there_is_made_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "candidates.yaml"
    assert read_or_none(path) is None

    replace_file(path, b"a: 1\n", None)

    assert path.read_bytes() == b"a: 1\n"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    assert os.listdir(tmp_path) == ["candidates.yaml"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640])
def test_the_mode_stays_and_a_link_stays_one(tmp_path: Path, mode: int) -> None:
    path, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    path.write_bytes(b"a: 1\n")
    path.chmod(mode)
    link.symlink_to(path)

    replace_file(link, b"a: 2\n", b"a: 1\n")

    assert path.read_bytes() == b"a: 2\n"
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert link.is_symlink()


@pytest.mark.parametrize("known", [None, b"a: 0\n"])
def test_what_somebody_changed_meanwhile_is_not_overwritten(tmp_path: Path, known: bytes | None) -> None:
    path = tmp_path / "candidates.yaml"
    path.write_bytes(b"a: 1\n")

    with pytest.raises(Busy) as raised:
        replace_file(path, b"a: 2\n", known)

    assert (raised.value.slug, raised.value.exit_code) == ("cases_changed", 5)
    assert path.read_bytes() == b"a: 1\n"
    assert os.listdir(tmp_path) == ["candidates.yaml"]


def test_a_file_that_was_removed_meanwhile_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(Busy):
        replace_file(tmp_path / "candidates.yaml", b"a: 2\n", b"a: 1\n")

    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TachographError) as raised:
        replace_file(tmp_path / "no" / "candidates.yaml", b"", None)

    assert raised.value.slug == "cannot_write"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(TachographError) as raised:
        read_or_none(tmp_path)

    assert raised.value.slug == "unreadable_cases"


def test_no_more_is_read_than_a_reader_takes(tmp_path: Path) -> None:
    path = tmp_path / "candidates.yaml"
    path.write_bytes(b"#" * MOST_BYTES)
    assert read_or_none(path) == b"#" * MOST_BYTES
    path.write_bytes(b"#" * (MOST_BYTES + 1))

    with pytest.raises(
        TachographError, match=r"candidates\.yaml cannot be read: it is larger than \d+ KiB\."
    ) as raised:
        read_or_none(path)

    assert raised.value.slug == "unreadable_cases"
