"""Places follow the environment; what is created there belongs to its owner alone, whatever the umask."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph import paths
from tachograph.errors import TachographError

posix_only = pytest.mark.skipif(os.name == "nt", reason="modes mean something on POSIX systems only")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def make_file(path: Path, content: bytes = b"", mode: int = 0o644) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def make_dir(path: Path, mode: int = 0o755) -> Path:
    path.mkdir()
    path.chmod(mode)
    return path


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


# ------------------------------------------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("function", "variable"), [(paths.data_dir, "TACHO_DATA_DIR"), (paths.config_file, "TACHO_CONFIG")]
)
class TestNamedPlace:
    def test_variable_decides(self, function, variable, tmp_path, monkeypatch):
        monkeypatch.setenv(variable, str(tmp_path / "here"))
        assert function() == tmp_path / "here"

    def test_tilde_means_home(self, function, variable, home, monkeypatch):
        monkeypatch.setenv(variable, "~/mine")
        assert function() == home / "mine"

    def test_relative_place_is_made_absolute(self, function, variable, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv(variable, "sub/../mine")
        assert function() == Path.cwd() / "mine"

    def test_nothing_is_created(self, function, variable, tmp_path, monkeypatch):
        monkeypatch.setenv(variable, str(tmp_path / "here"))
        function()
        assert list(tmp_path.iterdir()) == []

    def test_empty_variable_means_the_platforms_place(self, function, variable, monkeypatch):
        monkeypatch.setenv(variable, "")
        assert "tachograph" in function().parts


@pytest.mark.skipif(sys.platform != "linux", reason="XDG places")
def test_platforms_places_on_linux(home, monkeypatch):
    monkeypatch.delenv("TACHO_DATA_DIR")
    assert paths.data_dir() == home / ".local/share/tachograph"
    assert paths.config_file() == home / ".config/tachograph/config.toml"


def test_named_places_need_no_platformdirs(tmp_path):
    code = "import sys; from tachograph import paths; paths.data_dir(); paths.config_file(); print(*sys.modules)"
    named = {"TACHO_DATA_DIR": str(tmp_path), "TACHO_CONFIG": str(tmp_path / "c.toml")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | named, check=True, capture_output=True, text=True
    )
    assert "tachograph.paths" in done.stdout.split()
    assert "platformdirs" not in done.stdout.split()


# ------------------------------------------------------------------------------------------------ folders


@posix_only
def test_new_folder_is_0700_under_any_umask(tmp_path, umask):
    assert mode_of(paths.private_dir(tmp_path / "store")) == 0o700


@posix_only
def test_missing_parents_are_made_with_the_usual_mode(tmp_path):
    before = os.umask(0o022)
    try:
        paths.private_dir(tmp_path / "a" / "b" / "store")
    finally:
        os.umask(before)
    assert [mode_of(tmp_path / part) for part in ("a", "a/b", "a/b/store")] == [0o755, 0o755, 0o700]


def test_private_dir_returns_its_path_and_can_be_repeated(tmp_path):
    place = tmp_path / "store"
    assert paths.private_dir(place) == place
    make_file(place / "kept", b"1")
    assert paths.private_dir(place) == place
    assert (place / "kept").read_bytes() == b"1"


@posix_only
@pytest.mark.parametrize(
    ("mode", "content", "after"),
    [
        (0o755, False, 0o700),  # made for us with mkdir
        (0o777, False, 0o700),
        (0o700, True, 0o700),
        (0o755, True, 0o755),  # TACHO_DATA_DIR=~: others' things are in it
        (0o1777, False, 0o1777),  # TACHO_DATA_DIR=/tmp
    ],
)
def test_existing_folder_is_tightened_only_while_it_is_empty(tmp_path, mode, content, after):
    place = make_dir(tmp_path / "store", mode)
    if content:
        make_file(place / "theirs")
    paths.private_dir(place)
    assert mode_of(place) == after


def test_file_in_the_folders_place_is_a_clear_error(tmp_path):
    make_file(tmp_path / "store")
    with pytest.raises(TachographError, match="store is not a folder") as caught:
        paths.private_dir(tmp_path / "store")
    assert (caught.value.slug, caught.value.exit_code) == ("not_a_folder", 4)
    assert "TACHO_DATA_DIR" in caught.value.hint


def test_file_among_the_parents_is_a_clear_error(tmp_path):
    make_file(tmp_path / "file")
    with pytest.raises(TachographError, match="Cannot write") as caught:
        paths.private_dir(tmp_path / "file" / "store")
    assert (caught.value.slug, caught.value.exit_code) == ("cannot_write", 4)


# -------------------------------------------------------------------------------------------------- files


@posix_only
def test_new_file_is_0600_under_any_umask(tmp_path, umask):
    assert mode_of(paths.private_file(tmp_path / "store.db")) == 0o600


@posix_only
@pytest.mark.parametrize("create", [paths.private_file, lambda path: paths.open_private(path).close()])
def test_file_is_never_open_to_others_not_even_while_it_is_made(tmp_path, monkeypatch, create):
    seen = []
    true_open = os.open

    def watched_open(path, flags, mode=0o777, **more):
        descriptor = true_open(path, flags, mode, **more)
        seen.append((bool(flags & os.O_EXCL), stat.S_IMODE(os.fstat(descriptor).st_mode)))
        return descriptor

    before = os.umask(0)
    try:
        monkeypatch.setattr(os, "open", watched_open)
        create(tmp_path / "store.db")
    finally:
        os.umask(before)
    assert seen == [(True, 0o600)]


def test_private_file_keeps_what_is_in_it(tmp_path):
    place = make_file(tmp_path / "store.db", b"rows")
    assert paths.private_file(place) == place
    assert place.read_bytes() == b"rows"


@posix_only
@pytest.mark.parametrize("mode", [0o644, 0o666, 0o640, 0o600])
def test_private_file_tightens_an_existing_one(tmp_path, mode):
    place = make_file(tmp_path / "store.db", b"rows", mode)
    paths.private_file(place)
    assert mode_of(place) == 0o600


@pytest.mark.parametrize("create", [paths.private_file, paths.open_private])
def test_folder_in_the_files_place_is_a_clear_error(tmp_path, create):
    make_dir(tmp_path / "store.db")
    with pytest.raises(TachographError, match=r"store\.db is not a regular file") as caught:
        create(tmp_path / "store.db")
    assert (caught.value.slug, caught.value.exit_code) == ("not_a_file", 4)


@pytest.mark.parametrize("create", [paths.private_file, paths.open_private])
def test_missing_folder_is_a_clear_error(tmp_path, create):
    with pytest.raises(TachographError, match=r"Cannot write .*: No such file or directory") as caught:
        create(tmp_path / "nowhere" / "store.db")
    assert (caught.value.slug, caught.value.exit_code) == ("cannot_write", 4)


@posix_only
def test_dangling_link_is_not_followed(tmp_path):
    (tmp_path / "store.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TachographError, match="not a regular file"):
        paths.private_file(tmp_path / "store.db")
    assert not (tmp_path / "elsewhere").exists()


@posix_only
def test_fifo_in_the_files_place_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "store.db")
    with pytest.raises(TachographError, match="not a regular file"):
        paths.private_file(tmp_path / "store.db")


def test_open_private_writes_bytes(tmp_path):
    with paths.open_private(tmp_path / "out.csv") as out:
        out.write(b"a,b\n")
    assert (tmp_path / "out.csv").read_bytes() == b"a,b\n"


@posix_only
def test_open_private_empties_and_tightens_an_existing_file(tmp_path):
    place = make_file(tmp_path / "out.csv", b"a much longer content", 0o666)
    with paths.open_private(place) as out:
        assert (mode_of(place), place.stat().st_size) == (0o600, 0)
        out.write(b"short")
    assert place.read_bytes() == b"short"


@posix_only
def test_open_private_leaves_devices_as_they_are():
    before = os.stat(os.devnull).st_mode
    with paths.open_private(Path(os.devnull)) as out:
        out.write(b"gone")
    assert os.stat(os.devnull).st_mode == before


@posix_only
def test_no_descriptor_is_left_open(tmp_path):
    def count_open() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    before = count_open()
    for _ in range(20):
        paths.private_file(tmp_path / "store.db")
        paths.open_private(tmp_path / "out.csv").close()
    assert count_open() == before


# ----------------------------------------------------------------------------------------------- tighten


@posix_only
@pytest.mark.parametrize(
    ("before", "changed", "after"),
    [
        (0o644, True, 0o600),
        (0o755, True, 0o700),
        (0o2770, True, 0o2700),
        (0o401, True, 0o400),
        (0o600, False, 0o600),
        (0o000, False, 0o000),
    ],
)
@pytest.mark.parametrize("make", [make_file, make_dir])
def test_tighten_takes_rights_from_everyone_else(tmp_path, make, before, changed, after):
    place = make(tmp_path / "thing", mode=before)
    expected = (stat.S_IMODE(place.stat().st_mode) & ~0o777) | (after & 0o777)
    assert paths.tighten(place) is changed
    assert mode_of(place) == expected
    assert paths.tighten(place) is False
    place.chmod(0o700)


def test_tighten_of_a_missing_file_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        paths.tighten(tmp_path / "missing")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(OSError, match="no regular file"):
            paths.open_regular(path)
    (tmp_path / "file").write_bytes(b"content")
    with paths.open_regular(tmp_path / "file") as stream:
        assert stream.read() == b"content"
