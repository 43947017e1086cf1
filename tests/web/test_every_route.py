"""Every route of a real server, asked in every way that is not a page of its own in a browser that was let in."""

from __future__ import annotations

import itertools
import os
import re
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from tachograph.app.workspace import Workspace
from tests.builders.claude import ClaudeHome
from tests.web.conftest import guarded
from tests.web.running_server import Server, heads_of
from tests.web.test_guard import REQUIRED
from tests.web.test_routes import every_target

HOSTS = [
    "", " ", ":", "127.0.0.1", "localhost", "[::1]", "127.0.0.1:80", "127.0.0.1:1", "127.0.0.1:0{port}",
    "127.0.0.1.:{port}", "localhost.:{port}", "127.1:{port}", "127.0.0.2:{port}", "0.0.0.0:{port}", "0:{port}",
    "2130706433:{port}", "0x7f.1:{port}", "[::]:{port}", "[::ffff:127.0.0.1]:{port}", "::1:{port}", "[::1%lo]:{port}",
    "user@127.0.0.1:{port}", "127.0.0.1:{port}@attacker.example", "attacker.example", "attacker.example:{port}",
    "127.0.0.1.attacker.example:{port}", "localhost.attacker.example:{port}", "tacho.localhost:{port}",
    "127.0.0.1:{port}, attacker.example", "http://127.0.0.1:{port}", "127.0.0.1:{port}/", "localhost:{port}#",
    "[::1]:{port}]", "localhost\t:{port}", "\u2113ocalhost:{port}",
]  # fmt: skip
CROSS = [
    "Origin: null", "Origin:", "Origin: http://attacker.example", "Origin: https://127.0.0.1:{port}",
    "Origin: http://127.0.0.1:1", "ORIGIN: http://localhost", "Sec-Fetch-Site: cross-site",
    "SEC-FETCH-SITE: same-site", "Sec-Fetch-Site:", "Origin: http://127.0.0.1:{port}\r\nSec-Fetch-Site: cross-site",
]  # fmt: skip
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"]
STRANGE = [
    "/open",
    "/open?code=x",
    "/open/",
    "//open",
    "/OPEN",
    "/%2e%2e/",
    "/..",
    "/static/..%2fserver.json",
    "/%0d%0aX:y",
]


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """An address for each route and each page, and some that are none."""
    app = guarded(Workspace(tmp_path_factory.mktemp("nothing")))
    return [*(one for one in every_target(app) if len(one) < 1000), *STRANGE]


def assert_nothing_told(server: Server, requests: Iterable[str], statuses: set[int]) -> int:
    """Each is refused with the headers and one short sentence; returns how many there were."""
    number = 0
    for request in requests:
        number += 1
        answer = server.raw((request + "Connection: close\r\n\r\n").encode())
        (found,) = heads_of(answer)
        status, headers = found
        assert status in statuses, request
        assert {name: headers.get(name) for name in REQUIRED} == REQUIRED, request
        assert not {"server", "set-cookie"} & headers.keys(), request
        assert not [name for name in headers if name.startswith("access-control-")], request
        assert int(headers["content-length"]) < 120, request
        assert b"orchard" not in answer
    return number


def test_no_host_but_its_own(server: Server, targets: list[str]) -> None:
    requests = (
        f"GET {target} HTTP/1.1\r\nHost: {host.format(port=server.port)}\r\nCookie: {server.cookie}\r\n"
        for target, host in itertools.product(targets, HOSTS)
    )
    assert assert_nothing_told(server, requests, {400, 403}) > 2000


def test_no_other_site(server: Server, targets: list[str]) -> None:
    requests = (
        f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{header.format(port=server.port)}\r\n"
        f"Cookie: {server.cookie}\r\n"
        for target, header in itertools.product(targets, CROSS)
    )
    assert assert_nothing_told(server, requests, {403}) > 600


def test_nobody_without_the_cookie_by_any_method(server: Server, targets: list[str]) -> None:
    requests = (
        f"{method} {target} HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
        for target, method in itertools.product(targets, METHODS)
    )
    assert assert_nothing_told(server, requests, {403, 405}) > 600


def test_nor_with_one_that_is_made_up_or_of_another_port(server: Server, targets: list[str]) -> None:
    issued, mark = server.cookie.partition("=")[2].split(".")
    made_up = [
        f"tacho_{server.port}=", f"tacho_{server.port}={int(issued) + 1}.{mark}",
        f"tacho_{server.port + 1}={issued}.{mark}",
        f"tacho_{server.port}={int(issued) - 31 * 86400}.{mark}", f'tacho_{server.port}="{issued}.{mark}"',
        server.cookie[:-1],
    ]  # fmt: skip
    requests = (
        f"GET {target} HTTP/1.1\r\nHost: localhost:{server.port}\r\nCookie: {cookie}\r\n"
        for target, cookie in itertools.product(targets, made_up)
    )
    assert assert_nothing_told(server, requests, {403}) > 300


def listening(pid: int) -> set[str]:
    """Local addresses of all sockets of a process, of any kind, that are not connected, as Linux lists them."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            if found := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link)):
                inodes.add(found[1])
    lines = [
        (name, line.split())
        for name in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return {f"{name} {fields[1]}" for name, fields in lines if fields[9] in inodes and fields[3] in ("0A", "07")}


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="asks Linux")
def test_with_its_watcher_it_listens_on_loopback_alone_and_connects_to_nothing(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project("/home/ada/orchard").session().prompt("Prune the trees.").response()
    claude.write()
    server = Server(home / "data", report=home / "report.txt")
    try:
        wait_for_turns(server, 1)
        log.prompt("More.").response().write()
        wait_for_turns(server, 2)
        assert listening(server.process.pid) == {f"tcp 0100007F:{server.port:04X}"}
        noted = (home / "report.txt").read_text().splitlines()
        assert [line for line in noted if not line.startswith("process")] == ["socket.bind (('127.0.0.1', 0),)"]
        assert len(noted) >= 3, "the server and its worker"
        with pytest.raises(OSError, match=r"refused|not available|not supported"):
            socket.create_connection(("::1", server.port), timeout=2).close()
    finally:
        assert "Traceback" not in server.close()


def wait_for_turns(server: Server, turns: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer, body = server.get("/api/v1/sessions?range=all")
        if answer.status == 200 and f'"turns":{turns}'.encode() in body:
            return
        time.sleep(0.1)
    raise AssertionError("not read")
