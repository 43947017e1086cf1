"""Where hooks look for their files, and how they write them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tachograph.hooks.places import append, data_folder, read_bytes
from tachograph.paths import data_dir


@pytest.mark.skipif(sys.platform == "win32", reason="the variables of Unix")
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"TACHO_DATA_DIR": "~/somewhere"},
        {"TACHO_DATA_DIR": "relative/place"},
        {"XDG_DATA_HOME": "/srv/data"},
        {"XDG_DATA_HOME": ""},
        {"XDG_DATA_HOME": "relative"},
        {"TACHO_DATA_DIR": "/srv/a", "XDG_DATA_HOME": "/srv/b"},
    ],
)
def test_the_data_folder_is_the_one_of_tacho(monkeypatch, variables):
    for name in ("TACHO_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert data_folder() == str(data_dir())


@pytest.mark.parametrize(
    ("platform", "place"),
    [("darwin", "Library/Application Support/tachograph"), ("linux", ".local/share/tachograph")],
)
def test_the_places_of_other_platforms(home, monkeypatch, platform, place):
    monkeypatch.delenv("TACHO_DATA_DIR")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert data_folder(platform=platform) == str(home / place)


def test_the_place_on_windows(home, monkeypatch):
    monkeypatch.delenv("TACHO_DATA_DIR")
    assert data_folder(platform="win32") == str(home / "AppData/Local/tachograph")
    monkeypatch.delenv("LOCALAPPDATA")
    assert data_folder(platform="win32") == ""


def test_a_named_folder_goes_before_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert data_folder("here") == str(tmp_path / "here")


def test_lines_are_appended_whole_and_privately(tmp_path):
    assert append(str(tmp_path), "lines", b"one\n")
    assert append(str(tmp_path), "lines", b"two\n")
    assert (tmp_path / "hooks" / "lines").read_bytes() == b"one\ntwo\n"
    assert (tmp_path / "hooks").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "hooks" / "lines").stat().st_mode & 0o777 == 0o600


def test_what_does_not_fit_into_one_write_is_not_written(tmp_path):
    assert not append(str(tmp_path), "lines", b"x" * 4097)
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_written_through(tmp_path):
    (tmp_path / "hooks").mkdir()
    (tmp_path / "other").write_bytes(b"mine")
    (tmp_path / "hooks" / "lines").symlink_to(tmp_path / "other")
    assert not append(str(tmp_path), "lines", b"one\n")
    assert (tmp_path / "other").read_bytes() == b"mine"


def test_a_missing_data_folder_is_not_made(tmp_path):
    assert not append(str(tmp_path / "none"), "lines", b"one\n")
    assert list(tmp_path.iterdir()) == []


def test_reading_keeps_to_its_bounds(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_bytes(str(path), 10) == b"0123456789"
    assert read_bytes(str(path), 9) == b""
    assert read_bytes(str(path), 4, only_end=True) == b"6789"
    assert read_bytes(str(tmp_path), 10) == b""
    assert read_bytes(os.devnull, 10) == b""
    assert read_bytes(str(Path(tmp_path) / "none"), 10) == b""
