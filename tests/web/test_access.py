"""Codes that work once, cookies that cannot be made up."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tachograph.errors import TachographError
from tachograph.web.access import CODE_SECONDS, COOKIE_SECONDS, make_address, make_entry, plain_address, serve_folder

PORT = 4747


@pytest.fixture
def folder(home: Path) -> Path:
    return serve_folder(home / "data")


def query_of(address: str) -> bytes:
    return urlsplit(address).query.encode()


def let_in(folder: Path, port: int = PORT) -> str:
    """A cookie as a browser sends it back."""
    told = make_entry(folder, port).redeem(query_of(make_address(folder, port)))
    assert told is not None
    return told.partition(";")[0]


def test_an_address_holds_a_long_code(folder: Path) -> None:
    addresses = [make_address(folder, PORT) for _ in range(20)]
    codes = {address.removeprefix("http://127.0.0.1:4747/open?code=") for address in addresses}
    assert len(codes) == 20
    assert {len(code) for code in codes} == {32}  # 192 bits
    assert plain_address(80) == "http://127.0.0.1:80/"


def test_a_code_is_nowhere_in_the_data_folder(folder: Path) -> None:
    code = query_of(make_address(folder, PORT)).removeprefix(b"code=")
    (file,) = (folder / "codes").iterdir()
    assert code.decode() not in file.name
    assert file.read_bytes() == b""


def test_a_code_works_once(folder: Path) -> None:
    entry = make_entry(folder, PORT)
    query = query_of(make_address(folder, PORT))
    assert entry.redeem(query) is not None
    assert entry.redeem(query) is None
    assert list((folder / "codes").iterdir()) == []


def test_of_many_that_use_a_code_at_once_one_is_let_in(folder: Path) -> None:
    entry = make_entry(folder, PORT)
    query = query_of(make_address(folder, PORT))
    found: list[str | None] = []
    threads = [threading.Thread(target=lambda: found.append(entry.redeem(query))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([cookie for cookie in found if cookie]) == 1


@pytest.mark.parametrize("age", [CODE_SECONDS + 1, CODE_SECONDS * 100, -3600])
def test_an_old_code_works_no_more_and_is_removed(folder: Path, age: int) -> None:
    entry = make_entry(folder, PORT)
    query = query_of(make_address(folder, PORT))
    (file,) = (folder / "codes").iterdir()
    os.utime(file, (time.time() - age,) * 2)
    assert entry.redeem(query) is None
    assert list((folder / "codes").iterdir()) == []


def test_a_code_that_is_almost_too_old_works(folder: Path) -> None:
    query = query_of(make_address(folder, PORT))
    (file,) = (folder / "codes").iterdir()
    os.utime(file, (time.time() - CODE_SECONDS + 30,) * 2)
    assert make_entry(folder, PORT).redeem(query) is not None


@pytest.mark.parametrize(
    "query",
    [b"", b"code=", b"code", b"code=wrong", b"code=../secret", b"code=%2e%2e%2fsecret", b"code=%00", b"code=%ff%fe",
     b"code=" + b"a" * 5000, b"other=x"],
)  # fmt: skip
def test_a_wrong_code_is_none(folder: Path, query: bytes) -> None:
    make_address(folder, PORT)
    assert make_entry(folder, PORT).redeem(query) is None
    assert len(list((folder / "codes").iterdir())) == 1
    assert (folder / "secret").is_file()


def test_the_name_of_a_code_file_is_no_code(folder: Path) -> None:
    make_address(folder, PORT)
    (file,) = (folder / "codes").iterdir()
    assert make_entry(folder, PORT).redeem(b"code=" + file.name.encode()) is None


def test_two_codes_are_none(folder: Path) -> None:
    query = query_of(make_address(folder, PORT))
    assert make_entry(folder, PORT).redeem(query + b"&" + query) is None


def test_the_cookie_is_for_this_server_alone(folder: Path) -> None:
    told = make_entry(folder, PORT).redeem(query_of(make_address(folder, PORT)))
    (morsel,) = SimpleCookie(told).values()
    assert morsel.key == "tacho_4747"
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Strict", "/")
    assert (morsel["max-age"], morsel["domain"], morsel["expires"]) == (str(30 * 24 * 3600), "", "")


def test_the_cookie_lets_in_among_others_and_after_a_restart(folder: Path) -> None:
    cookie = let_in(folder)
    for given in (cookie, f"a=b; {cookie}", f"{cookie}; a=b", f"tacho_4747=x; {cookie}", f"tacho_1=x;{cookie};"):
        assert make_entry(folder, PORT).admits(given.encode()), given


def test_a_cookie_of_another_port_or_folder_does_not(folder: Path, home: Path) -> None:
    cookie = let_in(folder)
    assert not make_entry(folder, PORT + 1).admits(cookie.encode())
    assert not make_entry(folder, PORT + 1).admits(cookie.replace("4747", "4748").encode())
    assert not make_entry(serve_folder(home / "other"), PORT).admits(cookie.encode())


def forgeries(cookie: str) -> list[str]:
    name, _, value = cookie.partition("=")
    issued, _, mark = value.partition(".")
    later = str(int(issued) + 1)
    flipped = ("0" if mark[0] != "0" else "1") + mark[1:]
    return [
        "", name, f"{name}=", f"{name}=.", f"{name}={issued}", f"{name}={issued}.", f"{name}=.{mark}",
        f"{name}={later}.{mark}", f"{name}={issued}.{flipped}", f"{name}={issued}.{mark[:-1]}",
        f"{name}={issued}.{mark}0",
        f"{name}={issued}.{mark.upper()}", f"{name}=0{issued}.{mark}", f"{name}=+{issued}.{mark}",
        f"{name}={issued}.{'é' * 64}", f"{name}=٣.{mark}", f"{name}={'9' * 4000}.{mark}", f"{name.upper()}={value}",
        f'{name}="{value}"', f"x{cookie}", f"{name}x={value}",
    ]  # fmt: skip


def test_a_forged_cookie_does_not(folder: Path) -> None:
    cookie = let_in(folder)
    entry = make_entry(folder, PORT)
    assert [one for one in forgeries(cookie) if entry.admits(one.encode())] == []


def test_a_cookie_ends_after_thirty_days(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = let_in(folder).encode()
    entry = make_entry(folder, PORT)
    now = time.time()
    for passed, admitted in ((0, True), (COOKIE_SECONDS - 5, True), (COOKIE_SECONDS + 5, False), (-3600, False)):
        monkeypatch.setattr(time, "time", lambda passed=passed: now + passed)
        assert entry.admits(cookie) is admitted, passed


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777], ids=oct)
def test_its_files_are_private(home: Path, mask: int) -> None:
    held = os.umask(mask)
    try:
        folder = serve_folder(home / "data")
        make_address(folder, PORT)
        make_entry(folder, PORT)
    finally:
        os.umask(held)
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert (found.pop("serve"), found.pop("codes")) == (0o700, 0o700)
    assert found.pop("secret") == 0o600
    assert list(found.values()) == [0o600]


def test_a_broken_secret_is_made_anew(folder: Path) -> None:
    (folder / "secret").write_bytes(b"short")
    cookie = let_in(folder)
    assert len((folder / "secret").read_bytes()) == 32
    assert make_entry(folder, PORT).admits(cookie.encode())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("name", ["serve", "serve/codes"])
def test_a_folder_that_others_can_write_to_lets_nobody_in(folder: Path, name: str) -> None:
    """Whoever could put a code's file or a key there could let himself in."""
    query = query_of(make_address(folder, PORT))
    entry = make_entry(folder, PORT)
    (folder.parent / name).chmod(0o770)
    with pytest.raises(TachographError, match="may have been filled by somebody else") as caught:
        make_address(serve_folder(folder.parent), PORT)
    assert (caught.value.slug, caught.value.exit_code) == ("not_private", 4)
    if name == "serve/codes":
        with pytest.raises(TachographError):
            entry.redeem(query)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_one_that_others_can_only_read_is_closed_to_them(folder: Path) -> None:
    make_address(folder, PORT)
    for path in (folder, folder / "codes"):
        path.chmod(0o755)
    make_address(serve_folder(folder.parent), PORT)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "codes")] == [0o700] * 2


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_no_folder_of_ours(home: Path) -> None:
    (home / "elsewhere").mkdir()
    (home / "data").mkdir()
    (home / "data" / "serve").symlink_to(home / "elsewhere")
    with pytest.raises(TachographError, match="may have been filled"):
        serve_folder(home / "data")
    assert list((home / "elsewhere").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_others_lets_nobody_in(home: Path, folder: Path) -> None:
    query = query_of(make_address(folder, PORT))
    entry = make_entry(folder, PORT)
    (file,) = (folder / "codes").iterdir()
    os.chown(file, 12345, 12345)
    assert entry.redeem(query) is None
    (home / "other" / "serve").mkdir(parents=True)
    os.chown(home / "other" / "serve", 12345, 12345)
    with pytest.raises(TachographError, match="somebody else"):
        serve_folder(home / "other")


def test_strange_things_among_the_codes_are_in_nobodys_way(folder: Path) -> None:
    query = query_of(make_address(folder, PORT))
    (folder / "codes" / "a folder").mkdir()
    if os.name != "nt":
        (folder / "codes" / hashlib.sha256(b"mine").hexdigest()).symlink_to(folder / "secret")
    entry = make_entry(folder, PORT)
    assert entry.redeem(b"code=mine") is None
    assert entry.redeem(query) is not None
    assert len((folder / "secret").read_bytes()) == 32
